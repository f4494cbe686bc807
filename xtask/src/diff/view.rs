//! A schema as it is compared: references followed, `allOf` merged, and the two ways of 3.0 and 3.1 to write one thing
//! made one.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::side::{Side, component};
use crate::walk::join;

/// A schema, as the pointers of its parts: of one, or of all those that give a property in an `allOf`.
pub(super) type Node = Vec<String>;

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
pub(super) struct View<'a> {
    /// Every schema that was merged into this one.
    pub(super) parts: Vec<String>,
    /// The types without null; none where any will do.
    types: Option<BTreeSet<&'a str>>,
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
    pub(super) properties: BTreeMap<&'a str, Node>,
    /// The required properties, and where each is said to be.
    pub(super) required: BTreeMap<&'a str, Vec<String>>,
    pub(super) items: Option<Node>,
    /// Where other properties are refused.
    pub(super) closed: Option<String>,
    /// The schema of other properties.
    pub(super) additional: Option<Node>,
    /// The schemas that the crate takes any value for, by their pointers within this one: places of tuples, and the fields
    /// whose names follow a pattern.
    pub(super) unread: BTreeMap<String, Node>,
    /// The alternatives.
    pub(super) variants: Vec<Node>,
    /// Where the lists of alternatives stand.
    pub(super) variants_at: Vec<String>,
    /// Rules between fields, by their pointers within the schema.
    pub(super) conditions: BTreeMap<String, Keyword<'a>>,
}

/// Reads a schema.
pub(super) fn view<'a>(side: Side<'a>, node: &[String]) -> View<'a> {
    let mut view = View::default();
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
struct Nulls {
    /// A part admits it by its type or its values.
    admitted: bool,
    /// A part has a type or values without it.
    refused: bool,
    /// `nullable: true` beside a reference or an `allOf`, which is meant for the whole.
    said: bool,
}

impl<'a> View<'a> {
    fn add(
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
                            let key = super::facts::element(&at, item);
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

    fn add_types(
        &mut self,
        value: Option<&'a Value>,
        pointer: &str,
        nullable: bool,
        nulls: &mut Nulls,
    ) {
        let types: Vec<&str> = match value {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            _ => return,
        };
        let at = join(pointer, "type");
        if types.contains(&"null") || nullable {
            nulls.admitted = true;
        } else {
            nulls.refused = true;
        }
        self.nullable_at.push(at.clone());
        self.types_at.push(at);
        let types: BTreeSet<&str> = types.into_iter().filter(|kind| *kind != "null").collect();
        self.types = Some(match self.types.take() {
            Some(known) => meet(&known, &types),
            None => types,
        });
    }

    /// An `enum`, or a `const`, which is one of one value.
    fn add_values(
        &mut self,
        members: &'a serde_json::Map<String, Value>,
        pointer: &str,
        nullable: bool,
        nulls: &mut Nulls,
    ) {
        for key in ["enum", "const"] {
            let values: Vec<&Value> = match (key, members.get(key)) {
                ("enum", Some(Value::Array(values))) => values.iter().collect(),
                ("const", Some(value)) => vec![value],
                _ => continue,
            };
            if values.iter().any(|value| value.is_null()) || nullable {
                nulls.admitted = true;
            } else {
                nulls.refused = true;
            }
            let at = join(pointer, key);
            if values.iter().any(|value| value.is_null()) {
                self.nullable_at
                    .push(super::facts::element(&at, &Value::Null));
            }
            self.keep_values(values, at);
        }
    }

    fn keep_values(&mut self, values: Vec<&'a Value>, at: String) {
        let values = values.into_iter().filter(|value| !value.is_null());
        self.values = Some(match self.values.take() {
            Some(known) => values.filter(|value| known.contains(value)).collect(),
            None => values.collect(),
        });
        self.values_at.push(at);
    }

    /// The alternatives: those that only add null, that are the values of an enumeration, or that only restrict, are no
    /// variants of a union.
    fn add_variants(
        &mut self,
        side: Side<'a>,
        at: &str,
        nulls: &mut Nulls,
        seen: &mut BTreeSet<String>,
    ) {
        let is_null = |pointer: &String| {
            let value = side.get(pointer);
            value["type"] == "null" || value.get("const").is_some_and(Value::is_null)
        };
        let all = side.items(at);
        let (null, others): (Vec<String>, Vec<String>) = all.into_iter().partition(is_null);
        if !null.is_empty() {
            nulls.said = true;
            self.nullable_at.extend(null);
        }
        let restricts = |pointer: &String| {
            side.get(pointer).as_object().is_some_and(|members| {
                !members.is_empty()
                    && members.keys().all(|key| {
                        ["required", "not", "title", "minProperties"].contains(&key.as_str())
                    })
            })
        };
        let constant = |pointer: &String| {
            let value = side.get(pointer);
            let one = match (
                value.get("const"),
                value["enum"].as_array().map(Vec::as_slice),
            ) {
                (Some(one), _) => Some(one),
                (None, Some([one])) => Some(one),
                _ => None,
            };
            one.filter(|one| one.is_string() && value.get("properties").is_none())
        };
        if !others.is_empty() && others.iter().all(restricts) {
            let value = side.get(at);
            let key = at.rsplit('/').next().unwrap_or_default();
            let at = at.to_owned();
            self.conditions
                .entry(key.to_owned())
                .or_insert(Keyword { value, at });
        } else if !others.is_empty() && others.iter().all(|other| constant(other).is_some()) {
            self.keep_values(others.iter().filter_map(constant).collect(), at.to_owned());
        } else if let [only] = others.as_slice() {
            self.add(side, only, nulls, seen);
        } else if !others.is_empty() {
            self.variants
                .extend(others.into_iter().map(|other| vec![other]));
            self.variants_at.push(at.to_owned());
        }
    }

    /// Bounds, inclusive and exclusive, the latter as numbers (3.1) or as flags (3.0).
    fn add_bounds(&mut self, members: &'a serde_json::Map<String, Value>, pointer: &str) {
        for (plain, exclusive, lower) in [
            ("minimum", "exclusiveMinimum", true),
            ("maximum", "exclusiveMaximum", false),
        ] {
            let flag = members.get(exclusive) == Some(&Value::Bool(true));
            let mut found = Vec::new();
            if let Some(limit) = members.get(plain).and_then(Value::as_f64) {
                let mut at = vec![join(pointer, plain)];
                if flag {
                    at.push(join(pointer, exclusive));
                }
                found.push(Bound {
                    limit,
                    exclusive: flag,
                    at,
                });
            }
            if let Some(limit) = members.get(exclusive).and_then(Value::as_f64) {
                found.push(Bound {
                    limit,
                    exclusive: true,
                    at: vec![join(pointer, exclusive)],
                });
            }
            let kept = if lower {
                &mut self.lower
            } else {
                &mut self.upper
            };
            for bound in found {
                if kept
                    .as_ref()
                    .is_none_or(|known| tighter(&bound, known, lower))
                {
                    *kept = Some(bound);
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

/// The types that both sets take; a whole number is a number.
fn meet<'a>(a: &BTreeSet<&'a str>, b: &BTreeSet<&'a str>) -> BTreeSet<&'a str> {
    let takes = |set: &BTreeSet<&str>, kind: &str| {
        set.contains(kind) || kind == "integer" && set.contains("number")
    };
    let mut met: BTreeSet<&str> = a.iter().filter(|kind| takes(b, kind)).copied().collect();
    met.extend(b.iter().filter(|kind| takes(a, kind)));
    met
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

/// The node with references that stand alone followed, so that a schema that is used twice is one node.
pub(super) fn resolved(side: Side<'_>, node: &[String]) -> Node {
    let mut node: Node = node.iter().map(|part| side.resolve(part, false)).collect();
    node.sort();
    node.dedup();
    node
}

/// The name of the component schema that a schema is, itself or but for null.
pub(super) fn named(side: Side<'_>, node: &[String]) -> Option<String> {
    let home = home(side, node);
    match component(&home) {
        Some(("schemas", name, "")) => Some(super::side::unescape(name)),
        _ => None,
    }
}

/// Where the main part of a schema stands: behind its references, and behind what only adds null or an annotation.
pub(super) fn home(side: Side<'_>, node: &[String]) -> String {
    let mut pointer = node.first().cloned().unwrap_or_default();
    let mut seen = BTreeSet::new();
    while seen.insert(pointer.clone()) {
        let value = side.get(&pointer);
        if let Some(target) = side.target(value) {
            pointer = target;
            continue;
        }
        let plain = ["type", "properties", "enum", "items"]
            .iter()
            .all(|key| value.get(key).is_none());
        let Some(key) = ["allOf", "oneOf", "anyOf"]
            .into_iter()
            .find(|key| plain && value.get(key).is_some())
        else {
            break;
        };
        let others: Vec<String> = side
            .items(&join(&pointer, key))
            .into_iter()
            .filter(|item| side.get(item)["type"] != "null")
            .collect();
        match others.as_slice() {
            [only] if side.target(side.get(only)).is_some() => pointer.clone_from(only),
            _ => break,
        }
    }
    pointer
}
