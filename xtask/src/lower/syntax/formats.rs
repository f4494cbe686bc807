//! Defect: typify makes closed Rust types of the formats of IP addresses, so one malformed address in a response fails a whole page, and it
//! panics at a format on a schema that is neither a string nor a number. These formats are removed; the values stay plain.

use serde_json::Value;

use crate::lower::Context;
use crate::lower::schema::{each_mut, remove_keys, type_of};

pub(crate) fn apply(document: &mut Value, cx: &mut Context<'_>) {
    each_mut(document, &mut |schema, pointer| {
        let Some(format) = schema.get("format").and_then(Value::as_str) else {
            return;
        };
        let kept = match type_of(schema) {
            Some("string") => !["ip", "ipv4", "ipv6"].contains(&format),
            Some("integer" | "number") => true,
            _ => false,
        };
        if kept {
            return;
        }
        let what = format!("removed the format {format}");
        remove_keys(schema, &["format"]);
        cx.changed(schema, pointer, what);
    });
}
