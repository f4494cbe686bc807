//! Finds missing descriptions: every operation, parameter, type, property and enum value needs one.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::extensions;
use crate::selection::{self, Selector};
use crate::spec::canonical;
use crate::spec::walk::{METHODS, join};

/// A node without a description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undescribed {
    /// The JSON pointer of the node.
    pub pointer: String,
    /// The update of an overlay action to fill in: the missing keys with empty texts.
    pub update: Value,
}

/// Returns all nodes without a description that are visible in the generated crate. Considers the operations that `include`
/// selects, or all if it is empty.
pub fn undescribed(document: &Value, include: &[Selector]) -> Vec<Undescribed> {
    let mut survey = Survey {
        document,
        found: BTreeMap::new(),
        seen: BTreeSet::new(),
        pending: Vec::new(),
    };
    for (path, item) in members(&document["paths"]) {
        survey.path_item(item, &join("/paths", path), |method| {
            selection::includes(include, path, method)
        });
    }
    while let Some((visit, value, at)) = survey.pending.pop() {
        visit(&mut survey, value, &at);
    }
    let found = survey.found.into_iter();
    found
        .map(|(pointer, update)| Undescribed {
            pointer,
            update: Value::Object(update),
        })
        .collect()
}

/// Formats the nodes as overlay actions to fill in.
pub fn as_actions(document: &Value, found: &[Undescribed]) -> String {
    let actions: Value = found
        .iter()
        .map(|place| json!({"target": json_path(document, &place.pointer), "update": place.update}))
        .collect();
    let text = canonical::yaml(&actions, "");
    text.lines().map(|line| format!("  {line}\n")).collect()
}

struct Survey<'a> {
    document: &'a Value,
    found: BTreeMap<String, Map<String, Value>>,
    seen: BTreeSet<String>,
    /// Targets of references that are still to be visited. A queue instead of recursion, because a chain of references can
    /// be long.
    pending: Vec<(Visit<'a>, &'a Value, String)>,
}

type Visit<'a> = fn(&mut Survey<'a>, &Value, &str);

impl<'a> Survey<'a> {
    fn path_item(&mut self, item: &Value, at: &str, is_included: impl Fn(&str) -> bool) {
        self.parameters(item, at);
        for method in METHODS {
            let operation = &item[method];
            if operation.is_null()
                || !is_included(method)
                || extensions::SDK_IGNORE.is_true(operation)
            {
                continue;
            }
            let at = join(at, method);
            self.need(operation, &at, &["summary", "description"]);
            self.parameters(operation, &at);
            self.content(&operation["requestBody"], &join(&at, "requestBody"));
            for (status, response) in members(&operation["responses"]) {
                if status.starts_with('2') {
                    self.response(response, &join(&join(&at, "responses"), status));
                }
            }
        }
    }

    fn parameters(&mut self, owner: &Value, at: &str) {
        for (index, parameter) in owner["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .enumerate()
        {
            let at = join(&join(at, "parameters"), &index.to_string());
            self.parameter(parameter, &at);
        }
    }

    /// Visits a parameter. If it is a reference, the component needs the description.
    fn parameter(&mut self, parameter: &Value, at: &str) {
        if parameter["$ref"].is_string() {
            return self.follow(parameter, Self::parameter);
        }
        self.need(parameter, at, &["description"]);
        self.schema(&parameter["schema"], &join(at, "schema"), true);
        self.content(parameter, at);
    }

    fn response(&mut self, response: &Value, at: &str) {
        if response["$ref"].is_string() {
            return self.follow(response, Self::response);
        }
        self.need(response, at, &["description"]);
        self.content(response, at);
    }

    /// Visits the schemas in the `content` of a request body, response or parameter.
    fn content(&mut self, owner: &Value, at: &str) {
        if owner["$ref"].is_string() {
            return self.follow(owner, Self::content);
        }
        for (media_type, content) in members(&owner["content"]) {
            let at = join(&join(at, "content"), media_type);
            self.schema(&content["schema"], &join(&at, "schema"), false);
        }
    }

    /// Visits a component schema.
    fn component(&mut self, component: &Value, at: &str) {
        if !component["$ref"].is_string() {
            self.need(component, at, &["description"]);
            self.values(component, at, 1);
        }
        self.schema(component, at, true);
    }

    /// Visits a schema. `described` says whether its owner, such as a property or a parameter, has the description.
    fn schema(&mut self, schema: &Value, at: &str, described: bool) {
        if !schema.is_object() {
            return;
        }
        if schema["$ref"].is_string() {
            return self.follow(schema, Self::component);
        }
        let unions = || ["oneOf", "anyOf"].into_iter();
        let is_type = !schema["properties"].is_null()
            || values(schema).len() > 1
            || unions().any(|key| alternatives(schema, key) > 1);
        if is_type && !described {
            self.need(schema, at, &["description"]);
        }
        self.values(schema, at, 2);
        for (name, property) in members(&schema["properties"]) {
            let at = join(&join(at, "properties"), name);
            if !is_reference(property) {
                self.need(property, &at, &["description"]);
            }
            self.schema(property, &at, true);
        }
        for key in ["items", "additionalProperties"] {
            self.schema(&schema[key], &join(at, key), false);
        }
        for (pattern, property) in members(&schema["patternProperties"]) {
            self.schema(
                property,
                &join(&join(at, "patternProperties"), pattern),
                false,
            );
        }
        for (key, part) in unions().chain(["allOf"]).flat_map(|key| {
            let parts = schema[key].as_array().into_iter().flatten().enumerate();
            parts.map(move |(index, part)| (join(&join("", key), &index.to_string()), part))
        }) {
            // The parts of an `allOf` become one type, and `X or null` becomes `X`: the description of the whole is enough.
            let whole =
                key.starts_with("/allOf") || unions().all(|key| alternatives(schema, key) <= 1);
            self.schema(part, &format!("{at}{key}"), whole);
        }
    }

    /// Visits the values of a string enum, each of which needs a description. Inline enums of a single value are tags and
    /// need none (`fewest` is 2); components do, because more values are likely to follow.
    fn values(&mut self, schema: &Value, at: &str, fewest: usize) {
        let values = values(schema);
        let missing: Map<String, Value> = values
            .iter()
            .filter(|value| is_blank(&extensions::ENUM_DESCRIPTIONS.value(schema)[**value]))
            .map(|value| ((*value).to_owned(), json!("")))
            .collect();
        if values.len() >= fewest && !missing.is_empty() {
            let key = extensions::ENUM_DESCRIPTIONS.name.to_owned();
            self.add(at, Map::from_iter([(key, Value::Object(missing))]));
        }
    }

    fn need(&mut self, value: &Value, at: &str, keys: &[&str]) {
        let missing: Map<String, Value> = keys
            .iter()
            .filter(|key| is_blank(&value[**key]))
            .map(|key| ((*key).to_owned(), json!("")))
            .collect();
        if !missing.is_empty() {
            self.add(at, missing);
        }
    }

    fn add(&mut self, at: &str, missing: Map<String, Value>) {
        self.found.entry(at.to_owned()).or_default().extend(missing);
    }

    /// Queues the target of a reference, once. Dangling references are reported by the passes.
    fn follow(&mut self, reference: &Value, visit: Visit<'a>) {
        let Some(pointer) = reference["$ref"]
            .as_str()
            .and_then(|text| text.strip_prefix('#'))
        else {
            return;
        };
        let document = self.document;
        if let Some(target) = document.pointer(pointer)
            && self.seen.insert(pointer.to_owned())
        {
            self.pending.push((visit, target, pointer.to_owned()));
        }
    }
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn is_blank(value: &Value) -> bool {
    value.as_str().is_none_or(|text| text.trim().is_empty())
}

fn values(schema: &Value) -> Vec<&str> {
    schema["enum"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

/// The number of alternatives of a union, without `null`.
fn alternatives(schema: &Value, key: &str) -> usize {
    let parts = schema[key].as_array().into_iter().flatten();
    parts.filter(|part| part["type"] != "null").count()
}

/// Whether a property is only a reference to a component, which has the description.
fn is_reference(property: &Value) -> bool {
    let only = property["allOf"]
        .as_array()
        .filter(|parts| parts.len() == 1)
        .and_then(|parts| parts.first());
    property["$ref"].is_string() || only.is_some_and(|part| part["$ref"].is_string())
}

/// Converts a JSON pointer to a JSONPath.
fn json_path(document: &Value, pointer: &str) -> String {
    let mut path = "$".to_owned();
    let mut node = document;
    for step in pointer
        .split('/')
        .skip(1)
        .map(|step| step.replace("~1", "/").replace("~0", "~"))
    {
        let plain = step.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && step.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if let Some(item) = step
            .parse()
            .ok()
            .and_then(|index: usize| node.as_array()?.get(index))
        {
            path.push_str(&format!("[{step}]"));
            node = item;
            continue;
        }
        if plain {
            path.push_str(&format!(".{step}"));
        } else {
            path.push_str(&format!(
                "['{}']",
                step.replace('\\', "\\\\").replace('\'', "\\'")
            ));
        }
        node = &node[&step];
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_chain_of_references_is_followed_to_its_end() {
        let last = 20_000;
        let mut schemas: Map<String, Value> = (0..last)
            .map(|n| {
                let next = format!("#/components/schemas/S{}", n + 1);
                let schema = json!({"description": "D", "properties": {"next": {"$ref": next}}});
                (format!("S{n}"), schema)
            })
            .collect();
        schemas.insert(format!("S{last}"), json!({}));
        let document = json!({
            "paths": {"/a": {"parameters": [{"description": "D", "schema": {"$ref": "#/components/schemas/S0"}}]}},
            "components": {"schemas": schemas},
        });
        let found = undescribed(&document, &[]);
        let pointers: Vec<&str> = found.iter().map(|place| place.pointer.as_str()).collect();
        assert_eq!(pointers, [format!("/components/schemas/S{last}")]);
    }

    #[test]
    fn everything_undescribed_is_listed_as_actions_that_apply() {
        let mut document = json!({
            "paths": {
                "/a/{id}": {
                    "parameters": [{"name": "id", "in": "path", "schema": {"type": "string"}}],
                    "get": {
                        "summary": " ",
                        "description": "D",
                        "parameters": [{"$ref": "#/components/parameters/P"}],
                        "responses": {
                            "200": {"description": "", "content": {"application/json": {"schema": {"type": "object", "properties": {
                                "it's": {"$ref": "#/components/schemas/A"},
                                "list": {"description": "D", "items": {"properties": {"x": {"type": "string"}}}},
                                "maybe": {"description": "D", "oneOf": [{"$ref": "#/components/schemas/B"}, {"type": "null"}]},
                                "kind": {"description": "D", "enum": ["only"]},
                                "named": {"$ref": "#/components/schemas/Kind"},
                            }}}}},
                            "404": {"description": "", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}},
                        },
                    },
                    "delete": {"x-sdk-ignore": true, "responses": {}},
                },
                "/a-b": {"get": {"responses": {}}},
            },
            "components": {
                "parameters": {"P": {"name": "p", "in": "query", "description": "D", "schema": {"enum": ["x", "y"], "x-enum-descriptions": {"x": "D"}}}},
                "schemas": {
                    "A": {"allOf": [{"$ref": "#/components/schemas/A"}, {"properties": {"a": {"type": "string"}}}]},
                    "B": {"description": "D", "oneOf": [{"title": "C", "properties": {"b": {"allOf": [{"$ref": "#/components/schemas/A"}]}}}, {"title": "E"}]},
                    "Error": {"properties": {"e": {}}},
                    "Kind": {"description": "D", "enum": ["only"]},
                    "Unused": {},
                },
            },
        });
        let include = ["/a".parse().expect("a selector")];
        let found = undescribed(&document, &include);
        let actions = as_actions(&document, &found);
        insta::assert_snapshot!(actions, @r#"
        - target: $.components.parameters.P.schema
          update:
            x-enum-descriptions:
              "y": ""
        - target: $.components.schemas.A
          update:
            description: ""
        - target: "$.components.schemas.A.allOf[1].properties.a"
          update:
            description: ""
        - target: "$.components.schemas.B.oneOf[0]"
          update:
            description: ""
        - target: $.components.schemas.Kind
          update:
            x-enum-descriptions:
              only: ""
        - target: "$.paths['/a/{id}'].get"
          update:
            summary: ""
        - target: "$.paths['/a/{id}'].get.responses['200']"
          update:
            description: ""
        - target: "$.paths['/a/{id}'].get.responses['200'].content['application/json'].schema"
          update:
            description: ""
        - target: "$.paths['/a/{id}'].get.responses['200'].content['application/json'].schema.properties.list.items"
          update:
            description: ""
        - target: "$.paths['/a/{id}'].get.responses['200'].content['application/json'].schema.properties.list.items.properties.x"
          update:
            description: ""
        - target: "$.paths['/a/{id}'].parameters[0]"
          update:
            description: ""
        "#);

        let text = format!(
            "overlay: 1.0.0\ninfo: {{title: t, version: '1'}}\nactions:\n{}",
            actions.replace("\"\"", "text")
        );
        let overlay = crate::spec::document::Document::from_bytes("o.yaml".into(), text.as_bytes())
            .expect("it is YAML");
        crate::spec::overlay::apply(
            &mut document,
            &overlay,
            crate::spec::overlay::Purpose::Descriptions,
        )
        .expect("it applies");
        assert_eq!(undescribed(&document, &include), vec![]);
    }
}
