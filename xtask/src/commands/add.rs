//! `add`: a document becomes a new API of the repository, in one step: its entry in `sources.toml`, its facts and its crate.
//!
//! Like a bump, it changes all files or none; `sources.toml` comes last, because it tells that the API exists.

mod base_url;

use serde_json::{Value, json};
use url::Url;

use crate::commands::changelog;
use crate::commands::cli::{OutputFormat, ReportFormat};
use crate::commands::lock_file;
use crate::commands::regen;
use crate::commands::staging::{Staging, read, rewrite};
use crate::console::{CheckResult, Console, Failure};
use crate::crate_name;
use crate::diagnostic::Report;
use crate::diff::counted;
use crate::fetch::{self, FetchOptions, download::Limits};
use crate::files::write_file;
use crate::problem::Problem;
use crate::progress::Progress;
use crate::selection::Selector;
use crate::sources::{FIRST_VERSION, FetchRecord, NewEntry, Sources, check_name};
use crate::spec::canonical;
use crate::spec::walk::count_operations;
use crate::workspace::{CHANGELOG, FACTS, LOCK, Workspace, api_folder, crate_folder};
use base_url::UrlTemplate;

/// What to add, and how.
#[derive(Debug, Clone)]
pub struct AddOptions<'a> {
    /// The name of the API.
    pub api: &'a str,
    /// The URL or the file of the document.
    pub from: &'a str,
    /// The URL to fetch later versions from, if `from` is a file.
    pub url: Option<&'a str>,
    /// The operations to include; empty for all.
    pub include: &'a [Selector],
    /// The name of the crate, if it differs from the derived one.
    pub crate_name: Option<&'a str>,
    /// The template of the base URL, if it differs from the one in the document.
    pub base_url: Option<&'a str>,
    /// The template of the audience of access tokens.
    pub audience: Option<&'a str>,
    /// Show what would be written and write nothing.
    pub dry_run: bool,
    /// Today, as year, month and day.
    pub today: &'a str,
    /// The limits of a download.
    pub limits: Limits,
    /// How the result is written.
    pub format: OutputFormat,
}

/// Adds an API.
///
/// # Errors
///
/// A name that is taken or invalid, an invalid URL, an invalid document, a construct that cannot be generated.
pub fn run(
    workspace: &Workspace,
    options: &AddOptions<'_>,
    console: &mut Console<'_>,
) -> Result<CheckResult, Failure> {
    let progress = Progress::start();
    progress.at(&format!("{}: generating", options.api));
    let added = add(workspace, options)?;
    drop(progress);
    console.report(&added.warnings);
    match options.format {
        OutputFormat::Text => console.result(&added.text()),
        OutputFormat::Json => console.result(&canonical::json(&added.json())),
    }
    Ok(CheckResult::Passed)
}

/// The result of an addition.
pub(super) struct AddedApi {
    api: String,
    entry: NewEntry,
    operations: usize,
    derived: usize,
    warnings: Vec<Report>,
    /// The files that were written.
    files: Vec<String>,
}

/// Adds an API in a staging copy, then copies the files to the original.
pub(super) fn add(workspace: &Workspace, options: &AddOptions<'_>) -> Result<AddedApi, Failure> {
    let api = options.api;
    let plain = |problem: Problem| Box::new(Report::plain(problem));
    check_name(api).map_err(plain)?;
    let sources = workspace.sources()?;
    if sources.get(api).is_ok() {
        let problem = Problem::at("", format!("there is an API called `{api}` already"))
            .expected("a name that is not in use")
            .help(format!(
                "choose another name, or update the API: cargo xtask bump {api}"
            ));
        return Err(Box::new(Report::of_file(Sources::FILE, problem)).into());
    }
    let mut entry = NewEntry {
        url: document_url(options).map_err(plain)?,
        include: options.include.to_vec(),
        crate_name: options
            .crate_name
            .map_or_else(|| format!("auth0-{api}"), str::to_owned),
        version: FIRST_VERSION.to_owned(),
        base_url: None,
        variables: Default::default(),
        audience: options.audience.map(str::to_owned),
    };
    check_crate(workspace, &sources, &entry.crate_name)?;
    let given = options.base_url.map(UrlTemplate::parse);
    let given = given.transpose().map_err(plain)?;
    if let Some(audience) = options.audience {
        entry.variables = base_url::variables(audience).map_err(plain)?;
    }

    let staging = Staging::new(workspace, api, Sources::FILE)?;
    let staged = staging.workspace();
    let write_entry = |sources: &Sources| write_file(&staged.path(Sources::FILE), sources.text());
    let first = sources.with_entry(api, &entry)?;
    write_entry(&first)?;
    fetch::fetch(
        staged,
        api,
        first.get(api)?,
        &FetchOptions {
            apis: &[],
            from: Some(options.from),
            dry_run: false,
            updates_crate: true,
            keep_prose: false,
            today: options.today,
            limits: options.limits,
            format: ReportFormat::Text,
        },
    )?;
    let facts = staged.read(&format!("{}/{FACTS}", api_folder(api)))?.value;
    if let Some(url) = given.or_else(|| UrlTemplate::of_document(&facts)) {
        entry.base_url = Some(url.text);
        entry.variables.extend(url.variables);
    }
    let fetched = staged.sources()?.get(api)?.clone();
    let sources = sources.with_entry(api, &entry)?.with_fetch(
        api,
        &FetchRecord {
            digest: fetched.digest.as_deref().unwrap_or_default(),
            date: options.today,
            etag: fetched.etag.as_deref().zip(fetched.etag_of.as_deref()),
        },
    )?;
    write_entry(&sources)?;

    let generated = regen::generate(staged, api, sources.get(api)?)?;
    regen::write_files(staged, api, &generated)?;
    let operations = count_operations(&facts);
    rewrite(staged, LOCK, |text| {
        lock_file::with_member(text, generated.manifest())
    })?;
    let text = format!(
        "### Added\n\n- The first version, with {}.",
        counted(operations, "operation")
    );
    let section = changelog::Entry {
        crate_name: &entry.crate_name,
        version: &entry.version,
        date: options.today,
        text: &text,
    };
    rewrite(staged, CHANGELOG, |text| section.inserted(text))?;
    let files = staging.changed_files()?;
    if !options.dry_run {
        staging.take_over(&files)?;
    }
    Ok(AddedApi {
        api: api.to_owned(),
        operations,
        derived: generated.derived.len(),
        warnings: generated.warnings,
        files,
        entry,
    })
}

/// The URL to fetch later versions from: the given one, or that of the document. The latter is not kept if it has a user or a query, which may
/// be secrets.
fn document_url(options: &AddOptions<'_>) -> Result<Option<String>, Problem> {
    let parsed = |text: &str| -> Result<(Url, String), Problem> {
        Ok((fetch::address::parse(text)?, text.to_owned()))
    };
    if let Some(url) = options.url {
        let (url, text) = parsed(url)?;
        return match base_url::has_user(&url) {
            true => Err(Problem::at(
                "",
                "the URL of the document contains a user name or a password",
            )
            .expected("a URL without them, because it is committed")),
            false => Ok(Some(text)),
        };
    }
    if !options.from.contains("://") {
        return Ok(None);
    }
    let (url, text) = parsed(options.from)?;
    let is_public = !base_url::has_user(&url) && url.query().is_none();
    Ok(is_public.then_some(text))
}

/// Checks that a crate of this name can join the workspace.
fn check_crate(workspace: &Workspace, sources: &Sources, name: &str) -> Result<(), Failure> {
    crate_name::check(name).map_err(|problem| Box::new(Report::plain(problem)))?;
    let lock = read(workspace, LOCK)?.unwrap_or_default();
    let user = match sources.with_crate(name) {
        Some(api) => format!("the crate of the API `{api}`"),
        None if lock_file::contains(&String::from_utf8_lossy(&lock), name) => {
            format!("a package in {LOCK}")
        }
        None => return Ok(()),
    };
    let problem = Problem::at("", format!("the crate name `{name}` is in use"))
        .expected("a name of its own for each crate")
        .found(user)
        .help("choose another name with --crate");
    Err(Box::new(Report::plain(problem)).into())
}

impl AddedApi {
    /// The version of the crate.
    pub(super) fn version(&self) -> &str {
        &self.entry.version
    }

    fn text(&self) -> String {
        let NewEntry {
            crate_name,
            version,
            ..
        } = &self.entry;
        let (api, folder) = (&self.api, crate_folder(&self.api));
        let mut text = format!(
            "{crate_name} {version}: {} in {folder}\n",
            counted(self.operations, "operation")
        );
        match &self.entry.base_url {
            Some(url) => text.push_str(&format!("base URL {url}\n")),
            None => text.push_str("no base URL: the document names no server with an https URL, so users of the crate set it; `base_url` in openapi/sources.toml sets a default\n"),
        }
        if self.entry.url.is_none() {
            text.push_str("no address of the document: later versions need --from, or `url` in openapi/sources.toml\n");
        }
        if self.derived > 0 {
            text.push_str(&format!(
                "{} derived from the document; write them in openapi/{api}/descriptions.overlay.yaml before a release (`cargo xtask coverage {api}` lists them)\n",
                counted(self.derived, "description")
            ));
        }
        text.push_str(&format!("{}:\n", counted(self.files.len(), "changed file")));
        for file in &self.files {
            text.push_str(&format!("  {file}\n"));
        }
        text
    }

    fn json(&self) -> Value {
        json!({
            "api": self.api, "crate": self.entry.crate_name, "version": self.entry.version, "operations": self.operations,
            "url": self.entry.url, "base_url": self.entry.base_url, "derived_descriptions": self.derived,
            "warnings": self.warnings.len(), "files": self.files,
        })
    }
}
