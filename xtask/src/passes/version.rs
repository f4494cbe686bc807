//! Answers: progenitor takes OpenAPI 3.0 only, and openapiv3 wants its required members. Webhooks and callbacks are calls to the user's own server, and
//! no part of a client.

use serde_json::{Value, json};

use super::{Context, schema::remove_keys};
use crate::walk::{self, Place};

/// What progenitor is told.
const VERSION: &str = "3.0.3";

pub(super) fn apply(document: &mut Value, cx: &mut Context<'_>) {
    let Some(members) = document.as_object_mut() else {
        return;
    };
    let version = members
        .insert("openapi".into(), VERSION.into())
        .unwrap_or_default();
    if version != VERSION {
        cx.changed_at(
            "/openapi",
            format!(
                "wrote the version {VERSION} for {}",
                version.as_str().unwrap_or_default()
            ),
        );
    }
    for key in ["jsonSchemaDialect", "webhooks", "$self", "externalDocs"] {
        if members.remove(key).is_some() {
            cx.changed_at(format!("/{key}"), format!("removed `{key}`"));
        }
    }
    members.entry("paths").or_insert_with(|| json!({}));
    if let Some(info) = members.get_mut("info").and_then(Value::as_object_mut) {
        for key in ["title", "version"] {
            if !info.get(key).is_some_and(Value::is_string) {
                info.insert(key.into(), "".into());
                cx.changed_at("/info", format!("added an empty `{key}`"));
            }
        }
        // New in 3.1.
        info.remove("summary");
    }
    // New in 3.1, and nothing that generated code does depends on a scheme: the client of the connection shows it.
    let schemes = document.pointer_mut("/components/securitySchemes");
    if let Some(schemes) = schemes.and_then(Value::as_object_mut) {
        schemes.retain(|name, scheme| {
            let keep = scheme["type"] != "mutualTLS";
            if !keep {
                let at = walk::join("/components/securitySchemes", name);
                cx.changed_at(at, "removed the scheme `mutualTLS`");
            }
            keep
        });
    }
    // What they refer to is not reachable for a client, so they go before anything is resolved or left out.
    walk::walk_mut(document, &mut |value, place, pointer| {
        if place == Place::Operation && !remove_keys(value, &["callbacks"]).is_empty() {
            cx.changed(value, pointer, "removed `callbacks`");
        }
    });
}
