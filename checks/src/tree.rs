//! The modules of all targets, and the names that each defines, imports or takes in by a glob.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use syn::{Item, ItemImpl, ItemMod, Type, UseTree};

use crate::marks;
use crate::uses::{self, Use};

/// Index of a module in [`Forest::modules`].
pub type ModuleId = usize;

/// What a name in a module stands for.
#[derive(Clone, Debug)]
pub enum Name {
    /// An item that the module defines.
    Item,
    /// A child.
    Module(ModuleId),
    /// What a `use` statement takes from elsewhere, by its path.
    Import(Vec<String>),
}

/// A module: a file, or a block `mod name { .. }` in one.
#[derive(Debug)]
pub struct Module {
    /// The package it belongs to.
    pub package: String,
    /// The file it stands in.
    pub file: PathBuf,
    /// The root of its target.
    pub root: ModuleId,
    /// The module around it.
    pub parent: Option<ModuleId>,
    /// Its names; one may stand for several things, in several name spaces.
    pub names: HashMap<String, Vec<Name>>,
    /// What its glob imports take from.
    pub globs: Vec<Vec<String>>,
    /// Its `impl` blocks: the type's path, and the names of the block's items.
    pub impls: Vec<(Vec<String>, Vec<String>)>,
    /// What it uses.
    pub uses: Vec<Use>,
}

/// Reads a source file; `None` if there is none.
pub type Reader<'a> = &'a dyn Fn(&Path) -> Option<String>;

/// All modules of all targets.
#[derive(Debug, Default)]
pub struct Forest {
    /// Modules of all targets.
    pub modules: Vec<Module>,
    /// Root modules of the libraries by name.
    pub libraries: HashMap<String, ModuleId>,
}

impl Forest {
    /// Adds the target that begins at `file`; `library` is its name if other targets can use it.
    ///
    /// # Errors
    /// When a file is missing or does not parse.
    pub fn add_target(
        &mut self,
        package: &str,
        library: Option<String>,
        file: &Path,
        read: Reader<'_>,
    ) -> Result<(), String> {
        let root = self.add_module(package, file, None);
        if let Some(library) = library {
            self.libraries.insert(library, root);
        }
        let folder = file.parent().map(Path::to_path_buf).unwrap_or_default();
        self.read_file(root, &folder, read)
    }

    fn add_module(&mut self, package: &str, file: &Path, parent: Option<ModuleId>) -> ModuleId {
        let id = self.modules.len();
        let root = parent.map_or(id, |parent| self.modules[parent].root);
        self.modules.push(Module {
            package: package.into(),
            file: file.into(),
            root,
            parent,
            names: HashMap::new(),
            globs: Vec::new(),
            impls: Vec::new(),
            uses: Vec::new(),
        });
        id
    }

    /// Reads the file of `module`, whose children stand in `folder`.
    fn read_file(&mut self, module: ModuleId, folder: &Path, read: Reader<'_>) -> Result<(), String> {
        let file = self.modules[module].file.clone();
        let text = read(&file).ok_or_else(|| format!("{}: cannot be read", file.display()))?;
        let parsed = syn::parse_file(&text).map_err(|error| format!("{}: {error}", file.display()))?;
        self.read_items(module, &parsed.items, folder, read)
    }

    fn read_items(
        &mut self,
        id: ModuleId,
        items: &[Item],
        folder: &Path,
        read: Reader<'_>,
    ) -> Result<(), String> {
        for item in items.iter().filter(|item| !marks::is_test(marks::of(item))) {
            match item {
                Item::Mod(child) => self.read_child(id, child, folder, read)?,
                Item::Use(statement) => self.import(id, &[], &statement.tree),
                Item::Impl(block) => self.modules[id].impls.extend(implemented(block)),
                _ => {}
            }
            if let Some(name) = defined(item) {
                self.modules[id].names.entry(name).or_default().push(Name::Item);
            }
            if !matches!(item, Item::Mod(_)) {
                let found = uses::of_item(item);
                found.imports.iter().for_each(|tree| self.import(id, &[], tree));
                self.modules[id].uses.extend(found.uses);
            }
        }
        Ok(())
    }

    fn read_child(
        &mut self,
        parent: ModuleId,
        child: &ItemMod,
        folder: &Path,
        read: Reader<'_>,
    ) -> Result<(), String> {
        let name = child.ident.to_string();
        let package = self.modules[parent].package.clone();
        let inner = folder.join(&name);
        let inline = child.content.as_ref();
        let file = match (inline, marks::path(&child.attrs)) {
            (Some(_), _) => self.modules[parent].file.clone(),
            (None, Some(path)) => folder.join(path),
            (None, None) => {
                let flat = folder.join(format!("{name}.rs"));
                if read(&flat).is_some() { flat } else { inner.join("mod.rs") }
            }
        };
        let id = self.add_module(&package, &file, Some(parent));
        self.modules[parent].names.entry(name).or_default().push(Name::Module(id));
        match inline {
            Some((_, items)) => self.read_items(id, items, &inner, read),
            None => self.read_file(id, &inner, read),
        }
    }

    /// Notes what a `use` statement takes, by the name it has here.
    fn import(&mut self, id: ModuleId, prefix: &[String], tree: &UseTree) {
        let with = |ident: &syn::Ident| [prefix, &[ident.to_string()]].concat();
        match tree {
            UseTree::Path(path) => self.import(id, &with(&path.ident), &path.tree),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.import(id, prefix, tree)),
            UseTree::Glob(_) => self.modules[id].globs.push(prefix.to_vec()),
            UseTree::Name(name) if name.ident == "self" => {
                if let Some(last) = prefix.last() {
                    self.add_import(id, last.clone(), prefix.to_vec());
                }
            }
            UseTree::Name(name) => self.add_import(id, name.ident.to_string(), with(&name.ident)),
            UseTree::Rename(rename) => {
                let path = if rename.ident == "self" { prefix.to_vec() } else { with(&rename.ident) };
                self.add_import(id, rename.rename.to_string(), path);
            }
        }
    }

    fn add_import(&mut self, id: ModuleId, name: String, path: Vec<String>) {
        // `use name;` of a crate by its own name would refer to itself.
        if path.len() > 1 || path.first() != Some(&name) {
            self.modules[id].names.entry(name).or_default().push(Name::Import(path));
        }
    }
}

/// The type of an `impl` block and the names of its items.
fn implemented(block: &ItemImpl) -> Option<(Vec<String>, Vec<String>)> {
    let Type::Path(path) = block.self_ty.as_ref() else {
        return None;
    };
    let names = block.items.iter().filter_map(|item| match item {
        syn::ImplItem::Fn(item) => Some(item.sig.ident.to_string()),
        syn::ImplItem::Const(item) => Some(item.ident.to_string()),
        _ => None,
    });
    Some((uses::segments(&path.path), names.collect()))
}

/// The name that an item defines.
fn defined(item: &Item) -> Option<String> {
    Some(match item {
        Item::Const(item) => item.ident.to_string(),
        Item::Enum(item) => item.ident.to_string(),
        Item::Fn(item) => item.sig.ident.to_string(),
        Item::Macro(item) => item.ident.as_ref()?.to_string(),
        Item::Static(item) => item.ident.to_string(),
        Item::Struct(item) => item.ident.to_string(),
        Item::Trait(item) => item.ident.to_string(),
        Item::TraitAlias(item) => item.ident.to_string(),
        Item::Type(item) => item.ident.to_string(),
        Item::Union(item) => item.ident.to_string(),
        _ => return None,
    })
}
