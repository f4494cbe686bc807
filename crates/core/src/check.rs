//! Validates requests against the constraints of the document before they are sent.

use std::fmt;

mod pattern;
mod rules;
mod values;

use crate::AdditionalFields;

pub use rules::Rules;

/// A value that can be checked against rules.
///
/// Generated structs ignore `rules`, which apply to scalars and collections, and check their fields.
pub trait Check {
    /// Reports every rule that `self` violates to `at`.
    fn check(&self, rules: &Rules, at: &mut Checker);
}

/// A constraint that a request violates. It contains the field and the rule, never the value.
///
/// ```
/// use auth0_core::Error;
///
/// fn report(error: &Error) {
///     for violation in error.violations() {
///         println!("{}: {}", violation.field(), violation.rule());
///     }
/// }
/// # report(&Error::configuration("example"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    field: String,
    rule: String,
}

impl Violation {
    pub(crate) fn new(field: String, rule: String) -> Self {
        Self { field, rule }
    }

    /// Returns the field, such as `tenant_name`, `tenants[3].roles[0]` or `header host`; `body` for the whole body.
    pub fn field(&self) -> &str {
        &self.field
    }

    /// Returns what was found and what was expected.
    pub fn rule(&self) -> &str {
        &self.rule
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.rule)
    }
}

/// Collects all violations of a request.
///
/// ```
/// use auth0_core::{codegen::{Checker, Rules}};
///
/// let mut check = Checker::new();
/// check.path_segment("id", "..");
/// check.field("tenant_name", "ab", const { &Rules::NONE.min_length(3) });
/// let texts: Vec<String> = check.violations().iter().map(ToString::to_string).collect();
/// assert_eq!(texts, [
///     "id: `..` is not allowed in a path, expected an id",
///     "tenant_name: 2 characters, expected at least 3",
/// ]);
/// ```
#[derive(Debug, Default)]
pub struct Checker {
    path: Vec<PathSegment>,
    violations: Vec<Violation>,
}

/// A segment of the path to the current value. Converted into text only for violations.
#[derive(Debug)]
enum PathSegment {
    Field(&'static str),
    Item(usize),
    Key(String),
}

impl Checker {
    /// Creates a checker without violations.
    pub fn new() -> Self {
        Self::default()
    }

    /// Checks the field `name`.
    pub fn field<T: Check + ?Sized>(&mut self, name: &'static str, value: &T, rules: &Rules) {
        self.path.push(PathSegment::Field(name));
        value.check(rules, self);
        self.path.pop();
    }

    /// Checks an item of a list.
    pub fn item<T: Check + ?Sized>(&mut self, index: usize, value: &T, rules: &Rules) {
        self.path.push(PathSegment::Item(index));
        value.check(rules, self);
        self.path.pop();
    }

    /// Checks the entry `key` of a map.
    pub fn entry<T: Check + ?Sized>(&mut self, key: &str, value: &T, rules: &Rules) {
        self.path.push(PathSegment::Key(key.to_owned()));
        value.check(rules, self);
        self.path.pop();
    }

    /// Checks that `segment` is one segment of a path. Empty, `.` and `..` would change the path.
    pub fn path_segment(&mut self, name: &'static str, segment: &str) {
        match segment {
            "" => self.violation(name, "empty, expected an id"),
            "." => self.violation(name, "`.` is not allowed in a path, expected an id"),
            ".." => self.violation(name, "`..` is not allowed in a path, expected an id"),
            _ => {}
        }
    }

    /// Reports a violation of `rule` by `field`, unless it `holds`.
    pub fn rule(&mut self, holds: bool, field: &'static str, rule: impl Into<String>) {
        if !holds {
            self.violation(field, rule);
        }
    }

    /// Checks that the parameters of only one kind of pagination are set. Each parameter is a name and whether it is set.
    pub fn one_paging(
        &mut self,
        checkpoint: &[(&'static str, bool)],
        counted: &[(&'static str, bool)],
    ) {
        let set = |parameters: &[(&'static str, bool)]| {
            parameters
                .iter()
                .find(|(_, set)| *set)
                .map(|(name, _)| *name)
        };
        if let (Some(checkpoint), Some(counted)) = (set(checkpoint), set(counted)) {
            self.violation(
                counted,
                format!(
                    "selects counted pagination, expected it without `{checkpoint}`, which selects checkpoint pagination"
                ),
            );
        }
    }

    /// Checks that no additional field has the name of a documented one: the body would contain it twice.
    pub fn additional_fields(&mut self, fields: &AdditionalFields, documented: &[&'static str]) {
        for name in documented {
            let rule = "is an additional field, expected its value in the field of the type";
            self.rule(fields.get(name).is_none(), name, rule);
        }
    }

    /// Reports that `field` violates `rule`.
    pub fn violation(&mut self, field: &'static str, rule: impl Into<String>) {
        self.path.push(PathSegment::Field(field));
        self.broken(rule);
        self.path.pop();
    }

    /// Reports that the current value violates `rule`.
    pub fn broken(&mut self, rule: impl Into<String>) {
        let (field, rule) = (self.path_text(), rule.into());
        self.violations.push(Violation { field, rule });
    }

    /// Returns the violations found so far.
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    pub(crate) fn into_violations(self) -> Vec<Violation> {
        self.violations
    }

    fn path_text(&self) -> String {
        let mut text = String::new();
        for segment in &self.path {
            let name = match segment {
                PathSegment::Item(index) => {
                    text.push_str(&format!("[{index}]"));
                    continue;
                }
                PathSegment::Field(name) => name,
                PathSegment::Key(key) => key.as_str(),
            };
            if !text.is_empty() {
                text.push('.');
            }
            text.push_str(name);
        }
        if text.is_empty() {
            text.push_str("body");
        }
        text
    }
}
