//! Answers: progenitor puts descriptions into doc comments as they are. rustdoc runs indented and fenced blocks as tests, links what stands in brackets, and
//! warns of bare URLs and of HTML. A description is somebody's prose: it must read well and do nothing.

use serde_json::Value;

use crate::extensions;
use crate::lower::Context;
use crate::lower::syntax::markdown::harmless;
use crate::spec::walk::{self, Place};

pub(crate) fn apply(document: &mut Value, cx: &mut Context<'_>) {
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
            let safe = harmless(text);
            if safe != *text {
                *text = safe;
                cx.changed(value, pointer, format!("made the {key} harmless in docs"));
            }
        }
        // The texts of values stand in an extension until they are lowered.
        let texts = value
            .get_mut(extensions::ENUM_DESCRIPTIONS.name)
            .and_then(Value::as_object_mut);
        for text in texts.into_iter().flat_map(|texts| texts.values_mut()) {
            if let Value::String(text) = text {
                *text = harmless(text);
            }
        }
    });
}
