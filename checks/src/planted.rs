//! Planted circles and upward arrows, each of which must be found, and the like that are none.

use std::collections::BTreeMap;
use std::path::Path;

use crate::graph::{self, Edges};
use crate::order::Order;
use crate::report::upward_arrows;
use crate::tree::Forest;

/// The edges of libraries given by their files: `package/file.rs`, each package with a `lib.rs`.
fn edges(files: &[(&str, &str)]) -> Edges {
    let files: BTreeMap<&Path, &str> = files.iter().map(|(name, text)| (Path::new(*name), *text)).collect();
    let mut forest = Forest::default();
    for file in files.keys().filter(|file| file.ends_with("lib.rs")) {
        let package = file.parent().unwrap().to_str().unwrap();
        let read = |path: &Path| files.get(path).map(ToString::to_string);
        forest.add_target(package, Some(package.replace('-', "_")), file, &read).unwrap();
    }
    graph::edges(&forest)
}

/// The circles of one library, as lists of file names.
fn circles(files: &[(&str, &str)]) -> Vec<Vec<String>> {
    let edges = edges(files);
    let names = |file: &&graph::File| file.path.display().to_string();
    let mut circles: Vec<Vec<String>> =
        graph::circles(&edges).iter().map(|circle| circle.iter().map(names).collect()).collect();
    circles.iter_mut().for_each(|circle| circle.sort());
    circles
}

/// A library of three modules, `a`, `b` and `b::c`.
fn library(a: &'static str, b: &'static str, c: &'static str) -> Vec<Vec<String>> {
    let b = format!("pub mod c; {b}");
    circles(&[
        ("p/lib.rs", "pub mod a; mod b; pub use b::c::C;"),
        ("p/a.rs", a),
        ("p/b.rs", &b),
        ("p/b/c.rs", c),
    ])
}

#[test]
fn a_circle_of_two_files_is_found() {
    let found = library("use crate::b::B; pub struct A(B);", "pub struct B; fn f(_: crate::a::A) {}", "");
    assert_eq!(found, [["p/a.rs", "p/b.rs"]]);
}

#[test]
fn a_circle_of_three_files_is_found() {
    let a = "pub fn a() { crate::b::b() }";
    let found = library(a, "pub fn b() { c::c() }", "pub fn c() { super::super::a::a() }");
    assert_eq!(found, [["p/a.rs", "p/b.rs", "p/b/c.rs"]]);
}

#[test]
fn a_parent_and_the_child_it_uses_are_a_circle() {
    let found = library("", "use c::C; pub struct B; fn f(_: C) {}", "use super::B; pub struct C(B);");
    assert_eq!(found, [["p/b.rs", "p/b/c.rs"]]);
}

#[test]
fn a_use_through_a_reexport_leads_to_the_definition() {
    let found = library("pub struct A; fn f(_: crate::C) {}", "", "pub struct C(crate::a::A);");
    assert_eq!(found, [["p/a.rs", "p/b/c.rs"]]);
}

#[test]
fn uses_in_macros_globs_and_bodies_are_found() {
    let uses = [
        "pub struct A; fn f() { g!(1, crate::b::B::new()) }",
        "use crate::b::B; pub struct A; fn f() { matches!(1, B { .. }); }",
        "use crate::b::*; pub struct A(B);",
        "pub struct A; fn f() { use crate::b; let _ = b::B; }",
        "pub struct A; impl A { const X: fn(crate::b::B) = g; }",
        "pub struct A; macro_rules! m { () => { $crate::b::B } }",
        "pub struct A; fn f<T: Into<crate::b::B>>() {}",
        "pub struct A; mod inside { use super::super::b; fn f(_: b::B) {} }",
    ];
    for used in uses {
        assert_eq!(library(used, "pub struct B(crate::a::A);", ""), [["p/a.rs", "p/b.rs"]], "{used}");
    }
}

#[test]
fn an_implementation_apart_from_its_type_is_found() {
    let c = "use super::B; impl B { pub fn new() -> Self { crate::a::a() } }";
    let found = library("pub fn a() { crate::b::B::new() }", "pub struct B;", c);
    assert_eq!(found, [["p/a.rs", "p/b/c.rs"]]);
    let own = "use super::B; impl B { fn f() { Self::g() } } pub struct C;";
    let found = library("use crate::b::B; impl B { fn g() { crate::C } }", "pub struct B;", own);
    assert_eq!(found, [["p/a.rs", "p/b/c.rs"]]);
}

#[test]
fn statements_and_tests_are_no_edges() {
    let b = "pub use crate::a::A; pub(crate) use crate::a::f; #[cfg(test)] mod tests { use crate::a::A; }
        #[cfg(all(test, feature = \"x\"))] use crate::a::A as X; #[test] fn t() { crate::a::f() } pub struct B;";
    assert!(library("pub struct A; pub fn f(_: crate::b::B) {}", b, "").is_empty());
}

#[test]
fn a_function_with_the_name_of_a_module_is_not_meant_by_paths_into_the_module() {
    let a = "pub mod b; fn b() -> b::B { b::B }";
    let files = [("p/lib.rs", "mod a;"), ("p/a.rs", a), ("p/a/b.rs", "pub struct B; use super::b::B as C;")];
    assert!(circles(&files).is_empty());
}

#[test]
fn a_line_is_no_circle() {
    let a = "use crate::b::B; use crate::C; pub struct A(B, C);";
    assert!(library(a, "pub struct B(c::C);", "pub struct C;").is_empty());
}

#[test]
fn an_arrow_from_a_lower_to_a_higher_layer_is_found() {
    let order = Order::parse("## Layers\n1. `low`\n2. `mid-a`, `mid-b`\n3. `high`\n").unwrap();
    let arrows = |files: &[(&str, &str)]| upward_arrows(&edges(files), &order, Path::new(""));
    let items = |name| (name, "pub struct Item;");
    assert_eq!(
        arrows(&[("low/lib.rs", "fn f(_: high::Item) {}"), items("high/lib.rs")]),
        ["upward: low/lib.rs -> high/lib.rs: Item (line 1)"]
    );
    assert_eq!(arrows(&[("mid-a/lib.rs", "use mid_b::Item;"), items("mid-b/lib.rs")]).len(), 1);
    assert!(arrows(&[("high/lib.rs", "use low::Item;"), items("low/lib.rs")]).is_empty());
    // Through a re-export of a package in between, to where the item is defined.
    let between =
        [("mid-a/lib.rs", "pub use high::Item;"), ("low/lib.rs", "use mid_a::Item;"), items("high/lib.rs")];
    assert_eq!(arrows(&between), ["upward: low/lib.rs -> high/lib.rs: Item (line 1)"]);
}
