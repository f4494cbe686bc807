//! The Organizations client of the Management API against a mock server.

mod operations;
mod pages;
mod requests;
mod secrets;

use auth0_management::{Client, RetryPolicy};
use wiremock::MockServer;

use crate::support::*;

/// A client for `server`, which stands for a tenant, with a static token.
fn tenant(server: &MockServer) -> Client {
    Client::builder()
        .base_url(format!("{}/api/v2", server.uri()))
        .retry(RetryPolicy::never())
        .token_source(auth0_core::StaticToken::new(TOKEN))
        .http_client(http_client())
        .build()
        .unwrap()
}
