//! The documents that the sandbox is held against.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::canonical;
use crate::console::Failure;
use crate::diagnostic::Report;
use crate::document::Document;
use crate::problem::Problem;
use crate::regen::corrected;
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
            found.push(of_api(workspace, api, folder)?);
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

fn of_api(workspace: &Workspace, api: &str, folder: Option<&Path>) -> Result<Contract, Failure> {
    let own = workspace.path("openapi");
    let folder = folder.unwrap_or(&own);
    let facts = folder.join(api);
    let (value, is_published) = if facts.join(FACTS).exists() {
        (corrected(&facts, &api_folder(api))?, false)
    } else {
        let path = published(folder, api)?;
        (Document::read(&path)?.checked()?.value, true)
    };
    let operations = value["paths"]
        .as_object()
        .into_iter()
        .flatten()
        .flat_map(|(_, item)| item.as_object().into_iter().flatten())
        .filter_map(|(_, operation)| operation["operationId"].as_str())
        .map(str::to_owned)
        .collect();
    Ok(Contract {
        api: api.to_owned(),
        text: canonical::json(&value),
        is_published,
        operations,
    })
}

fn published(folder: &Path, api: &str) -> Result<PathBuf, Failure> {
    let names = ["json", "yaml", "yml"].map(|end| format!("{api}.{end}"));
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
        of_api(&Workspace::at(None), "demo", Some(folder.path()))
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
        let expected = "expected demo/openapi.yaml or one of demo.json, demo.yaml, demo.yml";
        assert!(text.contains(expected), "{text}");
    }
}
