//! The follow-up work for a fetched document: missing descriptions, and overlay actions that no longer apply.

use serde_json::Value;

use crate::commands::coverage::{Undescribed, as_actions, undescribed};
use crate::commands::regen::overlays;
use crate::console::Failure;
use crate::diagnostic::Report;
use crate::sources::ApiSource;
use crate::spec::document::Document;
use crate::spec::overlay::{self, Purpose};
use crate::workspace::{DESCRIPTIONS, Workspace, api_folder};

/// The follow-up work for one API.
#[derive(Debug)]
pub(crate) struct FollowUp {
    /// The nodes without a description.
    pub(crate) missing: Vec<Undescribed>,
    /// The same as overlay actions to fill in.
    pub(crate) actions: String,
    /// The path of the overlay to add them to.
    pub(crate) overlay: String,
    /// Whether that overlay exists. Without it, all descriptions are missing.
    pub(crate) overlay_exists: bool,
    /// The corrections that no longer apply.
    pub(crate) corrections: Vec<StaleAction>,
    /// The additions that no longer apply.
    pub(crate) additions: Vec<StaleAction>,
    /// The descriptions that no longer apply.
    pub(crate) descriptions: Vec<StaleAction>,
}

/// An overlay action that does not apply to the document.
#[derive(Debug)]
pub(crate) struct StaleAction {
    /// The overlay file and the line.
    pub(crate) place: String,
    /// The target of the action.
    pub(crate) target: String,
    /// Why it does not apply.
    pub(crate) why: String,
    /// What was found instead.
    pub(crate) found: String,
    /// The reason of the action: its `description`, or the source of an addition.
    pub(crate) reason: String,
    /// The index of the action in the overlay, if the problem is with one action.
    pub(crate) index: Option<usize>,
    /// Whether the document no longer needs the action, because it contains the update.
    pub(crate) is_obsolete: bool,
}

/// Applies the overlays of an API to its facts, and collects stale actions and missing descriptions.
pub(crate) fn survey(
    workspace: &Workspace,
    api: &str,
    entry: &ApiSource,
    facts: &Value,
) -> Result<FollowUp, Failure> {
    let folder = api_folder(api);
    let mut document = facts.clone();
    let (mut corrections, mut additions, mut descriptions) = (Vec::new(), Vec::new(), Vec::new());
    let mut overlay_exists = false;
    for (overlay, purpose) in overlays(&workspace.path(&folder), &folder)? {
        let reports = overlay::apply(&mut document, &overlay, purpose).err();
        let stale = reports
            .iter()
            .flatten()
            .map(|report| StaleAction::new(report, &overlay));
        match purpose {
            Purpose::Corrections => corrections.extend(stale),
            Purpose::Additions => additions.extend(stale),
            Purpose::Descriptions => {
                overlay_exists = true;
                descriptions.extend(stale);
            }
        }
    }
    let missing = undescribed(&document, &entry.include);
    Ok(FollowUp {
        actions: as_actions(&document, &missing),
        missing,
        overlay: format!("{folder}/{DESCRIPTIONS}"),
        overlay_exists,
        corrections,
        additions,
        descriptions,
    })
}

impl StaleAction {
    fn new(report: &Report, overlay: &Document) -> Self {
        let problem = report.problem();
        // The pointer leads into an action, unless the problem concerns the whole overlay.
        let action: String = problem
            .pointer
            .splitn(4, '/')
            .take(3)
            .collect::<Vec<_>>()
            .join("/");
        let action = overlay.value.pointer(&action).unwrap_or(&Value::Null);
        let text = |key: &str| action[key].as_str().unwrap_or_default().trim().to_owned();
        let line = report
            .offset()
            .map(|offset| overlay.source.position(offset).0);
        Self {
            place: match line {
                Some(line) => format!("{}:{line}", overlay.source.name),
                None => overlay.source.name.clone(),
            },
            target: text("target"),
            why: problem.message.clone(),
            found: problem.found.clone().unwrap_or_default(),
            reason: match text("description") {
                reason if reason.is_empty() => overlay::source_of(action),
                reason => reason,
            },
            index: problem
                .pointer
                .split('/')
                .nth(2)
                .and_then(|index| index.parse().ok()),
            is_obsolete: overlay::is_obsolete(problem),
        }
    }
}
