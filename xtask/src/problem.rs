//! What is wrong with an input, where, and what to do about it.

use std::fmt;

use crate::printable::escaped;

/// A problem with an input document, told without a panic: what was expected, what was found, where (a JSON
/// pointer) and what to do. The command that read the file adds the file, the line and the source text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong, in lower case and without a full stop.
    pub message: String,
    /// Where in the document, as a JSON pointer; empty where the document as a whole is meant.
    pub pointer: String,
    /// What was expected there.
    pub expected: Option<String>,
    /// What was found there.
    pub found: Option<String>,
    /// What to do.
    pub help: Option<String>,
}

impl Problem {
    /// A problem at `pointer`.
    pub fn at(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            message: shown(message),
            pointer: pointer.into(),
            expected: None,
            found: None,
            help: None,
        }
    }

    /// Says what was expected.
    #[must_use]
    pub fn expected(mut self, text: impl Into<String>) -> Self {
        self.expected = Some(shown(text));
        self
    }

    /// Says what was found.
    #[must_use]
    pub fn found(mut self, text: impl Into<String>) -> Self {
        self.found = Some(shown(text));
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(shown(text));
        self
    }
}

/// Texts of problems quote documents, which must not reach a terminal as they are. Lines of our own stay.
fn shown(text: impl Into<String>) -> String {
    escaped(&text.into(), &['\n', '\t'])
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}
