//! The variables of the environment that lead an example to a live API.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;

use super::{Failure, note};

/// A variable and what it is.
type Variable = (&'static str, &'static str);

/// The variables that an example reads.
///
/// The first one decides alone: the others are often there for other tools, and their being there must not make an
/// example write to something real.
pub(crate) struct Environment {
    /// What the example runs against, such as `team`.
    pub(crate) what: &'static str,
    pub(crate) decides: Variable,
    pub(crate) required: &'static [Variable],
    pub(crate) optional: &'static [Variable],
}

/// The values of the variables that are set.
pub(crate) struct Values(BTreeMap<&'static str, String>);

impl Environment {
    /// The values that lead to a live API; nothing where the variable that decides is not set.
    pub(crate) fn read(&self) -> Result<Option<Values>, Failure> {
        let decides = self.decides.0;
        let Some(value) = variable(decides)? else {
            self.note_sandbox();
            return Ok(None);
        };
        let mut values = BTreeMap::from([(decides, value)]);
        for (name, _) in self.others() {
            values.extend(variable(name)?.map(|value| (*name, value)));
        }
        let names = self.required.iter().map(|(name, _)| *name);
        let missing: Vec<_> = names.filter(|name| !values.contains_key(name)).collect();
        if !missing.is_empty() {
            return Err(Failure::usage(format!(
                "with {decides} expected {} too; without it the example runs against a sandbox",
                missing.join(", ")
            )));
        }
        note(format!(
            "this is the live {} {}",
            self.what, values[decides]
        ));
        Ok(Some(Values(values)))
    }

    fn others(&self) -> impl Iterator<Item = &Variable> {
        self.required.iter().chain(self.optional)
    }

    /// Says that it is a sandbox, and which variables are there all the same.
    fn note_sandbox(&self) {
        let is_set = |name: &&str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let names = self.others().map(|(name, _)| *name);
        let set: Vec<_> = names.filter(is_set).collect();
        if set.is_empty() {
            note(format!(
                "this is a sandbox on this machine; --help says how to use {} of your own",
                with_article(self.what)
            ));
        } else {
            note(format!(
                "this is a sandbox on this machine: {} would be used only if {} were set too",
                set.join(", "),
                self.decides.0
            ));
        }
    }
}

impl Values {
    /// The value of a variable that is required, which is there.
    pub(crate) fn required(&self, name: &str) -> String {
        self.optional(name).unwrap_or_default()
    }

    pub(crate) fn optional(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }
}

/// As it stands in `--help`.
impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "It runs against a sandbox on this machine, which needs no account, unless {} is set. Then it runs against that\n\
             {}, with these variables of the environment:",
            self.decides.0, self.what
        )?;
        let all = || [&self.decides].into_iter().chain(self.others());
        let width = all().map(|(name, _)| name.len()).max().unwrap_or_default();
        for (name, text) in all() {
            let is_optional = self.optional.iter().any(|(other, _)| other == name);
            let optional = if is_optional { "optional: " } else { "" };
            write!(f, "\n  {name:width$}  {optional}{text}")?;
        }
        Ok(())
    }
}

fn with_article(what: &str) -> String {
    let article = if what.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {what}")
}

/// A variable of the environment. One that is empty counts as not set.
fn variable(name: &str) -> Result<Option<String>, Failure> {
    std::env::var_os(name)
        .filter(|value| !value.is_empty())
        .map(OsString::into_string)
        .transpose()
        .map_err(|_| {
            Failure::usage(format!(
                "{name}: expected a text in UTF-8, found other bytes"
            ))
        })
}
