//! The packages of the workspace: where their targets begin and which packages they depend on, from
//! the manifests.

use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

/// A package of the workspace.
#[derive(Debug)]
pub struct Package {
    /// Its name in the manifest.
    pub name: String,
    /// Root files of its library, its programs and its examples.
    pub targets: Vec<PathBuf>,
    /// Names of all packages that its manifest names as dependencies of the library and the
    /// programs.
    pub dependencies: Vec<String>,
}

impl Package {
    /// The name of the library as Rust code writes it.
    #[must_use]
    pub fn library_name(&self) -> String {
        self.name.replace('-', "_")
    }
}

/// Reads the manifests below `root`.
///
/// # Errors
/// When a manifest is missing or malformed; the text names it.
pub fn packages(root: &Path) -> Result<Vec<Package>, String> {
    let manifest = read_manifest(root)?;
    let members = manifest.get("workspace").and_then(|workspace| workspace.get("members"));
    let patterns = members.and_then(Value::as_array).ok_or("the workspace has no list of members")?;
    let mut packages = Vec::new();
    for pattern in patterns.iter().filter_map(Value::as_str) {
        for folder in folders(root, pattern)? {
            packages.push(package(&folder)?);
        }
    }
    Ok(packages)
}

/// The folders that a member pattern stands for: one, or all below a folder (`crates/*`).
fn folders(root: &Path, pattern: &str) -> Result<Vec<PathBuf>, String> {
    let Some(parent) = pattern.strip_suffix("/*") else {
        return Ok(vec![root.join(pattern)]);
    };
    let mut folders = entries(&root.join(parent))?;
    folders.retain(|folder| folder.join("Cargo.toml").exists());
    Ok(folders)
}

fn package(folder: &Path) -> Result<Package, String> {
    let manifest = read_manifest(folder)?;
    let name = manifest.get("package").and_then(|package| package.get("name")).and_then(Value::as_str);
    let name = name.ok_or_else(|| format!("{}: a package without a name", folder.display()))?;
    let dependencies = manifest.get("dependencies").and_then(Value::as_table);
    Ok(Package {
        name: name.into(),
        targets: targets(folder)?,
        dependencies: dependencies.map(|table| table.keys().cloned().collect()).unwrap_or_default(),
    })
}

fn targets(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut targets = vec![folder.join("src/lib.rs"), folder.join("src/main.rs")];
    for several in ["src/bin", "examples"].map(|name| folder.join(name)) {
        if several.is_dir() {
            for entry in entries(&several)? {
                targets.push(if entry.is_dir() { entry.join("main.rs") } else { entry });
            }
        }
    }
    targets
        .retain(|target| target.is_file() && target.extension().is_some_and(|extension| extension == "rs"));
    Ok(targets)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let failed = |error| format!("{}: {error}", folder.display());
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        entries.push(entry.map_err(failed)?.path());
    }
    entries.sort();
    Ok(entries)
}

fn read_manifest(folder: &Path) -> Result<Table, String> {
    let file = folder.join("Cargo.toml");
    let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    text.parse().map_err(|error| format!("{}: {error}", file.display()))
}
