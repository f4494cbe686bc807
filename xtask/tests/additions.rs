//! Additions at random places of each document: `bump` takes them without edits by hand, and nothing that exists is renamed or removed.
//!
//! `SEED=1000 CASES=200 cargo test --workspace --test additions` tries others.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};
use tempfile::TempDir;
use xtask::commands::bump::{self, BumpOptions};
use xtask::commands::cli::ReportFormat;
use xtask::console::{CheckResult, Console};
use xtask::diagnostic::{Style, render};
use xtask::fetch::download::Limits;
use xtask::spec::document::Document;
use xtask::spec::walk::{Place, walk};
use xtask::workspace::Workspace;

/// The cases per document if the environment names no number.
const CASES: u64 = 3;

/// A sequence of pseudo-random choices (SplitMix64).
struct Choices(u64);

impl Choices {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % limit as u64) as usize
    }

    fn pick<T: Clone>(&mut self, all: &[T]) -> Option<T> {
        (!all.is_empty()).then(|| all[self.below(all.len())].clone())
    }
}

/// A change of a document that adds something. Returns its description.
type Addition = fn(&mut Value, &mut Choices) -> Option<String>;

const ADDITIONS: [Addition; 5] = [operation, property, enum_value, variant, component];

/// The pointers of the values for which `wanted` holds.
fn places(document: &Value, wanted: impl Fn(&Value, Place) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    walk(document, &mut |value, place, pointer| {
        if wanted(value, place) {
            found.push(pointer.to_owned());
        }
    });
    found
}

fn object<'d>(document: &'d mut Value, pointer: &str) -> &'d mut Map<String, Value> {
    let found = document.pointer_mut(pointer).and_then(Value::as_object_mut);
    found.expect("an object")
}

/// A copy of an operation under a new path, with or without the extensions that name its method.
fn operation(document: &mut Value, choices: &mut Choices) -> Option<String> {
    let paths = object(document, "/paths");
    let all: Vec<(String, &str)> = paths
        .iter()
        .flat_map(|(path, item)| {
            let methods = ["get", "post", "patch", "delete"].into_iter();
            methods
                .filter(|method| item[*method].is_object())
                .map(|method| (path.clone(), method))
        })
        .collect();
    let (path, method) = choices.pick(&all)?;
    let mut operation = paths[&path][method].clone();
    operation["operationId"] = json!("addedOperation");
    if operation.get("x-operation-name").is_some() && choices.below(2) == 0 {
        operation["x-operation-name"] = json!("added");
    } else {
        let members = operation.as_object_mut()?;
        members.remove("x-operation-name");
        members.remove("x-operation-group");
    }
    let added = format!("{path}/added");
    paths.insert(added.clone(), json!({ (method): operation }));
    Some(format!("{method} {added}"))
}

/// An optional property, whose name can be another spelling of that of an existing one.
fn property(document: &mut Value, choices: &mut Choices) -> Option<String> {
    let objects = places(document, |value, place| {
        let properties = value["properties"].as_object();
        // An object without properties is a map.
        place == Place::Schema && properties.is_some_and(|properties| !properties.is_empty())
    });
    // Conditions check what is sent.
    let is_condition = |at: &String| at.split('/').any(|step| step == "if" || step == "then");
    let objects: Vec<String> = objects.into_iter().filter(|at| !is_condition(at)).collect();
    let at = choices.pick(&objects)?;
    let schemas: Vec<String> = object(document, "/components/schemas")
        .keys()
        .cloned()
        .collect();
    let reference = format!("#/components/schemas/{}", choices.pick(&schemas)?);
    let schema = choices.pick(&[
        json!({"type": "string"}),
        json!({"type": "integer"}),
        json!({"type": ["string", "null"], "maxLength": 7}),
        json!({"type": "string", "enum": ["one", "two"]}),
        json!({"type": "array", "items": {"type": "string"}}),
        json!({"type": "array", "items": {"type": "object", "properties": {"x": {"type": "string"}}}}),
        json!({"type": "object", "properties": {"x": {"type": "string"}}}),
        json!({ "$ref": reference }),
    ])?;
    let properties = object(document, &format!("{at}/properties"));
    let names: Vec<String> = properties.keys().cloned().collect();
    let other = choices.pick(&names).unwrap_or_default();
    let name = choices.pick(&[
        "added_property".to_owned(),
        "aaa".to_owned(),
        other.replace('_', "-"),
        other.to_uppercase(),
        format!("{other}_"),
    ])?;
    if properties.contains_key(&name) {
        return None;
    }
    let shown = format!("property {name} of {at}: {schema}");
    properties.insert(name, schema);
    Some(shown)
}

/// A value of an enumeration.
fn enum_value(document: &mut Value, choices: &mut Choices) -> Option<String> {
    let enums = places(document, |value, place| {
        let values = value["enum"].as_array();
        place == Place::Schema
            && values.is_some_and(|values| values.len() > 1 && values.iter().all(Value::is_string))
    });
    let at = choices.pick(&enums)?;
    let values = document
        .pointer_mut(&format!("{at}/enum"))?
        .as_array_mut()?;
    let value = choices.pick(&["added_value", "AAA", "1:added-value"])?;
    values.insert(choices.below(values.len() + 1), json!(value));
    Some(format!("value {value:?} of {at}"))
}

/// A variant of a union, which can have the title of an existing one.
fn variant(document: &mut Value, choices: &mut Choices) -> Option<String> {
    let is_object = |schema: &Value| schema["properties"].is_object();
    let resolved = |document: &Value, schema: &Value| -> Value {
        let target = schema["$ref"]
            .as_str()
            .and_then(|target| target.strip_prefix('#'));
        target
            .and_then(|target| document.pointer(target))
            .unwrap_or(schema)
            .clone()
    };
    let unions: Vec<String> = places(document, |value, place| {
        let variants = value["oneOf"].as_array().or(value["anyOf"].as_array());
        place == Place::Schema
            && variants.is_some_and(|variants| {
                variants.len() > 1
                    && variants
                        .iter()
                        .all(|variant| is_object(&resolved(document, variant)))
            })
    });
    let at = choices.pick(&unions)?;
    let key = match document.pointer(&at)?["oneOf"].is_array() {
        true => "oneOf",
        false => "anyOf",
    };
    let variants = document
        .pointer(&format!("{at}/{key}"))?
        .as_array()?
        .clone();
    let old = choices.pick(&variants)?;
    let old = resolved(document, &old);
    // The accessors of a union are those of the properties that all variants share.
    let mut schema = old.clone();
    schema["properties"]["added_marker"] = json!({"type": "string"});
    let mut required = old["required"].as_array().cloned().unwrap_or_default();
    required.push(json!("added_marker"));
    schema["required"] = json!(required);
    let discriminator = document.pointer(&at)?["discriminator"].clone();
    if let Some(property) = discriminator["propertyName"].as_str() {
        schema["properties"][property] = json!({"type": "string", "enum": ["added_kind"]});
    }
    let name = choices.pick(&["AddedVariant", "AaaVariant"])?;
    let is_component = discriminator["mapping"].is_object() || choices.below(2) == 0;
    // The title of an inline variant is its name.
    if !is_component || choices.below(2) == 0 {
        schema.as_object_mut()?.remove("title");
    }
    let reference = format!("#/components/schemas/{name}");
    if is_component {
        object(document, "/components/schemas").insert(name.to_owned(), schema.clone());
    }
    let union = document.pointer_mut(&at)?;
    if let Some(mapping) = union["discriminator"]["mapping"].as_object_mut() {
        mapping.insert("added_kind".to_owned(), json!(reference));
    }
    let variants = union[key].as_array_mut()?;
    let new = match is_component {
        true => json!({ "$ref": reference }),
        false => schema.clone(),
    };
    variants.insert(choices.below(variants.len() + 1), new);
    Some(format!(
        "variant {name} of {at}: {schema}, component: {is_component}"
    ))
}

/// A component, referenced by a new property, whose name can be that of the type of an inline schema.
fn component(document: &mut Value, choices: &mut Choices) -> Option<String> {
    let schemas = object(document, "/components/schemas");
    let inline: Vec<(String, String)> = schemas
        .iter()
        .flat_map(|(name, schema)| {
            let properties = schema["properties"].as_object().into_iter().flatten();
            let inline = properties.filter(|(_, property)| {
                property["properties"].is_object() || property["enum"].is_array()
            });
            inline.map(|(property, _)| (name.clone(), property.clone()))
        })
        .collect();
    let (owner, property) = choices.pick(&inline)?;
    let mut letters = property.chars();
    let capital: String = letters.next()?.to_uppercase().chain(letters).collect();
    let name = format!("{owner}{capital}");
    if schemas.contains_key(&name) {
        return None;
    }
    schemas.insert(
        name.clone(),
        json!({"type": "object", "properties": {"y": {"type": "string"}}}),
    );
    let reference = json!({ "$ref": format!("#/components/schemas/{name}") });
    schemas[&owner]["properties"]["added_component"] = reference;
    Some(format!("component {name}"))
}

/// A copy of what `bump` reads.
fn repository() -> TempDir {
    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).expect("a folder");
        for entry in fs::read_dir(from).expect("a folder") {
            let entry = entry.expect("an entry");
            let to = to.join(entry.file_name());
            match entry.path().is_dir() {
                true => copy(&entry.path(), &to),
                false => drop(fs::copy(entry.path(), to).expect("copied")),
            }
        }
    }
    let copied = TempDir::new().expect("a folder");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("a folder");
    copy(&root.join("openapi"), &copied.path().join("openapi"));
    copied
}

/// Bumps the API to the document without writing. Returns the problem, if there is one.
fn bump(workspace: &Workspace, api: &str, document: &Value) -> Option<String> {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("document.json");
    fs::write(&path, document.to_string()).expect("written");
    let path = path.display().to_string();
    let options = BumpOptions {
        apis: &[api.to_owned()],
        from: Some(&path),
        dry_run: true,
        today: "2026-01-08",
        limits: Limits::default(),
        format: ReportFormat::Json,
    };
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut console = Console {
        out: &mut out,
        err: &mut err,
        style: Style::Plain,
    };
    match bump::run(workspace, &options, &mut console) {
        Ok(CheckResult::Passed) => {}
        Ok(CheckResult::Failed) => return Some("the check failed".to_owned()),
        Err(failure) => return Some(render(&failure.0, Style::Plain)),
    }
    let result: Value = serde_json::from_slice(&out).expect("JSON");
    let changes = &result[0]["changes"];
    let is_additive = changes["level"] != "major"
        && changes["rust"]["removed"] == json!([])
        && changes["rust"]["changed"] == json!([]);
    let breaking = || {
        let all = changes["changes"].as_array().into_iter().flatten();
        let breaking: Vec<String> = all
            .filter(|change| change["level"] == "major")
            .map(|change| {
                format!(
                    "{}: {} {}",
                    change["rule"], change["subject"], change["was"]
                )
            })
            .collect();
        format!(
            "{}\n{breaking:#?}\n{:#}",
            result[0]["title"], changes["rust"]
        )
    };
    (!is_additive).then(breaking)
}

#[test]
fn addition_needs_no_edit_and_changes_nothing_that_exists() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let (seed, cases) = (
        number("SEED").unwrap_or(0),
        number("CASES").unwrap_or(CASES),
    );
    let repository = repository();
    let workspace = Workspace::at(Some(repository.path().to_owned()));
    let mut problems = Vec::new();
    for api in ["teams", "my-organization", "management"] {
        let facts = workspace.path(&format!("openapi/{api}/openapi.yaml"));
        let facts = Document::read(&facts).expect("facts").value;
        for case in seed..seed + cases {
            let mut document = facts.clone();
            let mut choices = Choices(case);
            // One of each kind, or a single one, so that additions cannot hide each other.
            let several = choices.below(2) == 0;
            let only = choices.below(ADDITIONS.len());
            let additions = ADDITIONS.iter().enumerate();
            let added: Vec<String> = additions
                .filter(|(index, _)| several || *index == only)
                .filter_map(|(_, addition)| addition(&mut document, &mut choices))
                .collect();
            if added.is_empty() {
                continue;
            }
            if let Some(problem) = bump(&workspace, api, &document) {
                problems.push(format!("{api}, seed {case}: {added:#?}\n{problem}"));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
}
