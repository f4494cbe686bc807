//! `--facts`: complete, and independent of prose and of the order of sets.

use std::path::Path;

use serde_json::{Value, json};
use xtask::diff::{CompareOptions, compare, compare_facts};
use xtask::spec::facts::strip_prose;
use xtask::spec::walk::join;

use crate::support::{get, response, thing, with};

fn pointers(old: &Value, new: &Value) -> Vec<String> {
    compare_facts(old, new, &[])
        .iter()
        .map(|fact| fact.pointer().to_owned())
        .collect()
}

#[test]
fn prose_and_the_order_of_sets_are_not_facts() {
    let old = json!({"openapi": "3.1.0", "info": {"title": "A", "version": "1"}, "paths": {}, "components": {"schemas": {
        "A": {"type": ["string", "null"], "enum": ["a", "b", null], "description": "one"}}}});
    let new = json!({"paths": {}, "info": {"version": "1", "title": "A"}, "openapi": "3.1.0", "components": {"schemas": {
        "A": {"description": "another", "enum": ["b", null, "a"], "type": ["null", "string"]}}}});
    assert_eq!(pointers(&old, &new), Vec::<String>::new());
    let diff = compare(
        &old,
        &new,
        &CompareOptions {
            include: &[],
            surface: true,
        },
    );
    assert_eq!(diff.level(), None);
}

#[test]
fn elements_of_sets_and_entries_of_maps_are_reported_individually() {
    let old = response(&with(json!({"type": "string", "enum": ["a", "b"]})));
    let mut new = response(&with(json!({"type": "string", "enum": ["b", "c"]})));
    new["components"]["schemas"]["Other"] = thing();
    let facts = compare_facts(&old, &new, &[]);
    let found: Vec<(&str, Option<&Value>, Option<&Value>)> = facts
        .iter()
        .map(|fact| (fact.pointer(), fact.old.as_ref(), fact.new.as_ref()))
        .collect();
    let values = "/components/schemas/Thing/properties/p/enum";
    assert_eq!(
        found,
        [
            ("/components/schemas/Other", None, Some(&thing())),
            (values, Some(&json!("a")), None),
            (values, None, Some(&json!("c"))),
        ]
    );
}

#[test]
fn empty_set_and_empty_map_differ_from_absent_ones() {
    let old = response(&json!({"type": "object"}));
    for (key, empty) in [("required", json!([])), ("properties", json!({}))] {
        let mut thing = json!({"type": "object"});
        thing[key] = empty;
        let new = response(&thing);
        let at = format!("/components/schemas/Thing/{key}");
        assert_eq!(pointers(&old, &new), [at.as_str()]);
        assert_eq!(pointers(&new, &old), [at.as_str()]);
    }
}

#[test]
fn parameters_are_matched_by_name_and_their_order_is_a_fact() {
    let list = |names: &[&str]| {
        let one = |name: &&str| json!({"name": name, "in": "query", "schema": {"type": "string"}});
        get(json!({"parameters": names.iter().map(one).collect::<Vec<_>>()}))
    };
    let at = "/paths/~1things/get/parameters";
    assert_eq!(
        pointers(&list(&["a", "b"]), &list(&["b"])),
        [format!("{at}/0")]
    );
    assert_eq!(
        pointers(&list(&["b"]), &list(&["a", "b"])),
        [format!("{at}/0")]
    );
    assert_eq!(pointers(&list(&["a", "b"]), &list(&["b", "a"])), [at]);
}

#[test]
fn path_with_renamed_parameters_is_compared_in_detail() {
    let path = |name: &str, id: &str| {
        let mut document = get(json!({"operationId": id}));
        let item = document["paths"]["/things"].take();
        document["paths"] = json!({format!("/things/{{{name}}}"): item});
        document
    };
    assert_eq!(
        pointers(&path("a", "x"), &path("b", "y")),
        [
            "/paths/~1things~1{b}",
            "/paths/~1things~1{b}/get/operationId"
        ]
    );
}

/// Removes or replaces every value of a document in turn: no difference is missed, each is attributed to a change, and the
/// comparison never panics.
#[test]
fn unusual_value_anywhere_is_found_and_attributed() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/documents/everything.json");
    let text = std::fs::read_to_string(path).expect("a document");
    let mut document: Value = serde_json::from_str(&text).expect("JSON");
    strip_prose(&mut document);
    let mut places = Vec::new();
    collect(&document, String::new(), &mut places);
    assert!(places.len() > 400, "{}", places.len());
    let odd = [
        Value::Null,
        json!(false),
        json!(-1.5),
        json!([]),
        json!({}),
        json!({"$ref": "#/components/schemas/Pet"}),
        json!({"$ref": "#/nowhere"}),
        json!({"allOf": [{"$ref": "#/components/schemas/Tree"}, {"type": "string"}]}),
        json!({"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/Animal"}]}),
        json!(["a", "a", null]),
    ];
    for (index, place) in places.iter().enumerate() {
        let mut changed = document.clone();
        if let Some(value) = changed.pointer_mut(place) {
            *value = odd[index % odd.len()].clone();
        }
        let mut facts = changed.clone();
        strip_prose(&mut facts);
        // In one direction or the other, in turn.
        let pairs = [(&document, &changed), (&changed, &document)];
        let (old, new) = pairs[index % 2];
        let found = compare_facts(old, new, &[]);
        assert_eq!(found.is_empty(), facts == document, "{place}");
        let options = CompareOptions {
            include: &[],
            surface: false,
        };
        let diff = compare(old, new, &options);
        let explained: usize = diff.changes.iter().map(|change| change.facts.len()).sum();
        assert_eq!(explained, found.len(), "{place}");
    }
}

fn collect(value: &Value, pointer: String, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                collect(member, join(&pointer, key), found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(item, join(&pointer, &index.to_string()), found);
            }
        }
        _ => {}
    }
    if !pointer.is_empty() {
        found.push(pointer);
    }
}
