//! The tables of a model: its layers, its levels of confidence.

use std::fmt::Write;

use deepcardio::Model;
use deepcardio::architecture::{Architecture, Level, Stage};

/// Shapes, widths, ring, shift, multiply-accumulates and non-linear steps of each layer, and what
/// the model is.
pub(super) fn describe(model: &Model) -> String {
    let architecture = model.architecture();
    let signal = architecture.signal();
    let mut text = String::new();
    let digest: String = architecture.digest().iter().map(|byte| format!("{byte:02x}")).collect();
    let _ = writeln!(text, "model        {}", architecture.name());
    let _ = writeln!(text, "digest       {digest}");
    let _ = writeln!(
        text,
        "signal       {} Hz, band {} to {} Hz (order {}), {} windows of {} in {} samples",
        signal.rate_hz,
        signal.band_low_hz,
        signal.band_high_hz,
        signal.order,
        signal.windows(),
        signal.window_length,
        signal.segment_samples
    );
    let _ = writeln!(text, "input        {} bits, {} per mV", signal.input_bits, signal.input_scale);
    let _ = writeln!(
        text,
        "classes      {}, score scale {:e}",
        architecture.classes().join(", "),
        architecture.score_scale()
    );
    let _ = writeln!(text, "provenance   {}\n", model.provenance());
    text.push_str(&confidence(architecture));
    let _ = writeln!(
        text,
        "\n{:<7} {:>18} {:>18} {:>6} {:>7} {:>5} {:>5} {:>5} {:>10} {:>12} {:>8}",
        "layer", "input", "output", "kernel", "weights", "A", "f", "ell", "max |acc|", "MACs", "steps"
    );
    for (stage, bound) in architecture.stages().iter().zip(model.bounds()) {
        let _ = writeln!(text, "{}{}", row(stage, bound.magnitude), recurrence(stage));
    }
    let macs: u64 = architecture.stages().iter().map(|stage| stage.linear.multiply_accumulates()).sum();
    let steps: usize = architecture.stages().iter().map(Stage::activations).sum();
    let weights: usize = architecture.stages().iter().map(|stage| stage.linear.weight_count()).sum();
    let _ = writeln!(text, "total: {weights} weights, {macs} multiply-accumulates, {steps} non-linear steps");
    text
}

/// The levels of confidence: where they begin, how many of the counted answers had them, how many
/// of these were right.
pub(super) fn confidence(architecture: &Architecture) -> String {
    let Some(confidence) = architecture.confidence() else {
        return "confidence   not measured, labels come without a level; `deepcardio confidence` measures it\n".to_owned();
    };
    let total: u32 = confidence.accuracy.iter().map(|accuracy| accuracy.of).sum();
    let mut text = format!(
        "confidence   temperature {:.3}, measured on {total} records\n{:<10} {:>11} {:>8} {:>8} {:>9} {:>16}\n",
        f64::from(confidence.temperature) / 1000.0,
        "level",
        "from margin",
        "records",
        "share",
        "right",
        "95 % interval"
    );
    for (level, margin) in Level::ALL.into_iter().zip([0].into_iter().chain(confidence.thresholds)) {
        let accuracy = confidence.accuracy(level);
        let (low, high) = accuracy.interval();
        let _ = writeln!(
            text,
            "{:<10} {margin:>11} {:>8} {:>6.1} % {:>7.1} % {:>16}",
            level.name(),
            accuracy.of,
            100.0 * f64::from(accuracy.of) / f64::from(total.max(1)),
            100.0 * accuracy.share(),
            format!("{:.1} to {:.1} %", 100.0 * low, 100.0 * high)
        );
    }
    text
}

fn row(stage: &Stage, magnitude: i64) -> String {
    let shape =
        |shape: deepcardio::tensor::Shape| format!("[{}][{}][{}]", shape.batch, shape.channels, shape.length);
    let step = stage.lstm().map(|lstm| lstm.gate_step().step).or(stage.requantise());
    let (bits, shift) = match step {
        Some(step) => (step.bits.to_string(), step.shift.to_string()),
        None => ("-".to_owned(), "-".to_owned()),
    };
    let pooled = if step.is_some_and(|step| step.pool) { "p" } else { "" };
    format!(
        "{:<7} {:>18} {:>18} {:>6} {:>7} {:>5} {:>5} {:>5} {:>10} {:>12} {:>7}{:<1}",
        stage.name,
        shape(stage.input()),
        shape(stage.output()),
        stage.linear.kernel,
        format!("{} bit", stage.weight_bits),
        bits,
        shift,
        stage.ell,
        magnitude,
        stage.linear.multiply_accumulates(),
        stage.activations(),
        pooled
    )
}

/// Widths that only an LSTM has: of the cell state and its ring, shifts of its index and of the
/// input.
fn recurrence(stage: &Stage) -> String {
    stage.lstm().map_or_else(String::new, |lstm| {
        let (bits, shift, ring) = (lstm.cell_bits, lstm.cell_index_shift, lstm.cell_ring_bits());
        format!(" C={bits} g={shift} k={} P={ring}", lstm.input_shift)
    })
}
