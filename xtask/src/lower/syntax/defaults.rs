//! Defect: progenitor always sends a property with a `default`, so an update overwrites values that the caller did not set.
//!
//! Defaults move to `x-default`, which only the documentation shows.

use serde_json::Value;

use crate::extensions;
use crate::lower::PassContext;
use crate::lower::schema::each_mut;
use crate::lower::syntax::structure::abbreviated;

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    each_mut(document, &mut |schema, pointer| {
        let Some(members) = schema.as_object_mut() else {
            return;
        };
        let Some(value) = members.remove("default") else {
            return;
        };
        let message = format!("moved the default {} to x-default", abbreviated(&value));
        members.entry(extensions::DEFAULT.name).or_insert(value);
        cx.changed(schema, pointer, message);
    });
}
