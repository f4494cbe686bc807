//! Guesses renames: pairs of a removed and an added item that are similar. Guesses are marked as such and do not affect
//! version levels.

use std::collections::BTreeMap;

use serde_json::Value;
use similar::TextDiff;

use super::change::Guess;
use super::fact_comparison::template;
use super::schema_node::{SchemaNode, named};
use super::schema_view::view;
use super::side::Side;

/// Minimum similarity of two names, from 0 to 1.
const MIN_SIMILARITY: f32 = 0.6;

/// The similarity of two names, from 0 to 1.
pub(super) fn similarity(a: &str, b: &str) -> f32 {
    let (a, b) = (a.to_lowercase(), b.to_lowercase());
    TextDiff::from_chars(&a, &b).ratio()
}

/// Pairs removed with added items, the most similar first, each once.
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

/// Normalizes the spelling of a name: `clientIds` equals `client_ids`.
fn plain(name: &str) -> String {
    let letters = name.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// Guesses renamed fields: names that differ only in spelling, or fields of the same type with similar names. For a single
/// removed and a single added field, any similarity is enough.
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
    // Schemas of the same name are equal, whatever their contents.
    let same = |old_node: &SchemaNode, new_node: &SchemaNode| {
        let (a, b) = (shape(old, old_node), shape(new, new_node));
        a.0.is_some() && a.0 == b.0 || (a.1, a.2, a.3) == (b.1, b.2, b.3)
    };
    let only = gone.len() == 1 && come.len() == 1;
    let mut candidates = Vec::new();
    for (i, (a, old_node)) in gone.iter().enumerate() {
        for (j, (b, new_node)) in come.iter().enumerate() {
            let similarity = similarity(a, b);
            let enough = if only {
                similarity > 0.0
            } else {
                similarity >= MIN_SIMILARITY
            };
            if plain(a) == plain(b) || enough && same(old_node, new_node) {
                candidates.push((similarity, i, j));
            }
        }
    }
    pairs(candidates)
        .into_iter()
        .map(|(i, j)| (gone[i].0, come[j].0))
        .collect()
}

/// Guesses renamed enum values.
pub(super) fn values<'v>(gone: &[&'v Value], come: &[&'v Value]) -> Vec<(&'v str, &'v str)> {
    let mut candidates = Vec::new();
    for (i, a) in gone.iter().enumerate() {
        for (j, b) in come.iter().enumerate() {
            if let (Some(a), Some(b)) = (a.as_str(), b.as_str()) {
                let similarity = similarity(a, b);
                if similarity >= MIN_SIMILARITY {
                    candidates.push((similarity, i, j));
                }
            }
        }
    }
    pairs(candidates)
        .into_iter()
        .filter_map(|(i, j)| Some((gone[i].as_str()?, come[j].as_str()?)))
        .collect()
}

/// The guessed new name of a removed value.
pub(super) fn to(guesses: &[(&str, &str)], value: &Value) -> Option<Guess> {
    let (_, to) = guesses
        .iter()
        .find(|(from, _)| value.as_str() == Some(from))?;
    Some(Guess::to(*to))
}

/// The guessed old name of an added value.
pub(super) fn from(guesses: &[(&str, &str)], value: &Value) -> Option<Guess> {
    let (from, _) = guesses.iter().find(|(_, to)| value.as_str() == Some(to))?;
    Some(Guess::from(*from))
}

/// An operation that was removed or added.
pub(super) struct RenameCandidate<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) operation: &'a Value,
}

/// Guesses renamed operations: the same method with very similar paths, or similar paths with the same bodies and responses.
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
            let similarity = similarity(&template(a.path), &template(b.path));
            if similarity >= 0.9 || similarity >= 0.75 && shape(a) == shape(b) {
                candidates.push((similarity, i, j));
            }
        }
    }
    pairs(candidates)
}
