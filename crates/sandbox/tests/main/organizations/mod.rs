//! The My Organization API and the organization operations of the Management API.

mod rate_limits;
mod tokens;

use auth0_sandbox::{Sandbox, SandboxBuilder};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{TestResponse, TestSandbox, send_request};

/// A client of one API with an access token.
pub(crate) struct ApiClient<'a> {
    pub(crate) sandbox: &'a TestSandbox,
    pub(crate) url: String,
    pub(crate) token: String,
}

pub(crate) async fn start(builder: SandboxBuilder) -> TestSandbox {
    TestSandbox::without_token(builder.check_responses().start().await.unwrap())
}

/// Starts a sandbox with the default settings.
pub(crate) async fn start_default() -> TestSandbox {
    start(Sandbox::builder()).await
}

/// Requests a token for the first application.
pub(crate) async fn request_token(sandbox: &TestSandbox, more: &[(&str, &str)]) -> TestResponse {
    let mut pairs = vec![
        ("grant_type", "client_credentials"),
        ("client_id", sandbox.client_id()),
        ("client_secret", sandbox.client_secret()),
    ];
    pairs.extend(more);
    sandbox.request_token(&pairs).await
}

async fn token(sandbox: &TestSandbox, more: &[(&str, &str)]) -> String {
    let response = request_token(sandbox, more).await.expect(200);
    response["access_token"].as_str().unwrap().to_owned()
}

/// A client of the My Organization API for an organization, with these scopes or all.
pub(crate) async fn my_organization<'a>(
    sandbox: &'a TestSandbox,
    organization: &str,
    scope: &str,
) -> ApiClient<'a> {
    let audience = sandbox.my_organization_audience();
    let more = [
        ("audience", audience),
        ("organization", organization),
        ("scope", scope),
    ];
    ApiClient {
        token: token(sandbox, &more).await,
        url: sandbox.my_organization_url(),
        sandbox,
    }
}

/// A client of the My Organization API for the first organization, with all scopes.
pub(crate) async fn administrator(sandbox: &TestSandbox) -> ApiClient<'_> {
    my_organization(sandbox, sandbox.organization_id(), "").await
}

/// A client of the Management API, with these scopes or all.
pub(crate) async fn management<'a>(sandbox: &'a TestSandbox, scope: &str) -> ApiClient<'a> {
    let more = [
        ("audience", sandbox.management_audience()),
        ("scope", scope),
    ];
    ApiClient {
        token: token(sandbox, &more).await,
        url: sandbox.management_url(),
        sandbox,
    }
}

impl ApiClient<'_> {
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> TestResponse {
        let url = format!("{}{}", self.url, path.replace('|', "%7C"));
        let request = self.sandbox.http.request(method, url);
        let request = request.bearer_auth(&self.token);
        send_request(match body {
            Some(body) => request.json(&body),
            None => request,
        })
        .await
    }

    pub(crate) async fn get(&self, path: &str) -> TestResponse {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> TestResponse {
        self.send(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> TestResponse {
        self.send(Method::PATCH, path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> TestResponse {
        self.send(Method::DELETE, path, None).await
    }

    /// A Management API path below the first organization.
    pub(crate) fn organization_path(&self, path: &str) -> String {
        format!("/organizations/{}{path}", self.sandbox.organization_id())
    }
}

/// Status of a My Organization API error and the last part of its type, such as `A0E-404-0002`.
pub(crate) fn error_type(response: &TestResponse) -> (u16, &str) {
    let kind = response.body["type"].as_str().unwrap_or_default();
    (response.status, kind.rsplit('#').next().unwrap_or_default())
}

/// Status and code of a Management API error.
pub(crate) fn error_code(response: &TestResponse) -> (u16, &str) {
    assert_eq!(
        response.body["statusCode"],
        json!(response.status),
        "{response:?}"
    );
    assert!(response.body["message"].is_string(), "{response:?}");
    let code = response.body["errorCode"].as_str();
    (response.status, code.unwrap_or_default())
}

pub(crate) fn str_field<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}
