//! The outcome of a fetch, formatted for the body of a pull request.

use super::follow_up::StaleAction;
use super::outcome::{FetchOutcome, FetchOutcomes, explanation};
use crate::diagnostic::Report;
use crate::markdown::{code, details, fenced, plain};

/// Maximum size in bytes. GitHub rejects a body of more than 65,536 characters; the difference is left for text that a
/// workflow adds.
const MAX_SIZE: usize = 60_000;

/// Formats the outcomes as Markdown.
pub(super) fn body(outcomes: &FetchOutcomes) -> String {
    let mut text = String::new();
    for (index, (api, outcome)) in outcomes.iter().enumerate() {
        let room = MAX_SIZE.saturating_sub(text.len()) / (outcomes.len() - index);
        if index > 0 {
            text.push('\n');
        }
        text.push_str(&match outcome {
            Ok(outcome) => fetched(api, outcome, room),
            Err(reports) => failed(api, "not fetched", reports, room),
        });
    }
    text
}

fn fetched(api: &str, outcome: &FetchOutcome, room: usize) -> String {
    let follow_up = &outcome.follow_up;
    let mut text = format!(
        "## {}: {}\n\nOperations: {}, schemas: {}, digest: {}\n",
        code(api),
        outcome.state.text(),
        outcome.operations,
        outcome.schemas,
        code(&outcome.digest)
    );
    let changes = outcome.changes.markdown(&command(api), room / 3);
    if !changes.is_empty() {
        text.push_str(&format!("\n### Changes\n\n{changes}"));
    }
    let stale: String = [
        ("Corrections", &follow_up.corrections),
        ("Additions", &follow_up.additions),
        ("Descriptions", &follow_up.descriptions),
    ]
    .into_iter()
    .filter(|(_, stale)| !stale.is_empty())
    .map(|(what, stale)| {
        format!(
            "\n### {what} that no longer apply ({})\n\n{}",
            stale.len(),
            tasks(api, stale.iter().map(no_longer_applies), room / 8)
        )
    })
    .collect();
    let left = room.saturating_sub(text.len() + stale.len());
    text.push_str(&missing(api, outcome, left));
    text.push_str(&stale);
    text
}

fn missing(api: &str, outcome: &FetchOutcome, room: usize) -> String {
    let follow_up = &outcome.follow_up;
    let number = follow_up.missing.len();
    if number == 0 {
        return "\nAll descriptions are present.\n".to_owned();
    }
    let title = format!("\n### Missing descriptions ({number})\n\n");
    if !follow_up.overlay_exists {
        return format!(
            "{title}All of them, because {} does not exist yet.\n",
            code(&follow_up.overlay)
        );
    }
    let items = follow_up.missing.iter().map(|place| {
        let keys = place.update.as_object().into_iter().flatten();
        let keys: Vec<String> = keys.map(|(key, _)| code(key)).collect();
        format!("{}: {}", code(&place.pointer), keys.join(", "))
    });
    let list = tasks(api, items, room / 2);
    let (actions, omitted) = fitting(
        follow_up.actions.lines(),
        room.saturating_sub(title.len() + list.len() + 500),
    );
    let mut block = fenced("yaml", &actions);
    if omitted > 0 {
        block.push_str(&more(api, omitted, "lines"));
    }
    let folded = details(
        &format!("Actions to fill in and add to {}", follow_up.overlay),
        &block,
    );
    format!("{title}{list}\n{folded}")
}

fn no_longer_applies(stale: &StaleAction) -> String {
    let mut text = format!("{} {}", code(&stale.place), code(&stale.target));
    text.push_str(&format!(": {}", plain(&explanation(stale))));
    if !stale.reason.is_empty() {
        text.push_str(&format!(". Reason: {}", plain(&stale.reason)));
    }
    text
}

/// The section of an API that failed. `what` follows its name in the heading.
pub(crate) fn failed(api: &str, what: &str, reports: &[Report], room: usize) -> String {
    let items = reports.iter().map(|report| {
        let problem = report.problem();
        let mut text = plain(&problem.message);
        for (word, part) in [("expected", &problem.expected), ("found", &problem.found)] {
            if let Some(part) = part {
                text.push_str(&format!("; {word} {}", plain(part)));
            }
        }
        if let Some(help) = &problem.help {
            text.push_str(&format!(". Help: {}", plain(help)));
        }
        text
    });
    format!(
        "## {}: {what}\n\nIts files are unchanged.\n\n{}",
        code(api),
        tasks(api, items, room)
    )
}

/// Formats a task list, truncated to about `room` bytes.
fn tasks(api: &str, items: impl Iterator<Item = String>, room: usize) -> String {
    let lines: Vec<String> = items.map(|item| format!("- [ ] {item}")).collect();
    let (mut text, omitted) = fitting(lines.iter().map(String::as_str), room);
    if omitted > 0 {
        text.push_str(&more(api, omitted, "tasks"));
    }
    text
}

/// The command that shows the complete output.
fn command(api: &str) -> String {
    format!("cargo xtask fetch {api} --dry-run")
}

fn more(api: &str, number: usize, what: &str) -> String {
    format!(
        "\n{number} more {what} were omitted; {} lists all of them.\n",
        code(&command(api))
    )
}

/// Returns as many of the first lines as fit into `room` bytes, and the number of omitted lines.
fn fitting<'a>(lines: impl Iterator<Item = &'a str>, room: usize) -> (String, usize) {
    let mut text = String::new();
    let mut omitted = 0;
    for line in lines {
        if omitted > 0 || text.len() + line.len() >= room {
            omitted += 1;
        } else {
            text.push_str(line);
            text.push('\n');
        }
    }
    (text, omitted)
}
