//! Parsing and validation of requests against the document.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method};
use serde_json::Value;

use crate::api::Api;
use crate::document::{Operation, Parameter, ParameterKind};
use crate::problem::{Problem, RequestPart};

/// A valid request.
#[derive(Debug)]
pub(crate) struct ParsedRequest {
    /// Path, query and header parameters by name.
    pub(crate) parameters: BTreeMap<String, String>,
    /// List parameters by name.
    pub(crate) lists: BTreeMap<String, Vec<String>>,
    pub(crate) body: Value,
}

/// Parses and validates a request. `path` contains the decoded path parameters.
pub(crate) fn parse(
    operation: &Operation,
    path: &BTreeMap<String, String>,
    query: &str,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<ParsedRequest, Problem> {
    let mut given: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        given
            .entry(name.into_owned())
            .or_default()
            .push(value.into_owned());
    }
    let mut parameters = BTreeMap::new();
    let mut lists = BTreeMap::new();
    for parameter in &operation.parameters {
        let Parameter { name, part, .. } = parameter;
        let mut values = match part {
            RequestPart::Path => path.get(name).cloned().into_iter().collect(),
            RequestPart::Header => {
                let values = headers.get_all(name.as_str()).iter();
                let text =
                    |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
                values.map(text).collect()
            }
            RequestPart::Query | RequestPart::Body => given.remove(name).unwrap_or_default(),
        };
        if parameter.kind == ParameterKind::List && !values.is_empty() {
            let list = values.iter().cloned().map(Value::String).collect();
            check_schema(parameter, &Value::Array(list))?;
            lists.insert(name.clone(), values);
            continue;
        }
        if values.len() > 1 {
            let found = values.len();
            let rule = format!("expected one value, found {found}");
            return Err(Problem::parameter(*part, name, rule));
        }
        match values.pop() {
            Some(value) => {
                check_parameter(parameter, &value)?;
                parameters.insert(name.clone(), value);
            }
            None if parameter.is_required => {
                let rule = "expected a value, found none";
                return Err(Problem::parameter(*part, name, rule));
            }
            None => {}
        }
    }
    // The Management API rejects unknown parameters, such as `take` for a listing without cursors.
    if operation.api == Api::Management
        && let Some(name) = given.keys().next()
    {
        let rule = "unknown parameter";
        return Err(Problem::parameter(RequestPart::Query, name, rule));
    }
    Ok(ParsedRequest {
        parameters,
        lists,
        body: parse_body(operation, headers, body)?,
    })
}

fn check_parameter(parameter: &Parameter, text: &str) -> Result<(), Problem> {
    let invalid = |rule| Problem::parameter(parameter.part, &parameter.name, rule);
    let value = match parameter.kind {
        ParameterKind::Integer => {
            // Accepts JSON integers only: no plus sign, no leading zero.
            let is_whole = |text: &str| {
                let digits = text.strip_prefix('-').unwrap_or(text);
                digits.bytes().all(|byte| byte.is_ascii_digit())
            };
            match serde_json::from_str(text) {
                Ok(value @ Value::Number(_)) if is_whole(text) => value,
                _ => return Err(invalid("expected an integer, found another value")),
            }
        }
        ParameterKind::Boolean => match text {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            _ => return Err(invalid("expected true or false, found another value")),
        },
        ParameterKind::Text | ParameterKind::List => Value::String(text.to_owned()),
    };
    check_schema(parameter, &value)
}

/// Validates a value against the schema of its parameter.
fn check_schema(parameter: &Parameter, value: &Value) -> Result<(), Problem> {
    match parameter.schema.violations(value).first() {
        Some(violation) => Err(Problem::parameter(
            parameter.part,
            &parameter.name,
            violation.to_string(),
        )),
        None => Ok(()),
    }
}

fn parse_body(operation: &Operation, headers: &HeaderMap, bytes: &Bytes) -> Result<Value, Problem> {
    let Some(body) = &operation.body else {
        return Ok(Value::Null);
    };
    if bytes.is_empty() {
        return if body.is_required || operation.method != Method::GET {
            Err(Problem::invalid(
                "body: expected a JSON object, found an empty body",
            ))
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
            "body: expected valid JSON, found a syntax error at line {line}, column {column}"
        ))
    })?;
    let violations = body.schema.violations(&value);
    if violations.is_empty() {
        Ok(value)
    } else {
        let rules = violations
            .into_iter()
            .map(|violation| (violation.pointer, violation.rule));
        Err(Problem::body_fields(rules))
    }
}
