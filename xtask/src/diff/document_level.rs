//! Compares what belongs to no operation: title, version, servers, security schemes and webhooks.

use serde_json::Value;

use super::change::{ChangePlaces, Finding};
use super::display;
use super::operations;
use super::security;
use super::side::Side;
use super::traversal::{Traversal, Visited};

impl Traversal<'_> {
    /// Records a change that belongs to no operation.
    pub(super) fn document(&mut self, found: Finding, places: ChangePlaces) {
        self.recorder.add(found, places, None);
    }
}

/// Compares everything that belongs to no operation.
pub(super) fn compare(walk: &mut Traversal<'_>) {
    let mut info: Vec<String> = [walk.old, walk.new]
        .into_iter()
        .flat_map(|side| side.members("/info"))
        .map(|(_, at)| at)
        .collect();
    info.sort();
    info.dedup();
    for at in info {
        differs(walk, "document-changed", &at);
    }
    for (at, rule) in [
        ("/openapi", "document-changed"),
        ("/tags", "document-changed"),
        ("/externalDocs", "document-changed"),
        ("/jsonSchemaDialect", "document-changed"),
        ("/webhooks", "unread-changed"),
        ("/servers", "server-changed"),
    ] {
        differs(walk, rule, at);
    }
    security::schemes(walk);
    // The security requirement of the document matters only to operations without their own, and is reported there.
    let own = |side: Side<'_>| {
        operations::all(side)
            .iter()
            .all(|operation| operation.value.get("security").is_some())
    };
    walk.visit("", "", Visited::Document);
    if !security::same_for_all(walk) && own(walk.old) && own(walk.new) {
        let found = Finding::new("unused-changed", "/security");
        walk.document(found, ChangePlaces::both("/security", "/security"));
    }
}

fn differs(walk: &mut Traversal<'_>, rule: &'static str, at: &str) {
    let (before, after) = (walk.old.get(at), walk.new.get(at));
    if before == after {
        return;
    }
    let mut found = Finding::new(rule, at);
    let text = |value: &Value, other: &Value| {
        let value = (!value.is_null()).then(|| summary(at, value, other))?;
        (!value.is_empty()).then_some(value)
    };
    found.was = text(before, after);
    found.is = text(after, before);
    walk.document(found, ChangePlaces::both(at, at));
}

/// A value for people. Of servers and tags, only those that the other document lacks are named, by URL or name.
fn summary(at: &str, value: &Value, other: &Value) -> String {
    let key = match at {
        "/servers" => "url",
        "/tags" => "name",
        _ => return display::value(value),
    };
    let names = |value: &Value| -> Vec<String> {
        let items = value.as_array().into_iter().flatten();
        let names = items.filter_map(|item| item[key].as_str());
        names.map(str::to_owned).collect()
    };
    let (own, others) = (names(value), names(other));
    let only: Vec<String> = own
        .iter()
        .filter(|name| !others.contains(name))
        .cloned()
        .collect();
    let is_reordered = only.is_empty() && others.iter().all(|name| own.contains(name));
    match is_reordered {
        true => own.join(", "),
        false => only.join(", "),
    }
}
