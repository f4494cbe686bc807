//! Answers: typify fails where two values of an enumeration become one variant (`a b` and `a-b`). Such an enumeration becomes a plain string; its
//! values are checked before sending.

use serde_json::{Value, json};

use crate::extensions;
use crate::lower::Context;
use crate::lower::schema::{each_mut, is_string_enum};
use crate::lower::shape::naming;

pub(crate) fn apply(document: &mut Value, cx: &mut Context<'_>) {
    each_mut(document, &mut |schema, pointer| {
        if !is_string_enum(schema) {
            return;
        }
        let values = schema
            .get("enum")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        let Some((a, b)) = meeting(&values) else {
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
            format!("made it a plain string: {a:?} and {b:?} would be one variant"),
        );
    });
}

/// Two values that become the same Rust name.
pub(crate) fn meeting(values: &[Value]) -> Option<(String, String)> {
    let mut seen: Vec<(String, &str)> = Vec::new();
    for value in values.iter().filter_map(Value::as_str) {
        let name = naming::pascal(value);
        if let Some((_, other)) = seen.iter().find(|(known, _)| *known == name) {
            return Some(((*other).to_owned(), value.to_owned()));
        }
        seen.push((name, value));
    }
    None
}
