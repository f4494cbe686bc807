//! One attempt: a request, and its answer with the limit of its body.

use bytes::{Bytes, BytesMut};
use http::StatusCode;
use reqwest::{Request, Response};

use super::history::AttemptHistory;
use super::{Call, RawResponse, telemetry};
use crate::error::{Cause, Unread};
use crate::limit::Observation;
use crate::retry::AttemptOutcome;
use crate::{AccessToken, Operation};

/// How one attempt ended.
pub(super) enum Attempted {
    /// With an answer. Where it is no success, its body may have broken off.
    Answered(RawResponse),
    /// With a success that did not arrive whole.
    Cut(RawResponse, Unread),
    /// Without an answer.
    Failed(Cause),
}

impl Attempted {
    pub(super) fn answer(&self) -> Option<&RawResponse> {
        match self {
            Self::Answered(received) | Self::Cut(received, _) => Some(received),
            Self::Failed(_) => None,
        }
    }

    pub(super) fn into_answer(self) -> Option<RawResponse> {
        match self {
            Self::Answered(received) | Self::Cut(received, _) => Some(received),
            Self::Failed(_) => None,
        }
    }

    pub(super) fn outcome(&self) -> AttemptOutcome {
        match self {
            Self::Answered(received) => AttemptOutcome::Status(received.status),
            // It would be too large again.
            Self::Cut(received, Unread::TooLarge(_)) => AttemptOutcome::Status(received.status),
            Self::Cut(..) => AttemptOutcome::Cut,
            Self::Failed(cause) if cause.was_not_taken() => AttemptOutcome::Unsendable,
            Self::Failed(cause) if cause.is_unprocessed() => AttemptOutcome::NotSent,
            Self::Failed(_) => AttemptOutcome::Lost,
        }
    }

    /// Why no whole answer came, in a word.
    pub(super) fn failure(&self) -> Option<&'static str> {
        match self {
            Self::Answered(_) => None,
            Self::Cut(_, Unread::TooLarge(_)) => Some("too_large"),
            Self::Cut(..) => Some("broke_off"),
            Self::Failed(cause) => Some(cause.name()),
        }
    }
}

impl Call {
    /// Sends `request` once and reads the answer. `token` is told of its success.
    ///
    /// Not an `async fn`: that would carry the request along, which the HTTP client has taken by then.
    pub(super) fn exchange(
        &self,
        request: Request,
        token: Option<&AccessToken>,
        number: u32,
    ) -> impl Future<Output = Attempted> {
        telemetry::request(number, &request);
        let mut sending = self.transport.0.http_client.execute(request);
        async move {
            // By reference, or it would be in this future twice: before it is waited for, and while.
            let attempted = match (&mut sending).await {
                Err(cause) => Attempted::Failed(cause),
                Ok(response) => {
                    // Told before the body is read: what the head says holds, whatever becomes of the answer.
                    self.tell_limiter(&response);
                    if let Some(token) = token {
                        self.keep_nonce(response.headers(), token);
                        if proves_the_token(response.status())
                            && let Some(tokens) = &self.transport.0.token_source
                        {
                            tokens.accepted(token);
                        }
                    }
                    let limit = self.transport.0.max_response_bytes;
                    match read(response, self.operation, limit).await {
                        (received, Some(why)) if received.status.is_success() => {
                            Attempted::Cut(received, why)
                        }
                        (received, _) => Attempted::Answered(received),
                    }
                }
            };
            telemetry::attempt(number, &attempted);
            attempted
        }
    }

    fn tell_limiter(&self, response: &Response) {
        let shared = &self.transport.0;
        if let Some(limiter) = &shared.limiter {
            let (status, now) = (response.status(), shared.clock.now());
            limiter.observe(Observation::of(
                self.class(),
                status,
                response.headers(),
                now,
            ));
        }
    }
}

/// Reads the body as far as it comes and the limit allows, and says why it is not all, if it is not.
async fn read(
    mut response: Response,
    operation: &'static Operation,
    limit: usize,
) -> (RawResponse, Option<Unread>) {
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
    let received = RawResponse {
        operation,
        status: response.status(),
        headers,
        body: body.into_bytes(),
        complete: cut.is_none(),
        history: AttemptHistory::default(),
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
