//! Finds the operations that make a document fail, if the failure names no location.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::lower;
use crate::spec::walk::METHODS;

type Operation = (String, String);

/// The operations of a document without which it does not fail; `fails` tests a document with some of them.
pub(super) fn failing_operations(
    document: &Value,
    fails: &dyn Fn(&Value) -> bool,
) -> BTreeSet<Operation> {
    let mut operations: Vec<Operation> = Vec::new();
    for (path, item) in document
        .get("paths")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        let methods = METHODS.iter().filter(|method| item.get(**method).is_some());
        operations.extend(methods.map(|method| (path.clone(), (*method).to_owned())));
    }
    operations.sort();
    let test = |operations: &[Operation]| fails(&only(document, operations));
    let mut found = BTreeSet::new();
    halve(&operations, &test, &mut found);
    found
}

/// Splits operations that fail together until single ones are left.
fn halve(
    operations: &[Operation],
    test: &dyn Fn(&[Operation]) -> bool,
    found: &mut BTreeSet<Operation>,
) {
    let [first, .., _] = operations else {
        found.extend(operations.iter().cloned());
        return;
    };
    let (left, right) = operations.split_at(operations.len() / 2);
    let (left_fails, right_fails) = (test(left), test(right));
    if left_fails {
        halve(left, test, found);
    }
    if right_fails {
        halve(right, test, found);
    }
    if !left_fails && !right_fails {
        // They fail only together: the last operation of the shortest failing beginning is omitted.
        let (mut passes, mut fails) = (left.len(), operations.len());
        while fails - passes > 1 {
            let middle = passes + (fails - passes) / 2;
            match test(&operations[..middle]) {
                true => fails = middle,
                false => passes = middle,
            }
        }
        found.insert(operations.get(fails - 1).unwrap_or(first).clone());
    }
}

/// The document with these operations only, and without the components that they do not use.
fn only(document: &Value, operations: &[Operation]) -> Value {
    let kept: BTreeSet<(&str, &str)> = operations
        .iter()
        .map(|(path, method)| (path.as_str(), method.as_str()))
        .collect();
    let mut part = document.clone();
    if let Some(paths) = part.get_mut("paths").and_then(Value::as_object_mut) {
        for (path, item) in paths.iter_mut() {
            if let Some(item) = item.as_object_mut() {
                item.retain(|key, _| {
                    !METHODS.contains(&key.as_str()) || kept.contains(&(path.as_str(), key))
                });
            }
        }
        paths.retain(|_, item| {
            item.as_object()
                .is_some_and(|item| METHODS.iter().any(|method| item.contains_key(*method)))
        });
    }
    lower::without_unused(&mut part);
    part
}
