//! `fetch`: writes the facts of a published document to `openapi/<api>/openapi.yaml`, and lists the follow-up work.

pub(crate) mod address;
pub(crate) mod changes;
pub mod download;
mod etag;
pub(crate) mod follow_up;
pub(crate) mod outcome;
pub(crate) mod pull_request;
mod rejection;

use std::path::Path;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::commands::cli::ReportFormat;
use crate::console::{CheckResult, Console, Failure};
use crate::diagnostic::Report;
use crate::files::write_file;
use crate::lower::excerpt;
use crate::problem::Problem;
use crate::progress::Progress;
use crate::sources::{ApiSource, FetchRecord, Sources};
use crate::spec::canonical;
use crate::spec::document::{Document, read_bytes};
use crate::spec::facts::strip_prose;
use crate::spec::walk::count_operations;
use crate::workspace::{FACTS, Workspace, api_folder};
use changes::Changes;
use download::{DownloadOutcome, Limits};
use etag::Etag;
pub(crate) use follow_up::FollowUp;
use outcome::{DocumentState, FetchOutcome};

/// The arguments of `fetch`.
#[derive(Debug, Clone)]
pub struct FetchOptions<'a> {
    /// The names of the APIs; empty for all.
    pub apis: &'a [String],
    /// The URL or file to read instead of the published document.
    pub from: Option<&'a str>,
    /// Whether to show the changes without writing files.
    pub dry_run: bool,
    /// Whether the caller updates the crate to the new facts. If not, changes in meaning are left to it: the version of a crate follows from
    /// the difference to the facts that it was generated from.
    pub updates_crate: bool,
    /// Whether to keep the published descriptions.
    pub keep_prose: bool,
    /// The current date as `YYYY-MM-DD`.
    pub today: &'a str,
    /// Limits for downloads.
    pub limits: Limits,
    /// The format of the result.
    pub format: ReportFormat,
}

/// Fetches the documents, shows the changes of their facts and the follow-up work, and writes the facts. A rejected document
/// changes no file of its API and does not prevent the others from being fetched.
pub fn run(
    workspace: &Workspace,
    options: &FetchOptions<'_>,
    console: &mut Console<'_>,
) -> Result<CheckResult, Failure> {
    let sources = workspace.sources()?;
    let selected = sources.select(options.apis)?;
    if options.from.is_some() && selected.len() != 1 {
        return Err(Box::new(Report::plain(which_api(selected.len()))).into());
    }
    let mut outcomes = Vec::new();
    for (api, entry) in selected {
        // Without an address there is nothing to fetch, unless it is asked for by name.
        if entry.url.is_none() && options.apis.is_empty() && options.from.is_none() {
            continue;
        }
        let outcome = fetch(workspace, api, entry, options).map_err(|Failure(reports)| reports);
        if let (ReportFormat::Text, Ok(outcome)) = (options.format, &outcome) {
            console.result(&outcome::text(api, outcome));
        }
        outcomes.push((api.to_owned(), outcome));
    }
    match options.format {
        ReportFormat::Text => {}
        ReportFormat::Markdown => console.result(&pull_request::body(&outcomes)),
        ReportFormat::Json => console.result(&canonical::json(&outcome::json(&outcomes))),
    }
    let failures: Vec<Report> = outcomes
        .into_iter()
        .filter_map(|(_, outcome)| outcome.err())
        .flatten()
        .collect();
    if failures.is_empty() {
        Ok(CheckResult::Passed)
    } else {
        Err(Failure(failures))
    }
}

/// Fetches and compares one API, and writes it unless this is a dry run.
pub(crate) fn fetch(
    workspace: &Workspace,
    api: &str,
    entry: &ApiSource,
    options: &FetchOptions<'_>,
) -> Result<FetchOutcome, Failure> {
    let file = format!("{}/{FACTS}", api_folder(api));
    let path = workspace.path(&file);
    let old = if path.exists() {
        Some(workspace.read(&file)?)
    } else {
        None
    };
    let first_line = first_line(api, options.keep_prose);
    // Facts with and without prose differ even if the server reports an unmodified document.
    let known = old
        .as_ref()
        .filter(|old| old.source.text.starts_with(&format!("# {first_line}\n")))
        .and_then(|old| etag::stored(entry, &old.source.text));
    let fetched = read(api, entry, options, known.as_ref())?;

    let (facts, text) = match (&fetched, &old) {
        (Some(fetched), _) => {
            let facts = facts(fetched, entry, options.keep_prose)?;
            let text = canonical::yaml(&facts, &first_line);
            (facts, text)
        }
        (None, Some(old)) => (old.value.clone(), old.source.text.clone()),
        (None, None) => (Value::Null, String::new()),
    };
    let follow_up = follow_up::survey(workspace, api, entry, &facts)?;
    let changes = Changes::between(entry, old.as_ref().map(|old| &old.value), &facts)
        .map_err(|problem| Box::new(Report::of_file(Sources::FILE, problem)))?;
    let changed = old.as_ref().is_none_or(|old| old.source.text != text);
    let is_left_to_bump =
        !options.updates_crate && entry.package().is_some() && changes.compared().is_some();
    if let Some(fetched) = &fetched
        && !options.dry_run
        && !is_left_to_bump
    {
        if changed {
            write_file(&path, &text)?;
        }
        // The tag is written after the facts that it applies to, so that an interrupted fetch is repeated completely.
        // The file is read again, because it may have changed since the start of the command.
        let sources = workspace.sources()?;
        let scope = etag::scope(entry, &text);
        let updated = sources.with_fetch(
            api,
            &FetchRecord {
                digest: &fetched.digest,
                date: options.today,
                etag: fetched
                    .etag
                    .as_ref()
                    .map(|tag| (tag.as_str(), scope.as_str())),
            },
        )?;
        if updated.text() != sources.text() {
            write_file(&workspace.path(Sources::FILE), updated.text())?;
        }
    }
    Ok(FetchOutcome {
        state: match (&fetched, &old, changed) {
            (None, _, _) => DocumentState::NotModified,
            (_, None, _) => DocumentState::New,
            (_, _, true) => DocumentState::Changed,
            (_, _, false) => DocumentState::Unchanged,
        },
        operations: count_operations(&facts),
        schemas: facts["components"]["schemas"]
            .as_object()
            .map_or(0, |schemas| schemas.len()),
        digest: fetched.map_or_else(
            || entry.digest.clone().unwrap_or_default(),
            |fetched| fetched.digest,
        ),
        changes,
        is_left_to_bump,
        follow_up,
    })
}

/// A fetched document.
struct FetchedDocument {
    document: Document,
    digest: String,
    etag: Option<Etag>,
}

/// Reads the document from the given file or URL, or from its published URL. Returns `None` if it still has the entity tag
/// `known`.
fn read(
    api: &str,
    entry: &ApiSource,
    options: &FetchOptions<'_>,
    known: Option<&Etag>,
) -> Result<Option<FetchedDocument>, Failure> {
    let (bytes, etag, name) = match options.from {
        Some(file) if !file.contains("://") => {
            (read_bytes(Path::new(file))?, None, file.to_owned())
        }
        from => {
            let url = from.or(entry.url.as_deref()).ok_or_else(|| no_url(api))?;
            let address =
                address::parse(url).map_err(|problem| Box::new(Report::plain(problem)))?;
            let shown = address::shown(&address);
            let progress = Progress::start();
            progress.at(&format!("{api}: {shown}"));
            let known = known.filter(|_| from.is_none());
            match download::get(&address, known, &options.limits, &progress) {
                Ok(DownloadOutcome::NotModified) => return Ok(None),
                Ok(DownloadOutcome::Document(fetched)) => {
                    let published = Some(url) == entry.url.as_deref();
                    (
                        fetched.bytes,
                        fetched.etag.filter(|_| published),
                        fetched.from,
                    )
                }
                Err(problem) => return Err(Box::new(Report::of_file(&shown, problem)).into()),
            }
        }
    };
    Ok(Some(FetchedDocument {
        document: Document::from_bytes(name, &bytes)?.checked()?,
        digest: digest(&bytes),
        etag,
    }))
}

/// Extracts the facts of the included part of the document.
fn facts(fetched: &FetchedDocument, entry: &ApiSource, keep_prose: bool) -> Result<Value, Failure> {
    let mut value = fetched.document.value.clone();
    if !keep_prose {
        strip_prose(&mut value);
    }
    let mut value = excerpt(value, &entry.include)
        .map_err(|problems| Failure(Report::all(problems, &fetched.document.source)))?;
    canonical::sort_sets(&mut value);
    Ok(value)
}

fn first_line(api: &str, keep_prose: bool) -> String {
    let keep = if keep_prose { " --keep-prose" } else { "" };
    format!("@generated by `cargo xtask fetch {api}{keep}`. Do not edit: corrections are overlays.")
}

pub(crate) fn which_api(number: usize) -> Problem {
    Problem::at("", "`--from` needs exactly one API")
        .expected("the name of one API")
        .found(format!("{number} APIs"))
        .help("name the API that the document belongs to: cargo xtask fetch API --from URL-or-FILE")
}

fn no_url(api: &str) -> Box<Report> {
    let problem = Problem::at(
        "",
        format!("the address of the document of `{api}` is unknown"),
    )
    .expected(format!("`url` in `[{api}]`, or `--from URL-or-FILE`"))
    .help("pass the document with --from");
    Report::of_file(Sources::FILE, problem).into()
}

fn digest(bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("sha256:{hex}")
}
