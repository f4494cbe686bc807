//! Compares the parameters of operations.

use serde_json::Value;

use super::change::{ChangePlaces, Finding};
use super::fact_comparison::path_name;
use super::operations::ComparedOperation;
use super::rules::Direction;
use super::schemas::up;
use super::side::Side;
use super::traversal::{Traversal, Visited};
use crate::spec::walk::join;

/// A parameter of an operation.
#[derive(Debug, Clone)]
struct ComparedParameter<'a> {
    /// The pointer in the list of the operation or of its path item.
    listed: String,
    /// The pointer after following references.
    at: String,
    place: String,
    name: String,
    value: &'a Value,
}

impl ComparedParameter<'_> {
    fn required(&self) -> bool {
        self.place == "path" || self.value["required"] == Value::Bool(true)
    }

    /// Whether the crate omits it: headers that other parts of the document describe.
    fn unread(&self) -> bool {
        self.place == "header"
            && ["accept", "content-type", "authorization"].contains(&self.name.as_str())
    }

    fn direction(&self) -> Direction {
        if self.unread() {
            Direction::Unread
        } else {
            Direction::Request
        }
    }

    /// The serialization of a value, with defaults: style, `explode`, `allowReserved` and `allowEmptyValue`.
    fn style(&self) -> (String, bool, bool, bool) {
        let usual = match self.place.as_str() {
            "query" | "cookie" => "form",
            _ => "simple",
        };
        let style = self.value["style"].as_str().unwrap_or(usual).to_owned();
        let flag = |key: &str| self.value[key].as_bool();
        let explode = flag("explode").unwrap_or(style == "form");
        (
            style,
            explode,
            flag("allowReserved").unwrap_or(false),
            flag("allowEmptyValue").unwrap_or(false),
        )
    }
}

/// Returns the parameters of an operation. Its own override those of its path item.
fn all<'a>(side: Side<'a>, operation: &ComparedOperation<'_>) -> Vec<ComparedParameter<'a>> {
    let mut found: Vec<ComparedParameter<'a>> = Vec::new();
    for holder in [&operation.at, &operation.item] {
        for listed in side.items(&join(holder, "parameters")) {
            let (place, name) = side.parameter(&listed);
            if found
                .iter()
                .any(|known| known.place == place && known.name == name)
            {
                continue;
            }
            let at = side.resolve(&listed, true);
            found.push(ComparedParameter {
                value: side.get(&at),
                listed,
                at,
                place,
                name,
            });
        }
    }
    found
}

/// Compares the parameters of an operation.
pub(super) fn compare(
    walk: &mut Traversal<'_>,
    old: &ComparedOperation<'_>,
    new: &ComparedOperation<'_>,
    number: usize,
) {
    let (before, mut after) = (all(walk.old, old), all(walk.new, new));
    let (old_path, new_path) = (up(&old.shown, 1), up(&new.shown, 1));
    let (old_names, new_names) = (names(old.path), names(new.path));
    for old in before {
        // Path parameters are matched by position, because their names are not sent.
        let position = old_names.iter().position(|name| *name == old.name);
        let name = match position.and_then(|position| new_names.get(position)) {
            Some(name) if old.place == "path" && old_names.len() == new_names.len() => name,
            _ => old.name.as_str(),
        };
        let found = after
            .iter()
            .position(|new| new.place == old.place && new.name == name);
        match found {
            Some(index) => both(
                walk,
                (&old, &old_path),
                (&after.remove(index), &new_path),
                number,
            ),
            None => {
                let rule = if old.unread() {
                    "parameter-unread-changed"
                } else {
                    "parameter-removed"
                };
                let found = Finding::new(rule, &new.shown).was(label(&old));
                walk.add(
                    found,
                    ChangePlaces::old(&old.listed),
                    (Some(old.direction()), number),
                );
            }
        }
    }
    let shown = &new.shown;
    for new in after {
        let rule = match (new.unread(), new.required()) {
            (true, _) => "parameter-unread-changed",
            (false, true) => "parameter-added-required",
            (false, false) => "parameter-added",
        };
        let found = Finding::new(rule, shown).is(label(&new));
        walk.add(
            found,
            ChangePlaces::new_only(&new.listed),
            (Some(new.direction()), number),
        );
    }
}

/// Compares a parameter that exists in both documents. The paths are those of the operation.
fn both(
    walk: &mut Traversal<'_>,
    (old, old_path): (&ComparedParameter<'_>, &str),
    (new, new_path): (&ComparedParameter<'_>, &str),
    number: usize,
) {
    walk.visit(&old.listed, &new.listed, Visited::Parameter);
    walk.visit(&old.at, &new.at, Visited::Parameter);
    let seen = (Some(new.direction()), number);
    if old.name != new.name {
        let found = Finding::new("path-parameter-renamed", &new.listed)
            .was(&old.name)
            .is(&new.name);
        let places = ChangePlaces::new(
            [old.listed.clone(), old.at.clone(), path_name(old_path)],
            [new.listed.clone(), new.at.clone(), path_name(new_path)],
        );
        walk.add(found, places, seen);
    }
    let member = |key: &str| ChangePlaces::both(join(&old.at, key), join(&new.at, key));
    if old.required() != new.required() {
        let (rule, texts) = match (new.unread(), new.required()) {
            (true, true) => ("parameter-unread-changed", ("optional", "required")),
            (true, false) => ("parameter-unread-changed", ("required", "optional")),
            (false, true) => ("parameter-required", ("optional", "required")),
            (false, false) => ("parameter-optional", ("required", "optional")),
        };
        let found = Finding::new(rule, &new.at).was(texts.0).is(texts.1);
        walk.add(found, member("required"), seen);
    }
    if old.value["deprecated"] != new.value["deprecated"] {
        walk.differs(
            "deprecation-noted",
            &join(&old.at, "deprecated"),
            &join(&new.at, "deprecated"),
            seen,
        );
    }
    let content = (
        old.value.get("content").is_some(),
        new.value.get("content").is_some(),
    );
    if old.style() != new.style() || content.0 != content.1 {
        let text = |parameter: &ComparedParameter<'_>, content: bool| {
            let (style, explode, reserved, empty) = parameter.style();
            let flags = [
                (explode, "explode"),
                (reserved, "allowReserved"),
                (empty, "allowEmptyValue"),
                (content, "content"),
            ];
            let flags = flags
                .iter()
                .filter(|(set, _)| *set)
                .map(|(_, name)| format!(", {name}"));
            flags.fold(style, |text, flag| text + &flag)
        };
        let rule = if new.unread() {
            "parameter-unread-changed"
        } else {
            "parameter-style-changed"
        };
        let found = Finding::new(rule, &new.at)
            .was(text(old, content.0))
            .is(text(new, content.1));
        let keys = [
            "style",
            "explode",
            "allowReserved",
            "allowEmptyValue",
            "content",
            "schema",
        ];
        let places = ChangePlaces::new(
            keys.map(|key| join(&old.at, key)),
            keys.map(|key| join(&new.at, key)),
        );
        walk.add(found, places, seen);
    }
    match content {
        (true, true) => {
            // The caller passes such a value as text, whatever its schema.
            let (old, new) = (join(&old.at, "content"), join(&new.at, "content"));
            walk.differs("parameter-unread-changed", &old, &new, seen);
        }
        (false, false) => {
            let optional = !old.required() && !new.required();
            walk.schemas(
                join(&old.at, "schema"),
                join(&new.at, "schema"),
                seen,
                optional,
            );
        }
        _ => {}
    }
    walk.others(&old.at, &new.at, &COMPARED, seen);
}

/// The members of a parameter that are compared.
pub(super) const COMPARED: [&str; 11] = [
    "$ref",
    "name",
    "in",
    "required",
    "deprecated",
    "style",
    "explode",
    "allowReserved",
    "allowEmptyValue",
    "content",
    "schema",
];

fn label(parameter: &ComparedParameter<'_>) -> String {
    let required = if parameter.required() && parameter.place != "path" {
        ", required"
    } else {
        ""
    };
    format!("{} in {}{required}", parameter.name, parameter.place)
}

/// The names of the parameters in a path.
fn names(path: &str) -> Vec<&str> {
    path.split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
        .collect()
}
