//! Where in a JSON document the recordings are, whatever the objects around them.
//!
//! A recording is a list of numbers, of pairs (time, value), or of objects with a value each, under
//! a key that names a signal. Its rate, scale and unit stand in the same object or in one around
//! it.

use zeroize::Zeroizing;

use super::tree::Node;
use crate::files::clock;
use crate::files::hints::Unit;
use crate::files::names::{Name, Role, voltage};
use crate::files::samples::push_wiping;

/// Fewest values of a signal.
const LEAST: usize = 16;

/// What the objects around a signal say.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Context {
    pub(super) rate_hz: Option<f64>,
    /// Steps in a millivolt.
    pub(super) steps_per_mv: Option<f64>,
    /// Nanovolts in a step.
    pub(super) nanovolts: Option<f64>,
    pub(super) unit: Option<Unit>,
    /// Values that there should be.
    pub(super) count: Option<f64>,
    /// Whether the mains frequency is stated, as AliveCor does.
    pub(super) mains: bool,
}

/// A signal found.
pub(super) struct Signal {
    pub(super) key: String,
    pub(super) values: Zeroizing<Vec<f64>>,
    pub(super) times: Option<Zeroizing<Vec<f64>>>,
    pub(super) context: Context,
    /// The object that holds it, by its order in the file.
    pub(super) group: usize,
}

/// Walks through a document.
#[derive(Default)]
pub(super) struct Finder {
    pub(super) signals: Vec<Signal>,
    groups: usize,
}

impl Finder {
    /// Looks into `node`, which stands under `key`.
    pub(super) fn visit(&mut self, key: &str, node: Node, context: Context, group: usize) {
        match node {
            Node::Map(map) => self.visit_map(map, context),
            Node::Numbers(values) => self.add(key, values, None, context, group),
            Node::Pairs(times, values) => self.add(key, values, Some(times), context, group),
            Node::List(list) => self.visit_list(key, list, context, group),
            Node::Other | Node::Null | Node::Number(_) | Node::Text(_) => {}
        }
    }

    fn visit_map(&mut self, map: Vec<(String, Node)>, mut context: Context) {
        self.groups += 1;
        let group = self.groups;
        for (key, node) in &map {
            context.learn(&plain(key), node);
        }
        for (key, node) in map {
            self.visit(&key, node, context, group);
        }
    }

    fn visit_list(&mut self, key: &str, list: Vec<Node>, context: Context, group: usize) {
        match entries(&list) {
            Some((values, times, unit)) if is_signal(key) => {
                let context = Context { unit: unit.or(context.unit), ..context };
                self.add(key, values, times, context, group);
            }
            _ => list.into_iter().for_each(|node| self.visit(key, node, context, group)),
        }
    }

    fn add(
        &mut self,
        key: &str,
        values: Zeroizing<Vec<f64>>,
        times: Option<Zeroizing<Vec<f64>>>,
        context: Context,
        group: usize,
    ) {
        if is_signal(key) && values.len() >= LEAST {
            self.signals.push(Signal { key: key.to_owned(), values, times, context, group });
        }
    }
}

impl Context {
    /// Takes what the value under `key` says.
    fn learn(&mut self, key: &str, node: &Node) {
        let number = match node {
            Node::Number(value) => Some(*value),
            Node::Text(text) => {
                let text = text.trim().to_lowercase();
                text.trim_end_matches("hz").trim().parse().ok()
            }
            _ => None,
        };
        match key {
            "samplingfrequency"
            | "samplingfrequencyhz"
            | "samplingfrequencyhertz"
            | "samplingrate"
            | "samplerate"
            | "samplefrequency"
            | "sampleratehz"
            | "samplingratehz"
            | "frequency"
            | "fs" => {
                self.rate_hz = number.or(self.rate_hz);
            }
            "scalingfactor" | "millivoltsscalingfactor" => self.steps_per_mv = number,
            "amplituderesolution" => self.nanovolts = number,
            "numberofwaveformsamples" | "numberofvoltagemeasurements" => self.count = number,
            "mainsfrequency" => self.mains = true,
            "unit" | "units" | "voltageunit" | "voltageunits" => {
                if let Node::Text(text) = node {
                    self.unit = voltage(&text.to_lowercase());
                }
            }
            _ => {}
        }
    }
}

/// A key in small letters without marks.
fn plain(key: &str) -> String {
    key.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Whether a key names a signal.
fn is_signal(key: &str) -> bool {
    let known = ["waveformsamples", "voltagemeasurements", "samples", "ecgsamples", "ecgdata", "ecgvalues"];
    let lead = plain(key);
    known.contains(&lead.as_str())
        || lead.strip_prefix("lead").is_some_and(|rest| crate::files::names::lead(rest).is_some())
        || matches!(Name::parse(key).role, Role::Ecg | Role::Neutral)
}

type Entries = (Zeroizing<Vec<f64>>, Option<Zeroizing<Vec<f64>>>, Option<Unit>);

/// A list of objects with one voltage each: values, times, unit.
fn entries(list: &[Node]) -> Option<Entries> {
    let mut values = Zeroizing::new(Vec::new());
    let mut times = Zeroizing::new(Vec::new());
    let mut unit = None;
    for entry in list {
        let Node::Map(map) = entry else { return None };
        let mut value = None;
        for (key, node) in map {
            match (plain(key).as_str(), node) {
                ("voltage" | "value" | "microvolts" | "ecg", Node::Number(found)) => value = Some(*found),
                ("voltage" | "value" | "microvolts" | "ecg", Node::Null) => value = Some(f64::NAN),
                ("unit" | "units", Node::Text(text)) => {
                    let found = voltage(&text.to_lowercase())?;
                    if unit.is_some_and(|unit| unit != found) {
                        return None;
                    }
                    unit = Some(found);
                }
                ("time" | "timesincesamplestart" | "t", Node::Number(time)) => push_wiping(&mut times, *time),
                ("date" | "time" | "timestamp", Node::Text(text)) => {
                    push_wiping(&mut times, clock::parse(text)?);
                }
                _ => {}
            }
        }
        push_wiping(&mut values, value?);
    }
    let times = (times.len() == values.len()).then_some(times);
    Some((values, times, unit))
}
