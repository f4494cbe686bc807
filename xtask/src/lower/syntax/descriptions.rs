//! Defect: progenitor copies descriptions into doc comments unchanged. rustdoc runs indented and fenced blocks as tests, treats text in
//! brackets as links, and warns about bare URLs and HTML.
//!
//! Descriptions are escaped so that rustdoc shows them as text.

use serde_json::Value;

use crate::extensions;
use crate::lower::PassContext;
use crate::lower::syntax::rustdoc_markdown::for_rustdoc;
use crate::spec::walk::{self, Place};

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    walk::walk_mut(document, &mut |value, place, pointer| {
        let keys: &[&str] = match place {
            Place::Operation => &["summary", "description"],
            Place::Schema => &["title", "description"],
            Place::Parameter
            | Place::Response
            | Place::RequestBody
            | Place::Server
            | Place::Info => &["description"],
            _ => return,
        };
        for key in keys {
            let Some(Value::String(text)) = value.get_mut(*key) else {
                continue;
            };
            let escaped = for_rustdoc(text);
            if escaped != *text {
                *text = escaped;
                cx.changed(value, pointer, format!("escaped the {key} for rustdoc"));
            }
        }
        // The pass `enumerations` moves these descriptions to the values.
        let descriptions = value
            .get_mut(extensions::ENUM_DESCRIPTIONS.name)
            .and_then(Value::as_object_mut);
        for text in descriptions
            .into_iter()
            .flat_map(|descriptions| descriptions.values_mut())
        {
            if let Value::String(text) = text {
                *text = for_rustdoc(text);
            }
        }
    });
}
