//! The simultaneous traversal of both documents. Each pair of schemas is compared once for all operations that use it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::change::{ChangePlaces, Finding, Recorder, Use};
use super::rules::Direction;
use super::schema_node::{SchemaNode, named, resolved};
use super::schemas::{self, Pair};
use super::side::Side;
use crate::spec::walk::join;

/// The kind of a visited object, which determines the members that are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Visited {
    Document,
    Operation,
    Parameter,
    Body,
    Response,
    Media,
    Schema,
}

/// An operation of either document.
#[derive(Debug, Clone)]
pub(super) struct OperationInfo {
    /// Method and path.
    pub(super) label: String,
    /// The Rust method call.
    pub(super) rust: String,
    /// Whether the old or the new crate omits it.
    pub(super) hidden: bool,
}

/// The state of the traversal.
pub(super) struct Traversal<'a> {
    pub(super) old: Side<'a>,
    pub(super) new: Side<'a>,
    pub(super) recorder: Recorder,
    pub(super) operations: Vec<OperationInfo>,
    /// The visited places of the old and of the new document.
    pub(super) visited: (BTreeMap<String, Visited>, BTreeMap<String, Visited>),
    pending: Vec<(Pair, Use)>,
}

/// A compared pair of schemas and its uses.
struct ComparedPair {
    compared: schemas::Compared,
    uses: BTreeSet<Use>,
}

impl<'a> Traversal<'a> {
    pub(super) fn new(old: Side<'a>, new: Side<'a>) -> Self {
        Self {
            old,
            new,
            recorder: Recorder::default(),
            operations: Vec::new(),
            visited: Default::default(),
            pending: Vec::new(),
        }
    }

    /// Records a change with one use.
    pub(super) fn add(&mut self, found: Finding, places: ChangePlaces, seen: Use) {
        self.recorder.add(found, places, [seen]);
    }

    /// Marks two places as compared.
    pub(super) fn visit(&mut self, old: &str, new: &str, what: Visited) {
        self.visited.0.insert(old.to_owned(), what);
        self.visited.1.insert(new.to_owned(), what);
    }

    /// Follows two references, and marks references and targets as compared.
    pub(super) fn follow(&mut self, old: &str, new: &str, what: Visited) -> (String, String) {
        self.visit(old, new, what);
        let (old, new) = (self.old.resolve(old, true), self.new.resolve(new, true));
        self.visit(&old, &new, what);
        (old, new)
    }

    /// Queues two schemas for comparison.
    pub(super) fn schemas(&mut self, old: String, new: String, seen: Use, optional: bool) {
        let pair = Pair {
            old: vec![old],
            new: vec![new],
            optional,
        };
        self.pending.push((pair, seen));
    }

    /// Records a change if two values differ.
    pub(super) fn differs(&mut self, rule: &'static str, old: &str, new: &str, seen: Use) {
        self.differs_at(new, rule, old, new, seen);
    }

    /// Like [`differs`](Self::differs), with another pointer to show.
    pub(super) fn differs_at(
        &mut self,
        shown: &str,
        rule: &'static str,
        old: &str,
        new: &str,
        seen: Use,
    ) {
        let (before, after) = (self.old.get(old), self.new.get(new));
        if before == after {
            return;
        }
        let mut found = Finding::new(rule, shown);
        found.was = (!before.is_null()).then(|| super::display::value(before));
        found.is = (!after.is_null()).then(|| super::display::value(after));
        self.add(found, ChangePlaces::both(old, new), seen);
    }

    /// Records each member of two objects that differs and has no rule.
    pub(super) fn others(&mut self, old: &str, new: &str, known: &[&str], seen: Use) {
        let (before, after) = (self.old.get(old), self.new.get(new));
        let keys: BTreeSet<String> = [before, after]
            .into_iter()
            .filter_map(|value| value.as_object())
            .flat_map(|members| members.keys())
            .filter(|key| !known.contains(&key.as_str()))
            .cloned()
            .collect();
        for key in keys {
            self.differs("other-fact", &join(old, &key), &join(new, &key), seen);
        }
    }

    /// Compares all queued schemas and their nested schemas, each pair once, and propagates the uses to nested pairs.
    pub(super) fn finish(&mut self) {
        let mut states: HashMap<Pair, ComparedPair> = HashMap::new();
        while let Some((pair, seen)) = self.pending.pop() {
            let pair = self.canonical(pair);
            let state = states.entry(pair).or_insert_with_key(|pair| ComparedPair {
                compared: schemas::compare(self.old, self.new, pair),
                uses: BTreeSet::new(),
            });
            if !state.uses.insert(seen) {
                continue;
            }
            for (child, only) in &state.compared.children {
                let seen = match only {
                    Some(only) if seen.0 != Some(*only) => (Some(Direction::Unread), seen.1),
                    _ => seen,
                };
                self.pending.push((child.clone(), seen));
            }
        }
        for state in states.into_values() {
            for at in state.compared.visited.0 {
                self.visited.0.insert(at, Visited::Schema);
            }
            for at in state.compared.visited.1 {
                self.visited.1.insert(at, Visited::Schema);
            }
            for (found, places) in state.compared.changes {
                self.recorder.add(found, places, state.uses.iter().copied());
            }
        }
    }

    /// Normalizes a pair: references to schemas of the same name are one pair, wherever they occur. Other pairs keep their
    /// places.
    fn canonical(&self, pair: Pair) -> Pair {
        let name = |side: Side<'_>, node: &SchemaNode| match node.as_slice() {
            [_] => named(side, node),
            _ => None,
        };
        let (old, new) = (resolved(self.old, &pair.old), resolved(self.new, &pair.new));
        let (a, b) = (name(self.old, &old), name(self.new, &new));
        if a.is_some() && a == b {
            Pair {
                old,
                new,
                optional: pair.optional,
            }
        } else {
            pair
        }
    }
}
