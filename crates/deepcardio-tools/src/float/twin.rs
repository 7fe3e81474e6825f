//! The forward pass of a float network.

use deepcardio::architecture::LinearShape;
use deepcardio::kernel::Convolution;
use deepcardio::tensor::Shape;

use super::linear::Linear;
use super::network::{Network, Operation};

/// A float network made ready to run.
pub struct Twin<'network> {
    network: &'network Network,
    steps: Vec<Option<Convolution<f32>>>,
}

/// Values with their shape.
struct Tensor {
    shape: Shape,
    values: Vec<f32>,
}

impl<'network> Twin<'network> {
    /// Lays the weights out for the kernel.
    #[must_use]
    pub fn new(network: &'network Network) -> Self {
        let mut shape = network.input();
        let mut steps = Vec::with_capacity(network.layers.len());
        for layer in &network.layers {
            steps.push(match &layer.operation {
                Operation::Linear(linear) => Some(convolution(linear, shape)),
                _ => None,
            });
            shape = layer.operation.output(shape);
        }
        Self { network, steps }
    }

    /// Class scores of one segment in millivolts, `[window][position]`.
    #[must_use]
    pub fn scores(&self, millivolts: &[f32]) -> Vec<f32> {
        self.run(millivolts, |_, _| {})
    }

    /// As [`Twin::scores`]. `observe` sees each layer's index and output.
    pub fn run(&self, millivolts: &[f32], mut observe: impl FnMut(usize, &[f32])) -> Vec<f32> {
        let mut tensor = Tensor { shape: self.network.input(), values: millivolts.to_vec() };
        for (index, (layer, step)) in self.network.layers.iter().zip(&self.steps).enumerate() {
            let values = match step {
                Some(convolution) => convolution.apply(&tensor.values),
                None => apply(&layer.operation, &tensor),
            };
            tensor = Tensor { shape: layer.operation.output(tensor.shape), values };
            observe(index, &tensor.values);
        }
        tensor.values
    }
}

fn convolution(linear: &Linear, input: Shape) -> Convolution<f32> {
    let shape = LinearShape {
        batch: input.batch,
        in_channels: linear.inputs,
        out_channels: linear.outputs,
        length: if linear.dense { 1 } else { input.length },
        kernel: linear.kernel,
    };
    let narrow = |values: &[f64]| values.iter().map(|&value| value as f32).collect::<Vec<_>>();
    Convolution::new(shape, &narrow(&linear.weights), &narrow(&linear.bias))
}

fn apply(operation: &Operation, input: &Tensor) -> Vec<f32> {
    let rows = input.values.chunks_exact(input.shape.length.max(1));
    match operation {
        Operation::Relu => input.values.iter().map(|value| value.max(0.0)).collect(),
        Operation::MaxPool => {
            rows.flat_map(|row| row.as_chunks::<2>().0.iter().map(|[left, right]| left.max(*right))).collect()
        }
        Operation::GlobalAverage => {
            rows.map(|row| row.iter().sum::<f32>() / input.shape.length as f32).collect()
        }
        Operation::WindowsToSequence => (0..input.shape.channels)
            .flat_map(|channel| input.values.iter().skip(channel).step_by(input.shape.channels).copied())
            .collect(),
        Operation::Lstm(lstm) => input
            .values
            .chunks_exact((input.shape.channels * input.shape.length).max(1))
            .flat_map(|item| lstm.apply(item, input.shape.length))
            .collect(),
        // Linear layers run through the kernel.
        Operation::Linear(_) => input.values.clone(),
    }
}
