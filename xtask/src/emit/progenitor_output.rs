//! The output of progenitor for the normalized document, as syntax trees: types and requests.

use std::collections::BTreeSet;

use openapiv3::{Components, OpenAPI};
use progenitor::{CrateVers, GenerationSettings, Generator, InterfaceStyle, TypeImpl, TypePatch};
use serde::Deserialize as _;
use serde_json::{Map, Value, json};
use syn::{File, Item};

use crate::emit::model::{Model, OperationModel, list, members};
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
pub(crate) fn run(document: &Value, model: &Model<'_>) -> Result<ProgenitorOutput, Vec<Problem>> {
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

/// Finds the parts of the document that cause a problem: schemas, or else operations.
fn locate(document: &Value, model: &Model<'_>, problem: Problem) -> Vec<Problem> {
    const HELP: &str = "lower this construct in a pass, or correct it in the corrections overlay";
    let located = |pointer: String, what: String, cause: Problem| {
        Problem {
            pointer,
            found: Some(with_panic(what, &cause)),
            ..cause
        }
        .help(HELP)
    };
    let mut found = Vec::new();
    let schemas: Vec<(&String, &Value)> = members(&document["components"]["schemas"]).collect();
    let mut part = document.clone();
    part["paths"] = json!({});
    part["components"] = json!({});
    let mut try_schemas = |names: &[(&String, &Value)]| {
        let mut kept: Map<String, Value> = Map::new();
        for (name, schema) in names {
            kept.insert((*name).clone(), (*schema).clone());
        }
        // What they refer to becomes a type of any value.
        for (_, schema) in names {
            for name in references(schema) {
                kept.entry(name).or_insert_with(|| json!({}));
            }
        }
        part["components"] = json!({ "schemas": kept });
        attempt(&part, model).err()
    };
    bisect(&schemas, &mut try_schemas, &mut |(name, schema), cause| {
        let pointer = join("/components/schemas", name);
        found.push(located(pointer, format!("schema {name}: {schema}"), cause));
    });
    if !found.is_empty() {
        return found;
    }
    let operations: Vec<&OperationModel<'_>> = model.client_operations().collect();
    let mut try_operations = |operations: &[&OperationModel<'_>]| {
        let mut paths = Map::new();
        for operation in operations {
            let item = &document["paths"][&operation.path];
            let only = paths
                .entry(operation.path.clone())
                .or_insert_with(|| json!({}));
            only[&operation.method] = item[&operation.method].clone();
            if let Some(parameters) = item.get("parameters") {
                only["parameters"] = parameters.clone();
            }
        }
        let paths = Value::Object(paths);
        part["components"] = json!({ "schemas": schemas_for(document, &paths) });
        part["paths"] = paths;
        attempt(&part, model).err()
    };
    bisect(&operations, &mut try_operations, &mut |operation, cause| {
        let what = format!(
            "operation {} ({} {})",
            operation.id,
            operation.method.to_uppercase(),
            operation.path
        );
        found.push(located(operation.pointer.clone(), what, cause));
    });
    match found.is_empty() {
        true => problem.into(),
        false => found,
    }
}

/// Finds the items that cause a problem by themselves: halves those that cause one together.
fn bisect<T: Copy>(
    items: &[T],
    attempt: &mut impl FnMut(&[T]) -> Option<Problem>,
    report: &mut impl FnMut(T, Problem),
) {
    if items.is_empty() {
        return;
    }
    let Some(problem) = attempt(items) else {
        return;
    };
    if let [only] = items {
        return report(*only, problem);
    }
    let (left, right) = items.split_at(items.len() / 2);
    bisect(left, attempt, report);
    bisect(right, attempt, report);
}

/// The names of the components that a schema refers to.
fn references(schema: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut pending = vec![schema];
    while let Some(value) = pending.pop() {
        let reference = value["$ref"].as_str();
        let name = reference.and_then(|name| name.strip_prefix("#/components/schemas/"));
        found.extend(name.map(str::to_owned));
        pending.extend(value.as_object().into_iter().flat_map(Map::values));
        pending.extend(list(value));
    }
    found
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
