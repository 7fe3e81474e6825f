//! The byte form of an architecture: little-endian, one encoding per value, checked while decoding.

use ecg::Signal;

use super::confidence::{Accuracy, Confidence, LEVELS};
use super::layer::Layer;
use super::limits;
use super::specification::Specification;
use super::tables::LstmTables;
use super::validated::Architecture;
use crate::bytes::{Reader, Writer};
use crate::decode_error::DecodeError;

/// Version of this encoding. A layer of a new kind or with new fields takes a new code. A program
/// that does not know the code refuses it. So a new layer changes neither the version nor the
/// digest of any other architecture.
///
/// Version 1 had no levels of confidence.
const VERSION: u32 = 2;

const CONV1D: u8 = 1;
const DENSE: u8 = 2;
const REQUANTISE: u8 = 3;
const GLOBAL_SUM: u8 = 4;
const WINDOWS_TO_SEQUENCE: u8 = 5;
/// 6 was an LSTM without its tables.
const LSTM: u8 = 7;

impl Architecture {
    /// Encodes the architecture. The same value gives the same bytes everywhere.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let Specification { name, signal, layers, ring_bits, classes, score_scale, confidence } =
            self.specification();
        let mut out = Writer::default();
        out.u32(VERSION);
        out.text(name);
        write_signal(&mut out, signal);
        out.size(layers.len());
        layers.iter().for_each(|layer| write_layer(&mut out, layer));
        out.size(ring_bits.len());
        ring_bits.iter().for_each(|&ell| out.u32(ell));
        out.size(classes.len());
        classes.iter().for_each(|class| out.text(class));
        out.f64(*score_scale);
        write_confidence(&mut out, confidence.as_ref());
        out.into_bytes()
    }

    /// Decodes and validates.
    ///
    /// # Errors
    /// If the bytes are too many, cut short, of another version, or not a valid architecture.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        if bytes.len() > limits::ENCODED {
            return Err(DecodeError::TooLarge { found: bytes.len() as u64, limit: limits::ENCODED as u64 });
        }
        let mut input = Reader::new(bytes);
        let version = input.u32()?;
        if version != VERSION {
            return Err(DecodeError::Version { found: version, supported: VERSION });
        }
        let specification = Specification {
            name: input.text("architecture name", limits::NAME)?,
            signal: read_signal(&mut input)?,
            layers: read_list(&mut input, "layers", limits::LAYERS, read_layer)?,
            ring_bits: read_list(&mut input, "ring widths", limits::LAYERS, Reader::u32)?,
            classes: read_list(&mut input, "classes", limits::CLASSES, |input| {
                input.text("class name", limits::NAME)
            })?,
            score_scale: input.f64()?,
            confidence: read_confidence(&mut input)?,
        };
        input.finish()?;
        Ok(Self::new(specification)?)
    }

    /// BLAKE3 of [`Architecture::to_bytes`]: what the parties compare in the handshake.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        *blake3::hash(&self.to_bytes()).as_bytes()
    }
}

/// Reads a count within `limit`, then that many items.
fn read_list<'a, T>(
    input: &mut Reader<'a>,
    what: &'static str,
    limit: usize,
    read: impl Fn(&mut Reader<'a>) -> Result<T, DecodeError>,
) -> Result<Vec<T>, DecodeError> {
    let count = input.size(what, limit)?;
    (0..count).map(|_| read(input)).collect()
}

fn write_signal(out: &mut Writer, signal: &Signal) {
    out.f64(signal.rate_hz);
    out.f64(signal.band_low_hz);
    out.f64(signal.band_high_hz);
    out.u32(signal.order);
    out.size(signal.segment_samples);
    out.size(signal.window_length);
    out.size(signal.window_starts.len());
    signal.window_starts.iter().for_each(|&start| out.u32(start));
    out.u32(signal.input_bits);
    out.f64(signal.input_scale);
}

fn read_signal(input: &mut Reader<'_>) -> Result<Signal, DecodeError> {
    Ok(Signal {
        rate_hz: input.f64()?,
        band_low_hz: input.f64()?,
        band_high_hz: input.f64()?,
        order: input.u32()?,
        segment_samples: input.size("segment samples", limits::SEGMENT_SAMPLES)?,
        window_length: input.size("window length", limits::WINDOW_LENGTH)?,
        window_starts: read_list(input, "windows", limits::WINDOWS, Reader::u32)?,
        input_bits: input.u32()?,
        input_scale: input.f64()?,
    })
}

fn write_layer(out: &mut Writer, layer: &Layer) {
    match *layer {
        Layer::Conv1d { out_channels, kernel, weight_bits } => {
            out.u8(CONV1D);
            out.size(out_channels);
            out.size(kernel);
            out.u32(weight_bits);
        }
        Layer::Dense { outputs, weight_bits } => {
            out.u8(DENSE);
            out.size(outputs);
            out.u32(weight_bits);
        }
        Layer::Requantise { pool, shift, bits } => {
            out.u8(REQUANTISE);
            out.u8(u8::from(pool));
            out.u32(shift);
            out.u32(bits);
        }
        Layer::GlobalSum => out.u8(GLOBAL_SUM),
        Layer::WindowsToSequence => out.u8(WINDOWS_TO_SEQUENCE),
        Layer::Lstm {
            units,
            weight_bits,
            input_shift,
            gate_shift,
            cell_bits,
            cell_index_shift,
            ref tables,
        } => {
            out.u8(LSTM);
            out.size(units);
            [weight_bits, input_shift, gate_shift, cell_bits, cell_index_shift]
                .into_iter()
                .for_each(|width| out.u32(width));
            write_tables(out, tables);
        }
    }
}

fn read_layer(input: &mut Reader<'_>) -> Result<Layer, DecodeError> {
    match input.u8()? {
        CONV1D => Ok(Layer::Conv1d {
            out_channels: input.size("channels", limits::CHANNELS)?,
            kernel: input.size("kernel", limits::KERNEL)?,
            weight_bits: input.u32()?,
        }),
        DENSE => {
            Ok(Layer::Dense { outputs: input.size("outputs", limits::CHANNELS)?, weight_bits: input.u32()? })
        }
        REQUANTISE => Ok(Layer::Requantise { pool: input.flag()?, shift: input.u32()?, bits: input.u32()? }),
        GLOBAL_SUM => Ok(Layer::GlobalSum),
        WINDOWS_TO_SEQUENCE => Ok(Layer::WindowsToSequence),
        LSTM => Ok(Layer::Lstm {
            units: input.size("LSTM units", limits::LSTM_UNITS)?,
            weight_bits: input.u32()?,
            input_shift: input.u32()?,
            gate_shift: input.u32()?,
            cell_bits: input.u32()?,
            cell_index_shift: input.u32()?,
            tables: read_tables(input)?,
        }),
        value => Err(DecodeError::UnknownCode { what: "layer", value }),
    }
}

fn write_tables(out: &mut Writer, tables: &LstmTables) {
    out.raw(tables.sigmoid());
    for table in [tables.tanh(), tables.cell_tanh()] {
        out.raw(&table.map(i8::cast_unsigned));
    }
}

fn read_tables(input: &mut Reader<'_>) -> Result<LstmTables, DecodeError> {
    let sigmoid = input.array()?;
    let (tanh, cell_tanh) = (input.array()?, input.array()?);
    Ok(LstmTables::new(sigmoid, tanh.map(u8::cast_signed), cell_tanh.map(u8::cast_signed)))
}

fn write_confidence(out: &mut Writer, confidence: Option<&Confidence>) {
    out.u8(u8::from(confidence.is_some()));
    let Some(Confidence { thresholds, temperature, accuracy }) = confidence else { return };
    thresholds.iter().for_each(|&threshold| out.u32(threshold));
    out.u32(*temperature);
    for Accuracy { right, of } in accuracy {
        out.u32(*right);
        out.u32(*of);
    }
}

fn read_confidence(input: &mut Reader<'_>) -> Result<Option<Confidence>, DecodeError> {
    if !input.flag()? {
        return Ok(None);
    }
    let thresholds = [input.u32()?, input.u32()?, input.u32()?];
    let temperature = input.u32()?;
    let mut accuracy = [Accuracy::default(); LEVELS];
    for level in &mut accuracy {
        *level = Accuracy { right: input.u32()?, of: input.u32()? };
    }
    Ok(Some(Confidence { thresholds, temperature, accuracy }))
}

#[cfg(test)]
mod tests {
    use super::super::{Accuracy, Architecture, Confidence, Head, Widths};

    #[test]
    fn bytes_round_trip() {
        for head in [Head::Average, Head::Conv { channels: 64, kernel: 5 }, Head::Lstm { units: 64 }] {
            for blocks in 1..=7 {
                let architecture = Architecture::deepcardio(blocks, head, Widths::default()).unwrap();
                let bytes = architecture.to_bytes();
                assert_eq!(Architecture::from_bytes(&bytes).unwrap(), architecture);
                for cut in 0..bytes.len() {
                    assert!(Architecture::from_bytes(&bytes[..cut]).is_err());
                }
            }
        }
    }

    #[test]
    fn levels_of_confidence_round_trip() {
        let bare = Architecture::deepcardio(2, Head::Average, Widths::default()).unwrap();
        let accuracy = [(1, 2), (3, 4), (5, 6), (8, 8)].map(|(right, of)| Accuracy { right, of });
        let confidence = Confidence { thresholds: [1, 2, 3], temperature: 900, accuracy };
        let measured = bare.with_confidence(Some(confidence)).unwrap();
        let bytes = measured.to_bytes();
        assert_eq!(Architecture::from_bytes(&bytes).unwrap(), measured);
        assert_eq!(bytes.len(), bare.to_bytes().len() + 48);
        assert_ne!(measured.digest(), bare.digest());
        for cut in 0..bytes.len() {
            assert!(Architecture::from_bytes(&bytes[..cut]).is_err());
        }
        // Thresholds that do not ascend, in bytes of a peer.
        let mut hostile = bytes.clone();
        let first = bytes.len() - 48;
        hostile[first] = 2;
        assert!(Architecture::from_bytes(&hostile).is_err());
        assert_eq!(measured.with_confidence(None).unwrap(), bare);
    }

    #[test]
    fn digest_is_the_same_on_every_platform() {
        let architecture = Architecture::deepcardio(6, Head::Average, Widths::default()).unwrap();
        let digest: String = architecture.digest().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digest, "d8bb97ce479e0b1c9466341acf8a89ed984965f4e1331f0474c1cda0199e40e2");
    }
}
