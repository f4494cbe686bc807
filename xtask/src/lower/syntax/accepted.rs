//! Answers: openapiv3 refuses a whole document without saying where. What is left of such refusals after all passes is told with the part that it
//! refuses.

use openapiv3::{Info, OpenAPI, PathItem, ReferenceOr, Schema, SecurityScheme, Server};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::extensions;
use crate::lower::Context;
use crate::lower::origin;
use crate::problem::Problem;
use crate::spec::walk::join;

pub(crate) fn apply(document: &mut Value, cx: &mut Context<'_>) {
    let Err(error) = parse::<OpenAPI>(document) else {
        return;
    };
    let mut told = part::<Info>(document.get("info"), "/info", cx);
    told |= parts::<Server>(document, "/servers", cx);
    told |= parts::<PathItem>(document, "/paths", cx);
    told |= parts::<ReferenceOr<Schema>>(document, "/components/schemas", cx);
    told |= parts::<SecurityScheme>(document, "/components/securitySchemes", cx);
    if !told {
        cx.problem(refused("", &error));
    }
}

fn parse<T: DeserializeOwned>(value: &Value) -> Result<T, serde_json::Error> {
    T::deserialize(value)
}

/// Looks at each member of a map or a list.
fn parts<T: DeserializeOwned>(document: &Value, pointer: &str, cx: &mut Context<'_>) -> bool {
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
    let mut told = false;
    for (key, value) in members {
        if !extensions::is_extension(&key) {
            told |= part::<T>(Some(value), &join(pointer, &key), cx);
        }
    }
    told
}

fn part<T: DeserializeOwned>(value: Option<&Value>, pointer: &str, cx: &mut Context<'_>) -> bool {
    let Some(Err(error)) = value.map(parse::<T>) else {
        return false;
    };
    cx.problem(refused(
        &origin::of(value.unwrap_or(&Value::Null), pointer),
        &error,
    ));
    true
}

fn refused(pointer: &str, error: &serde_json::Error) -> Problem {
    let text = error.to_string();
    // The line and the column are those of a text that nobody has seen.
    let text = text.split(" at line ").next().unwrap_or(&text).to_owned();
    Problem::at(pointer, "this part is not OpenAPI 3.0")
        .found(text)
        .help("compare it with the specification: https://spec.openapis.org/oas/v3.0.3")
}
