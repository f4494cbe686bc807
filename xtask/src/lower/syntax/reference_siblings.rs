//! Defect: 3.0 ignores the siblings of a `$ref`.
//!
//! The reference moves into `allOf`, which keeps its siblings in effect.

use serde_json::{Value, json};

use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::schema::{each_mut, keys_beside};

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    each_mut(document, &mut |schema, pointer| {
        let Some(reference) = schema.get("$ref").cloned() else {
            return;
        };
        let siblings = keys_beside(schema, &["$ref"]).join(", ");
        if siblings.is_empty() {
            return;
        }
        let at = origin::of(schema, pointer);
        let target = json!({ "$ref": reference, (origin::SOURCE): at });
        if let Some(members) = schema.as_object_mut() {
            members.remove("$ref");
            match members.get_mut("allOf").and_then(Value::as_array_mut) {
                Some(all) => all.insert(0, target),
                None => {
                    members.insert("allOf".into(), json!([target]));
                }
            }
        }
        cx.changed_at(
            at,
            format!("moved the reference into allOf: it has the siblings {siblings}"),
        );
    });
}
