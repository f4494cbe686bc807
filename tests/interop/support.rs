//! Shared by the tests of the flows: calling the API like a generated client, and inspecting tokens.

use auth0_core::codegen::OperationFields;
use std::sync::Arc;

use auth0_auth::Error;
use auth0_core::codegen::{BaseUrl, CallOptions, TransportBuilder};
use auth0_core::{
    AccessToken, HttpClient, Operation, Response, RetryPolicy, RetrySafety, TokenError, TokenSource,
};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::provider::provider;

/// Required by the builders, but not used because the issuer is set.
pub(crate) const DOMAIN: &str = "interop.example.com";

static LIST_MEMBERS: Operation = Operation::new(OperationFields {
    id: "listMembers",
    method: "GET",
    path: "/members",
    retry_safety: RetrySafety::Safe,
    success: &[200],
    ..OperationFields::DEFAULT
});

/// Calls the API with the tokens of `source`. Returns what the API understood of the call.
pub(crate) async fn call(
    source: &(impl TokenSource + Clone + 'static),
) -> Result<Response<Value>, auth0_core::Error> {
    call_at(&provider().api, HttpClient::direct().unwrap(), source).await
}

/// The same for another URL of the API.
pub(crate) async fn call_at(
    api: &str,
    http_client: HttpClient,
    source: &(impl TokenSource + Clone + 'static),
) -> Result<Response<Value>, auth0_core::Error> {
    let transport = TransportBuilder::new()
        .token_source(Arc::new(source.clone()))
        .http_client(http_client)
        // A call is only retried because of a missing nonce.
        .retry(RetryPolicy::never())
        .build(BaseUrl::parse(api).unwrap())
        .unwrap();
    let request = transport
        .reqwest()
        .get(format!("{}/members?take=1", transport.base_url()))
        .build();
    let received = transport
        .call(&LIST_MEMBERS, CallOptions::default())
        .receive(Ok(request.unwrap().into()));
    received.await?.json()
}

pub(crate) async fn token(source: &impl TokenSource) -> Result<AccessToken, Error> {
    source.token().await.map_err(|error| typed(&error))
}

pub(crate) fn typed(error: &TokenError) -> Error {
    Error::find_in(error).unwrap().clone()
}

/// The token that replaces `last`, which an API has accepted and later rejected.
pub(crate) async fn next_token(
    source: &impl TokenSource,
    last: &AccessToken,
) -> Result<AccessToken, Error> {
    source.accepted(last);
    assert!(source.rejected(last));
    token(source).await
}

/// The claims of a token, without checking its signature.
pub(crate) fn claims(token: &AccessToken) -> Value {
    let payload = token.secret().split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}
