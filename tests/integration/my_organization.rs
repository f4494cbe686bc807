//! The client of the My Organization API, against a mock.

mod errors;
mod identity_providers;
mod listings;
mod operations;
mod requests;
mod samples;
mod secrets;

use auth0_my_organization::{Client, RetryPolicy};
use wiremock::MockServer;

use crate::support::*;

/// A client for `server`, which stands for a tenant, with a token that needs no fetching.
fn organization(server: &MockServer) -> Client {
    Client::builder()
        .base_url(format!("{}/my-org", server.uri()))
        .retry(RetryPolicy::never())
        .token_source(auth0_core::StaticToken::new(TOKEN))
        .http_client(http_client())
        .build()
        .unwrap()
}
