//! Defect: progenitor panics on a `$ref` in place of a path item and on a `$ref` without a target, and follows cyclic references forever.
//!
//! References to parameters, responses, request bodies, headers and path items are resolved in place. The references that remain point to
//! schemas, and each has a target.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::schema;
use crate::lower::syntax::prune;
use crate::problem::Problem;
use crate::spec::walk::{self, Place, join};

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    let unresolved = &*document;
    walk::walk(unresolved, &mut |value, place, pointer| {
        if place == Place::Schema && value.get("$ref").is_some() {
            check_schema_reference(value, pointer, unresolved, cx);
        }
    });
    // Component schemas contain schemas only. They are set aside because copying them would be slow.
    schema::with_components_aside(document, |rest, schemas| {
        let original = OriginalDocument {
            rest: rest.clone(),
            schemas,
        };
        // The references that were resolved around the current value: the location of each, and its target.
        let mut enclosing: Vec<(String, String)> = Vec::new();
        walk::walk_mut(rest, &mut |value, place, pointer| {
            // OpenAPI allows references in some of these places only; elsewhere their meaning is as clear.
            let is_resolved = !matches!(
                place,
                Place::Schema | Place::Document | Place::Scopes | Place::SecurityRequirement
            );
            if is_resolved && let Some(reference) = value.get("$ref").and_then(Value::as_str) {
                if matches!(place, Place::Map(_)) {
                    cx.mistake(
                        Problem::at(join(pointer, "$ref"), "a reference in place of a map")
                            .expected("the members of the map, or a reference in place of each")
                            .found(reference),
                    );
                }
                enclosing.retain(|(outer, _)| is_below(pointer, outer));
                // The copy of a target that refers to itself would be copied forever.
                if enclosing.iter().any(|(_, known)| known == reference) {
                    let at = origin::of(value, pointer);
                    cx.problem(cyclic(&at, reference.to_owned()));
                    *value = json!({ (origin::SOURCE): at });
                    return;
                }
                enclosing.push((pointer.to_owned(), reference.to_owned()));
                resolve_in_place(value, place, pointer, &original, cx);
            }
        });
    });
    prune::other_components(document);
}

fn is_below(pointer: &str, outer: &str) -> bool {
    let rest = pointer.strip_prefix(outer);
    rest.is_some_and(|rest| rest.starts_with('/'))
}

fn cyclic(at: &str, reference: String) -> Problem {
    Problem::at(at, "the reference is cyclic")
        .found(reference)
        .help("point the reference at a definition")
}

/// The document before references are resolved, with its component schemas held separately.
struct OriginalDocument<'a> {
    rest: Value,
    schemas: &'a schema::Object,
}

impl OriginalDocument<'_> {
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

/// Replaces a reference by a copy of its target.
fn resolve_in_place(
    value: &mut Value,
    place: Place,
    pointer: &str,
    original: &OriginalDocument<'_>,
    cx: &mut PassContext<'_>,
) {
    let at = origin::of(value, pointer);
    let mut seen = BTreeSet::new();
    let mut name = None;
    let mut siblings = Vec::new();
    while let Some(reference) = value.get("$ref").and_then(Value::as_str).map(str::to_owned) {
        if !seen.insert(reference.clone()) {
            cx.problem(cyclic(&at, reference));
            return;
        }
        let Some(target) = resolve(&reference, &at, |pointer| original.at(pointer), cx) else {
            return;
        };
        if !target.is_object() {
            cx.problem(
                Problem::at(&at, "the target of the reference is not an object").found(reference),
            );
            return;
        }
        // In 3.1, `summary` and `description` beside a reference override those of the target, as do the members of a path item.
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
        set_type_name_hint(value, &name);
    }
}

/// Records the name of the component on its inline schemas. Types generated from them are named after it.
fn set_type_name_hint(value: &mut Value, name: &str) {
    let set_hint = |schema: &mut Value| {
        if let Some(members) = schema.as_object_mut() {
            members.insert(origin::NAME.into(), name.into());
        }
    };
    if let Some(schema) = value.get_mut("schema") {
        set_hint(schema);
    }
    let media = value.get_mut("content").and_then(Value::as_object_mut);
    for media in media.into_iter().flat_map(|content| content.values_mut()) {
        if let Some(schema) = media.get_mut("schema") {
            set_hint(schema);
        }
    }
}

/// Reports a reference of a schema whose target is not a schema.
fn check_schema_reference(
    value: &Value,
    pointer: &str,
    document: &Value,
    cx: &mut PassContext<'_>,
) {
    let at = origin::of(value, pointer);
    let Some(reference) = value.get("$ref").and_then(Value::as_str) else {
        return;
    };
    if resolve(reference, &at, |pointer| document.pointer(pointer), cx).is_none() {
        return;
    }
    if place_at(&pointer_of(reference), document) != Some(Place::Schema) {
        cx.problem(
            Problem::at(
                join(&at, "$ref"),
                "the target of the reference is not a schema",
            )
            .expected("a reference such as #/components/schemas/Name")
            .found(reference),
        );
    }
}

/// Looks up the target of a reference with `lookup`. Reports a reference that has none.
fn resolve<'a>(
    reference: &str,
    at: &str,
    lookup: impl FnOnce(&str) -> Option<&'a Value>,
    cx: &mut PassContext<'_>,
) -> Option<&'a Value> {
    let at = join(at, "$ref");
    if !reference.starts_with('#') {
        cx.problem(
            Problem::at(at, "the target of the reference is not in the document")
                .expected("a reference within the document, such as #/components/schemas/Name, or to a value in a file in its folder")
                .found(reference)
                .help("URLs, absolute paths and files outside of the folder are not read; put the file into the folder, or the value into the document"),
        );
        return None;
    }
    let target = lookup(&pointer_of(reference));
    if target.is_none() {
        cx.problem(
            Problem::at(at, "the target of the reference does not exist")
                .expected("a reference to a definition in this document")
                .found(reference)
                .help("add the definition, or correct the reference"),
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

/// The role of the value at a pointer.
pub(crate) fn place_at(pointer: &str, document: &Value) -> Option<Place> {
    document.pointer(pointer)?;
    let steps = pointer.split('/').skip(1);
    Some(steps.fold(Place::Document, |place, step| {
        place.child(&step.replace("~1", "/").replace("~0", "~"))
    }))
}
