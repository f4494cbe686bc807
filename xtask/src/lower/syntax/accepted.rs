//! Defect: openapiv3 rejects a document without saying where.
//!
//! After all other passes, the document is parsed with openapiv3. If that fails, its parts are parsed one by one, and each part that fails
//! is reported with its location.

use openapiv3::{Info, OpenAPI, PathItem, ReferenceOr, Schema, SecurityScheme, Server};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::extensions;
use crate::lower::PassContext;
use crate::lower::origin;
use crate::problem::Problem;
use crate::spec::walk::join;

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    let Err(error) = parse::<OpenAPI>(document) else {
        return;
    };
    let mut reported = check_part::<Info>(document.get("info"), "/info", cx);
    reported |= check_parts::<Server>(document, "/servers", cx);
    reported |= check_parts::<PathItem>(document, "/paths", cx);
    reported |= check_parts::<ReferenceOr<Schema>>(document, "/components/schemas", cx);
    reported |= check_parts::<SecurityScheme>(document, "/components/securitySchemes", cx);
    if !reported {
        cx.problem(rejected("", &error));
    }
}

fn parse<T: DeserializeOwned>(value: &Value) -> Result<T, serde_json::Error> {
    T::deserialize(value)
}

/// Parses each member of a map or an array. Returns whether a problem was reported.
fn check_parts<T: DeserializeOwned>(
    document: &Value,
    pointer: &str,
    cx: &mut PassContext<'_>,
) -> bool {
    let members: Vec<(String, &Value)> = match document.pointer(pointer) {
        Some(Value::Object(members)) => members
            .iter()
            .map(|(key, value)| (key.clone(), value))
            .collect(),
        Some(Value::Array(items)) => items
            .iter()
            .enumerate()
            .map(|(index, item)| (index.to_string(), item))
            .collect(),
        _ => return false,
    };
    let mut reported = false;
    for (key, value) in members {
        if !extensions::is_extension(&key) {
            reported |= check_part::<T>(Some(value), &join(pointer, &key), cx);
        }
    }
    reported
}

/// Parses one part. Returns whether a problem was reported.
fn check_part<T: DeserializeOwned>(
    value: Option<&Value>,
    pointer: &str,
    cx: &mut PassContext<'_>,
) -> bool {
    let Some(Err(error)) = value.map(parse::<T>) else {
        return false;
    };
    cx.problem(rejected(
        &origin::of(value.unwrap_or(&Value::Null), pointer),
        &error,
    ));
    true
}

fn rejected(pointer: &str, error: &serde_json::Error) -> Problem {
    let text = error.to_string();
    // Line and column refer to an intermediate text that the user does not see.
    let text = text.split(" at line ").next().unwrap_or(&text).to_owned();
    Problem::at(pointer, "invalid OpenAPI 3.0")
        .found(text)
        .help("see https://spec.openapis.org/oas/v3.0.3")
}
