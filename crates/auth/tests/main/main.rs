//! Token sources against a mock token endpoint.
#![allow(
    clippy::unwrap_used,
    reason = "what the tests share panics like a test does"
)]

mod answers;
mod caching;
mod devices;
mod flights;
mod id_tokens;
mod logins;
mod loopbacks;
mod provider;
mod request;
mod secrets;
mod sessions;
mod settings;
mod support;
mod user_secrets;
