//! What the generated Auth0 API clients stand on. It knows no API: what is particular to one is in the crate
//! generated for it.
//!
//! | module | what it owns |
//! | --- | --- |
//! | [`mod@transport`] | [`Transport`]: base URL, HTTP client, token source and limits, shared by all calls |
//! | [`mod@call`] | [`Call`], [`Received`]: one call with its own settings, and its answer |
//! | [`mod@operation`] | [`Operation`]: a row of the generated operation table |
//! | [`mod@response`] | [`Response`]: a decoded answer with status, headers and body |
//! | [`mod@error`] | [`Error`]: everything that can go wrong, told apart by predicates |
//! | [`mod@problem`] | [`Problem`]: the body of an error answer as typed data |
//! | [`mod@check`] | [`Check`], [`Rules`]: what a request must hold before it is sent |
//! | [`mod@open`] | [`Open`]: a known value, or whatever else the server sent |
//! | [`mod@nullable`] | [`Nullable`]: `null` told from absent |
//! | [`mod@outcome`] | [`Outcome`]: whether a bulk operation did everything |
//! | [`mod@paging`] | [`Items`], [`Pages`]: listings as streams |
//! | [`mod@limit`] | [`Limiter`]: keeping to the server's rate limits |
//! | [`mod@base_url`] | [`BaseUrl`] and the checks of host names |
//! | [`mod@token`] | [`TokenSource`]: how a call gets its token |
//! | [`mod@time`] | clocks and sleepers, injected |
//!
//! Invariants: no request goes out without a token, unless the client was told so; a call's error belongs to that
//! call alone; no secret, no body and no URL with an id is in `Debug`, `Display` or logs.
#![forbid(unsafe_code)]

pub mod base_url;
pub mod call;
pub mod check;
pub mod error;
mod http_client;
#[cfg_attr(
    not(test),
    expect(
        dead_code,
        unused_imports,
        reason = "transports are given a limiter next"
    )
)]
pub mod limit;
pub mod nullable;
pub mod open;
pub mod operation;
pub mod outcome;
pub mod paging;
mod path;
pub mod problem;
pub mod response;
mod secret;
pub mod time;
pub mod token;
pub mod transport;
mod undecodable;

pub use bytes::Bytes;
pub use http;
pub use reqwest;

pub use base_url::{BaseUrl, dns_label, host};
pub use call::{Call, CallOptions, Received};
pub use check::{Check, Checker, Rules, Violation};
pub use error::Error;
pub use http_client::HttpClient;
pub use limit::{
    ClassSnapshot, HostSnapshot, Limiter, LimiterSnapshot, Limits, OrganizationSnapshot, Rate,
    ReportedLimit,
};
pub use nullable::Nullable;
pub use open::{Open, Unlisted};
pub use operation::{Operation, Outcomes, Paging, RetrySafety};
pub use outcome::{Outcome, PartialReport};
pub use paging::{Items, Page, Paged, Pages, items, pages};
pub use path::encode_path;
pub use problem::{Problem, ValidationError};
pub use response::{Response, value_of};
pub use secret::SecretString;
pub use token::{AccessToken, FnTokenSource, StaticToken, TokenError, TokenSource, token_fn};
pub use transport::{Transport, TransportBuilder};

/// A future that is boxed so that traits over it stay object safe.
pub type BoxFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;
