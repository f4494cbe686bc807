//! The documents that the sandbox is tested against.

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

/// A document to test against.
pub(super) struct Contract {
    pub(super) api: String,
    /// The document, as JSON.
    pub(super) text: String,
    /// Whether it is the published document, without corrections.
    pub(super) is_published: bool,
    /// The ids of its operations.
    pub(super) operations: BTreeSet<String>,
}

/// Reads the documents of the APIs that the sandbox serves, from `folder` or by default from the repository.
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
        let problem = Problem::at("", "the sandbox serves no API")
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
    keep_only_json(&mut value);
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

/// Iterates over path, method and value of the operations of a document.
fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let items = document["paths"].as_object().into_iter().flatten();
    items.flat_map(|(path, item)| {
        let members = item.as_object().into_iter().flatten();
        members.map(|(method, operation)| (path.as_str(), method.as_str(), operation))
    })
}

/// Replaces operation ids by those of the corrected document, which the settings and the log of the sandbox use.
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

/// Removes form encodings from request bodies that also accept JSON. The sandbox, like the crates, supports only JSON,
/// because forms cannot express the nested objects of most bodies.
fn keep_only_json(document: &mut Value) {
    match document {
        Value::Object(members) => {
            if let Some(content) = members.get_mut("content").and_then(Value::as_object_mut)
                && content.contains_key("application/json")
            {
                content.retain(|kind, _| kind != "application/x-www-form-urlencoded");
            }
            members.values_mut().for_each(keep_only_json);
        }
        Value::Array(items) => items.iter_mut().for_each(keep_only_json),
        _ => {}
    }
}

/// Finds the file of a published document, named for the API or for the document that the API is a part of.
fn published(folder: &Path, api: &str, entry: &ApiSource) -> Result<PathBuf, Failure> {
    let url = entry.url.as_deref().unwrap_or_default();
    let file = url.rsplit('/').next().unwrap_or_default();
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
        let problem = Problem::at("", format!("there is no document for the API `{api}`"))
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

    /// Reads the document of the API `demo` from a folder with these files.
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
    fn published_document_is_read_with_its_operations() {
        let contract = found(&[("demo.json", TEXT)]).expect("a document");
        assert!(contract.is_published);
        assert_eq!(contract.operations, BTreeSet::from(["getX".to_owned()]));
    }

    #[test]
    fn included_part_of_a_published_document_is_read_without_forms() {
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
    fn document_in_a_folder_is_read_with_its_corrections() {
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
    fn missing_document_is_an_error_that_lists_the_expected_files() {
        let Err(Failure(reports)) = found(&[("other.json", TEXT)]) else {
            panic!("no error for a missing document");
        };
        let text = reports[0].to_string();
        let expected =
            "expected demo/openapi.yaml or one of demo.json, demo.yaml, demo.yml, whole.json";
        assert!(text.contains(expected), "{text}");
    }
}
