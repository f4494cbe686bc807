//! Defect: openapiv3 silently ignores unknown members, such as a response beside `responses`. progenitor ignores the servers of an operation.
//!
//! Unknown members are removed and reported. An operation with its own servers is reported.

use serde_json::Value;

use crate::extensions;
use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::schema::{each_operation_mut, keys_beside, remove_keys};
use crate::problem::Problem;
use crate::spec::walk::join;

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    each_operation_mut(document, &mut |operation, _, _, pointer| {
        if !remove_keys(operation, &["externalDocs"]).is_empty() {
            cx.changed(operation, pointer, "removed `externalDocs`");
        }
        if operation.get("servers").is_some() {
            cx.warn(
                Problem::at(
                    origin::of(operation, pointer),
                    "the servers of this operation are ignored",
                )
                .help("the client sends all requests to its base URL"),
            );
        }
        remove_unknown_members(operation, pointer, ("an operation", &OPERATION_MEMBERS), cx);
    });
    if let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) {
        for (path, item) in paths.iter_mut() {
            let pointer = join("/paths", path);
            remove_unknown_members(item, &pointer, ("a path item", &PATH_ITEM_MEMBERS), cx);
            let removed = remove_keys(item, &["summary", "description", "servers"]);
            if !removed.is_empty() {
                cx.changed(
                    item,
                    &pointer,
                    format!("removed {} from the path item", removed.join(", ")),
                );
            }
        }
    }
}

const OPERATION_MEMBERS: [&str; 10] = [
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

const PATH_ITEM_MEMBERS: [&str; 12] = [
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

/// Removes and reports unknown members, for example a response beside `responses` or a misspelled method.
fn remove_unknown_members(
    value: &mut Value,
    pointer: &str,
    owner_and_known: (&str, &[&str]),
    cx: &mut PassContext<'_>,
) {
    let (owner, known) = owner_and_known;
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
    let problem = Problem::at(&at, format!("unknown members of {owner}"))
        .expected(known.join(", "))
        .found(unknown.join(", "))
        .help("move them to the right object, or remove them in an overlay");
    cx.mistake(problem);
}
