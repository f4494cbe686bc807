//! Answers: a listing that answers in one of several shapes (the bare list; the list with counts; the list with the next checkpoint) becomes a
//! union, although whoever asked knows what came and reads the same items in all of them. The shapes become one object, which `x-page` marks:
//! `items` names the list, `bare` says that the list may also stand alone.

use serde_json::{Map, Value, json};

use crate::extensions;
use crate::lower::Context;
use crate::lower::origin;
use crate::lower::schema::{Object, beside, each_operation_mut, replace, target, type_of};
use crate::spec::walk::join;

pub(crate) const KEY: &str = extensions::PAGE.name;
/// What a page may hold beside its items: how many, from where, of how many, and where the next one is.
const COUNTS: [&str; 4] = ["length", "limit", "start", "total"];
const NEXT: &str = "next";
const BODY: &str = "/responses/200/content/application~1json/schema";

pub(crate) fn apply(document: &mut Value, cx: &mut Context<'_>) {
    let mut merged = Map::new();
    beside(document, |document, schemas| {
        each_operation_mut(document, &mut |operation, _, method, pointer| {
            if method != "get" || !is_paged(operation) {
                return;
            }
            let Some(body) = operation.pointer_mut(BODY) else {
                return;
            };
            match target(body) {
                Some(name) if merged.contains_key(&name) => {}
                Some(name) => {
                    let at = join("/components/schemas", &name);
                    if let Some(page) = schemas.get(&name).and_then(|union| page(union, schemas)) {
                        told(&page, &origin::of(&schemas[&name], &at), cx);
                        merged.insert(name, page);
                    }
                }
                None => {
                    if let Some(page) = page(body, schemas) {
                        told(&page, &origin::of(body, pointer), cx);
                        replace(body, page);
                    }
                }
            }
        });
    });
    for (name, page) in merged {
        if let Some(schema) = document.pointer_mut(&join("/components/schemas", &name)) {
            replace(schema, page);
        }
    }
}

fn told(page: &Value, at: &str, cx: &mut Context<'_>) {
    let items = page[KEY]["items"].as_str().unwrap_or_default();
    cx.changed_at(
        at,
        format!("made one page of the shapes of the listing of `{items}`"),
    );
}

/// Whether the operation can be told which page is wanted.
fn is_paged(operation: &Value) -> bool {
    let has = |name: &str| crate::lower::policy::paging::query_parameter(operation, name).is_some();
    has("page") && has("per_page") || has("from") && has("take")
}

/// The one object that stands for all shapes, if `union` is a union of shapes of one listing.
fn page(union: &Value, schemas: &Object) -> Option<Value> {
    let variants = ["oneOf", "anyOf"]
        .iter()
        .find_map(|key| union.get(*key)?.as_array())?;
    let mut bare: Option<&Value> = None;
    let mut list: Option<(&String, &Value)> = None;
    let mut properties = Map::new();
    for variant in variants {
        let variant = match target(variant) {
            Some(name) => schemas.get(&name)?,
            None => variant,
        };
        if type_of(variant) == Some("array") {
            if bare.replace(variant.get("items")?).is_some() {
                return None;
            }
            continue;
        }
        for (name, property) in variant.get("properties")?.as_object()? {
            if name == NEXT || COUNTS.contains(&name.as_str()) {
                let property = if name == NEXT {
                    property.clone()
                } else {
                    counted(property)
                };
                properties.entry(name.clone()).or_insert(property);
                continue;
            }
            if type_of(property) != Some("array") {
                return None;
            }
            match list {
                Some((known, items)) if known != name || !same(items, property) => return None,
                Some(_) => {}
                None => {
                    list = Some((name, property));
                    properties.insert(name.clone(), property.clone());
                }
            }
        }
    }
    let (name, property) = list?;
    if bare.is_some_and(|items| !same(items, &property["items"])) {
        return None;
    }
    let mut page = json!({
        "type": "object",
        "properties": properties,
        "required": [name],
        (KEY): { "items": name, "bare": bare.is_some() },
    });
    if let Some(description) = union.get("description") {
        page["description"] = description.clone();
    }
    Some(page)
}

/// A count is a whole number, whatever the document calls it.
fn counted(property: &Value) -> Value {
    let mut property = property.clone();
    if type_of(&property) == Some("number") {
        property["type"] = json!("integer");
    }
    property
}

/// Whether two schemas say the same, words aside.
fn same(a: &Value, b: &Value) -> bool {
    let bare = |schema: &Value| {
        let mut schema = origin::stripped(schema);
        if let Some(members) = schema.as_object_mut() {
            members.remove("description");
        }
        schema
    };
    bare(a) == bare(b)
}
