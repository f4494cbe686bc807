//! A large document with every construct that the generator supports: its fixtures, merged into one document as often as needed.

use std::error::Error;

use serde_json::{Map, Value, json};
use xtask::lower::Options;
use xtask::pipeline;
use xtask::spec::document::Document;
use xtask::spec::walk::METHODS;
use xtask::workspace::Workspace;

use crate::input::Input;

/// The fixtures that are documents of OpenAPI 3.1, `copies` times each.
pub fn document(copies: usize) -> Result<Input, Box<dyn Error>> {
    let folder = Workspace::at(None).path("xtask/tests/constructs");
    let files = std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
    let mut files = files.collect::<Result<Vec<_>, std::io::Error>>()?;
    files.retain(|file| file.extension().is_some_and(|is| is == "yaml"));
    files.sort();
    let mut paths = Map::new();
    let mut components = Map::new();
    for (number, file) in files.iter().enumerate() {
        let Ok(document) = Document::load(file) else {
            continue;
        };
        let options = Options::default();
        let is_valid = document.unread.is_empty()
            && document.value["openapi"]
                .as_str()
                .is_some_and(|version| version.starts_with("3.1"))
            && pipeline::normalize(document.value.clone(), &document.source, &options).is_ok();
        if !is_valid || has_other_references(&document.value) {
            continue;
        }
        for copy in 0..copies {
            let prefix = format!("F{number}c{copy}");
            let mut part = document.value.clone();
            rename(&mut part, &prefix);
            merge(part, &prefix, &mut paths, &mut components);
        }
    }
    let merged = json!({
        "openapi": "3.1.0",
        "info": { "title": "Constructs", "version": "1" },
        "paths": paths,
        "components": components,
    });
    let text = merged.to_string();
    let document = Document::from_bytes("constructs.json".to_owned(), text.as_bytes())?;
    Ok(Input::of_document(document.value, document.source))
}

const COMPONENTS: &str = "#/components/";

/// Whether a reference leads elsewhere than to a component.
fn has_other_references(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.iter().any(|(key, member)| match member {
            Value::String(reference) if key == "$ref" => !reference.starts_with(COMPONENTS),
            _ => key == "$dynamicRef" || key == "$anchor" || has_other_references(member),
        }),
        Value::Array(items) => items.iter().any(has_other_references),
        _ => false,
    }
}

/// Prefixes the names in references, mappings and security requirements, and the ids of operations.
fn rename(value: &mut Value, prefix: &str) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                match (key.as_str(), member) {
                    ("$ref", Value::String(reference)) => *reference = target(reference, prefix),
                    ("operationId", Value::String(id)) => *id = format!("{prefix}{id}"),
                    ("mapping", Value::Object(mapping)) => {
                        for name in mapping.values_mut() {
                            if let Value::String(name) = name {
                                *name = target(name, prefix);
                            }
                        }
                    }
                    ("security", Value::Array(requirements)) => {
                        for requirement in requirements {
                            prefix_keys(requirement, prefix);
                        }
                    }
                    (_, member) => rename(member, prefix),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, prefix)),
        _ => {}
    }
}

fn target(reference: &str, prefix: &str) -> String {
    match reference
        .strip_prefix(COMPONENTS)
        .and_then(|rest| rest.split_once('/'))
    {
        Some((kind, rest)) => format!("{COMPONENTS}{kind}/{prefix}{rest}"),
        None => format!("{prefix}{reference}"),
    }
}

fn prefix_keys(value: &mut Value, prefix: &str) {
    if let Value::Object(members) = value {
        let renamed = std::mem::take(members).into_iter();
        *members = renamed
            .map(|(key, member)| (format!("{prefix}{key}"), member))
            .collect();
    }
}

/// Adds the paths and components of a document whose names have the prefix.
fn merge(
    mut part: Value,
    prefix: &str,
    paths: &mut Map<String, Value>,
    components: &mut Map<String, Value>,
) {
    let security = part["security"].take();
    if let Value::Object(items) = part["paths"].take() {
        for (path, mut item) in items.into_iter().filter(|(path, _)| path.starts_with('/')) {
            for method in METHODS {
                let operation = item.get_mut(method).and_then(Value::as_object_mut);
                if let (Some(operation), false) = (operation, security.is_null()) {
                    operation
                        .entry("security")
                        .or_insert_with(|| security.clone());
                }
            }
            paths.insert(format!("/{prefix}{path}"), item);
        }
    }
    if let Value::Object(kinds) = part["components"].take() {
        for (kind, mut named) in kinds {
            prefix_keys(&mut named, prefix);
            let all = components.entry(kind).or_insert_with(|| json!({}));
            if let (Value::Object(all), Value::Object(named)) = (all, named) {
                all.extend(named);
            }
        }
    }
}
