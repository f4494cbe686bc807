//! Two schemas compared: what changed in them themselves, and which schemas within them are to be compared next.

use std::collections::BTreeSet;

use serde_json::Value;

use super::change::{Found, Guess, Places};
use super::facts::element;
use super::rename;
use super::rules::Direction;
use super::side::Side;
use super::view::{CONSTRAINTS, Keyword, Node, View, home, named, view};
use super::{bounds, show, variants};
use crate::passes;
use crate::walk::join;

/// Two schemas that stand for each other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Pair {
    pub(super) old: Node,
    pub(super) new: Node,
    /// Whether both stand where nothing may stand too: in a property that is not required.
    pub(super) optional: bool,
}

/// What the comparison of two schemas gives.
#[derive(Debug, Default)]
pub(super) struct Compared {
    /// What changed.
    pub(super) changes: Vec<(Found, Places)>,
    /// The pairs within, each with the one direction from which it is seen, if there is only one.
    pub(super) children: Vec<(Pair, Option<Direction>)>,
    /// Every schema that was read, in the old document and in the new one.
    pub(super) visited: (Vec<String>, Vec<String>),
}

/// Compares two schemas.
pub(super) fn compare(old: Side<'_>, new: Side<'_>, pair: &Pair) -> Compared {
    let (before, after) = (view(old, &pair.old), view(new, &pair.new));
    let comparison = Comparison {
        old,
        new,
        pair,
        new_home: home(new, &pair.new),
        before: &before,
        after: &after,
        out: Compared::default(),
    };
    let mut out = comparison.run();
    out.visited = (before.parts.clone(), after.parts.clone());
    out
}

pub(super) struct Comparison<'a, 'v> {
    pub(super) old: Side<'a>,
    pub(super) new: Side<'a>,
    pub(super) pair: &'v Pair,
    pub(super) new_home: String,
    pub(super) before: &'v View<'a>,
    pub(super) after: &'v View<'a>,
    pub(super) out: Compared,
}

impl<'a> Comparison<'a, '_> {
    fn run(mut self) -> Compared {
        self.name();
        if self.types() {
            return self.out;
        }
        self.null();
        self.values();
        self.format();
        bounds::compare(&mut self);
        for (key, rule) in [
            ("default", "default-changed"),
            ("deprecated", "deprecation-noted"),
            ("title", "title-changed"),
            ("discriminator", "variants-reordered"),
            ("readOnly", "read-only-changed"),
            ("writeOnly", "write-only-changed"),
        ] {
            self.plain(key, rule);
        }
        self.conditions();
        self.others();
        self.properties();
        self.containers();
        self.unread();
        variants::compare(&mut self);
        self.out
    }

    /// Where this place is shown.
    pub(super) fn here(&self) -> String {
        self.pair.new.first().cloned().unwrap_or_default()
    }

    pub(super) fn push(&mut self, found: Found, places: Places) {
        self.out.changes.push((found, places));
    }

    /// Where a keyword of the old schema is shown: where it would be in the new one.
    pub(super) fn shown_old(&self, at: &str, depth: usize) -> String {
        let owner = up(at, depth);
        if self.after.parts.contains(&owner) {
            at.to_owned()
        } else {
            format!("{}{}", self.new_home, &at[owner.len()..])
        }
    }

    fn name(&mut self) {
        let (old, new) = (
            named(self.old, &self.pair.old),
            named(self.new, &self.pair.new),
        );
        if old == new {
            return;
        }
        let title = |view: &View<'_>| {
            let title = view.keyword("title")?.value.as_str()?;
            Some(title.to_owned())
        };
        let made = |name: Option<String>, view: &View<'_>| name.or_else(|| title(view));
        let type_name = |name: &String| crate::generate::type_name(name);
        let same = made(old.clone(), self.before).as_ref().map(type_name)
            == made(new.clone(), self.after).as_ref().map(type_name);
        let rule = if same || !(self.before.makes_type() && self.after.makes_type()) {
            "schema-moved"
        } else {
            "type-renamed"
        };
        let shown = match new {
            Some(_) => self.new_home.clone(),
            None => self.here(),
        };
        let text = |name: Option<String>| name.unwrap_or_else(|| "inline".to_owned());
        let found = Found::new(rule, shown)
            .was(text(old.clone()))
            .is(text(new.clone()));
        let place = |side: Side<'_>, node: &Node, name: &Option<String>| match name {
            Some(_) => {
                let reference = node.first().map(|part| join(part, "$ref"));
                reference.into_iter().chain([home(side, node)]).collect()
            }
            None => node.clone(),
        };
        let places = Places::new(
            place(self.old, &self.pair.old, &old),
            place(self.new, &self.pair.new, &new),
        );
        self.push(found, places);
    }

    /// Says whether the types differ: nothing else is told of such schemas.
    fn types(&mut self) -> bool {
        let (old, new) = (self.before.types(), self.after.types());
        let shape = |view: &View<'_>| !view.variants.is_empty();
        let unions = (shape(self.before), shape(self.after));
        let rule = match unions {
            (true, true) => return false,
            (true, false) => "type-narrowed",
            (false, true) => "type-widened",
            (false, false) => match (&old, &new) {
                (None, None) => return false,
                (None, Some(_)) => "type-narrowed",
                (Some(_), None) => "type-widened",
                (Some(old), Some(new)) if old == new => return false,
                (Some(old), Some(new)) => compare_sets(old, new),
            },
        };
        // A list of values in which whole and other numbers meet says so by its values.
        if self.before.values.is_some()
            && self.after.values.is_some()
            && numeric(&old)
            && numeric(&new)
        {
            return false;
        }
        let found = Found::new(rule, self.here())
            .was(self.before.shown(self.old))
            .is(self.after.shown(self.new));
        let places = Places::new(
            self.pair.old.iter().chain(&self.before.parts).cloned(),
            self.pair.new.iter().chain(&self.after.parts).cloned(),
        );
        self.push(found, places);
        true
    }

    fn null(&mut self) {
        let (old, new) = (self.before.nullable, self.after.nullable);
        if old == new || self.before.types().is_none() && self.before.variants.is_empty() {
            return;
        }
        let rule = match (new, self.pair.optional) {
            (true, false) => "null-allowed",
            (true, true) => "null-allowed-optional",
            (false, false) => "null-refused",
            (false, true) => "null-refused-optional",
        };
        let found = Found::new(rule, self.here())
            .was(self.before.shown(self.old))
            .is(self.after.shown(self.new));
        let places = Places::new(
            self.before.nullable_at.clone(),
            self.after.nullable_at.clone(),
        );
        self.push(found, places);
    }

    fn values(&mut self) {
        let text = self.before.is_string_enum() || self.after.is_string_enum();
        let (old, new) = match (&self.before.values, &self.after.values) {
            (None, None) => return,
            (Some(old), Some(new)) => (old.clone(), new.clone()),
            (old, new) => {
                let rule = match (text, new) {
                    (true, Some(_)) => "enum-closed",
                    (true, None) => "enum-opened",
                    (false, Some(_)) => "value-refused",
                    (false, None) => "value-allowed",
                };
                let list = |values: &Option<Vec<&Value>>| match values {
                    Some(values) => show::values(values),
                    None => "any".to_owned(),
                };
                let found = Found::new(rule, self.here()).was(list(old)).is(list(new));
                let places =
                    Places::new(self.before.values_at.clone(), self.after.values_at.clone());
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
            ("value-allowed", "value-refused")
        };
        let places = |ats: &[String], value: &Value| -> Vec<String> {
            // A constant has no elements, and alternatives of constants are told whole.
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
            let mut found = Found::new(removed, self.here()).was(show::value(value));
            found.guess = rename::to(&guesses, value);
            let at = places(&self.before.values_at, value);
            self.push(found, Places::new(at, None::<String>));
        }
        for value in come {
            let mut found = Found::new(added, self.here()).is(show::value(value));
            found.guess = rename::from(&guesses, value);
            let at = places(&self.after.values_at, value);
            self.push(found, Places::new(None::<String>, at));
        }
    }

    fn format(&mut self) {
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

    /// A change of a keyword that stands for itself.
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
        let mut found = Found::new(rule, shown);
        found.was = old.as_ref().map(|keyword| show::value(keyword.value));
        found.is = new.as_ref().map(|keyword| show::value(keyword.value));
        let places = Places::new(old.map(|keyword| keyword.at), new.map(|keyword| keyword.at));
        self.push(found, places);
    }

    fn plain(&mut self, key: &str, rule: &'static str) {
        let (old, new) = (self.before.keyword(key), self.after.keyword(key));
        let value = |keyword: Option<&Keyword<'a>>| {
            let value = keyword.map(|keyword| keyword.value.clone());
            value.filter(|value| *value != Value::Bool(false) || key == "default")
        };
        if value(old) != value(new) {
            self.keyword(rule, old.cloned(), new.cloned());
        }
    }

    fn conditions(&mut self) {
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

    /// The keywords that no rule knows.
    fn others(&mut self) {
        let keys: BTreeSet<&str> = self
            .before
            .plain
            .keys()
            .chain(self.after.plain.keys())
            .copied()
            .collect();
        for key in keys {
            if key == "format" || CONSTRAINTS.contains(&key) || super::view::is_compared(key) {
                continue;
            }
            let (old, new) = (self.before.keyword(key), self.after.keyword(key));
            if old.map(|keyword| keyword.value) != new.map(|keyword| keyword.value) {
                self.keyword("other-fact", old.cloned(), new.cloned());
            }
        }
    }

    fn properties(&mut self) {
        let (before, after) = (self.before, self.after);
        let gone: Vec<(&str, &Node)> = before
            .properties
            .iter()
            .filter(|(name, _)| !after.properties.contains_key(*name))
            .map(|(name, node)| (*name, node))
            .collect();
        let come: Vec<(&str, &Node)> = after
            .properties
            .iter()
            .filter(|(name, _)| !before.properties.contains_key(*name))
            .map(|(name, node)| (*name, node))
            .collect();
        let guesses = rename::properties(self.old, &gone, self.new, &come);
        for (name, node) in gone {
            let at = node.first().cloned().unwrap_or_default();
            let mut found = Found::new("property-removed", self.shown_old(&at, 2))
                .was(view(self.old, node).shown(self.old));
            found.guess = guesses.get(name).map(|to| Guess::to(*to));
            found.only = side(&view(self.old, node));
            let required = before.required.get(name).into_iter().flatten();
            let places = Places::new(node.iter().chain(required).cloned(), None::<String>);
            self.push(found, places);
        }
        for (name, node) in come {
            let schema = view(self.new, node);
            let required = after.required.get(name);
            let rule = match required {
                Some(_) => "property-added-required",
                None => "property-added",
            };
            let at = node.first().cloned().unwrap_or_default();
            let mut found = Found::new(rule, at).is(schema.shown(self.new));
            found.guess = guesses
                .iter()
                .find(|(_, to)| **to == name)
                .map(|(from, _)| Guess::from(*from));
            found.only = side(&schema);
            let required = required.into_iter().flatten();
            let places = Places::new(None::<String>, node.iter().chain(required).cloned());
            self.push(found, places);
        }
        for (name, old) in &before.properties {
            let Some(new) = after.properties.get(name) else {
                continue;
            };
            let only = match (side(&view(self.old, old)), side(&view(self.new, new))) {
                (a, b) if a == b => a,
                _ => None,
            };
            let (was, is) = (before.required.get(name), after.required.get(name));
            if was.is_some() != is.is_some() {
                let (rule, texts) = match is {
                    Some(_) => ("property-required", ("optional", "required")),
                    None => ("property-optional", ("required", "optional")),
                };
                let mut found = Found::new(rule, new.first().cloned().unwrap_or_default())
                    .was(texts.0)
                    .is(texts.1);
                found.only = only;
                let places = Places::new(
                    was.into_iter().flatten().cloned(),
                    is.into_iter().flatten().cloned(),
                );
                self.push(found, places);
            }
            let pair = Pair {
                old: old.clone(),
                new: new.clone(),
                optional: was.is_none() && is.is_none(),
            };
            self.out.children.push((pair, only));
        }
        // A name that is required and has no schema: any value will do, and the crate has no field for it.
        let names: BTreeSet<&str> = before
            .required
            .keys()
            .chain(after.required.keys())
            .copied()
            .collect();
        for name in names {
            let known = before.properties.contains_key(name) || after.properties.contains_key(name);
            let (was, is) = (before.required.get(name), after.required.get(name));
            if known || was.is_some() == is.is_some() {
                continue;
            }
            let at = was.or(is).and_then(|at| at.first()).map(|at| up(at, 1));
            let mut found = Found::new("condition-changed", at.unwrap_or_default());
            let text = format!("`{name}` required");
            if was.is_some() {
                found = found.was(text);
            } else {
                found = found.is(text);
            }
            let places = Places::new(
                was.into_iter().flatten().cloned(),
                is.into_iter().flatten().cloned(),
            );
            self.push(found, places);
        }
    }

    /// Items, and the values of other properties.
    fn containers(&mut self) {
        let (before, after) = (self.before, self.after);
        let absent = |view: &View<'_>, node: &Node, key: &str| {
            let part = view
                .parts
                .last()
                .or(node.first())
                .cloned()
                .unwrap_or_default();
            vec![join(&part, key)]
        };
        if before.items.is_some() || after.items.is_some() {
            let old = before.items.clone();
            let new = after.items.clone();
            self.child(
                old.unwrap_or_else(|| absent(before, &self.pair.old, "items")),
                new.unwrap_or_else(|| absent(after, &self.pair.new, "items")),
            );
        }
        match (&before.additional, &after.additional) {
            (Some(old), Some(new)) => self.child(old.clone(), new.clone()),
            (None, None) => {}
            (old, new) => {
                let shown = match (old, new) {
                    (_, Some(new)) => new.first().cloned().unwrap_or_default(),
                    (Some(old), None) => self.shown_old(old.first().map_or("", String::as_str), 1),
                    (None, None) => String::new(),
                };
                let mut found = Found::new("map-values-changed", shown);
                found.was = old
                    .as_ref()
                    .map(|node| view(self.old, node).shown(self.old));
                found.is = new
                    .as_ref()
                    .map(|node| view(self.new, node).shown(self.new));
                // What stood there instead is part of it.
                let places = Places::new(
                    old.iter().flatten().chain(&before.closed).cloned(),
                    new.iter().flatten().chain(&after.closed).cloned(),
                );
                self.push(found, places);
                return;
            }
        }
        if before.closed.is_some() != after.closed.is_some() {
            let rule = match after.closed {
                Some(_) => "object-closed",
                None => "object-opened",
            };
            let places = Places::new(before.closed.clone(), after.closed.clone());
            self.push(Found::new(rule, self.here()), places);
        }
    }

    /// The schemas for which the crate takes any value. One that has no partner is told with the schema that it is in.
    fn unread(&mut self) {
        for (step, old) in &self.before.unread {
            if let Some(new) = self.after.unread.get(step) {
                let pair = Pair {
                    old: old.clone(),
                    new: new.clone(),
                    optional: true,
                };
                self.out.children.push((pair, Some(Direction::Unread)));
            }
        }
    }

    pub(super) fn child(&mut self, old: Node, new: Node) {
        let pair = Pair {
            old,
            new,
            optional: false,
        };
        self.out.children.push((pair, None));
    }
}

/// The one direction from which a property is seen.
fn side(view: &View<'_>) -> Option<Direction> {
    match (view.is("readOnly"), view.is("writeOnly")) {
        (true, false) => Some(Direction::Response),
        (false, true) => Some(Direction::Request),
        _ => None,
    }
}

fn numeric(types: &Option<BTreeSet<&str>>) -> bool {
    types.as_ref().is_some_and(|types| {
        types
            .iter()
            .all(|kind| ["integer", "number"].contains(kind))
    })
}

fn compare_sets(old: &BTreeSet<&str>, new: &BTreeSet<&str>) -> &'static str {
    let takes = |set: &BTreeSet<&str>, kind: &str| {
        set.contains(kind) || kind == "integer" && set.contains("number")
    };
    if old.iter().all(|kind| takes(new, kind)) {
        "type-widened"
    } else if new.iter().all(|kind| takes(old, kind)) {
        "type-narrowed"
    } else {
        "type-changed"
    }
}

/// The Rust type that a format makes.
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

/// A pointer without its last steps.
pub(super) fn up(pointer: &str, steps: usize) -> String {
    let mut pointer = pointer;
    for _ in 0..steps {
        pointer = pointer.rsplit_once('/').map_or("", |(up, _)| up);
    }
    pointer.to_owned()
}

/// Whether a path is under one of the prefixes that were asked for.
pub(super) fn is_included(path: &str, include: &[String]) -> bool {
    include.is_empty() || include.iter().any(|prefix| passes::is_under(path, prefix))
}
