//! Compares request bodies and responses of operations.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::change::{ChangePlaces, Finding, Use};
use super::operations::ComparedOperation;
use super::rules::Direction;
use super::side::Side;
use super::traversal::{Traversal, Visited};
use crate::extensions;
use crate::lower::{essence, is_success, rank};
use crate::spec::walk::join;

/// The media type in which the crate sends a body; `None` without a body.
pub(super) fn sent(side: Side<'_>, body: &str) -> Option<String> {
    let mut kinds = kinds(side, body);
    kinds.sort_by_key(|kind| (rank(kind), kind.clone()));
    kinds.into_iter().next()
}

/// The media type in which the crate reads a response. JSON is preferred.
fn read(side: Side<'_>, response: &str) -> Option<String> {
    let mut kinds = kinds(side, response);
    kinds.sort_by_key(|kind| (rank(kind) > 0, kind.clone()));
    kinds.into_iter().next()
}

fn kinds(side: Side<'_>, holder: &str) -> Vec<String> {
    side.members(&join(holder, "content"))
        .into_iter()
        .map(|(kind, _)| kind.to_owned())
        .collect()
}

/// Compares the request bodies and responses of an operation.
pub(super) fn compare(
    walk: &mut Traversal<'_>,
    old: &ComparedOperation<'_>,
    new: &ComparedOperation<'_>,
    number: usize,
) {
    request(walk, old, new, number);
    responses(walk, old, new, number);
}

fn request(
    walk: &mut Traversal<'_>,
    old: &ComparedOperation<'_>,
    new: &ComparedOperation<'_>,
    number: usize,
) {
    let seen = (Some(Direction::Request), number);
    let listed = (join(&old.at, "requestBody"), join(&new.at, "requestBody"));
    let at = (
        walk.old.resolve(&listed.0, true),
        walk.new.resolve(&listed.1, true),
    );
    let (was, is) = (sent(walk.old, &at.0), sent(walk.new, &at.1));
    let (Some(was), Some(is)) = (was.clone(), is.clone()) else {
        let rule = match (was, is) {
            (None, None) => return,
            (None, Some(_)) => "body-added",
            _ => "body-removed",
        };
        walk.add(
            Finding::new(rule, listed.1.clone()),
            ChangePlaces::new([listed.0, at.0], [listed.1, at.1]),
            seen,
        );
        return;
    };
    let at = walk.follow(&listed.0, &listed.1, Visited::Body);
    let required = |side: Side<'_>, at: &str| side.get(at)["required"] == Value::Bool(true);
    let (before, after) = (required(walk.old, &at.0), required(walk.new, &at.1));
    if before != after {
        let rule = if after {
            "body-required"
        } else {
            "body-optional"
        };
        let places = ChangePlaces::both(join(&at.0, "required"), join(&at.1, "required"));
        walk.add(Finding::new(rule, listed.1), places, seen);
    }
    let rules = ("body-format-changed", "body-format-listed");
    contents(walk, &at, (&was, &is), rules, seen);
    walk.others(&at.0, &at.1, &BODY, seen);
}

/// The members of a request body that are compared.
pub(super) const BODY: [&str; 3] = ["$ref", "content", "required"];

/// The members of a response that are compared.
pub(super) const RESPONSE: [&str; 5] = ["$ref", "content", "headers", "links", "description"];

/// The members of a media type that are compared.
pub(super) const MEDIA: [&str; 2] = ["schema", "encoding"];

/// Compares the media types of a body or a response, of which the crate uses one.
fn contents(
    walk: &mut Traversal<'_>,
    (old, new): &(String, String),
    (was, is): (&str, &str),
    (changed, listed): (&'static str, &'static str),
    seen: Use,
) {
    let at = (join(old, "content"), join(new, "content"));
    let is_response = seen.0 != Some(Direction::Request);
    // The crate sends the media type of the document, and reads a response as JSON or bytes. JSON with and without a character set is
    // equivalent.
    let class = |kind: &str| match rank(kind) {
        0 if is_response => (0, String::new()),
        0 => (0, essence(kind)),
        _ if is_response => (1, String::new()),
        rank @ 1..=2 => (rank, String::new()),
        rank => (rank, kind.to_owned()),
    };
    let rule = if class(was) == class(is) {
        listed
    } else {
        changed
    };
    let decoded = |kind: &str| rank(kind) < if is_response { 1 } else { 2 };
    if was != is {
        let found = Finding::new(rule, at.1.clone()).was(was).is(is);
        let places = ChangePlaces::both(join(&at.0, was), join(&at.1, is));
        walk.add(found, places, seen);
    }
    let (before, after): (BTreeSet<String>, BTreeSet<String>) = (
        kinds(walk.old, old).into_iter().collect(),
        kinds(walk.new, new).into_iter().collect(),
    );
    // Several kinds of responses are an enum.
    let listed = |kind: &str, others: &BTreeSet<String>| {
        let is_new_kind = !others.iter().any(|other| class(other) == class(kind));
        if is_response && is_new_kind {
            changed
        } else {
            listed
        }
    };
    let mut pairs = vec![(was.to_owned(), is.to_owned(), seen)];
    for kind in before.union(&after) {
        if kind == was || kind == is {
            continue;
        }
        match (before.contains(kind), after.contains(kind)) {
            (true, true) => {
                pairs.push((
                    kind.clone(),
                    kind.clone(),
                    (Some(Direction::Unread), seen.1),
                ));
            }
            (true, false) => {
                let found = Finding::new(listed(kind, &after), at.1.clone()).was(kind);
                walk.add(found, ChangePlaces::old(join(&at.0, kind)), seen);
            }
            _ => {
                let found = Finding::new(listed(kind, &before), at.1.clone()).is(kind);
                walk.add(found, ChangePlaces::new_only(join(&at.1, kind)), seen);
            }
        }
    }
    for (was, is, seen) in pairs {
        let (old, new) = (join(&at.0, &was), join(&at.1, &is));
        walk.visit(&old, &new, Visited::Media);
        // The crate treats other formats as bytes.
        let seen = match (decoded(&was), decoded(&is)) {
            (true, true) => seen,
            (false, false) => (Some(Direction::Unread), seen.1),
            _ => continue,
        };
        walk.schemas(join(&old, "schema"), join(&new, "schema"), seen, false);
        walk.differs(
            "unread-changed",
            &join(&old, "encoding"),
            &join(&new, "encoding"),
            seen,
        );
        walk.others(&old, &new, &MEDIA, seen);
    }
}

/// The statuses of an operation, each with its pointer and whether it is a success.
fn statuses(side: Side<'_>, operation: &ComparedOperation<'_>) -> BTreeMap<String, (String, bool)> {
    let all = side.members(&join(&operation.at, "responses"));
    let any = all.iter().any(|(status, _)| is_success(status));
    all.into_iter()
        .filter(|(status, _)| !extensions::is_extension(status))
        .map(|(status, at)| {
            let success = is_success(status) || status == "default" && !any;
            (status.to_owned(), (at, success))
        })
        .collect()
}

/// The media type and schema of a response, by which responses are compared.
fn body(side: Side<'_>, listed: &str) -> Option<(String, Value)> {
    let at = side.resolve(listed, true);
    let kind = read(side, &at)?;
    let schema = side.get(&join(&join(&join(&at, "content"), &kind), "schema"));
    Some((kind, schema.clone()))
}

fn responses(
    walk: &mut Traversal<'_>,
    old: &ComparedOperation<'_>,
    new: &ComparedOperation<'_>,
    number: usize,
) {
    let (before, after) = (statuses(walk.old, old), statuses(walk.new, new));
    let gone: Vec<&String> = before
        .keys()
        .filter(|status| !after.contains_key(*status))
        .collect();
    let come: Vec<&String> = after
        .keys()
        .filter(|status| !before.contains_key(*status))
        .collect();
    let success = |all: &BTreeMap<String, (String, bool)>, list: &[&String]| -> Vec<String> {
        list.iter()
            .filter(|status| all[**status].1)
            .map(|status| (*status).clone())
            .collect()
    };
    let (gone_success, come_success) = (success(&before, &gone), success(&after, &come));
    // If one success status replaces another, the response moved to another status.
    let swapped = match (gone_success.as_slice(), come_success.as_slice()) {
        ([old], [new]) => Some((old.clone(), new.clone())),
        _ => None,
    };
    if let Some((was, is)) = &swapped {
        let (old_at, new_at) = (&before[was].0, &after[is].0);
        let found = Finding::new("success-listed", new_at).was(was).is(is);
        let places = ChangePlaces::both(old_at, new_at);
        walk.add(found, places, (Some(Direction::Response), number));
        response(walk, (old_at, new_at), (Some(Direction::Response), number));
    }
    let bodies =
        |side: Side<'_>, all: &BTreeMap<String, (String, bool)>| -> Vec<Option<(String, Value)>> {
            all.values()
                .filter(|(_, success)| *success)
                .map(|(at, _)| body(side, at))
                .collect()
        };
    let (old_bodies, new_bodies) = (bodies(walk.old, &before), bodies(walk.new, &after));
    let mut errors: BTreeMap<&'static str, Vec<(String, String)>> = BTreeMap::new();
    for (status, all, old_side) in gone
        .iter()
        .map(|status| (*status, &before, true))
        .chain(come.iter().map(|status| (*status, &after, false)))
    {
        if swapped.as_ref().is_some_and(|(was, is)| {
            if old_side {
                was == status
            } else {
                is == status
            }
        }) {
            continue;
        }
        let (at, success) = &all[status];
        let (side, others) = if old_side {
            (walk.old, &new_bodies)
        } else {
            (walk.new, &old_bodies)
        };
        let alike = others.contains(&body(side, at));
        let rule = match (success, alike, old_side) {
            (true, true, _) => "success-listed",
            (true, false, true) => "success-removed",
            (true, false, false) => "success-added",
            (false, _, true) => "error-removed",
            (false, _, false) => "error-added",
        };
        if !*success {
            errors
                .entry(rule)
                .or_default()
                .push((status.clone(), at.clone()));
            continue;
        }
        let mut found = Finding::new(rule, &new.shown);
        let places = if old_side {
            found = found.was(status);
            ChangePlaces::old(at)
        } else {
            found = found.is(status);
            ChangePlaces::new_only(at)
        };
        walk.add(found, places, (Some(Direction::Response), number));
    }
    // All removed error statuses of an operation are one change, and all added ones another.
    for (rule, statuses) in errors {
        let names: Vec<&str> = statuses.iter().map(|(status, _)| status.as_str()).collect();
        let ats = statuses.iter().map(|(_, at)| at.as_str());
        let found = Finding::new(rule, &new.shown);
        let (found, places) = match rule {
            "error-removed" => (
                found.was(names.join(", ")),
                ChangePlaces::new(ats, None::<String>),
            ),
            _ => (
                found.is(names.join(", ")),
                ChangePlaces::new(None::<String>, ats),
            ),
        };
        walk.add(found, places, (Some(Direction::Unread), number));
    }
    for (status, (old_at, old_success)) in &before {
        if let Some((new_at, success)) = after.get(status) {
            let direction = if *success && *old_success {
                Direction::Response
            } else {
                Direction::Unread
            };
            response(walk, (old_at, new_at), (Some(direction), number));
        }
    }
}

fn response(walk: &mut Traversal<'_>, (old, new): (&str, &str), seen: Use) {
    let at = walk.follow(old, new, Visited::Response);
    let (was, is) = (read(walk.old, &at.0), read(walk.new, &at.1));
    match (was, is) {
        (None, None) => {}
        (Some(was), Some(is)) => {
            let rules = ("response-format-changed", "response-format-listed");
            contents(walk, &at, (&was, &is), rules, seen);
        }
        (was, _) => {
            let rule = match was {
                None => "response-body-added",
                Some(_) => "response-body-removed",
            };
            let places = ChangePlaces::both(join(&at.0, "content"), join(&at.1, "content"));
            walk.add(Finding::new(rule, &at.1), places, seen);
        }
    }
    headers(walk, &at, seen);
    walk.differs(
        "unread-changed",
        &join(&at.0, "links"),
        &join(&at.1, "links"),
        seen,
    );
    walk.others(&at.0, &at.1, &RESPONSE, seen);
}

/// Compares response headers as a whole, because the crate returns them without types.
fn headers(walk: &mut Traversal<'_>, (old, new): &(String, String), seen: Use) {
    let all = |side: Side<'_>, at: &str| -> BTreeMap<String, String> {
        side.members(&join(at, "headers"))
            .into_iter()
            .map(|(name, at)| (name.to_owned(), at))
            .collect()
    };
    let (before, after) = (all(walk.old, old), all(walk.new, new));
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for name in names {
        let (was, is) = (before.get(name), after.get(name));
        let whole = |side: Side<'_>, at: Option<&String>| at.map(|at| inlined(side, side.get(at)));
        if whole(walk.old, was) == whole(walk.new, is) {
            continue;
        }
        let mut found = Finding::new("response-header-changed", join(&join(new, "headers"), name));
        found.was = was.map(|_| name.clone());
        found.is = is.map(|_| name.clone());
        let reach = |side: Side<'_>, at: Option<&String>| -> Vec<String> {
            at.into_iter()
                .flat_map(|at| std::iter::once(at.clone()).chain(side.reach(side.get(at))))
                .collect()
        };
        let places = ChangePlaces::new(reach(walk.old, was), reach(walk.new, is));
        walk.add(found, places, (Some(Direction::Unread), seen.1));
    }
}

/// Returns a value with everything that its references reach, to compare it as a whole. Cyclic references are not expanded.
fn inlined(side: Side<'_>, value: &Value) -> (Value, BTreeMap<String, Value>) {
    let reach = side.reach(value);
    let parts = reach.into_iter().map(|at| {
        let value = side.get(&at).clone();
        (at, value)
    });
    (value.clone(), parts.collect())
}
