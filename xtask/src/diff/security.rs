//! Compares security requirements: alternatives, each with schemes and scopes that are required together.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::change::{ChangePlaces, Finding, Use};
use super::operations::ComparedOperation;
use super::side::Side;
use super::traversal::Traversal;
use crate::spec::walk::join;

/// One alternative: the kinds of its schemes, each followed by `:`, and their scopes.
type Requirement = BTreeSet<String>;

/// Compares the requirements of an operation.
pub(super) fn compare(
    walk: &mut Traversal<'_>,
    old: &ComparedOperation<'_>,
    new: &ComparedOperation<'_>,
    seen: Use,
) {
    let (old_at, new_at) = (place(walk.old, old), place(walk.new, new));
    let (before, after) = (needs(walk.old, &old_at), needs(walk.new, &new_at));
    // Whether each alternative of `given` satisfies an alternative of `wanted`.
    let enough = |given: &[Requirement], wanted: &[Requirement]| {
        given
            .iter()
            .all(|have| wanted.iter().any(|need| need.is_subset(have)))
    };
    let rule = match (enough(&before, &after), enough(&after, &before)) {
        (true, true) => return,
        (true, false) => "scope-loosened",
        (false, _) => "scope-tightened",
    };
    let found = Finding::new(rule, &new_at)
        .was(text(&before))
        .is(text(&after));
    walk.add(found, ChangePlaces::both(old_at, new_at), seen);
}

/// The pointer of the requirements: of the operation, or of the whole document.
fn place(side: Side<'_>, operation: &ComparedOperation<'_>) -> String {
    let own = join(&operation.at, "security");
    if side.get(&own).is_null() {
        "/security".to_owned()
    } else {
        own
    }
}

fn needs(side: Side<'_>, at: &str) -> Vec<Requirement> {
    let alternatives: Vec<Requirement> = side
        .get(at)
        .as_array()
        .into_iter()
        .flatten()
        .map(|alternative| {
            let schemes = alternative.as_object();
            schemes
                .into_iter()
                .flatten()
                .flat_map(|(name, scopes)| {
                    let sort = scheme_kind(side, name);
                    let scopes = scopes.as_array().into_iter().flatten();
                    let scopes = scopes.filter_map(Value::as_str).map(str::to_owned);
                    std::iter::once(format!("{sort}:"))
                        .chain(scopes)
                        .collect::<Vec<_>>()
                })
                .collect()
        })
        .collect();
    // Without alternatives there is no requirement, which is an empty alternative.
    if alternatives.is_empty() {
        vec![Requirement::new()]
    } else {
        alternatives
    }
}

/// The kind of a scheme. All schemes with bearer tokens are equivalent.
fn scheme_kind(side: Side<'_>, name: &str) -> String {
    let scheme = side.get(&side.resolve(&join("/components/securitySchemes", name), true));
    let text = |key: &str| scheme[key].as_str().unwrap_or_default().to_lowercase();
    match (scheme["type"].as_str(), text("scheme").as_str()) {
        (Some("oauth2" | "openIdConnect"), _) | (Some("http"), "bearer") => "token".to_owned(),
        (Some("apiKey"), _) => format!("key in {} {}", text("in"), text("name")),
        (Some(other), scheme) => format!("{other} {scheme}"),
        (None, _) => name.to_owned(),
    }
}

fn text(needs: &[Requirement]) -> String {
    let one = |need: &Requirement| {
        let scopes: Vec<&str> = need
            .iter()
            .map(String::as_str)
            .filter(|word| !word.ends_with(':'))
            .collect();
        match (scopes.is_empty(), need.first()) {
            (false, _) => scopes.join(" and "),
            (true, None) => "no token".to_owned(),
            (true, Some(sort)) => format!("a {}", sort.trim_end_matches(':')),
        }
    };
    // Schemes that require the same scopes are one alternative.
    let mut texts: Vec<String> = Vec::new();
    for text in needs.iter().map(one) {
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts.join(", or ")
}

/// Whether the requirements of the whole document are equal.
pub(super) fn same_for_all(walk: &Traversal<'_>) -> bool {
    let need = |side: Side<'_>| needs(side, "/security");
    need(walk.old) == need(walk.new)
}

/// Compares the security schemes. A scheme of the same kind under another name counts as renamed.
pub(super) fn schemes(walk: &mut Traversal<'_>) {
    const AT: &str = "/components/securitySchemes";
    let (old, new): (BTreeMap<_, _>, BTreeMap<_, _>) = (
        walk.old.members(AT).into_iter().collect(),
        walk.new.members(AT).into_iter().collect(),
    );
    let mut come: Vec<(&str, &String)> = new
        .iter()
        .filter(|(name, _)| !old.contains_key(*name))
        .map(|(name, at)| (*name, at))
        .collect();
    for (name, old_at) in &old {
        let same = new.get(name).map(|at| (*name, at.clone()));
        let alike = || {
            let kind = scheme_kind(walk.old, name);
            let index = come
                .iter()
                .position(|(other, _)| scheme_kind(walk.new, other) == kind)?;
            let (name, at) = come.remove(index);
            Some((name, at.clone()))
        };
        let Some((other, new_at)) = same.or_else(alike) else {
            let found = Finding::new("security-scheme-changed", old_at).was(*name);
            walk.document(found, ChangePlaces::old(old_at));
            continue;
        };
        if *name != other || walk.old.get(old_at) != walk.new.get(&new_at) {
            let mut found = Finding::new("security-scheme-changed", &new_at);
            if *name != other {
                found = found.was(*name).is(other);
            } else {
                found = with_scopes(found, walk.old.get(old_at), walk.new.get(&new_at));
            }
            walk.document(found, ChangePlaces::both(old_at, new_at));
        }
    }
    for (name, at) in come {
        let found = Finding::new("security-scheme-changed", at).is(name);
        walk.document(found, ChangePlaces::new_only(at));
    }
}

/// Adds the removed and added scopes of an OAuth scheme.
fn with_scopes(found: Finding, old: &Value, new: &Value) -> Finding {
    let scopes = |scheme: &Value| -> BTreeSet<String> {
        let flows = scheme["flows"].as_object().into_iter().flatten();
        flows
            .filter_map(|(_, flow)| flow["scopes"].as_object())
            .flat_map(|scopes| scopes.keys().cloned())
            .collect()
    };
    let (old, new) = (scopes(old), scopes(new));
    let list = |scopes: Vec<&String>| {
        let names: Vec<&str> = scopes.into_iter().map(String::as_str).collect();
        (!names.is_empty()).then(|| format!("scopes {}", names.join(", ")))
    };
    let (gone, come) = (
        list(old.difference(&new).collect()),
        list(new.difference(&old).collect()),
    );
    match (gone, come) {
        (None, None) => found,
        (Some(gone), None) => found.was(gone),
        (None, Some(come)) => found.is(come),
        (Some(gone), Some(come)) => found.was(gone).is(come),
    }
}
