//! What a pass has at hand while it runs: the options, and where to write down what it did and what it found.

use serde_json::Value;

use crate::lower::Change;
use crate::lower::Options;
use crate::lower::origin;
use crate::problem::Problem;

/// The notes of a normalization, and the pass that is writing them.
pub struct PassContext<'a> {
    /// What the caller asked for.
    pub options: &'a Options<'a>,
    pub(crate) pass: &'static str,
    pub(crate) changes: Vec<Change>,
    pub(crate) warnings: Vec<Problem>,
    pub(crate) problems: Vec<Problem>,
}

impl<'a> PassContext<'a> {
    pub(crate) fn new(options: &'a Options<'a>) -> Self {
        Self {
            options,
            pass: "",
            changes: Vec::new(),
            warnings: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// Notes a change at `place`, a value of the document that stands at `pointer`.
    pub fn changed(&mut self, place: &Value, pointer: &str, what: impl Into<String>) {
        self.changed_at(origin::of(place, pointer), what);
    }

    /// Notes a change at a pointer into the source document.
    pub fn changed_at(&mut self, pointer: impl Into<String>, what: impl Into<String>) {
        self.changes.push(Change {
            pass: self.pass,
            pointer: pointer.into(),
            what: what.into(),
        });
    }

    /// Notes something that is lost or doubtful, but does not stop the work.
    pub fn warn(&mut self, problem: Problem) {
        self.warnings.push(problem);
    }

    /// Notes a construct whose meaning would be lost: the document cannot be used as it is.
    pub fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }
}
