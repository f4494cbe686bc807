//! Errors in input documents.

use std::fmt;

use crate::printable::escaped;

/// An error in an input document: what was expected, what was found, where, and what to do. The command that read the
/// file adds the file name, the line and the source text (see [`Report`](crate::diagnostic::Report)).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The error, in lower case and without a full stop.
    pub message: String,
    /// The location as a JSON pointer; empty for the whole document.
    pub pointer: String,
    /// What was expected.
    pub expected: Option<String>,
    /// What was found instead.
    pub found: Option<String>,
    /// How to fix it.
    pub help: Option<String>,
}

impl Problem {
    /// Creates a problem at `pointer`.
    pub fn at(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            message: shown(message),
            pointer: pointer.into(),
            expected: None,
            found: None,
            help: None,
        }
    }

    /// Sets what was expected.
    #[must_use]
    pub fn expected(mut self, text: impl Into<String>) -> Self {
        self.expected = Some(shown(text));
        self
    }

    /// Sets what was found instead.
    #[must_use]
    pub fn found(mut self, text: impl Into<String>) -> Self {
        self.found = Some(shown(text));
        self
    }

    /// Sets how to fix it.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(shown(text));
        self
    }
}

impl From<Problem> for Vec<Problem> {
    fn from(problem: Problem) -> Self {
        vec![problem]
    }
}

/// Escapes hidden characters, because problems quote untrusted documents. Line breaks and tabs are kept.
fn shown(text: impl Into<String>) -> String {
    escaped(&text.into(), &['\n', '\t'])
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}
