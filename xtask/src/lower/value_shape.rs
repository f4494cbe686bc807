//! What the values of a schema can be, for places that can hold only text or flat lists and objects: parameters and forms.

use serde_json::Value;

use crate::lower::schema::{Object, resolve};

/// What the values of a schema can be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct ValueShape {
    pub(crate) scalar: bool,
    pub(crate) list: bool,
    pub(crate) object: bool,
    /// Whether a list or an object can contain a list or an object.
    pub(crate) nested: bool,
    /// Whether it can be a file: a string of binary data.
    pub(crate) binary: bool,
}

/// Deeper schemas are nested anyway.
const MAX_DEPTH: usize = 12;

impl ValueShape {
    /// The shape of `schema`, before the document is lowered.
    pub(crate) fn of(schema: &Value, schemas: &Object) -> Self {
        Self::at_depth(schema, schemas, 0)
    }

    fn at_depth(schema: &Value, schemas: &Object, depth: usize) -> Self {
        let schema = resolve(schema, schemas);
        if depth > MAX_DEPTH {
            return Self {
                nested: true,
                object: true,
                ..Self::default()
            };
        }
        let inner = |schema: &Value| Self::at_depth(schema, schemas, depth + 1);
        let mut shape = Self::default();
        for ty in types(schema) {
            match ty {
                "array" => shape.list = true,
                "object" => shape.object = true,
                "null" => {}
                _ => shape.scalar = true,
            }
        }
        shape.binary = shape.scalar && is_binary(schema);
        for key in ["allOf", "oneOf", "anyOf"] {
            for part in schema
                .get(key)
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
            {
                shape = shape.or(inner(part));
            }
        }
        let items = schema.get("items").map(inner);
        if let Some(items) = items {
            shape.nested |= items.is_compound() || items.nested;
            shape.binary |= items.binary;
        }
        let properties = schema.get("properties").and_then(Value::as_object);
        let members = properties
            .into_iter()
            .flat_map(|all| all.values())
            .chain(schema.get("additionalProperties"));
        for member in members.map(inner) {
            shape.nested |= member.is_compound() || member.nested;
        }
        shape
    }

    fn or(self, other: Self) -> Self {
        Self {
            scalar: self.scalar || other.scalar,
            list: self.list || other.list,
            object: self.object || other.object,
            nested: self.nested || other.nested,
            binary: self.binary || other.binary,
        }
    }

    /// Whether a value can be a list or an object.
    pub(crate) fn is_compound(self) -> bool {
        self.list || self.object
    }
}

/// The types of a schema, derived from other keywords if it has no `type`.
fn types(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(ty)) => return vec![ty],
        Some(Value::Array(types)) => return types.iter().filter_map(Value::as_str).collect(),
        _ => {}
    }
    let has = |keys: &[&str]| keys.iter().any(|key| schema.get(key).is_some());
    if has(&["properties", "additionalProperties"]) {
        vec!["object"]
    } else if has(&["items"]) {
        vec!["array"]
    } else if has(&["enum", "const", "format", "pattern", "contentMediaType"]) {
        vec!["string"]
    } else {
        Vec::new()
    }
}

/// Whether a schema describes binary data, as 3.0 (`format`) or 3.1 (`contentMediaType` without an encoding) does.
fn is_binary(schema: &Value) -> bool {
    let text = |key: &str| schema.get(key).and_then(Value::as_str);
    let is_media = text("contentMediaType")
        .is_some_and(|media| !media.starts_with("text/") && !media.ends_with("json"));
    text("format") == Some("binary")
        || text("contentEncoding") == Some("binary")
        || (is_media && text("contentEncoding").is_none())
}
