//! Token sources against a mock token endpoint.
#![allow(
    clippy::unwrap_used,
    reason = "what the tests share panics like a test does"
)]

mod assertions;
mod caching;
mod devices;
mod discovery;
mod dpop;
mod flights;
mod http_clients;
mod id_tokens;
mod keys;
mod logins;
mod loopbacks;
mod predicates;
mod provider;
mod published;
mod refused_streams;
mod request;
mod retries;
mod secrets;
mod sessions;
mod settings;
mod stores;
mod support;
mod token_responses;
mod user_secrets;
