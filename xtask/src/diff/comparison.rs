//! Compares two documents: the changes with their levels, and the next version of the crate.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::change::{DocumentChange, Finding, Recorded, Subject};
use super::fact_comparison::{self, Fact};
use super::rules::{Direction, Level, Levels, Rule};
use super::schemas::up;
use super::side::Side;
use super::surface::{self, Surface};
use super::traversal::Traversal;
use super::unchanged::ChangedNodes;
use super::{attribution, display, document_level, operations};
use crate::emit::{snake_name, type_name};
use crate::lower;
use crate::problem::Problem;
use crate::selection::{self, Selector};

/// The options of a comparison.
#[derive(Debug, Clone, Copy)]
pub struct CompareOptions<'a> {
    /// The operations to compare; empty for all.
    pub include: &'a [Selector],
    /// Whether to generate both crates as well, and compare their public items.
    pub surface: bool,
}

/// The changes between two documents.
#[derive(Debug, Clone, Default)]
pub struct Diff {
    /// The changes, breaking ones first.
    pub changes: Vec<DocumentChange>,
    /// The changes of public Rust items; `None` if the crates were not generated.
    pub surface: Option<Surface>,
    /// Notes about parts that could not be compared.
    pub notes: Vec<String>,
}

impl Diff {
    /// The version level that all changes together require; `None` without changes.
    pub fn level(&self) -> Option<Level> {
        self.changes.iter().map(|change| change.level).max()
    }

    /// The number of changes of a level.
    pub fn count(&self, level: Level) -> usize {
        self.changes
            .iter()
            .filter(|change| change.level == level)
            .count()
    }

    /// Returns the version after `current`. In 0.y.z, a major change increments y, and all others increment z.
    ///
    /// # Errors
    ///
    /// Returns an error if `current` is not a valid version.
    pub fn next_version(&self, current: &str) -> Result<String, Problem> {
        let mut version = semver::Version::parse(current).map_err(|error| {
            Problem::at("", "this is not a valid version")
                .expected("three numbers, such as 0.1.0")
                .found(format!("{current} ({error})"))
        })?;
        let Some(level) = self.level() else {
            return Ok(version.to_string());
        };
        // A pre-release becomes the release that it precedes.
        let prepared = !version.pre.is_empty();
        version.pre = semver::Prerelease::EMPTY;
        version.build = semver::BuildMetadata::EMPTY;
        match (level, version.major) {
            _ if prepared => {}
            (Level::Major, 0) => (version.minor, version.patch) = (version.minor + 1, 0),
            (Level::Major, _) => {
                (version.major, version.minor, version.patch) = (version.major + 1, 0, 0);
            }
            (Level::Minor, 1..) => (version.minor, version.patch) = (version.minor + 1, 0),
            _ => version.patch += 1,
        }
        Ok(version.to_string())
    }
}

/// Returns every difference in the facts of two documents.
pub fn compare_facts(old: &Value, new: &Value, include: &[Selector]) -> Vec<Fact> {
    fact_comparison::differences(&taken(old, include), &taken(new, include))
}

/// Compares the meaning of two documents.
pub fn compare(old: &Value, new: &Value, options: &CompareOptions<'_>) -> Diff {
    let (before, after) = (taken(old, options.include), taken(new, options.include));
    let facts = fact_comparison::differences(&before, &after);
    if facts.is_empty() {
        return Diff::default();
    }
    let mut walk = Traversal::new(Side::new(&before), Side::new(&after));
    document_level::compare(&mut walk);
    let touched = ChangedNodes::new(&walk, &facts);
    operations::compare(&mut walk, &touched);
    walk.finish();
    let mut explained = attribution::explain(&mut walk, facts);
    let entries = std::mem::take(&mut walk.recorder.entries);
    let mut names = RustNames::new(&walk);
    let mut changes: Vec<DocumentChange> = entries
        .into_iter()
        .map(|(found, entry)| {
            let facts = explained.remove(&found).unwrap_or_default();
            change(&walk, &mut names, found, entry, facts)
        })
        .collect();
    let mut diff = Diff::default();
    if options.surface {
        let methods = walk.operations.iter();
        let methods: Vec<&str> = methods.map(|info| info.rust.as_str()).collect();
        match surface::compare(&before, &after, &methods) {
            Ok(surface) => {
                changes.extend(surface.raised(changes.iter().map(|change| change.level).max()));
                diff.surface = Some(surface);
            }
            Err(note) => diff.notes.push(note),
        }
    }
    changes.sort_by(|a, b| {
        (b.level, &a.subject, &a.place, a.rule.id, &a.was, &a.is)
            .cmp(&(a.level, &b.subject, &b.place, b.rule.id, &b.was, &b.is))
    });
    diff.changes = changes;
    diff
}

/// The facts of the included operations and of the components that they reference.
fn taken(document: &Value, include: &[Selector]) -> Value {
    let mut facts = fact_comparison::of(document);
    if include.is_empty() {
        return facts;
    }
    selection::retain(&mut facts, include);
    if let Some(members) = facts.as_object_mut() {
        members.remove("webhooks");
    }
    lower::without_unused(&mut facts);
    facts
}

fn change(
    walk: &Traversal<'_>,
    names: &mut RustNames<'_>,
    found: Finding,
    entry: Recorded,
    facts: Vec<Fact>,
) -> DocumentChange {
    let rule = Rule::named(found.rule);
    let hidden = |operation: usize| walk.operations[operation].hidden;
    // Changes within operations that the crate omits are patches; adding and removing operations is not.
    let gone = found.rule.starts_with("operation-");
    let level = entry
        .uses
        .iter()
        .map(|(direction, operation)| match (hidden(*operation), gone) {
            (true, false) => Level::Patch,
            _ => rule.level(*direction),
        })
        .max()
        .unwrap_or_else(|| rule.level(None));
    let side =
        if walk.new.document().pointer(&found.shown_at).is_some() || entry.places.old.is_empty() {
            walk.new
        } else {
            walk.old
        };
    let (subject, place) = display::place(side, &found.shown_at);
    let operations: BTreeSet<&str> = entry
        .uses
        .iter()
        .map(|(_, operation)| walk.operations[*operation].label.as_str())
        .collect();
    let directions: BTreeSet<Direction> = match rule.levels {
        Levels::By(..) => entry
            .uses
            .iter()
            .filter_map(|(direction, _)| *direction)
            .collect(),
        Levels::Always(_) => BTreeSet::new(),
    };
    let rust = match &subject {
        Subject::Operation(label) => names.call(label),
        Subject::Component(kind, name) if kind == "schemas" => names.item(side, name, &place),
        _ => None,
    };
    // An element of a set has no JSON pointer of its own, so that of the set is used.
    let pointers = |side: Side<'_>, keys: &BTreeSet<String>| -> Vec<String> {
        let known = |key: &String| {
            if side.document().pointer(key).is_some() {
                key.clone()
            } else {
                up(key, 1)
            }
        };
        let mut all: Vec<String> = keys.iter().map(known).collect();
        all.dedup();
        all
    };
    DocumentChange {
        rule,
        level,
        subject,
        place,
        was: found.was,
        is: found.is,
        guess: found.guess,
        directions: directions.into_iter().collect(),
        operations: operations.into_iter().map(str::to_owned).collect(),
        rust,
        old_at: pointers(walk.old, &entry.places.old),
        new_at: pointers(walk.new, &entry.places.new),
        facts,
    }
}

/// The Rust names of operations and schemas.
struct RustNames<'w> {
    /// Methods by the labels of their operations.
    calls: BTreeMap<&'w str, &'w str>,
    new: Side<'w>,
    /// A cache of the shapes of schemas, by name and whether the schema is in the new document.
    schemas: BTreeMap<(String, bool), RustShape>,
}

/// The shape of a schema in Rust.
#[derive(Clone, Copy)]
enum RustShape {
    /// A type with fields.
    Struct,
    /// A type without fields.
    Type,
    /// No type of its own.
    Nothing,
}

impl<'w> RustNames<'w> {
    fn new(walk: &'w Traversal<'w>) -> Self {
        let operations = walk.operations.iter();
        Self {
            calls: operations
                .map(|operation| (operation.label.as_str(), operation.rust.as_str()))
                .collect(),
            new: walk.new,
            schemas: BTreeMap::new(),
        }
    }

    /// The method of an operation.
    fn call(&self, label: &str) -> Option<String> {
        self.calls.get(label).map(|call| (*call).to_owned())
    }

    /// The type of a component, or its field at `place`. `None` if the component has no type of its own.
    fn item(&mut self, side: Side<'_>, name: &str, place: &str) -> Option<String> {
        let is_new = std::ptr::eq(side.document(), self.new.document());
        let known = self.schemas.entry((name.to_owned(), is_new));
        let kind = *known.or_insert_with(|| kind(side, name));
        let field = match kind {
            RustShape::Nothing => return None,
            RustShape::Type => None,
            RustShape::Struct => place.strip_prefix('.'),
        };
        let field = field.map_or_else(String::new, |rest| {
            let end = rest
                .find(|c: char| !(c.is_alphanumeric() || c == '_'))
                .unwrap_or(rest.len());
            format!("::{}", snake_name(&rest[..end]))
        });
        Some(format!("types::{}{field}", type_name(name)))
    }
}

fn kind(side: Side<'_>, name: &str) -> RustShape {
    let at = crate::spec::walk::join("/components/schemas", name);
    let schema = super::schema_view::view(side, &[at]);
    match (schema.makes_type(), schema.properties.is_empty()) {
        (false, _) => RustShape::Nothing,
        (true, true) => RustShape::Type,
        (true, false) => RustShape::Struct,
    }
}
