//! Token requests that prove that the client has the key which the token shall be bound to (RFC 9449 §5).

use auth0_core::http::Method;
use auth0_core::proof::{ProofOfPossession as _, ProofRequest, nonce_of};
use reqwest::StatusCode;

use super::Application;
use crate::answer;
use crate::discovery::Endpoint;
use crate::dpop::DpopKey;
use crate::error::{Error, Kind};
use crate::exchange::{Post, Read};

impl Application {
    /// Sends a form once, or twice if the server wants to have a nonce in the proof: it refused before it acted, so that
    /// a code or a refresh token in the form is as good as before.
    pub(super) async fn attempt(&self, endpoint: Endpoint, post: Post) -> Result<Read, Error> {
        let Some(key) = self.dpop.as_ref().filter(|_| endpoint == Endpoint::Token) else {
            return self.exchange.post_once(self.with_proof(post).await?).await;
        };
        let read = self.attempt_with(key, post.clone()).await?;
        if !asks_for_nonce(&read) {
            return Ok(read);
        }
        tracing::debug!("a request is sent again with the nonce that the server asks for");
        self.attempt_with(key, post).await
    }

    async fn attempt_with(&self, key: &DpopKey, post: Post) -> Result<Read, Error> {
        let url = post.url.clone();
        // An assertion is made anew as well: the server may have taken note of the first one.
        let mut post = self.with_proof(post).await?;
        let proof = key.prove(ProofRequest::new(&Method::POST, &url));
        post.dpop = Some(proof.map_err(|error| Error::of(Kind::Signing(error)))?);
        let mut read = self.exchange.post_once(post).await?;
        if let Some(nonce) = nonce_of(&read.headers) {
            key.nonce(&url, nonce);
        }
        read.dpop = Some(key.clone());
        Ok(read)
    }
}

/// Whether an answer is the challenge of RFC 9449 §8. Its status is 400 there; a 401 says the same.
fn asks_for_nonce(read: &Read) -> bool {
    matches!(
        read.answer.status,
        StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED
    ) && nonce_of(&read.headers).is_some()
        && answer::read_rejection(&read.body, &[])
            .is_ok_and(|rejection| rejection.error == "use_dpop_nonce")
}
