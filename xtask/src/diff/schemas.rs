//! Compares two schemas: records their own changes, and returns the pairs of nested schemas to compare next.

use std::collections::BTreeSet;

use super::change::{ChangePlaces, Finding};
use super::rules::Direction;
use super::schema_node::{SchemaNode, home, named};
use super::schema_view::{SchemaView, view};
use super::side::Side;
use super::{discriminators, schema_constraints, variants};
use crate::spec::walk::join;

/// Two corresponding schemas.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Pair {
    pub(super) old: SchemaNode,
    pub(super) new: SchemaNode,
    /// Whether both belong to properties that are not required.
    pub(super) optional: bool,
}

/// The result of a comparison of two schemas.
#[derive(Debug, Default)]
pub(super) struct Compared {
    /// The changes.
    pub(super) changes: Vec<(Finding, ChangePlaces)>,
    /// Pairs of nested schemas, each with its only direction, if it is used in only one.
    pub(super) children: Vec<(Pair, Option<Direction>)>,
    /// The pointers of all schemas that were read, in the old and in the new document.
    pub(super) visited: (Vec<String>, Vec<String>),
}

/// Compares two schemas.
pub(super) fn compare(old: Side<'_>, new: Side<'_>, pair: &Pair) -> Compared {
    let (before, after) = (view(old, &pair.old), view(new, &pair.new));
    let comparison = SchemaComparison {
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

pub(super) struct SchemaComparison<'a, 'v> {
    pub(super) old: Side<'a>,
    pub(super) new: Side<'a>,
    pub(super) pair: &'v Pair,
    pub(super) new_home: String,
    pub(super) before: &'v SchemaView<'a>,
    pub(super) after: &'v SchemaView<'a>,
    pub(super) out: Compared,
}

impl<'a> SchemaComparison<'a, '_> {
    fn run(mut self) -> Compared {
        self.name();
        if self.types() {
            return self.out;
        }
        self.null();
        self.values();
        self.format();
        schema_constraints::compare(&mut self);
        for (key, rule) in [
            ("default", "default-changed"),
            ("deprecated", "deprecation-noted"),
            ("title", "title-changed"),
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
        discriminators::compare(&mut self);
        discriminators::compare_children(&mut self);
        self.out
    }

    /// The pointer to show.
    pub(super) fn here(&self) -> String {
        self.pair.new.first().cloned().unwrap_or_default()
    }

    pub(super) fn push(&mut self, found: Finding, places: ChangePlaces) {
        self.out.changes.push((found, places));
    }

    /// The pointer to show for a keyword of the old schema: its place in the new document.
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
        let title = |view: &SchemaView<'_>| {
            let title = view.keyword("title")?.value.as_str()?;
            Some(title.to_owned())
        };
        let made = |name: Option<String>, view: &SchemaView<'_>| name.or_else(|| title(view));
        let type_name = |name: &String| crate::emit::type_name(name);
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
        let found = Finding::new(rule, shown)
            .was(text(old.clone()))
            .is(text(new.clone()));
        let place = |side: Side<'_>, node: &SchemaNode, name: &Option<String>| match name {
            Some(_) => {
                let reference = node.first().map(|part| join(part, "$ref"));
                reference.into_iter().chain([home(side, node)]).collect()
            }
            None => node.clone(),
        };
        let places = ChangePlaces::new(
            place(self.old, &self.pair.old, &old),
            place(self.new, &self.pair.new, &new),
        );
        self.push(found, places);
    }

    /// Compares the types. Returns whether they differ, in which case nothing else is compared.
    fn types(&mut self) -> bool {
        let (old, new) = (self.before.types(), self.after.types());
        let shape = |view: &SchemaView<'_>| !view.variants.is_empty();
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
        // For lists of numbers, the changed values are reported instead.
        if self.before.values.is_some()
            && self.after.values.is_some()
            && numeric(&old)
            && numeric(&new)
        {
            return false;
        }
        let found = Finding::new(rule, self.here())
            .was(self.before.shown(self.old))
            .is(self.after.shown(self.new));
        let places = ChangePlaces::new(
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
            (false, false) => "null-disallowed",
            (false, true) => "null-disallowed-optional",
        };
        let found = Finding::new(rule, self.here())
            .was(self.before.shown(self.old))
            .is(self.after.shown(self.new));
        let places = ChangePlaces::new(
            self.before.nullable_at.clone(),
            self.after.nullable_at.clone(),
        );
        self.push(found, places);
    }

    pub(super) fn child(&mut self, old: SchemaNode, new: SchemaNode) {
        let pair = Pair {
            old,
            new,
            optional: false,
        };
        self.out.children.push((pair, None));
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

/// Removes the last steps of a pointer.
pub(super) fn up(pointer: &str, steps: usize) -> String {
    let mut pointer = pointer;
    for _ in 0..steps {
        pointer = pointer.rsplit_once('/').map_or("", |(up, _)| up);
    }
    pointer.to_owned()
}
