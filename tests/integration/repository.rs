//! The repository, copies of it, and running xtask in them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use xtask::commands::cli::Cli;
use xtask::console::Console;
use xtask::diagnostic::Style;

/// The root directory of the repository.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// Runs xtask in `root`. Returns the exit status and everything that it printed.
pub(crate) fn xtask(root: &Path, arguments: &[&str]) -> (u8, String) {
    let root = root.to_str().unwrap();
    let arguments = ["xtask", "--root", root]
        .into_iter()
        .chain(arguments.iter().copied());
    let cli = <Cli as clap::Parser>::parse_from(arguments);
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut console = Console {
        out: &mut out,
        err: &mut err,
        style: Style::Plain,
    };
    let status = xtask::commands::cli::run(&cli, &mut console);
    out.extend(err);
    (status, String::from_utf8(out).unwrap())
}

/// A copy of everything that `regen` reads and writes.
pub(crate) fn copy() -> TempDir {
    let copy = TempDir::new().unwrap();
    for folder in ["openapi", "generated", "crates/sandbox/openapi"] {
        for (path, text) in files(&repository().join(folder)) {
            let path = copy.path().join(folder).join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }
    copy
}

/// The same, with the files that the version of a crate changes.
pub(crate) fn checkout() -> TempDir {
    let copy = copy();
    for file in ["CHANGELOG.md", "Cargo.lock"] {
        fs::copy(repository().join(file), copy.path().join(file)).unwrap();
    }
    copy
}

/// Contents of all files below `folder`, by relative path.
pub(crate) fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(current) = folders.pop() {
        for entry in fs::read_dir(current).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_owned();
                found.insert(name, fs::read(path).unwrap());
            }
        }
    }
    found
}
