//! Mutates real documents: each is generated or rejected, without a panic.

#![no_main]

use std::path::Path;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use xtask::spec::document::Document;
use xtask::lower::excerpt;

#[path = "../../tests/fuzz/mutation.rs"]
mod mutation;
#[path = "../../tests/fuzz/pipeline.rs"]
mod pipeline;

use mutation::{Choices, mutated};

/// The documents of the tests, and excerpts of `openapi/*/openapi.yaml`; whole ones take too long.
static DOCUMENTS: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut paths = Vec::new();
    for folder in ["xtask/tests/documents", "xtask/tests/constructs", "openapi"] {
        for entry in std::fs::read_dir(root.join(folder)).expect("a folder") {
            let path = entry.expect("an entry").path();
            paths.push(if path.is_dir() {
                path.join("openapi.yaml")
            } else {
                path
            });
        }
    }
    paths.sort();
    let documents = paths.iter().filter_map(|path| Document::load(path).ok());
    documents
        .flat_map(|document| parts(document.value))
        .collect()
});

/// A small document as a whole, or the parts for each of the first few paths of a large one.
fn parts(document: Value) -> Vec<Value> {
    let paths = document["paths"].as_object();
    let paths: Vec<String> = paths
        .into_iter()
        .flat_map(|paths| paths.keys().cloned())
        .collect();
    if paths.len() < 12 {
        return vec![document];
    }
    let part = |path: &String| excerpt(document.clone(), &[path.clone()]).ok();
    paths.iter().step_by(3).filter_map(part).collect()
}

fuzz_target!(|bytes: &[u8]| {
    let document = mutated(&DOCUMENTS, &mut Choices::new(bytes));
    if let Err(error) = pipeline::run(document.clone()) {
        panic!("{error}\n{document}");
    }
});
