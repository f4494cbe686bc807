//! Values that conform to a schema: the responses of operations without a handler, and properties that a handler does not know.
//!
//! Values are deterministic: they depend on the place of the schema, on the clock of the sandbox and on the request only.

use std::hash::{DefaultHasher, Hash, Hasher};

use chrono::{DateTime, SecondsFormat, Utc};
use rand::SeedableRng as _;
use rand::distr::Distribution as _;
use rand::rngs::SmallRng;
use serde_json::{Map, Value, json};

use super::parser::resolve;

/// Nested objects below this depth have their required properties only, and lists are empty.
const MAX_DEPTH: usize = 6;

/// Generates values from the schemas of a document.
pub(crate) struct Examples<'a> {
    pub(super) document: &'a Value,
    pub(super) now: DateTime<Utc>,
    /// Values by property name that a response repeats: path parameters and the fields of the request body.
    pub(super) known: Map<String, Value>,
}

impl Examples<'_> {
    /// A value for the schema at `pointer`, with all its properties.
    pub(super) fn value(&self, pointer: &str) -> Value {
        self.generate(pointer, 0)
    }

    /// Adds the required properties that `value` lacks, at any depth.
    pub(super) fn complete(&self, pointer: &str, value: &mut Value) {
        let Some((pointer, schema)) = resolve(self.document, pointer) else {
            return;
        };
        for (index, _) in parts(schema, "allOf") {
            self.complete(&format!("{pointer}/allOf/{index}"), value);
        }
        for union in ["oneOf", "anyOf"] {
            if let Some(index) = self.variant(&pointer, schema, union, value) {
                self.complete(&format!("{pointer}/{union}/{index}"), value);
            }
        }
        match value {
            Value::Object(members) => {
                for name in names(&schema["required"]) {
                    if !members.contains_key(name) && schema["properties"][name].is_object() {
                        let property = format!("{pointer}/properties/{}", escape(name));
                        members.insert(name.to_owned(), self.property(name, &property, 1));
                    }
                }
                for (name, member) in members {
                    if schema["properties"][name].is_object() {
                        self.complete(&format!("{pointer}/properties/{}", escape(name)), member);
                    }
                }
            }
            Value::Array(items) if schema["items"].is_object() => {
                for item in items {
                    self.complete(&format!("{pointer}/items"), item);
                }
            }
            _ => {}
        }
    }

    /// The variant of a union for which `value` lacks the fewest required properties. Variants that it contradicts are left out.
    fn variant(&self, pointer: &str, schema: &Value, union: &str, value: &Value) -> Option<usize> {
        let value = value.as_object()?;
        let score = |index: usize| {
            let (_, variant) = resolve(self.document, &format!("{pointer}/{union}/{index}"))?;
            let properties = variant["properties"].as_object()?;
            let contradicted = properties.iter().any(|(name, property)| {
                let values = property["enum"].as_array();
                let is_only = |found: &Value| match values {
                    Some(values) => values.contains(found),
                    None => property["const"].is_null() || property["const"] == *found,
                };
                value.get(name).is_some_and(|found| !is_only(found))
            });
            let lacking = names(&variant["required"]).filter(|name| !value.contains_key(*name));
            let unknown = value.keys().filter(|name| !properties.contains_key(*name));
            (!contradicted).then_some((lacking.count(), unknown.count()))
        };
        let variants = parts(schema, union).filter_map(|(index, _)| Some((score(index)?, index)));
        variants.min().map(|(_, index)| index)
    }

    fn generate(&self, pointer: &str, depth: usize) -> Value {
        let Some((pointer, schema)) = resolve(self.document, pointer) else {
            return Value::Null;
        };
        for key in ["const", "example", "default"] {
            if let Some(value) = schema.get(key) {
                return value.clone();
            }
        }
        if let Some(value) = schema["examples"].get(0) {
            return value.clone();
        }
        if let Some(values) = schema["enum"]
            .as_array()
            .filter(|values| !values.is_empty())
        {
            return values[self.pick(&pointer, values.len())].clone();
        }
        for union in ["oneOf", "anyOf"] {
            let is_null = |variant: &Value| variant["type"] == "null";
            let mut variants = parts(schema, union);
            if let Some((index, _)) = variants.find(|(_, variant)| !is_null(variant)) {
                return self.generate(&format!("{pointer}/{union}/{index}"), depth);
            }
        }
        let kind = schema["type"].as_str().or_else(|| {
            let kinds = schema["type"].as_array().into_iter().flatten();
            kinds.filter_map(Value::as_str).find(|kind| *kind != "null")
        });
        match kind {
            Some("string") => self.string(&pointer, schema).into(),
            Some("integer") => integer(schema).into(),
            Some("number") => json!(integer(schema)),
            Some("boolean") => (self.pick(&pointer, 2) == 1).into(),
            Some("array") => self.list(&pointer, schema, depth),
            Some("null") => Value::Null,
            _ => self.object(&pointer, schema, depth),
        }
    }

    fn object(&self, pointer: &str, schema: &Value, depth: usize) -> Value {
        let mut members = Map::new();
        for (index, _) in parts(schema, "allOf") {
            if let Value::Object(part) = self.generate(&format!("{pointer}/allOf/{index}"), depth) {
                members.extend(part);
            }
        }
        let required: Vec<&str> = names(&schema["required"]).collect();
        for name in schema["properties"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, _)| name)
        {
            // A cursor would lead a client to a next page that is the same again.
            let is_cursor = depth == 0 && name == "next";
            if required.contains(&name.as_str()) || depth < MAX_DEPTH && !is_cursor {
                let property = format!("{pointer}/properties/{}", escape(name));
                members.insert(name.clone(), self.property(name, &property, depth + 1));
            }
        }
        Value::Object(members)
    }

    fn property(&self, name: &str, pointer: &str, depth: usize) -> Value {
        let generated = self.generate(pointer, depth);
        match self.known.get(name) {
            // Only a value of the same kind is the same thing.
            Some(known) if std::mem::discriminant(known) == std::mem::discriminant(&generated) => {
                known.clone()
            }
            _ => generated,
        }
    }

    fn list(&self, pointer: &str, schema: &Value, depth: usize) -> Value {
        let least = schema["minItems"].as_u64().unwrap_or_default();
        let most = schema["maxItems"].as_u64().unwrap_or(u64::MAX);
        let wanted = if depth < MAX_DEPTH { 1 } else { 0 };
        let count = least.max(wanted).min(most);
        (0..count)
            .map(|_| self.generate(&format!("{pointer}/items"), depth + 1))
            .collect()
    }

    fn string(&self, pointer: &str, schema: &Value) -> String {
        let number = self.hash(pointer);
        // Patterns of JavaScript that this crate does not support, such as look-ahead, are ignored.
        if let Some(pattern) = schema["pattern"].as_str()
            // The generator has no anchors: it always generates the whole text.
            && let pattern = pattern.strip_prefix('^').unwrap_or(pattern)
            && let Ok(pattern) = rand_regex::Regex::compile(pattern.strip_suffix('$').unwrap_or(pattern), 16)
        {
            let mut random = SmallRng::seed_from_u64(number);
            return pattern.sample(&mut random);
        }
        let text = match schema["format"].as_str() {
            Some("uuid") => uuid::Builder::from_random_bytes(u128::from(number).to_be_bytes())
                .into_uuid()
                .to_string(),
            Some("date-time") => self.now.to_rfc3339_opts(SecondsFormat::Millis, true),
            Some("date") => self.now.format("%Y-%m-%d").to_string(),
            Some("email") => format!("user-{:04x}@example.com", number & 0xffff),
            Some("hostname") => "host.example.com".to_owned(),
            Some("ipv4") => "192.0.2.1".to_owned(),
            Some("ipv6") => "2001:db8::1".to_owned(),
            Some("html-color") => "#336699".to_owned(),
            Some(format) if format.contains("uri") => "https://example.com/".to_owned(),
            _ => {
                let name = pointer.rsplit('/').next().unwrap_or("value");
                format!("{name}-{:04x}", number & 0xffff)
            }
        };
        let least = usize::try_from(schema["minLength"].as_u64().unwrap_or_default());
        let most = usize::try_from(schema["maxLength"].as_u64().unwrap_or(u64::MAX));
        let mut text: String = text.chars().take(most.unwrap_or(usize::MAX)).collect();
        while text.chars().count() < least.unwrap_or_default() {
            text.push('x');
        }
        text
    }

    fn pick(&self, pointer: &str, count: usize) -> usize {
        usize::try_from(self.hash(pointer)).unwrap_or_default() % count.max(1)
    }

    fn hash(&self, pointer: &str) -> u64 {
        // The hasher has fixed keys.
        let mut hasher = DefaultHasher::new();
        pointer.hash(&mut hasher);
        hasher.finish()
    }
}

fn integer(schema: &Value) -> i64 {
    let bound = |key: &str| schema[key].as_i64();
    let least = bound("minimum").or(bound("exclusiveMinimum").map(|bound| bound + 1));
    let most = bound("maximum").or(bound("exclusiveMaximum").map(|bound| bound - 1));
    let value = least.unwrap_or(1).min(most.unwrap_or(i64::MAX));
    match bound("multipleOf") {
        Some(step) if step > 0 => (value + step - 1).div_euclid(step) * step,
        _ => value,
    }
}

/// The schemas of a composition, with their indices.
fn parts<'v>(schema: &'v Value, key: &str) -> impl Iterator<Item = (usize, &'v Value)> {
    schema[key].as_array().into_iter().flatten().enumerate()
}

fn names(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

fn escape(name: &str) -> String {
    super::escape_token(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examples<'a>(document: &'a Value, known: &Value) -> Examples<'a> {
        Examples {
            document,
            now: DateTime::UNIX_EPOCH,
            known: known.as_object().cloned().unwrap_or_default(),
        }
    }

    #[test]
    fn generated_value_has_all_properties_and_repeats_known_ones() {
        let document = json!({"s": {"type": "object", "required": ["id"], "properties": {
            "id": {"type": "string", "pattern": "^org_[a-z]{4}$"},
            "level": {"type": "integer", "minimum": 3, "multipleOf": 5},
            "kind": {"const": "a"},
            "items": {"type": "array", "items": {"type": "string", "format": "date"}},
            "tenant_id": {"type": "string"},
            "next": {"type": "string"},
        }}});
        let known = json!({"tenant_id": "t1", "level": "no number"});
        let value = examples(&document, &known).value("/s");
        let id = value["id"].as_str().unwrap();
        assert!(id.len() == 8 && id.starts_with("org_"), "{id}");
        assert_eq!(value["level"], 5);
        assert_eq!(value["kind"], "a");
        assert_eq!(value["items"], json!(["1970-01-01"]));
        assert_eq!(value["tenant_id"], "t1");
        assert!(
            value.get("next").is_none(),
            "a cursor leads to an endless listing"
        );
        assert_eq!(value, examples(&document, &known).value("/s"));
    }

    #[test]
    fn missing_required_properties_are_added_in_items_and_in_the_nearest_variant() {
        let document = json!({
            "list": {"type": "object", "properties": {"items": {"type": "array", "items": {"$ref": "#/item"}}}},
            "item": {"oneOf": [
                {"type": "object", "required": ["a", "new"], "properties": {"a": {"type": "string"}, "new": {"type": "boolean"}}},
                {"type": "object", "required": ["b", "new"], "properties": {"b": {"type": "string"}, "new": {"type": "boolean"}}},
            ]},
        });
        let mut value = json!({"items": [{"a": "x"}, {"b": "y"}, {"b": "z", "new": true}]});
        examples(&document, &Value::Null).complete("/list", &mut value);
        let keys = |index: usize| {
            let item = value["items"][index].as_object().unwrap();
            item.keys().cloned().collect::<Vec<_>>()
        };
        assert_eq!(
            [keys(0), keys(1), keys(2)],
            [["a", "new"], ["b", "new"], ["b", "new"]]
        );
        assert_eq!(value["items"][2]["new"], true);
    }
}
