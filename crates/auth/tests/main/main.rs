//! Token sources against a mock token endpoint.
#![allow(
    clippy::unwrap_used,
    reason = "what the tests share panics like a test does"
)]

mod answers;
mod caching;
mod dpop;
mod flights;
mod request;
mod secrets;
mod settings;
mod support;
