//! What a fetch changed. This is the one place that says it, in each of the formats.

use serde_json::{Value, json};

use crate::difference::unified;
use crate::document::Document;
use crate::markdown::fenced;

/// The changes from the old facts to the new ones.
#[derive(Debug)]
pub(super) struct Changes {
    diff: String,
}

impl Changes {
    /// Compares the facts in `file` with the new ones, which are written as `text`.
    pub(super) fn between(file: &str, old: Option<&Document>, text: &str) -> Self {
        let diff = old.map_or_else(String::new, |old| unified(file, &old.source.text, text));
        Self { diff }
    }

    /// For people; empty where there are none.
    pub(super) fn text(&self) -> String {
        self.diff.clone()
    }

    /// For a pull request, in at most about `room` bytes; empty where there are none.
    pub(super) fn markdown(&self, room: usize) -> String {
        if self.diff.is_empty() {
            return String::new();
        }
        let (shown, left_out) = super::markdown::fitting(self.diff.lines(), room);
        let mut text = fenced("diff", &shown);
        if left_out > 0 {
            text.push_str(&format!(
                "\n{left_out} more lines are in the diff of the file.\n"
            ));
        }
        text
    }

    /// For programs.
    pub(super) fn json(&self) -> Value {
        json!({ "diff": self.diff })
    }
}
