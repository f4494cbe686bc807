//! What has to be remembered between the two halves of a login.

use std::fmt;

use auth0_core::SecretString;
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use url::Url;

use super::builder::RESERVED;
use crate::error::Error;
use crate::random;

/// A login that was started and is not finished: the URL that the browser opens, and what its answer is held against.
///
/// It is a secret: whoever has it can finish the login in the user's place, and whoever can change it can give the user
/// somebody else's. A web application that serializes it keeps it on the server, or in a cookie that is encrypted and
/// authenticated, `HttpOnly` and `SameSite=Lax`, and uses it once. `Debug` shows nothing of it.
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
    /// A login with secrets of its own, and without a URL yet.
    pub(super) fn draw(organization: Option<String>) -> Result<Self, Error> {
        Ok(Self {
            url: SecretString::default(),
            state: random::text()?.into(),
            nonce: random::text()?.into(),
            verifier: random::text()?.into(),
            organization,
        })
    }

    /// What the browser has to open. It holds `state` and `nonce`: keep it out of logs.
    pub fn url(&self) -> &str {
        self.url.secret()
    }

    /// The `state` of this login, by which a web application with several logins under way finds the right one.
    pub fn state(&self) -> &str {
        self.state.secret()
    }

    /// The values of the extra parameters, such as a `login_hint`. Short ones are words that may be shown, as in
    /// `prompt=login`.
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

/// The challenge S256 of a verifier (RFC 7636 §4.2).
fn code_challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes()))
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
    fn verifier_of_rfc_7636_appendix_b_then_its_challenge() {
        assert_eq!(
            code_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }

    #[test]
    fn verifier_is_drawn_then_it_is_as_long_as_rfc_7636_wants_and_another_each_time() {
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
