//! Calls whose token is bound to a key: the proof of each attempt, and what the server says of it.

use http::{HeaderMap, HeaderValue, StatusCode};
use reqwest::Request;

use super::Call;
use super::attempt::Attempted;
use crate::proof::{DPOP, ProofRequest, Refusal, ServerRole, nonce_of};
use crate::{AccessToken, Error, TokenError};

impl Call {
    /// Adds the proof that a token wants which is bound to a key.
    pub(super) fn prove(&self, request: &mut Request, token: &AccessToken) -> Result<(), Error> {
        let Some(key) = token.key() else {
            return Ok(());
        };
        let asked =
            ProofRequest::new(request.method(), request.url()).with_access_token(token.text());
        let value = key.proof(asked).and_then(|proof| {
            HeaderValue::from_str(proof.secret()).map_err(|_| {
                TokenError::new("the proof holds a character that a header cannot carry")
            })
        });
        let mut value = value.map_err(|error| Error::token(self.operation, error))?;
        value.set_sensitive(true);
        request.headers_mut().insert(DPOP, value);
        Ok(())
    }

    /// Keeps the nonce that an answer gives for the next proof, whatever else it says.
    pub(super) fn keep_nonce(&self, headers: &HeaderMap, token: &AccessToken) {
        if let Some(key) = token.key()
            && let Some(nonce) = nonce_of(headers)
        {
            // An answer that a layer made knows no URL. All calls go to this origin.
            let url = self.transport.0.base_url.url();
            key.nonce(ServerRole::ResourceServer, url, nonce);
        }
    }
}

/// Why the proof was refused, if it was the proof.
pub(super) fn refusal(attempted: &Attempted, token: Option<&AccessToken>) -> Option<Refusal> {
    token?.key()?;
    let answer = attempted.answer()?;
    (answer.status == StatusCode::UNAUTHORIZED)
        .then(|| Refusal::of(&answer.headers))
        .flatten()
}
