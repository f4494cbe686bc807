//! Answers: references to parameters, responses, request bodies, headers and path items. progenitor panics on a `$ref` on a path item and on
//! a target that is missing, and follows a cycle for ever. Here they are resolved in place; what stays are references to schemas,
//! and every one of those has a target.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::schema;
use crate::lower::syntax::prune;
use crate::problem::Problem;
use crate::spec::walk::{self, Place, join};

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    let whole = &*document;
    walk::walk(whole, &mut |value, place, pointer| {
        if place == Place::Schema && value.get("$ref").is_some() {
            check(value, pointer, whole, cx);
        }
    });
    // Within the component schemas there is nothing but schemas, and a copy of them would take long.
    schema::beside(document, |rest, schemas| {
        let original = Original {
            rest: rest.clone(),
            schemas,
        };
        walk::walk_mut(rest, &mut |value, place, pointer| {
            let is_resolved = matches!(
                place,
                Place::Parameter
                    | Place::Response
                    | Place::RequestBody
                    | Place::Header
                    | Place::PathItem
            );
            if is_resolved && value.get("$ref").is_some() {
                inline(value, place, pointer, &original, cx);
            }
        });
    });
    prune::other_components(document);
}

/// The document as it was, its component schemas beside it.
struct Original<'a> {
    rest: Value,
    schemas: &'a schema::Object,
}

impl Original<'_> {
    fn at(&self, pointer: &str) -> Option<&Value> {
        let Some(path) = pointer.strip_prefix("/components/schemas/") else {
            return self.rest.pointer(pointer);
        };
        let (name, within) = match path.find('/') {
            Some(end) => path.split_at(end),
            None => (path, ""),
        };
        self.schemas.get(&schema::unescape(name))?.pointer(within)
    }
}

/// Replaces a reference by what it refers to.
fn inline(
    value: &mut Value,
    place: Place,
    pointer: &str,
    original: &Original<'_>,
    cx: &mut PassContext<'_>,
) {
    let at = origin::of(value, pointer);
    let mut seen = BTreeSet::new();
    let mut name = None;
    let mut siblings = Vec::new();
    while let Some(reference) = value.get("$ref").and_then(Value::as_str).map(str::to_owned) {
        if !seen.insert(reference.clone()) {
            cx.problem(
                Problem::at(&at, "a reference leads back to itself")
                    .found(reference)
                    .help("let the reference end at a definition"),
            );
            return;
        }
        let Some(target) = resolve(&reference, &at, |to| original.at(to), cx) else {
            return;
        };
        if !target.is_object() {
            cx.problem(
                Problem::at(&at, "a reference leads to something that is not an object")
                    .found(reference),
            );
            return;
        }
        // 3.1 lets `summary` and `description` stand beside a reference, and they win; so do the members of a path item.
        for key in schema::keys_beside(value, &["$ref"]) {
            let allowed = place == Place::PathItem || ["summary", "description"].contains(&key);
            if allowed {
                siblings.push((key.to_owned(), value[key].clone()));
            }
        }
        name = reference.rsplit('/').next().map(schema::unescape);
        *value = target.clone();
    }
    cx.changed_at(&at, "resolved a reference");
    let Some(members) = value.as_object_mut() else {
        return;
    };
    for (key, sibling) in siblings {
        members.insert(key, sibling);
    }
    if let Some(name) = name
        && place != Place::PathItem
    {
        hint(value, &name);
    }
}

/// Leaves the name of the component on its inline schemas, so that a type made of them is named after it.
fn hint(value: &mut Value, name: &str) {
    let mark = |schema: &mut Value| {
        if let Some(members) = schema.as_object_mut() {
            members.insert(origin::NAME.into(), name.into());
        }
    };
    if let Some(schema) = value.get_mut("schema") {
        mark(schema);
    }
    let media = value.get_mut("content").and_then(Value::as_object_mut);
    for media in media.into_iter().flat_map(|content| content.values_mut()) {
        if let Some(schema) = media.get_mut("schema") {
            mark(schema);
        }
    }
}

fn check(value: &Value, pointer: &str, document: &Value, cx: &mut PassContext<'_>) {
    let at = origin::of(value, pointer);
    let Some(reference) = value.get("$ref").and_then(Value::as_str) else {
        return;
    };
    if resolve(reference, &at, |to| document.pointer(to), cx).is_none() {
        return;
    }
    if place_at(&pointer_of(reference), document) != Some(Place::Schema) {
        cx.problem(
            Problem::at(
                join(&at, "$ref"),
                "a schema refers to something that is not a schema",
            )
            .expected("a reference such as #/components/schemas/Name")
            .found(reference),
        );
    }
}

fn resolve<'a>(
    reference: &str,
    at: &str,
    original: impl FnOnce(&str) -> Option<&'a Value>,
    cx: &mut PassContext<'_>,
) -> Option<&'a Value> {
    let at = join(at, "$ref");
    if !reference.starts_with('#') {
        cx.problem(
            Problem::at(at, "a reference leads out of the document")
                .expected("a reference within the document, such as #/components/schemas/Name")
                .found(reference)
                .help("bundle the document into one file first, for example with `redocly bundle`"),
        );
        return None;
    }
    let target = original(&pointer_of(reference));
    if target.is_none() {
        cx.problem(
            Problem::at(at, "a reference leads nowhere")
                .expected("something that the document defines")
                .found(reference)
                .help("define it, or correct the name"),
        );
    }
    target
}

/// The JSON pointer of a reference within the document.
pub(crate) fn pointer_of(reference: &str) -> String {
    let path = reference.trim_start_matches('#');
    path.split('/')
        .skip(1)
        .fold(String::new(), |pointer, step| {
            join(&pointer, &schema::unescape(step))
        })
}

/// What stands at a pointer, by meaning.
pub(crate) fn place_at(pointer: &str, document: &Value) -> Option<Place> {
    document.pointer(pointer)?;
    let steps = pointer.split('/').skip(1);
    Some(steps.fold(Place::Document, |place, step| {
        place.child(&step.replace("~1", "/").replace("~0", "~"))
    }))
}
