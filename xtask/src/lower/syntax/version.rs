//! Answers: progenitor takes OpenAPI 3.0 only, and openapiv3 wants its required members. Webhooks and callbacks are calls to the user's own server, and
//! no part of a client.

use serde_json::{Value, json};

use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::schema::keys_beside;
use crate::problem::Problem;
use crate::spec::walk::{self, Place};

/// What progenitor is told.
const VERSION: &str = "3.0.3";

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
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
        let Some(removed) = members.remove(key) else {
            continue;
        };
        cx.changed_at(format!("/{key}"), format!("removed `{key}`"));
        if key == "webhooks" && removed.as_object().is_some_and(|all| !all.is_empty()) {
            cx.warn(received("/webhooks", "webhooks", &removed));
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
        let callbacks = match (place, value.as_object_mut()) {
            (Place::Operation, Some(members)) => members.remove("callbacks"),
            _ => None,
        };
        if let Some(callbacks) = callbacks {
            cx.changed(value, pointer, "removed `callbacks`");
            let at = walk::join(&origin::of(value, pointer), "callbacks");
            cx.warn(received(&at, "callbacks", &callbacks));
        }
    });
}

/// What the user's own server has to take is no part of a client.
fn received(at: &str, what: &str, calls: &Value) -> Problem {
    Problem::at(
        at,
        format!("{what} are left out: a client makes calls and takes none"),
    )
    .found(keys_beside(calls, &[]).join(", "))
    .help("take these calls in a server of your own")
}
