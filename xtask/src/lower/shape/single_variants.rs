//! Defect: typify turns a union of one variant into an enum with one variant, and rejects or panics on variants that only list required
//! properties.
//!
//! The only variant replaces the union. Variants that only list required properties are removed and reported.

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
            if variants.iter().all(is_constraint) {
                remove_keys(schema, &[key]);
                cx.changed_at(
                    join(&at, key),
                    "removed variants that only list required properties",
                );
                cx.warn(
                    Problem::at(
                        join(&at, key),
                        format!("the client does not check the constraint `{key}`"),
                    )
                    .help("mention it in the description, or add x-conditions in an overlay"),
                );
                continue;
            }
            let [only] = variants.as_slice() else {
                continue;
            };
            // The discriminator announces further variants.
            if schema.get("discriminator").is_some() {
                continue;
            }
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
            cx.changed_at(join(&at, key), "replaced the union by its only variant");
        }
        unwrap_single_all_of(schema);
    });
}

/// Whether a variant is only a constraint on the required properties.
fn is_constraint(variant: &Value) -> bool {
    variant.is_object()
        && variant.get("required").is_some()
        && keys_beside(
            variant,
            &["required", "type", "description", "title", "not"],
        )
        .is_empty()
}

/// Replaces `{allOf: [X]}` without other members by X.
fn unwrap_single_all_of(schema: &mut Value) {
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
