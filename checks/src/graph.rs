//! Edges between files, and the circles among them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::resolve::Resolver;
use crate::tree::Forest;

/// Where an edge comes from: the item that is used, and the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The item's name.
    pub item: String,
    /// The line of its first use.
    pub line: usize,
}

/// A file, with the package it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct File {
    /// The package.
    pub package: String,
    /// The path.
    pub path: PathBuf,
}

/// All edges, each with its first reason for every item.
pub type Edges = BTreeMap<(File, File), Vec<Reason>>;

/// The edges of all modules.
#[must_use]
pub fn edges(forest: &Forest) -> Edges {
    let resolver = Resolver::new(forest);
    let file = |id: usize| File {
        package: forest.modules[id].package.clone(),
        path: forest.modules[id].file.clone(),
    };
    let mut edges = Edges::new();
    for (from, module) in forest.modules.iter().enumerate() {
        for used in &module.uses {
            for (to, item) in resolver.definitions(from, &used.path) {
                if forest.modules[to].file != module.file {
                    let reasons = edges.entry((file(from), file(to))).or_default();
                    if reasons.iter().all(|reason| reason.item != item) {
                        reasons.push(Reason { item, line: used.line });
                    }
                }
            }
        }
    }
    edges
}

/// The sets of two or more files of one package that reach one another.
#[must_use]
pub fn circles(edges: &Edges) -> Vec<BTreeSet<&File>> {
    let mut next = BTreeMap::<&File, BTreeSet<&File>>::new();
    for (from, to) in edges.keys().filter(|(from, to)| from.package == to.package) {
        next.entry(from).or_default().insert(to);
    }
    let reach: BTreeMap<&File, BTreeSet<&File>> =
        next.keys().map(|file| (*file, reached(file, &next))).collect();
    let mut circles = Vec::<BTreeSet<&File>>::new();
    for (file, reached) in &reach {
        let back = |other: &&&File| reach.get(**other).is_some_and(|from| from.contains(*file));
        let circle: BTreeSet<&File> = reached.iter().filter(back).copied().collect();
        if !circle.is_empty() && !circles.contains(&circle) {
            circles.push(circle);
        }
    }
    circles
}

/// Every file that edges lead to from `start`; `start` itself only along a circle.
fn reached<'a>(start: &File, next: &BTreeMap<&'a File, BTreeSet<&'a File>>) -> BTreeSet<&'a File> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&'a File> = next.get(start).into_iter().flatten().copied().collect();
    while let Some(file) = open.pop() {
        if reached.insert(file) {
            open.extend(next.get(file).into_iter().flatten());
        }
    }
    reached
}
