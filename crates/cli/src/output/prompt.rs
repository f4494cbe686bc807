//! Questions on a terminal.

use std::io::{self, IsTerminal as _};

use auth0_core::SecretString;
use dialoguer::{Input, Password};

use super::{Console, printable};
use crate::failure::Failure;

impl Console {
    fn may_ask(&self) -> bool {
        !self.no_input && io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Asks for the name of what will be changed irreversibly, unless `confirmed` repeats it.
    pub(crate) fn confirm(
        &self,
        action: &str,
        name: &str,
        confirmed: Option<&str>,
    ) -> Result<(), Failure> {
        let matches = |given: &str| given.trim().eq_ignore_ascii_case(name);
        match confirmed {
            Some(given) if matches(given) => return Ok(()),
            Some(given) => {
                return Err(Failure::usage(format!(
                    "--confirm: expected `{name}`, found `{given}`"
                )));
            }
            None => {}
        }
        if !self.may_ask() {
            return Err(Failure::usage(format!(
                "{action} cannot be undone: expected `--confirm {name}`"
            )));
        }
        let given: String = Input::new()
            .with_prompt(printable(&format!(
                "{action} cannot be undone. Type `{name}` to continue"
            )))
            .allow_empty(true)
            .interact_text()
            .map_err(|error| {
                Failure::failed(format!("reading the confirmation failed: {error}"))
            })?;
        if matches(&given) {
            return Ok(());
        }
        Err(Failure::failed(format!(
            "not confirmed: expected `{name}`, found `{given}`"
        )))
    }

    /// Reads a secret: from standard input if it is not a terminal, otherwise by asking without echo.
    pub(crate) fn secret(&self, prompt: &str) -> Result<SecretString, Failure> {
        if io::stdin().is_terminal() {
            if !self.may_ask() {
                return Err(Failure::usage(format!(
                    "expected the {prompt} on standard input"
                )));
            }
            let given = Password::new().with_prompt(prompt).interact();
            return given
                .map(SecretString::from)
                .map_err(|error| Failure::failed(format!("reading the {prompt} failed: {error}")));
        }
        let text = io::read_to_string(io::stdin())
            .map_err(|error| Failure::failed(format!("reading the {prompt} failed: {error}")))?;
        Ok(SecretString::from(text).trimmed())
    }
}
