//! Weight arrays of a layer, found by name below `model_weights/<layer>`.

use hdf5_reader::group::Group;
use hdf5_reader::{Dataset, Hdf5File};

use super::error::ImportError;
use super::keras::KerasLayer;

/// Deepest nesting of groups.
const MAX_DEPTH: usize = 16;
/// Values of one array.
const MAX_VALUES: usize = 16 << 20;

/// Reads an array of the given shape, row-major.
pub(super) fn read(
    file: &Hdf5File,
    layer: &KerasLayer,
    name: &str,
    expected: &[usize],
) -> Result<Vec<f32>, ImportError> {
    let missing = || ImportError::MissingArray { layer: layer.group.clone(), array: name.to_owned() };
    let group = file
        .group(&format!("model_weights/{}", layer.group))
        .or_else(|_| file.group(&layer.group))
        .map_err(|_| missing())?;
    let mut found = Vec::new();
    search(&group, name, false, &layer.inner, MAX_DEPTH, &mut found)?;
    // In a nested model several layers have an array of this name: then the layer's own name
    // decides.
    let best = if found.len() > 1 { found.into_iter().find(|(below, _)| *below) } else { found.pop() };
    let (_, dataset) = best.ok_or_else(missing)?;
    let shape: Vec<usize> = dataset.shape().iter().map(|&size| size as usize).collect();
    if shape != expected || shape.iter().product::<usize>() > MAX_VALUES {
        return Err(ImportError::ArrayShape {
            layer: layer.group.clone(),
            array: name.to_owned(),
            found: shape,
            expected: expected.to_vec(),
        });
    }
    let values: Vec<f32> = dataset.read_array::<f32>()?.iter().copied().collect();
    if !values.iter().all(|value| value.is_finite()) {
        return Err(ImportError::NotFinite { layer: layer.group.clone(), array: name.to_owned() });
    }
    Ok(values)
}

/// Collects datasets called `name` (older Keras appends `:0`), each with whether it lies below a
/// group called `inner`.
fn search(
    group: &Group,
    name: &str,
    below: bool,
    inner: &str,
    depth: usize,
    out: &mut Vec<(bool, Dataset)>,
) -> Result<(), ImportError> {
    let Some(depth) = depth.checked_sub(1) else { return Ok(()) };
    let (groups, datasets) = group.members()?;
    let called = |dataset: &Dataset| {
        let last = dataset.name().rsplit('/').next().unwrap_or_default();
        last.trim_end_matches(":0") == name
    };
    out.extend(datasets.into_iter().filter(called).map(|dataset| (below, dataset)));
    for group in &groups {
        let last = group.name().rsplit('/').next().unwrap_or_default();
        search(group, name, below || last == inner, inner, depth, out)?;
    }
    Ok(())
}
