//! Guesses at renames: something that went and something that came and is like it. They are said to be guesses, and what
//! went counts as gone.

use std::collections::BTreeMap;

use serde_json::Value;
use similar::TextDiff;

use super::change::Guess;
use super::fact_comparison::template;
use super::schema_node::{SchemaNode, named};
use super::schema_view::view;
use super::side::Side;

/// How alike two names have to be, from 0 to 1.
const ALIKE: f32 = 0.6;

/// How alike two names are.
pub(super) fn likeness(a: &str, b: &str) -> f32 {
    let (a, b) = (a.to_lowercase(), b.to_lowercase());
    TextDiff::from_chars(&a, &b).ratio()
}

/// Pairs what went with what came, the most alike first, each once.
fn pairs(candidates: Vec<(f32, usize, usize)>) -> Vec<(usize, usize)> {
    let mut candidates = candidates;
    candidates.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    let mut found: Vec<(usize, usize)> = Vec::new();
    for (_, old, new) in candidates {
        if found.iter().all(|(a, b)| *a != old && *b != new) {
            found.push((old, new));
        }
    }
    found
}

/// A name without what only spells it differently: `clientIds` is `client_ids`.
fn plain(name: &str) -> String {
    let letters = name.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// Fields of one name spelled differently, or of the same type: those with names that are alike, or the only two.
pub(super) fn properties<'n>(
    old: Side<'_>,
    gone: &[(&'n str, &SchemaNode)],
    new: Side<'_>,
    come: &[(&'n str, &SchemaNode)],
) -> BTreeMap<&'n str, &'n str> {
    let shape = |side: Side<'_>, node: &SchemaNode| {
        let schema = view(side, node);
        let format = schema.keyword("format").map(|format| format.value.clone());
        let values = schema
            .values
            .as_ref()
            .map(|values| super::display::values(values));
        (named(side, node), schema.shown(side), values, format)
    };
    // The name of a schema says more than what it is made of, where it has one in both documents.
    let same = |old_node: &SchemaNode, new_node: &SchemaNode| {
        let (a, b) = (shape(old, old_node), shape(new, new_node));
        a.0.is_some() && a.0 == b.0 || (a.1, a.2, a.3) == (b.1, b.2, b.3)
    };
    let only = gone.len() == 1 && come.len() == 1;
    let mut candidates = Vec::new();
    for (i, (a, old_node)) in gone.iter().enumerate() {
        for (j, (b, new_node)) in come.iter().enumerate() {
            let likeness = likeness(a, b);
            let enough = if only {
                likeness > 0.0
            } else {
                likeness >= ALIKE
            };
            if plain(a) == plain(b) || enough && same(old_node, new_node) {
                candidates.push((likeness, i, j));
            }
        }
    }
    pairs(candidates)
        .into_iter()
        .map(|(i, j)| (gone[i].0, come[j].0))
        .collect()
}

/// Values of an enumeration that are alike.
pub(super) fn values<'v>(gone: &[&'v Value], come: &[&'v Value]) -> Vec<(&'v str, &'v str)> {
    let mut candidates = Vec::new();
    for (i, a) in gone.iter().enumerate() {
        for (j, b) in come.iter().enumerate() {
            if let (Some(a), Some(b)) = (a.as_str(), b.as_str()) {
                let likeness = likeness(a, b);
                if likeness >= ALIKE {
                    candidates.push((likeness, i, j));
                }
            }
        }
    }
    pairs(candidates)
        .into_iter()
        .filter_map(|(i, j)| Some((gone[i].as_str()?, come[j].as_str()?)))
        .collect()
}

/// What a value that went may be called now.
pub(super) fn to(guesses: &[(&str, &str)], value: &Value) -> Option<Guess> {
    let (_, to) = guesses
        .iter()
        .find(|(from, _)| value.as_str() == Some(from))?;
    Some(Guess::to(*to))
}

/// What a value that came may have been called.
pub(super) fn from(guesses: &[(&str, &str)], value: &Value) -> Option<Guess> {
    let (from, _) = guesses.iter().find(|(_, to)| value.as_str() == Some(to))?;
    Some(Guess::from(*from))
}

/// An operation, for guessing.
pub(super) struct RenameCandidate<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) operation: &'a Value,
}

/// Operations of the same method with paths that are alike, or with the same bodies and answers.
pub(super) fn operations(
    gone: &[RenameCandidate<'_>],
    come: &[RenameCandidate<'_>],
) -> Vec<(usize, usize)> {
    let shape = |candidate: &RenameCandidate<'_>| {
        let operation = candidate.operation;
        (
            operation["requestBody"].clone(),
            operation["responses"].clone(),
        )
    };
    let mut candidates = Vec::new();
    for (i, a) in gone.iter().enumerate() {
        for (j, b) in come.iter().enumerate() {
            if a.method != b.method {
                continue;
            }
            let likeness = likeness(&template(a.path), &template(b.path));
            if likeness >= 0.9 || likeness >= 0.75 && shape(a) == shape(b) {
                candidates.push((likeness, i, j));
            }
        }
    }
    pairs(candidates)
}
