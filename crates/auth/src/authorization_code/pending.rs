//! The state of a login between its two requests.

use std::fmt;

use auth0_core::SecretString;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use url::Url;

use super::builder::RESERVED;
use crate::crypto::sha256;
use crate::error::Error;
use crate::random;

/// A login that was started and is not finished: the URL for the browser, and the secrets to check its response with.
///
/// Treat it as a secret: anybody who reads it can finish the login in the user's place, and anybody who can change it can log the
/// user in as somebody else. A web application that serializes it must keep it on the server, or in a cookie that is
/// encrypted, authenticated, `HttpOnly` and `SameSite=Lax`, and use it only once. `Debug` shows none of its content.
///
/// ```
/// use auth0_auth::{AuthorizationCode, PendingLogin};
///
/// # async fn example(flow: &AuthorizationCode) -> Result<(), Box<dyn std::error::Error>> {
/// let pending = flow.start().await?;
/// // Store this in the server-side session of the browser.
/// let stored = serde_json::to_string(&pending)?;
/// // In the request to the callback:
/// let pending: PendingLogin = serde_json::from_str(&stored)?;
/// let session = flow.finish(pending, "/callback?code=…&state=…").await?;
/// # let _ = session;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Serialize, Deserialize)]
pub struct PendingLogin {
    pub(super) url: SecretString,
    pub(super) state: SecretString,
    pub(super) nonce: SecretString,
    pub(super) verifier: SecretString,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) organization: Option<String>,
}

impl PendingLogin {
    /// Generates the secrets of a login. The URL is still empty.
    pub(super) fn draw(organization: Option<String>) -> Result<Self, Error> {
        Ok(Self {
            url: SecretString::default(),
            state: random::text()?.into(),
            nonce: random::text()?.into(),
            verifier: random::text()?.into(),
            organization,
        })
    }

    /// Returns the URL that the browser has to open. It contains `state` and `nonce`: keep it out of logs.
    pub fn url(&self) -> &str {
        self.url.secret()
    }

    /// Returns the `state` of this login. A web application with several pending logins finds the right one by it.
    pub fn state(&self) -> &str {
        self.state.secret()
    }

    /// Returns the values of the extra parameters, such as a `login_hint`, that are redacted in errors. Short values are
    /// left out: they are keywords such as in `prompt=login`.
    pub(super) fn extra_values(&self) -> Vec<String> {
        let Ok(url) = Url::parse(self.url()) else {
            return Vec::new();
        };
        url.query_pairs()
            .filter(|(name, value)| !RESERVED.contains(&&**name) && value.len() >= 8)
            .map(|(_, value)| value.into_owned())
            .collect()
    }

    pub(super) fn code_challenge(&self) -> String {
        code_challenge(self.verifier.secret())
    }
}

/// Returns the S256 code challenge of a verifier (RFC 7636 §4.2).
fn code_challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(sha256(verifier.as_bytes()))
}

impl fmt::Debug for PendingLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PendingLogin(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_challenge_matches_rfc_7636_appendix_b() {
        assert_eq!(
            code_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }

    #[test]
    fn secrets_are_43_characters_long_and_unique() {
        let (first, second) = (
            PendingLogin::draw(None).unwrap(),
            PendingLogin::draw(None).unwrap(),
        );
        let texts = [&first, &second]
            .map(|login| [&login.state, &login.nonce, &login.verifier].map(|text| text.secret()));
        let all = texts.as_flattened();
        for (place, text) in all.iter().enumerate() {
            assert_eq!(text.len(), 43);
            assert!(!all[..place].contains(text));
        }
    }
}
