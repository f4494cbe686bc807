//! Defect: extensions such as `x-rust-type` steer typify, progenitor and the emitter. In an input document the same names mean something else, or
//! name a crate that the client does not depend on. They are removed; the passes set their own.

use serde_json::Value;

use crate::extensions;
use crate::lower::Context;

pub(crate) fn apply(document: &mut Value, cx: &mut Context<'_>) {
    if extensions::NORMALIZED.is_true(document) {
        return;
    }
    extensions::strip_reserved(document, &mut |name, pointer| {
        cx.changed_at(pointer, format!("removed `{name}`, which is reserved"));
    });
}
