//! The commands that CONTRIBUTING.md shows, run in a copy of the repository in the order of the text.

use std::fs;

use crate::repository::{checkout, repository, xtask};

/// A command with the output that the text shows. A line `…` stands for any lines.
struct ShownCommand {
    arguments: Vec<String>,
    output: Vec<String>,
}

fn shown_commands() -> Vec<ShownCommand> {
    let text = fs::read_to_string(repository().join("CONTRIBUTING.md")).unwrap();
    let blocks = text.split("```text\n$ cargo xtask ").skip(1);
    blocks
        .map(|block| {
            let block = block.split("```").next().unwrap();
            let (command, output) = block.split_once('\n').unwrap();
            // Paths are relative to the repository, not to the folder of the tests.
            let absolute = |word: &str| match word.starts_with("tests/") {
                true => repository().join(word).display().to_string(),
                false => word.to_owned(),
            };
            ShownCommand {
                arguments: command.split(' ').map(absolute).collect(),
                output: output.lines().map(str::to_owned).collect(),
            }
        })
        .collect()
}

/// Whether the lines are those that are shown.
fn matches(lines: &[&str], shown: &[String]) -> bool {
    match (lines, shown) {
        (_, [first, rest @ ..]) if first.trim() == "…" => {
            (0..=lines.len()).any(|skipped| matches(&lines[skipped..], rest))
        }
        ([line, lines @ ..], [first, rest @ ..]) => line == first && matches(lines, rest),
        (lines, shown) => lines.is_empty() && shown.is_empty(),
    }
}

#[test]
fn shown_commands_print_what_the_text_shows() {
    let copy = checkout();
    let commands = shown_commands();
    assert!(commands.len() >= 2, "an addition and an update are shown");
    for ShownCommand { arguments, output } in commands {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let (status, text) = xtask(copy.path(), &arguments);
        assert_eq!(status, 0, "{text}");
        let lines: Vec<&str> = text.lines().collect();
        assert!(
            matches(&lines, &output),
            "CONTRIBUTING.md shows for {arguments:?}:\n{}\nbut it prints:\n{text}",
            output.join("\n")
        );
    }
}
