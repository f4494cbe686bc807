//! Compares what belongs to no operation: title, version, servers, security schemes and webhooks.

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
    found.was = (!before.is_null()).then(|| display::value(before));
    found.is = (!after.is_null()).then(|| display::value(after));
    walk.document(found, ChangePlaces::both(at, at));
}
