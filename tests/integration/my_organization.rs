//! The My Organization client against a mock server.

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

/// Operations in the operation table that have no method, because the document excludes them from SDKs.
pub(crate) const EXCLUDED_FROM_SDKS: [&str; 2] =
    ["DeleteInvitation", "UnassignOrganizationMemberRolesLegacy"];

/// A client for `server`, which stands for a tenant, with a static token.
fn organization(server: &MockServer) -> Client {
    Client::builder()
        .base_url(format!("{}/my-org", server.uri()))
        .retry(RetryPolicy::never())
        .token_source(auth0_core::StaticToken::new(TOKEN))
        .http_client(http_client())
        .build()
        .unwrap()
}
