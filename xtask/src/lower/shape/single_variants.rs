//! Answers: a union of one variant is no union, and alternatives that only say which properties are required are a rule and no types. typify
//! makes an enum of one case of the first and refuses or panics on the second.

use serde_json::Value;

use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::schema::{each_mut, keys_beside, remove_keys};
use crate::problem::Problem;
use crate::spec::walk::join;

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    each_mut(document, &mut |schema, pointer| {
        let at = origin::of(schema, pointer);
        for key in ["oneOf", "anyOf"] {
            let Some(variants) = schema.get(key).and_then(Value::as_array) else {
                continue;
            };
            if variants.iter().all(is_rule) {
                remove_keys(schema, &[key]);
                cx.changed_at(
                    join(&at, key),
                    "removed alternatives that only say what is required",
                );
                cx.warn(
                    Problem::at(
                        join(&at, key),
                        format!("the rule `{key}` is documentation only"),
                    )
                    .help("state it in the description, or as x-conditions by an overlay"),
                );
                continue;
            }
            let [only] = variants.as_slice() else {
                continue;
            };
            let only = only.clone();
            remove_keys(schema, &[key]);
            if let Some(members) = schema.as_object_mut() {
                match members.get_mut("allOf").and_then(Value::as_array_mut) {
                    Some(all) => all.push(only),
                    None => {
                        members.insert("allOf".into(), vec![only].into());
                    }
                }
            }
            cx.changed_at(join(&at, key), "took the only variant for the whole");
        }
        plain_wrapper(schema);
    });
}

/// Whether a variant restricts without saying what the value is.
fn is_rule(variant: &Value) -> bool {
    variant.is_object()
        && variant.get("required").is_some()
        && keys_beside(
            variant,
            &["required", "type", "description", "title", "not"],
        )
        .is_empty()
}

/// `{allOf: [X]}` that carries nothing else is X, stamps apart.
fn plain_wrapper(schema: &mut Value) {
    let Some([only]) = schema
        .get("allOf")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
    else {
        return;
    };
    if keys_beside(schema, &["allOf"]).is_empty() && only.is_object() {
        *schema = only.clone();
    }
}
