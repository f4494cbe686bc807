//! `contract`: tests the sandbox against the documents with schemathesis.
//!
//! For each API, schemathesis generates requests from the document and checks the responses of a sandbox. Then the
//! request log of the sandbox shows whether each operation was carried out.

mod documents;
mod sandbox;
mod setup;
mod tool;

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::commands::cli::OutputFormat;
use crate::console::{CheckResult, Console, Failure};
use crate::diagnostic::Report;
use crate::problem::Problem;
use crate::progress::Progress;
use crate::spec::canonical;
use crate::workspace::Workspace;
use documents::Contract;
use sandbox::Sandbox;
use setup::ContractSetup;
use tool::{Findings, Tool};

/// The folder with the settings of schemathesis and the setup of each API.
const FOLDER: &str = "xtask/contract";

/// The arguments of `contract`.
#[derive(Debug, Clone, Copy)]
pub struct ContractOptions<'a> {
    /// The folder with the documents; by default `openapi/`.
    pub documents: Option<&'a Path>,
    /// The format of the results.
    pub format: OutputFormat,
}

/// Tests each API that the sandbox serves. The check fails if a check of schemathesis failed, or if an operation was never
/// carried out.
pub fn run(
    workspace: &Workspace,
    options: &ContractOptions<'_>,
    console: &mut Console<'_>,
) -> Result<CheckResult, Failure> {
    let contracts = documents::of_sandbox(workspace, options.documents)?;
    let progress = Progress::start();
    let tool = Tool::get(workspace, &progress)?;
    let mut results = Vec::new();
    for contract in &contracts {
        results.push(test(workspace, &tool, contract, &progress)?);
    }
    drop(progress);
    match options.format {
        OutputFormat::Text => {
            for result in &results {
                console.result(&result.text());
            }
        }
        OutputFormat::Json => {
            let results: Vec<Value> = results.iter().map(ContractResult::json).collect();
            console.result(&canonical::json(&json!(results)));
        }
    }
    for result in results.iter().filter(|result| !result.findings.passed) {
        console.note(&result.findings.output);
    }
    Ok(if results.iter().all(ContractResult::is_passed) {
        CheckResult::Passed
    } else {
        CheckResult::Failed
    })
}

/// The result of the test of one API.
struct ContractResult {
    api: String,
    findings: Findings,
    /// For each operation, the number of requests and how many of them were carried out.
    operations: BTreeMap<String, (u64, u64)>,
}

fn test(
    workspace: &Workspace,
    tool: &Tool,
    contract: &Contract,
    progress: &Progress,
) -> Result<ContractResult, Failure> {
    let scratch = tempfile::tempdir().map_err(|error| {
        let problem =
            Problem::at("", "a temporary folder cannot be created").found(error.to_string());
        Failure(vec![Report::plain(problem)])
    })?;
    progress.at(&format!(
        "{}: building and starting the sandbox",
        contract.api
    ));
    let sandbox = Sandbox::start(workspace, scratch.path())?;
    let setup = ContractSetup::create(workspace, &contract.api, &sandbox)?;
    tool.prepare(workspace, contract, scratch.path(), &setup)?;
    progress.at(&format!("{}: testing", contract.api));
    let findings = tool.run(scratch.path(), &setup)?;
    let mut operations: BTreeMap<String, (u64, u64)> = contract
        .operations
        .iter()
        .map(|operation| (operation.clone(), (0, 0)))
        .collect();
    for request in sandbox.requests()? {
        let operation = request["operation"].as_str().unwrap_or_default();
        if let Some((requests, carried_out)) = operations.get_mut(operation) {
            *requests += 1;
            *carried_out += u64::from(request["acted"] == true);
        }
    }
    Ok(ContractResult {
        api: contract.api.clone(),
        findings,
        operations,
    })
}

impl ContractResult {
    /// The operations that were never carried out.
    fn untested(&self) -> Vec<&str> {
        self.operations
            .iter()
            .filter(|(_, (_, carried_out))| *carried_out == 0)
            .map(|(operation, _)| operation.as_str())
            .collect()
    }

    fn is_passed(&self) -> bool {
        self.findings.passed && self.findings.untested == 0 && self.untested().is_empty()
    }

    fn text(&self) -> String {
        let mut text = format!(
            "{}: {} operations, {} requests generated, {}\n",
            self.api,
            self.operations.len(),
            self.findings.cases,
            if self.findings.passed {
                "all checks passed"
            } else {
                "checks failed"
            }
        );
        let width = self.operations.keys().map(String::len).max().unwrap_or(0);
        text.push_str(&format!(
            "  {:width$}  requests  carried out\n",
            "operation"
        ));
        for (operation, (requests, carried_out)) in &self.operations {
            text.push_str(&format!(
                "  {operation:width$}  {requests:>8}  {carried_out:>11}\n"
            ));
        }
        if self.findings.untested > 0 {
            text.push_str(&format!(
                "{} operations were not tested\n",
                self.findings.untested
            ));
        }
        if !self.untested().is_empty() {
            let untested = self.untested().join(", ");
            text.push_str(&format!("never carried out, so not tested: {untested}\n"));
        }
        text
    }

    fn json(&self) -> Value {
        let operations: BTreeMap<&str, Value> = self
            .operations
            .iter()
            .map(|(operation, (requests, carried_out))| {
                let counts = json!({"requests": requests, "carried_out": carried_out});
                (operation.as_str(), counts)
            })
            .collect();
        json!({
            "api": self.api,
            "passed": self.is_passed(),
            "checks_passed": self.findings.passed,
            "cases": self.findings.cases,
            "operations": operations,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tested(passed: bool, untested: u64, carried_out: u64) -> ContractResult {
        ContractResult {
            api: "teams".to_owned(),
            findings: Findings {
                passed,
                cases: 12,
                untested,
                output: String::new(),
            },
            operations: BTreeMap::from([
                ("getTenant".to_owned(), (9, 4)),
                ("listTenants".to_owned(), (3, carried_out)),
            ]),
        }
    }

    #[test]
    fn result_passes_only_if_checks_pass_and_every_operation_is_carried_out() {
        assert!(tested(true, 0, 1).is_passed());
        for wrong in [tested(false, 0, 1), tested(true, 1, 1), tested(true, 0, 0)] {
            assert!(!wrong.is_passed(), "{}", wrong.text());
            assert_eq!(wrong.json()["passed"], false);
        }
    }

    #[test]
    fn operation_that_is_never_carried_out_is_named() {
        let expected = "teams: 2 operations, 12 requests generated, all checks passed\n\
                        \x20 operation    requests  carried out\n\
                        \x20 getTenant           9            4\n\
                        \x20 listTenants         3            0\n\
                        never carried out, so not tested: listTenants\n";
        assert_eq!(tested(true, 0, 0).text(), expected);
    }
}
