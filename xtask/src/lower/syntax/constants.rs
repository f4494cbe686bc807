//! Defect: progenitor drops `const`, so a fixed value becomes any value.
//!
//! `const` becomes an enumeration with one value, which is equivalent in 3.0. An enumeration with a value that its type does not allow
//! is removed: typify would follow the values, and the server sends values of the type.

use serde_json::{Value, json};

use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::schema::{each_mut, strings, type_of};
use crate::lower::syntax::structure::abbreviated;
use crate::problem::Problem;
use crate::spec::walk::join;

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    each_mut(document, &mut |schema, pointer| {
        let Some(members) = schema.as_object_mut() else {
            return;
        };
        let Some(value) = members.remove("const") else {
            remove_contradicting_values(schema, pointer, cx);
            return;
        };
        let message = format!(
            "turned the constant {} into an enumeration with one value",
            abbreviated(&value)
        );
        members.insert("enum".into(), json!([value]));
        cx.changed(schema, pointer, message);
    });
}

/// Removes an enumeration of scalars of another type than the schema has.
fn remove_contradicting_values(schema: &mut Value, pointer: &str, cx: &mut PassContext<'_>) {
    let types = match type_of(schema) {
        Some(only) => vec![only.to_owned()],
        None => strings(schema.get("type")),
    };
    let is_scalar =
        |name: &String| ["string", "integer", "number", "boolean", "null"].contains(&&**name);
    if types.is_empty() || !types.iter().all(is_scalar) {
        return;
    }
    let is_allowed = |value: &Value| match value {
        Value::Null => true,
        Value::Bool(_) => types.iter().any(|name| name == "boolean"),
        Value::Number(_) => types
            .iter()
            .any(|name| name == "integer" || name == "number"),
        Value::String(_) => types.iter().any(|name| name == "string"),
        Value::Array(_) | Value::Object(_) => false,
    };
    let values = schema.get("enum").and_then(Value::as_array);
    let Some(other) = values
        .into_iter()
        .flatten()
        .find(|value| !is_allowed(value))
    else {
        return;
    };
    let at = join(&origin::of(schema, pointer), "enum");
    cx.mistake(
        Problem::at(&at, "the enumeration has a value that its type does not allow")
            .expected(format!("values of type {}", types.join(" or ")))
            .found(abbreviated(other))
            .help("quote the values, or correct the type, in an overlay; any value of the type is accepted"),
    );
    cx.changed_at(
        at,
        "removed the enumeration: its type does not allow the values",
    );
    if let Some(members) = schema.as_object_mut() {
        members.remove("enum");
    }
}
