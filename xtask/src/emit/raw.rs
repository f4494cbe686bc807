//! What progenitor makes of the normalized document: the types and the low-level calls, as syntax trees.

use openapiv3::{Components, OpenAPI};
use progenitor::{CrateVers, GenerationSettings, Generator, InterfaceStyle, TypeImpl, TypePatch};
use serde::Deserialize as _;
use serde_json::{Map, Value, json};
use syn::{File, Item};

use crate::emit::model::{list, members};
use crate::emit::names;
use crate::emit::types::wire;
use crate::extensions;
use crate::guard::guard;
use crate::problem::Problem;
use crate::spec::walk::{METHODS, join};

/// The crates whose types the normalizer puts into schemas with `x-rust-type`.
const CRATES: [&str; 3] = ["auth0-core", "serde_json", "std"];

/// progenitor's output, in its two parts.
pub(crate) struct Raw {
    /// The types.
    pub(crate) types: Vec<Item>,
    /// The client with one method for each operation, and what it needs.
    pub(crate) calls: Vec<Item>,
}

/// Runs progenitor. Its panics and refusals become problems that name the operation or schema at fault.
pub(crate) fn run(document: &Value) -> Result<Raw, Problem> {
    match attempt(document) {
        Ok(file) => {
            let mut raw = split(file)?;
            wire::fields(&mut raw.types, document);
            wire::parameters(&mut raw.calls, document);
            Ok(raw)
        }
        Err(problem) => Err(locate(document, problem)),
    }
}

fn attempt(document: &Value) -> Result<File, Problem> {
    let spec = read(document)?;
    let settings = settings(document);
    guard("progenitor", || {
        Generator::new(&settings)
            .generate_tokens(&spec)
            .map_err(|error| error.to_string())
            .and_then(|tokens| syn::parse2::<File>(tokens).map_err(|error| error.to_string()))
    })?
    .map_err(|error| {
        Problem::at(
            "",
            format!("progenitor cannot generate code from this document: {error}"),
        )
    })
}

/// The document as openapiv3 has it: without the operations that it keeps out of SDKs itself (they are in the table, but no
/// code is made), and the others by the names of their methods.
fn read(document: &Value) -> Result<OpenAPI, Problem> {
    let refused = |error: serde_json::Error| {
        Problem::at(
            "",
            format!("the normalized document is not OpenAPI 3.0: {error}"),
        )
        .help("normalize the document first: `cargo xtask normalize`")
    };
    // The components are most of it, and stay as they are.
    let members = document.as_object().into_iter().flatten();
    let mut rest: Map<String, Value> = members
        .filter(|(key, _)| *key != "components")
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    if let Some(paths) = rest.get_mut("paths").and_then(Value::as_object_mut) {
        for item in paths.values_mut().filter_map(Value::as_object_mut) {
            item.retain(|_, operation| !extensions::SDK_IGNORE.is_true(operation));
            for operation in item.values_mut() {
                if let Some(id) = operation.get("operationId").and_then(Value::as_str) {
                    operation["operationId"] = Value::String(names::call_name(id));
                }
            }
        }
    }
    let mut read: OpenAPI = serde_json::from_value(Value::Object(rest)).map_err(refused)?;
    let components = document.get("components").map(Components::deserialize);
    read.components = components.transpose().map_err(refused)?;
    Ok(read)
}

fn settings(document: &Value) -> GenerationSettings {
    let mut settings = GenerationSettings::new();
    settings
        .with_interface(InterfaceStyle::Positional)
        .with_map_type("::std::collections::BTreeMap");
    for name in CRATES {
        settings.with_crate(name, CrateVers::Any, None);
    }
    let open_ended = TypePatch::default().with_attr("#[non_exhaustive]").clone();
    for (name, schema) in members(&document["components"]["schemas"]) {
        let name = names::type_name(name);
        if extensions::UNION.is_set(schema) {
            // Unions are ours: serde's untagged decoding can name neither the variant nor the field at fault.
            settings.with_replacement(
                &name,
                format!("crate::types::{name}"),
                std::iter::empty::<TypeImpl>(),
            );
        } else {
            settings.with_patch(&name, &open_ended);
        }
    }
    settings
}

/// Finds which part of the document is at fault by trying the operations, then the schemas, one by one.
fn locate(document: &Value, problem: Problem) -> Problem {
    let mut alone = document.clone();
    for (path, item) in members(&document["paths"]) {
        for method in METHODS {
            let operation = item.get(method).unwrap_or(&Value::Null);
            if operation.is_null() || extensions::SDK_IGNORE.is_true(operation) {
                continue;
            }
            let mut only = Map::new();
            only.insert(method.to_owned(), operation.clone());
            if let Some(parameters) = item.get("parameters") {
                only.insert("parameters".to_owned(), parameters.clone());
            }
            alone["paths"] = json!({ path: only });
            alone["components"] = json!({ "schemas": schemas_for(document, operation) });
            if let Err(at_fault) = attempt(&alone) {
                let id = operation["operationId"].as_str().unwrap_or("without an id");
                let what = format!("operation {id} ({} {path})", method.to_uppercase());
                return Problem {
                    pointer: join(&join("/paths", path), method),
                    found: Some(with_panic(what, &at_fault)),
                    ..at_fault
                }
                .help("lower this construct in a pass, or correct it in the corrections overlay");
            }
        }
    }
    alone["paths"] = json!({});
    for (name, schema) in members(&document["components"]["schemas"]) {
        alone["components"] = json!({ "schemas": schemas_for(document, &json!({ "$ref": format!("#/components/schemas/{name}") })) });
        if let Err(at_fault) = attempt(&alone) {
            return Problem {
                pointer: join("/components/schemas", name),
                found: Some(with_panic(format!("schema {name}: {schema}"), &at_fault)),
                ..at_fault
            }
            .help("lower this construct in a pass, or correct it in the corrections overlay");
        }
    }
    problem
}

/// What is at fault, and what was said of it.
fn with_panic(what: String, problem: &Problem) -> String {
    match &problem.found {
        Some(found) => format!("{what}: {found}"),
        None => what,
    }
}

/// The component schemas that `value` reaches.
fn schemas_for(document: &Value, value: &Value) -> Map<String, Value> {
    let mut found = Map::new();
    let mut waiting = vec![value];
    while let Some(value) = waiting.pop() {
        if let Some(name) = value["$ref"]
            .as_str()
            .and_then(|r| r.strip_prefix("#/components/schemas/"))
            && let Some(schema) = document["components"]["schemas"]
                .get(name)
                .filter(|_| !found.contains_key(name))
        {
            found.insert(name.to_owned(), schema.clone());
            waiting.push(schema);
        }
        waiting.extend(value.as_object().into_iter().flat_map(Map::values));
        waiting.extend(list(value));
    }
    found
}

fn split(file: File) -> Result<Raw, Problem> {
    let mut raw = Raw {
        types: Vec::new(),
        calls: Vec::new(),
    };
    for item in file.items {
        match item {
            Item::Mod(module) if module.ident == "types" => {
                raw.types = module.content.map(|(_, items)| items).unwrap_or_default();
            }
            // Only re-exports the client under a second path.
            Item::Mod(module) if module.ident == "prelude" => {}
            item => raw.calls.push(item),
        }
    }
    Ok(raw)
}
