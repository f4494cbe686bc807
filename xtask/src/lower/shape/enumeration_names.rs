//! Defect: typify fails on an enumeration if two values become the same variant (`a b` and `a-b`).
//!
//! Such an enumeration becomes a plain string. The client checks its values before it sends a request.

use serde_json::{Value, json};

use crate::extensions;
use crate::lower::PassContext;
use crate::lower::schema::{each_mut, is_string_enum};
use crate::lower::shape::identifiers;

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    each_mut(document, &mut |schema, pointer| {
        if !is_string_enum(schema) {
            return;
        }
        let values = schema
            .get("enum")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        let Some((a, b)) = first_collision(&values) else {
            return;
        };
        if let Some(members) = schema.as_object_mut() {
            members.remove("enum");
            extensions::ENUM_DESCRIPTIONS.remove(members);
            let rules = members
                .entry(extensions::CONSTRAINTS.name)
                .or_insert_with(|| json!({}));
            if let Some(rules) = rules.as_object_mut() {
                rules.insert("enum".into(), values.into());
            }
        }
        cx.changed(
            schema,
            pointer,
            format!("turned it into a plain string: {a:?} and {b:?} would be the same variant"),
        );
    });
}

/// The first two values that become the same variant.
pub(crate) fn first_collision(values: &[Value]) -> Option<(String, String)> {
    let mut seen: Vec<(String, &str)> = Vec::new();
    for value in values.iter().filter_map(Value::as_str) {
        let name = identifiers::pascal(value);
        if let Some((_, other)) = seen.iter().find(|(known, _)| *known == name) {
            return Some(((*other).to_owned(), value.to_owned()));
        }
        seen.push((name, value));
    }
    None
}
