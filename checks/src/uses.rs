//! The paths that an item uses: in types, expressions, patterns, private `use` statements and macro
//! calls.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, ImplItemFn, Item, ItemFn, ItemMod, ItemUse, Macro, Path, UseTree, Visibility};

use crate::marks::{is_reexport, is_test};

/// A path that is used, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// The segments, without generic arguments; `$crate` is `crate`.
    pub path: Vec<String>,
    /// Line of its first segment.
    pub line: usize,
}

/// What an item uses.
#[derive(Default)]
pub(crate) struct Found {
    /// The paths.
    pub(crate) uses: Vec<Use>,
    /// The `use` statements inside bodies, whose names count as names of the module.
    pub(crate) imports: Vec<UseTree>,
    /// The type that `Self` stands for.
    own: Option<Vec<String>>,
    depth: usize,
}

/// What `item` uses.
pub(crate) fn of_item(item: &Item) -> Found {
    let mut found = Found::default();
    found.visit_item(item);
    found
}

/// The names of a path's segments.
pub(crate) fn segments(path: &Path) -> Vec<String> {
    path.segments.iter().map(|segment| segment.ident.to_string()).collect()
}

impl Found {
    fn add(&mut self, mut path: Vec<String>, line: usize) {
        if let (Some("Self"), Some(own)) = (path.first().map(String::as_str), &self.own) {
            path.splice(..1, own.iter().cloned());
        }
        self.uses.push(Use { path, line });
    }

    fn add_statement(&mut self, prefix: &[String], tree: &UseTree) {
        let with = |ident: &syn::Ident| [prefix, &[ident.to_string()]].concat();
        match tree {
            UseTree::Path(path) => self.add_statement(&with(&path.ident), &path.tree),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.add_statement(prefix, tree)),
            UseTree::Name(name) if name.ident != "self" => {
                self.add(with(&name.ident), name.ident.span().start().line);
            }
            UseTree::Rename(rename) if rename.ident != "self" => {
                self.add(with(&rename.ident), rename.ident.span().start().line);
            }
            _ => {}
        }
    }

    /// Paths in the tokens of a macro: at least two segments, or one capitalised word.
    fn add_tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let (mut line, mut colons) = (0, 0);
        for token in tokens {
            match &token {
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.add_token_path(&mut path, line);
                        line = ident.span().start().line;
                    }
                    path.push(ident.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Punct(punct) if punct.as_char() == '$' => {
                    self.add_token_path(&mut path, line);
                    colons = 0;
                }
                _ => {
                    self.add_token_path(&mut path, line);
                    colons = 0;
                }
            }
            if let TokenTree::Group(group) = token {
                self.add_tokens(group.stream());
            }
        }
        self.add_token_path(&mut path, line);
    }

    fn add_token_path(&mut self, path: &mut Vec<String>, line: usize) {
        let path = std::mem::take(path);
        if path.len() > 1 || path.first().is_some_and(|name| name.starts_with(char::is_uppercase)) {
            self.add(path, line);
        }
    }
}

impl<'ast> Visit<'ast> for Found {
    fn visit_item_use(&mut self, statement: &'ast ItemUse) {
        if !is_reexport(&statement.vis) {
            self.add_statement(&[], &statement.tree);
        }
        if self.depth > 0 {
            self.imports.push(statement.tree.clone());
        }
    }

    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        if !is_test(&item.attrs) {
            self.depth += 1;
            visit::visit_item_fn(self, item);
            self.depth -= 1;
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        if !is_test(&item.attrs) {
            self.depth += 1;
            visit::visit_impl_item_fn(self, item);
            self.depth -= 1;
        }
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        if let syn::Type::Path(own) = item.self_ty.as_ref() {
            self.own = Some(segments(&own.path));
        }
        visit::visit_item_impl(self, item);
        self.own = None;
    }

    /// Modules inside bodies stand for nothing that other files could use.
    fn visit_item_mod(&mut self, _: &'ast ItemMod) {}

    fn visit_attribute(&mut self, _: &'ast Attribute) {}

    fn visit_visibility(&mut self, _: &'ast Visibility) {}

    fn visit_path(&mut self, path: &'ast Path) {
        if let Some(first) = path.segments.first() {
            self.add(segments(path), first.ident.span().start().line);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        visit::visit_macro(self, call);
        self.add_tokens(call.tokens.clone());
    }
}
