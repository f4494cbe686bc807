//! `coverage`: how much of an API is described by hand.

use serde_json::{Value, json};

use crate::commands::cli::OutputFormat;
use crate::commands::coverage::{Undescribed, as_actions, undescribed};
use crate::commands::regen::{corrected, overlaid};
use crate::console::{CheckResult, Console, Failure};
use crate::sources::ApiSource;
use crate::spec::canonical;
use crate::workspace::{DESCRIPTIONS, Workspace, api_folder};

/// What is described by hand.
pub(crate) struct Coverage {
    /// The document with all overlays.
    document: Value,
    /// The number of places that need a description.
    total: usize,
    /// The places that have none.
    pub(crate) missing: Vec<Undescribed>,
}

/// Returns what is described by hand of an API.
pub(crate) fn of(
    workspace: &Workspace,
    api: &str,
    source: &ApiSource,
) -> Result<Coverage, Failure> {
    let folder = api_folder(api);
    let path = workspace.path(&folder);
    let total = undescribed(&corrected(&path, &folder)?, &source.include).len();
    let (document, _) = overlaid(&path, &folder)?;
    let missing = undescribed(&document, &source.include);
    Ok(Coverage {
        document,
        total,
        missing,
    })
}

/// Shows the share of described places of each API, and overlay actions for the others.
///
/// # Errors
///
/// An unknown API, or an overlay that does not apply.
pub fn run(
    workspace: &Workspace,
    apis: &[String],
    fail_under: Option<u8>,
    format: OutputFormat,
    console: &mut Console<'_>,
) -> Result<CheckResult, Failure> {
    let sources = workspace.sources()?;
    let mut result = CheckResult::Passed;
    let mut rows = Vec::new();
    for (api, source) in sources.select(apis)? {
        if source.package().is_none() && apis.is_empty() {
            continue;
        }
        let folder = api_folder(api);
        let Coverage {
            document,
            total,
            missing,
        } = of(workspace, api, source)?;
        let described = total.saturating_sub(missing.len());
        // Rounded down: 100 % means all.
        let percent = (described * 100).checked_div(total).unwrap_or(100);
        if fail_under.is_some_and(|least| percent < usize::from(least)) {
            result = CheckResult::Failed;
        }
        match format {
            OutputFormat::Text => {
                console.result(&format!(
                    "{api}: {described} of {total} places described ({percent} %)\n"
                ));
                if !missing.is_empty() {
                    let actions = as_actions(&document, &missing);
                    console.result(&format!("  add to {folder}/{DESCRIPTIONS}:\n{actions}"));
                }
            }
            OutputFormat::Json => {
                let missing = missing.iter();
                let missing: Vec<_> = missing
                    .map(|place| json!({ "pointer": place.pointer, "update": place.update }))
                    .collect();
                rows.push(json!({
                    "api": api, "places": total, "described": described, "percent": percent, "missing": missing,
                }));
            }
        }
    }
    if format == OutputFormat::Json {
        console.result(&canonical::json(&rows.into()));
    }
    Ok(result)
}
