//! Compares the parts of a schema: fields, items, and the values of additional fields.

use std::collections::BTreeSet;

use super::change::{ChangePlaces, Finding, Guess};
use super::rename;
use super::rules::Direction;
use super::schema_node::SchemaNode;
use super::schema_view::{SchemaView, view};
use super::schemas::{Pair, SchemaComparison, up};
use crate::spec::walk::join;

impl SchemaComparison<'_, '_> {
    pub(super) fn properties(&mut self) {
        let (before, after) = (self.before, self.after);
        let gone: Vec<(&str, &SchemaNode)> = before
            .properties
            .iter()
            .filter(|(name, _)| !after.properties.contains_key(*name))
            .map(|(name, node)| (*name, node))
            .collect();
        let come: Vec<(&str, &SchemaNode)> = after
            .properties
            .iter()
            .filter(|(name, _)| !before.properties.contains_key(*name))
            .map(|(name, node)| (*name, node))
            .collect();
        let guesses = rename::properties(self.old, &gone, self.new, &come);
        for (name, node) in gone {
            let at = node.first().cloned().unwrap_or_default();
            let mut found = Finding::new("property-removed", self.shown_old(&at, 2))
                .was(view(self.old, node).shown(self.old));
            found.guess = guesses.get(name).map(|to| Guess::to(*to));
            found.only = only_direction(&view(self.old, node));
            let required = before.required.get(name).into_iter().flatten();
            let places = ChangePlaces::new(node.iter().chain(required).cloned(), None::<String>);
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
            let mut found = Finding::new(rule, at).is(schema.shown(self.new));
            found.guess = guesses
                .iter()
                .find(|(_, to)| **to == name)
                .map(|(from, _)| Guess::from(*from));
            found.only = only_direction(&schema);
            let required = required.into_iter().flatten();
            let places = ChangePlaces::new(None::<String>, node.iter().chain(required).cloned());
            self.push(found, places);
        }
        for (name, old) in &before.properties {
            let Some(new) = after.properties.get(name) else {
                continue;
            };
            let only = match (
                only_direction(&view(self.old, old)),
                only_direction(&view(self.new, new)),
            ) {
                (a, b) if a == b => a,
                _ => None,
            };
            let (was, is) = (before.required.get(name), after.required.get(name));
            if was.is_some() != is.is_some() {
                let (rule, texts) = match is {
                    Some(_) => ("property-required", ("optional", "required")),
                    None => ("property-optional", ("required", "optional")),
                };
                let mut found = Finding::new(rule, new.first().cloned().unwrap_or_default())
                    .was(texts.0)
                    .is(texts.1);
                found.only = only;
                let places = ChangePlaces::new(
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
        // A required name without a schema accepts any value, and the crate has no field for it.
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
            let mut found = Finding::new("condition-changed", at.unwrap_or_default());
            let text = format!("`{name}` required");
            if was.is_some() {
                found = found.was(text);
            } else {
                found = found.is(text);
            }
            let places = ChangePlaces::new(
                was.into_iter().flatten().cloned(),
                is.into_iter().flatten().cloned(),
            );
            self.push(found, places);
        }
    }

    /// Compares items and the values of additional properties.
    pub(super) fn containers(&mut self) {
        let (before, after) = (self.before, self.after);
        let absent = |view: &SchemaView<'_>, node: &SchemaNode, key: &str| {
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
                let mut found = Finding::new("map-values-changed", shown);
                found.was = old
                    .as_ref()
                    .map(|node| view(self.old, node).shown(self.old));
                found.is = new
                    .as_ref()
                    .map(|node| view(self.new, node).shown(self.new));
                // `additionalProperties: false`, which was replaced or added, belongs to the same change.
                let places = ChangePlaces::new(
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
            let places = ChangePlaces::new(before.closed.clone(), after.closed.clone());
            self.push(Finding::new(rule, self.here()), places);
        }
    }

    /// Compares the schemas for which the crate accepts any value. One that exists in only one document is reported with the
    /// schema that contains it.
    pub(super) fn unread(&mut self) {
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
}

/// The only direction in which a property is used, if it is read-only or write-only.
fn only_direction(view: &SchemaView<'_>) -> Option<Direction> {
    match (view.is("readOnly"), view.is("writeOnly")) {
        (true, false) => Some(Direction::Response),
        (false, true) => Some(Direction::Request),
        _ => None,
    }
}
