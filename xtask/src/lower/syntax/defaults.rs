//! Answers: progenitor makes a property with a `default` always present and always sends it, so that an update overwrites what it never meant
//! to touch. Defaults are for the docs: they move to `x-default`.

use serde_json::Value;

use crate::extensions;
use crate::lower::Context;
use crate::lower::schema::each_mut;
use crate::lower::syntax::structure::show;

pub(crate) fn apply(document: &mut Value, cx: &mut Context<'_>) {
    each_mut(document, &mut |schema, pointer| {
        let Some(members) = schema.as_object_mut() else {
            return;
        };
        let Some(value) = members.remove("default") else {
            return;
        };
        let what = format!("moved the default {} to x-default", show(&value));
        members.entry(extensions::DEFAULT.name).or_insert(value);
        cx.changed(schema, pointer, what);
    });
}
