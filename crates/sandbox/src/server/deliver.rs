//! How answers go out, whole or not.

use std::convert::Infallible;
use std::io;
use std::time::SystemTime;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream::{self, StreamExt as _};
use http::header::{CONTENT_LENGTH, DATE};
use http::{HeaderValue, StatusCode};

use super::Shared;
use crate::answer::Answer;
use crate::faults::Delivery;
use crate::line::Scissors;

impl Delivery {
    /// The status that goes out, if any does.
    pub(crate) fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Whole(answer) | Self::Half(answer) | Self::Endless(answer) => Some(answer.status),
            Self::Reset | Self::Silence => None,
        }
    }
}

impl Shared {
    /// An answer that goes out as it is, with the sandbox's time.
    pub(super) fn deliver(&self, answer: Answer) -> Response {
        let body = Body::from(answer.body.clone());
        self.head(answer, body)
    }

    fn head(&self, answer: Answer, body: Body) -> Response {
        let mut response = Response::new(body);
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers;
        let date = httpdate::fmt_http_date(SystemTime::from(self.clock.now()));
        if let Ok(date) = HeaderValue::try_from(date) {
            // A fault may have said another.
            response.headers_mut().entry(DATE).or_insert(date);
        }
        response
    }

    pub(super) async fn send(&self, delivery: Delivery, scissors: Option<Scissors>) -> Response {
        match delivery {
            Delivery::Whole(answer) => self.deliver(answer),
            Delivery::Half(answer) => {
                let length = answer.body.len();
                let half = answer.body.slice(..length / 2);
                let broken = async {
                    // While this waits, what there is goes out.
                    tokio::task::yield_now().await;
                    Err(io::Error::from(io::ErrorKind::ConnectionReset))
                };
                let body = stream::iter([Ok(half)]).chain(stream::once(broken));
                let body = Body::from_stream(body);
                let mut response = self.head(answer, body);
                response
                    .headers_mut()
                    .insert(CONTENT_LENGTH, HeaderValue::from(length));
                response
            }
            Delivery::Endless(answer) => {
                let length = answer.body.len();
                let half = answer.body.slice(..length / 2);
                let spaces = Bytes::from_static(&[b' '; 16 * 1024]);
                let body = stream::iter([half]).chain(stream::repeat(spaces));
                self.head(answer, Body::from_stream(body.map(Ok::<_, Infallible>)))
            }
            Delivery::Reset => {
                if let Some(scissors) = scissors {
                    scissors.cut();
                }
                // Trying to send this is what makes the connection notice.
                Response::new(Body::empty())
            }
            Delivery::Silence => std::future::pending().await,
        }
    }
}
