//! What a request must hold before it is sent: the rules of the document, checked here so that the error names the
//! field and the rule and nothing leaves.

use std::fmt;

mod pattern;
mod rules;
mod values;

use crate::AdditionalFields;

pub use rules::Rules;

/// A value that rules can be checked on.
///
/// Generated structs ignore `rules`, which speak of scalars and collections, and check their fields.
pub trait Check {
    /// Tells `at` every rule that `self` breaks.
    fn check(&self, rules: &Rules, at: &mut Checker);
}

/// A rule that a request breaks. It names the field and the rule, never the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    field: String,
    rule: String,
}

impl Violation {
    pub(crate) fn new(field: String, rule: String) -> Self {
        Self { field, rule }
    }

    /// Where: `tenant_name`, `tenants[3].roles[0]`, `header host`, or `body` for the whole of it.
    pub fn field(&self) -> &str {
        &self.field
    }

    /// What was found and what was expected.
    pub fn rule(&self) -> &str {
        &self.rule
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.rule)
    }
}

/// Collects everything that is wrong with a request.
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
    place: Vec<Step>,
    violations: Vec<Violation>,
}

/// A step on the way to the value under check. Steps become text only when something is wrong.
#[derive(Debug)]
enum Step {
    Field(&'static str),
    Item(usize),
    Key(String),
}

impl Checker {
    /// A checker that has found nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Checks the field `name`.
    pub fn field<T: Check + ?Sized>(&mut self, name: &'static str, value: &T, rules: &Rules) {
        self.place.push(Step::Field(name));
        value.check(rules, self);
        self.place.pop();
    }

    /// Checks an item of a list.
    pub fn item<T: Check + ?Sized>(&mut self, index: usize, value: &T, rules: &Rules) {
        self.place.push(Step::Item(index));
        value.check(rules, self);
        self.place.pop();
    }

    /// Checks the entry `key` of a map.
    pub fn entry<T: Check + ?Sized>(&mut self, key: &str, value: &T, rules: &Rules) {
        self.place.push(Step::Key(key.to_owned()));
        value.check(rules, self);
        self.place.pop();
    }

    /// Checks that `segment` stays one segment of a path: empty, `.` and `..` would make it another path.
    pub fn path_segment(&mut self, name: &'static str, segment: &str) {
        match segment {
            "" => self.violation(name, "empty, expected an id"),
            "." => self.violation(name, "`.` is not allowed in a path, expected an id"),
            ".." => self.violation(name, "`..` is not allowed in a path, expected an id"),
            _ => {}
        }
    }

    /// Notes `rule` on `field`, unless it `holds`.
    pub fn rule(&mut self, holds: bool, field: &'static str, rule: impl Into<String>) {
        if !holds {
            self.violation(field, rule);
        }
    }

    /// Checks that of two ways to say which page is wanted only one is used: by checkpoints, or by counting pages. Each
    /// is given as its parameters with whether they are set.
    pub fn one_paging(
        &mut self,
        checkpoint: &[(&'static str, bool)],
        counted: &[(&'static str, bool)],
    ) {
        let set =
            |way: &[(&'static str, bool)]| way.iter().find(|(_, set)| *set).map(|(name, _)| *name);
        if let (Some(checkpoint), Some(counted)) = (set(checkpoint), set(counted)) {
            self.violation(
                counted,
                format!(
                    "counts pages, expected it without `{checkpoint}`, which pages by checkpoints"
                ),
            );
        }
    }

    /// Checks that no additional field has the name of a documented one, of which the body would then hold two.
    pub fn additional_fields(&mut self, fields: &AdditionalFields, documented: &[&'static str]) {
        for name in documented {
            let rule = "is an additional field, expected its value in the field of the type";
            self.rule(fields.get(name).is_none(), name, rule);
        }
    }

    /// Notes that `field` breaks `rule`.
    pub fn violation(&mut self, field: &'static str, rule: impl Into<String>) {
        self.place.push(Step::Field(field));
        self.broken(rule);
        self.place.pop();
    }

    /// Notes that the value under check breaks `rule`.
    pub fn broken(&mut self, rule: impl Into<String>) {
        let (field, rule) = (self.place(), rule.into());
        self.violations.push(Violation { field, rule });
    }

    /// Everything found so far.
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    pub(crate) fn into_violations(self) -> Vec<Violation> {
        self.violations
    }

    fn place(&self) -> String {
        let mut place = String::new();
        for step in &self.place {
            let name = match step {
                Step::Item(index) => {
                    place.push_str(&format!("[{index}]"));
                    continue;
                }
                Step::Field(name) => name,
                Step::Key(key) => key.as_str(),
            };
            if !place.is_empty() {
                place.push('.');
            }
            place.push_str(name);
        }
        if place.is_empty() {
            place.push_str("body");
        }
        place
    }
}
