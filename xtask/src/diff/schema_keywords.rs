//! Compares the keywords of one value: allowed values, format, default, conditions between fields, and unknown keywords.

use std::collections::BTreeSet;

use serde_json::Value;

use super::change::{ChangePlaces, Finding};
use super::fact_comparison::element;
use super::schema_view::{CONSTRAINTS, Keyword, is_compared};
use super::schemas::SchemaComparison;
use super::{display, rename};

impl<'a> SchemaComparison<'a, '_> {
    pub(super) fn values(&mut self) {
        let text = self.before.is_string_enum() || self.after.is_string_enum();
        let (old, new) = match (&self.before.values, &self.after.values) {
            (None, None) => return,
            (Some(old), Some(new)) => (old.clone(), new.clone()),
            (old, new) => {
                let rule = match (text, new) {
                    (true, Some(_)) => "enum-closed",
                    (true, None) => "enum-opened",
                    (false, Some(_)) => "value-disallowed",
                    (false, None) => "value-allowed",
                };
                let list = |values: &Option<Vec<&Value>>| match values {
                    Some(values) => display::values(values),
                    None => "any".to_owned(),
                };
                let found = Finding::new(rule, self.here()).was(list(old)).is(list(new));
                let places =
                    ChangePlaces::new(self.before.values_at.clone(), self.after.values_at.clone());
                self.push(found, places);
                return;
            }
        };
        let gone: Vec<&Value> = old
            .iter()
            .filter(|value| !new.contains(value))
            .copied()
            .collect();
        let come: Vec<&Value> = new
            .iter()
            .filter(|value| !old.contains(value))
            .copied()
            .collect();
        let guesses = rename::values(&gone, &come);
        let (added, removed) = if text {
            ("enum-value-added", "enum-value-removed")
        } else {
            ("value-allowed", "value-disallowed")
        };
        let places = |ats: &[String], value: &Value| -> Vec<String> {
            // Only the elements of `enum` have places; a constant or a list of constant alternatives is one place.
            ats.iter()
                .map(|at| {
                    if at.ends_with("/enum") {
                        element(at, value)
                    } else {
                        at.clone()
                    }
                })
                .collect()
        };
        for value in gone {
            let mut found = Finding::new(removed, self.here()).was(display::value(value));
            found.guess = rename::to(&guesses, value);
            let at = places(&self.before.values_at, value);
            self.push(found, ChangePlaces::new(at, None::<String>));
        }
        for value in come {
            let mut found = Finding::new(added, self.here()).is(display::value(value));
            found.guess = rename::from(&guesses, value);
            let at = places(&self.after.values_at, value);
            self.push(found, ChangePlaces::new(None::<String>, at));
        }
    }

    pub(super) fn format(&mut self) {
        let (old, new) = (self.before.keyword("format"), self.after.keyword("format"));
        let text =
            |keyword: Option<&Keyword<'a>>| keyword.and_then(|keyword| keyword.value.as_str());
        let (was, is) = (text(old), text(new));
        if was == is {
            return;
        }
        let types = self.after.types().unwrap_or_default();
        let rust = |format: Option<&'a str>| -> Vec<&str> {
            let types = types.iter();
            types.map(|kind| rust_type(kind, format)).collect()
        };
        let rule = if rust(was) != rust(is) && !self.after.is_string_enum() {
            "format-changed"
        } else {
            "format-noted"
        };
        self.keyword(rule, old.cloned(), new.cloned());
    }

    /// Records the change of a single keyword.
    pub(super) fn keyword(
        &mut self,
        rule: &'static str,
        old: Option<Keyword<'a>>,
        new: Option<Keyword<'a>>,
    ) {
        let shown = match (&old, &new) {
            (_, Some(new)) => new.at.clone(),
            (Some(old), None) => self.shown_old(&old.at, 1),
            (None, None) => return,
        };
        let mut found = Finding::new(rule, shown);
        found.was = old.as_ref().map(|keyword| display::value(keyword.value));
        found.is = new.as_ref().map(|keyword| display::value(keyword.value));
        let places =
            ChangePlaces::new(old.map(|keyword| keyword.at), new.map(|keyword| keyword.at));
        self.push(found, places);
    }

    pub(super) fn plain(&mut self, key: &str, rule: &'static str) {
        let (old, new) = (self.before.keyword(key), self.after.keyword(key));
        let value = |keyword: Option<&Keyword<'a>>| {
            let value = keyword.map(|keyword| keyword.value.clone());
            value.filter(|value| *value != Value::Bool(false) || key == "default")
        };
        if value(old) != value(new) {
            self.keyword(rule, old.cloned(), new.cloned());
        }
    }

    pub(super) fn conditions(&mut self) {
        let keys: BTreeSet<&String> = self
            .before
            .conditions
            .keys()
            .chain(self.after.conditions.keys())
            .collect();
        for key in keys {
            let (old, new) = (
                self.before.conditions.get(key),
                self.after.conditions.get(key),
            );
            if old.map(|keyword| keyword.value) != new.map(|keyword| keyword.value) {
                self.keyword("condition-changed", old.cloned(), new.cloned());
            }
        }
    }

    /// Compares the keywords without a rule.
    pub(super) fn others(&mut self) {
        let keys: BTreeSet<&str> = self
            .before
            .plain
            .keys()
            .chain(self.after.plain.keys())
            .copied()
            .collect();
        for key in keys {
            if key == "format" || CONSTRAINTS.contains(&key) || is_compared(key) {
                continue;
            }
            let (old, new) = (self.before.keyword(key), self.after.keyword(key));
            if old.map(|keyword| keyword.value) != new.map(|keyword| keyword.value) {
                self.keyword("other-fact", old.cloned(), new.cloned());
            }
        }
    }
}

/// The format that determines the Rust type.
fn rust_type<'f>(kind: &str, format: Option<&'f str>) -> &'f str {
    let plain = match kind {
        "integer" => "int64",
        "number" => "double",
        _ => "",
    };
    let known: &[&str] = match kind {
        "string" => &["uuid", "date", "date-time", "binary"],
        "integer" => &[
            "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64",
        ],
        "number" => &["float", "double"],
        _ => &[],
    };
    format
        .filter(|format| known.contains(format))
        .unwrap_or(plain)
}
