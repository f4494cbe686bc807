//! What a command says: results to one stream, everything else to the other.

use std::io::Write;

use crate::diagnostic::{Report, Style, render};

/// Where a command writes.
pub struct Console<'a> {
    /// Results, for people and programs.
    pub out: &'a mut dyn Write,
    /// Problems and progress.
    pub err: &'a mut dyn Write,
    /// How problems are drawn.
    pub style: Style,
}

impl Console<'_> {
    /// Writes a result. A reader that has gone away, as `head` does, ends nothing: the work is still done.
    pub fn result(&mut self, text: &str) {
        let _ = self.out.write_all(text.as_bytes());
    }

    /// Writes what is no result.
    pub fn note(&mut self, text: &str) {
        let _ = self.err.write_all(text.as_bytes());
    }

    /// Writes reports.
    pub fn report(&mut self, reports: &[Report]) {
        let text = render(reports, self.style);
        self.note(&text);
    }
}

/// What a command came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckResult {
    /// All is well: exit status 0.
    Passed,
    /// A check found something: exit status 1.
    Failed,
}

/// Why a command could not do its work: exit status 2.
#[derive(Debug)]
pub struct Failure(pub Vec<Report>);

impl From<Box<Report>> for Failure {
    fn from(report: Box<Report>) -> Self {
        Self(vec![*report])
    }
}
