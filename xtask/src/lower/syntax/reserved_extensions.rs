//! Defect: extensions such as `x-rust-type` control typify, progenitor and the emitter. In an input document they have another meaning, or
//! name a crate that the client does not depend on.
//!
//! Reserved extensions are removed from the input. Later passes set their own.

use serde_json::Value;

use crate::extensions;
use crate::lower::PassContext;

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    if extensions::NORMALIZED.is_true(document) {
        return;
    }
    extensions::strip_reserved(document, &mut |name, pointer| {
        cx.changed_at(pointer, format!("removed `{name}`, which is reserved"));
    });
}
