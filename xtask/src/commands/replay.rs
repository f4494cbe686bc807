//! `replay`: adds the first of several versions of a document as a new API, bumps it to each later version, and shows what each step costs.
//!
//! The steps run in a copy of the repository, without overlays, so every edit by hand that a step needs is due to the tool.

mod scratch;
mod steps;

use std::path::{Path, PathBuf};

use crate::commands::add::{self, AddOptions};
use crate::commands::bump::{self, BumpOptions};
use crate::commands::cli::{OutputFormat, ReportFormat};
use crate::commands::type_check;
use crate::console::{CheckResult, Console, Failure};
use crate::diagnostic::Report;
use crate::fetch::download::Limits;
use crate::problem::Problem;
use crate::progress::Progress;
use crate::selection::Selector;
use crate::spec::canonical;
use crate::workspace::{Workspace, crate_folder};
use scratch::Scratch;
use steps::Step;

/// The name of the API in the copy.
const API: &str = "replayed";

/// The arguments of `replay`.
#[derive(Debug, Clone)]
pub struct ReplayOptions<'a> {
    /// The folder with the versions of the document, in the order of their names.
    pub folder: &'a Path,
    /// The operations to include; empty for all.
    pub include: &'a [Selector],
    /// Whether to run the tests of the workspace after each step.
    pub test: bool,
    /// Today, as year, month and day.
    pub today: &'a str,
    /// The format of the table.
    pub format: OutputFormat,
}

/// Replays the versions and writes the table. The check fails if a step fails, or if the result does not compile or pass the tests.
///
/// # Errors
///
/// A folder without documents, or a copy that cannot be made.
pub fn run(
    workspace: &Workspace,
    options: &ReplayOptions<'_>,
    console: &mut Console<'_>,
) -> Result<CheckResult, Failure> {
    let versions = versions(options.folder)?;
    let progress = Progress::start();
    progress.at("copying the repository");
    let scratch = Scratch::of(workspace)?;
    let mut steps: Vec<Step> = Vec::new();
    for (index, version) in versions.iter().enumerate() {
        let name = version.file_name().unwrap_or_default().to_string_lossy();
        let report = |what: &str| {
            progress.at(&format!(
                "{} of {}: {what} {name}",
                index + 1,
                versions.len()
            ));
        };
        let is_added = steps.iter().any(|step| step.outcome.is_ok());
        report(if is_added { "bump" } else { "add" });
        let before = scratch.files(API)?;
        let outcome = match is_added {
            true => bumped(scratch.workspace(), version, options),
            false => added(scratch.workspace(), version, options),
        };
        let mut step = Step::new(&name, is_added, outcome);
        if step.outcome.is_ok() {
            step.measure(&before, &scratch.files(API)?);
            report("compile");
            let folder = scratch.workspace().path(&crate_folder(API));
            step.compile_errors = Some(type_check::errors(workspace, &folder)?);
            if options.test {
                report("test");
                step.failed_tests = Some(scratch.failed_tests(workspace)?);
            }
        }
        steps.push(step);
    }
    drop(progress);
    match options.format {
        OutputFormat::Text => console.result(&steps::text(&steps, options.test)),
        OutputFormat::Json => console.result(&canonical::json(&steps::json(&steps))),
    }
    Ok(match steps.iter().all(Step::passes) {
        true => CheckResult::Passed,
        false => CheckResult::Failed,
    })
}

/// The level of the changes and the version after the step, or why it failed.
type Outcome = Result<(String, String), Vec<Report>>;

fn added(copy: &Workspace, version: &Path, options: &ReplayOptions<'_>) -> Outcome {
    let from = version.display().to_string();
    let added = add::add(
        copy,
        &AddOptions {
            api: API,
            from: &from,
            url: None,
            include: options.include,
            crate_name: None,
            base_url: None,
            audience: None,
            dry_run: false,
            today: options.today,
            limits: Limits::default(),
            format: options.format,
        },
    );
    let added = added.map_err(|Failure(reports)| reports)?;
    Ok(("new".to_owned(), added.version().to_owned()))
}

fn bumped(copy: &Workspace, version: &Path, options: &ReplayOptions<'_>) -> Outcome {
    let from = version.display().to_string();
    let summary = bump::bump(
        copy,
        API,
        &BumpOptions {
            apis: &[API.to_owned()],
            from: Some(&from),
            dry_run: false,
            today: options.today,
            limits: Limits::default(),
            format: ReportFormat::Text,
        },
    );
    let summary = summary.map_err(|Failure(reports)| reports)?;
    Ok((
        summary.level().to_owned(),
        summary.next_version().to_owned(),
    ))
}

/// The JSON and YAML files of a folder, by name.
fn versions(folder: &Path) -> Result<Vec<PathBuf>, Box<Report>> {
    let shown = folder.display().to_string();
    let entries = std::fs::read_dir(folder).map_err(|error| {
        let problem = Problem::at("", "the folder cannot be read").found(error.to_string());
        Box::new(Report::of_file(&shown, problem))
    })?;
    let is_document = |path: &PathBuf| {
        let end = path.extension().and_then(|end| end.to_str());
        end.is_some_and(|end| ["json", "yaml", "yml"].contains(&end)) && path.is_file()
    };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut found: Vec<PathBuf> = paths.filter(is_document).collect();
    found.sort();
    if found.is_empty() {
        let problem = Problem::at("", "the folder contains no documents")
            .expected("the versions of one document as JSON or YAML files, named so that their names sort by age");
        return Err(Report::of_file(&shown, problem).into());
    }
    Ok(found)
}
