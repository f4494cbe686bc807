//! Answers: progenitor takes OpenAPI 3.0 only, and openapiv3 wants its required members. Webhooks and callbacks are calls to the user's own server, and
//! no part of a client.

use serde_json::{Value, json};

use super::{Context, schema::each_operation_mut};
use crate::problem::Problem;

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
    each_operation_mut(document, &mut |operation, _, _, pointer| {
        for key in ["callbacks", "externalDocs"] {
            if operation
                .as_object_mut()
                .and_then(|members| members.remove(key))
                .is_some()
            {
                cx.changed(operation, pointer, format!("removed `{key}`"));
            }
        }
        if operation.get("servers").is_some() {
            cx.warn(
                Problem::at(
                    super::source::of(operation, pointer),
                    "this operation names a server of its own",
                )
                .help("the client sends every call to the one base URL that it is given"),
            );
        }
        unknown_members(operation, pointer, cx);
    });
    if let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) {
        for (path, item) in paths.iter_mut() {
            let pointer = crate::walk::join("/paths", path);
            let gone = super::schema::remove_keys(item, &["summary", "description", "servers"]);
            if !gone.is_empty() {
                cx.changed(
                    item,
                    &pointer,
                    format!("removed {} of the path", gone.join(", ")),
                );
            }
        }
    }
}

/// What stands in an operation by mistake (a response beside `responses`) is not read by anyone.
fn unknown_members(operation: &mut Value, pointer: &str, cx: &mut Context<'_>) {
    const KNOWN: [&str; 10] = [
        "tags",
        "summary",
        "description",
        "operationId",
        "parameters",
        "requestBody",
        "responses",
        "deprecated",
        "security",
        "servers",
    ];
    let unknown: Vec<String> = super::schema::keys_beside(operation, &KNOWN)
        .into_iter()
        .filter(|key| !key.starts_with("x-"))
        .map(str::to_owned)
        .collect();
    if unknown.is_empty() {
        return;
    }
    let at = super::source::of(operation, pointer);
    let _ = super::schema::remove_keys(
        operation,
        &unknown.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    cx.changed_at(
        &at,
        format!("removed the unknown members {}", unknown.join(", ")),
    );
    let problem = Problem::at(&at, "members that an operation does not have")
        .expected(KNOWN.join(", "))
        .found(unknown.join(", "))
        .help("responses belong into `responses`; remove the rest by an overlay");
    if cx.options.strict {
        cx.problem(problem);
    } else {
        cx.warn(problem);
    }
}
