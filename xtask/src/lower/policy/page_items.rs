//! Defect: if a document does not require the array of a listing, any object, for example an error with status 200, decodes as a page without
//! items. A caller that synchronizes would treat all items as deleted.
//!
//! The array of a listing becomes required. `null` in its place is an empty array.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::extensions;
use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::policy::list_named_like;
use crate::lower::reach;
use crate::lower::schema::{
    components_mut, each_operation_mut, strings, target, type_of, with_components_aside,
};
use crate::spec::walk::join;

const BODY: &str = "/responses/200/content/application~1json/schema";
/// The properties that a listing may have beside its array.
const PAGING_PROPERTIES: [&str; 6] = ["length", "limit", "next", "page", "start", "total"];

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    let sent = reach::reachable(document).requests;
    let mut arrays: BTreeMap<String, String> = BTreeMap::new();
    with_components_aside(document, |document, schemas| {
        each_operation_mut(document, &mut |operation, path, method, _| {
            if method != "get" {
                return;
            }
            let listing = operation.pointer(BODY).and_then(target);
            let Some(name) = listing.filter(|name| !sent.contains(name)) else {
                return;
            };
            let paged = extensions::PAGING.value(operation)["items"].as_str();
            let items = paged
                .map(str::to_owned)
                .or_else(|| listed(schemas.get(&name)?, path));
            arrays.extend(items.map(|items| (name, items)));
        });
    });
    for (name, items) in arrays {
        let Some(listing) = components_mut(document).and_then(|all| all.get_mut(&name)) else {
            continue;
        };
        let Some(list) = listing["properties"].get_mut(&items) else {
            continue;
        };
        let was_nullable = list
            .as_object_mut()
            .and_then(|list| list.remove("nullable"))
            .is_some();
        let mut required = strings(listing.get("required"));
        let is_required = required.contains(&items);
        if is_required && !was_nullable {
            continue;
        }
        if !is_required {
            required.push(items.clone());
            required.sort();
            listing["required"] = json!(required);
        }
        let at = origin::of(listing, &join("/components/schemas", &name));
        cx.changed_at(
            at,
            format!("made `{items}` required: it is the array of a listing"),
        );
    }
}

/// The array that an object lists: the one that is named like the path, or the only one beside paging properties.
fn listed(listing: &Value, path: &str) -> Option<String> {
    let properties = listing.get("properties")?.as_object()?;
    if let Some(name) = list_named_like(properties, path) {
        return Some(name.to_owned());
    }
    let mut others = properties
        .iter()
        .filter(|(name, _)| !PAGING_PROPERTIES.contains(&name.as_str()));
    let (name, list) = others.next()?;
    (others.next().is_none() && type_of(list) == Some("array")).then(|| name.clone())
}
