//! The samples of one signal out of a file of WFDB signals.
//!
//! Source of the formats: "signal(5)", WFDB Applications Guide, PhysioNet.

use std::io::Read;

use zeroize::Zeroizing;

use super::header::{Signal, content};
use crate::error::EcgError;
use crate::files::samples::push_wiping;
use crate::limits::MAX_SAMPLES;

/// The signals of one file: a frame holds samples of each in turn.
pub(super) struct Frames<'a> {
    /// All signals of the file, in its order.
    pub(super) signals: &'a [&'a Signal],
    /// Index of the one to read among them.
    pub(super) wanted: usize,
    /// Frames to read at most.
    pub(super) frames: u64,
}

/// The samples of a signal.
pub(super) struct Samples {
    /// In steps; NaN where there is none.
    pub(super) steps: Zeroizing<Vec<f64>>,
    /// How many have no value.
    pub(super) invalid: usize,
    /// The sum of all, modulo 2^16.
    pub(super) checksum: i32,
    /// Whether the file ends with the last frame.
    pub(super) ended: bool,
}

/// A way of writing samples.
struct Decoder<R> {
    reader: R,
    format: u32,
    /// The second sample of a pair of 12 bits.
    pending: Option<i32>,
}

/// The code for "no value" of a format.
pub(super) fn no_value(format: u32) -> Option<i32> {
    Some(match format {
        16 | 61 => -32_768,
        24 => -8_388_608,
        32 => i32::MIN,
        80 => -128,
        212 => -2048,
        _ => return None,
    })
}

impl<R: Read> Decoder<R> {
    /// The next sample, `None` at the end of the file.
    fn next(&mut self) -> Result<Option<i32>, std::io::Error> {
        if let Some(second) = self.pending.take() {
            return Ok(Some(second));
        }
        Ok(match self.format {
            8 => self.bytes()?.map(|[byte]: [u8; 1]| i32::from(byte.cast_signed())),
            80 => self.bytes()?.map(|[byte]: [u8; 1]| i32::from(byte) - 128),
            16 => self.bytes()?.map(|bytes| i32::from(i16::from_le_bytes(bytes))),
            61 => self.bytes()?.map(|bytes| i32::from(i16::from_be_bytes(bytes))),
            24 => self.bytes()?.map(|[a, b, c]: [u8; 3]| i32::from_le_bytes([0, a, b, c]) >> 8),
            32 => self.bytes()?.map(i32::from_le_bytes),
            _ => self.pair()?,
        })
    }

    /// Two samples of 12 bits in three bytes.
    fn pair(&mut self) -> Result<Option<i32>, std::io::Error> {
        let mut bytes = [0; 3];
        let filled = fill(&mut self.reader, &mut bytes)?;
        let twelve = |low: u8, high: u8| ((i32::from(low) | i32::from(high & 15) << 8) << 20) >> 20;
        if filled == 3 {
            self.pending = Some(twelve(bytes[2], bytes[1] >> 4));
        }
        // A last sample without a second one has two bytes.
        Ok((filled >= 2).then(|| twelve(bytes[0], bytes[1])))
    }

    fn bytes<const N: usize>(&mut self) -> Result<Option<[u8; N]>, std::io::Error> {
        let mut bytes = [0; N];
        Ok((fill(&mut self.reader, &mut bytes)? == N).then_some(bytes))
    }
}

/// Fills the buffer as far as the file goes.
fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> Result<usize, std::io::Error> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

impl Frames<'_> {
    /// Reads the wanted signal. `reader` stands at the first sample.
    pub(super) fn read(&self, reader: impl Read) -> Result<Samples, EcgError> {
        let signal = self.signals[self.wanted];
        if !matches!(signal.format, 8 | 16 | 24 | 32 | 61 | 80 | 212) {
            return Err(content(
                "a format of samples other than 8, 16, 24, 32, 61, 80 and 212, which is not read: `xform \
                 -i RECORD \
                 -o NEW -f 16` (with -O for the header)",
            ));
        }
        let failed = |source| EcgError::Io { path: signal.file.clone().into(), source };
        let mut decoder = Decoder { reader, format: signal.format, pending: None };
        let mut samples =
            Samples { steps: Zeroizing::new(Vec::new()), invalid: 0, checksum: 0, ended: false };
        let mut level = signal.initial;
        for _ in 0..self.frames {
            for (index, other) in self.signals.iter().enumerate() {
                for _ in 0..other.per_frame {
                    let Some(value) = decoder.next().map_err(failed)? else { return Ok(samples) };
                    if index == self.wanted {
                        if signal.format == 8 {
                            level = level.wrapping_add(value);
                            samples.push(level, None)?;
                        } else {
                            samples.push(value, no_value(signal.format))?;
                        }
                    }
                }
            }
        }
        samples.ended = decoder.next().map_err(failed)?.is_none();
        Ok(samples)
    }
}

impl Samples {
    fn push(&mut self, value: i32, no_value: Option<i32>) -> Result<(), EcgError> {
        if self.steps.len() == MAX_SAMPLES {
            return Err(EcgError::TooLong {
                max_seconds: crate::limits::MAX_SECONDS,
                max_samples: MAX_SAMPLES,
            });
        }
        self.checksum = (self.checksum + (value & 0xffff)) & 0xffff;
        let none = no_value == Some(value);
        self.invalid += usize::from(none);
        push_wiping(&mut self.steps, if none { f64::NAN } else { f64::from(value) });
        Ok(())
    }
}
