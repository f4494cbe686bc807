//! The state of a normalization while its passes run: the options, and the changes, warnings and problems so far.

use serde_json::Value;

use crate::lower::Change;
use crate::lower::Options;
use crate::lower::origin;
use crate::problem::Problem;

/// The options and the results that the passes of a normalization share.
pub struct PassContext<'a> {
    /// The options of the normalization.
    pub options: &'a Options<'a>,
    /// The name of the pass that is running.
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

    /// Records a change of `value`, which is at `pointer` in the current document.
    pub fn changed(&mut self, value: &Value, pointer: &str, message: impl Into<String>) {
        self.changed_at(origin::of(value, pointer), message);
    }

    /// Records a change at a pointer into the source document. The message is in lower case and has no full stop.
    pub fn changed_at(&mut self, pointer: impl Into<String>, message: impl Into<String>) {
        self.changes.push(Change {
            pass: self.pass,
            pointer: pointer.into(),
            what: message.into(),
        });
    }

    /// Records a loss or a doubt that does not invalidate the document.
    pub fn warn(&mut self, problem: Problem) {
        self.warnings.push(problem);
    }

    /// Records an error of the document that has an obvious reading: a problem with `strict`, a warning otherwise.
    pub fn mistake(&mut self, problem: Problem) {
        if self.options.strict {
            self.problem(problem);
        } else {
            self.warn(problem);
        }
    }

    /// Records a construct that cannot be normalized. The document is rejected.
    pub fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }
}
