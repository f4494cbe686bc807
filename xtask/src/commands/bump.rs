//! `bump`: a new version of a document becomes a new version of its crate, in one step.
//!
//! All files are written to a copy of the repository's inputs and outputs first, and copied to the original only if every step succeeded;
//! the facts last, because the next run compares the document with them.

mod overlay_actions;
mod summary;

use crate::commands::changelog;
use crate::commands::cli::ReportFormat;
use crate::commands::lock_file;
use crate::commands::regen;
use crate::commands::staging::{Staging, rewrite};
use crate::console::{CheckResult, Console, Failure};
use crate::diagnostic::Report;
use crate::fetch::{self, FetchOptions, download::Limits};
use crate::files::write_file;
use crate::problem::Problem;
use crate::progress::Progress;
use crate::sources::Sources;
use crate::spec::canonical;
use crate::workspace::{
    ADDITIONS, CHANGELOG, CORRECTIONS, DESCRIPTIONS, FACTS, LOCK, Workspace, api_folder,
};
pub(super) use summary::Summary;

/// What to bump and how.
#[derive(Debug, Clone)]
pub struct BumpOptions<'a> {
    /// The APIs; all if none is named.
    pub apis: &'a [String],
    /// The URL or the file to read instead of the published document.
    pub from: Option<&'a str>,
    /// Show what would change and write nothing.
    pub dry_run: bool,
    /// Today, as year, month and day.
    pub today: &'a str,
    /// The limits of a download.
    pub limits: Limits,
    /// How the result is written.
    pub format: ReportFormat,
}

/// Updates the APIs one by one. An API that fails keeps its files and does not stop the others.
///
/// # Errors
///
/// Whatever prevents a bump: an invalid document, a correction that no longer applies, a construct that cannot be generated.
pub fn run(
    workspace: &Workspace,
    options: &BumpOptions<'_>,
    console: &mut Console<'_>,
) -> Result<CheckResult, Failure> {
    let sources = workspace.sources()?;
    let selected = sources.select(options.apis)?;
    if options.from.is_some() && selected.len() != 1 {
        return Err(Box::new(Report::plain(fetch::which_api(selected.len()))).into());
    }
    let mut results = Vec::new();
    for (api, source) in selected {
        // Without a crate or an address there is nothing to bump, unless it is asked for by name.
        let is_possible =
            source.package().is_some() && (source.url.is_some() || options.from.is_some());
        if !is_possible && options.apis.is_empty() {
            continue;
        }
        let progress = Progress::start();
        progress.at(&format!("{api}: comparing and generating"));
        let result = bump(workspace, api, options).map_err(|Failure(reports)| reports);
        drop(progress);
        if let (ReportFormat::Text, Ok(summary)) = (options.format, &result) {
            console.result(&summary.text());
        }
        results.push((api.to_owned(), result));
    }
    match options.format {
        ReportFormat::Text => {}
        ReportFormat::Markdown => console.result(&summary::pull_request(&results)),
        ReportFormat::Json => console.result(&canonical::json(&summary::json(&results))),
    }
    let results = results.into_iter();
    let failures: Vec<Report> = results
        .filter_map(|(_, result)| result.err())
        .flatten()
        .collect();
    match failures.is_empty() {
        true => Ok(CheckResult::Passed),
        false => Err(Failure(failures)),
    }
}

/// Updates one API in a staging copy, then copies the changed files to the original.
pub(super) fn bump(
    workspace: &Workspace,
    api: &str,
    options: &BumpOptions<'_>,
) -> Result<Summary, Failure> {
    let staging = Staging::new(workspace, api, format!("{}/{FACTS}", api_folder(api)))?;
    let staged = staging.workspace();
    let sources = staged.sources()?;
    let source = sources.get(api)?;
    let Some((crate_name, version)) = source.package() else {
        return Err(Box::new(regen::no_crate(api)).into());
    };
    let mut summary = Summary::new(api, crate_name, version);

    let fetched = fetch::fetch(
        staged,
        api,
        source,
        &FetchOptions {
            apis: options.apis,
            from: options.from,
            dry_run: false,
            updates_crate: true,
            keep_prose: false,
            today: options.today,
            limits: options.limits,
            format: options.format,
        },
    )?;
    remove_stale_actions(staged, api, &fetched.follow_up, &mut summary)?;
    if let Some((diff, versions)) = fetched.changes.compared() {
        summary.changed(diff, versions);
        let sources = staged.sources()?.with_version(api, &versions.next)?;
        write_file(&staged.path(Sources::FILE), sources.text())?;
        let entry = changelog::Entry {
            crate_name,
            version: &versions.next,
            date: options.today,
            text: &diff.changelog(),
        };
        rewrite(staged, CHANGELOG, |text| entry.inserted(text))?;
    }
    let sources = staged.sources()?;
    let generated = regen::generate(staged, api, sources.get(api)?)?;
    summary.derived = generated.derived.len();
    summary.warnings = generated.warnings.len();
    regen::write_files(staged, api, &generated)?;
    rewrite(staged, LOCK, |text| {
        lock_file::with_member(text, generated.manifest())
    })?;

    summary.files = staging.changed_files()?;
    if !options.dry_run {
        staging.take_over(&summary.files)?;
    }
    Ok(summary)
}

/// Removes the descriptions of nodes that the document no longer has, and the corrections and additions that it contains by now.
fn remove_stale_actions(
    staged: &Workspace,
    api: &str,
    work: &fetch::FollowUp,
    summary: &mut Summary,
) -> Result<(), Failure> {
    let mut misplaced = Vec::new();
    for (what, actions) in [
        ("a correction", &work.corrections),
        ("an addition", &work.additions),
    ] {
        for action in actions.iter().filter(|action| !action.is_obsolete) {
            let problem = Problem::at("", format!("{what} no longer applies: {}", action.why))
                .expected(format!("`{}` to apply", action.target))
                .found(&action.found)
                .help(format!(
                    "change the action so that it fits the document, or delete it; then run the command again. Its reason: {}",
                    action.reason
                ));
            misplaced.push(Report::of_file(&action.place, problem));
        }
    }
    if !misplaced.is_empty() {
        return Err(Failure(misplaced));
    }
    for (file, stale) in [
        (CORRECTIONS, &work.corrections),
        (ADDITIONS, &work.additions),
        (DESCRIPTIONS, &work.descriptions),
    ] {
        if stale.is_empty() {
            continue;
        }
        let file = format!("{}/{file}", api_folder(api));
        let indices: Vec<usize> = stale.iter().filter_map(|action| action.index).collect();
        let overlay = staged.read(&file)?;
        let text = overlay_actions::without(&overlay, &indices)?;
        write_file(&staged.path(&file), &text)?;
        let targets = stale.iter().map(|action| action.target.clone());
        summary.removed_actions.push((file, targets.collect()));
    }
    Ok(())
}
