//! Defect: progenitor drops `const`, so a fixed value becomes any value.
//!
//! `const` becomes an enumeration with one value, which is equivalent in 3.0.

use serde_json::{Value, json};

use crate::lower::PassContext;
use crate::lower::schema::each_mut;
use crate::lower::syntax::structure::abbreviated;

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    each_mut(document, &mut |schema, pointer| {
        let Some(members) = schema.as_object_mut() else {
            return;
        };
        let Some(value) = members.remove("const") else {
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
