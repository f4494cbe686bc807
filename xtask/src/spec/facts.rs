//! Reduces a document to facts: everything except prose.

use serde_json::Value;

use crate::spec::walk::{Place, walk_mut, walk_value_mut};

/// Removes the prose of a document: descriptions, summaries, examples, code samples, error messages and descriptions of
/// scopes. Required texts become empty. Properties named `description` are kept.
pub fn strip_prose(document: &mut Value) {
    walk_mut(document, &mut strip);
}

fn strip(value: &mut Value, place: Place, _: &str) {
    let Some(members) = value.as_object_mut() else {
        return;
    };
    match place {
        Place::Map(_) | Place::List(_) | Place::Data | Place::SecurityRequirement => {}
        Place::Scopes => {
            for text in members.values_mut() {
                *text = Value::String(String::new());
            }
        }
        _ => {
            members.retain(|key, _| !is_prose(key));
            if place == Place::Response && !members.contains_key("$ref") {
                members.insert("description".to_owned(), Value::String(String::new()));
            }
            for (_, extension) in members.iter_mut().filter(|(key, _)| key.starts_with("x-")) {
                strip_extension(extension);
            }
        }
    }
}

/// Removes the prose of an extension. Its structure is unknown, so an object with schema keywords is treated as a schema;
/// elsewhere, string members with the names of prose are removed.
fn strip_extension(value: &mut Value) {
    match value {
        Value::Object(members) if members.keys().any(|key| is_schema_keyword(key)) => {
            walk_value_mut(value, Place::Schema, "", &mut strip);
        }
        Value::Object(members) => {
            members.retain(|key, member| !(is_prose(key) && member.is_string()));
            members.values_mut().for_each(strip_extension);
        }
        Value::Array(items) => items.iter_mut().for_each(strip_extension),
        _ => {}
    }
}

fn is_schema_keyword(key: &str) -> bool {
    matches!(
        key,
        "$ref" | "type" | "properties" | "items" | "allOf" | "anyOf" | "oneOf"
    )
}

fn is_prose(key: &str) -> bool {
    matches!(
        key,
        "description"
            | "summary"
            | "example"
            | "examples"
            | "errorMessage"
            | "$comment"
            | "x-codeSamples"
            | "x-code-samples"
            | "x-enum-descriptions"
            | "x-enumDescriptions"
    ) || key.starts_with("x-description")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn prose_in_extensions_is_removed_and_facts_are_kept() {
        let mut document = json!({
            "openapi": "3.1.0",
            "x-note": "a fact, as far as anyone can tell",
            "paths": {"/a": {"x-summary": {"description": "p", "level": 1}}},
            "components": {
                "headers": {"x-description": {"description": "p", "schema": {"type": "string"}}},
                "schemas": {"A": {"x-map": {
                    "one": {"description": "p", "type": "object", "default": {"summary": "d"}, "properties": {
                        "description": {"description": "p", "type": "string"},
                    }},
                    "description": {"$ref": "#/components/schemas/A"},
                    "list": [{"summary": "p", "name": "n"}, "text"],
                }}},
            },
        });
        strip_prose(&mut document);
        insta::assert_snapshot!(crate::spec::canonical::yaml(&document, ""), @r##"
        components:
          headers:
            x-description:
              schema:
                type: string
          schemas:
            A:
              x-map:
                description:
                  $ref: "#/components/schemas/A"
                list:
                  - name: "n"
                  - text
                one:
                  default:
                    summary: d
                  properties:
                    description:
                      type: string
                  type: object
        openapi: "3.1.0"
        paths:
          /a:
            x-summary:
              level: 1
        x-note: "a fact, as far as anyone can tell"
        "##);
    }

    #[test]
    fn prose_goes_and_facts_stay() {
        let mut document = json!({
            "openapi": "3.1.0",
            "info": {"title": "A", "version": "1", "description": "p", "contact": {"url": "u"}},
            "tags": [{"name": "t", "description": "p"}],
            "externalDocs": {"url": "u", "description": "p"},
            "servers": [{"url": "u", "description": "p", "variables": {"description": {"default": "d", "description": "p"}}}],
            "paths": {"/a": {"summary": "p", "get": {
                "summary": "p", "description": "p", "operationId": "a", "x-codeSamples": [{"lang": "x"}],
                "x-operation-name": "get", "deprecated": true,
                "parameters": [{"name": "example", "in": "query", "description": "p", "example": 1,
                    "schema": {"type": "string", "examples": ["p"], "default": "d", "pattern": "^a$"}}],
                "responses": {
                    "200": {"description": "p", "x-description-1": "p", "headers": {"summary": {"description": "p"}},
                        "content": {"application/json": {"example": {}, "examples": {"a": {"value": 1}},
                            "schema": {"$ref": "#/components/schemas/A", "description": "p"}}}},
                    "404": {"$ref": "#/components/responses/description"},
                },
            }}},
            "components": {
                "responses": {"description": {}},
                "examples": {"a": {"value": 1}},
                "securitySchemes": {"o": {"type": "oauth2", "description": "p", "flows": {"clientCredentials":
                    {"tokenUrl": "u", "scopes": {"description": "p"}}}}},
                "schemas": {"A": {
                    "title": "A", "$comment": "p", "errorMessage": {"oneOf": "p"},
                    "required": ["description"], "const": {"description": "d"},
                    "properties": {
                        "description": {"type": "string", "description": "p"},
                        "examples": {"enum": [{"summary": "d"}]},
                        "errorMessage": {"items": {"example": "p"}},
                    },
                }},
            },
        });
        strip_prose(&mut document);
        insta::assert_snapshot!(crate::spec::canonical::yaml(&document, ""), @r##"
        components:
          responses:
            description:
              description: ""
          schemas:
            A:
              const:
                description: d
              properties:
                description:
                  type: string
                errorMessage:
                  items: {}
                examples:
                  enum:
                    - summary: d
              required:
                - description
              title: A
          securitySchemes:
            o:
              flows:
                clientCredentials:
                  scopes:
                    description: ""
                  tokenUrl: u
              type: oauth2
        externalDocs:
          url: u
        info:
          contact:
            url: u
          title: A
          version: "1"
        openapi: "3.1.0"
        paths:
          /a:
            get:
              deprecated: true
              operationId: a
              parameters:
                - in: query
                  name: example
                  schema:
                    default: d
                    pattern: "^a$"
                    type: string
              responses:
                "200":
                  content:
                    application/json:
                      schema:
                        $ref: "#/components/schemas/A"
                  description: ""
                  headers:
                    summary: {}
                "404":
                  $ref: "#/components/responses/description"
              x-operation-name: get
        servers:
          - url: u
            variables:
              description:
                default: d
        tags:
          - name: t
        "##);
    }
}
