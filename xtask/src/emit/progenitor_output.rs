//! The output of progenitor for the normalized document, as syntax trees: types and requests.

use openapiv3::{Components, OpenAPI};
use progenitor::{CrateVers, GenerationSettings, Generator, InterfaceStyle, TypeImpl, TypePatch};
use serde::Deserialize as _;
use serde_json::{Map, Value, json};
use syn::{File, Item};

use crate::emit::model::{Model, list, members};
use crate::emit::wire_names;
use crate::guard::guard;
use crate::problem::Problem;
use crate::spec::walk::join;

/// The crates of the types that the normalizer assigns to schemas (`x-rust-type`).
const CRATES: [&str; 3] = ["auth0-core", "serde_json", "std"];

/// progenitor's output.
pub(crate) struct ProgenitorOutput {
    /// The types.
    pub(crate) types: Vec<Item>,
    /// The client with one method per operation, and its imports.
    pub(crate) requests: Vec<Item>,
}

/// Runs progenitor. A panic or error becomes a problem that names the operation or schema that causes it.
pub(crate) fn run(document: &Value, model: &Model<'_>) -> Result<ProgenitorOutput, Problem> {
    match attempt(document, model) {
        Ok(file) => {
            let mut output = split(file);
            wire_names::restore_in_types(&mut output.types, model);
            Ok(output)
        }
        Err(problem) => Err(locate(document, model, problem)),
    }
}

fn attempt(document: &Value, model: &Model<'_>) -> Result<File, Problem> {
    let spec = read(document, model)?;
    let settings = settings(model);
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

/// The document as progenitor reads it: without the operations that it excludes from SDKs, and with the names of the request methods as
/// operation ids.
fn read(document: &Value, model: &Model<'_>) -> Result<OpenAPI, Problem> {
    let invalid = |error: serde_json::Error| {
        Problem::at(
            "",
            format!("the normalized document is not OpenAPI 3.0: {error}"),
        )
        .help("normalize the document first: `cargo xtask normalize`")
    };
    // The components, which are most of the document, are not cloned.
    let members = document.as_object().into_iter().flatten();
    let mut rest: Map<String, Value> = members
        .filter(|(key, _)| *key != "components")
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    if let Some(paths) = rest.get_mut("paths") {
        for operation in &model.operations {
            let item = paths
                .get_mut(&operation.path)
                .and_then(Value::as_object_mut);
            let Some(item) = item else { continue };
            if operation.is_ignored {
                item.remove(&operation.method);
            } else if let Some(found) = item.get_mut(&operation.method) {
                found["operationId"] = Value::String(operation.request_method.clone());
            }
        }
    }
    let mut read: OpenAPI = serde_json::from_value(Value::Object(rest)).map_err(invalid)?;
    let components = document.get("components").map(Components::deserialize);
    read.components = components.transpose().map_err(invalid)?;
    Ok(read)
}

fn settings(model: &Model<'_>) -> GenerationSettings {
    let mut settings = GenerationSettings::new();
    settings
        .with_interface(InterfaceStyle::Positional)
        .with_map_type("::std::collections::BTreeMap");
    for name in CRATES {
        settings.with_crate(name, CrateVers::Any, None);
    }
    let non_exhaustive = TypePatch::default().with_attr("#[non_exhaustive]").clone();
    for name in model.components.keys() {
        if model.is_union(name) {
            // The emitter writes unions: errors of serde's untagged decoding name neither the variant nor the field.
            settings.with_replacement(
                name,
                format!("crate::types::{name}"),
                std::iter::empty::<TypeImpl>(),
            );
        } else {
            settings.with_patch(name, &non_exhaustive);
        }
    }
    settings
}

/// Finds the part of the document that causes a problem: generates each operation, then each schema, on its own.
fn locate(document: &Value, model: &Model<'_>, problem: Problem) -> Problem {
    const HELP: &str = "lower this construct in a pass, or correct it in the corrections overlay";
    let mut part = document.clone();
    for operation in model.client_operations() {
        let (path, method) = (&operation.path, &operation.method);
        let item = &document["paths"][path];
        let mut only = Map::new();
        only.insert(method.clone(), item[method].clone());
        if let Some(parameters) = item.get("parameters") {
            only.insert("parameters".to_owned(), parameters.clone());
        }
        part["paths"] = json!({ path: only });
        part["components"] = json!({ "schemas": schemas_for(document, &item[method]) });
        if let Err(cause) = attempt(&part, model) {
            let what = format!(
                "operation {} ({} {path})",
                operation.id,
                method.to_uppercase()
            );
            return Problem {
                pointer: operation.pointer.clone(),
                found: Some(with_panic(what, &cause)),
                ..cause
            }
            .help(HELP);
        }
    }
    part["paths"] = json!({});
    for (name, schema) in members(&document["components"]["schemas"]) {
        let reference = json!({ "$ref": format!("#/components/schemas/{name}") });
        part["components"] = json!({ "schemas": schemas_for(document, &reference) });
        if let Err(cause) = attempt(&part, model) {
            return Problem {
                pointer: join("/components/schemas", name),
                found: Some(with_panic(format!("schema {name}: {schema}"), &cause)),
                ..cause
            }
            .help(HELP);
        }
    }
    problem
}

/// The part that causes a problem, with the text of the panic.
fn with_panic(what: String, problem: &Problem) -> String {
    match &problem.found {
        Some(found) => format!("{what}: {found}"),
        None => what,
    }
}

/// The component schemas that `value` refers to, at any depth.
fn schemas_for(document: &Value, value: &Value) -> Map<String, Value> {
    let mut found = Map::new();
    let mut pending = vec![value];
    while let Some(value) = pending.pop() {
        if let Some(name) = value["$ref"]
            .as_str()
            .and_then(|r| r.strip_prefix("#/components/schemas/"))
            && let Some(schema) = document["components"]["schemas"]
                .get(name)
                .filter(|_| !found.contains_key(name))
        {
            found.insert(name.to_owned(), schema.clone());
            pending.push(schema);
        }
        pending.extend(value.as_object().into_iter().flat_map(Map::values));
        pending.extend(list(value));
    }
    found
}

fn split(file: File) -> ProgenitorOutput {
    let mut output = ProgenitorOutput {
        types: Vec::new(),
        requests: Vec::new(),
    };
    for item in file.items {
        match item {
            Item::Mod(module) if module.ident == "types" => {
                output.types = module.content.map(|(_, items)| items).unwrap_or_default();
            }
            // Only re-exports the client under a second path.
            Item::Mod(module) if module.ident == "prelude" => {}
            item => output.requests.push(item),
        }
    }
    output
}
