//! Answers: members that openapiv3 does not know are skipped without a word, such as a response that stands beside `responses` by mistake. Servers of
//! one operation are not read by progenitor.

use serde_json::Value;

use super::{
    Context,
    schema::{each_operation_mut, keys_beside, remove_keys},
    source,
};
use crate::{problem::Problem, walk::join};

pub(super) fn apply(document: &mut Value, cx: &mut Context<'_>) {
    each_operation_mut(document, &mut |operation, _, _, pointer| {
        if !remove_keys(operation, &["externalDocs"]).is_empty() {
            cx.changed(operation, pointer, "removed `externalDocs`");
        }
        if operation.get("servers").is_some() {
            cx.warn(
                Problem::at(
                    source::of(operation, pointer),
                    "this operation names a server of its own",
                )
                .help("the client sends every call to the one base URL that it is given"),
            );
        }
        unknown_members(operation, pointer, cx);
    });
    if let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) {
        for (path, item) in paths.iter_mut() {
            let pointer = join("/paths", path);
            let gone = remove_keys(item, &["summary", "description", "servers"]);
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
    let unknown: Vec<String> = keys_beside(operation, &KNOWN)
        .into_iter()
        .filter(|key| !key.starts_with("x-"))
        .map(str::to_owned)
        .collect();
    if unknown.is_empty() {
        return;
    }
    let at = source::of(operation, pointer);
    let _ = remove_keys(
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
