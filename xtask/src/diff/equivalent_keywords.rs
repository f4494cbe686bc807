//! Reads keywords with several equivalent forms: types, values, alternatives and bounds.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::fact_comparison::element;
use super::schema_view::{Bound, Keyword, Nulls, SchemaView, tighter};
use super::side::Side;
use crate::spec::walk::join;

impl<'a> SchemaView<'a> {
    pub(super) fn add_types(
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
            nulls.excluded = true;
        }
        self.nullable_at.push(at.clone());
        self.types_at.push(at);
        let types: BTreeSet<&str> = types.into_iter().filter(|kind| *kind != "null").collect();
        self.types = Some(match self.types.take() {
            Some(known) => meet(&known, &types),
            None => types,
        });
    }

    /// Reads `enum` and `const`; the latter is an enum of one value.
    pub(super) fn add_values(
        &mut self,
        members: &'a Map<String, Value>,
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
                nulls.excluded = true;
            }
            let at = join(pointer, key);
            if values.iter().any(|value| value.is_null()) {
                self.nullable_at.push(element(&at, &Value::Null));
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

    /// Reads `oneOf` or `anyOf`. Alternatives that only add null, that are constants of an enum, or that only add conditions
    /// are not variants of a union.
    pub(super) fn add_variants(
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
            nulls.explicit = true;
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

    /// Reads bounds. Exclusive ones are numbers in OpenAPI 3.1 and flags in 3.0.
    pub(super) fn add_bounds(&mut self, members: &'a Map<String, Value>, pointer: &str) {
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
}

/// The intersection of two sets of types; an integer is a number.
fn meet<'a>(a: &BTreeSet<&'a str>, b: &BTreeSet<&'a str>) -> BTreeSet<&'a str> {
    let takes = |set: &BTreeSet<&str>, kind: &str| {
        set.contains(kind) || kind == "integer" && set.contains("number")
    };
    let mut met: BTreeSet<&str> = a.iter().filter(|kind| takes(b, kind)).copied().collect();
    met.extend(b.iter().filter(|kind| takes(a, kind)));
    met
}
