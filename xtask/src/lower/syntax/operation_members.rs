//! Defect: openapiv3 silently ignores unknown members, such as a response beside `responses`. progenitor ignores the servers of an operation.
//!
//! Unknown members are removed and reported. The servers of a path item move to its operations; the emitter reads them.

use serde_json::Value;

use crate::emit::servers;
use crate::extensions;
use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::schema::{each_operation_mut, keys_beside, remove_keys};
use crate::problem::Problem;
use crate::spec::walk::{METHODS, join};

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    move_servers(document);
    complete_requirements(document, "", cx);
    each_operation_mut(document, &mut |operation, _, _, pointer| {
        if !remove_keys(operation, &["externalDocs"]).is_empty() {
            cx.changed(operation, pointer, "removed `externalDocs`");
        }
        complete_requirements(operation, pointer, cx);
        let servers = operation.get("servers");
        let is_given = servers
            .and_then(Value::as_array)
            .is_some_and(|all| !all.is_empty());
        if is_given && servers.and_then(servers::url_of).is_none() {
            cx.warn(
                Problem::at(
                    origin::of(operation, pointer),
                    "the servers of this operation are ignored",
                )
                .expected("an https URL or a path, whose variables have defaults")
                .help("the client sends the requests to its base URL"),
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

/// Gives each scheme of the security requirements of `owner` its list of scopes.
fn complete_requirements(owner: &mut Value, pointer: &str, cx: &mut PassContext<'_>) {
    let at = join(&origin::of(owner, pointer), "security");
    let requirements = owner.get_mut("security").and_then(Value::as_array_mut);
    for (index, requirement) in requirements.into_iter().flatten().enumerate() {
        let schemes = requirement.as_object_mut();
        for (scheme, scopes) in schemes
            .into_iter()
            .flatten()
            .filter(|(_, scopes)| scopes.is_null())
        {
            cx.mistake(
                Problem::at(
                    join(&join(&at, &index.to_string()), scheme),
                    "a security requirement without a list of scopes",
                )
                .expected("an array, `[]` for no scopes")
                .found("null"),
            );
            *scopes = Value::Array(Vec::new());
        }
    }
}

/// Moves the servers of path items to the operations that have none.
fn move_servers(document: &mut Value) {
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    for item in paths.into_iter().flat_map(|paths| paths.values_mut()) {
        let Some(servers) = item.get("servers").cloned() else {
            continue;
        };
        for method in METHODS {
            let operation = item.get_mut(method).and_then(Value::as_object_mut);
            if let Some(operation) = operation {
                operation
                    .entry("servers")
                    .or_insert_with(|| servers.clone());
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
