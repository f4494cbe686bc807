//! Adding a schema, a property or a variant to a document renames no generated type, field or variant.

#![forbid(unsafe_code)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use syn::{Fields, Item};
use xtask::emit::{CoreSource, Target};
use xtask::lower::Options;
use xtask::pipeline;
use xtask::sources::ApiData;
use xtask::spec::document::Document;
use xtask::spec::source::{Format, Source};
use xtask::spec::walk::{Place, walk_mut};

/// The documents of the fixtures that are accepted as they are.
fn documents() -> Vec<(String, Value)> {
    let mut paths: Vec<PathBuf> = Vec::new();
    for folder in ["tests/constructs", "tests/documents"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let entries = std::fs::read_dir(folder).expect("a folder of fixtures");
        paths.extend(entries.map(|entry| entry.expect("an entry").path()));
    }
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        let name = path.display().to_string();
        if let Ok(document) = Document::load(&path)
            && names(&document.value).is_some()
        {
            found.push((name, document.value));
        }
    }
    found
}

/// The names of the types of a document, each with its fields or variants; `None` if the document is rejected.
fn names(document: &Value) -> Option<BTreeSet<String>> {
    let source = Source {
        name: "document".to_owned(),
        text: String::new(),
        format: Format::Json,
    };
    let normalized = pipeline::normalize(document.clone(), &source, &Options::default()).ok()?;
    let target = Target {
        crate_name: "names".to_owned(),
        version: "0.1.0".to_owned(),
        core: CoreSource::Path("../core".to_owned()),
        api: ApiData::of_document(&normalized.document),
        command: "test".to_owned(),
        member: false,
    };
    let files = pipeline::syntax(&normalized.document, "normalized", &target).ok()?;
    let mut names = BTreeSet::new();
    let types = files
        .iter()
        .filter(|(path, _)| path.starts_with("src/types"));
    for item in types.flat_map(|(_, file)| &file.items) {
        match item {
            Item::Struct(item) => {
                names.insert(item.ident.to_string());
                if let Fields::Named(fields) = &item.fields {
                    let fields = fields.named.iter().filter_map(|field| field.ident.as_ref());
                    names.extend(fields.map(|field| format!("{}::{field}", item.ident)));
                }
            }
            Item::Enum(item) => {
                names.insert(item.ident.to_string());
                let variants = item.variants.iter();
                names.extend(variants.map(|variant| format!("{}::{}", item.ident, variant.ident)));
            }
            _ => {}
        }
    }
    Some(names)
}

/// Applies an addition to each document, and expects all names to stay.
fn names_stay(at_least: usize, add: impl Fn(&mut Value) -> bool) {
    let mut changed = 0;
    for (name, document) in documents() {
        let before = names(&document).expect("an accepted document");
        let mut extended = document;
        if !add(&mut extended) {
            continue;
        }
        let Some(after) = names(&extended) else {
            continue;
        };
        let missing: Vec<&String> = before.difference(&after).collect();
        assert!(missing.is_empty(), "{name}: renamed {missing:?}");
        changed += 1;
    }
    assert!(
        changed >= at_least,
        "only {changed} documents were extended"
    );
}

/// Adds schemas that sort before and after all others, and operations that use them.
fn add_schemas(document: &mut Value) -> bool {
    for name in ["AaNew", "ZzNew"] {
        document["components"]["schemas"][name] = json!({
            "type": "object",
            "required": ["sort"],
            "properties": {
                "sort": { "type": "string", "enum": ["a", "b"] },
                "inner": { "type": "object", "properties": { "x": { "type": "string" } } },
            },
        });
        let content = json!({
            "application/json": { "schema": { "$ref": format!("#/components/schemas/{name}") } }
        });
        document["paths"][format!("/{name}")] = json!({ "post": {
            "operationId": format!("make{name}"),
            "tags": ["new"],
            "requestBody": { "required": true, "content": content },
            "responses": { "200": { "description": "", "content": content } },
        } });
    }
    true
}

#[test]
fn added_schema_renames_nothing() {
    names_stay(50, add_schemas);
}

#[test]
fn added_property_renames_nothing() {
    names_stay(30, |document| {
        let mut added = false;
        walk_mut(document, &mut |schema, place, _| {
            let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
            // A tag that is the only property stays a field until there is another.
            if let Some(properties) =
                properties.filter(|all| place == Place::Schema && all.len() > 1)
            {
                for name in ["aaNew", "zzNew"] {
                    properties.insert(
                        name.to_owned(),
                        json!({ "type": "string", "enum": ["a", "b"] }),
                    );
                }
                added = true;
            }
        });
        added
    });
}

#[test]
fn added_variant_renames_nothing() {
    names_stay(5, |document| {
        let mut added = false;
        walk_mut(document, &mut |schema, place, _| {
            for key in ["oneOf", "anyOf"] {
                let variants = schema.get_mut(key).and_then(Value::as_array_mut);
                let Some(variants) = variants.filter(|_| place == Place::Schema) else {
                    continue;
                };
                if variants.len() > 1
                    && variants.iter().all(|variant| variant.get("$ref").is_some())
                {
                    variants.push(json!({ "$ref": "#/components/schemas/AaNew" }));
                    added = true;
                }
            }
        });
        if added {
            add_schemas(document);
        }
        added
    });
}
