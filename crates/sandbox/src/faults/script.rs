//! Fault scripts.

use serde::Deserialize;

use super::Fault;
use crate::error::Error;

/// Faults and a clock offset, read from TOML.
///
/// ```
/// let script = auth0_sandbox::Script::parse("faults.toml", r#"
///     clock-offset-seconds = -600
///
///     [[fault]]
///     operation = "listMembers"
///     calls = [2]
///     then = { answer = { status = 503, headers = { retry-after = "7" } } }
///
///     [[fault]]
///     probability = 0.05
///     delay-ms = 250
///     then = { rate-limit = { hint = "reset", seconds = 3 } }
///
///     [[fault]]
///     operation = "createTenant"
///     times = 1
///     then = "truncate"
/// "#)?;
/// # let _ = script;
/// # Ok::<(), auth0_sandbox::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Script {
    #[serde(default)]
    pub(crate) clock_offset_seconds: i64,
    #[serde(default, rename = "fault")]
    pub(crate) faults: Vec<toml::Spanned<Fault>>,
}

impl Script {
    /// Parses a script. Errors refer to it by `name`.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Script`], which names the line, if the text is not valid TOML or contains an invalid fault.
    pub fn parse(name: &str, text: &str) -> Result<Self, Error> {
        let wrong = |message: String| Error::Script {
            name: name.to_owned(),
            message,
        };
        let script: Self =
            toml::from_str(text).map_err(|error| wrong(error.to_string().trim_end().to_owned()))?;
        for fault in &script.faults {
            fault.get_ref().check().map_err(|message| {
                let line = text[..fault.span().start].matches('\n').count() + 1;
                wrong(format!("fault at line {line}: {message}"))
            })?;
        }
        Ok(script)
    }
}
