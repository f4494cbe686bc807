//! Compares operations: pairs old and new ones, and compares each pair.

use serde_json::Value;

use super::change::{ChangePlaces, Finding, Guess, Use};
use super::fact_comparison::template;
use super::rename::{self, RenameCandidate};
use super::side::Side;
use super::traversal::{OperationInfo, Traversal, Visited};
use super::unchanged::ChangedNodes;
use super::{bodies, operation_parameters, security};
use crate::emit::snake_name;
use crate::extensions;
use crate::lower;
use crate::spec::walk::{METHODS, join};

/// An operation of one document.
#[derive(Debug, Clone)]
pub(super) struct ComparedOperation<'a> {
    pub(super) method: &'static str,
    pub(super) path: &'a str,
    /// The pointer to show: below the path, even if the path item is a reference.
    pub(super) shown: String,
    /// The pointer of the operation.
    pub(super) at: String,
    /// The pointer of the path item.
    pub(super) item: String,
    pub(super) value: &'a Value,
}

/// The members of an operation that are compared.
pub(super) const COMPARED: [&str; 11] = [
    "callbacks",
    "deprecated",
    "operationId",
    "parameters",
    "requestBody",
    "responses",
    "security",
    "tags",
    extensions::OPERATION_GROUP.name,
    extensions::OPERATION_NAME.name,
    extensions::SDK_IGNORE.name,
];

impl ComparedOperation<'_> {
    fn label(&self) -> String {
        format!("{} {}", self.method.to_uppercase(), self.path)
    }

    fn id(&self) -> Option<&str> {
        self.value["operationId"].as_str()
    }

    /// Whether the crate has no method for it: the document excludes it, or the crate does not support its body format.
    fn hidden(&self, side: Side<'_>) -> bool {
        extensions::SDK_IGNORE.is_true(self.value)
            || bodies::sent(side, &side.resolve(&join(&self.at, "requestBody"), true))
                .is_some_and(|kind| lower::rank(&kind) > 2)
    }

    /// The call in Rust.
    fn rust(&self) -> String {
        let (group, name) = lower::operation_names(self.value, self.path, self.method);
        let mut text = String::new();
        for step in group {
            text.push_str(&format!("{}().", snake_name(&step)));
        }
        text.push_str(&format!("{}()", snake_name(&name)));
        text
    }
}

/// The operations of a document, by path and method.
pub(super) fn all(side: Side<'_>) -> Vec<ComparedOperation<'_>> {
    let mut found = Vec::new();
    for (path, shown) in side.members("/paths") {
        let item = side.resolve(&shown, true);
        for method in METHODS {
            let at = join(&item, method);
            if side.get(&at).is_object() {
                found.push(ComparedOperation {
                    method,
                    path,
                    shown: join(&shown, method),
                    value: side.get(&at),
                    at,
                    item: item.clone(),
                });
            }
        }
    }
    found
}

/// Pairs and compares the operations of both documents.
pub(super) fn compare(walk: &mut Traversal<'_>, touched: &ChangedNodes) {
    let (mut old, mut new) = (all(walk.old), all(walk.new));
    let mut pairs = Vec::new();
    let same: [fn(&ComparedOperation<'_>, &ComparedOperation<'_>) -> bool; 3] = [
        |a, b| a.method == b.method && a.path == b.path,
        |a, b| a.method == b.method && template(a.path) == template(b.path),
        // The operationId identifies an operation that moved to another path.
        |a, b| a.id().is_some() && a.id() == b.id(),
    ];
    for same in same {
        old.retain(
            |operation| match new.iter().position(|other| same(operation, other)) {
                Some(index) => {
                    pairs.push((operation.clone(), new.remove(index)));
                    false
                }
                None => true,
            },
        );
    }
    for (old, new) in pairs {
        if !touched.is_unchanged(walk, &old, &new) {
            both(walk, &old, &new);
        }
    }
    one_sided(walk, &old, &new);
}

/// Records operations that exist in only one document.
fn one_sided(
    walk: &mut Traversal<'_>,
    old: &[ComparedOperation<'_>],
    new: &[ComparedOperation<'_>],
) {
    let guesses = rename::operations(&candidates(old), &candidates(new));
    for (index, operation) in old.iter().enumerate() {
        let number = info(walk, operation, false);
        let mut found = Finding::new("operation-removed", &operation.shown);
        let guess = guesses.iter().find(|(from, _)| *from == index);
        found.guess = guess.map(|(_, to)| Guess::to(new[*to].label()));
        let places = ChangePlaces::new(ats(operation), None::<String>);
        walk.add(found, places, (None, number));
    }
    for (index, operation) in new.iter().enumerate() {
        let number = info(walk, operation, false);
        let mut found = Finding::new("operation-added", &operation.shown);
        let guess = guesses.iter().find(|(_, to)| *to == index);
        found.guess = guess.map(|(from, _)| Guess::from(old[*from].label()));
        let places = ChangePlaces::new(None::<String>, ats(operation));
        walk.add(found, places, (None, number));
    }
}

fn candidates<'a>(operations: &'a [ComparedOperation<'_>]) -> Vec<RenameCandidate<'a>> {
    operations
        .iter()
        .map(|operation| RenameCandidate {
            method: operation.method,
            path: operation.path,
            operation: operation.value,
        })
        .collect()
}

/// The places of an operation: the pointer to show, and the actual one if the path item is a reference.
fn ats(operation: &ComparedOperation<'_>) -> Vec<String> {
    vec![operation.shown.clone(), operation.at.clone()]
}

/// Registers an operation and returns its number.
fn info(walk: &mut Traversal<'_>, operation: &ComparedOperation<'_>, hidden: bool) -> usize {
    walk.operations.push(OperationInfo {
        label: operation.label(),
        rust: operation.rust(),
        hidden,
    });
    walk.operations.len() - 1
}

/// Compares an operation that exists in both documents.
fn both(walk: &mut Traversal<'_>, old: &ComparedOperation<'_>, new: &ComparedOperation<'_>) {
    let hidden = (old.hidden(walk.old), new.hidden(walk.new));
    let number = info(walk, new, hidden.0 || hidden.1);
    let seen = (None, number);
    walk.visit(&old.at, &new.at, Visited::Operation);
    let moved = |rule: &'static str, was: &str, is: &str| {
        (
            Finding::new(rule, &new.shown).was(was).is(is),
            ChangePlaces::new(ats(old), ats(new)),
        )
    };
    if template(old.path) != template(new.path) {
        let (found, places) = moved("path-changed", old.path, new.path);
        walk.add(found, places, seen);
    }
    if old.method != new.method {
        let (found, places) = moved(
            "method-changed",
            &old.method.to_uppercase(),
            &new.method.to_uppercase(),
        );
        walk.add(found, places, seen);
    }
    if hidden.0 != hidden.1 {
        let rule = if hidden.1 {
            "operation-hidden"
        } else {
            "operation-shown"
        };
        let places = ChangePlaces::both(
            join(&old.at, extensions::SDK_IGNORE.name),
            join(&new.at, extensions::SDK_IGNORE.name),
        );
        walk.add(Finding::new(rule, &new.shown), places, seen);
    }
    let member = |key: &str| (join(&old.at, key), join(&new.at, key));
    for (key, rule) in [
        ("operationId", "operation-renamed"),
        (extensions::RELEASE_LIFECYCLE.name, "lifecycle-changed"),
        ("tags", "tags-changed"),
        ("callbacks", "unread-changed"),
    ] {
        let (before, after) = member(key);
        walk.differs_at(&new.shown, rule, &before, &after, seen);
    }
    name(walk, old, new, seen);
    deprecated(walk, old, new, seen);
    security::compare(walk, old, new, seen);
    operation_parameters::compare(walk, old, new, number);
    bodies::compare(walk, old, new, number);
    let mut known = COMPARED.to_vec();
    known.push(extensions::RELEASE_LIFECYCLE.name);
    walk.others(&old.at, &new.at, &known, seen);
}

fn name(
    walk: &mut Traversal<'_>,
    old: &ComparedOperation<'_>,
    new: &ComparedOperation<'_>,
    seen: Use,
) {
    let (was, is) = (old.rust(), new.rust());
    if was == is {
        return;
    }
    // Without an operationId the name is derived from the path, whose change is recorded separately.
    let keys = [
        extensions::OPERATION_GROUP.name,
        extensions::OPERATION_NAME.name,
    ];
    let found = Finding::new("method-renamed", &new.shown).was(was).is(is);
    let places = ChangePlaces::new(
        keys.map(|key| join(&old.at, key)),
        keys.map(|key| join(&new.at, key)),
    );
    walk.add(found, places, seen);
}

fn deprecated(
    walk: &mut Traversal<'_>,
    old: &ComparedOperation<'_>,
    new: &ComparedOperation<'_>,
    seen: Use,
) {
    let is = |operation: &ComparedOperation<'_>| operation.value["deprecated"] == Value::Bool(true);
    let rule = match (is(old), is(new)) {
        (false, true) => "operation-deprecated",
        (true, false) => "operation-revived",
        _ => return,
    };
    let places = ChangePlaces::both(join(&old.at, "deprecated"), join(&new.at, "deprecated"));
    walk.add(Finding::new(rule, &new.shown), places, seen);
}
