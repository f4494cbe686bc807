//! Parsing of operations and schemas.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use jsonschema::{Draft, Registry};
use serde_json::Value;

use super::{DOCUMENT_URI, Operation, Parameter, ParameterKind, RequestBody, Schema};
use crate::api::Api;
use crate::problem::RequestPart;

/// Parses the operations of a document.
pub(super) struct DocumentParser<'a> {
    pub(super) api: Api,
    pub(super) document: &'a Value,
    pub(super) registry: &'a Registry<'a>,
}

impl DocumentParser<'_> {
    pub(super) fn operation(
        &self,
        id: &str,
        path: &str,
        method: &str,
        pointer: &str,
    ) -> Result<Operation, String> {
        let value = value_at(self.document, pointer)?;
        let mut parameters = Vec::new();
        for index in 0..value["parameters"].as_array().map_or(0, Vec::len) {
            parameters.push(self.parameter(&format!("{pointer}/parameters/{index}"))?);
        }
        let mut responses = BTreeMap::new();
        for status in object(self.document, &format!("{pointer}/responses"))?.keys() {
            let number = status
                .parse()
                .map_err(|_| format!("{pointer}: expected a status, found `{status}`"))?;
            responses.insert(
                number,
                self.content(&format!("{pointer}/responses/{status}"))?,
            );
        }
        let body = match value.get("requestBody") {
            Some(_) => self.body(&format!("{pointer}/requestBody"))?,
            None => None,
        };
        Ok(Operation {
            api: self.api,
            id: id.to_owned(),
            name: id.to_owned(),
            method: method
                .to_uppercase()
                .parse()
                .map_err(|_| format!("{pointer}: expected an HTTP method, found `{method}`"))?,
            path: path.to_owned(),
            scopes: scopes(self.api, &value["security"]),
            parameters,
            body,
            responses,
            shape: OnceLock::new(),
        })
    }

    fn parameter(&self, pointer: &str) -> Result<Parameter, String> {
        let (pointer, value) = self.resolve_reference(pointer)?;
        let name = value["name"].as_str().unwrap_or_default().to_owned();
        let (_, schema) = self.resolve_reference(&format!("{pointer}/schema"))?;
        Ok(Parameter {
            name,
            part: match value["in"].as_str() {
                Some("path") => RequestPart::Path,
                Some("header") => RequestPart::Header,
                _ => RequestPart::Query,
            },
            is_required: value["required"] == true,
            kind: match schema["type"].as_str() {
                Some("integer") => ParameterKind::Integer,
                Some("boolean") => ParameterKind::Boolean,
                Some("array") => ParameterKind::List,
                _ => ParameterKind::Text,
            },
            schema: self.schema(format!("{pointer}/schema"))?,
        })
    }

    fn body(&self, pointer: &str) -> Result<Option<RequestBody>, String> {
        let (pointer, value) = self.resolve_reference(pointer)?;
        Ok(self.content(&pointer)?.map(|schema| RequestBody {
            is_required: value["required"] == true,
            schema,
        }))
    }

    /// The JSON schema of the content at `pointer`, if any.
    fn content(&self, pointer: &str) -> Result<Option<Schema>, String> {
        let (pointer, value) = self.resolve_reference(pointer)?;
        if value["content"].is_null() {
            return Ok(None);
        }
        self.schema(format!("{pointer}/content/application~1json/schema"))
            .map(Some)
    }

    fn resolve_reference(&self, pointer: &str) -> Result<(String, &Value), String> {
        resolve(self.document, pointer).ok_or_else(|| format!("no value at {pointer}"))
    }

    pub(super) fn schema(&self, pointer: String) -> Result<Schema, String> {
        value_at(self.document, &pointer)?;
        let reference = serde_json::json!({ "$ref": format!("{DOCUMENT_URI}#{}", percent_encode_fragment(&pointer)) });
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .with_registry(self.registry)
            .should_validate_formats(true)
            .with_format("html-color", is_color)
            .with_format("organization-name", is_organization_name)
            .with_format("strict-https-uri", is_https)
            .with_format("strict-https-uri-or-null", is_https)
            .build(&reference)
            .map_err(|error| format!("{pointer}: {error}"))?;
        let required_names = unique_required_names(self.document, &pointer);
        Ok(Schema {
            pointer,
            validator,
            required_names,
        })
    }
}

/// The names of all required properties of a schema and of the schemas in it, as JSON keys. `None` if a name is required in several
/// places, or if the schema has alternatives: then the names do not show whether a value has all of them.
fn unique_required_names(document: &Value, pointer: &str) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut visited = BTreeSet::new();
    let mut pending = vec![pointer.to_owned()];
    while let Some(pointer) = pending.pop() {
        let (pointer, schema) = resolve(document, &pointer)?;
        if schema.get("oneOf").is_some() || schema.get("anyOf").is_some() {
            return None;
        }
        if !visited.insert(pointer.clone()) {
            // A scalar requires nothing, wherever it is used.
            match schema["properties"].is_object() || schema["items"].is_object() {
                true => return None,
                false => continue,
            }
        }
        let required = schema["required"].as_array().into_iter().flatten();
        for name in required.filter_map(Value::as_str) {
            let key = format!("\"{name}\":");
            if names.contains(&key) {
                return None;
            }
            names.push(key);
        }
        let properties = schema["properties"].as_object().into_iter().flatten();
        pending.extend(
            properties.map(|(name, _)| format!("{pointer}/properties/{}", escape_token(name))),
        );
        let parts = schema["allOf"].as_array().map_or(0, Vec::len);
        pending.extend((0..parts).map(|index| format!("{pointer}/allOf/{index}")));
        if schema["items"].is_object() {
            pending.push(format!("{pointer}/items"));
        }
    }
    Some(names)
}

/// Custom formats of Auth0, defined by the patterns that its documents use elsewhere for the same values.
fn is_color(text: &str) -> bool {
    let digits = text.strip_prefix('#').unwrap_or_default();
    matches!(digits.len(), 3 | 6) && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Lower-case letters, digits, hyphens and underscores, not starting with a hyphen or underscore.
pub(crate) fn is_organization_name(text: &str) -> bool {
    let is_plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
    text.bytes().all(is_plain) && !text.starts_with(['-', '_'])
}

fn is_https(text: &str) -> bool {
    text.starts_with("https://") && url::Url::parse(text).is_ok()
}

pub(super) fn resolve<'a>(document: &'a Value, pointer: &str) -> Option<(String, &'a Value)> {
    let mut pointer = pointer.to_owned();
    // Longer than any chain of references; guards against cycles.
    for _ in 0..32 {
        let value = document.pointer(&pointer)?;
        match value["$ref"].as_str() {
            Some(reference) => pointer = reference.strip_prefix('#')?.to_owned(),
            None => return Some((pointer, value)),
        }
    }
    None
}

fn scopes(api: Api, security: &Value) -> Vec<Vec<String>> {
    let requirements = security.as_array().into_iter().flatten();
    let sets = requirements
        .flat_map(|requirement| requirement.as_object().into_iter().flatten())
        .map(|(_, scopes)| {
            let scopes = scopes.as_array().into_iter().flatten();
            let scopes = scopes.filter_map(Value::as_str).map(str::to_owned);
            scopes.collect::<Vec<String>>()
        });
    match api {
        // In that document the first alternative is empty, and the others list the scopes that a call needs.
        Api::Management => sets.filter(|set| !set.is_empty()).collect(),
        Api::Teams | Api::MyOrganization => sets.collect(),
    }
}

fn value_at<'a>(document: &'a Value, pointer: &str) -> Result<&'a Value, String> {
    document
        .pointer(pointer)
        .ok_or_else(|| format!("no value at {pointer}"))
}

pub(super) fn object<'a>(
    document: &'a Value,
    pointer: &str,
) -> Result<&'a serde_json::Map<String, Value>, String> {
    value_at(document, pointer)?
        .as_object()
        .ok_or_else(|| format!("no object at {pointer}"))
}

/// Escapes a reference token of a JSON pointer.
pub(super) fn escape_token(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Encodes a JSON pointer as a URI fragment.
fn percent_encode_fragment(pointer: &str) -> String {
    pointer.replace('{', "%7B").replace('}', "%7D")
}
