//! The My Organization client against a sandbox.

mod additions;
mod changes;
mod limits;
mod listings;
mod logins;
mod operations;
mod rejections;

use auth0_my_organization::types::IdpOidcOptionsTypeEnum::FrontChannel;
use auth0_my_organization::types::{IdpOidcOptionsRequest, IdpOidcOptionsRequestRequired};
use auth0_my_organization::{Client, Error};
use auth0_sandbox::Sandbox;

use super::as_json;
use crate::sandbox::Local;

async fn local() -> Local {
    Local::start(Sandbox::builder()).await
}

/// Options of an identity provider that does not need a secret.
fn oidc() -> IdpOidcOptionsRequest {
    let discovery = "https://login.acme.test/.well-known/openid-configuration";
    IdpOidcOptionsRequest::new(IdpOidcOptionsRequestRequired {
        client_id: "auth0",
        discovery_url: discovery,
        type_: FrontChannel,
    })
}

/// The id of the organization's first identity provider, whose strategy is okta.
async fn first_provider(client: &Client) -> String {
    let list = client.organization().identity_providers().list().await;
    let providers = list.unwrap().identity_providers;
    providers[0].id().unwrap().to_owned()
}

/// The id of the organization's first member.
async fn first_member(client: &Client) -> String {
    let page = client
        .organization()
        .members()
        .list()
        .take(1)
        .await
        .unwrap();
    page.members[0].user_id.clone().unwrap().into()
}

/// Status and title of an error response.
fn rejection(error: &Error) -> (u16, &str) {
    let title = error.problem().unwrap().title().unwrap();
    (error.status().unwrap().as_u16(), title)
}
