//! How cost grows: with the windows of a segment, with the segments of a record, with sessions side
//! by side.

use std::sync::Arc;
use std::time::Instant;

use deepcardio::Model;
use deepcardio::architecture::{Architecture, Layer, Specification, limits};
use deepcardio::model::LayerWeights;
use protocol::method::Backend;
use protocol::plan::computed;
use serde::Serialize;

use crate::Result;
use crate::layers::model;
use crate::session::{Stage, Way};

/// Windows of a segment.
const WINDOWS: [usize; 6] = [1, 5, 10, 15, 20, 25];
/// Segments of a record, in one session.
const SEGMENTS: [usize; 5] = [1, 2, 4, 7, 10];
/// Sessions at the same time.
const SESSIONS: [usize; 4] = [1, 2, 4, 8];
/// Classifications of each session that runs beside others.
const SEGMENTS_SIDE_BY_SIDE: usize = 4;
/// Runs of which the median is shown.
const RUNS: usize = 3;

/// One measured size.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Point {
    /// Windows, segments or sessions.
    pub size: usize,
    /// Non-linear results that are computed, where that is what grows.
    pub results: Option<usize>,
    /// Seconds, set-up of the sessions included.
    pub seconds: f64,
    /// Bytes, both directions; not counted for sessions side by side.
    pub bytes: Option<u64>,
}

/// What was measured.
#[derive(Debug, Serialize)]
pub struct Scaling {
    /// The six blocks on so many windows, then their average and a dense layer.
    pub windows: Vec<Point>,
    /// The bundled network on so many segments in one session.
    pub segments: Vec<Point>,
    /// The bundled network in so many sessions at once.
    pub sessions: Vec<Point>,
    /// Classifications of each of these sessions.
    pub segments_side_by_side: usize,
}

/// Measures everything, or the least size of each with `brief`.
///
/// # Errors
/// If a session fails.
pub fn measure(brief: bool) -> Result<Scaling> {
    let way = Way::by_default(Backend::Ot);
    let kept = |sizes: &'static [usize]| sizes.iter().copied().take(if brief { 1 } else { usize::MAX });
    let runs = if brief { 1 } else { RUNS };
    let windows = kept(&WINDOWS).map(|windows| on_windows(windows, way, runs)).collect::<Result<_>>()?;
    let stage = Arc::new(Stage::new()?);
    let segments = kept(&SEGMENTS).map(|segments| {
        let (seconds, bytes) = median(runs, || session(&stage, way, segments))?;
        Ok(Point { size: segments, results: None, seconds, bytes: Some(bytes) })
    });
    let segments = segments.collect::<Result<_>>()?;
    let side_by_side = |sessions| {
        let start = Instant::now();
        stage.run_side_by_side(way, sessions, SEGMENTS_SIDE_BY_SIDE)?;
        Ok((start.elapsed().as_secs_f64(), 0))
    };
    let sessions = kept(&SESSIONS).map(|sessions| {
        let (seconds, _) = median(runs, || side_by_side(sessions))?;
        Ok(Point { size: sessions, results: None, seconds, bytes: None })
    });
    Ok(Scaling {
        windows,
        segments,
        sessions: sessions.collect::<Result<_>>()?,
        segments_side_by_side: SEGMENTS_SIDE_BY_SIDE,
    })
}

fn on_windows(windows: usize, way: Way, runs: usize) -> Result<Point> {
    let model = blocks_on(windows)?;
    let results = computed(model.architecture(), way.backend)?.iter().map(|stage| stage.results).sum();
    let stage = Stage::of(model)?;
    let (seconds, bytes) = median(runs, || session(&stage, way, 1))?;
    Ok(Point { size: windows, results: Some(results), seconds, bytes: Some(bytes) })
}

fn session(stage: &Stage, way: Way, segments: usize) -> Result<(f64, u64)> {
    let total = stage.run_many(way, segments)?.client.total(|_| true);
    Ok((total.time.as_secs_f64(), total.sent + total.received))
}

/// The run of median time, after one to warm up.
fn median(runs: usize, run: impl Fn() -> Result<(f64, u64)>) -> Result<(f64, u64)> {
    run()?;
    let mut all = (0..runs).map(|_| run()).collect::<Result<Vec<_>>>()?;
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    all.get(runs / 2).copied().ok_or_else(|| "no run to measure".into())
}

/// The blocks of the bundled model on its first `windows` windows, then a sum over windows and a
/// dense layer of zeros: what weights are does not change the cost.
fn blocks_on(windows: usize) -> Result<Model> {
    let model = model()?;
    let specification = model.architecture().specification();
    let is_end = |layer: &Layer| matches!(layer, Layer::WindowsToSequence);
    let end = specification.layers.iter().position(is_end).ok_or("a network without windows")? + 1;
    let mut layers: Vec<Layer> = specification.layers.iter().take(end).cloned().collect();
    let blocks = layers.iter().filter(|layer| layer.is_linear()).count();
    let outputs = specification.classes.len();
    layers.extend([Layer::GlobalSum, Layer::Dense { outputs, weight_bits: 8 }]);
    let mut signal = specification.signal.clone();
    signal.window_starts.truncate(windows);
    let ring_bits = vec![*limits::RING_BITS.end(); blocks + 1];
    // Nothing is known of how sure this network is.
    let changed = Specification { layers, signal, ring_bits, confidence: None, ..specification.clone() };
    let architecture = Architecture::new(changed)?;
    let features = architecture.stages().last().map_or(0, |last| last.linear.in_channels);
    let mut weights: Vec<LayerWeights> = model.weights().iter().take(blocks).cloned().collect();
    weights.push(LayerWeights::new(vec![0; outputs * features], vec![0; outputs]));
    Ok(Model::with_least_rings(&architecture, weights, String::new())?)
}
