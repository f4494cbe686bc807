//! Walks an OpenAPI document and classifies every value: as a schema, an operation, a map of names to schemas, plain data
//! and so on. A property named `description`, for example, is never taken for a description.

use std::fmt::Write as _;

use serde_json::Value;

/// The role of a value in an OpenAPI document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The whole document.
    Document,
    /// The `info` object.
    Info,
    /// A server.
    Server,
    /// A server variable.
    ServerVariable,
    /// A tag.
    Tag,
    /// The `components` object.
    Components,
    /// A path item.
    PathItem,
    /// An operation.
    Operation,
    /// A parameter.
    Parameter,
    /// A header.
    Header,
    /// A request body.
    RequestBody,
    /// A response.
    Response,
    /// A media type object.
    MediaType,
    /// An encoding object.
    Encoding,
    /// A link.
    Link,
    /// A callback: a map from expressions to path items.
    Callback,
    /// A security scheme.
    SecurityScheme,
    /// The flows of a security scheme, or one of them.
    OAuthFlow,
    /// The scopes of a flow: a map from names to descriptions.
    Scopes,
    /// A security requirement: a map from scheme names to lists of scopes.
    SecurityRequirement,
    /// A schema.
    Schema,
    /// External documentation.
    ExternalDocs,
    /// A map from free names to values of one kind.
    Map(Kind),
    /// A list of values of one kind.
    List(Kind),
    /// Plain data: an enum value, a default, an example, an extension.
    Data,
}

/// The role of the values of a map or a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Schemas.
    Schema,
    /// Servers.
    Server,
    /// Server variables.
    ServerVariable,
    /// Tags.
    Tag,
    /// Path items.
    PathItem,
    /// Parameters.
    Parameter,
    /// Headers.
    Header,
    /// Request bodies.
    RequestBody,
    /// Responses.
    Response,
    /// Media types.
    MediaType,
    /// Encodings.
    Encoding,
    /// Links.
    Link,
    /// Callbacks.
    Callback,
    /// Security schemes.
    SecurityScheme,
    /// Flows.
    OAuthFlow,
    /// Security requirements.
    SecurityRequirement,
}

impl Kind {
    fn place(self) -> Place {
        match self {
            Self::Schema => Place::Schema,
            Self::Server => Place::Server,
            Self::ServerVariable => Place::ServerVariable,
            Self::Tag => Place::Tag,
            Self::PathItem => Place::PathItem,
            Self::Parameter => Place::Parameter,
            Self::Header => Place::Header,
            Self::RequestBody => Place::RequestBody,
            Self::Response => Place::Response,
            Self::MediaType => Place::MediaType,
            Self::Encoding => Place::Encoding,
            Self::Link => Place::Link,
            Self::Callback => Place::Callback,
            Self::SecurityScheme => Place::SecurityScheme,
            Self::OAuthFlow => Place::OAuthFlow,
            Self::SecurityRequirement => Place::SecurityRequirement,
        }
    }
}

/// The methods of a path item, in the order of the specification.
pub const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

impl Place {
    /// Returns the role of the member `key` of a value with this role. For a list, `key` is the index.
    pub fn child(self, key: &str) -> Place {
        use Kind as K;
        match (self, key) {
            (Place::Map(kind) | Place::List(kind), _) => kind.place(),
            (Place::Callback, _) => Place::PathItem,
            (_, key) if key.starts_with("x-") => Place::Data,
            (Place::Document, "info") => Place::Info,
            (Place::Document | Place::PathItem | Place::Operation, "servers") => {
                Place::List(K::Server)
            }
            (Place::Document, "tags") => Place::List(K::Tag),
            (Place::Document, "paths" | "webhooks") | (Place::Components, "pathItems") => {
                Place::Map(K::PathItem)
            }
            (Place::Document, "components") => Place::Components,
            (Place::Document | Place::Operation, "security") => Place::List(K::SecurityRequirement),
            (_, "externalDocs") => Place::ExternalDocs,
            (Place::Server, "variables") => Place::Map(K::ServerVariable),
            (Place::Components, "schemas") => Place::Map(K::Schema),
            (Place::Components, "responses") | (Place::Operation, "responses") => {
                Place::Map(K::Response)
            }
            (Place::Components, "parameters") => Place::Map(K::Parameter),
            (Place::Components, "requestBodies") => Place::Map(K::RequestBody),
            (Place::Components | Place::Response | Place::Encoding, "headers") => {
                Place::Map(K::Header)
            }
            (Place::Components, "securitySchemes") => Place::Map(K::SecurityScheme),
            (Place::Components | Place::Response, "links") => Place::Map(K::Link),
            (Place::Components | Place::Operation, "callbacks") => Place::Map(K::Callback),
            (Place::PathItem, key) if METHODS.contains(&key) => Place::Operation,
            (Place::PathItem | Place::Operation, "parameters") => Place::List(K::Parameter),
            (Place::Operation, "requestBody") => Place::RequestBody,
            (Place::Parameter | Place::Header | Place::MediaType, "schema") => Place::Schema,
            (
                Place::Parameter | Place::Header | Place::RequestBody | Place::Response,
                "content",
            ) => Place::Map(K::MediaType),
            (Place::MediaType, "encoding") => Place::Map(K::Encoding),
            (Place::SecurityScheme, "flows") => Place::Map(K::OAuthFlow),
            (Place::OAuthFlow, "scopes") => Place::Scopes,
            (
                Place::Schema,
                "properties" | "patternProperties" | "$defs" | "definitions" | "dependentSchemas",
            ) => Place::Map(K::Schema),
            (Place::Schema, "allOf" | "anyOf" | "oneOf" | "prefixItems") => Place::List(K::Schema),
            (
                Place::Schema,
                "items"
                | "additionalProperties"
                | "propertyNames"
                | "not"
                | "if"
                | "then"
                | "else"
                | "contains"
                | "unevaluatedItems"
                | "unevaluatedProperties"
                | "contentSchema",
            ) => Place::Schema,
            _ => Place::Data,
        }
    }
}

/// The number of operations in a document.
pub fn count_operations(document: &Value) -> usize {
    let of_item = |item: &Value| {
        METHODS
            .iter()
            .filter(|method| item.get(**method).is_some())
            .count()
    };
    let items = document["paths"].as_object();
    items.map_or(0, |items| items.values().map(of_item).sum())
}

/// Appends one step to a JSON pointer.
pub fn join(pointer: &str, key: &str) -> String {
    let mut joined = String::with_capacity(pointer.len() + 1 + key.len());
    joined.push_str(pointer);
    push(&mut joined, key);
    joined
}

/// Appends one step to a JSON pointer in place.
fn push(pointer: &mut String, key: &str) {
    pointer.push('/');
    // A fast path, because most keys need no escapes.
    if key.contains(['~', '/']) {
        pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
    } else {
        pointer.push_str(key);
    }
}

/// Calls `visit` with the role and JSON pointer of every value of `document` that is not plain data, parents first.
/// Changes made by `visit` are walked too.
pub fn walk_mut(document: &mut Value, visit: &mut dyn FnMut(&mut Value, Place, &str)) {
    walk_value_mut(document, Place::Document, "", visit);
}

/// Like [`walk_mut`], but starts at a value within a document.
pub fn walk_value_mut(
    value: &mut Value,
    place: Place,
    pointer: &str,
    visit: &mut dyn FnMut(&mut Value, Place, &str),
) {
    step_mut(value, place, &mut pointer.to_owned(), visit);
}

/// Reuses one string for all pointers, to avoid an allocation per value.
fn step_mut(
    value: &mut Value,
    place: Place,
    pointer: &mut String,
    visit: &mut dyn FnMut(&mut Value, Place, &str),
) {
    visit(value, place, pointer);
    let length = pointer.len();
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                let child = place.child(key);
                if child != Place::Data {
                    push(pointer, key);
                    step_mut(member, child, pointer, visit);
                    pointer.truncate(length);
                }
            }
        }
        Value::Array(items) => {
            // The role of an item does not depend on its index.
            let child = place.child("0");
            if child != Place::Data {
                for (index, item) in items.iter_mut().enumerate() {
                    let _ = write!(pointer, "/{index}");
                    step_mut(item, child, pointer, visit);
                    pointer.truncate(length);
                }
            }
        }
        _ => {}
    }
}

/// Calls `visit` with the role and JSON pointer of every value of `document` that is not plain data, parents first.
pub fn walk(document: &Value, visit: &mut dyn FnMut(&Value, Place, &str)) {
    walk_value(document, Place::Document, "", visit);
}

/// Like [`walk`], but starts at a value within a document.
pub fn walk_value(
    value: &Value,
    place: Place,
    pointer: &str,
    visit: &mut dyn FnMut(&Value, Place, &str),
) {
    step(value, place, &mut pointer.to_owned(), visit);
}

fn step(
    value: &Value,
    place: Place,
    pointer: &mut String,
    visit: &mut dyn FnMut(&Value, Place, &str),
) {
    visit(value, place, pointer);
    let length = pointer.len();
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                let child = place.child(key);
                if child != Place::Data {
                    push(pointer, key);
                    step(member, child, pointer, visit);
                    pointer.truncate(length);
                }
            }
        }
        Value::Array(items) => {
            let child = place.child("0");
            if child != Place::Data {
                for (index, item) in items.iter().enumerate() {
                    let _ = write!(pointer, "/{index}");
                    step(item, child, pointer, visit);
                    pointer.truncate(length);
                }
            }
        }
        _ => {}
    }
}
