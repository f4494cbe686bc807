//! Defect: progenitor accepts OpenAPI 3.0 only, and openapiv3 requires `info.title`, `info.version` and `paths`.
//!
//! The document gets the version 3.0.3 and the required members. Webhooks and callbacks are removed: they are requests that the API sends
//! to a server of the user.

use serde_json::{Value, json};

use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::schema::keys_beside;
use crate::problem::Problem;
use crate::spec::walk::{self, Place};

/// The version that the document gets.
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
                "changed the version from {} to {VERSION}",
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
            cx.warn(incoming_requests("/webhooks", "webhooks", &removed));
        }
    }
    members.entry("paths").or_insert_with(|| json!({}));
    if !members.contains_key("info") && !cx.options.strict {
        cx.warn(Problem::at("", "`info` is missing").help("the crate has no title"));
        members.insert("info".into(), json!({}));
    }
    if let Some(info) = members.get_mut("info").and_then(Value::as_object_mut) {
        for key in ["title", "version"] {
            if !info.get(key).is_some_and(Value::is_string) {
                info.insert(key.into(), "".into());
                cx.changed_at("/info", format!("added an empty `{key}`"));
            }
        }
        // `summary` is new in 3.1.
        info.remove("summary");
    }
    // `mutualTLS` is new in 3.1. Generated code does not depend on it: the HTTP client presents the certificate.
    let schemes = document.pointer_mut("/components/securitySchemes");
    if let Some(schemes) = schemes.and_then(Value::as_object_mut) {
        schemes.retain(|name, scheme| {
            let is_kept = scheme["type"] != "mutualTLS";
            if !is_kept {
                let at = walk::join("/components/securitySchemes", name);
                cx.changed_at(at, "removed a security scheme of type mutualTLS");
            }
            is_kept
        });
    }
    // Callbacks are removed before references are resolved: the components that only they use are unused.
    walk::walk_mut(document, &mut |value, place, pointer| {
        let callbacks = match (place, value.as_object_mut()) {
            (Place::Operation, Some(members)) => members.remove("callbacks"),
            _ => None,
        };
        if let Some(callbacks) = callbacks {
            cx.changed(value, pointer, "removed `callbacks`");
            let at = walk::join(&origin::of(value, pointer), "callbacks");
            cx.warn(incoming_requests(&at, "callbacks", &callbacks));
        }
    });
}

/// The warning for requests that the API sends to a server of the user.
fn incoming_requests(at: &str, what: &str, calls: &Value) -> Problem {
    Problem::at(
        at,
        format!("{what} are removed: a client does not receive requests"),
    )
    .found(keys_beside(calls, &[]).join(", "))
    .help("handle these requests in a server of your own")
}
