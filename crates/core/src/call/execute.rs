//! Sending: the token, the headers, the one repetition after a 401, and the body with its limit.

use std::sync::{Arc, PoisonError};

use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT, AUTHORIZATION, USER_AGENT};
use http::{HeaderValue, StatusCode};
use reqwest::{Request, Response, ResponseBuilderExt};

use super::{Call, Received};
use crate::error::Unread;
use crate::{AccessToken, Error, TokenSource};

/// The status that tells progenitor's decoding that there is nothing to decode. No server sends it, and nobody sees
/// it: [`Call::finish`] goes by what the call itself keeps.
const FAILED: u16 = 999;

impl Call {
    /// Sends `request`, and once more with a new token if the first is refused and the token source has another. What
    /// a generated client's `ClientHooks::exec` delegates to.
    ///
    /// It never fails: an error is kept in the call and told by [`Call::finish`].
    pub async fn execute(&self, request: Request) -> reqwest::Result<Response> {
        // Boxed, so that the futures on the way, which are moved, need no room for a request each.
        let result = self.send(Box::new(request)).await;
        let (status, body) = match &result {
            Ok(received) => self.handed_on(received),
            Err(_) => (FAILED, Bytes::new()),
        };
        *self.0.result.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
        // With an address given, reqwest need not parse one that stands for none.
        let response = http::Response::builder()
            .status(status)
            .url(self.0.transport.0.base_url.url().clone())
            .body(body);
        Ok(response.unwrap_or_default().into())
    }

    /// What progenitor is given to decode.
    fn handed_on(&self, received: &Received) -> (u16, Bytes) {
        let status = received.status.as_u16();
        if let Some(outcomes) = self.0.operation.outcome() {
            // Complete is complete, whatever body came along.
            let nothing = Bytes::from_static(b"null");
            return (
                status,
                if status == outcomes.complete {
                    nothing
                } else {
                    received.body.clone()
                },
            );
        }
        let documented = self.0.operation.success();
        let status = match documented.first() {
            Some(first) if received.status.is_success() && !documented.contains(&status) => *first,
            _ => status,
        };
        (status, received.body.clone())
    }

    async fn send(&self, mut request: Box<Request>) -> Result<Received, Error> {
        self.prepare(&mut request)?;
        let Some(tokens) = &self.0.transport.0.token_source else {
            return self.attempt(*request, None, 1).await;
        };
        let (former, authorization) = self.token(tokens).await?;
        request.headers_mut().insert(AUTHORIZATION, authorization);
        let repetition = request.try_clone().map(Box::new);
        let received = self.attempt(*request, Some((tokens, &former)), 1).await?;
        if received.status != StatusCode::UNAUTHORIZED || !tokens.rejected(&former) {
            return Ok(received);
        }
        let Some(mut request) = repetition else {
            return Ok(received);
        };
        let (token, authorization) = match self.token(tokens).await {
            Ok((token, _)) if token.secret() == former.secret() => return Ok(received),
            Ok(token) => token,
            Err(error) => return Err(error.no_other_token(received)),
        };
        request.headers_mut().insert(AUTHORIZATION, authorization);
        let received = self.attempt(*request, Some((tokens, &token)), 2).await?;
        if received.status == StatusCode::UNAUTHORIZED {
            tokens.rejected(&token);
        }
        Ok(received)
    }

    /// Sets what every attempt has in common.
    fn prepare(&self, request: &mut Request) -> Result<(), Error> {
        let shared = &self.0.transport.0;
        if !shared.base_url.covers(request.url()) {
            return Err(Error::unbuildable_request(self.0.operation.id(), None));
        }
        let headers = request.headers_mut();
        // A habit of progenitor's home that Auth0 does not know.
        headers.remove("api-version");
        headers
            .entry(ACCEPT)
            .or_insert(HeaderValue::from_static("application/json"));
        if let Some(user_agent) = &shared.user_agent {
            headers.insert(USER_AGENT, user_agent.clone());
        }
        for (name, value) in &self.0.options.headers {
            headers.insert(name, value.clone());
        }
        Ok(())
    }

    /// A token and the header that carries it.
    async fn token(
        &self,
        tokens: &Arc<dyn TokenSource>,
    ) -> Result<(AccessToken, HeaderValue), Error> {
        let token = tokens.token().await;
        let authorized = token.and_then(|token| Ok((token.authorization()?, token)));
        match authorized {
            Ok((authorization, token)) => Ok((token, authorization)),
            Err(error) => Err(Error::token(self.0.operation.id(), error)),
        }
    }

    /// Not an `async fn`: that would carry the request along, which reqwest has taken by then.
    fn attempt(
        &self,
        mut request: Request,
        token: Option<(&Arc<dyn TokenSource>, &AccessToken)>,
        number: u32,
    ) -> impl Future<Output = Result<Received, Error>> {
        let shared = &self.0.transport.0;
        // reqwest keeps the time-out in a map, which a copy of the request would have to copy too: so it is set last.
        *request.timeout_mut() = Some(self.0.options.timeout.unwrap_or(shared.timeout));
        let sending = shared.http_client.reqwest().execute(request);
        self.answer(sending, token, number)
    }

    async fn answer(
        &self,
        sending: impl Future<Output = reqwest::Result<Response>>,
        token: Option<(&Arc<dyn TokenSource>, &AccessToken)>,
        number: u32,
    ) -> Result<Received, Error> {
        let operation = self.0.operation;
        let shared = &self.0.transport.0;
        let result = sending.await;
        let status = result
            .as_ref()
            .ok()
            .map(|response| response.status().as_u16());
        tracing::debug!(
            target: "auth0_core",
            operation = operation.id(),
            method = operation.method(),
            path = operation.path(),
            attempt = number,
            status,
            "attempt"
        );
        let response = result.map_err(|cause| Error::transport(operation.id(), cause))?;
        // Told before the body is read: the token was taken, whatever becomes of the answer.
        if let Some((tokens, token)) = token.filter(|_| proves_the_token(response.status())) {
            tokens.accepted(token);
        }
        let (received, cut) = receive(response, shared.max_response_bytes).await;
        match cut {
            Some(why) if received.status.is_success() => {
                Err(Error::unread(operation.id(), received, why))
            }
            _ => Ok(received),
        }
    }
}

/// Reads the body as far as it comes and the limit allows, and says why it is not all, if it is not.
async fn receive(mut response: Response, limit: usize) -> (Received, Option<Unread>) {
    let headers = std::mem::take(response.headers_mut());
    let mut body = Body::default();
    let cut = loop {
        match response.chunk().await {
            Ok(None) => break None,
            Ok(Some(mut chunk)) => {
                let room = limit - body.len();
                let too_large = chunk.len() > room;
                chunk.truncate(room);
                body.push(chunk);
                if too_large {
                    break Some(Unread::TooLarge(limit));
                }
            }
            Err(cause) => break Some(Unread::BrokeOff(cause.without_url())),
        }
    };
    let received = Received {
        status: response.status(),
        headers,
        body: body.into_bytes(),
        complete: cut.is_none(),
    };
    (received, cut)
}

/// A body as it comes. Most come in one chunk, which then is the body and is not copied.
#[derive(Default)]
struct Body {
    first: Bytes,
    /// Everything, the first chunk included, once there are more.
    all: BytesMut,
}

impl Body {
    fn len(&self) -> usize {
        self.all.len().max(self.first.len())
    }

    fn push(&mut self, chunk: Bytes) {
        if self.first.is_empty() {
            self.first = chunk;
            return;
        }
        if self.all.is_empty() {
            self.all.extend_from_slice(&self.first);
        }
        self.all.extend_from_slice(&chunk);
    }

    fn into_bytes(self) -> Bytes {
        if self.all.is_empty() {
            self.first
        } else {
            self.all.freeze()
        }
    }
}

/// Whether an answer of this status comes from behind the check of the token. A gateway may answer the others.
fn proves_the_token(status: StatusCode) -> bool {
    status.is_success() || matches!(status.as_u16(), 400 | 404 | 409 | 422)
}
