//! One attempt: sends a request and reads its response, up to the maximum size of the body.

use std::pin::Pin;
use std::task::Poll;

use bytes::{Bytes, BytesMut};
use http::StatusCode;
use http::header::ACCEPT;
use reqwest::{Request, Response};
use sync_wrapper::SyncWrapper;

use super::history::AttemptHistory;
use super::{Call, RawResponse, telemetry};
use crate::error::{Cause, Late, UndecodableReason};
use crate::limit::Observation;
use crate::retry::AttemptOutcome;
use crate::stream;
use crate::{AccessToken, BoxFuture, Error, Operation};

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
        mut request: Request,
        token: Option<&AccessToken>,
        number: u32,
    ) -> impl Future<Output = Attempted> {
        telemetry::request(number, &request, self.selected.as_ref());
        let bound = token
            .filter(|token| token.key().is_some())
            .map(|_| request.url().clone());
        let accept = self
            .is_stream
            .then(|| request.headers().get(ACCEPT).cloned());
        let accept = accept.flatten();
        let mut late = self.is_stream.then(|| self.late(&mut request));
        let mut sending = self.transport.0.http_client.execute(request);
        async move {
            // By reference, because the future would contain a moved value twice.
            let headers = match &mut late {
                None => (&mut sending).await,
                Some(late) => before(late, &mut sending)
                    .await
                    .unwrap_or(Err(Cause::Late(Late))),
            };
            let attempted = match headers {
                Err(cause) => Attempted::Failed(cause),
                Ok(response) => {
                    // Before the body is read: the headers are valid even if the body is incomplete.
                    self.update_limiter(&response);
                    if let Some(token) = token {
                        if let Some(url) = &bound {
                            Self::keep_nonce(response.headers(), token, url);
                        }
                        if proves_the_token(response.status())
                            && let Some(tokens) = self.tokens()
                        {
                            tokens.accepted(token);
                        }
                    }
                    let limit = self.transport.0.max_response_bytes;
                    let is_stream = self.is_stream
                        && response.status().is_success()
                        && stream::is_streamed(response.headers(), accept.as_ref());
                    let reading = match late {
                        Some(_) if is_stream => {
                            Some((unread(response, self.operation, limit), None))
                        }
                        // The body of an error has to arrive in the same time.
                        Some(mut late) => {
                            let mut reading = Box::pin(read(response, self.operation, limit));
                            before(&mut late, &mut reading).await
                        }
                        None => Some(read(response, self.operation, limit).await),
                    };
                    match reading {
                        Some((received, Some(why))) if received.status.is_success() => {
                            Attempted::Incomplete(received, why)
                        }
                        Some((received, _)) => Attempted::Completed(received),
                        None => Attempted::Failed(Cause::Late(Late)),
                    }
                }
            };
            telemetry::attempt(number, &attempted);
            attempted
        }
    }

    /// The end of the time in which the headers have to arrive. The timeout of the request would end the body too.
    fn late(&self, request: &mut Request) -> BoxFuture<'static, ()> {
        let timeout = request.timeout_mut().take();
        let timeout = timeout.unwrap_or(self.transport.0.timeout);
        self.transport.0.sleeper.sleep(timeout)
    }

    fn update_limiter(&self, response: &Response) {
        let shared = &self.transport.0;
        if let Some(limiter) = self.limiter() {
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

/// Waits for `work` until `late` ends. Returns `None` if that comes first.
async fn before<T>(
    late: &mut BoxFuture<'static, ()>,
    work: &mut (impl Future<Output = T> + Unpin),
) -> Option<T> {
    std::future::poll_fn(|cx| match Pin::new(&mut *work).poll(cx) {
        Poll::Ready(result) => Poll::Ready(Some(result)),
        Poll::Pending => late.as_mut().poll(cx).map(|()| None),
    })
    .await
}

/// The response with the body still to be read.
fn unread(mut response: Response, operation: &'static Operation, limit: usize) -> RawResponse {
    RawResponse {
        operation,
        status: response.status(),
        headers: std::mem::take(response.headers_mut()),
        body: Bytes::new(),
        complete: false,
        stream: Some(Box::new((SyncWrapper::new(response), limit))),
        history: AttemptHistory::default(),
    }
}

impl RawResponse {
    /// Reads the body, if that was left to the caller.
    pub async fn complete(mut self) -> Result<Self, Error> {
        let Some(stream) = self.stream.take() else {
            return Ok(self);
        };
        let (response, limit) = *stream;
        let (read, cut) = read(response.into_inner(), self.operation, limit).await;
        self.body = read.body;
        self.complete = read.complete;
        match cut {
            None => Ok(self),
            Some(why) => Err(Error::undecodable_response(self, why)),
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
        stream: None,
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
