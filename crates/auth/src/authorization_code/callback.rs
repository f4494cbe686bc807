//! The authorization response, as the browser delivers it (RFC 6749 §4.1.2).

use auth0_core::SecretString;
use serde_json::Value;
use url::{Url, form_urlencoded};

use super::PendingLogin;
use crate::discovery::shown_issuer;
use crate::error::{CallbackErrorKind, Error, Failure, Finding, Rejection};
use crate::id_token::is_same;
use crate::token_response;

/// The parameters of the authorization response.
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
    /// Parses a URL, a path with a query, or a query alone.
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
            // One of two values may have been added by an attacker (RFC 6749 §3.1).
            if was_there {
                return Err(invalid_callback(CallbackErrorKind::Repeated));
            }
        }
        Ok(found)
    }

    /// Returns whether this is the response to that login.
    pub(crate) fn is_of(&self, pending: &PendingLogin) -> bool {
        self.state
            .as_ref()
            .is_some_and(|state| is_same(state.secret(), pending.state.secret()))
    }

    /// Checks that this is the response to that login.
    pub(super) fn check_state(&self, pending: &PendingLogin) -> Result<(), Error> {
        match self.is_of(pending) {
            true => Ok(()),
            false => Err(invalid_callback(CallbackErrorKind::State)),
        }
    }

    /// Returns the code, if the response comes from this server and is not an error. `promised` says that the server's metadata
    /// announces `iss` in every response.
    pub(super) fn code(
        self,
        pending: &PendingLogin,
        issuer: &str,
        promised: bool,
    ) -> Result<SecretString, Error> {
        // Error responses can come from the wrong server as well (RFC 9207 §2.4).
        let found = match &self.iss {
            Some(found) if found == issuer => None,
            Some(found) => Some(self.shown(found, pending)),
            None if promised => Some("none, although the server metadata announces it".to_owned()),
            None => None,
        };
        if let Some(found) = found {
            return Err(invalid_callback(Finding::new(
                CallbackErrorKind::Issuer,
                format!("iss: expected {issuer}, found {found}"),
            )));
        }
        match (&self.error, &self.code) {
            (Some(error), _) => Err(Failure::Denied(self.rejection(error, pending)).into()),
            (None, Some(code)) if !code.is_empty() => Ok(code.clone()),
            (None, _) => Err(invalid_callback(CallbackErrorKind::Code)),
        }
    }

    /// Returns the secrets of the login that are redacted in errors.
    fn secrets<'a>(&'a self, pending: &'a PendingLogin) -> Vec<&'a str> {
        let drawn = [&pending.state, &pending.nonce, &pending.verifier];
        let drawn = drawn.into_iter().chain(&self.code);
        drawn.map(SecretString::secret).collect()
    }

    /// Returns `iss` as an error may show it.
    fn shown(&self, text: &str, pending: &PendingLogin) -> String {
        token_response::text(&Value::from(shown_issuer(text)), &self.secrets(pending))
            .unwrap_or_default()
    }

    /// Returns the error of the server, with secrets redacted.
    fn rejection(&self, error: &str, pending: &PendingLogin) -> Rejection {
        let extra = pending.extra_values();
        let drawn = self.secrets(pending);
        let all: Vec<&str> = drawn
            .iter()
            .copied()
            .chain(extra.iter().map(String::as_str))
            .collect();
        let keep = |text: &str| token_response::text(&Value::from(text), &all);
        Rejection {
            // An error code is a keyword, which may also be the value of an extra parameter.
            error: token_response::text(&Value::from(error), &drawn)
                .unwrap_or_else(|| "an empty error".to_owned()),
            description: self.error_description.as_deref().and_then(keep),
            uri: self.error_uri.as_deref().and_then(keep),
            mfa_token: None,
        }
    }
}

fn invalid_callback(finding: impl Into<Finding<CallbackErrorKind>>) -> Error {
    Failure::Callback(finding.into()).into()
}

/// Returns the query of a URL or of a path, or the text itself.
fn query(text: &str) -> &str {
    // Users paste it, with white space around it.
    let text = text.trim();
    let has_path = text.starts_with(['/', '?']) || Url::parse(text).is_ok();
    let query = match text.split_once('?') {
        Some((_, query)) if has_path => query,
        _ if has_path => "",
        _ => text,
    };
    query.split_once('#').map_or(query, |(query, _)| query)
}
