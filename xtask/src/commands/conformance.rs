//! `conformance`: normalizes, generates and type-checks every document of a folder, and prints a table of the results.

mod results;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::commands::cli::OutputFormat;
use crate::commands::emit::core_path;
use crate::commands::regen::overlaid;
use crate::commands::type_check;
use crate::console::{CheckResult, Console, Failure};
use crate::diagnostic::Report;
use crate::emit::{CoreSource, Target};
use crate::files;
use crate::lower;
use crate::pipeline;
use crate::problem::Problem;
use crate::progress::Progress;
use crate::sources::{ApiData, ApiSource};
use crate::spec::canonical;
use crate::spec::document::Document;
use crate::spec::source::Source;
use crate::spec::walk::count_operations;
use crate::workspace::{FACTS, LOCK, Workspace};
use results::DocumentResult;

/// The arguments of `conformance`.
#[derive(Debug, Clone)]
pub struct ConformanceOptions<'a> {
    /// The folder with the documents.
    pub folder: &'a Path,
    /// Documents that are expected to fail, by their names in the table.
    pub expect_failing: &'a [String],
    /// The format of the results.
    pub format: OutputFormat,
}

/// Tests every document of the folder. The check fails if a document fails unexpectedly, or passes although it is expected
/// to fail.
pub fn run(
    workspace: &Workspace,
    options: &ConformanceOptions<'_>,
    console: &mut Console<'_>,
) -> Result<CheckResult, Failure> {
    let candidates = candidates(workspace, options.folder)?;
    if let Some(unknown) = options
        .expect_failing
        .iter()
        .find(|name| candidates.iter().all(|one| one.name != **name))
    {
        let known: Vec<&str> = candidates.iter().map(|one| one.name.as_str()).collect();
        let problem = Problem::at(
            "",
            format!("`--expect-failing` names the unknown document `{unknown}`"),
        )
        .expected(format!("one of {}", known.join(", ")));
        return Err(Box::new(Report::of_file(
            &options.folder.display().to_string(),
            problem,
        ))
        .into());
    }
    // Outside of the repository, because cargo would take a crate in it for a member of the workspace.
    let scratch = tempfile::tempdir().map_err(|error| no_scratch(&error))?;
    let progress = Progress::start();
    let mut rows = Vec::new();
    for (index, candidate) in candidates.iter().enumerate() {
        let report = |what: &str| {
            progress.at(&format!(
                "{} of {}: {what} {}",
                index + 1,
                candidates.len(),
                candidate.name
            ))
        };
        rows.push(attempt(workspace, candidate, scratch.path(), &report)?);
    }
    drop(progress);
    let expected = |row: &DocumentResult| options.expect_failing.contains(&row.name);
    match options.format {
        OutputFormat::Text => console.result(&results::text(&rows, &expected)),
        OutputFormat::Json => console.result(&canonical::json(&results::as_json(&rows, &expected))),
    }
    let surprises = rows.iter().any(|row| row.passes() == expected(row));
    Ok(if surprises {
        CheckResult::Failed
    } else {
        CheckResult::Passed
    })
}

/// A document to test.
struct TestedDocument {
    name: String,
    path: PathBuf,
    entry: Option<ApiSource>,
}

/// Returns the JSON and YAML files of the folder, and its subfolders that hold the facts of an API.
fn candidates(workspace: &Workspace, folder: &Path) -> Result<Vec<TestedDocument>, Box<Report>> {
    let unreadable = |error: &std::io::Error| {
        let problem = Problem::at("", "the folder cannot be read").found(error.to_string());
        Box::new(Report::of_file(&folder.display().to_string(), problem))
    };
    // Only the APIs of this repository have settings.
    let is_own_folder = folder.canonicalize().ok() == workspace.path("openapi").canonicalize().ok();
    let sources = if is_own_folder {
        Some(workspace.sources()?)
    } else {
        None
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| unreadable(&error))? {
        let entry = entry.map_err(|error| unreadable(&error))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = entry.path();
        let is_document = [".json", ".yaml", ".yml"]
            .iter()
            .any(|end| name.ends_with(end));
        if is_document || path.join(FACTS).exists() {
            let entry = sources
                .as_ref()
                .and_then(|sources| sources.get(&name).ok().cloned());
            found.push(TestedDocument { name, path, entry });
        }
    }
    if found.is_empty() {
        let problem = Problem::at("", "the folder contains no documents")
            .expected(format!("JSON or YAML files, or folders with `{FACTS}`"));
        return Err(Report::of_file(&folder.display().to_string(), problem).into());
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

fn attempt(
    workspace: &Workspace,
    candidate: &TestedDocument,
    scratch: &Path,
    report: &dyn Fn(&str),
) -> Result<DocumentResult, Failure> {
    let mut row = DocumentResult {
        name: candidate.name.clone(),
        version: "-".to_owned(),
        ..DocumentResult::default()
    };
    report("reading");
    let (document, source) = match read(candidate) {
        Ok(read) => read,
        Err(failure) => return Ok(row.failed("read", failure)),
    };
    document["openapi"]
        .as_str()
        .unwrap_or("-")
        .clone_into(&mut row.version);
    row.operations = count_operations(&document);

    report("normalizing");
    let include = candidate
        .entry
        .as_ref()
        .map_or(&[][..], |entry| &entry.include);
    let lowering = lower::Options {
        include,
        ..lower::Options::default()
    };
    let normalized = match pipeline::normalize(document, &source, &lowering) {
        Ok(normalized) => normalized.document,
        Err(failure) => {
            row.normalize = Some(false);
            return Ok(row.failed("normalize", failure));
        }
    };
    row.normalize = Some(true);
    row.types = Some(
        normalized["components"]["schemas"]
            .as_object()
            .map_or(0, serde_json::Map::len),
    );

    report("generating");
    let folder = scratch.join(&candidate.name);
    let target = Target {
        crate_name: crate_name(&candidate.name),
        version: "0.0.0".to_owned(),
        core: CoreSource::Path(core_path(workspace, &folder)?),
        api: api_data(candidate.entry.as_ref(), &normalized),
        command: "cargo xtask conformance".to_owned(),
        member: false,
    };
    let generated = match pipeline::generate(
        &normalized,
        &format!("{} (normalized)", candidate.name),
        &target,
    ) {
        Ok(generated) => generated,
        Err(failure) => {
            row.generate = Some(false);
            return Ok(row.failed("generate", failure));
        }
    };
    row.generate = Some(true);
    files::write(&folder, &folder.display().to_string(), &generated)?;

    report("checking");
    let errors = check(workspace, &folder)?;
    row.check = Some(errors.is_empty());
    row.errors
        .extend(errors.into_iter().map(|error| format!("check: {error}")));
    Ok(row)
}

/// The settings for the crate of a document. An API without a crate has plans in `sources.toml`, but no base URL.
fn api_data(entry: Option<&ApiSource>, document: &Value) -> ApiData {
    match entry {
        Some(entry) if entry.package().is_some() => entry.api(),
        Some(entry) => ApiData {
            plans: entry.plans.clone(),
            ..ApiData::of_document(document)
        },
        None => ApiData::of_document(document),
    }
}

fn read(candidate: &TestedDocument) -> Result<(Value, Source), Failure> {
    if candidate.path.is_dir() {
        return overlaid(&candidate.path, &candidate.path.display().to_string());
    }
    let document = Document::load(&candidate.path)?;
    Ok((document.value, document.source))
}

/// Type-checks a crate with the versions of dependencies that the workspace uses, and returns the errors.
fn check(workspace: &Workspace, folder: &Path) -> Result<Vec<String>, Box<Report>> {
    let lock = workspace.path(LOCK);
    fs::copy(&lock, folder.join(LOCK)).map_err(|error| {
        let problem = Problem::at("", "the file cannot be copied").found(error.to_string());
        Report::of_file(&lock.display().to_string(), problem)
    })?;
    type_check::errors(workspace, folder)
}

/// Derives a valid crate name from any file name.
fn crate_name(file: &str) -> String {
    let plain: String = file
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '-'
            }
        })
        .collect();
    format!("conformance-{}", &plain[..plain.len().min(50)])
}

fn no_scratch(error: &std::io::Error) -> Box<Report> {
    let problem = Problem::at("", "a temporary folder cannot be created").found(error.to_string());
    Report::of_file(&std::env::temp_dir().display().to_string(), problem).into()
}
