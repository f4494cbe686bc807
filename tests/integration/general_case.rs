//! The general case of every operation: an operation without a test of its own is tested here as its document describes it.

use auth0_core::Operation;
use auth0_sandbox::Sandbox;
use serde_json::Value;

use crate::sandbox::Local;

/// An id that no resource has.
const UNKNOWN_ID: &str = "00000000-0000-4000-8000-000000000000";

/// An API of the sandbox.
struct Api {
    name: &'static str,
    url: String,
    audience: String,
    organization: Option<String>,
    operations: &'static [&'static Operation],
}

fn apis(local: &Local) -> [Api; 3] {
    [
        Api {
            name: "teams",
            url: local.url().to_owned(),
            audience: local.audience().to_owned(),
            organization: None,
            operations: auth0_teams::operations::ALL,
        },
        Api {
            name: "my-organization",
            url: local.my_organization_url().to_owned(),
            audience: local.my_organization_audience().to_owned(),
            organization: Some(local.organization_id().to_owned()),
            operations: auth0_my_organization::operations::ALL,
        },
        Api {
            name: "management",
            url: local.management_url().to_owned(),
            audience: local.management_audience().to_owned(),
            organization: None,
            operations: auth0_management::operations::ALL,
        },
    ]
}

async fn access_token(local: &Local, api: &Api) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "client_credentials")
        .append_pair("client_id", local.client_id())
        .append_pair("client_secret", local.client_secret())
        .append_pair("audience", &api.audience);
    if let Some(organization) = &api.organization {
        form.append_pair("organization", organization);
    }
    let request = reqwest::Client::new()
        .post(local.token_url())
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form.finish());
    let response: Value = request.send().await.unwrap().json().await.unwrap();
    response["access_token"].as_str().unwrap().to_owned()
}

/// Sends the request of an operation with unknown ids and, for writes, an empty object. Returns the status.
async fn status(api: &Api, operation: &Operation, token: Option<&str>) -> u16 {
    let path: Vec<&str> = operation
        .path()
        .split('/')
        .map(|step| {
            if step.starts_with('{') {
                UNKNOWN_ID
            } else {
                step
            }
        })
        .collect();
    let url = format!("{}{}", api.url, path.join("/"));
    let mut request = reqwest::Client::new().request(operation.method().parse().unwrap(), url);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    if ["POST", "PUT", "PATCH"].contains(&operation.method()) {
        request = request.json(&serde_json::json!({}));
    }
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn every_operation_responds_with_a_documented_status() {
    let local = Local::start(Sandbox::builder()).await;
    for api in apis(&local) {
        let token = access_token(&local, &api).await;
        for operation in api.operations {
            let status = status(&api, operation, Some(&token)).await;
            let documented =
                operation.success().contains(&status) || operation.errors().contains(&status);
            assert!(documented, "{} {}: {status}", api.name, operation.id());
        }
    }
}

#[tokio::test]
async fn every_operation_requires_a_token() {
    let local = Local::start(Sandbox::builder()).await;
    for api in apis(&local) {
        for operation in api.operations {
            assert_eq!(
                status(&api, operation, None).await,
                401,
                "{} {}",
                api.name,
                operation.id()
            );
        }
    }
}
