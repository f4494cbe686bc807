//! Complete documents through all passes, and through openapiv3 and progenitor.

#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};

use progenitor::{CrateVers, GenerationSettings, Generator, HooksMode};
use serde_json::{Value, json};
use xtask::lower::{Normalized, Options, excerpt, normalize};
use xtask::spec::facts::strip_prose;

fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).expect("the document can be read");
    serde_json::from_str(&text).expect("valid JSON")
}

fn everything() -> Value {
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/documents/everything.json"))
}

fn normalized(document: Value) -> Normalized {
    match normalize(document, &Options::default()) {
        Ok(normalized) => normalized,
        Err(problems) => panic!("{problems:#?}"),
    }
}

/// Generates code with the settings of the emitter. Returns the number of items.
fn generate(document: &Value) -> usize {
    let spec = serde_json::from_value(document.clone()).expect("valid OpenAPI 3.0");
    let mut settings = GenerationSettings::new();
    settings
        .with_hooks(HooksMode::Expected)
        .with_inner_type(quote::quote!(auth0_core::codegen::Call))
        .with_crate("auth0-core", CrateVers::Any, None)
        .with_crate("std", CrateVers::Any, None)
        .with_crate("serde_json", CrateVers::Any, None);
    let tokens = Generator::new(&settings)
        .generate_tokens(&spec)
        .expect("progenitor accepts the document");
    syn::parse2::<syn::File>(tokens)
        .expect("valid Rust")
        .items
        .len()
}

#[test]
fn document_with_every_construct_is_normalized_and_generated() {
    let normalized = normalized(everything());
    assert!(generate(&normalized.document) > 1);
}

#[test]
fn normalization_is_idempotent() {
    let once = normalized(everything());
    let twice = normalized(once.document.clone());
    assert_eq!(twice.document, once.document);
    assert_eq!(twice.changes, []);
}

#[test]
fn order_of_members_does_not_affect_the_result() {
    fn reversed(value: &Value) -> Value {
        match value {
            Value::Object(members) => Value::Object(
                members
                    .iter()
                    .rev()
                    .map(|(key, value)| (key.clone(), reversed(value)))
                    .collect(),
            ),
            Value::Array(items) => items.iter().map(reversed).collect(),
            other => other.clone(),
        }
    }
    assert_eq!(
        normalized(reversed(&everything())).document,
        normalized(everything()).document
    );
}

/// Checks that normalizing the excerpt of a selector equals normalizing the whole document with it.
fn assert_excerpt_is_equivalent(document: &Value, selector: &str) {
    let include = [selector.parse().expect("a selector")];
    let options = Options {
        include: &include,
        ..Options::default()
    };
    let part = excerpt(document.clone(), &include).expect("a path matches the selector");
    assert_eq!(
        excerpt(part.clone(), &include).as_ref(),
        Ok(&part),
        "{selector}"
    );
    let lost: Vec<String> = references(&part)
        .into_iter()
        .filter(|reference| {
            document.pointer(reference).is_some() && part.pointer(reference).is_none()
        })
        .collect();
    assert_eq!(lost, Vec::<String>::new(), "{selector}");
    match (
        normalize(document.clone(), &options),
        normalize(part, &options),
    ) {
        (Ok(whole), Ok(part)) => {
            assert_eq!(part.document, whole.document, "{selector}");
            assert_eq!(part.warnings, whole.warnings, "{selector}");
        }
        (whole, part) => assert_eq!(part.err(), whole.err(), "{selector}"),
    }
}

/// The targets of all references in a document.
fn references(value: &Value) -> Vec<String> {
    match value {
        Value::Object(members) => members
            .iter()
            .flat_map(|(key, member)| match member {
                Value::String(text) if key == "$ref" => {
                    vec![text.trim_start_matches('#').to_owned()]
                }
                _ => references(member),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn excerpt_is_normalized_like_the_whole_document() {
    let mut document = everything();
    // A callback, which the client does not use, refers to a component.
    document["paths"]["/pets"]["post"]["callbacks"]["made"]["{$request.body#/url}"]["post"]["requestBody"] =
        json!({"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Made"}}}});
    document["components"]["schemas"]["Made"] =
        json!({"properties": {"by": {"$ref": "#/components/schemas/Maker"}}});
    document["components"]["schemas"]["Maker"] = json!({"type": "string"});
    // An extension of the document refers to another component.
    document["x-notes"] = json!([{"$ref": "#/components/schemas/Note"}]);
    document["components"]["schemas"]["Note"] = json!({"type": "string"});
    let mut facts = document.clone();
    strip_prose(&mut facts);
    let paths = document["paths"].as_object().expect("paths");
    assert!(paths.len() > 3);
    for path in paths.keys() {
        assert_excerpt_is_equivalent(&document, path);
        assert_excerpt_is_equivalent(&facts, path);
        assert_excerpt_is_equivalent(&document, &format!("={path}"));
    }
    assert_excerpt_is_equivalent(&document, "POST /pets");
    let pets = ["/pets".parse().expect("a selector")];
    let part = excerpt(document.clone(), &pets).expect("a path matches the selector");
    assert!(part["components"]["schemas"]["Maker"].is_object());
    for key in ["info", "servers", "tags"] {
        assert_eq!(part[key], document[key], "{key}");
    }
    assert_eq!(
        part["components"]["securitySchemes"],
        document["components"]["securitySchemes"]
    );
}

#[test]
fn stamps_are_removed_after_normalization() {
    let text = normalized(everything()).document.to_string();
    assert!(!text.contains("x-normalizer"), "{text}");
}

/// Replaces every seventh value of the document by an unusual one.
#[test]
fn unusual_values_do_not_make_a_pass_panic() {
    let document = everything();
    let unusual = [
        Value::Null,
        json!(false),
        json!(-1.5),
        json!(""),
        json!([]),
        json!({}),
        json!({ "$ref": "#/components/schemas/Pet" }),
        json!({ "$ref": "#/components/schemas/Missing" }),
        json!({ "allOf": [{ "$ref": "#/components/schemas/Animal" }, { "properties": {} }] }),
        json!({ "type": ["object", "array", "null"] }),
        json!({ "type": "string", "enum": ["", "a b", "a-b", "fn"] }),
    ];
    let mut pointers = Vec::new();
    collect(&document, String::new(), &mut pointers);
    assert!(pointers.len() > 400);
    for (index, pointer) in pointers.iter().enumerate().step_by(7) {
        let mut broken = document.clone();
        if let Some(value) = broken.pointer_mut(pointer) {
            *value = unusual[(index / 7) % unusual.len()].clone();
        }
        if let Ok(normalized) = normalize(broken, &Options::default()) {
            serde_json::from_value::<openapiv3::OpenAPI>(normalized.document)
                .unwrap_or_else(|error| panic!("{pointer}: {error}"));
        }
    }
}

fn collect(value: &Value, pointer: String, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                collect(member, xtask::spec::walk::join(&pointer, key), found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(item, format!("{pointer}/{index}"), found);
            }
        }
        _ => {}
    }
    found.push(pointer);
}

/// A document of `count` schemas. `link` builds each from a reference to the next.
fn chain(count: usize, link: fn(Value) -> Value) -> Value {
    let reference = |number: usize| json!({"$ref": format!("#/components/schemas/S{number}")});
    let mut schemas: serde_json::Map<String, Value> = (0..count)
        .map(|number| (format!("S{number}"), link(reference(number + 1))))
        .collect();
    let last = json!({"type": "object", "properties": {"end": {"type": "string"}}});
    schemas.insert(format!("S{count}"), last);
    let content =
        json!({"content": {"application/json": {"schema": reference(0)}}, "description": ""});
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Chain", "version": "1"},
        "paths": {"/things": {"post": {
            "operationId": "makeThing", "requestBody": content, "responses": {"200": content},
        }}},
        "components": {"schemas": schemas},
    })
}

#[test]
fn long_chain_of_properties_is_normalized() {
    let link = |next| json!({"type": "object", "properties": {"next": next}});
    let normalized = normalized(chain(10_000, link));
    let schemas = normalized.document["components"]["schemas"].as_object();
    assert_eq!(schemas.map(serde_json::Map::len), Some(10_001));
}

#[test]
fn long_chain_of_arrays_is_normalized_and_keeps_named_types() {
    type Link = fn(Value) -> Value;
    let lists: [(usize, Link); 2] = [
        (3_000, |next| json!({"type": "array", "items": next})),
        (1_000, |next| {
            (0..10).fold(next, |items, _| json!({"type": "array", "items": items}))
        }),
    ];
    for (length, link) in lists {
        let normalized = normalized(chain(length, link));
        let schemas = normalized.document["components"]["schemas"].as_object();
        let count = schemas.map_or(0, serde_json::Map::len);
        assert!((2..length).contains(&count), "{count}");
    }
}

/// serde_json rejects documents with more than 128 levels.
#[test]
fn deeply_nested_schema_does_not_overflow_the_stack() {
    let links: [fn(Value) -> Value; 4] = [
        |inner| json!({"type": "array", "items": inner}),
        |inner| json!({"type": "object", "additionalProperties": inner}),
        |inner| json!({"type": "object", "properties": {"x": inner}}),
        |inner| json!({"allOf": [inner, {"type": "object"}]}),
    ];
    for (index, link) in links.into_iter().enumerate() {
        let levels = if index < 2 { 118 } else { 59 };
        let nested = (0..levels).fold(json!({"type": "string"}), |inner, _| link(inner));
        let mut document = chain(1, |next| next);
        document["components"]["schemas"]["S1"] = nested;
        let text = document.to_string();
        let read: Value = serde_json::from_str(&text).expect("within the limit of serde_json");
        // Success and rejection are both valid; the test is about stack use.
        let _ = normalize(read, &Options::default());
    }
}

#[test]
fn long_chain_of_compositions_is_rejected_with_its_location() {
    let links: [fn(Value) -> Value; 4] = [
        |next| next,
        |next| json!({"allOf": [next, {"type": "object", "properties": {"x": {"type": "string"}}}]}),
        |next| json!({"oneOf": [next, {"type": "string"}]}),
        |next| json!({"anyOf": [{"type": "integer"}, next]}),
    ];
    for link in links {
        let problems = normalize(chain(2_000, link), &Options::default())
            .expect_err("the chain exceeds the limit");
        let problem = &problems[0];
        assert!(
            problem.message.ends_with("too many nested compositions"),
            "{problem}"
        );
        assert!(
            problem.pointer.starts_with("/components/schemas/S"),
            "{}",
            problem.pointer
        );
        // A chain below the limit is valid.
        assert!(normalize(chain(90, link), &Options::default()).is_ok());
    }
}

/// The folder of the published documents, which is outside of the repository.
fn published() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/openapi")
}

#[test]
#[cfg_attr(
    not(published_documents),
    ignore = "needs the published documents in ../shared/openapi"
)]
fn published_documents_are_normalized_and_generated() {
    let folder = published();
    for name in [
        "teams",
        "teams.2026-01-08",
        "my-organization",
        "my-organization.2026-05-05",
    ] {
        let once = normalized(read(&folder.join(format!("{name}.json"))));
        assert!(generate(&once.document) > 1, "{name}");
        assert_eq!(
            normalized(once.document.clone()).document,
            once.document,
            "{name}"
        );
    }
}

#[test]
#[cfg_attr(
    not(published_documents),
    ignore = "needs the published documents in ../shared/openapi"
)]
fn part_of_the_management_document_is_normalized_and_generated() {
    let folder = published();
    let include = ["/organizations".parse().expect("a selector")];
    let options = Options {
        include: &include,
        ..Options::default()
    };
    let document = read(&folder.join("management.json"));
    assert_excerpt_is_equivalent(&document, "/organizations");
    let normalized = normalize(document, &options).expect("the document is valid");
    assert!(generate(&normalized.document) > 1);
    let paths = normalized.document["paths"].as_object().expect("paths");
    assert!(paths.keys().all(|path| path.starts_with("/organizations")));
}

#[test]
#[cfg_attr(
    not(published_documents),
    ignore = "needs the published documents in ../shared/openapi"
)]
fn whole_management_document_is_normalized() {
    let folder = published();
    let normalized = normalized(read(&folder.join("management.json")));
    serde_json::from_value::<openapiv3::OpenAPI>(normalized.document).expect("valid OpenAPI 3.0");
}
