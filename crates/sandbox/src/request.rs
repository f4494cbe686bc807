//! A request held against its document: what it asks for, or the rule that it breaks.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method};
use serde_json::Value;

use crate::answer::Problem;
use crate::document::{Operation, Parameter};

/// What a request asks for.
#[derive(Debug)]
pub(crate) struct Asked {
    /// Parameters of path and query, by name.
    pub(crate) parameters: BTreeMap<String, String>,
    pub(crate) body: Value,
}

/// Reads a request. `path` holds the decoded parameters of the path.
pub(crate) fn read(
    operation: &Operation,
    path: &BTreeMap<String, String>,
    query: &str,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<Asked, Problem> {
    let mut given: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        given
            .entry(name.into_owned())
            .or_default()
            .push(value.into_owned());
    }
    let mut parameters = BTreeMap::new();
    for parameter in &operation.parameters {
        let Parameter {
            name, is_in_path, ..
        } = parameter;
        let value = if *is_in_path {
            path.get(name).cloned()
        } else {
            let mut values = given.remove(name).unwrap_or_default();
            if values.len() > 1 {
                let found = values.len();
                return Err(Problem::invalid(format!(
                    "{name}: expected one value, found {found}"
                )));
            }
            values.pop()
        };
        match value {
            Some(value) => {
                check(parameter, &value)?;
                parameters.insert(name.clone(), value);
            }
            None if parameter.is_required => {
                return Err(Problem::invalid(format!(
                    "{name}: expected a value, found none"
                )));
            }
            None => {}
        }
    }
    Ok(Asked {
        parameters,
        body: json(operation, headers, body)?,
    })
}

fn check(parameter: &Parameter, text: &str) -> Result<(), Problem> {
    let name = &parameter.name;
    let value = if parameter.is_integer {
        // What JSON takes for a number, and nothing else: no plus sign, no leading zero.
        let is_whole = |text: &str| {
            let digits = text.strip_prefix('-').unwrap_or(text);
            digits.bytes().all(|byte| byte.is_ascii_digit())
        };
        match serde_json::from_str(text) {
            Ok(value @ Value::Number(_)) if is_whole(text) => value,
            _ => {
                return Err(Problem::invalid(format!(
                    "{name}: expected a whole number, found something else"
                )));
            }
        }
    } else {
        Value::String(text.to_owned())
    };
    match parameter.schema.faults(&value).first() {
        Some(fault) => Err(Problem::invalid(format!("{name}: {fault}"))),
        None => Ok(()),
    }
}

fn json(operation: &Operation, headers: &HeaderMap, bytes: &Bytes) -> Result<Value, Problem> {
    let Some(body) = &operation.body else {
        return Ok(Value::Null);
    };
    if bytes.is_empty() {
        return if body.is_required || operation.method != Method::GET {
            Err(Problem::invalid("body: expected a JSON object, found none"))
        } else {
            Ok(Value::Null)
        };
    }
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let is_json = content_type.is_some_and(|value| {
        let value = value.split(';').next().unwrap_or_default().trim();
        value.eq_ignore_ascii_case("application/json")
    });
    if !is_json {
        return Err(Problem::invalid("content-type: expected application/json"));
    }
    let value: Value = serde_json::from_slice(bytes).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        Problem::invalid(format!(
            "body: expected JSON, found none (line {line}, column {column})"
        ))
    })?;
    let faults = body.schema.faults(&value);
    if faults.is_empty() {
        Ok(value)
    } else {
        Err(Problem::invalid(format!("body: {}", faults.join("; "))))
    }
}
