//! The Organizations client of the Management API against a sandbox.

mod changes;
mod limits;
mod listings;
mod operations;
mod rejections;

use auth0_management::types::CreateOrganizationRequestContent;
use auth0_management::{Client, Error};
use auth0_sandbox::Sandbox;

use super::as_json;
use crate::sandbox::Local;

async fn local() -> Local {
    Local::start(Sandbox::builder()).await
}

/// Creates an organization with this name and returns its id.
async fn create(client: &Client, name: &str) -> String {
    let request = CreateOrganizationRequestContent::with_name(name);
    let created = client.organizations().create(request).await.unwrap();
    created.id.unwrap().into()
}

/// The ids of all connections that at least one organization has enabled.
async fn connections(client: &Client) -> Vec<String> {
    let all = client.organizations().list().take(50).await.unwrap();
    let mut ids = Vec::new();
    for organization in all.organizations {
        let id = organization.id.unwrap();
        let page = client.organizations().enabled_connections().list(id).await;
        let used = page.unwrap().enabled_connections.into_iter();
        ids.extend(used.filter_map(|one| one.connection_id).map(String::from));
    }
    ids.sort();
    ids.dedup();
    ids
}

/// The ids of the members of an organization.
async fn members(client: &Client, id: &str) -> Vec<String> {
    let page = client
        .organizations()
        .members()
        .list(id)
        .take(50)
        .await
        .unwrap();
    let members = page.members.into_iter();
    members
        .filter_map(|member| member.user_id)
        .map(Into::into)
        .collect()
}

/// The ids of the client grants. No operation of this API lists them, so they come from the sandbox's administration
/// API.
async fn client_grants(local: &Local) -> Vec<String> {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let grants = http
        .get(format!("{}/_sandbox/client-grants", local.url()))
        .bearer_auth(local.connection_info().admin_token)
        .send()
        .await
        .unwrap();
    let grants: Vec<serde_json::Value> = grants.json().await.unwrap();
    let ids = grants.iter().map(|grant| grant["id"].as_str().unwrap());
    ids.map(str::to_owned).collect()
}

/// Status, error code and message of an error response.
fn rejection(error: &Error) -> (u16, &str, &str) {
    let problem = error.problem().unwrap();
    (
        error.status().unwrap().as_u16(),
        problem.error_code().unwrap(),
        problem.message().unwrap(),
    )
}
