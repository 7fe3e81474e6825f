//! Reading a trained network from HDF5 in the Keras layout.
//!
//! The root attribute `model_config` (JSON) names the layers. `model_weights/<layer>/..` holds
//! their arrays. The optional root attribute `quantisation` fixes the integer network completely.
//! Layers that are understood: [`SUPPORTED_LAYERS`]. Any other is named in the error.

mod arrays;
mod assemble;
mod error;
mod keras;

use std::path::Path;

use hdf5_reader::{Hdf5File, OpenOptions};

pub use error::{ImportError, SUPPORTED_LAYERS};

use crate::float::Network;
use crate::quant::Quantisation;

/// Largest file that is read, bytes.
const MAX_BYTES: u64 = 256 << 20;

/// What an HDF5 file holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// The float network, batch normalisation folded.
    pub network: Network,
    /// Its integer form, if the training fixed one.
    pub quantisation: Option<Quantisation>,
}

/// Reads a Keras model.
///
/// # Errors
/// [`ImportError`] names the layer, option or array that is not understood.
pub fn read(path: &Path) -> Result<Imported, ImportError> {
    let size = std::fs::metadata(path).map_err(|error| ImportError::File(error.to_string()))?.len();
    if size > MAX_BYTES {
        return Err(ImportError::TooLarge { found: size, limit: MAX_BYTES });
    }
    let options = OpenOptions::default().with_max_read_bytes(MAX_BYTES as usize);
    let file = Hdf5File::open_with_options(path, options)?;
    let root = file.root_group()?;
    let config = root.attribute("model_config").map_err(|_| ImportError::NoConfig)?.read_string()?;
    let model = keras::parse(&config)?;
    let network = assemble::network(&model, &file)?;
    let attributes = root.attributes()?;
    let quantisation = match attributes.iter().find(|attribute| attribute.name == "quantisation") {
        Some(attribute) => Some(serde_json::from_str(&attribute.read_string()?)?),
        None => None,
    };
    Ok(Imported { network, quantisation })
}
