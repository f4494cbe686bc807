//! `xtask/src/extensions.rs` is the one place that names an extension, and `openapi/EXTENSIONS.md` documents it.

#![forbid(unsafe_code)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use xtask::extensions::{ALL, Extension, SetBy, table};
use xtask::lower::PASSES;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The source files below `folder`.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn documentation_matches_the_declarations() {
    let path = root().join("openapi/EXTENSIONS.md");
    let file = std::fs::read_to_string(&path).unwrap_or_default();
    if file != table() && std::env::var_os("INSTA_UPDATE").is_some_and(|value| value == "always") {
        std::fs::write(path, table()).expect("the file is written");
        return;
    }
    assert_eq!(
        file,
        table(),
        "run `INSTA_UPDATE=always cargo test -p xtask --test extensions` to write it"
    );
}

#[test]
fn every_use_of_an_extension_goes_through_its_declaration() {
    let mut files = Vec::new();
    for part in ["lower", "emit", "commands", "diff"] {
        sources(&root().join("xtask/src").join(part), &mut files);
    }
    assert!(files.len() > 50, "only {} source files", files.len());
    let mut literals = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a source file");
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for extension in ALL {
            if code.contains(&format!("\"{}\"", extension.name)) {
                literals.push(format!("{}: {}", file.display(), extension.name));
            }
        }
    }
    assert!(
        literals.is_empty(),
        "use the constant of xtask/src/extensions.rs: {literals:#?}"
    );
}

#[test]
fn every_extension_is_written_and_read_where_its_declaration_says() {
    let passes: BTreeSet<&str> = PASSES.iter().map(|pass| pass.name).collect();
    let is_known = |name: &&str| {
        passes.contains(name)
            || name.starts_with("emit/")
            || [
                "(all)",
                "diff",
                "coverage",
                "overlay",
                "typify",
                "progenitor",
            ]
            .contains(name)
    };
    for extension in ALL {
        let (SetBy::Author(set_by) | SetBy::Passes(set_by)) = extension.set_by;
        let named = set_by.iter().chain(extension.read_by);
        let unknown: Vec<_> = named.filter(|name| !is_known(name)).collect();
        assert!(unknown.is_empty(), "{}: {unknown:?}", extension.name);
        assert!(
            !extension.read_by.is_empty(),
            "{} is never read",
            extension.name
        );
        for reader in extension
            .read_by
            .iter()
            .filter(|name| name.starts_with("emit/"))
        {
            let reads = reads(reader, extension);
            assert!(reads, "{reader} does not read {}", extension.name);
        }
    }
}

/// Whether the code of a module of the emitter names the constant of an extension.
fn reads(module: &str, extension: &Extension) -> bool {
    let folder = root().join("xtask/src").join(module);
    let mut files = vec![folder.with_extension("rs")];
    if folder.is_dir() {
        files.clear();
        sources(&folder, &mut files);
    }
    let constant = extension.name["x-".len()..]
        .to_uppercase()
        .replace('-', "_");
    let typed = match constant.as_str() {
        "TAG" => "Tag::of",
        "UNION" => "union_variants",
        _ => "\n",
    };
    files.iter().any(|file| {
        let code = std::fs::read_to_string(file).expect("a source file");
        code.contains(&format!("extensions::{constant}")) || code.contains(typed) && typed != "\n"
    })
}
