//! Attributes every difference in the facts to a change: to the change at or above its place, to a change within it, to the
//! change that references its component, or else to a new change of one of the last rules.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use super::bodies::{BODY, MEDIA, RESPONSE};
use super::change::{ChangePlaces, Finding, Recorded};
use super::fact_comparison::{Fact, FactKind};
use super::operation_parameters;
use super::operations;
use super::schema_view::is_compared;
use super::side::{Side, component, unescape};
use super::traversal::{Traversal, Visited};

/// The facts attributed to each change.
pub(super) type Explained = BTreeMap<Finding, Vec<Fact>>;

/// Attributes every fact to a change, and records changes for the remaining facts.
pub(super) fn explain(walk: &mut Traversal<'_>, facts: Vec<Fact>) -> Explained {
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

/// The changes by their places in both documents.
struct Index {
    changes: Vec<Finding>,
    old: BTreeMap<String, Vec<usize>>,
    new: BTreeMap<String, Vec<usize>>,
    /// The components that the changes reference, computed on first use.
    reach: OnceCell<(BTreeMap<String, usize>, BTreeMap<String, usize>)>,
}

impl Index {
    fn of(entries: &BTreeMap<Finding, Recorded>) -> Self {
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

    /// Finds the change at or above the place of a fact, or one within it.
    fn find(&self, (old, new): &Keys) -> Option<Finding> {
        let above = |map: &BTreeMap<String, Vec<usize>>, key: &Option<String>| {
            let at = nearest(map, key.as_deref()?)?.0;
            map.get(at).cloned()
        };
        let before = above(&self.old, old).unwrap_or_default();
        let after = above(&self.new, new).unwrap_or_default();
        // A change that matches in both documents is preferred.
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

    /// Finds the change that references a component.
    fn leading(
        &self,
        walk: &Traversal<'_>,
        old: Option<&String>,
        new: Option<&String>,
    ) -> Option<Finding> {
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

/// Finds the entry at a place, or the nearest one above it.
fn nearest<'m, 'k, T>(map: &'m BTreeMap<String, T>, key: &'k str) -> Option<(&'k str, &'m T)> {
    let mut key = key;
    loop {
        if let Some(value) = map.get(key) {
            return Some((key, value));
        }
        key = key.rsplit_once('/')?.0;
    }
}

/// Finds the first entry below a place.
fn below<'m, T>(map: &'m BTreeMap<String, T>, key: &str) -> Option<&'m T> {
    let prefix = format!("{key}/");
    let (at, value) = map.range(prefix.clone()..).next()?;
    at.starts_with(&prefix).then_some(value)
}

fn first_within(map: &BTreeMap<String, Vec<usize>>, key: &Option<String>) -> Option<usize> {
    below(map, key.as_deref()?)?.first().copied()
}

/// Records a change for a fact that belongs to no other change.
fn last(walk: &mut Traversal<'_>, index: &Index, fact: &Fact, (old, new): &Keys) -> Finding {
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
        let found = Finding::new("form-changed", "");
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
            let found = Finding::new("unused-changed", at);
            walk.document(found.clone(), ChangePlaces::new(old_owner, new_owner));
            return found;
        }
    }
    let mut found = Finding::new("other-fact", fact.pointer());
    found.was = fact.old.as_ref().map(super::display::value);
    found.is = fact.new.as_ref().map(super::display::value);
    walk.document(found.clone(), ChangePlaces::new(old.clone(), new.clone()));
    found
}

/// Whether a member of a visited object is compared. A difference in it without a change is only one of form.
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
