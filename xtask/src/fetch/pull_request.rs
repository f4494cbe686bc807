//! What came of a fetch, for the body of a pull request.

use super::follow_up::StaleAction;
use super::outcome::{FetchOutcome, FetchOutcomes, told};
use crate::diagnostic::Report;
use crate::markdown::{code, details, fenced, plain};

/// Bytes of the whole. GitHub refuses a body above 65,536 characters; the rest is for what a workflow adds.
const ROOM: usize = 60_000;

/// The outcomes as Markdown.
pub(super) fn body(outcomes: &FetchOutcomes) -> String {
    let mut text = String::new();
    for (index, (api, outcome)) in outcomes.iter().enumerate() {
        let room = ROOM.saturating_sub(text.len()) / (outcomes.len() - index);
        if index > 0 {
            text.push('\n');
        }
        text.push_str(&match outcome {
            Ok(outcome) => fetched(api, outcome, room),
            Err(reports) => failed(api, reports, room),
        });
    }
    text
}

fn fetched(api: &str, outcome: &FetchOutcome, room: usize) -> String {
    let work = &outcome.work;
    let mut text = format!(
        "## {}: {}\n\nOperations: {}, schemas: {}, digest: {}\n",
        code(api),
        outcome.state.words(),
        outcome.operations,
        outcome.schemas,
        code(&outcome.digest)
    );
    let changes = outcome.changes.markdown(&command(api), room / 3);
    if !changes.is_empty() {
        text.push_str(&format!("\n### What changed\n\n{changes}"));
    }
    let stale: String = [
        ("Corrections", &work.corrections),
        ("Descriptions", &work.descriptions),
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
    let work = &outcome.work;
    let number = work.missing.len();
    if number == 0 {
        return "\nEverything is described.\n".to_owned();
    }
    let title = format!("\n### Missing descriptions ({number})\n\n");
    if !work.begun {
        return format!(
            "{title}All of them: there is no {} yet.\n",
            code(&work.words)
        );
    }
    let items = work.missing.iter().map(|place| {
        let keys = place.update.as_object().into_iter().flatten();
        let keys: Vec<String> = keys.map(|(key, _)| code(key)).collect();
        format!("{}: {}", code(&place.pointer), keys.join(", "))
    });
    let list = tasks(api, items, room / 2);
    let (actions, left_out) = fitting(
        work.actions.lines(),
        room.saturating_sub(title.len() + list.len() + 500),
    );
    let mut block = fenced("yaml", &actions);
    if left_out > 0 {
        block.push_str(&more(api, left_out, "lines"));
    }
    let folded = details(&format!("Actions to fill in, for {}", work.words), &block);
    format!("{title}{list}\n{folded}")
}

fn no_longer_applies(stale: &StaleAction) -> String {
    let mut text = format!("{} {}", code(&stale.place), code(&stale.target));
    text.push_str(&format!(": {}", plain(&told(stale))));
    if !stale.reason.is_empty() {
        text.push_str(&format!(". Its reason: {}", plain(&stale.reason)));
    }
    text
}

fn failed(api: &str, reports: &[Report], room: usize) -> String {
    let items = reports.iter().map(|report| {
        let problem = report.problem();
        let mut text = plain(&problem.message);
        for (word, part) in [("expected", &problem.expected), ("found", &problem.found)] {
            if let Some(part) = part {
                text.push_str(&format!("; {word} {}", plain(part)));
            }
        }
        if let Some(help) = &problem.help {
            text.push_str(&format!(". To do: {}", plain(help)));
        }
        text
    });
    format!(
        "## {}: not fetched\n\nIts files are as they were.\n\n{}",
        code(api),
        tasks(api, items, room)
    )
}

/// A list of tasks, as far as there is room.
fn tasks(api: &str, items: impl Iterator<Item = String>, room: usize) -> String {
    let lines: Vec<String> = items.map(|item| format!("- [ ] {item}")).collect();
    let (mut text, left_out) = fitting(lines.iter().map(String::as_str), room);
    if left_out > 0 {
        text.push_str(&more(api, left_out, "tasks"));
    }
    text
}

/// The command that shows everything.
fn command(api: &str) -> String {
    format!("cargo xtask fetch {api} --dry-run")
}

fn more(api: &str, number: usize, what: &str) -> String {
    format!(
        "\n{number} more {what} have no room here; {} lists them all.\n",
        code(&command(api))
    )
}

/// The first of some lines, as many as there is room for, and the number of the others.
fn fitting<'a>(lines: impl Iterator<Item = &'a str>, room: usize) -> (String, usize) {
    let mut text = String::new();
    let mut left_out = 0;
    for line in lines {
        if left_out > 0 || text.len() + line.len() >= room {
            left_out += 1;
        } else {
            text.push_str(line);
            text.push('\n');
        }
    }
    (text, left_out)
}
