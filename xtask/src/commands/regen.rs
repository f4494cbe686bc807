//! `regen`: the committed files of each API made anew from its facts and overlays, or compared with what they would be.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::commands::coverage::{Undescribed, undescribed};
use crate::console::{CheckResult, Console, Failure};
use crate::diagnostic::Report;
use crate::difference::unified;
use crate::emit::Target;
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
    CORRECTIONS, DESCRIPTIONS, FACTS, Workspace, api_folder, crate_folder, normalized_file,
    sandbox_file,
};

/// Where `auth0-core` is, seen from a crate under `generated/`.
const CORE: &str = "../../crates/core";

/// Makes the files of the APIs that are named, or of all. With `check` nothing is written, and any difference to what is
/// there is shown.
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
        let made = make(workspace, api, entry)?;
        drop(progress);
        console.report(&made.warnings);
        if !made.derived.is_empty() {
            console.note(&derived_note(api, made.derived.len()));
        }
        let found = if check {
            compare(workspace, api, &made, console)?
        } else {
            write(workspace, api, &made, console)?
        };
        if found == CheckResult::Failed {
            verdict = found;
        }
    }
    Ok(verdict)
}

/// The committed files of an API as they should be.
pub(crate) struct Made {
    /// Documents, by their paths from the root.
    documents: BTreeMap<String, String>,
    files: Files,
    /// The places whose descriptions are derived.
    pub(crate) derived: Vec<Undescribed>,
    pub(crate) warnings: Vec<Report>,
}

/// Generates the files of an API.
pub(crate) fn make(workspace: &Workspace, api: &str, entry: &ApiSource) -> Result<Made, Failure> {
    let Some((crate_name, version)) = entry.package() else {
        return Err(Box::new(no_crate(api)).into());
    };
    let folder = api_folder(api);
    if !workspace.path(&folder).join(FACTS).exists() {
        let problem = Problem::at("", "there are no facts of this API yet").help(format!(
            "take them from the published document: cargo xtask fetch {api}"
        ));
        let report = Report::of_file(&format!("{folder}/{FACTS}"), problem);
        return Err(Box::new(report).into());
    }
    let (mut document, source) = overlaid(&workspace.path(&folder), &folder)?;
    let missing = undescribed(&document, &entry.include);
    for place in &missing {
        derived::describe(&mut document, &place.pointer, &place.update);
    }
    let options = Options {
        include: &entry.include,
        strict: true,
    };
    let normalized = pipeline::normalize(document, &source, &options)?;
    let target = Target {
        crate_name: crate_name.to_owned(),
        version: version.to_owned(),
        core_path: CORE.to_owned(),
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
    Ok(Made {
        files: pipeline::generate(&normalized.document, &normalized_file(api), &target)?,
        documents,
        derived: missing,
        warnings: normalized.warnings,
    })
}

/// The facts in `folder` with the overlays there applied, those that there are. `shown` is what people call the folder.
pub fn overlaid(folder: &Path, shown: &str) -> Result<(Value, Source), Failure> {
    apply(folder, shown, overlays(folder, shown)?)
}

/// The facts in `folder` with the corrections applied: what the API does, in the JSON Schema of OpenAPI 3.1, without
/// the lowering that the generator needs. What a correction says in words is left out.
pub fn corrected(folder: &Path, shown: &str) -> Result<Value, Failure> {
    let mut corrections = overlays(folder, shown)?;
    corrections.retain(|(_, purpose)| *purpose == Purpose::Corrections);
    let (mut document, _) = apply(folder, shown, corrections)?;
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

/// The overlays in `folder`, those that there are, in the order in which they apply.
pub fn overlays(folder: &Path, shown: &str) -> Result<Vec<(Document, Purpose)>, Box<Report>> {
    let mut found = Vec::new();
    for (file, purpose) in [
        (CORRECTIONS, Purpose::Corrections),
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
    let problem = Problem::at("", format!("no crate is made of `{api}`"))
        .expected("an API with `crate` and `version`")
        .found("neither of them: only its facts are kept")
        .help(format!("give `[{api}]` both keys"));
    Report::of_file(Sources::FILE, problem)
}

fn write(
    workspace: &Workspace,
    api: &str,
    made: &Made,
    console: &mut Console<'_>,
) -> Result<CheckResult, Failure> {
    let changed = write_files(workspace, api, made)?;
    let files = made.files.len() + made.documents.len();
    console.result(&match changed {
        0 => format!("{api}: {files} files, none changed\n"),
        changed => format!("{api}: {files} files, {changed} written or removed\n"),
    });
    Ok(CheckResult::Passed)
}

/// Writes the files of an API and removes stale ones. Returns how many changed.
pub(crate) fn write_files(workspace: &Workspace, api: &str, made: &Made) -> Result<usize, Failure> {
    let folder = crate_folder(api);
    let mut changed = files::write(&workspace.path(&folder), &folder, &made.files)?;
    for (file, text) in &made.documents {
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
    made: &Made,
    console: &mut Console<'_>,
) -> Result<CheckResult, Failure> {
    let mut differences = Vec::new();
    for (file, text) in &made.documents {
        let found = committed(workspace, file)?;
        if found.is_empty() {
            differences.push(format!("missing: {file}\n"));
        } else if found != *text {
            differences.push(format!("changed: {file}\n{}", unified(file, &found, text)));
        }
    }
    let folder = crate_folder(api);
    let found = files::compare(&workspace.path(&folder), &made.files)?;
    differences.extend(
        found
            .iter()
            .map(|difference: &Difference| difference.describe(&folder)),
    );
    if differences.is_empty() {
        console.result(&format!(
            "{api}: {} files are as they should be\n",
            made.files.len() + made.documents.len()
        ));
        return Ok(CheckResult::Passed);
    }
    for difference in &differences {
        console.result(difference);
    }
    console.note(&format!(
        "{api}: {} not as generated; to mend it: {}\n",
        places(differences.len()),
        command(api)
    ));
    Ok(CheckResult::Failed)
}

/// The text of a document as it is there, empty where there is none.
fn committed(workspace: &Workspace, file: &str) -> Result<String, Failure> {
    Ok(if workspace.path(file).exists() {
        workspace.read(file)?.source.text
    } else {
        String::new()
    })
}

fn derived_note(api: &str, count: usize) -> String {
    let descriptions = if count == 1 {
        "1 description is"
    } else {
        &format!("{count} descriptions are")
    };
    format!(
        "{api}: {descriptions} derived from the document; `cargo xtask coverage {api}` lists them\n"
    )
}

fn command(api: &str) -> String {
    format!("cargo xtask regen {api}")
}

fn places(number: usize) -> String {
    format!("{number} place{}", if number == 1 { "" } else { "s" })
}
