//! Finds operations that need no comparison, because no facts differ in them or in the components they reference.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::discriminators;
use super::fact_comparison::Fact;
use super::operations::ComparedOperation;
use super::side::{Side, component};
use super::traversal::Traversal;

/// The places and components in which facts differ.
pub(super) struct ChangedNodes {
    places: BTreeSet<String>,
    /// The components in which facts differ, or that reference one of these.
    components: BTreeSet<String>,
    /// Whether a difference may affect every operation.
    everywhere: bool,
}

impl ChangedNodes {
    pub(super) fn new(walk: &Traversal<'_>, facts: &[Fact]) -> Self {
        let places: BTreeSet<String> = facts
            .iter()
            .flat_map(|fact| [fact.old_at.clone(), fact.new_at.clone()])
            .collect();
        let mut components: BTreeSet<String> = places.iter().filter_map(|at| owner(at)).collect();
        let mut leads: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for side in [walk.old, walk.new] {
            for (_, kind) in side.members("/components") {
                for (name, at) in side.members(&kind) {
                    let mut targets = targets(side.get(&at), side);
                    // The children of a parent refer to it, not the other way round.
                    if kind == "/components/schemas" {
                        targets.extend(discriminators::children(side, name).into_values());
                    }
                    leads.entry(at).or_default().extend(targets);
                }
            }
        }
        // Terminates because the set only grows.
        loop {
            let before = components.len();
            for (at, targets) in &leads {
                if !targets.is_disjoint(&components) {
                    components.insert(at.clone());
                }
            }
            if components.len() == before {
                break;
            }
        }
        let everywhere = places.iter().any(|at| {
            at.starts_with("/security") || at.starts_with("/components/securitySchemes")
        })
            // A reference outside of the components may lead anywhere.
            || leads
            .values()
            .flatten()
            .any(|at| !at.starts_with("/components/"));
        Self {
            places,
            components,
            everywhere,
        }
    }

    /// Whether an operation and everything it references are equal in both documents.
    pub(super) fn is_unchanged(
        &self,
        walk: &Traversal<'_>,
        old: &ComparedOperation<'_>,
        new: &ComparedOperation<'_>,
    ) -> bool {
        if self.everywhere || old.at != new.at || old.item != new.item || old.path != new.path {
            return false;
        }
        let prefix = format!("{}/", old.item);
        let differs = self.places.contains(&old.item)
            || self
                .places
                .range(prefix.clone()..)
                .next()
                .is_some_and(|at| at.starts_with(&prefix));
        let leads = |side: Side<'_>| {
            let targets = targets(side.get(&old.item), side);
            targets.iter().any(|at| !at.starts_with("/components/"))
                || !targets.is_disjoint(&self.components)
        };
        !differs && !leads(walk.old) && !leads(walk.new)
    }
}

/// The component that contains a place.
fn owner(at: &str) -> Option<String> {
    let (kind, name, _) = component(at)?;
    Some(format!("/components/{kind}/{name}"))
}

/// The targets of the references in a value: components or other places.
fn targets(value: &Value, side: Side<'_>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut waiting = vec![value];
    while let Some(value) = waiting.pop() {
        if let Some(target) = side.target(value) {
            found.insert(owner(&target).unwrap_or(target));
        }
        match value {
            Value::Object(members) => waiting.extend(members.values()),
            Value::Array(items) => waiting.extend(items),
            _ => {}
        }
    }
    found
}
