//! Answers: a listing whose document does not require its list decodes any object (an error with status 200, say) as a page without items, which a
//! caller that synchronizes takes for "there are none". The list of a listing is required, and `null` in its place is an empty list.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::reach;
use crate::lower::schema::{beside, components_mut, each_operation_mut, strings, target, type_of};
use crate::spec::walk::join;

const BODY: &str = "/responses/200/content/application~1json/schema";
/// What a listing may hold beside its list.
const BESIDE: [&str; 6] = ["length", "limit", "next", "page", "start", "total"];

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    let sent = reach::reachable(document).requests;
    let mut lists: BTreeMap<String, String> = BTreeMap::new();
    beside(document, |document, schemas| {
        each_operation_mut(document, &mut |operation, _, method, _| {
            if method != "get" {
                return;
            }
            let listing = operation.pointer(BODY).and_then(target);
            let Some(name) = listing.filter(|name| !sent.contains(name)) else {
                return;
            };
            let paged = operation.pointer("/x-paging/items").and_then(Value::as_str);
            let items = paged
                .map(str::to_owned)
                .or_else(|| only_list(schemas.get(&name)?));
            lists.extend(items.map(|items| (name, items)));
        });
    });
    for (name, items) in lists {
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
        cx.changed_at(at, format!("required `{items}`, the list of a listing"));
    }
}

/// The list of an object that holds one list and nothing else but where it is on.
fn only_list(listing: &Value) -> Option<String> {
    let properties = listing.get("properties")?.as_object()?;
    let mut others = properties
        .iter()
        .filter(|(name, _)| !BESIDE.contains(&name.as_str()));
    let (name, list) = others.next()?;
    (others.next().is_none() && type_of(list) == Some("array")).then(|| name.clone())
}
