//! From Keras layers and their arrays to a float network: transposes weights, folds batch
//! normalisation, tracks shapes.

use deepcardio::architecture::limits;
use deepcardio::tensor::Shape;
use hdf5_reader::Hdf5File;

use super::arrays;
use super::error::ImportError;
use super::keras::{KerasLayer, KerasModel};
use crate::float::{FloatLayer, Linear, Lstm, Network, Operation};

/// Builds the network.
pub(super) fn network(model: &KerasModel, file: &Hdf5File) -> Result<Network, ImportError> {
    let (windows, window_length, sequence) = match *model.input {
        [length, 1] => (1, length, true),
        [windows, length, 1] => (windows, length, false),
        _ => {
            return Err(ImportError::UnsupportedUse {
                layer: model.name.clone(),
                problem: format!(
                    "the input shape is {:?}, expected [windows, samples, 1] or [samples, 1]",
                    model.input
                ),
            });
        }
    };
    if !(1..=limits::WINDOWS).contains(&windows) || !(1..=limits::WINDOW_LENGTH).contains(&window_length) {
        return Err(ImportError::UnsupportedUse {
            layer: model.name.clone(),
            problem: format!("{windows} windows of {window_length} samples are beyond the limits"),
        });
    }
    let shape = Shape { batch: windows, channels: 1, length: window_length };
    let mut chain = Chain { file, shape, sequence, flattened: false, layers: Vec::new() };
    model.layers.iter().try_for_each(|layer| chain.push(layer))?;
    Ok(Network { name: model.name.clone(), windows, window_length, layers: chain.layers })
}

/// The network so far and the tensor that leaves it.
struct Chain<'file> {
    file: &'file Hdf5File,
    shape: Shape,
    /// Whether the windows have become a sequence (or there never were any).
    sequence: bool,
    flattened: bool,
    layers: Vec<FloatLayer>,
}

impl Chain<'_> {
    fn push(&mut self, layer: &KerasLayer) -> Result<(), ImportError> {
        match layer.class.as_str() {
            "InputLayer" | "Dropout" | "SpatialDropout1D" | "GaussianNoise" => Ok(()),
            "Conv1D" => {
                self.enter(layer);
                self.conv1d(layer)
            }
            "Dense" => self.dense(layer),
            "BatchNormalization" => self.fold(layer),
            "ReLU" => {
                check_plain_relu(layer)?;
                self.emit(layer, Operation::Relu)
            }
            "Activation" => self.activation(layer),
            "MaxPooling1D" => {
                self.enter(layer);
                if layer.size("pool_size")? != 2 || layer.size("strides")? != 2 {
                    return Err(layer.unsupported("only pool size 2 with stride 2 is supported"));
                }
                if layer.text("padding", "valid") != "valid" && !self.shape.length.is_multiple_of(2) {
                    return Err(layer.unsupported("padding `same` on an odd length is not supported"));
                }
                self.emit(layer, Operation::MaxPool)
            }
            "AveragePooling1D" => {
                self.enter(layer);
                if layer.size("pool_size")? != self.shape.length {
                    return Err(layer.unsupported("average pooling is supported over all positions only"));
                }
                self.emit(layer, Operation::GlobalAverage)
            }
            "GlobalAveragePooling1D" => {
                self.enter(layer);
                self.emit(layer, Operation::GlobalAverage)
            }
            "Flatten" => {
                self.flattened = true;
                Ok(())
            }
            "LSTM" => {
                self.enter(layer);
                self.lstm(layer)
            }
            class => {
                Err(ImportError::UnsupportedLayer { layer: layer.group.clone(), class: class.to_owned() })
            }
        }
    }

    /// Before a layer over positions: outside TimeDistributed, features of windows become a
    /// sequence.
    fn enter(&mut self, layer: &KerasLayer) {
        if !layer.time_distributed && !self.sequence && self.shape.length == 1 {
            self.sequence = true;
            let name = format!("{}_input", layer.group);
            self.shape = Operation::WindowsToSequence.output(self.shape);
            self.layers.push(FloatLayer { name, operation: Operation::WindowsToSequence });
        }
    }

    fn emit(&mut self, layer: &KerasLayer, operation: Operation) -> Result<(), ImportError> {
        self.shape = operation.output(self.shape);
        if self.shape.length == 0 || self.shape.count() > limits::TENSOR {
            return Err(layer.unsupported("its output is empty or beyond the limits"));
        }
        self.layers.push(FloatLayer { name: layer.group.clone(), operation });
        Ok(())
    }

    fn conv1d(&mut self, layer: &KerasLayer) -> Result<(), ImportError> {
        let (outputs, kernel) = (layer.size("filters")?, layer.size("kernel_size")?);
        if layer.text("padding", "valid") != "same" || kernel.is_multiple_of(2) {
            return Err(layer.unsupported("only padding `same` with an odd kernel is supported"));
        }
        for option in ["strides", "dilation_rate", "groups"] {
            if layer.config.get(option).is_some() && layer.config.get(option) != Some(&1.into()) {
                let listed = layer.config.get(option).and_then(|value| value.as_array());
                if listed.is_none_or(|list| list.iter().any(|item| *item != 1)) {
                    return Err(layer.unsupported(format!("`{option}` other than 1 is not supported")));
                }
            }
        }
        check_size(layer, outputs, kernel)?;
        let inputs = self.shape.channels;
        let keras = arrays::read(self.file, layer, "kernel", &[kernel, inputs, outputs])?;
        let weights = permute(outputs, inputs * kernel, |o, index| {
            let (c, k) = (index / kernel, index % kernel);
            keras.get((k * inputs + c) * outputs + o).copied()
        });
        let bias = self.bias(layer, outputs)?;
        let linear = Linear { dense: false, inputs, outputs, kernel, weights, bias };
        self.emit(layer, Operation::Linear(linear))?;
        self.activation(layer)
    }

    fn dense(&mut self, layer: &KerasLayer) -> Result<(), ImportError> {
        let outputs = layer.size("units")?;
        check_size(layer, outputs, 1)?;
        let Shape { channels, length, .. } = self.shape;
        // Without Flatten a dense layer acts on each position: a convolution with one tap.
        let positions = if self.flattened { length } else { 1 };
        let inputs = channels * positions;
        if inputs > limits::DENSE_INPUTS {
            return Err(layer.unsupported("too many inputs"));
        }
        let keras = arrays::read(self.file, layer, "kernel", &[inputs, outputs])?;
        let weights = permute(outputs, inputs, |o, index| {
            // Keras flattens [position][channel].
            let (c, p) = (index / positions, index % positions);
            keras.get((p * channels + c) * outputs + o).copied()
        });
        let bias = self.bias(layer, outputs)?;
        let dense = self.flattened || length == 1;
        self.flattened = false;
        let linear = Linear { dense, inputs, outputs, kernel: 1, weights, bias };
        self.emit(layer, Operation::Linear(linear))?;
        self.activation(layer)
    }

    fn bias(&self, layer: &KerasLayer, outputs: usize) -> Result<Vec<f64>, ImportError> {
        if !layer.flag("use_bias", true) {
            return Ok(vec![0.0; outputs]);
        }
        Ok(arrays::read(self.file, layer, "bias", &[outputs])?.into_iter().map(f64::from).collect())
    }

    fn activation(&mut self, layer: &KerasLayer) -> Result<(), ImportError> {
        match layer.text("activation", "linear") {
            // Softmax does not change which class is largest. The scores are its logits.
            "linear" | "softmax" => Ok(()),
            "relu" => self.emit(layer, Operation::Relu),
            other => Err(layer.unsupported(format!("activation `{other}` is not supported"))),
        }
    }

    /// Batch normalisation disappears into the linear layer before it.
    fn fold(&mut self, layer: &KerasLayer) -> Result<(), ImportError> {
        let epsilon = layer.number("epsilon")?;
        let channels = self.shape.channels;
        let read = |name| arrays::read(self.file, layer, name, &[channels]);
        let ones = || Ok(vec![1.0; channels]);
        let gamma = if layer.flag("scale", true) { read("gamma") } else { ones() }?;
        let beta = if layer.flag("center", true) { read("beta") } else { Ok(vec![0.0; channels]) }?;
        let (mean, variance) = (read("moving_mean")?, read("moving_variance")?);
        let Some(FloatLayer { operation: Operation::Linear(linear), .. }) = self.layers.last_mut() else {
            return Err(layer.unsupported("it folds only into a Conv1D or Dense directly before it"));
        };
        let per_output = linear.inputs * linear.kernel;
        let rows = linear.weights.chunks_exact_mut(per_output.max(1)).zip(&mut linear.bias);
        for ((row, bias), (((gamma, beta), mean), variance)) in
            rows.zip(gamma.iter().zip(&beta).zip(&mean).zip(&variance))
        {
            let gain = f64::from(*gamma) / (f64::from(*variance) + epsilon).sqrt();
            row.iter_mut().for_each(|weight| *weight *= gain);
            *bias = (*bias - f64::from(*mean)) * gain + f64::from(*beta);
            if !gain.is_finite() {
                return Err(layer.unsupported("its variance is not positive"));
            }
        }
        Ok(())
    }

    fn lstm(&mut self, layer: &KerasLayer) -> Result<(), ImportError> {
        let units = layer.size("units")?;
        check_size(layer, units, 1)?;
        if ["return_sequences", "go_backwards", "time_major"].iter().any(|option| layer.flag(option, false)) {
            return Err(layer.unsupported("return_sequences, go_backwards and time_major are not supported"));
        }
        for (option, supported) in [("activation", "tanh"), ("recurrent_activation", "sigmoid")] {
            let found = layer.text(option, supported);
            if found != supported {
                let problem = format!("{option} `{found}` is not supported, only `{supported}`");
                return Err(layer.unsupported(problem));
            }
        }
        let inputs = self.shape.channels;
        let kernel = arrays::read(self.file, layer, "kernel", &[inputs, 4 * units])?;
        let recurrent = arrays::read(self.file, layer, "recurrent_kernel", &[units, 4 * units])?;
        let bias = match layer.flag("use_bias", true) {
            true => arrays::read(self.file, layer, "bias", &[4 * units])?,
            false => vec![0.0; 4 * units],
        };
        self.emit(layer, Operation::Lstm(Lstm { inputs, units, kernel, recurrent, bias }))
    }
}

fn check_size(layer: &KerasLayer, outputs: usize, kernel: usize) -> Result<(), ImportError> {
    if (1..=limits::CHANNELS).contains(&outputs) && (1..=limits::KERNEL).contains(&kernel) {
        return Ok(());
    }
    Err(layer.unsupported(format!("{outputs} outputs or {kernel} taps are beyond the limits")))
}

fn check_plain_relu(layer: &KerasLayer) -> Result<(), ImportError> {
    let zero = |field: &str| layer.config.get(field).is_none_or(|value| value.as_f64() == Some(0.0));
    let unlimited = layer.config.get("max_value").is_none_or(serde_json::Value::is_null);
    if unlimited && zero("negative_slope") && zero("threshold") {
        return Ok(());
    }
    Err(layer.unsupported("only the plain ReLU is supported"))
}

/// Weights `[out][index]` from a lookup.
fn permute(outputs: usize, per_output: usize, at: impl Fn(usize, usize) -> Option<f32>) -> Vec<f64> {
    (0..outputs)
        .flat_map(|o| (0..per_output).map(move |index| (o, index)))
        .map(|(o, index)| f64::from(at(o, index).unwrap_or(0.0)))
        .collect()
}
