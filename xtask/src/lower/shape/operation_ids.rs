//! Defect: progenitor panics on an operation without `operationId`. Two ids that become the same Rust method do not compile.
//!
//! A missing id is derived from method and path. A duplicate id gets a number.

use std::collections::BTreeSet;

use heck::ToLowerCamelCase;
use serde_json::Value;

use crate::lower::PassContext;
use crate::lower::schema::each_operation_mut;
use crate::lower::shape::identifiers;

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    // Ids are compared by the names of the Rust methods.
    let mut taken: BTreeSet<String> = BTreeSet::new();
    each_operation_mut(document, &mut |operation, path, method, pointer| {
        let given = operation.get("operationId").and_then(Value::as_str);
        if given.is_some_and(is_usable)
            && taken.insert(identifiers::snake(given.unwrap_or_default()))
        {
            return;
        }
        let base = match given {
            Some(id) if is_usable(id) => id.to_owned(),
            _ => from_path(method, path),
        };
        let mut id = base.clone();
        let mut number = 2;
        while !taken.insert(identifiers::snake(&id)) {
            id = format!("{base}{number}");
            number += 1;
        }
        let reason = match given {
            Some(given) if is_usable(given) => "another operation has the given id",
            _ => "the operation has none, or one without letters",
        };
        cx.changed(
            operation,
            pointer,
            format!("set the operationId to `{id}`: {reason}"),
        );
        if let Some(members) = operation.as_object_mut() {
            members.insert("operationId".into(), id.into());
        }
    });
}

/// Whether an id has a letter and can become a name.
pub(crate) fn is_usable(id: &str) -> bool {
    id.chars().any(char::is_alphabetic)
}

/// The id of an operation that has none.
pub(crate) fn from_path(method: &str, path: &str) -> String {
    format!("{method} {}", path.replace('{', " by ").replace('}', " ")).to_lower_camel_case()
}
