//! The whole check of one workspace: a list of complaints, empty when all is well.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::graph::{self, Edges, File, Reason};
use crate::order::Order;
use crate::tree::Forest;
use crate::workspace::{self, Package};

/// Checks the workspace at `root`.
///
/// # Errors
/// When a manifest, a source file or the list of layers cannot be read.
pub fn complaints(root: &Path) -> Result<Vec<String>, String> {
    let packages = workspace::packages(root)?;
    let architecture = root.join("ARCHITECTURE.md");
    let text =
        fs::read_to_string(&architecture).map_err(|error| format!("{}: {error}", architecture.display()))?;
    let order = Order::parse(&text)?;
    let mut forest = Forest::default();
    for package in &packages {
        for target in &package.targets {
            let library = target.ends_with("src/lib.rs").then(|| package.library_name());
            forest.add_target(&package.name, library, target, &|file| fs::read_to_string(file).ok())?;
        }
    }
    let edges = graph::edges(&forest);
    let mut complaints = unlisted(&packages, &order);
    complaints.extend(packages.iter().flat_map(|package| upward_dependencies(package, &order)));
    complaints.extend(upward_arrows(&edges, &order, root));
    complaints.extend(graph::circles(&edges).iter().map(|circle| describe(circle, &edges, root)));
    Ok(complaints)
}

/// Packages without a layer, and layers without a package.
fn unlisted(packages: &[Package], order: &Order) -> Vec<String> {
    let missing = packages.iter().filter(|package| order.rank(&package.name).is_none());
    let missing = missing.map(|package| format!("'{}' has no place in the list of layers", package.name));
    let absent = order.packages().filter(|name| packages.iter().all(|package| package.name != *name));
    let absent = absent.map(|name| format!("the list of layers names '{name}', which is no package"));
    missing.chain(absent).collect()
}

/// Dependencies of a manifest on packages that do not stand lower.
fn upward_dependencies(package: &Package, order: &Order) -> Vec<String> {
    let name = &package.name;
    let upward = package.dependencies.iter().filter(|other| is_upward(name, other, order));
    upward.map(|other| format!("the manifest of '{name}' names '{other}', which is not lower")).collect()
}

fn is_upward(from: &str, to: &str, order: &Order) -> bool {
    matches!((order.rank(from), order.rank(to)), (Some(from), Some(to)) if to >= from)
}

/// Uses of items of packages that do not stand lower.
pub(crate) fn upward_arrows(edges: &Edges, order: &Order, root: &Path) -> Vec<String> {
    let between = edges.iter().filter(|((from, to), _)| from.package != to.package);
    let upward = between.filter(|((from, to), _)| is_upward(&from.package, &to.package, order));
    upward.map(|((from, to), reasons)| format!("upward: {}", arrow(from, to, reasons, root))).collect()
}

/// A circle, with the edges among its files.
fn describe(circle: &BTreeSet<&File>, edges: &Edges, root: &Path) -> String {
    let inside = edges.iter().filter(|((from, to), _)| circle.contains(from) && circle.contains(to));
    let arrows: Vec<String> =
        inside.map(|((from, to), reasons)| format!("\n    {}", arrow(from, to, reasons, root))).collect();
    let package = circle.first().map(|file| file.package.as_str()).unwrap_or_default();
    format!("circle of {} files in '{package}':{}", circle.len(), arrows.concat())
}

fn arrow(from: &File, to: &File, reasons: &[Reason], root: &Path) -> String {
    let short = |file: &File| file.path.strip_prefix(root).unwrap_or(&file.path).display().to_string();
    let items: Vec<String> =
        reasons.iter().map(|reason| format!("{} (line {})", reason.item, reason.line)).collect();
    format!("{} -> {}: {}", short(from), short(to), items.join(", "))
}
