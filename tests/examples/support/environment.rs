//! The environment variables that make an example use a live API.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;

use super::{Failure, note};

/// Name and description of a variable.
type Variable = (&'static str, &'static str);

/// The variables that an example reads.
///
/// Only the selector makes the example use a live API. The others are often set for other tools, and that alone must
/// not make an example change a live API.
pub(crate) struct Environment {
    /// The kind of target, such as `team`.
    pub(crate) target: &'static str,
    /// The variable that selects a live target.
    pub(crate) selector: Variable,
    pub(crate) required: &'static [Variable],
    pub(crate) optional: &'static [Variable],
}

/// The values of the variables that are set.
pub(crate) struct Values(BTreeMap<&'static str, String>);

impl Environment {
    /// The values of the variables for a live API, or `None` if the selector is not set.
    ///
    /// # Errors
    ///
    /// If the selector is set and a required variable is not.
    pub(crate) fn read(&self) -> Result<Option<Values>, Failure> {
        let selector = self.selector.0;
        let Some(value) = variable(selector)? else {
            self.note_sandbox();
            return Ok(None);
        };
        let mut values = BTreeMap::from([(selector, value)]);
        for (name, _) in self.others() {
            values.extend(variable(name)?.map(|value| (*name, value)));
        }
        let names = self.required.iter().map(|(name, _)| *name);
        let missing: Vec<_> = names.filter(|name| !values.contains_key(name)).collect();
        if !missing.is_empty() {
            return Err(Failure::usage(format!(
                "{selector} is set, but {} is missing; unset {selector} to run against a sandbox",
                missing.join(", ")
            )));
        }
        note(format!(
            "using the live {} {}",
            self.target, values[selector]
        ));
        Ok(Some(Values(values)))
    }

    fn others(&self) -> impl Iterator<Item = &Variable> {
        self.required.iter().chain(self.optional)
    }

    /// Notes that the example uses a sandbox, and which variables it therefore ignores.
    fn note_sandbox(&self) {
        let is_set = |name: &&str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let names = self.others().map(|(name, _)| *name);
        let set: Vec<_> = names.filter(is_set).collect();
        if set.is_empty() {
            note(format!(
                "using a local sandbox; see --help for how to use {} of your own",
                with_article(self.target)
            ));
        } else {
            note(format!(
                "using a local sandbox: ignoring {} because {} is not set",
                set.join(", "),
                self.selector.0
            ));
        }
    }
}

impl Values {
    /// The value of a required variable. `Environment::read` checked that it is set.
    pub(crate) fn required(&self, name: &str) -> String {
        self.optional(name).unwrap_or_default()
    }

    pub(crate) fn optional(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }
}

/// The text in `--help`.
impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Without {} the example runs against a local sandbox, which needs no account. With it, the example runs\n\
             against that {} and reads these environment variables:",
            self.selector.0, self.target
        )?;
        let all = || [&self.selector].into_iter().chain(self.others());
        let width = all().map(|(name, _)| name.len()).max().unwrap_or_default();
        for (name, text) in all() {
            let is_optional = self.optional.iter().any(|(other, _)| other == name);
            let optional = if is_optional { "optional: " } else { "" };
            write!(f, "\n  {name:width$}  {optional}{text}")?;
        }
        Ok(())
    }
}

fn with_article(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {noun}")
}

/// The value of an environment variable. An empty variable counts as unset.
fn variable(name: &str) -> Result<Option<String>, Failure> {
    std::env::var_os(name)
        .filter(|value| !value.is_empty())
        .map(OsString::into_string)
        .transpose()
        .map_err(|_| Failure::usage(format!("{name}: expected UTF-8, found other bytes")))
}
