//! `deepcardio convert`: a trained network from HDF5 to an integer model file.

use std::path::{Path, PathBuf};

use deepcardio_tools::import;
use deepcardio_tools::quant::{self, CalibrationWidths, Quantisation};

use super::outcome::Outcome;
use super::records::Records;
use super::table;

/// Turn a trained Keras network (HDF5) into an integer model file.
///
/// The file says nothing of how sure labels are: `deepcardio confidence` measures that.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Keras model with the architecture and weights.
    input: PathBuf,
    /// Model file to write.
    #[arg(short, long)]
    output: PathBuf,
    /// Records for calibration, needed when the file has no `quantisation` attribute.
    #[arg(long, value_name = "NPZ")]
    calibrate: Option<PathBuf>,
    /// How many records to calibrate on, taken evenly from the file.
    #[arg(long, default_value_t = 64)]
    calibration_records: usize,
    /// Width of the input samples for calibration.
    #[arg(long, default_value_t = 8)]
    input_bits: u32,
    /// Width of the weights for calibration.
    #[arg(long, default_value_t = 8)]
    weight_bits: u32,
    /// Width of the activations for calibration.
    #[arg(long, default_value_t = 8)]
    activation_bits: u32,
    /// Where the weights come from, kept in the model file.
    #[arg(long)]
    provenance: Option<String>,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let imported = import::read(&arguments.input)?;
    let quantisation = match (&imported.quantisation, &arguments.calibrate) {
        (_, Some(data)) => calibrate(arguments, &imported.network, data)?,
        (Some(quantisation), None) => quantisation.clone(),
        (None, None) => {
            return Err(
                "the file has no `quantisation` attribute: give calibration records with --calibrate".into(),
            );
        }
    };
    let name = arguments.input.file_name().unwrap_or_default().to_string_lossy();
    let provenance = arguments.provenance.clone().unwrap_or_else(|| format!("converted from {name}"));
    let model = quant::quantise(&imported.network, &quantisation, provenance)?;
    std::fs::write(&arguments.output, model.to_bytes())?;
    Ok(table::describe(&model))
}

fn calibrate(
    arguments: &Arguments,
    network: &deepcardio_tools::float::Network,
    data: &Path,
) -> Result<Quantisation, Box<dyn std::error::Error>> {
    let records = Records::open(data)?;
    let widths = CalibrationWidths {
        input: arguments.input_bits,
        weights: arguments.weight_bits,
        activations: arguments.activation_bits,
    };
    let step = (records.len() / arguments.calibration_records.max(1)).max(1);
    let recordings = (0..records.len())
        .step_by(step)
        .map(|index| records.recording(index))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(quant::calibrate(network, &recordings, widths)?)
}
