//! The documents that the sandbox is held against.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::commands::regen::corrected;
use crate::console::Failure;
use crate::diagnostic::Report;
use crate::lower;
use crate::problem::Problem;
use crate::sources::ApiSource;
use crate::spec::canonical;
use crate::spec::document::Document;
use crate::workspace::{FACTS, Workspace, api_folder};

/// A document to test by.
pub(super) struct Contract {
    pub(super) api: String,
    /// The document, as JSON.
    pub(super) text: String,
    /// Whether it is as it was published, with its errors.
    pub(super) is_published: bool,
    /// The ids of its operations.
    pub(super) operations: BTreeSet<String>,
}

/// The documents of the APIs that the sandbox serves, in `folder` or in the repository.
pub(super) fn of_sandbox(
    workspace: &Workspace,
    folder: Option<&Path>,
) -> Result<Vec<Contract>, Failure> {
    let sources = workspace.sources()?;
    let mut found = Vec::new();
    for (api, entry) in sources.select(&[])? {
        if entry.sandbox {
            found.push(of_api(workspace, api, entry, folder)?);
        }
    }
    if found.is_empty() {
        let problem = Problem::at("", "there is no API that the sandbox serves")
            .expected("at least one entry with `sandbox = true`");
        let report = Report::of_file(crate::sources::Sources::FILE, problem);
        return Err(Box::new(report).into());
    }
    Ok(found)
}

fn of_api(
    workspace: &Workspace,
    api: &str,
    entry: &ApiSource,
    folder: Option<&Path>,
) -> Result<Contract, Failure> {
    let own = workspace.path("openapi");
    let folder = folder.unwrap_or(&own);
    let facts = folder.join(api);
    let (mut value, is_published) = if facts.join(FACTS).exists() {
        (corrected(&facts, &api_folder(api))?, false)
    } else {
        let path = published(folder, api, entry)?;
        let document = Document::read(&path)?.checked()?;
        let part = lower::excerpt(document.value, &entry.include);
        let part = part.map_err(|problems| Failure(Report::all(problems, &document.source)))?;
        (part, true)
    };
    if is_published && own.join(api).join(FACTS).exists() {
        let corrected = corrected(&own.join(api), &api_folder(api))?;
        rename(&mut value, &corrected);
    }
    json_alone(&mut value);
    let operations = operations(&value)
        .filter_map(|(_, _, operation)| operation["operationId"].as_str())
        .map(str::to_owned)
        .collect();
    Ok(Contract {
        api: api.to_owned(),
        text: canonical::json(&value),
        is_published,
        operations,
    })
}

/// The operations of a document, with path and method.
fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let items = document["paths"].as_object().into_iter().flatten();
    items.flat_map(|(path, item)| {
        let members = item.as_object().into_iter().flatten();
        members.map(|(method, operation)| (path.as_str(), method.as_str(), operation))
    })
}

/// Gives operations the ids that the corrected document has: settings and the sandbox's log know them by those.
fn rename(published: &mut Value, corrected: &Value) {
    for (path, method, operation) in operations(corrected) {
        let found = published["paths"]
            .get_mut(path)
            .and_then(|item| item.get_mut(method));
        if let (Some(found), Some(id)) = (found, operation.get("operationId")) {
            found["operationId"] = id.clone();
        }
    }
}

/// Takes the forms away that stand beside JSON in request bodies. The sandbox takes JSON alone, as the crates send: a form
/// holds no objects in objects, which most bodies are.
fn json_alone(document: &mut Value) {
    match document {
        Value::Object(members) => {
            if let Some(content) = members.get_mut("content").and_then(Value::as_object_mut)
                && content.contains_key("application/json")
            {
                content.retain(|kind, _| kind != "application/x-www-form-urlencoded");
            }
            members.values_mut().for_each(json_alone);
        }
        Value::Array(items) => items.iter_mut().for_each(json_alone),
        _ => {}
    }
}

/// The file of a published document: called like the API here, or like the document that the API is a part of.
fn published(folder: &Path, api: &str, entry: &ApiSource) -> Result<PathBuf, Failure> {
    let file = entry.url.rsplit('/').next().unwrap_or_default();
    let whole = file.split("-api-oas").next().unwrap_or_default();
    let names: Vec<String> = [api, whole]
        .iter()
        .flat_map(|name| ["json", "yaml", "yml"].map(|end| format!("{name}.{end}")))
        .collect();
    let found = names
        .iter()
        .map(|name| folder.join(name))
        .find(|path| path.exists());
    found.ok_or_else(|| {
        let problem = Problem::at("", format!("there is no document of the API `{api}`"))
            .expected(format!("{api}/{FACTS} or one of {}", names.join(", ")));
        Failure(vec![Report::of_file(
            &folder.display().to_string(),
            problem,
        )])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found in a folder with these files.
    fn found(files: &[(&str, &str)]) -> Result<Contract, Failure> {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        }
        let entry = "url = 'https://x.test/whole-api-oas.json'\ninclude = ['/x']";
        let entry = toml::from_str(entry).expect("an entry");
        of_api(&Workspace::at(None), "demo", &entry, Some(folder.path()))
    }

    const TEXT: &str = r#"{"openapi": "3.1.0", "info": {"title": "Demo", "version": "1"},
        "paths": {"/x": {"get": {"operationId": "getX", "responses": {"200": {"description": ""}}}}}}"#;

    #[test]
    fn document_is_as_published_then_its_operations_are_known() {
        let contract = found(&[("demo.json", TEXT)]).expect("a document");
        assert!(contract.is_published);
        assert_eq!(contract.operations, BTreeSet::from(["getX".to_owned()]));
    }

    #[test]
    fn document_is_a_part_of_a_published_one_then_the_part_is_tested_and_its_forms_are_not() {
        let whole = r#"{"openapi": "3.1.0", "info": {"title": "Whole", "version": "1"}, "paths": {
            "/x": {"post": {"operationId": "postX", "responses": {"200": {"description": ""}}, "requestBody": {"content": {
                "application/json": {"schema": {"type": "object"}},
                "application/x-www-form-urlencoded": {"schema": {"type": "object"}}}}}},
            "/y": {"get": {"operationId": "getY", "responses": {"200": {"description": ""}}}}}}"#;
        let contract = found(&[("whole.json", whole)]).expect("a document");
        assert_eq!(contract.operations, BTreeSet::from(["postX".to_owned()]));
        assert!(contract.text.contains("application/json"));
        assert!(!contract.text.contains("form-urlencoded"));
    }

    #[test]
    fn document_has_a_folder_then_its_corrections_apply() {
        let corrections = "overlay: 1.0.0\ninfo: {title: c, version: '1'}\nactions:\n\
            - target: $.paths['/x'].get\n  description: why\n  update: {operationId: readX}\n";
        let files = [
            ("demo/openapi.yaml", TEXT),
            ("demo/corrections.overlay.yaml", corrections),
        ];
        let contract = found(&files).expect("a document");
        assert!(!contract.is_published);
        assert_eq!(contract.operations, BTreeSet::from(["readX".to_owned()]));
    }

    #[test]
    fn document_is_missing_then_the_error_says_what_was_looked_for() {
        let Err(Failure(reports)) = found(&[("other.json", TEXT)]) else {
            panic!("nothing was missing");
        };
        let text = reports[0].to_string();
        let expected =
            "expected demo/openapi.yaml or one of demo.json, demo.yaml, demo.yml, whole.json";
        assert!(text.contains(expected), "{text}");
    }
}
