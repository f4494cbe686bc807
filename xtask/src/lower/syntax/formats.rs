//! Answers: typify makes closed Rust types of the formats of IP addresses, and one odd address of the server fails a whole page. The text is what the
//! caller needs; the format is kept as `x-format` for the docs. So is one of what is neither text nor number, for which typify panics.

use serde_json::Value;

use crate::lower::Context;
use crate::lower::schema::{each_mut, type_of};

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
        let what = format!("moved the format {format} to x-format");
        if let Some(members) = schema.as_object_mut()
            && let Some(format) = members.remove("format")
        {
            members.insert("x-format".into(), format);
        }
        cx.changed(schema, pointer, what);
    });
}
