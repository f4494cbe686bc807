//! The runtime of the generated Auth0 API clients: authorization, retries, rate limits, paging, decoding and errors.
//!
//! Programs rarely depend on this crate directly: each generated crate re-exports what its users need. It contains nothing
//! that is specific to one API.
//!
//! | task | types |
//! | --- | --- |
//! | provide access tokens | [`TokenSource`], [`StaticToken`], [`token_fn`], [`AccessToken`]; [`proof`] for DPoP |
//! | configure the HTTP client, add middleware | [`HttpClient`], [`HttpService`] |
//! | configure retries | [`RetryPolicy`] |
//! | keep to rate limits | [`Limiter`], [`Limits`], [`Rate`]; [`SharedBudget`] for several processes |
//! | handle responses | [`Response`], [`Outcome`], [`PartialReport`] |
//! | handle values that the document does not list | [`Open`], [`Unlisted`], [`AdditionalFields`] |
//! | send an explicit `null` | [`Nullable`] |
//! | send files | [`Upload`], [`UploadProgress`] |
//! | read streams | [`EventStream`], [`JsonLines`] |
//! | page through lists | [`Items`], [`Pages`], [`Cursor`] |
//! | handle errors | [`Error`], [`Problem`], [`Violation`], [`TokenError`], [`ConversionError`] |
//! | inspect operations and scopes | [`Operation`], [`Scopes`] |
//! | test without real time | [`time`] |
//!
//! # Guarantees
//!
//! - A request is sent without a token only if the client was built without a token source.
//! - No secret and no body appears in `Debug`, `Display` or logs. An error displays the documented members of an error
//!   body, without the secrets of the call. URLs with ids are logged at trace level only.
//!
//! # Features
//!
//! They select TLS and have the same names in all crates; without any, only `http://` works.
//!
//! - `rustls` (default): rustls with the cryptography of aws-lc.
//! - `rustls-no-provider`: rustls with the cryptography that the program installs. [`HttpClient::new`] fails if there is none.
//! - `native-tls`: the library of the operating system. It is used if rustls is enabled as well.
#![forbid(unsafe_code)]

mod additional_fields;
mod auth0_client;
mod base_url;
mod call;
pub mod challenge;
mod check;
#[doc(hidden)]
pub mod codegen;
mod containers;
mod credentials;
mod error;
mod http_client;
mod limit;
mod nullable;
mod open;
mod operation;
mod outcome;
mod paging;
mod parameter;
mod problem;
pub mod proof;
mod redaction;
mod request;
mod response;
mod retry;
mod scopes;
mod secret;
mod stream;
mod text;
pub mod time;
mod token;
mod transport;
mod undecodable;
mod write_back;

pub use bytes::Bytes;
pub use http;
pub use reqwest;

pub use additional_fields::AdditionalFields;
pub use auth0_client::Auth0Client;
pub use check::Violation;
pub use error::Error;
pub use http_client::{HttpClient, HttpService};
pub use limit::{
    ClassSnapshot, HostSnapshot, Limiter, LimiterSnapshot, Limits, OrganizationSnapshot,
    PermitGrant, PermitRequest, Rate, ReportedLimit, SharedBucket, SharedBudget,
};
pub use nullable::Nullable;
pub use open::{Open, Unlisted};
pub use operation::{Operation, Outcomes, Paging, RetrySafety};
pub use outcome::{Outcome, PartialReport};
pub use paging::{Cursor, Items, ListOr, MAX_EMPTY_PAGES, Pages};
pub use parameter::{Parameter, ParameterValue};
pub use problem::{Problem, ValidationError};
pub use request::{Upload, UploadProgress};
pub use response::Response;
pub use retry::RetryPolicy;
pub use scopes::Scopes;
pub use secret::SecretString;
pub use stream::{EventStream, JsonLines, ServerEvent};
pub use token::{AccessToken, FnTokenSource, StaticToken, TokenError, TokenSource, token_fn};
pub use undecodable::Undecodable;
pub use write_back::ConversionError;

/// A boxed future, which keeps traits object-safe.
pub type BoxFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;
