//! Removes actions from the text of an overlay. Everything else, comments included, stays as it is written.

use serde_json::Value;

use crate::diagnostic::Report;
use crate::problem::Problem;
use crate::spec::document::Document;
use crate::spec::locate::Locator;

/// The text of the overlay without the actions at these indices.
pub(super) fn without(overlay: &Document, indices: &[usize]) -> Result<String, Box<Report>> {
    let text = &overlay.source.text;
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut is_removed = vec![false; lines.len()];
    let locator = Locator::new(&overlay.source);
    // The lines on which the actions begin, counted from 0.
    let starts: Vec<usize> = (0..count(&overlay.value))
        .filter_map(|index| locator.find(&format!("/actions/{index}")))
        .map(|found| overlay.source.position(found.span.start).0 - 1)
        .collect();
    for index in indices {
        let Some(start) = starts.get(*index).copied() else {
            continue;
        };
        let next = starts.get(index + 1).copied().unwrap_or(lines.len());
        // Comments and empty lines before the next action belong to it.
        let is_gap = |line: &&str| line.trim().is_empty() || line.trim_start().starts_with('#');
        let gap = lines[start..next]
            .iter()
            .rev()
            .take_while(|line| is_gap(line))
            .count();
        is_removed[start..next - gap].fill(true);
    }
    let kept = lines
        .iter()
        .zip(&is_removed)
        .filter(|(_, removed)| !**removed);
    let kept: String = kept.map(|(line, _)| *line).collect();
    verify(overlay, indices, &kept)?;
    Ok(kept)
}

fn count(overlay: &Value) -> usize {
    overlay["actions"].as_array().map_or(0, Vec::len)
}

/// The actions that are left have to be those that were there, in their order.
fn verify(overlay: &Document, indices: &[usize], text: &str) -> Result<(), Box<Report>> {
    let left: Vec<&Value> = overlay.value["actions"]
        .as_array()
        .into_iter()
        .flatten()
        .enumerate()
        .filter(|(index, _)| !indices.contains(index))
        .map(|(_, action)| action)
        .collect();
    let written = Document::from_bytes(overlay.source.name.clone(), text.as_bytes());
    let is_right = written.is_ok_and(|written| {
        let actions = written.value["actions"].as_array();
        actions.into_iter().flatten().eq(left.iter().copied())
    });
    if is_right {
        return Ok(());
    }
    let problem = Problem::at(
        "",
        "the stale actions cannot be removed from this file automatically",
    )
    .expected("each action to begin on a line of its own")
    .help("delete the actions that no longer apply by hand, then run the command again");
    Err(Report::of_file(&overlay.source.name, problem).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OVERLAY: &str = "overlay: 1.0.0\nactions:\n  # First part\n  - target: $.a\n    update: {x: 1}\n  - target: $.b\n    update:\n      text: |-\n        One.\n\n        - Two.\n\n  # Second part\n  - target: $.c\n    update: {x: 3}\n";

    fn overlay(text: &str) -> Document {
        Document::from_bytes("o.yaml".into(), text.as_bytes()).expect("YAML")
    }

    #[test]
    fn removed_action_leaves_comments_and_the_other_actions() {
        let text = without(&overlay(OVERLAY), &[1]).expect("it is removed");
        assert_eq!(
            text,
            "overlay: 1.0.0\nactions:\n  # First part\n  - target: $.a\n    update: {x: 1}\n\n  # Second part\n  - target: $.c\n    update: {x: 3}\n"
        );
        let text = without(&overlay(OVERLAY), &[0, 2]).expect("they are removed");
        let document = overlay(&text);
        assert_eq!(count(&document.value), 1);
        assert_eq!(document.value["actions"][0]["target"], "$.b");
    }

    #[test]
    fn overlay_on_one_line_is_an_error_and_not_a_guess() {
        let document = overlay("overlay: 1.0.0\nactions: [{target: a}, {target: b}]\n");
        let report = without(&document, &[0]).expect_err("one line");
        assert!(report.to_string().contains("cannot be removed"), "{report}");
    }
}
