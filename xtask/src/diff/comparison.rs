//! Two documents compared: the changes with their levels, and what they ask of the version of the crate.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::change::{DocumentChange, Found, Recorded, Subject};
use super::fact_comparison::{self, Fact};
use super::rules::{Direction, Level, Levels, Rule};
use super::schemas::up;
use super::side::Side;
use super::surface::{self, Surface};
use super::traversal::Walk;
use super::untouched::Touched;
use super::{attribution, display, document_level, operations};
use crate::emit::{snake_name, type_name};
use crate::lower;
use crate::problem::Problem;

/// What to compare and how.
#[derive(Debug, Clone, Copy)]
pub struct CompareOptions<'a> {
    /// The beginnings of the paths to compare; all where there is none.
    pub include: &'a [String],
    /// Generate both crates as well, and compare their public items.
    pub surface: bool,
}

/// What changed between two documents.
#[derive(Debug, Clone, Default)]
pub struct Diff {
    /// The changes, the breaking ones first.
    pub changes: Vec<DocumentChange>,
    /// The public Rust items that came, went or changed; none where the crates were not generated.
    pub surface: Option<Surface>,
    /// What could not be looked at, for people.
    pub notes: Vec<String>,
}

impl Diff {
    /// What all changes together ask of the version; nothing where there is none.
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

    /// The version that follows `current`: in 0.y.z, a major change raises y and everything else z.
    ///
    /// # Errors
    ///
    /// A version that is none.
    pub fn next_version(&self, current: &str) -> Result<String, Problem> {
        let mut version = semver::Version::parse(current).map_err(|error| {
            Problem::at("", "this is no version")
                .expected("three numbers, such as 0.1.0")
                .found(format!("{current} ({error})"))
        })?;
        let Some(level) = self.level() else {
            return Ok(version.to_string());
        };
        // A version that is not out yet becomes the one that it prepares.
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

/// Every difference of facts between two documents.
pub fn compare_facts(old: &Value, new: &Value, include: &[String]) -> Vec<Fact> {
    fact_comparison::differences(&taken(old, include), &taken(new, include))
}

/// What changed in meaning between two documents.
pub fn compare(old: &Value, new: &Value, options: &CompareOptions<'_>) -> Diff {
    let (before, after) = (taken(old, options.include), taken(new, options.include));
    let facts = fact_comparison::differences(&before, &after);
    if facts.is_empty() {
        return Diff::default();
    }
    let mut walk = Walk::new(Side::new(&before), Side::new(&after));
    document_level::compare(&mut walk);
    let touched = Touched::new(&walk, &facts);
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
        match surface::compare(&before, &after) {
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

/// The facts of the paths that are asked for, and of the components that they reach.
fn taken(document: &Value, include: &[String]) -> Value {
    let mut facts = fact_comparison::of(document);
    if include.is_empty() {
        return facts;
    }
    if let Some(paths) = facts.get_mut("paths").and_then(Value::as_object_mut) {
        let wanted = |path: &str| include.iter().any(|prefix| lower::is_under(path, prefix));
        paths.retain(|path, _| wanted(path));
    }
    if let Some(members) = facts.as_object_mut() {
        members.remove("webhooks");
    }
    lower::without_unused(&mut facts);
    facts
}

fn change(
    walk: &Walk<'_>,
    names: &mut RustNames<'_>,
    found: Found,
    entry: Recorded,
    facts: Vec<Fact>,
) -> DocumentChange {
    let rule = Rule::named(found.rule);
    let hidden = |operation: usize| walk.operations[operation].hidden;
    // What the crate leaves out can change as it will; coming and going is another thing.
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
    // The element of a set has no pointer of its own: the set has.
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

/// What things are called in Rust.
struct RustNames<'w> {
    /// The methods by the labels of their operations.
    calls: BTreeMap<&'w str, &'w str>,
    new: Side<'w>,
    /// What is known of a schema, by its name and whether it is that of the new document. A schema can have many changes.
    schemas: BTreeMap<(String, bool), RustShape>,
}

/// What a schema is in Rust.
#[derive(Clone, Copy)]
enum RustShape {
    /// A type with fields.
    Struct,
    /// A type without.
    Type,
    /// No type of its own.
    Nothing,
}

impl<'w> RustNames<'w> {
    fn new(walk: &'w Walk<'w>) -> Self {
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

    /// The type, or the field of it, that a component is, where it is one.
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
