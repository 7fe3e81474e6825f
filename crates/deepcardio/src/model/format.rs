//! The model file `deepcardio.bin`.
//!
//! Little-endian throughout, the same bytes on every platform:
//!
//! | field | bytes |
//! |---|---|
//! | magic `DeepCard` | 8 |
//! | format version | 4 |
//! | length of the whole file | 8 |
//! | architecture, as [`Architecture::to_bytes`] gives it | 4 + n |
//! | provenance, UTF-8 | 4 + n |
//! | per linear layer: weights `[out][in][tap]` i8, bias i32 | counts follow from the architecture |
//! | BLAKE3 of all that stands before | 32 |
//!
//! Decoding checks size, magic, version, length and checksum in this order, then every value, and
//! runs the interval analysis again: a file that loads cannot overflow. In version 1 the tables of
//! an LSTM stood behind its weights; version 2 had no levels of confidence.

use std::io::Read;
use std::path::Path;

use super::checked::Model;
use super::error::PROVENANCE;
use super::format_error::FormatError;
use super::weights::LayerWeights;
use crate::architecture::{Architecture, Stage, limits};
use crate::bytes::{Reader, Writer};
use crate::decode_error::DecodeError;

/// Largest file that is read, bytes.
pub const MAX_BYTES: u64 = 32 << 20;
/// Version of the format.
pub const VERSION: u32 = 3;
const MAGIC: &[u8; 8] = b"DeepCard";
const CHECKSUM: usize = blake3::OUT_LEN;

impl Model {
    /// Encodes the model as a file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut body = Writer::default();
        let architecture = self.architecture().to_bytes();
        body.size(architecture.len());
        body.raw(&architecture);
        body.text(self.provenance());
        for layer in self.weights() {
            layer.weights().iter().for_each(|weight| body.raw(&weight.to_le_bytes()));
            layer.bias().iter().for_each(|bias| body.raw(&bias.to_le_bytes()));
        }
        seal(&body.into_bytes())
    }

    /// Decodes and checks a file.
    ///
    /// # Errors
    /// [`FormatError`] says what is wrong with the bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut input = Reader::new(unseal(bytes)?);
        let size = input.size("architecture bytes", limits::ENCODED)?;
        let architecture = Architecture::from_bytes(input.raw(size)?)?;
        let provenance = input.text("provenance", PROVENANCE)?;
        let weights = architecture
            .stages()
            .iter()
            .map(|stage| read_weights(&mut input, stage))
            .collect::<Result<_, _>>()?;
        input.finish()?;
        Ok(Self::new(architecture, weights, provenance)?)
    }

    /// Reads a file of at most [`MAX_BYTES`].
    ///
    /// # Errors
    /// [`FormatError`] if it cannot be read or is not a valid model.
    pub fn load(path: &Path) -> Result<Self, FormatError> {
        let mut bytes = Vec::new();
        std::fs::File::open(path)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
        Self::from_bytes(&bytes)
    }
}

/// Puts magic, version and length before the body and the checksum after it.
fn seal(body: &[u8]) -> Vec<u8> {
    let length = MAGIC.len() + 4 + 8 + body.len() + CHECKSUM;
    let mut out = Writer::default();
    out.raw(MAGIC);
    out.u32(VERSION);
    out.raw(&(length as u64).to_le_bytes());
    out.raw(body);
    let mut bytes = out.into_bytes();
    let checksum = blake3::hash(&bytes);
    bytes.extend_from_slice(checksum.as_bytes());
    bytes
}

/// Checks size, magic, version, length and checksum. Returns the body.
fn unseal(bytes: &[u8]) -> Result<&[u8], FormatError> {
    let found = bytes.len() as u64;
    if found > MAX_BYTES {
        return Err(DecodeError::TooLarge { found, limit: MAX_BYTES }.into());
    }
    let mut header = Reader::new(bytes);
    if !MAGIC.starts_with(bytes.get(..MAGIC.len()).unwrap_or(bytes)) {
        return Err(FormatError::BadMagic);
    }
    header.raw(MAGIC.len())?;
    let version = header.u32()?;
    if version != VERSION {
        return Err(FormatError::Version { found: version, supported: VERSION });
    }
    let announced = header.u64()?;
    if announced > MAX_BYTES {
        return Err(DecodeError::TooLarge { found: announced, limit: MAX_BYTES }.into());
    }
    if found < announced {
        return Err(DecodeError::Truncated.into());
    }
    if found > announced {
        return Err(DecodeError::TrailingBytes { extra: (found - announced) as usize }.into());
    }
    let (content, checksum) = bytes.split_last_chunk::<CHECKSUM>().ok_or(DecodeError::Truncated)?;
    // `blake3::Hash` compares in constant time. Here it only matters that it compares.
    if blake3::hash(content) != *checksum {
        return Err(FormatError::Checksum);
    }
    Ok(content.get(MAGIC.len() + 4 + 8..).ok_or(DecodeError::Truncated)?)
}

fn read_weights(input: &mut Reader<'_>, stage: &Stage) -> Result<LayerWeights, DecodeError> {
    let weights = input.raw(stage.linear.weight_count())?;
    let bias = input.raw(4 * stage.linear.out_channels)?;
    let (bias, _) = bias.as_chunks::<4>();
    Ok(LayerWeights::new(
        weights.iter().map(|&weight| weight.cast_signed()).collect(),
        bias.iter().map(|&bytes| i32::from_le_bytes(bytes)).collect(),
    ))
}
