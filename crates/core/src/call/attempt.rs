//! One attempt: sends a request and reads its response, up to the maximum size of the body.

use bytes::{Bytes, BytesMut};
use http::StatusCode;
use reqwest::{Request, Response};

use super::history::AttemptHistory;
use super::{Call, RawResponse, telemetry};
use crate::error::{Cause, UndecodableReason};
use crate::limit::Observation;
use crate::retry::AttemptOutcome;
use crate::{AccessToken, Operation};

/// How one attempt ended.
pub(super) enum Attempted {
    /// With a response. The body of a success is complete; that of an error response may not be.
    Completed(RawResponse),
    /// With a success whose body is incomplete.
    Incomplete(RawResponse, UndecodableReason),
    /// Without a response.
    Failed(Cause),
}

impl Attempted {
    pub(super) fn response(&self) -> Option<&RawResponse> {
        match self {
            Self::Completed(received) | Self::Incomplete(received, _) => Some(received),
            Self::Failed(_) => None,
        }
    }

    pub(super) fn into_response(self) -> Option<RawResponse> {
        match self {
            Self::Completed(received) | Self::Incomplete(received, _) => Some(received),
            Self::Failed(_) => None,
        }
    }

    pub(super) fn outcome(&self) -> AttemptOutcome {
        match self {
            Self::Completed(received) => AttemptOutcome::Status(received.status),
            // A retry would receive the same body, which is too large.
            Self::Incomplete(received, UndecodableReason::TooLarge(_)) => {
                AttemptOutcome::Status(received.status)
            }
            Self::Incomplete(..) => AttemptOutcome::Cut,
            Self::Failed(cause) if cause.is_unsendable() => AttemptOutcome::Unsendable,
            Self::Failed(cause) if cause.is_unprocessed() => AttemptOutcome::NotSent,
            Self::Failed(_) => AttemptOutcome::Lost,
        }
    }

    /// The reason that there is no complete response, as a field of log events.
    pub(super) fn failure(&self) -> Option<&'static str> {
        match self {
            Self::Completed(_) => None,
            Self::Incomplete(_, UndecodableReason::TooLarge(_)) => Some("too_large"),
            Self::Incomplete(..) => Some("broke_off"),
            Self::Failed(cause) => Some(cause.name()),
        }
    }
}

impl Call {
    /// Sends `request` once and reads the response. Tells the token source if the server accepted `token`.
    ///
    /// Not an `async fn`, whose future would contain the request although the HTTP client already owns it.
    pub(super) fn exchange(
        &self,
        request: Request,
        token: Option<&AccessToken>,
        number: u32,
    ) -> impl Future<Output = Attempted> {
        telemetry::request(number, &request, self.selected.as_ref());
        let mut sending = self.transport.0.http_client.execute(request);
        async move {
            // By reference, because the future would contain a moved value twice.
            let attempted = match (&mut sending).await {
                Err(cause) => Attempted::Failed(cause),
                Ok(response) => {
                    // Before the body is read: the headers are valid even if the body is incomplete.
                    self.update_limiter(&response);
                    if let Some(token) = token {
                        self.keep_nonce(response.headers(), token);
                        if proves_the_token(response.status())
                            && let Some(tokens) = self.tokens()
                        {
                            tokens.accepted(token);
                        }
                    }
                    let limit = self.transport.0.max_response_bytes;
                    match read(response, self.operation, limit).await {
                        (received, Some(why)) if received.status.is_success() => {
                            Attempted::Incomplete(received, why)
                        }
                        (received, _) => Attempted::Completed(received),
                    }
                }
            };
            telemetry::attempt(number, &attempted);
            attempted
        }
    }

    fn update_limiter(&self, response: &Response) {
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

/// Reads the body up to the limit, and returns the reason if it is incomplete.
async fn read(
    mut response: Response,
    operation: &'static Operation,
    limit: usize,
) -> (RawResponse, Option<UndecodableReason>) {
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
                    break Some(UndecodableReason::TooLarge(limit));
                }
            }
            Err(cause) => break Some(UndecodableReason::IncompleteBody(cause.without_url())),
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

/// Collects a body. Most have one chunk, which is not copied.
#[derive(Default)]
struct Body {
    first: Bytes,
    /// All chunks, if there is more than one.
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

/// Whether a response with this status proves that the server accepted the token. The others may come from a gateway.
fn proves_the_token(status: StatusCode) -> bool {
    status.is_success() || matches!(status.as_u16(), 400 | 404 | 409 | 422)
}
