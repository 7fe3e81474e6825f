//! The layers that `model_config` describes, as a flat chain.

use serde_json::Value;

use super::error::ImportError;

/// Deepest nesting of models in models.
const MAX_DEPTH: usize = 8;

/// A Keras model as a chain.
pub(super) struct KerasModel {
    pub(super) name: String,
    /// Shape of the input without the batch axis.
    pub(super) input: Vec<usize>,
    pub(super) layers: Vec<KerasLayer>,
}

/// One layer of the chain.
pub(super) struct KerasLayer {
    /// Name of the outermost layer below `model_weights`.
    pub(super) group: String,
    /// Name of the layer itself.
    pub(super) inner: String,
    pub(super) class: String,
    /// Whether it acts on each window.
    pub(super) time_distributed: bool,
    pub(super) config: Value,
}

impl KerasLayer {
    pub(super) fn field(&self, field: &'static str) -> Result<&Value, ImportError> {
        self.config.get(field).ok_or_else(|| self.missing(field))
    }

    pub(super) fn missing(&self, field: &'static str) -> ImportError {
        ImportError::Field { layer: self.group.clone(), field }
    }

    pub(super) fn size(&self, field: &'static str) -> Result<usize, ImportError> {
        as_size(self.field(field)?).ok_or_else(|| self.missing(field))
    }

    pub(super) fn number(&self, field: &'static str) -> Result<f64, ImportError> {
        self.field(field)?.as_f64().ok_or_else(|| self.missing(field))
    }

    /// A flag that Keras leaves out when it has its default.
    pub(super) fn flag(&self, field: &str, default: bool) -> bool {
        self.config.get(field).and_then(Value::as_bool).unwrap_or(default)
    }

    /// A text that Keras leaves out when it has its default. Null reads as the default too.
    pub(super) fn text<'a>(&'a self, field: &str, default: &'a str) -> &'a str {
        self.config.get(field).and_then(Value::as_str).unwrap_or(default)
    }

    pub(super) fn unsupported(&self, problem: impl Into<String>) -> ImportError {
        ImportError::UnsupportedUse { layer: self.group.clone(), problem: problem.into() }
    }
}

/// A number, or a list of one number as Keras writes kernel sizes and strides.
fn as_size(value: &Value) -> Option<usize> {
    let number = match value {
        Value::Array(items) if items.len() == 1 => items.first()?,
        other => other,
    };
    usize::try_from(number.as_u64()?).ok()
}

/// Parses `model_config`.
pub(super) fn parse(config: &str) -> Result<KerasModel, ImportError> {
    let root: Value = serde_json::from_str(config)?;
    let mut layers = Vec::new();
    collect(&root, None, false, MAX_DEPTH, &mut layers)?;
    let name = root.pointer("/config/name").and_then(Value::as_str).unwrap_or("network").to_owned();
    let input = layers
        .iter()
        .find_map(input_shape)
        .ok_or_else(|| ImportError::Field { layer: name.clone(), field: "batch_shape" })?;
    Ok(KerasModel { name, input, layers })
}

/// Appends a layer, or the layers of a model in their order.
fn collect(
    layer: &Value,
    group: Option<&str>,
    time_distributed: bool,
    depth: usize,
    out: &mut Vec<KerasLayer>,
) -> Result<(), ImportError> {
    let class = layer.get("class_name").and_then(Value::as_str).unwrap_or_default().to_owned();
    let config = layer.get("config").cloned().unwrap_or(Value::Null);
    let inner = config.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    let unsupported = |class: &str| ImportError::UnsupportedLayer {
        layer: group.unwrap_or(&inner).to_owned(),
        class: class.to_owned(),
    };
    let depth = depth.checked_sub(1).ok_or_else(|| unsupported("a model nested too deeply"))?;
    match class.as_str() {
        "Sequential" | "Functional" | "Model" => {
            let layers = config.get("layers").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            check_chain(layers)?;
            // Arrays of a nested model lie in the group of the outermost layer around it.
            let outermost = depth + 1 == MAX_DEPTH;
            let group = if outermost { None } else { group.or(Some(&inner)) };
            layers.iter().try_for_each(|layer| collect(layer, group, time_distributed, depth, out))
        }
        "TimeDistributed" => {
            let wrapped =
                config.get("layer").ok_or_else(|| unsupported("TimeDistributed without a layer"))?;
            collect(wrapped, Some(group.unwrap_or(&inner)), true, depth, out)
        }
        _ => {
            let group = group.unwrap_or(&inner).to_owned();
            out.push(KerasLayer { group, inner, class, time_distributed, config });
            Ok(())
        }
    }
}

/// In a functional model every layer must take the layer before it, and only that.
fn check_chain(layers: &[Value]) -> Result<(), ImportError> {
    for pair in layers.windows(2) {
        let [before, layer] = pair else { continue };
        let Some(nodes) = layer.get("inbound_nodes") else { continue };
        let mut sources = Vec::new();
        find_sources(nodes, &mut sources);
        let before = before.get("name").and_then(Value::as_str);
        if sources.len() > 1 || sources.first().is_some_and(|&source| Some(source) != before) {
            let layer = layer.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
            return Err(ImportError::NotAChain { layer });
        }
    }
    Ok(())
}

/// Names of the layers that inbound nodes refer to: `keras_history` in Keras 3, `[name, 0, 0, {}]`
/// in Keras 2.
fn find_sources<'a>(nodes: &'a Value, out: &mut Vec<&'a str>) {
    match nodes {
        Value::Object(fields) => match fields.get("keras_history").and_then(|history| history.get(0)) {
            Some(Value::String(name)) => out.push(name),
            _ => fields.values().for_each(|value| find_sources(value, out)),
        },
        Value::Array(items) => match (items.first(), items.get(1)) {
            (Some(Value::String(name)), Some(Value::Number(_))) => out.push(name),
            _ => items.iter().for_each(|value| find_sources(value, out)),
        },
        _ => {}
    }
}

/// Shape without the batch axis, from `batch_shape` (Keras 3) or `batch_input_shape` (Keras 2).
fn input_shape(layer: &KerasLayer) -> Option<Vec<usize>> {
    if layer.time_distributed {
        return None;
    }
    let shape = layer.config.get("batch_shape").or_else(|| layer.config.get("batch_input_shape"))?;
    shape.as_array()?.iter().skip(1).map(as_size).collect()
}
