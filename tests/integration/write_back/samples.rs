//! Sample values for the types of a document.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// A normalized document.
pub(super) struct WriteBackSampler {
    pub(super) value: Value,
}

impl WriteBackSampler {
    pub(super) fn new(value: Value) -> Self {
        Self { value }
    }

    fn component(&self, name: &str) -> &Value {
        &self.value["components"]["schemas"][name]
    }

    /// Whether the component is an object with properties, or a union of such objects.
    pub(super) fn is_object(&self, name: &str) -> bool {
        let schema = self.component(name);
        schema["properties"].is_object() || schema["x-union"].is_object()
    }

    /// The component itself, or the variants of a union.
    fn variants(&self, name: &str) -> Vec<String> {
        match self.component(name)["x-union"]["variants"].as_array() {
            Some(variants) => variants
                .iter()
                .map(|variant| last(variant["ref"].as_str().unwrap()))
                .collect(),
            None => vec![name.to_owned()],
        }
    }

    /// The properties of a component, or of all variants of a union.
    pub(super) fn properties(&self, name: &str) -> BTreeSet<String> {
        let variants = self.variants(name).into_iter();
        variants
            .flat_map(|name| {
                self.component(&name)["properties"]
                    .as_object()
                    .unwrap()
                    .keys()
                    .cloned()
            })
            .collect()
    }

    /// Objects of a type: one without optional fields, and one for each optional field, set to a value and, if allowed,
    /// to null.
    pub(super) fn samples(&self, name: &str) -> Vec<Value> {
        let mut samples = Vec::new();
        for name in self.variants(name) {
            let schema = self.component(&name);
            let least = self.object(schema, &|_| false, &BTreeSet::new());
            samples.push(least.clone());
            for (property, schema) in schema["properties"].as_object().unwrap() {
                let mut with = least.clone();
                with[property] = self.value(schema, &BTreeSet::new());
                samples.push(with.clone());
                if is_nullable(schema) {
                    with[property] = Value::Null;
                    samples.push(with);
                }
            }
        }
        samples
    }

    /// An object with every property, including nested ones; every second nullable property is null. Objects in `open`
    /// have an unknown field.
    pub(super) fn complete(&self, name: &str, open: &BTreeSet<String>) -> Value {
        self.complete_variants(name, open).remove(0)
    }

    /// An object of every variant.
    pub(super) fn complete_variants(&self, name: &str, open: &BTreeSet<String>) -> Vec<Value> {
        let variants = self.variants(name).into_iter();
        variants.map(|name| self.named(&name, open)).collect()
    }

    fn named(&self, name: &str, open: &BTreeSet<String>) -> Value {
        let name = &self.variants(name)[0];
        let mut value = self.object(self.component(name), &|_| true, open);
        if open.contains(name) {
            value["unknown_to_the_document"] = json!({"a": [null, 1.5, "b"], "c": null});
        }
        value
    }

    fn object(&self, schema: &Value, has: &dyn Fn(&str) -> bool, open: &BTreeSet<String>) -> Value {
        let mut object = Map::new();
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        for (number, (name, property)) in
            schema["properties"].as_object().unwrap().iter().enumerate()
        {
            let is_required = required.contains(&json!(name));
            if !is_required && !has(name) {
                continue;
            }
            let value = match is_nullable(property) && number % 2 == 0 && !is_required {
                true => Value::Null,
                false => self.value(property, open),
            };
            object.insert(name.clone(), value);
        }
        if let Some(tag) = schema.get("x-tag") {
            object.insert(
                tag["property"].as_str().unwrap().to_owned(),
                tag["value"].clone(),
            );
        }
        object.into()
    }

    /// A value of a schema.
    fn value(&self, schema: &Value, open: &BTreeSet<String>) -> Value {
        if let Some(rust_type) = schema.get("x-rust-type") {
            let parameter = |number: usize| self.value(&rust_type["parameters"][number], open);
            return match last(&rust_type["path"].as_str().unwrap().replace("::", "/")).as_str() {
                "Vec" => json!([parameter(0)]),
                "BTreeMap" | "Map" => json!({"key": parameter(1)}),
                "SecretString" => json!("s3cr3t"),
                _ => parameter(0),
            };
        }
        if let Some(reference) = schema["$ref"].as_str() {
            let name = last(reference);
            return match self.is_object(&name) {
                true => self.named(&name, open),
                false => self.value(self.component(&name), open),
            };
        }
        let alternatives = [&schema["allOf"], &schema["oneOf"]];
        let mut alternatives = alternatives
            .into_iter()
            .filter_map(Value::as_array)
            .flatten();
        if let Some(alternative) = alternatives.find(|schema| schema["type"] != "null") {
            return self.value(alternative, open);
        }
        if let Some(first) = schema["enum"].get(0) {
            return first.clone();
        }
        let kind = &schema["type"];
        match kind.as_str().or(kind[0].as_str()) {
            Some("string") => match schema["format"].as_str() {
                Some("uuid") => json!("4b4ea5a8-5b8e-4d0c-9d8d-0d2b6a2a6f5e"),
                Some("date-time") => json!("2026-01-08T10:00:00Z"),
                Some("date") => json!("2026-01-08"),
                _ => json!("text"),
            },
            Some("integer") => json!(7),
            Some("number") => json!(1.5),
            Some("boolean") => json!(true),
            Some("array") => json!([self.value(&schema["items"], open)]),
            Some("object") if schema["properties"].is_object() => {
                self.object(schema, &|_| true, open)
            }
            Some("object") => json!({"key": self.value(&schema["additionalProperties"], open)}),
            _ => json!({"anything": [1, null]}),
        }
    }
}

/// Whether a null of the property is distinguished from its absence.
fn is_nullable(property: &Value) -> bool {
    property["x-rust-type"]["path"] == "auth0_core::Nullable"
}

fn last(path: &str) -> String {
    path.rsplit('/').next().unwrap().to_owned()
}
