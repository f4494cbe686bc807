//! `regen`: regenerates the committed files of each API from its facts and overlays, or checks them.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::commands::coverage::{Undescribed, undescribed};
use crate::console::{CheckResult, Console, Failure};
use crate::diagnostic::Report;
use crate::difference::unified;
use crate::emit::{CoreSource, Target};
use crate::files::{self, Difference, Files};
use crate::lower::Options;
use crate::pipeline;
use crate::problem::Problem;
use crate::progress::Progress;
use crate::sources::{ApiSource, Sources};
use crate::spec::canonical;
use crate::spec::derived;
use crate::spec::document::Document;
use crate::spec::facts;
use crate::spec::overlay::{self, Purpose};
use crate::spec::source::Source;
use crate::workspace::{
    ADDITIONS, CORRECTIONS, DESCRIPTIONS, FACTS, Workspace, api_folder, crate_folder,
    normalized_file, sandbox_file,
};

/// The path of `auth0-core`, relative to a crate under `generated/`.
const CORE: &str = "../../crates/core";

/// Regenerates the files of the named APIs, or of all if `apis` is empty. With `check`, writes nothing and shows the
/// differences to the committed files.
pub fn run(
    workspace: &Workspace,
    apis: &[String],
    check: bool,
    console: &mut Console<'_>,
) -> Result<CheckResult, Failure> {
    let sources = workspace.sources()?;
    let mut verdict = CheckResult::Passed;
    for (api, entry) in sources.select(apis)? {
        if entry.package().is_none() && apis.is_empty() {
            continue;
        }
        let progress = Progress::start();
        progress.at(&format!("{api}: generating"));
        let generated = generate(workspace, api, entry)?;
        drop(progress);
        console.report(&generated.warnings);
        if !generated.derived.is_empty() {
            console.note(&derived_note(api, generated.derived.len()));
        }
        let found = if check {
            compare(workspace, api, &generated, console)?
        } else {
            write(workspace, api, &generated, console)?
        };
        if found == CheckResult::Failed {
            verdict = found;
        }
    }
    Ok(verdict)
}

/// The files to commit for an API.
pub(crate) struct GeneratedApi {
    /// Documents by path, relative to the root of the workspace.
    documents: BTreeMap<String, String>,
    files: Files,
    /// The places whose descriptions are derived.
    pub(crate) derived: Vec<Undescribed>,
    pub(crate) warnings: Vec<Report>,
}

impl GeneratedApi {
    /// The manifest of the crate.
    pub(crate) fn manifest(&self) -> &str {
        self.files.get("Cargo.toml").map_or("", String::as_str)
    }
}

/// Generates the files of an API.
pub(crate) fn generate(
    workspace: &Workspace,
    api: &str,
    entry: &ApiSource,
) -> Result<GeneratedApi, Failure> {
    let Some((crate_name, version)) = entry.package() else {
        return Err(Box::new(no_crate(api)).into());
    };
    let folder = api_folder(api);
    if !workspace.path(&folder).join(FACTS).exists() {
        let problem = Problem::at("", "this API has no facts yet").help(format!(
            "fetch the published document: cargo xtask fetch {api}"
        ));
        let report = Report::of_file(&format!("{folder}/{FACTS}"), problem);
        return Err(Box::new(report).into());
    }
    let (mut document, source) = overlaid(&workspace.path(&folder), &folder)?;
    let missing = undescribed(&document, &entry.include);
    for place in &missing {
        derived::describe(&mut document, &place.pointer, &place.update);
    }
    let previous = match workspace.path(&normalized_file(api)).exists() {
        true => Some(workspace.read(&normalized_file(api))?.value),
        false => None,
    };
    let options = Options {
        include: &entry.include,
        // A keyword that is new in a published document must not stop an update.
        strict: false,
        previous: previous.as_ref(),
    };
    let normalized = pipeline::normalize(document, &source, &options)?;
    let target = Target {
        crate_name: crate_name.to_owned(),
        version: version.to_owned(),
        core: CoreSource::Path(CORE.to_owned()),
        api: entry.api(),
        command: command(api),
        member: true,
    };
    let mut documents =
        BTreeMap::from([(normalized_file(api), canonical::json(&normalized.document))]);
    if entry.sandbox {
        let corrected = corrected(&workspace.path(&folder), &folder)?;
        documents.insert(sandbox_file(api), canonical::json(&corrected));
    }
    Ok(GeneratedApi {
        files: pipeline::generate(&normalized.document, &normalized_file(api), &target)?,
        documents,
        derived: missing,
        warnings: normalized.warnings,
    })
}

/// Returns the facts in `folder` with the overlays in it applied. `shown` is the name of the folder in errors.
pub fn overlaid(folder: &Path, shown: &str) -> Result<(Value, Source), Failure> {
    apply(folder, shown, overlays(folder, shown)?)
}

/// Returns the facts in `folder` with corrections and additions applied, without the lowering that the generator needs. Their
/// prose is removed.
pub fn corrected(folder: &Path, shown: &str) -> Result<Value, Failure> {
    let mut overlays = overlays(folder, shown)?;
    overlays.retain(|(_, purpose)| *purpose != Purpose::Descriptions);
    let (mut document, _) = apply(folder, shown, overlays)?;
    facts::strip_prose(&mut document);
    canonical::sort_sets(&mut document);
    Ok(document)
}

fn apply(
    folder: &Path,
    shown: &str,
    overlays: Vec<(Document, Purpose)>,
) -> Result<(Value, Source), Failure> {
    let facts = Document::read_as(&folder.join(FACTS), &format!("{shown}/{FACTS}"))?.checked()?;
    let mut document = facts.value;
    let mut reports = Vec::new();
    for (overlay, purpose) in overlays {
        reports.extend(
            overlay::apply(&mut document, &overlay, purpose)
                .err()
                .into_iter()
                .flatten(),
        );
    }
    if reports.is_empty() {
        Ok((document, facts.source))
    } else {
        Err(Failure(reports))
    }
}

/// Reads the overlays that exist in `folder`, in the order in which they apply.
pub fn overlays(folder: &Path, shown: &str) -> Result<Vec<(Document, Purpose)>, Box<Report>> {
    let mut found = Vec::new();
    for (file, purpose) in [
        (CORRECTIONS, Purpose::Corrections),
        (ADDITIONS, Purpose::Additions),
        (DESCRIPTIONS, Purpose::Descriptions),
    ] {
        let path = folder.join(file);
        if path.exists() {
            found.push((
                Document::read_as(&path, &format!("{shown}/{file}"))?,
                purpose,
            ));
        }
    }
    Ok(found)
}

pub(crate) fn no_crate(api: &str) -> Report {
    let problem = Problem::at("", format!("no crate is generated for `{api}`"))
        .expected("an API with `crate` and `version`")
        .found("neither of them, so that only its facts are kept")
        .help(format!("add both keys to `[{api}]`"));
    Report::of_file(Sources::FILE, problem)
}

fn write(
    workspace: &Workspace,
    api: &str,
    generated: &GeneratedApi,
    console: &mut Console<'_>,
) -> Result<CheckResult, Failure> {
    let changed = write_files(workspace, api, generated)?;
    let files = generated.files.len() + generated.documents.len();
    console.result(&match changed {
        0 => format!("{api}: {files} files, none changed\n"),
        changed => format!("{api}: {files} files, {changed} written or removed\n"),
    });
    Ok(CheckResult::Passed)
}

/// Writes the files of an API and removes stale ones. Returns how many changed.
pub(crate) fn write_files(
    workspace: &Workspace,
    api: &str,
    generated: &GeneratedApi,
) -> Result<usize, Failure> {
    let folder = crate_folder(api);
    let mut changed = files::write(&workspace.path(&folder), &folder, &generated.files)?;
    for (file, text) in &generated.documents {
        if committed(workspace, file)? != *text {
            files::write_file(&workspace.path(file), text)?;
            changed += 1;
        }
    }
    Ok(changed)
}

fn compare(
    workspace: &Workspace,
    api: &str,
    generated: &GeneratedApi,
    console: &mut Console<'_>,
) -> Result<CheckResult, Failure> {
    let mut differences = Vec::new();
    for (file, text) in &generated.documents {
        let found = committed(workspace, file)?;
        if found.is_empty() {
            differences.push(format!("missing: {file}\n"));
        } else if found != *text {
            differences.push(format!("changed: {file}\n{}", unified(file, &found, text)));
        }
    }
    let folder = crate_folder(api);
    let found = files::compare(&workspace.path(&folder), &generated.files)?;
    differences.extend(
        found
            .iter()
            .map(|difference: &Difference| difference.describe(&folder)),
    );
    if differences.is_empty() {
        console.result(&format!(
            "{api}: {} files are up to date\n",
            generated.files.len() + generated.documents.len()
        ));
        return Ok(CheckResult::Passed);
    }
    for difference in &differences {
        console.result(difference);
    }
    console.note(&format!(
        "{api}: {} not up to date; to update: {}\n",
        count_files(differences.len()),
        command(api)
    ));
    Ok(CheckResult::Failed)
}

/// The committed text of a document; empty if there is none.
fn committed(workspace: &Workspace, file: &str) -> Result<String, Failure> {
    Ok(if workspace.path(file).exists() {
        workspace.read(file)?.source.text
    } else {
        String::new()
    })
}

fn derived_note(api: &str, count: usize) -> String {
    let descriptions = match count {
        1 => "1 description is".to_owned(),
        count => format!("{count} descriptions are"),
    };
    format!(
        "{api}: {descriptions} derived from the document; `cargo xtask coverage {api}` lists them\n"
    )
}

fn command(api: &str) -> String {
    format!("cargo xtask regen {api}")
}

fn count_files(number: usize) -> String {
    match number {
        1 => "1 file is".to_owned(),
        number => format!("{number} files are"),
    }
}

/// The subject and verb of a sentence about missing descriptions.
pub fn lacking(number: usize) -> String {
    match number {
        1 => "1 item lacks".to_owned(),
        number => format!("{number} items lack"),
    }
}
