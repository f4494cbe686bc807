//! Small documents for tests.

use serde_json::{Value, json};
use xtask::diff::{CompareOptions, Diff, DocumentChange, compare};

/// A document of one operation, in which `thing` is a component.
pub(crate) fn document(path: &str, method: &str, operation: Value, thing: &Value) -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Small API", "version": "1"},
        "servers": [{"url": "https://api.example.com"}],
        "paths": {path: {method: operation}},
        "components": {
            "schemas": {"Thing": thing},
            "securitySchemes": {"Bearer": {"type": "http", "scheme": "bearer"}},
        },
    })
}

/// `GET /things`, merged with `more`.
pub(crate) fn operation(more: Value) -> Value {
    let mut operation = json!({
        "operationId": "listThings",
        "x-operation-group": ["things"],
        "x-operation-name": "list",
        "responses": {"200": {"description": "", "content": {"application/json": {
            "schema": {"$ref": "#/components/schemas/Thing"}}}}},
    });
    if let (Value::Object(all), Value::Object(more)) = (&mut operation, more) {
        for (key, value) in more {
            if value.is_null() {
                all.remove(&key);
            } else {
                all.insert(key, value);
            }
        }
    }
    operation
}

/// An object with one field, which cases extend.
pub(crate) fn thing() -> Value {
    json!({"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}})
}

/// A document of `GET /things` with more members.
pub(crate) fn get(more: Value) -> Value {
    document("/things", "get", operation(more), &thing())
}

/// A document with the schema in a response.
pub(crate) fn response(schema: &Value) -> Value {
    document("/things", "get", operation(json!({})), schema)
}

/// A document with the schema in a request body.
pub(crate) fn request(schema: &Value) -> Value {
    let body = json!({"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}});
    let sends = json!({
        "operationId": "makeThing",
        "x-operation-name": "make",
        "requestBody": body,
        "responses": {"204": {"description": ""}},
    });
    document("/things", "post", operation(sends), schema)
}

/// A thing with the additional property `p`.
pub(crate) fn with(property: Value) -> Value {
    let mut thing = thing();
    thing["properties"]["p"] = property;
    thing
}

/// A thing with the additional required property `p`.
pub(crate) fn with_required(property: Value) -> Value {
    let mut thing = with(property);
    thing["required"] = json!(["id", "p"]);
    thing
}

pub(crate) fn diff(old: &Value, new: &Value) -> Diff {
    compare(
        old,
        new,
        &CompareOptions {
            include: &[],
            surface: true,
        },
    )
}

/// Returns the rules of the changes, each with its level.
pub(crate) fn rules(diff: &Diff) -> Vec<String> {
    let line = |change: &DocumentChange| format!("{} {}", change.rule.id, change.level.name());
    diff.changes.iter().map(line).collect()
}
