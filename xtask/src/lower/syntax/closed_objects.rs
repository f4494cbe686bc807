//! Defect: progenitor turns `additionalProperties: false` into `deny_unknown_fields`. Every response fails once the server adds a field, and
//! no value satisfies such schemas within `allOf`.
//!
//! `additionalProperties: false` is removed.

use serde_json::Value;

use crate::lower::PassContext;
use crate::lower::schema::each_mut;

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    each_mut(document, &mut |schema, pointer| {
        if schema.get("additionalProperties") != Some(&Value::Bool(false)) {
            return;
        }
        if let Some(members) = schema.as_object_mut() {
            members.remove("additionalProperties");
        }
        cx.changed(schema, pointer, "removed `additionalProperties: false`");
    });
}
