//! The answer of the authorization endpoint, as the browser brings it (RFC 6749 §4.1.2).

use auth0_core::SecretString;
use serde_json::Value;
use url::{Url, form_urlencoded};

use super::PendingLogin;
use crate::answer;
use crate::error::{CallbackFault, Error, Failure, Rejection};
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

    /// The code, if the answer is one to this login, from this server, and not a refusal.
    pub(super) fn code(self, pending: &PendingLogin, issuer: &str) -> Result<SecretString, Error> {
        if !self.is_of(pending) {
            return Err(fault(CallbackFault::State));
        }
        // A refusal may come from the wrong server just as well (RFC 9207 §2.4).
        if self.iss.as_ref().is_some_and(|found| found != issuer) {
            return Err(fault(CallbackFault::Issuer));
        }
        match (&self.error, &self.code) {
            (Some(error), _) => Err(Failure::Denied(self.rejection(error, pending)).into()),
            (None, Some(code)) if !code.is_empty() => Ok(code.clone()),
            (None, _) => Err(fault(CallbackFault::Code)),
        }
    }

    /// The refusal, with nothing in it that must not be repeated.
    fn rejection(&self, error: &str, pending: &PendingLogin) -> Rejection {
        let extra = pending.extra_values();
        let drawn = [&pending.state, &pending.nonce, &pending.verifier];
        let drawn = drawn
            .into_iter()
            .chain(&self.code)
            .map(SecretString::secret);
        let drawn: Vec<&str> = drawn.collect();
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

fn fault(fault: CallbackFault) -> Error {
    Failure::Callback(fault).into()
}

/// The query of a URL or of a path, or the text itself.
fn query(text: &str) -> &str {
    let has_path = text.starts_with(['/', '?']) || Url::parse(text).is_ok();
    let query = match text.split_once('?') {
        Some((_, query)) if has_path => query,
        _ if has_path => "",
        _ => text,
    };
    query.split_once('#').map_or(query, |(query, _)| query)
}
