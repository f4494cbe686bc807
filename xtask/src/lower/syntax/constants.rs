//! Answers: progenitor drops `const`, so that a fixed value becomes any value. An enumeration of one value says the same in 3.0.

use serde_json::{Value, json};

use crate::lower::PassContext;
use crate::lower::schema::each_mut;
use crate::lower::syntax::structure::show;

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    each_mut(document, &mut |schema, pointer| {
        let Some(members) = schema.as_object_mut() else {
            return;
        };
        let Some(value) = members.remove("const") else {
            return;
        };
        let what = format!(
            "wrote the constant {} as an enumeration of one value",
            show(&value)
        );
        members.insert("enum".into(), json!([value]));
        cx.changed(schema, pointer, what);
    });
}
