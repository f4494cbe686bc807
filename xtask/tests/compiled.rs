//! The crates that are generated from the fixtures in `tests/constructs` and `tests/documents` compile without a warning.

#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use xtask::emit::{self, CoreSource, Target};
use xtask::lower::Options;
use xtask::recovery;
use xtask::sources::ApiData;
use xtask::spec::document::Document;

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The documents of the fixtures, sorted by path.
fn documents() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in ["tests/constructs", "tests/documents"] {
        for entry in std::fs::read_dir(package().join(folder)).expect("a folder of fixtures") {
            let path = entry.expect("an entry").path();
            let is_document = path
                .extension()
                .is_some_and(|extension| extension == "yaml" || extension == "json");
            if is_document {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Writes the crate of a document into `folder`; `false` if the document is rejected, which its snapshot records.
fn write_crate(document: &Path, name: &str, folder: &Path) -> bool {
    let Ok(document) = Document::load_as(document, "fixture") else {
        return false;
    };
    let generate = |normalized: &Value| {
        let target = Target {
            crate_name: name.to_owned(),
            version: "0.0.0".to_owned(),
            core: CoreSource::Path(
                package()
                    .join("../crates/core")
                    .to_str()
                    .expect("a path in UTF-8")
                    .to_owned(),
            ),
            api: ApiData::of_document(normalized),
            command: "cargo test".to_owned(),
            member: false,
        };
        emit::generate(normalized, &target)
    };
    let options = Options::default();
    let Ok(done) = recovery::generate(document.value, &document.source, &options, generate) else {
        return false;
    };
    let files = done.output;
    for (path, mut text) in files {
        if path == "Cargo.toml" {
            // All crates are members of one workspace here.
            let own_workspace = text.find("\n[workspace]").expect("a crate of its own");
            text.truncate(own_workspace);
        }
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a new folder");
        std::fs::write(path, text).expect("a new file");
    }
    true
}

/// Writes the manifest of a workspace, and runs cargo in it with the folder and the flags of `cargo xtask conformance`, so that
/// dependencies are compiled once.
fn cargo(scratch: &Path, members: &[String], arguments: &[&str]) -> std::process::Output {
    std::fs::write(
        scratch.join("Cargo.toml"),
        format!("[workspace]\nresolver = \"3\"\nmembers = {members:?}\n"),
    )
    .expect("a manifest");
    // The versions of the workspace, which are downloaded already.
    std::fs::copy(package().join("../Cargo.lock"), scratch.join("Cargo.lock"))
        .expect("a lock file");
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| package().join("../target"), PathBuf::from);
    let flags = std::env::var("RUSTFLAGS").unwrap_or_default();
    Command::new(env!("CARGO"))
        .args(arguments)
        .args(["--workspace", "--quiet", "--offline"])
        .current_dir(scratch)
        .env("CARGO_TARGET_DIR", target.join("conformance"))
        .env("RUSTFLAGS", format!("{flags} -Dwarnings").trim_start())
        .output()
        .expect("cargo runs")
}

#[test]
fn generated_types_decode_to_the_right_variants() {
    let scratch = tempfile::tempdir().expect("a temporary folder");
    let mut members = Vec::new();
    for entry in std::fs::read_dir(package().join("tests/decoded")).expect("a folder of tests") {
        let path = entry.expect("an entry").path();
        let stem = path.file_stem().expect("a name").to_string_lossy();
        let document = package().join(format!("tests/constructs/{stem}.yaml"));
        let name = format!("fixture-{stem}");
        let folder = scratch.path().join(&name);
        assert!(write_crate(&document, &name, &folder), "{stem}");
        std::fs::create_dir(folder.join("tests")).expect("a new folder");
        std::fs::copy(&path, folder.join("tests/decoded.rs")).expect("a test");
        members.push(name);
    }
    members.sort();
    assert!(!members.is_empty());
    let output = cargo(scratch.path(), &members, &["test", "--tests"]);
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn generated_crates_of_all_fixtures_compile_without_warnings() {
    let scratch = tempfile::tempdir().expect("a temporary folder");
    let mut members = Vec::new();
    for document in documents() {
        let stem = document.file_stem().expect("a name").to_string_lossy();
        let name = format!("fixture-{}-{}", members.len(), stem.replace('.', "-"));
        if write_crate(&document, &name, &scratch.path().join(&name)) {
            members.push(name);
        }
    }
    assert!(
        members.len() > 50,
        "only {} fixtures generate a crate",
        members.len()
    );
    let output = cargo(
        scratch.path(),
        &members,
        &["check", "--keep-going", "--message-format=short"],
    );
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
