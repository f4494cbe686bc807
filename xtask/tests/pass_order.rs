//! Passes run in any order that their declared predecessors allow, and the result is the same.

#![forbid(unsafe_code)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;
use xtask::lower::{Options, PASSES, Pass, predecessors, run};
use xtask::spec::document::Document;

/// How many orders are tried.
const ORDERS: u64 = 12;

/// An order of the passes, as indices into `PASSES`.
type Order = Vec<usize>;

/// The documents of the fixtures, and the corrected documents of the APIs.
fn documents() -> Vec<(String, Value)> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in [
        "tests/constructs",
        "tests/documents",
        "tests/passes",
        "../crates/sandbox/openapi",
    ] {
        let entries = std::fs::read_dir(package.join(folder)).expect("a folder of documents");
        let mut paths: Vec<PathBuf> = entries
            .map(|entry| entry.expect("an entry").path())
            .filter(|path| {
                path.extension()
                    .is_some_and(|extension| extension == "json" || extension == "yaml")
            })
            .collect();
        paths.sort();
        for path in paths {
            if let Ok(document) = Document::load(&path) {
                found.push((path.display().to_string(), document.value));
            }
        }
    }
    found
}

/// The normalized document, or `None` if the document is rejected.
fn normalized(order: &[usize], document: &Value) -> Option<Value> {
    let passes: Vec<Pass> = order.iter().map(|index| PASSES[*index]).collect();
    let outcome = run(&passes, document.clone(), &Options::default());
    outcome.problems.is_empty().then_some(outcome.document)
}

/// The pairs of passes whose order is declared: the first runs before the second.
fn declared() -> BTreeSet<(usize, usize)> {
    let index = |name: &str| {
        let index = PASSES.iter().position(|pass| pass.name == name);
        index.unwrap_or_else(|| panic!("there is no pass `{name}`"))
    };
    (0..PASSES.len())
        .flat_map(|later| {
            let names = predecessors(&PASSES[later]);
            names.into_iter().map(move |name| (index(name), later))
        })
        .collect()
}

/// A random order that the declared pairs allow (xorshift, seeded).
fn random_order(seed: u64, pairs: &BTreeSet<(usize, usize)>) -> Order {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut left: BTreeSet<usize> = (0..PASSES.len()).collect();
    let mut order = Order::new();
    while !left.is_empty() {
        let is_ready = |pass: &&usize| {
            !pairs
                .iter()
                .any(|(first, then)| then == *pass && left.contains(first))
        };
        let ready: Vec<usize> = left.iter().filter(is_ready).copied().collect();
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let chosen = ready[usize::try_from(state % ready.len() as u64).expect("an index")];
        left.remove(&chosen);
        order.push(chosen);
    }
    order
}

/// The orders between the declared one and `target`, each with one swap of neighbors.
fn steps_to(target: &[usize]) -> Vec<Order> {
    let mut order: Order = (0..target.len()).collect();
    let mut steps = vec![order.clone()];
    for (place, pass) in target.iter().enumerate() {
        let mut at = order
            .iter()
            .position(|other| other == pass)
            .expect("a permutation");
        while at > place {
            order.swap(at, at - 1);
            at -= 1;
            steps.push(order.clone());
        }
    }
    steps
}

/// Two passes whose order changes the result, between the declared order and `target`.
fn conflict(target: &[usize], document: &Value, expected: &Value) -> (usize, usize) {
    let steps = steps_to(target);
    let (mut same, mut other) = (0, steps.len() - 1);
    while other - same > 1 {
        let middle = same.midpoint(other);
        match normalized(&steps[middle], document).as_ref() == Some(expected) {
            true => same = middle,
            false => other = middle,
        }
    }
    let swapped = steps[same].iter().zip(&steps[other]).find(|(a, b)| a != b);
    let (first, then) = swapped.expect("two orders that differ");
    (*first, *then)
}

/// One pair for each order that changes a result, with the document.
fn conflicts(pairs: &BTreeSet<(usize, usize)>, seeds: std::ops::Range<u64>) -> Vec<String> {
    let declared_order: Order = (0..PASSES.len()).collect();
    let documents: Vec<(String, Value, Value)> = documents()
        .into_iter()
        .filter_map(|(name, document)| {
            let expected = normalized(&declared_order, &document)?;
            Some((name, document, expected))
        })
        .collect();
    assert!(documents.len() > 60, "only {} documents", documents.len());
    let mut found = BTreeSet::new();
    for seed in seeds {
        let order = random_order(seed, pairs);
        let changed = documents.iter().find(|(_, document, expected)| {
            normalized(&order, document).as_ref() != Some(expected)
        });
        if let Some((name, document, expected)) = changed {
            let (first, then) = conflict(&order, document, expected);
            found.insert(format!(
                "`{}` has to run after `{}` ({name})",
                PASSES[then].name, PASSES[first].name
            ));
        }
    }
    found.into_iter().collect()
}

#[test]
fn every_allowed_order_normalizes_to_the_same_documents() {
    let found = conflicts(&declared(), 1..1 + ORDERS);
    assert!(found.is_empty(), "declare the predecessors: {found:#?}");
}

#[test]
fn declared_order_respects_the_declared_predecessors() {
    for (first, then) in declared() {
        assert!(
            first < then,
            "`{}` is listed before its predecessor `{}`",
            PASSES[then].name,
            PASSES[first].name
        );
    }
}

#[test]
fn missing_predecessor_is_found() {
    let mut pairs = declared();
    let index = |name: &str| {
        PASSES
            .iter()
            .position(|pass| pass.name == name)
            .expect("a pass")
    };
    // Types are identified by the names of components, so nothing about unions works before inline schemas have names.
    pairs.retain(|(_, then)| *then != index("union-rules"));
    assert!(!conflicts(&pairs, 1..4).is_empty());
}

/// Prints the pairs that have to be declared, starting from those that are.
#[test]
#[ignore = "a tool for finding the predecessors of a new pass; run it with --nocapture"]
fn print_missing_predecessors() {
    let mut pairs = declared();
    let mut seed = 1000;
    let mut clean = 0;
    let documents = documents();
    let declared_order: Order = (0..PASSES.len()).collect();
    let documents: Vec<_> = documents
        .into_iter()
        .filter_map(|(name, document)| {
            let expected = normalized(&declared_order, &document)?;
            Some((name, document, expected))
        })
        .collect();
    while clean < 40 {
        seed += 1;
        let order = random_order(seed, &pairs);
        let changed = documents.iter().find(|(_, document, expected)| {
            normalized(&order, document).as_ref() != Some(expected)
        });
        match changed {
            None => clean += 1,
            Some((name, document, expected)) => {
                clean = 0;
                let (first, then) = conflict(&order, document, expected);
                pairs.insert((first, then));
                println!("{} < {} ({name})", PASSES[first].name, PASSES[then].name);
            }
        }
    }
}
