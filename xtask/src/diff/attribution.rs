//! What no rule has told: every difference of facts belongs to a change. A difference is told by the change at or above its
//! place, by changes within it, by the change that leads to its component, or by one of the last rules.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use super::bodies::{BODY, MEDIA, RESPONSE};
use super::change::{ChangePlaces, Found, Recorded};
use super::fact_comparison::{Fact, FactKind};
use super::operation_parameters;
use super::operations;
use super::schema_view::is_compared;
use super::side::{Side, component, unescape};
use super::traversal::{Visited, Walk};

/// The facts that each change explains, in the order of the changes.
pub(super) type Explained = BTreeMap<Found, Vec<Fact>>;

/// Gives every fact to a change, and makes changes of what is left.
pub(super) fn explain(walk: &mut Walk<'_>, facts: Vec<Fact>) -> Explained {
    let mut explained = Explained::new();
    let index = Index::of(&walk.recorder.entries);
    for fact in facts {
        let key = (fact.old_key(), fact.new_key());
        let found = index.find(&key);
        let found = found.unwrap_or_else(|| last(walk, &index, &fact, &key));
        explained.entry(found).or_default().push(fact);
    }
    explained
}

type Keys = (Option<String>, Option<String>);

/// The changes by their places in the old document and in the new one.
struct Index {
    changes: Vec<Found>,
    old: BTreeMap<String, Vec<usize>>,
    new: BTreeMap<String, Vec<usize>>,
    /// What the changes lead to, worked out once something asks for it.
    reach: OnceCell<(BTreeMap<String, usize>, BTreeMap<String, usize>)>,
}

impl Index {
    fn of(entries: &BTreeMap<Found, Recorded>) -> Self {
        let mut index = Self {
            changes: entries.keys().cloned().collect(),
            old: BTreeMap::new(),
            new: BTreeMap::new(),
            reach: OnceCell::new(),
        };
        for (number, entry) in entries.values().enumerate() {
            for at in &entry.places.old {
                index.old.entry(at.clone()).or_default().push(number);
            }
            for at in &entry.places.new {
                index.new.entry(at.clone()).or_default().push(number);
            }
        }
        index
    }

    /// The change at or above the place of a fact, or one within it.
    fn find(&self, (old, new): &Keys) -> Option<Found> {
        let above = |map: &BTreeMap<String, Vec<usize>>, key: &Option<String>| {
            let at = nearest(map, key.as_deref()?)?.0;
            map.get(at).cloned()
        };
        let before = above(&self.old, old).unwrap_or_default();
        let after = above(&self.new, new).unwrap_or_default();
        // A change that has both of its places here comes before one that has one of them.
        let number = before
            .iter()
            .find(|number| after.contains(number))
            .or(before.first())
            .or(after.first())
            .copied()
            .or_else(|| first_within(&self.old, old))
            .or_else(|| first_within(&self.new, new))?;
        self.changes.get(number).cloned()
    }

    /// The change that leads to a component.
    fn leading(
        &self,
        walk: &Walk<'_>,
        old: Option<&String>,
        new: Option<&String>,
    ) -> Option<Found> {
        let (before, after) = self.reach.get_or_init(|| {
            let reach = |side: Side<'_>, places: &BTreeMap<String, Vec<usize>>| {
                let mut known = BTreeMap::new();
                for (at, numbers) in places {
                    for target in side.reach(side.get(at)) {
                        known.entry(target).or_insert(numbers[0]);
                    }
                }
                known
            };
            (reach(walk.old, &self.old), reach(walk.new, &self.new))
        });
        let number = old
            .and_then(|at| before.get(at))
            .or_else(|| new.and_then(|at| after.get(at)))?;
        self.changes.get(*number).cloned()
    }
}

/// The entry at a place or the nearest one above it.
fn nearest<'m, 'k, T>(map: &'m BTreeMap<String, T>, key: &'k str) -> Option<(&'k str, &'m T)> {
    let mut key = key;
    loop {
        if let Some(value) = map.get(key) {
            return Some((key, value));
        }
        key = key.rsplit_once('/')?.0;
    }
}

/// The first entry below a place.
fn below<'m, T>(map: &'m BTreeMap<String, T>, key: &str) -> Option<&'m T> {
    let prefix = format!("{key}/");
    let (at, value) = map.range(prefix.clone()..).next()?;
    at.starts_with(&prefix).then_some(value)
}

fn first_within(map: &BTreeMap<String, Vec<usize>>, key: &Option<String>) -> Option<usize> {
    below(map, key.as_deref()?)?.first().copied()
}

/// A change for what no other change has told.
fn last(walk: &mut Walk<'_>, index: &Index, fact: &Fact, (old, new): &Keys) -> Found {
    let form = |map: &BTreeMap<String, Visited>, key: &Option<String>| {
        let Some(key) = key else { return true };
        match nearest(map, key) {
            Some((at, what)) => {
                let member = key[at.len()..].split('/').nth(1).map(unescape);
                member.is_none_or(|member| compares(*what, &member))
            }
            None => below(map, key).is_some(),
        }
    };
    let (map_old, map_new) = &walk.visited;
    let names = matches!(fact.kind, FactKind::Name | FactKind::Order);
    if names || form(map_old, old) && form(map_new, new) {
        let found = Found::new("form-changed", "");
        walk.document(found.clone(), ChangePlaces::default());
        return found;
    }
    let owner = |key: &Option<String>| {
        let (kind, name, _) = component(key.as_deref()?)?;
        Some(format!("/components/{kind}/{name}"))
    };
    let is_visited = |map: &BTreeMap<String, Visited>, at: &Option<String>| {
        at.as_ref()
            .is_some_and(|at| map.contains_key(at) || below(map, at).is_some())
    };
    let (old_owner, new_owner) = (owner(old), owner(new));
    if !is_visited(map_old, &old_owner) && !is_visited(map_new, &new_owner) {
        if let Some(found) = index.leading(walk, old_owner.as_ref(), new_owner.as_ref()) {
            return found;
        }
        if let Some(at) = new_owner.clone().or(old_owner.clone()) {
            let found = Found::new("unused-changed", at);
            walk.document(found.clone(), ChangePlaces::new(old_owner, new_owner));
            return found;
        }
    }
    let mut found = Found::new("other-fact", fact.pointer());
    found.was = fact.old.as_ref().map(super::display::value);
    found.is = fact.new.as_ref().map(super::display::value);
    walk.document(found.clone(), ChangePlaces::new(old.clone(), new.clone()));
    found
}

/// Whether a member of a visited object is compared: a difference in it that is no change is one of form.
fn compares(what: Visited, key: &str) -> bool {
    match what {
        Visited::Document => key == "security",
        Visited::Operation => operations::COMPARED.contains(&key),
        Visited::Parameter => operation_parameters::COMPARED.contains(&key),
        Visited::Body => BODY.contains(&key),
        Visited::Response => RESPONSE.contains(&key),
        Visited::Media => MEDIA.contains(&key),
        Visited::Schema => is_compared(key),
    }
}
