//! Token sources against a mock token endpoint.
#![allow(
    clippy::unwrap_used,
    reason = "what the tests share panics like a test does"
)]

mod answers;
mod assertions;
mod caching;
mod discovery;
mod dpop;
mod flights;
mod keys;
mod predicates;
mod request;
mod retries;
mod secrets;
mod settings;
mod stores;
mod support;
