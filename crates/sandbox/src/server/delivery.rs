//! Delivery of responses, complete or faulty.

use std::convert::Infallible;
use std::io;
use std::time::SystemTime;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream::{self, StreamExt as _};
use http::header::{CONTENT_LENGTH, DATE};
use http::{HeaderValue, StatusCode};

use super::ServerState;
use crate::faults::Delivery;
use crate::response::ApiResponse;
use crate::tcp_connection::ConnectionKiller;

impl Delivery {
    /// The status that the client receives, if any.
    pub(crate) fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Whole(response) | Self::Half(response) | Self::Endless(response) => {
                Some(response.status)
            }
            Self::Reset | Self::Silence => None,
        }
    }
}

impl ServerState {
    /// Converts a response to HTTP and adds a `Date` header with the sandbox's time.
    pub(super) fn http_response(&self, response: ApiResponse) -> Response {
        let body = Body::from(response.body.clone());
        self.http_response_with_body(response, body)
    }

    fn http_response_with_body(&self, response: ApiResponse, body: Body) -> Response {
        let mut http_response = Response::new(body);
        *http_response.status_mut() = response.status;
        *http_response.headers_mut() = response.headers;
        let date = httpdate::fmt_http_date(SystemTime::from(self.clock.now()));
        if let Ok(date) = HeaderValue::try_from(date) {
            // A fault may have set the header.
            http_response.headers_mut().entry(DATE).or_insert(date);
        }
        http_response
    }

    pub(super) async fn deliver(
        &self,
        delivery: Delivery,
        killer: Option<ConnectionKiller>,
    ) -> Response {
        match delivery {
            Delivery::Whole(response) => self.http_response(response),
            Delivery::Half(response) => {
                let length = response.body.len();
                let half = response.body.slice(..length / 2);
                let reset = async {
                    // Yielding lets hyper flush the first half.
                    tokio::task::yield_now().await;
                    Err(io::Error::from(io::ErrorKind::ConnectionReset))
                };
                let body = stream::iter([Ok(half)]).chain(stream::once(reset));
                let body = Body::from_stream(body);
                let mut http_response = self.http_response_with_body(response, body);
                http_response
                    .headers_mut()
                    .insert(CONTENT_LENGTH, HeaderValue::from(length));
                http_response
            }
            Delivery::Endless(response) => {
                let length = response.body.len();
                let half = response.body.slice(..length / 2);
                let padding = Bytes::from_static(&[b' '; 16 * 1024]);
                let body = stream::iter([half]).chain(stream::repeat(padding));
                self.http_response_with_body(
                    response,
                    Body::from_stream(body.map(Ok::<_, Infallible>)),
                )
            }
            Delivery::Reset => {
                if let Some(killer) = killer {
                    killer.kill();
                }
                // hyper notices the reset when it writes this response.
                Response::new(Body::empty())
            }
            Delivery::Silence => std::future::pending().await,
        }
    }
}
