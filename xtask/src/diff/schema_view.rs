//! A normalized view of a schema for comparison: references are followed, `allOf` is merged, and equivalent notations of
//! OpenAPI 3.0 and 3.1 are unified.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::schema_node::{SchemaNode, named};
use super::side::Side;
use crate::spec::walk::join;

/// A keyword with its value and pointer.
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

/// The keywords whose meaning is compared. A difference in one of these without a change of meaning is one of form.
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

/// The normalized view of a schema.
#[derive(Debug, Clone, Default)]
pub(super) struct SchemaView<'a> {
    /// Every schema that was merged into this one.
    pub(super) parts: Vec<String>,
    /// The types without null; `None` for any type.
    pub(super) types: Option<BTreeSet<&'a str>>,
    /// The pointer of each `type`.
    pub(super) types_at: Vec<String>,
    /// Whether null is allowed.
    pub(super) nullable: bool,
    /// The pointers of the keywords that determine this.
    pub(super) nullable_at: Vec<String>,
    /// The values of an enum, without null.
    pub(super) values: Option<Vec<&'a Value>>,
    /// The pointers of the enum.
    pub(super) values_at: Vec<String>,
    /// All other keywords by name; the first one of several.
    pub(super) plain: BTreeMap<&'a str, Keyword<'a>>,
    pub(super) lower: Option<Bound>,
    pub(super) upper: Option<Bound>,
    pub(super) properties: BTreeMap<&'a str, SchemaNode>,
    /// The required properties with the places that require them.
    pub(super) required: BTreeMap<&'a str, Vec<String>>,
    pub(super) items: Option<SchemaNode>,
    /// The pointer of the keyword that forbids additional properties.
    pub(super) closed: Option<String>,
    /// The schema of additional properties.
    pub(super) additional: Option<SchemaNode>,
    /// The schemas for which the crate accepts any value, by their pointers within this one: items of tuples, and fields
    /// whose names match a pattern.
    pub(super) unread: BTreeMap<String, SchemaNode>,
    /// The alternatives.
    pub(super) variants: Vec<SchemaNode>,
    /// The pointers of the lists of alternatives.
    pub(super) variants_at: Vec<String>,
    /// Conditions between fields by keyword.
    pub(super) conditions: BTreeMap<String, Keyword<'a>>,
}

/// Creates the view of a schema.
pub(super) fn view<'a>(side: Side<'a>, node: &[String]) -> SchemaView<'a> {
    let mut view = SchemaView::default();
    let mut nulls = Nulls::default();
    let mut seen = BTreeSet::new();
    for pointer in node {
        view.add(side, pointer, &mut nulls, &mut seen);
    }
    view.nullable = nulls.explicit || (nulls.admitted && !nulls.excluded);
    view
}

/// Whether the parts of a schema allow null.
#[derive(Default)]
pub(super) struct Nulls {
    /// A part allows null by its type or its values.
    pub(super) admitted: bool,
    /// A part has a type or values without null.
    pub(super) excluded: bool,
    /// The whole schema allows null: by `nullable: true` without a type, or by a null alternative.
    pub(super) explicit: bool,
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
            nulls.explicit |= !typed;
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

    /// The types, inferred from other keywords if there is no `type`; `None` for any type.
    pub(super) fn types(&self) -> Option<BTreeSet<&'a str>> {
        if let Some(types) = &self.types {
            return Some(types.clone());
        }
        if let Some(values) = &self.values {
            return Some(values.iter().map(|value| kind(value)).collect());
        }
        let has = |keys: &[&str]| keys.iter().any(|key| self.plain.contains_key(key));
        let inferred = if !self.properties.is_empty()
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
        Some(BTreeSet::from([inferred]))
    }

    /// Whether it is an enum of strings, which has a Rust type.
    pub(super) fn is_string_enum(&self) -> bool {
        self.values.as_ref().is_some_and(|values| {
            !values.is_empty() && values.iter().all(|value| value.is_string())
        })
    }

    /// Whether the crate has a named type for it.
    pub(super) fn makes_type(&self) -> bool {
        !self.properties.is_empty() || !self.variants.is_empty() || self.is_string_enum()
    }

    /// Returns one of the other keywords.
    pub(super) fn keyword(&self, key: &str) -> Option<&Keyword<'a>> {
        self.plain.get(key)
    }

    /// Whether a keyword is true.
    pub(super) fn is(&self, key: &str) -> bool {
        self.keyword(key)
            .is_some_and(|keyword| *keyword.value == Value::Bool(true))
    }

    /// Describes the schema for people.
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

/// Whether the meaning of a schema keyword is compared.
pub(super) fn is_compared(key: &str) -> bool {
    COMPARED.contains(&key) || CONSTRAINTS.contains(&key) || CONDITIONS.contains(&key)
}

/// Whether bound `a` is tighter than bound `b`.
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
