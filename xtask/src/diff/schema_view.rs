//! A schema as it is compared: references followed, `allOf` merged, and the two ways of 3.0 and 3.1 to write one thing
//! made one.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::schema_node::{SchemaNode, named};
use super::side::Side;
use crate::spec::walk::join;

/// A keyword with its value and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Keyword<'a> {
    pub(super) value: &'a Value,
    pub(super) at: String,
}

/// The keywords that constrain values of one type.
pub(super) const CONSTRAINTS: [&str; 9] = [
    "maxItems",
    "maxLength",
    "maxProperties",
    "minItems",
    "minLength",
    "minProperties",
    "multipleOf",
    "pattern",
    "uniqueItems",
];

/// The keywords that relate fields to each other.
const CONDITIONS: [&str; 10] = [
    "not",
    "if",
    "then",
    "else",
    "contains",
    "dependentRequired",
    "dependentSchemas",
    "maxContains",
    "minContains",
    "propertyNames",
];

/// The keywords whose meaning is compared; a difference in one of these that changes nothing is one of form.
const COMPARED: [&str; 24] = [
    "$ref",
    "additionalProperties",
    "allOf",
    "anyOf",
    "const",
    "default",
    "deprecated",
    "discriminator",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "items",
    "maximum",
    "minimum",
    "nullable",
    "oneOf",
    "properties",
    "readOnly",
    "required",
    "title",
    "type",
    "unevaluatedProperties",
    "writeOnly",
];

/// A lower or an upper bound.
#[derive(Debug, Clone)]
pub(super) struct Bound {
    pub(super) limit: f64,
    pub(super) exclusive: bool,
    pub(super) at: Vec<String>,
}

/// A schema, read.
#[derive(Debug, Clone, Default)]
pub(super) struct SchemaView<'a> {
    /// Every schema that was merged into this one.
    pub(super) parts: Vec<String>,
    /// The types without null; none where any will do.
    pub(super) types: Option<BTreeSet<&'a str>>,
    /// Where each `type` stands.
    pub(super) types_at: Vec<String>,
    /// Whether null is a value.
    pub(super) nullable: bool,
    /// What says so, or the reverse.
    pub(super) nullable_at: Vec<String>,
    /// The values of an enumeration, null apart.
    pub(super) values: Option<Vec<&'a Value>>,
    /// Where the enumeration stands.
    pub(super) values_at: Vec<String>,
    /// The keywords that stand for themselves, by name; of several, the first.
    pub(super) plain: BTreeMap<&'a str, Keyword<'a>>,
    pub(super) lower: Option<Bound>,
    pub(super) upper: Option<Bound>,
    pub(super) properties: BTreeMap<&'a str, SchemaNode>,
    /// The required properties, and where each is said to be.
    pub(super) required: BTreeMap<&'a str, Vec<String>>,
    pub(super) items: Option<SchemaNode>,
    /// Where other properties are refused.
    pub(super) closed: Option<String>,
    /// The schema of other properties.
    pub(super) additional: Option<SchemaNode>,
    /// The schemas that the crate takes any value for, by their pointers within this one: places of tuples, and the fields
    /// whose names follow a pattern.
    pub(super) unread: BTreeMap<String, SchemaNode>,
    /// The alternatives.
    pub(super) variants: Vec<SchemaNode>,
    /// Where the lists of alternatives stand.
    pub(super) variants_at: Vec<String>,
    /// Rules between fields, by their pointers within the schema.
    pub(super) conditions: BTreeMap<String, Keyword<'a>>,
}

/// Reads a schema.
pub(super) fn view<'a>(side: Side<'a>, node: &[String]) -> SchemaView<'a> {
    let mut view = SchemaView::default();
    let mut nulls = Nulls::default();
    let mut seen = BTreeSet::new();
    for pointer in node {
        view.add(side, pointer, &mut nulls, &mut seen);
    }
    view.nullable = nulls.said || (nulls.admitted && !nulls.refused);
    view
}

/// What the parts of a schema say about null.
#[derive(Default)]
pub(super) struct Nulls {
    /// A part admits it by its type or its values.
    pub(super) admitted: bool,
    /// A part has a type or values without it.
    pub(super) refused: bool,
    /// `nullable: true` beside a reference or an `allOf`, which is meant for the whole.
    pub(super) said: bool,
}

impl<'a> SchemaView<'a> {
    pub(super) fn add(
        &mut self,
        side: Side<'a>,
        pointer: &str,
        nulls: &mut Nulls,
        seen: &mut BTreeSet<String>,
    ) {
        if !seen.insert(pointer.to_owned()) {
            return;
        }
        self.parts.push(pointer.to_owned());
        let value = side.get(pointer);
        let Some(members) = value.as_object() else {
            if *value == Value::Bool(false) {
                self.types = Some(BTreeSet::new());
                self.types_at.push(pointer.to_owned());
            }
            return;
        };
        if let Some(target) = side.target(value) {
            self.add(side, &target, nulls, seen);
        }
        for part in side.items(&join(pointer, "allOf")) {
            self.add(side, &part, nulls, seen);
        }
        let nullable = members.get("nullable") == Some(&Value::Bool(true));
        let typed = members.contains_key("type") || members.contains_key("enum");
        if nullable {
            self.nullable_at.push(join(pointer, "nullable"));
            nulls.said |= !typed;
        }
        self.add_types(members.get("type"), pointer, nullable, nulls);
        self.add_values(members, pointer, nullable, nulls);
        for key in ["oneOf", "anyOf"] {
            if members.contains_key(key) {
                self.add_variants(side, &join(pointer, key), nulls, seen);
            }
        }
        self.add_bounds(members, pointer);
        for (key, value) in members {
            let at = join(pointer, key);
            match key.as_str() {
                "properties" => {
                    for (name, at) in side.members(&at) {
                        self.properties.entry(name).or_default().push(at);
                    }
                }
                "required" => {
                    for item in value.as_array().into_iter().flatten() {
                        if let Some(name) = item.as_str() {
                            let key = super::fact_comparison::element(&at, item);
                            self.required.entry(name).or_default().push(key);
                        }
                    }
                }
                "patternProperties" => {
                    for (name, at) in side.members(&at) {
                        self.unread.entry(join(key, name)).or_default().push(at);
                    }
                }
                "prefixItems" => {
                    for (index, at) in side.items(&at).into_iter().enumerate() {
                        let step = join(key, &index.to_string());
                        self.unread.entry(step).or_default().push(at);
                    }
                }
                "items" => self.items.get_or_insert_default().push(at),
                "additionalProperties" | "unevaluatedProperties" => match value {
                    Value::Bool(false) => self.closed = Some(at),
                    Value::Bool(true) => {}
                    _ => self.additional.get_or_insert_default().push(at),
                },
                key if CONDITIONS.contains(&key) => {
                    self.conditions
                        .entry(key.to_owned())
                        .or_insert(Keyword { value, at });
                }
                "exclusiveMaximum" | "exclusiveMinimum" | "maximum" | "minimum" | "$ref"
                | "allOf" | "anyOf" | "oneOf" | "type" | "nullable" | "enum" | "const" => {}
                _ => {
                    self.plain
                        .entry(key.as_str())
                        .or_insert(Keyword { value, at });
                }
            }
        }
    }

    /// The types, told by other keywords where none is given; none where any will do.
    pub(super) fn types(&self) -> Option<BTreeSet<&'a str>> {
        if let Some(types) = &self.types {
            return Some(types.clone());
        }
        if let Some(values) = &self.values {
            return Some(values.iter().map(|value| kind(value)).collect());
        }
        let has = |keys: &[&str]| keys.iter().any(|key| self.plain.contains_key(key));
        let told = if !self.properties.is_empty()
            || !self.required.is_empty()
            || self.additional.is_some()
            || self.closed.is_some()
            || has(&["minProperties", "maxProperties", "patternProperties"])
        {
            "object"
        } else if self.items.is_some() || has(&["minItems", "maxItems", "uniqueItems"]) {
            "array"
        } else if has(&["pattern", "minLength", "maxLength"]) {
            "string"
        } else if self.lower.is_some() || self.upper.is_some() || has(&["multipleOf"]) {
            "number"
        } else {
            return None;
        };
        Some(BTreeSet::from([told]))
    }

    /// Whether it is an enumeration of texts, which is a Rust type.
    pub(super) fn is_string_enum(&self) -> bool {
        self.values.as_ref().is_some_and(|values| {
            !values.is_empty() && values.iter().all(|value| value.is_string())
        })
    }

    /// Whether the crate has a type of its own for it.
    pub(super) fn makes_type(&self) -> bool {
        !self.properties.is_empty() || !self.variants.is_empty() || self.is_string_enum()
    }

    /// A keyword that stands for itself.
    pub(super) fn keyword(&self, key: &str) -> Option<&Keyword<'a>> {
        self.plain.get(key)
    }

    /// Whether a keyword is true.
    pub(super) fn is(&self, key: &str) -> bool {
        self.keyword(key)
            .is_some_and(|keyword| *keyword.value == Value::Bool(true))
    }

    /// What it is, for people.
    pub(super) fn shown(&self, side: Side<'a>) -> String {
        let mut text = if self.is_string_enum() {
            "list of values".to_owned()
        } else if !self.variants.is_empty() {
            let names: Vec<String> = self
                .variants
                .iter()
                .map(|variant| match named(side, variant) {
                    Some(name) => name,
                    None => view(side, variant).shown(side),
                })
                .collect();
            format!("one of {}", names.join(", "))
        } else {
            match self.types() {
                None => "any value".to_owned(),
                Some(types) if types.is_empty() => "nothing".to_owned(),
                Some(types) => types.into_iter().collect::<Vec<_>>().join(" or "),
            }
        };
        if self.nullable {
            text.push_str(" or null");
        }
        text
    }
}

/// Whether a keyword of a schema is one whose meaning is compared.
pub(super) fn is_compared(key: &str) -> bool {
    COMPARED.contains(&key) || CONSTRAINTS.contains(&key) || CONDITIONS.contains(&key)
}

/// Whether a bound leaves less than another.
pub(super) fn tighter(a: &Bound, b: &Bound, lower: bool) -> bool {
    if a.limit == b.limit {
        a.exclusive && !b.exclusive
    } else if lower {
        a.limit > b.limit
    } else {
        a.limit < b.limit
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
