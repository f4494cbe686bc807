//! Sending: the token, the headers, the one repetition after a 401, and the body with its limit.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT, AUTHORIZATION, USER_AGENT};
use http::{HeaderValue, StatusCode};
use reqwest::{Request, Response};

use super::{Call, Received};
use crate::error::Unread;
use crate::{AccessToken, Error, Operation, TokenSource};

impl Call {
    pub(super) async fn send(&self, mut request: Request) -> Result<Received, Error> {
        self.prepare(&mut request)?;
        let Some(tokens) = &self.transport.0.token_source else {
            return self.attempt(request, None, 1).await;
        };
        let (former, authorization) = self.token(tokens).await?;
        request.headers_mut().insert(AUTHORIZATION, authorization);
        let repetition = request.try_clone();
        let received = self.attempt(request, Some((tokens, &former)), 1).await?;
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
        let received = self.attempt(request, Some((tokens, &token)), 2).await?;
        if received.status == StatusCode::UNAUTHORIZED {
            tokens.rejected(&token);
        }
        Ok(received)
    }

    /// Sets what every attempt has in common.
    fn prepare(&self, request: &mut Request) -> Result<(), Error> {
        let shared = &self.transport.0;
        if !shared.base_url.covers(request.url()) {
            return Err(Error::unbuildable_request(self.operation.id(), None));
        }
        let headers = request.headers_mut();
        headers
            .entry(ACCEPT)
            .or_insert(HeaderValue::from_static("application/json"));
        if let Some(user_agent) = &shared.user_agent {
            headers.insert(USER_AGENT, user_agent.clone());
        }
        for (name, value) in &self.options.headers {
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
            Err(error) => Err(Error::token(self.operation.id(), error)),
        }
    }

    /// Not an `async fn`: that would carry the request along, which reqwest has taken by then.
    fn attempt(
        &self,
        mut request: Request,
        token: Option<(&Arc<dyn TokenSource>, &AccessToken)>,
        number: u32,
    ) -> impl Future<Output = Result<Received, Error>> {
        let shared = &self.transport.0;
        // reqwest keeps the time-out in a map, which a copy of the request would have to copy too: so it is set last.
        *request.timeout_mut() = Some(self.options.timeout.unwrap_or(shared.timeout));
        let sending = shared.http_client.reqwest().execute(request);
        self.answer(sending, token, number)
    }

    async fn answer(
        &self,
        sending: impl Future<Output = reqwest::Result<Response>>,
        token: Option<(&Arc<dyn TokenSource>, &AccessToken)>,
        number: u32,
    ) -> Result<Received, Error> {
        let operation = self.operation;
        let shared = &self.transport.0;
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
        let (received, cut) = read(response, operation, shared.max_response_bytes).await;
        match cut {
            Some(why) if received.status.is_success() => Err(Error::unread(received, why)),
            _ => Ok(received),
        }
    }
}

/// Reads the body as far as it comes and the limit allows, and says why it is not all, if it is not.
async fn read(
    mut response: Response,
    operation: &'static Operation,
    limit: usize,
) -> (Received, Option<Unread>) {
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
        operation,
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
