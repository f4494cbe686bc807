//! What the generated Auth0 API clients stand on. It knows no API: what is particular to one is in the crate
//! generated for it.
//!
//! | module | what it owns |
//! | --- | --- |
//! | [`mod@transport`] | [`Transport`]: base URL, HTTP client, token source and limits, shared by all calls |
//! | [`mod@call`] | [`Call`], [`RawResponse`]: one call with its own settings, and its answer |
//! | [`mod@retry`] | [`RetryPolicy`]: which calls are sent again, when, and how often |
//! | [`mod@scopes`] | [`Scopes`]: what a token was granted, what operations need |
//! | [`mod@http_client`] | [`HttpClient`]: what sends requests, and layers around it |
//! | [`mod@operation`] | [`Operation`]: a row of the generated operation table |
//! | [`mod@response`] | [`Response`]: a decoded answer with status, headers and body |
//! | [`mod@error`] | [`Error`]: everything that can go wrong, told apart by predicates |
//! | [`mod@problem`] | [`Problem`]: the body of an error answer as typed data |
//! | [`mod@check`] | [`Check`], [`Rules`]: what a request must hold before it is sent |
//! | [`mod@open`] | [`Open`]: a known value, or whatever else the server sent |
//! | [`mod@nullable`] | [`Nullable`]: `null` told from absent |
//! | [`mod@parameter`] | [`Parameter`]: an id or a text that an operation takes, in whatever form the caller has it |
//! | [`mod@additional_fields`] | [`AdditionalFields`]: fields that the document does not describe |
//! | [`mod@write_back`] | [`ConversionError`]: from a response to an update request |
//! | [`mod@outcome`] | [`Outcome`]: whether a bulk operation did everything |
//! | [`mod@paging`] | [`Items`], [`Pages`]: listings as streams; [`Cursor`]: a place in one, to be stored |
//! | [`mod@limit`] | [`Limiter`]: keeping to the server's rate limits |
//! | [`mod@base_url`] | [`BaseUrl`] and the checks of host names |
//! | [`mod@token`] | [`TokenSource`]: how a call gets its token |
//! | [`mod@proof`] | [`ProofOfPossession`]: tokens that are bound to a key (DPoP) |
//! | [`mod@challenge`] | [`Challenge`](challenge::Challenge): what a server asks for with a 401 |
//! | [`mod@auth0_client`] | [`Auth0Client`]: the header that says who calls |
//! | [`mod@time`] | clocks and sleepers, injected |
//!
//! Invariants: no request goes out without a token, unless the client was told so; a call's error belongs to that
//! call alone; no secret and no body is in `Debug`, `Display` or logs (an error displays the documented members of an
//! error body, without the secrets of the call), and a URL with an id in logs at trace level alone.
#![forbid(unsafe_code)]

pub mod additional_fields;
pub mod auth0_client;
pub mod base_url;
pub mod call;
pub mod challenge;
pub mod check;
mod containers;
pub mod error;
pub mod http_client;
pub mod limit;
pub mod nullable;
pub mod open;
pub mod operation;
pub mod outcome;
pub mod paging;
pub mod parameter;
mod path;
pub mod problem;
pub mod proof;
mod redaction;
pub mod response;
pub mod retry;
pub mod scopes;
mod secret;
mod text;
pub mod time;
pub mod token;
pub mod transport;
mod undecodable;
pub mod write_back;

pub use bytes::Bytes;
pub use http;
pub use reqwest;

pub use additional_fields::AdditionalFields;
pub use auth0_client::Auth0Client;
pub use base_url::{BaseUrl, dns_label, host, is_host_name};
pub use call::{Call, CallOptions, RawResponse};
pub use check::{Check, Checker, Rules, Violation};
pub use containers::{
    null_as_empty, null_as_unknown, null_as_unknown_items, null_as_unknown_optional_items,
    require_object,
};
pub use error::Error;
pub use http_client::{HttpClient, HttpService};
pub use limit::{
    ClassSnapshot, HostSnapshot, Limiter, LimiterSnapshot, Limits, OrganizationSnapshot, Rate,
    ReportedLimit, SharedBudget,
};
pub use nullable::Nullable;
pub use open::{Open, Unlisted};
pub use operation::{Operation, Outcomes, Paging, RetrySafety};
pub use outcome::{Outcome, PartialReport};
pub use paging::{
    Cursor, Items, ListOr, Listing, MAX_EMPTY_PAGES, Page, Paged, Pages, Position, items, pages,
    resume,
};
pub use parameter::{Parameter, ParameterValue};
pub use path::encode_path;
pub use problem::{Problem, ValidationError};
pub use proof::{ProofOfPossession, ProofRequest, ServerRole};
pub use response::{Response, value_of};
pub use retry::RetryPolicy;
pub use scopes::Scopes;
pub use secret::SecretString;
pub use text::printable;
pub use token::{AccessToken, FnTokenSource, StaticToken, TokenError, TokenSource, token_fn};
pub use transport::{Transport, TransportBuilder};
pub use undecodable::Undecodable;
pub use write_back::ConversionError;

/// A future that is boxed so that traits over it stay object safe.
pub type BoxFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;
