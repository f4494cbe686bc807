//! The results of the tested documents as a table.

use serde_json::{Value, json};

use crate::console::Failure;
use crate::problem::Problem;

/// Maximum number of errors per document in the text; JSON contains all.
const MAX_SHOWN: usize = 5;

/// The result of each step for one document.
#[derive(Debug, Clone, Default)]
pub(super) struct DocumentResult {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) operations: usize,
    pub(super) types: Option<usize>,
    pub(super) normalize: Option<bool>,
    pub(super) generate: Option<bool>,
    pub(super) check: Option<bool>,
    pub(super) errors: Vec<String>,
}

impl DocumentResult {
    pub(super) fn passes(&self) -> bool {
        self.check == Some(true)
    }

    pub(super) fn failed(mut self, step: &str, Failure(reports): Failure) -> Self {
        for report in reports {
            let Problem {
                message,
                pointer,
                found,
                ..
            } = report.problem();
            let found = found
                .as_ref()
                .map_or_else(String::new, |found| format!(", found {found}"));
            let at = if pointer.is_empty() {
                String::new()
            } else {
                format!(" at {pointer}")
            };
            self.errors.push(format!("{step}: {message}{found}{at}"));
        }
        self
    }
}

const STEPS: [&str; 3] = ["normalize", "generate", "check"];

fn steps(row: &DocumentResult) -> [Option<bool>; 3] {
    [row.normalize, row.generate, row.check]
}

/// Formats the table for people, followed by the errors of the failing documents.
pub(super) fn text(rows: &[DocumentResult], expected: &dyn Fn(&DocumentResult) -> bool) -> String {
    let mut table = vec![
        ["document", "openapi", "operations", "types"]
            .map(str::to_owned)
            .to_vec(),
    ];
    table[0].extend(STEPS.map(str::to_owned));
    for row in rows {
        let types = row
            .types
            .map_or_else(|| "-".to_owned(), |types| types.to_string());
        let mut line = vec![
            row.name.clone(),
            row.version.clone(),
            row.operations.to_string(),
            types,
        ];
        line.extend(steps(row).map(|step| word(step).to_owned()));
        table.push(line);
    }
    let mut text = crate::table::table(&table);
    for row in rows.iter().filter(|row| !row.passes()) {
        let known = if expected(row) { " (as expected)" } else { "" };
        text.push_str(&format!("\n{} fails{known}:\n", row.name));
        for error in row.errors.iter().take(MAX_SHOWN) {
            text.push_str(&format!("  {}\n", shortened(error)));
        }
        if row.errors.len() > MAX_SHOWN {
            text.push_str(&format!("  and {} more\n", row.errors.len() - MAX_SHOWN));
        }
    }
    for row in rows.iter().filter(|row| row.passes() && expected(row)) {
        text.push_str(&format!(
            "\n{} passes now; remove it from `--expect-failing`\n",
            row.name
        ));
    }
    let passing = rows.iter().filter(|row| row.passes()).count();
    text.push_str(&format!("\n{passing} of {} documents pass\n", rows.len()));
    text
}

fn word(step: Option<bool>) -> &'static str {
    match step {
        Some(true) => "ok",
        Some(false) => "fails",
        None => "-",
    }
}

fn shortened(error: &str) -> String {
    match error.char_indices().nth(240) {
        None => error.to_owned(),
        Some((at, _)) => format!("{}...", &error[..at]),
    }
}

/// Formats the table for programs.
pub(super) fn as_json(
    rows: &[DocumentResult],
    expected: &dyn Fn(&DocumentResult) -> bool,
) -> Value {
    rows.iter()
        .map(|row| {
            let mut value = json!({
                "document": row.name, "openapi": row.version, "operations": row.operations, "types": row.types,
                "passes": row.passes(), "expected_failing": expected(row), "errors": row.errors,
            });
            for (name, step) in STEPS.into_iter().zip(steps(row)) {
                value[name] = json!(step);
            }
            value
        })
        .collect()
}
