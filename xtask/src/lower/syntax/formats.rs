//! Defect: typify uses closed Rust types for the formats of IP addresses, so one malformed address fails a whole response. It panics on a
//! format whose schema is neither a string nor a number.
//!
//! These formats are removed. The values stay plain.

use serde_json::Value;

use crate::lower::PassContext;
use crate::lower::schema::{each_mut, remove_keys, type_of};

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    each_mut(document, &mut |schema, pointer| {
        let Some(format) = schema.get("format").and_then(Value::as_str) else {
            return;
        };
        let is_kept = match type_of(schema) {
            Some("string") => !["ip", "ipv4", "ipv6"].contains(&format),
            Some("integer" | "number") => true,
            _ => false,
        };
        if is_kept {
            return;
        }
        let message = format!("removed the format {format}");
        remove_keys(schema, &["format"]);
        cx.changed(schema, pointer, message);
    });
}
