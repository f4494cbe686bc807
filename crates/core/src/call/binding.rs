//! Calls whose token is bound to a key (DPoP): the proof of each attempt, and its rejection by the server.

use http::{HeaderMap, HeaderValue, StatusCode};
use reqwest::Request;
use url::Url;

use super::Call;
use super::attempt::Attempted;
use crate::proof::{DPOP, ProofRejection, ProofRequest, ServerRole, nonce_of};
use crate::{AccessToken, Error, TokenError};

impl Call {
    /// Adds a proof to the request, if the token is bound to a key.
    pub(super) fn prove(&self, request: &mut Request, token: &AccessToken) -> Result<(), Error> {
        let Some(key) = token.key() else {
            return Ok(());
        };
        let request_facts =
            ProofRequest::new(request.method(), request.url()).with_access_token(token.text());
        let value = key.proof(request_facts).and_then(|proof| {
            HeaderValue::from_str(proof.secret()).map_err(|_| {
                TokenError::new("the proof contains a character that is not valid in a header")
            })
        });
        let mut value = value.map_err(|error| Error::token(self.operation, error))?;
        value.set_sensitive(true);
        request.headers_mut().insert(DPOP, value);
        Ok(())
    }

    /// Stores the nonce of a response for the next proof, whatever its status.
    ///
    /// `url` is that of the request, because the response of a middleware has none.
    pub(super) fn keep_nonce(headers: &HeaderMap, token: &AccessToken, url: &Url) {
        if let Some(key) = token.key()
            && let Some(nonce) = nonce_of(headers)
        {
            key.nonce(ServerRole::ResourceServer, url, nonce);
        }
    }
}

/// Returns why the server rejected the proof, or `None` if it did not.
pub(super) fn rejection(
    attempted: &Attempted,
    token: Option<&AccessToken>,
) -> Option<ProofRejection> {
    token?.key()?;
    let response = attempted.response()?;
    (response.status == StatusCode::UNAUTHORIZED)
        .then(|| ProofRejection::of(&response.headers))
        .flatten()
}
