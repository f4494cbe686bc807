//! Defect: progenitor supports one error type per operation and discards bodies that do not match it.
//!
//! Error responses are removed, so the client receives every response that is not a success unchanged. `x-errors` keeps the documented
//! statuses.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::extensions;
use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::schema::{Object, each_operation_mut, keys_beside};
use crate::problem::Problem;
use crate::spec::walk::join;

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    each_operation_mut(document, &mut |operation, _, _, pointer| {
        let at = join(&origin::of(operation, pointer), "responses");
        let Some(members) = operation.as_object_mut() else {
            return;
        };
        let Some(Value::Object(mut responses)) = members.remove("responses") else {
            members.insert("responses".into(), empty_success());
            cx.changed_at(
                at,
                "added a success response: the operation has no responses",
            );
            return;
        };
        correct_ranges(&mut responses, &at, cx);
        let mut errors: BTreeSet<u64> = extensions::ERRORS
            .get_in(members)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_u64)
            .collect();
        let mut statuses: Vec<String> = responses.keys().cloned().collect();
        statuses.sort();
        let has_success = statuses.iter().any(|status| is_success(status));
        let mut removed = Vec::new();
        for status in statuses {
            if extensions::is_extension(&status) || is_success(&status) {
                continue;
            }
            let response = responses.remove(&status).unwrap_or_default();
            match status.parse::<u64>() {
                Ok(code @ 100..=599) => {
                    errors.insert(code);
                    removed.push(status);
                }
                _ if status == "default" && !has_success => {
                    responses.insert("2XX".into(), response);
                    cx.changed_at(
                        join(&at, &status),
                        "turned `default` into the success response: there is no other",
                    );
                }
                _ if status == "default" || is_range(&status) => {
                    cx.changed_at(
                        join(&at, &status),
                        format!("removed `{status}`, which is not a single status"),
                    );
                }
                _ => cx.mistake(
                    Problem::at(join(&at, &status), "invalid HTTP status")
                        .expected("100 to 599, a range such as 4XX, or default")
                        .found(status)
                        .help("correct the status in an overlay; the response is ignored"),
                ),
            }
        }
        if !removed.is_empty() {
            cx.changed_at(
                &at,
                format!(
                    "moved the error statuses {} to x-errors",
                    removed.join(", ")
                ),
            );
        }
        if !responses.keys().any(|status| is_success(status)) {
            responses.insert("2XX".into(), serde_json::json!({ "description": "" }));
            cx.changed_at(
                &at,
                "added a success response without a body: there is no other",
            );
        }
        remove_headers_and_links(&mut responses, &at, cx);
        members.insert("responses".into(), Value::Object(responses));
        if !errors.is_empty() {
            extensions::ERRORS.set(members, errors.into_iter().collect::<Value>());
        }
    });
}

/// Writes ranges such as `4xx` in upper case.
fn correct_ranges(responses: &mut Object, at: &str, cx: &mut PassContext<'_>) {
    let lower: Vec<String> = responses
        .keys()
        .filter(|status| !is_range(status) && is_range(&status.to_uppercase()))
        .cloned()
        .collect();
    for status in lower {
        let range = status.to_uppercase();
        cx.mistake(
            Problem::at(join(at, &status), "a range of statuses in lower case")
                .expected(range.clone())
                .found(status.clone()),
        );
        if let Some(response) = responses.remove(&status) {
            responses.entry(range).or_insert(response);
        }
    }
}

fn empty_success() -> Value {
    serde_json::json!({ "2XX": { "description": "" } })
}

pub(crate) fn is_success(status: &str) -> bool {
    status.len() == 3
        && status.starts_with('2')
        && (is_range(status) || status.parse::<u64>().is_ok())
}

fn is_range(status: &str) -> bool {
    matches!(status, "1XX" | "2XX" | "3XX" | "4XX" | "5XX")
}

/// Removes headers and links, which do not affect the types, and adds the description that 3.0 requires.
fn remove_headers_and_links(responses: &mut Object, at: &str, cx: &mut PassContext<'_>) {
    let mut statuses: Vec<(&String, &mut Value)> = responses.iter_mut().collect();
    statuses.sort_by_key(|(status, _)| *status);
    for (status, response) in statuses {
        let at = &origin::of(response, &join(at, status));
        let Some(members) = response.as_object_mut() else {
            continue;
        };
        let [headers, links] = ["headers", "links"].map(|key| {
            let named = members.remove(key).unwrap_or_default();
            keys_beside(&named, &[]).join(", ")
        });
        if !headers.is_empty() {
            cx.changed_at(
                join(at, "headers"),
                format!("removed the headers {headers}: responses expose all headers"),
            );
        }
        if !links.is_empty() {
            cx.warn(
                Problem::at(
                    join(at, "links"),
                    "links are removed: the client does not follow them",
                )
                .found(links)
                .help("call the linked operation with values from the response"),
            );
        }
        members.entry("description").or_insert_with(|| "".into());
    }
}
