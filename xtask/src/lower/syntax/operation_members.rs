//! Answers: members that openapiv3 does not know are skipped without a word, such as a response that stands beside `responses` by mistake. Servers of
//! one operation are not read by progenitor.

use serde_json::Value;

use crate::extensions;
use crate::lower::Context;
use crate::lower::origin;
use crate::lower::schema::{each_operation_mut, keys_beside, remove_keys};
use crate::problem::Problem;
use crate::spec::walk::join;

pub(crate) fn apply(document: &mut Value, cx: &mut Context<'_>) {
    each_operation_mut(document, &mut |operation, _, _, pointer| {
        if !remove_keys(operation, &["externalDocs"]).is_empty() {
            cx.changed(operation, pointer, "removed `externalDocs`");
        }
        if operation.get("servers").is_some() {
            cx.warn(
                Problem::at(
                    origin::of(operation, pointer),
                    "this operation names a server of its own",
                )
                .help("the client sends every call to the one base URL that it is given"),
            );
        }
        unknown_members(operation, pointer, ("an operation", &IN_OPERATION), cx);
    });
    if let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) {
        for (path, item) in paths.iter_mut() {
            let pointer = join("/paths", path);
            unknown_members(item, &pointer, ("a path", &IN_PATH), cx);
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

const IN_OPERATION: [&str; 10] = [
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

const IN_PATH: [&str; 12] = [
    "get",
    "put",
    "post",
    "delete",
    "options",
    "head",
    "patch",
    "trace",
    "parameters",
    "summary",
    "description",
    "servers",
];

/// What stands there by mistake (a response beside `responses`, a method that is misspelt) is not read by anyone.
fn unknown_members(value: &mut Value, pointer: &str, place: (&str, &[&str]), cx: &mut Context<'_>) {
    let (what, known) = place;
    let unknown: Vec<String> = keys_beside(value, known)
        .into_iter()
        .filter(|key| !extensions::is_extension(key))
        .map(str::to_owned)
        .collect();
    if unknown.is_empty() {
        return;
    }
    let at = origin::of(value, pointer);
    let _ = remove_keys(
        value,
        &unknown.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    cx.changed_at(
        &at,
        format!("removed the unknown members {}", unknown.join(", ")),
    );
    let problem = Problem::at(&at, format!("members that {what} does not have"))
        .expected(known.join(", "))
        .found(unknown.join(", "))
        .help("move them to where they belong, or remove them by an overlay");
    if cx.options.strict {
        cx.problem(problem);
    } else {
        cx.warn(problem);
    }
}
