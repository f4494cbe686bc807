//! Documents with pseudo-random mutations, the same at every run. `xtask/fuzz` explores further mutations.

#![forbid(unsafe_code)]

mod mutation;
mod pipeline;

use std::path::{Path, PathBuf};

use serde_json::Value;
use xtask::spec::document::Document;

use mutation::{Choices, mutated};

/// The documents of the tests. They are small, so a debug build processes many mutations.
fn documents() -> Vec<Value> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut paths: Vec<PathBuf> = ["documents", "constructs"]
        .iter()
        .flat_map(|folder| std::fs::read_dir(tests.join(folder)).expect("the folder can be listed"))
        .map(|entry| entry.expect("the entry can be read").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json" || extension == "yaml")
        })
        .collect();
    paths.sort();
    let documents = paths.iter().filter_map(|path| Document::load(path).ok());
    documents.map(|document| document.value).collect()
}

/// Pseudo-random bytes for a seed.
fn bytes(mut seed: u64, length: usize) -> Vec<u8> {
    let mut next = || {
        // splitmix64
        seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)).to_le_bytes()[0]
    };
    (0..length).map(|_| next()).collect()
}

#[test]
fn mutated_documents_are_generated_or_rejected_without_panics() {
    let documents = documents();
    let (mut generated, mut rejected, mut failures) = (0, 0, Vec::new());
    let runs = std::env::var("MUTATIONS").map_or(400, |runs| runs.parse().expect("a number"));
    let first: u64 = std::env::var("SEED").map_or(0, |seed| seed.parse().expect("a number"));
    for seed in first..first + runs {
        // One to twelve mutations.
        let bytes = bytes(seed, 2 + 8 * (1 + (seed % 12) as usize));
        let document = mutated(&documents, &mut Choices::new(&bytes));
        match pipeline::run(document.clone()) {
            Ok(true) => generated += 1,
            Ok(false) => rejected += 1,
            Err(error) => failures.push(format!("{seed}: {error}\n  {document}")),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    // Both outcomes must occur; otherwise the mutations are too weak or too strong.
    assert!(
        generated > 20 && rejected > 20,
        "{generated} generated, {rejected} rejected"
    );
}
