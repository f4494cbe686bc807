//! Answers: progenitor panics on an operation without an operationId, and two that become the same Rust method do not compile. A missing
//! one is made of the method and the path, a repeated one gets a number.

use std::collections::BTreeSet;

use heck::ToLowerCamelCase;
use serde_json::Value;

use crate::lower::PassContext;
use crate::lower::schema::each_operation_mut;
use crate::lower::shape::identifiers;

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    // Names are compared as the Rust methods that they become.
    let mut taken: BTreeSet<String> = BTreeSet::new();
    each_operation_mut(document, &mut |operation, path, method, pointer| {
        let given = operation.get("operationId").and_then(Value::as_str);
        if given.is_some_and(is_usable)
            && taken.insert(identifiers::snake(given.unwrap_or_default()))
        {
            return;
        }
        let wanted = match given {
            Some(id) if is_usable(id) => id.to_owned(),
            _ => from_path(method, path),
        };
        let mut id = wanted.clone();
        let mut number = 2;
        while !taken.insert(identifiers::snake(&id)) {
            id = format!("{wanted}{number}");
            number += 1;
        }
        let why = match given {
            Some(given) if is_usable(given) => "the one given stands on another operation too",
            _ => "none was given",
        };
        cx.changed(
            operation,
            pointer,
            format!("set the operationId to `{id}`: {why}"),
        );
        if let Some(members) = operation.as_object_mut() {
            members.insert("operationId".into(), id.into());
        }
    });
}

/// An id without a letter makes no name.
pub(crate) fn is_usable(id: &str) -> bool {
    id.chars().any(char::is_alphabetic)
}

pub(crate) fn from_path(method: &str, path: &str) -> String {
    format!("{method} {}", path.replace('{', " by ").replace('}', " ")).to_lower_camel_case()
}
