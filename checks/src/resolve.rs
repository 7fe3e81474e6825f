//! From a path to the items it names, through imports, globs and re-exports.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use crate::tree::{Forest, ModuleId, Name};

/// Longest chain of imports that is followed.
const LONGEST_CHAIN: usize = 32;

/// What a path leads to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Target {
    Module(ModuleId),
    /// An item by its module and name.
    Item(ModuleId, String),
    /// A function or constant of a type's `impl` block, which stands in this module.
    Associated(ModuleId),
}

/// Finds what paths name.
pub struct Resolver<'a> {
    forest: &'a Forest,
    /// Modules with an `impl` block that defines a name of a type that another file defines.
    associated: HashMap<(ModuleId, String, String), Vec<ModuleId>>,
}

impl<'a> Resolver<'a> {
    /// Prepares for all modules of `forest`.
    #[must_use]
    pub fn new(forest: &'a Forest) -> Self {
        let mut resolver = Self { forest, associated: HashMap::new() };
        let mut associated = HashMap::<_, Vec<_>>::new();
        for (id, module) in forest.modules.iter().enumerate() {
            for (own, names) in &module.impls {
                for (home, own) in resolver.items(id, own) {
                    for name in names.iter().filter(|_| forest.modules[home].file != module.file) {
                        associated.entry((home, own.clone(), name.clone())).or_default().push(id);
                    }
                }
            }
        }
        resolver.associated = associated;
        resolver
    }

    /// The modules whose files define what `path`, used in module `from`, names, with the item's
    /// name.
    #[must_use]
    pub fn definitions(&self, from: ModuleId, path: &[String]) -> Vec<(ModuleId, String)> {
        let last = path.last().cloned().unwrap_or_default();
        let found = self.walk(from, path, LONGEST_CHAIN).into_iter().filter_map(|target| match target {
            Target::Module(_) => None,
            Target::Item(module, name) => Some((module, name)),
            Target::Associated(module) => Some((module, last.clone())),
        });
        found.collect()
    }

    /// The file of a module.
    #[must_use]
    pub fn file(&self, module: ModuleId) -> &'a Path {
        &self.forest.modules[module].file
    }

    fn items(&self, from: ModuleId, path: &[String]) -> Vec<(ModuleId, String)> {
        let found = self.walk(from, path, LONGEST_CHAIN).into_iter().filter_map(|target| match target {
            Target::Item(module, name) => Some((module, name)),
            _ => None,
        });
        found.collect()
    }

    fn walk(&self, from: ModuleId, path: &[String], chain: usize) -> HashSet<Target> {
        let Some((first, rest)) = path.split_first().filter(|_| chain > 0) else {
            return HashSet::new();
        };
        let mut here = self.first(from, first, chain);
        for segment in rest {
            // A function may have the name of a module; only the module has names inside.
            if here.iter().any(|target| matches!(target, Target::Module(_))) {
                here.retain(|target| matches!(target, Target::Module(_)));
            }
            here = here.into_iter().flat_map(|target| self.next(target, segment, chain)).collect();
        }
        here
    }

    fn first(&self, from: ModuleId, name: &str, chain: usize) -> HashSet<Target> {
        let module = &self.forest.modules[from];
        match name {
            "crate" => HashSet::from([Target::Module(module.root)]),
            "self" => HashSet::from([Target::Module(from)]),
            "super" => module.parent.map(Target::Module).into_iter().collect(),
            _ => {
                let found = self.named(from, name, chain - 1);
                if found.is_empty() {
                    self.forest.libraries.get(name).copied().map(Target::Module).into_iter().collect()
                } else {
                    found
                }
            }
        }
    }

    fn next(&self, target: Target, segment: &str, chain: usize) -> HashSet<Target> {
        match target {
            Target::Module(id) if segment == "super" => {
                self.forest.modules[id].parent.map(Target::Module).into_iter().collect()
            }
            Target::Module(id) if segment == "self" => HashSet::from([Target::Module(id)]),
            Target::Module(id) => self.named(id, segment, chain - 1),
            Target::Item(id, own) => {
                let key = (id, own.clone(), segment.to_string());
                let others = self.associated.get(&key).into_iter().flatten();
                others.map(|id| Target::Associated(*id)).chain([Target::Item(id, own)]).collect()
            }
            Target::Associated(id) => HashSet::from([Target::Associated(id)]),
        }
    }

    /// What `name` stands for in a module.
    fn named(&self, id: ModuleId, name: &str, chain: usize) -> HashSet<Target> {
        if chain == 0 {
            return HashSet::new();
        }
        let module = &self.forest.modules[id];
        let mut found = HashSet::new();
        for meaning in module.names.get(name).into_iter().flatten() {
            match meaning {
                Name::Item => drop(found.insert(Target::Item(id, name.into()))),
                Name::Module(child) => drop(found.insert(Target::Module(*child))),
                Name::Import(path) => found.extend(self.walk(id, path, chain - 1)),
            }
        }
        if found.is_empty() {
            for glob in &module.globs {
                for target in self.walk(id, glob, chain - 1) {
                    if let Target::Module(source) = target
                        && source != id
                    {
                        found.extend(self.named(source, name, chain - 1));
                    }
                }
            }
        }
        found
    }
}
