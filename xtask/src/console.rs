//! The output of commands: results on one stream, messages on the other.

use std::io::Write;

use crate::diagnostic::{Report, Style, render};

/// The output streams of a command.
pub struct Console<'a> {
    /// Receives results, for people and programs.
    pub out: &'a mut dyn Write,
    /// Receives problems and progress.
    pub err: &'a mut dyn Write,
    /// How problems are rendered.
    pub style: Style,
}

impl Console<'_> {
    /// Writes a result. Write errors are ignored: the work is finished even if the reader, such as `head`, is gone.
    pub fn result(&mut self, text: &str) {
        let _ = self.out.write_all(text.as_bytes());
    }

    /// Writes a message that is not part of the result.
    pub fn note(&mut self, text: &str) {
        let _ = self.err.write_all(text.as_bytes());
    }

    /// Renders and writes reports.
    pub fn report(&mut self, reports: &[Report]) {
        let text = render(reports, self.style);
        self.note(&text);
    }
}

/// The result of a command that ran to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckResult {
    /// No check failed: exit status 0.
    Passed,
    /// A check failed: exit status 1.
    Failed,
}

/// The errors that stopped a command: exit status 2.
#[derive(Debug)]
pub struct Failure(pub Vec<Report>);

impl From<Box<Report>> for Failure {
    fn from(report: Box<Report>) -> Self {
        Self(vec![*report])
    }
}
