//! Defect: a listing that responds in one of several shapes (an array; an object with counts; an object with the next checkpoint) becomes a
//! union, although its items are the same in all shapes.
//!
//! The shapes are merged into one object. `x-page` marks it: `items` names the property with the items, and `bare` says whether the response
//! may also be an array.

use serde_json::{Map, Value, json};

use crate::extensions;
use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::policy::paging_styles;
use crate::lower::schema::{
    Object, each_operation_mut, replace, target, type_of, with_components_aside,
};
use crate::spec::walk::join;

/// The counts that a page may have beside its items.
const COUNTS: [&str; 4] = ["length", "limit", "start", "total"];
const NEXT: &str = "next";
const BODY: &str = "/responses/200/content/application~1json/schema";

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    let mut merged = Map::new();
    with_components_aside(document, |document, schemas| {
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
                    if let Some(page) = schemas
                        .get(&name)
                        .and_then(|union| merged_page(union, schemas))
                    {
                        record(&page, &origin::of(&schemas[&name], &at), cx);
                        merged.insert(name, page);
                    }
                }
                None => {
                    if let Some(page) = merged_page(body, schemas) {
                        record(&page, &origin::of(body, pointer), cx);
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

/// Records the change.
fn record(page: &Value, at: &str, cx: &mut PassContext<'_>) {
    let items = extensions::PAGE.value(page)["items"]
        .as_str()
        .unwrap_or_default();
    cx.changed_at(
        at,
        format!("merged the shapes of the listing of `{items}` into one object"),
    );
}

/// Whether the operation has paging parameters.
fn is_paged(operation: &Value) -> bool {
    let has = |name: &str| paging_styles::query_parameter(operation, name).is_some();
    has("page") && has("per_page") || has("from") && has("take")
}

/// The object that merges all shapes, if `union` is a union of the shapes of one listing.
fn merged_page(union: &Value, schemas: &Object) -> Option<Value> {
    let variants = ["oneOf", "anyOf"]
        .iter()
        .find_map(|key| union.get(*key)?.as_array())?;
    let mut bare: Option<&Value> = None;
    let mut objects: Vec<&Object> = Vec::new();
    for variant in variants {
        let variant = match target(variant) {
            Some(name) => schemas.get(&name)?,
            None => variant,
        };
        if type_of(variant) != Some("array") {
            objects.push(variant.get("properties")?.as_object()?);
        } else if bare.replace(variant.get("items")?).is_some() {
            return None;
        }
    }
    let (name, property) = shared_array(&objects)?;
    if bare.is_some_and(|items| !is_same_schema(items, &property["items"])) {
        return None;
    }
    let mut properties = Map::new();
    for (other, schema) in objects.into_iter().flatten() {
        let schema = match COUNTS.contains(&other.as_str()) {
            true => as_count(schema),
            false => schema.clone(),
        };
        let known = properties
            .entry(other.clone())
            .or_insert_with(|| schema.clone());
        let may_differ = other == NEXT || COUNTS.contains(&other.as_str());
        if !may_differ && !is_same_schema(known, &schema) {
            return None;
        }
    }
    let mut page = json!({
        "type": "object",
        "properties": properties,
        "required": [name],
        (extensions::PAGE.name): { "items": name, "bare": bare.is_some() },
    });
    if let Some(description) = union.get("description") {
        page["description"] = description.clone();
    }
    Some(page)
}

/// The only array that all objects have which have more than counts.
fn shared_array<'o>(objects: &[&'o Object]) -> Option<(&'o String, &'o Value)> {
    let is_plain = |name: &str| name == NEXT || COUNTS.contains(&name);
    let mut objects = objects
        .iter()
        .filter(|object| object.keys().any(|name| !is_plain(name)));
    let first = objects.next()?;
    let others: Vec<&&Object> = objects.collect();
    let mut shared = first.iter().filter(|(name, property)| {
        let is_same = |other: &&&Object| {
            other
                .get(*name)
                .is_some_and(|other| is_same_schema(property, other))
        };
        type_of(property) == Some("array") && others.iter().all(is_same)
    });
    let found = shared.next()?;
    shared.next().is_none().then_some(found)
}

/// The schema of a count, as an integer even if the document declares a number.
fn as_count(property: &Value) -> Value {
    let mut property = property.clone();
    if type_of(&property) == Some("number") {
        property["type"] = json!("integer");
    }
    property
}

/// Whether two schemas are equal except for their descriptions.
fn is_same_schema(a: &Value, b: &Value) -> bool {
    let without_description = |schema: &Value| {
        let mut schema = origin::stripped(schema);
        if let Some(members) = schema.as_object_mut() {
            members.remove("description");
        }
        schema
    };
    without_description(a) == without_description(b)
}
