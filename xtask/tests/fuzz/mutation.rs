//! Mutations of documents. The mutations are read from bytes, so a fuzzer can control them and the same bytes give the same document.

use serde_json::{Map, Value, json};

/// A sequence of choices that is read from bytes.
pub(crate) struct Choices<'b> {
    bytes: &'b [u8],
}

impl<'b> Choices<'b> {
    /// Reads choices from `bytes`.
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes }
    }

    /// The next number below `limit`; zero at the end of the bytes.
    fn below(&mut self, limit: usize) -> usize {
        let (used, rest) = self.bytes.split_at(self.bytes.len().min(2));
        self.bytes = rest;
        let number = used
            .iter()
            .fold(0, |number, byte| number << 8 | usize::from(*byte));
        // Two bytes are enough to reach any value of these documents.
        (number * limit) >> 16
    }

    fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// One of `all`; `None` if it is empty.
    fn pick<T: Clone>(&mut self, all: &[T]) -> Option<T> {
        (!all.is_empty()).then(|| all[self.below(all.len())].clone())
    }
}

/// A copy of one of the documents, mutated until the choices end.
pub(crate) fn mutated(documents: &[Value], choices: &mut Choices<'_>) -> Value {
    let mut document = choices.pick(documents).unwrap_or_default();
    while !choices.is_empty() {
        mutate(&mut document, choices);
        // Repeated copies grow exponentially. Larger documents find no further bugs.
        if count(&document) > 20_000 {
            break;
        }
    }
    document
}

const KEYWORDS: [&str; 58] = [
    "$ref",
    "$defs",
    "$id",
    "additionalProperties",
    "allOf",
    "anyOf",
    "application/json",
    "array",
    "boolean",
    "body",
    "const",
    "content",
    "contains",
    "default",
    "dependentRequired",
    "deprecated",
    "discriminator",
    "else",
    "enum",
    "exclusiveMinimum",
    "explode",
    "fn",
    "format",
    "get",
    "if",
    "in",
    "items",
    "mapping",
    "maximum",
    "minItems",
    "name",
    "not",
    "null",
    "nullable",
    "object",
    "oneOf",
    "operationId",
    "parameters",
    "path",
    "pattern",
    "prefixItems",
    "properties",
    "readOnly",
    "required",
    "responses",
    "schema",
    "security",
    "self",
    "string",
    "style",
    "tags",
    "then",
    "type",
    "writeOnly",
    "x-operation-group",
    "x-paging",
    "x-union",
    "x-rust-type",
];

const TEXTS: [&str; 24] = [
    "",
    " ",
    "a b",
    "a-b",
    "a_b",
    "A",
    "+1",
    "-1",
    "..",
    "/",
    "~0~1",
    "%2F%",
    "{",
    "{id}",
    "}{",
    "'",
    "\"",
    "\\",
    "\u{0}",
    "größe",
    "日本",
    "#/components/schemas",
    "#/components/schemas/Missing",
    "(?<!x)[",
];

/// Unusual values.
fn unusual_values() -> Vec<Value> {
    vec![
        Value::Null,
        json!(true),
        json!(false),
        json!(0),
        json!(-1),
        json!(1.5e300),
        json!(u64::MAX),
        json!(i64::MIN),
        json!([]),
        json!({}),
        json!([null]),
        json!(["a", 1, null, true, {}]),
        json!({"type": "null"}),
        json!({"type": ["string", "integer", "null"]}),
        json!({"type": "object", "properties": {"type": {"type": "string"}, "type_": {}}}),
        json!({"type": "object", "additionalProperties": {"type": "array", "items": {"oneOf": []}}}),
        json!({"oneOf": [{"type": "string"}, {"type": "object", "required": ["a"], "properties": {"a": {"const": 1}}}]}),
        json!({"allOf": [{"type": "string"}, {"type": "integer"}]}),
        json!({"enum": ["", "a b", "a-b", "fn", null, 1]}),
        json!({"not": {}}),
        json!({"$ref": "#/components/schemas/Missing"}),
        json!({"$ref": "#"}),
    ]
}

/// Applies one mutation.
fn mutate(document: &mut Value, choices: &mut Choices<'_>) {
    let all = count(document);
    let at = choices.below(all);
    match choices.below(9) {
        0 => remove(document, at, choices),
        1 => {
            let value = choices.pick(&unusual_values()).unwrap_or_default();
            replace(document, at, value);
        }
        2 | 3 => {
            let value = nth(document, choices.below(all)).cloned();
            replace(document, at, value.unwrap_or_default());
        }
        4 => duplicate(document, at, choices),
        5 => rename(document, at, choices),
        6 => {
            let scalar = match choices.below(3) {
                0 => choices.pick(&KEYWORDS).unwrap_or_default().into(),
                1 => choices.pick(&TEXTS).unwrap_or_default().into(),
                _ => json!(choices.below(1 << 16)),
            };
            replace(document, at, scalar);
        }
        7 => wrap(document, at, choices),
        _ => replace_by_reference(document, at, choices),
    }
}

/// The number of values, including the document itself.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Object(members) => members.values().map(count).sum(),
        Value::Array(items) => items.iter().map(count).sum::<usize>(),
        _ => 0,
    }
}

/// The value at an index, counted depth-first.
fn nth(value: &Value, mut at: usize) -> Option<&Value> {
    if at == 0 {
        return Some(value);
    }
    at -= 1;
    let children: Vec<&Value> = match value {
        Value::Object(members) => members.values().collect(),
        Value::Array(items) => items.iter().collect(),
        _ => return None,
    };
    for child in children {
        let below = count(child);
        if at < below {
            return nth(child, at);
        }
        at -= below;
    }
    None
}

fn nth_mut(value: &mut Value, mut at: usize) -> Option<&mut Value> {
    if at == 0 {
        return Some(value);
    }
    at -= 1;
    let children: Vec<&mut Value> = match value {
        Value::Object(members) => members.values_mut().collect(),
        Value::Array(items) => items.iter_mut().collect(),
        _ => return None,
    };
    for child in children {
        let below = count(child);
        if at < below {
            return nth_mut(child, at);
        }
        at -= below;
    }
    None
}

/// Replaces the value at an index.
fn replace(document: &mut Value, at: usize, value: Value) {
    if let Some(place) = nth_mut(document, at) {
        *place = value;
    }
}

fn remove(document: &mut Value, at: usize, choices: &mut Choices<'_>) {
    match nth_mut(document, at) {
        Some(Value::Object(members)) => {
            let keys: Vec<String> = members.keys().cloned().collect();
            if let Some(member_name) = choices.pick(&keys) {
                members.remove(&member_name);
            }
        }
        Some(Value::Array(items)) if !items.is_empty() => {
            items.remove(choices.below(items.len()));
        }
        _ => {}
    }
}

fn duplicate(document: &mut Value, at: usize, choices: &mut Choices<'_>) {
    match nth_mut(document, at) {
        Some(Value::Object(members)) => {
            let values: Vec<Value> = members.values().cloned().collect();
            if let Some(value) = choices.pick(&values) {
                members.insert(member_name(members, choices), value);
            }
        }
        Some(Value::Array(items)) => {
            if let Some(item) = choices.pick(items) {
                items.push(item);
            }
        }
        _ => {}
    }
}

/// A name for a member: a word of the specification, an unusual text, or a variation of an existing name.
fn member_name(members: &Map<String, Value>, choices: &mut Choices<'_>) -> String {
    let keys: Vec<String> = members.keys().cloned().collect();
    match choices.below(4) {
        0 => choices.pick(&KEYWORDS).unwrap_or_default().to_owned(),
        1 => choices.pick(&TEXTS).unwrap_or_default().to_owned(),
        2 => choices.pick(&keys).unwrap_or_default().to_uppercase(),
        _ => format!("{}_", choices.pick(&keys).unwrap_or_default()),
    }
}

fn rename(document: &mut Value, at: usize, choices: &mut Choices<'_>) {
    if let Some(Value::Object(members)) = nth_mut(document, at) {
        let keys: Vec<String> = members.keys().cloned().collect();
        let new = member_name(members, choices);
        if let Some(value) = choices.pick(&keys).and_then(|old| members.remove(&old)) {
            members.insert(new, value);
        }
    }
}

/// Moves a value into a composition, an array or an object.
fn wrap(document: &mut Value, at: usize, choices: &mut Choices<'_>) {
    let Some(place) = nth_mut(document, at) else {
        return;
    };
    let value = place.take();
    *place = match choices.below(8) {
        0 => json!({"allOf": [value]}),
        1 => json!({"oneOf": [value, {"type": "string"}]}),
        2 => json!({"anyOf": [value.clone(), value]}),
        3 => json!({"type": "array", "items": value}),
        4 => json!({"type": "object", "properties": {"x": value.clone(), "X": value}}),
        5 => json!({"type": "object", "additionalProperties": value}),
        6 => json!({"not": value}),
        _ => json!([value]),
    };
}

/// Replaces a value by a reference to a component or into one.
fn replace_by_reference(document: &mut Value, at: usize, choices: &mut Choices<'_>) {
    let mut targets = Vec::new();
    for (kind, components) in document["components"].as_object().into_iter().flatten() {
        for name in components.as_object().into_iter().flat_map(Map::keys) {
            targets.push(format!("#/components/{kind}/{name}"));
            targets.push(format!("#/components/{kind}/{name}/properties/x"));
        }
    }
    if let Some(target) = choices.pick(&targets) {
        replace(document, at, json!({"$ref": target}));
    }
}
