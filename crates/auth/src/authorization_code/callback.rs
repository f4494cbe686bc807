//! The answer of the authorization endpoint, as the browser brings it (RFC 6749 §4.1.2).

use auth0_core::SecretString;
use serde_json::Value;
use url::{Url, form_urlencoded};

use super::PendingLogin;
use crate::answer;
use crate::discovery::shown_issuer;
use crate::error::{CallbackFault, Error, Failure, Finding, Rejection};
use crate::id_token::is_same;

/// The parameters of the answer that are read.
#[derive(Default)]
pub(crate) struct Callback {
    code: Option<SecretString>,
    state: Option<SecretString>,
    iss: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
    error_uri: Option<String>,
}

impl Callback {
    /// Reads a URL, its path and query, or a query alone.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let mut found = Self::default();
        for (name, value) in form_urlencoded::parse(query(text).as_bytes()) {
            let value = value.into_owned();
            let was_there = match &*name {
                "code" => found.code.replace(value.into()).is_some(),
                "state" => found.state.replace(value.into()).is_some(),
                "iss" => found.iss.replace(value).is_some(),
                "error" => found.error.replace(value).is_some(),
                "error_description" => found.error_description.replace(value).is_some(),
                "error_uri" => found.error_uri.replace(value).is_some(),
                _ => false,
            };
            // Of two values somebody else may have added one (RFC 6749 §3.1).
            if was_there {
                return Err(fault(CallbackFault::Repeated));
            }
        }
        Ok(found)
    }

    /// Whether this is an answer to that login.
    pub(crate) fn is_of(&self, pending: &PendingLogin) -> bool {
        self.state
            .as_ref()
            .is_some_and(|state| is_same(state.secret(), pending.state.secret()))
    }

    /// Checks that this is a response to that login.
    pub(super) fn check_state(&self, pending: &PendingLogin) -> Result<(), Error> {
        match self.is_of(pending) {
            true => Ok(()),
            false => Err(fault(CallbackFault::State)),
        }
    }

    /// The code, if the response comes from this server and is no error. `promised`: the server's metadata says that it
    /// always sends `iss`.
    pub(super) fn code(
        self,
        pending: &PendingLogin,
        issuer: &str,
        promised: bool,
    ) -> Result<SecretString, Error> {
        // Errors may come from the wrong server just as well (RFC 9207 §2.4).
        let found = match &self.iss {
            Some(found) if found == issuer => None,
            Some(found) => Some(self.shown(found, pending)),
            None if promised => Some("none, though the server's metadata promises one".to_owned()),
            None => None,
        };
        if let Some(found) = found {
            return Err(fault(Finding::new(
                CallbackFault::Issuer,
                format!("iss: expected {issuer}, found {found}"),
            )));
        }
        match (&self.error, &self.code) {
            (Some(error), _) => Err(Failure::Denied(self.rejection(error, pending)).into()),
            (None, Some(code)) if !code.is_empty() => Ok(code.clone()),
            (None, _) => Err(fault(CallbackFault::Code)),
        }
    }

    /// What must not be repeated of the login.
    fn secrets<'a>(&'a self, pending: &'a PendingLogin) -> Vec<&'a str> {
        let drawn = [&pending.state, &pending.nonce, &pending.verifier];
        let drawn = drawn.into_iter().chain(&self.code);
        drawn.map(SecretString::secret).collect()
    }

    /// `iss` as an error may show it.
    fn shown(&self, text: &str, pending: &PendingLogin) -> String {
        answer::text(&Value::from(shown_issuer(text)), &self.secrets(pending)).unwrap_or_default()
    }

    /// The refusal, with nothing in it that must not be repeated.
    fn rejection(&self, error: &str, pending: &PendingLogin) -> Rejection {
        let extra = pending.extra_values();
        let drawn = self.secrets(pending);
        let all: Vec<&str> = drawn
            .iter()
            .copied()
            .chain(extra.iter().map(String::as_str))
            .collect();
        let keep = |text: &str| answer::text(&Value::from(text), &all);
        Rejection {
            // A code is one word of a few, which a parameter may well have been too.
            error: answer::text(&Value::from(error), &drawn)
                .unwrap_or_else(|| "an empty error".to_owned()),
            description: self.error_description.as_deref().and_then(keep),
            uri: self.error_uri.as_deref().and_then(keep),
            mfa_token: None,
        }
    }
}

fn fault(fault: impl Into<Finding<CallbackFault>>) -> Error {
    Failure::Callback(fault.into()).into()
}

/// The query of a URL or of a path, or the text itself.
fn query(text: &str) -> &str {
    // A user may have pasted it.
    let text = text.trim();
    let has_path = text.starts_with(['/', '?']) || Url::parse(text).is_ok();
    let query = match text.split_once('?') {
        Some((_, query)) if has_path => query,
        _ if has_path => "",
        _ => text,
    };
    query.split_once('#').map_or(query, |(query, _)| query)
}
