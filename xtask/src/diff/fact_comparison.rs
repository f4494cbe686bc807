//! Compares facts leaf by leaf. The comparison is complete: two documents without a difference are equal except for prose
//! and the order of sets.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::side::Side;
use crate::spec::canonical::{is_set, sort_sets};
use crate::spec::facts::strip_prose;
use crate::spec::walk::{Kind, Place, join};

/// One difference in the facts: a value that was added, removed or changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// The JSON pointer in the old document, whether or not the value exists there. An element of a set has the pointer of
    /// the set.
    pub old_at: String,
    /// The JSON pointer in the new document.
    pub new_at: String,
    /// The old value.
    pub old: Option<Value>,
    /// The new value.
    pub new: Option<Value>,
    /// The kind of the difference.
    pub(super) kind: FactKind,
}

/// The kind of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FactKind {
    /// A value.
    Value,
    /// An element of a set.
    Element,
    /// The name of a path, if only the names of its parameters differ.
    Name,
    /// The order of a list of parameters.
    Order,
}

impl Fact {
    /// The pointer to show: into the new document, or into the old one if the value was removed.
    pub fn pointer(&self) -> &str {
        if self.new.is_some() {
            &self.new_at
        } else {
            &self.old_at
        }
    }

    /// The place in the old document by which the fact is attributed to a change. Elements of sets have distinct places.
    pub(super) fn old_key(&self) -> Option<String> {
        self.old.as_ref().map(|value| self.key(&self.old_at, value))
    }

    /// Like [`old_key`](Self::old_key), in the new document.
    pub(super) fn new_key(&self) -> Option<String> {
        self.new.as_ref().map(|value| self.key(&self.new_at, value))
    }

    fn key(&self, at: &str, value: &Value) -> String {
        match self.kind {
            FactKind::Value => at.to_owned(),
            FactKind::Element => element(at, value),
            FactKind::Name => path_name(at),
            FactKind::Order => join(at, "#order"),
        }
    }
}

/// The place of the name of a path.
pub(super) fn path_name(path: &str) -> String {
    join(path, "#name")
}

/// The place of an element of a set.
pub(super) fn element(set: &str, value: &Value) -> String {
    join(set, &value.to_string())
}

/// Returns the facts of a document: without prose, with sorted sets.
pub(super) fn of(document: &Value) -> Value {
    let mut facts = document.clone();
    strip_prose(&mut facts);
    sort_sets(&mut facts);
    facts
}

/// Returns every difference between two documents of facts, in the order of their places.
pub(super) fn differences(old: &Value, new: &Value) -> Vec<Fact> {
    let mut comparison = FactComparison {
        old: Side::new(old),
        new: Side::new(new),
        found: Vec::new(),
    };
    comparison.values(Place::Document, ("", old), ("", new));
    comparison.found
}

struct FactComparison<'a> {
    old: Side<'a>,
    new: Side<'a>,
    found: Vec<Fact>,
}

type At<'v> = (&'v str, &'v Value);

impl FactComparison<'_> {
    fn push(&mut self, at: (&str, &str), old: Option<&Value>, new: Option<&Value>, kind: FactKind) {
        self.found.push(Fact {
            old_at: at.0.to_owned(),
            new_at: at.1.to_owned(),
            old: old.cloned(),
            new: new.cloned(),
            kind,
        });
    }

    fn values(&mut self, place: Place, old: At<'_>, new: At<'_>) {
        if old.1 == new.1 {
            return;
        }
        match (old.1, new.1) {
            (Value::Object(before), Value::Object(after)) => {
                self.objects(place, (old.0, before), (new.0, after));
            }
            (Value::Array(before), Value::Array(after))
                if place == Place::List(Kind::Parameter) =>
            {
                self.parameters((old.0, before), (new.0, after));
            }
            (Value::Array(before), Value::Array(after)) => {
                self.lists(place, (old.0, before), (new.0, after));
            }
            _ => self.push((old.0, new.0), Some(old.1), Some(new.1), FactKind::Value),
        }
    }

    fn objects(
        &mut self,
        place: Place,
        (old_at, old): (&str, &Map<String, Value>),
        (new_at, new): (&str, &Map<String, Value>),
    ) {
        let names = (place == Place::Map(Kind::PathItem)).then(|| renamed(old, new));
        let names = names.unwrap_or_default();
        let keys: BTreeSet<&String> = old
            .keys()
            .chain(
                new.keys()
                    .filter(|key| !names.values().any(|name| name == key)),
            )
            .collect();
        for key in keys {
            let renamed = names.get(key.as_str()).copied();
            let new_key = renamed.unwrap_or(key);
            let at = (join(old_at, key), join(new_at, new_key));
            if let Some(name) = renamed {
                let (was, is) = (Value::from(key.as_str()), Value::from(name.as_str()));
                self.push((&at.0, &at.1), Some(&was), Some(&is), FactKind::Name);
            }
            let (before, after) = (old.get(key), new.get(new_key));
            if is_set(place, key, old) && is_set(place, key, new) && self.sets(&at, before, after) {
                continue;
            }
            // An absent map is treated as empty, so that its entries are reported individually.
            let child = place.child(key);
            let none = Value::Object(Map::new());
            let is_map = matches!(child, Place::Map(_) | Place::Components);
            let none_there = |value: Option<&Value>| value.is_none() && is_map;
            match (before, after) {
                (Some(before), Some(after)) => {
                    self.values(child, (&at.0, before), (&at.1, after));
                }
                (Some(before), after) if none_there(after) && *before != none => {
                    self.values(child, (&at.0, before), (&at.1, &none));
                }
                (before, Some(after)) if none_there(before) && *after != none => {
                    self.values(child, (&at.0, &none), (&at.1, after));
                }
                (before, after) => self.push((&at.0, &at.1), before, after, FactKind::Value),
            }
        }
    }

    /// Compares two sets element by element; an absent set is empty. Returns whether a difference was found.
    fn sets(&mut self, at: &(String, String), old: Option<&Value>, new: Option<&Value>) -> bool {
        let none = Vec::new();
        let items = |set: Option<&Value>| match set {
            None => Some(none.clone()),
            Some(Value::Array(items)) => Some(items.clone()),
            Some(_) => None,
        };
        let (Some(old), Some(mut added)) = (items(old), items(new)) else {
            return false;
        };
        let mut removed = Vec::new();
        for item in old {
            match added.iter().position(|other| *other == item) {
                Some(index) => drop(added.remove(index)),
                None => removed.push(item),
            }
        }
        for item in &removed {
            self.push((&at.0, &at.1), Some(item), None, FactKind::Element);
        }
        for item in &added {
            self.push((&at.0, &at.1), None, Some(item), FactKind::Element);
        }
        !(removed.is_empty() && added.is_empty())
    }

    /// Compares two lists item by item, without their common prefix and suffix.
    fn lists(
        &mut self,
        place: Place,
        (old_at, old): (&str, &[Value]),
        (new_at, new): (&str, &[Value]),
    ) {
        let start = old.iter().zip(new).take_while(|(a, b)| a == b).count();
        let end = old[start..]
            .iter()
            .rev()
            .zip(new[start..].iter().rev())
            .take_while(|(a, b)| a == b)
            .count();
        let (old_end, new_end) = (old.len() - end, new.len() - end);
        for index in start..old_end.max(new_end) {
            let step = index.to_string();
            let at = (join(old_at, &step), join(new_at, &step));
            match (old[..old_end].get(index), new[..new_end].get(index)) {
                (Some(before), Some(after)) => {
                    self.values(place.child(&step), (&at.0, before), (&at.1, after));
                }
                (before, after) => self.push((&at.0, &at.1), before, after, FactKind::Value),
            }
        }
    }

    /// Compares two lists of parameters by location and name, and their order.
    fn parameters(&mut self, (old_at, old): (&str, &[Value]), (new_at, new): (&str, &[Value])) {
        let identities = |side: Side<'_>, at: &str, list: &[Value]| {
            let mut seen: BTreeMap<(String, String), usize> = BTreeMap::new();
            (0..list.len())
                .map(|index| {
                    let identity = side.parameter(&join(at, &index.to_string()));
                    // Duplicates are invalid, but must not hide a difference.
                    let times = seen.entry(identity.clone()).or_default();
                    *times += 1;
                    (identity, *times)
                })
                .collect::<Vec<_>>()
        };
        let before = identities(self.old, old_at, old);
        let after = identities(self.new, new_at, new);
        let mut pairs = Vec::new();
        for (index, identity) in before.iter().enumerate() {
            let at = join(old_at, &index.to_string());
            match after.iter().position(|other| other == identity) {
                Some(other) => {
                    pairs.push(other);
                    let new_at = join(new_at, &other.to_string());
                    self.values(Place::Parameter, (&at, &old[index]), (&new_at, &new[other]));
                }
                None => self.push((&at, new_at), Some(&old[index]), None, FactKind::Value),
            }
        }
        for (index, identity) in after.iter().enumerate() {
            if !before.contains(identity) {
                let at = join(new_at, &index.to_string());
                self.push((old_at, &at), None, Some(&new[index]), FactKind::Value);
            }
        }
        if !pairs.is_sorted() {
            let order = |list: &[((String, String), usize)]| -> Value {
                list.iter().map(|((_, name), _)| name.as_str()).collect()
            };
            let (was, is) = (order(&before), order(&after));
            self.push((old_at, new_at), Some(&was), Some(&is), FactKind::Order);
        }
    }
}

/// Maps the old to the new name of paths of which only the names of parameters differ.
fn renamed<'a>(
    old: &'a Map<String, Value>,
    new: &'a Map<String, Value>,
) -> BTreeMap<&'a str, &'a String> {
    let gone = old.keys().filter(|path| !new.contains_key(*path));
    let mut come: Vec<&String> = new.keys().filter(|path| !old.contains_key(*path)).collect();
    come.sort();
    let mut names = BTreeMap::new();
    for path in gone {
        let found = come
            .iter()
            .position(|other| template(other) == template(path));
        if let Some(index) = found {
            names.insert(path.as_str(), come.remove(index));
        }
    }
    names
}

/// A path without the names of its parameters. Paths with the same template are the same on the wire.
pub(super) fn template(path: &str) -> String {
    let mut out = String::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((_, remaining)) = after.split_once('}') else {
            break;
        };
        out.push_str(before);
        out.push_str("{}");
        rest = remaining;
    }
    out.push_str(rest);
    out
}
