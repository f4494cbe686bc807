//! Shared test support: a sandbox that validates its responses, and an HTTP client with a token for it.

use std::ops::Deref;
use std::time::Duration;

use auth0_sandbox::{Sandbox, SandboxBuilder};
use reqwest::header::HeaderMap;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

/// A sandbox that validates its responses. Dropping it asserts that there were no violations.
pub(crate) struct TestSandbox {
    sandbox: Sandbox,
    pub(crate) http: Client,
    pub(crate) token: String,
}

impl Deref for TestSandbox {
    type Target = Sandbox;

    fn deref(&self) -> &Sandbox {
        &self.sandbox
    }
}

impl Drop for TestSandbox {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.sandbox.violations(), Vec::<String>::new());
        }
    }
}

/// A response.
#[derive(Debug, Clone)]
pub(crate) struct TestResponse {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// The body: null if it is empty, a string if it is not JSON.
    pub(crate) body: Value,
}

impl TestResponse {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Status and type of an error of the Teams API.
    pub(crate) fn status_and_type(&self) -> (u16, &str) {
        (self.status, self.body["type"].as_str().unwrap_or_default())
    }

    pub(crate) fn details(&self) -> &str {
        self.body["details"].as_str().unwrap_or_default()
    }

    /// Returns the body after asserting the status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{:?}", self.body);
        self.body
    }
}

/// Starts a sandbox with the default settings and obtains a token.
pub(crate) async fn start() -> TestSandbox {
    start_with(Sandbox::builder()).await
}

pub(crate) async fn start_with(builder: SandboxBuilder) -> TestSandbox {
    let sandbox = builder.check_responses().start().await.unwrap();
    let mut running = TestSandbox::without_token(sandbox);
    running.token = running.token_with_scope("").await;
    running
}

/// A client without proxy and with a timeout.
pub(crate) fn client() -> Client {
    let builder = Client::builder().no_proxy();
    builder.timeout(Duration::from_secs(20)).build().unwrap()
}

pub(crate) async fn send_request(request: RequestBuilder) -> TestResponse {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.unwrap();
    let body = match text.as_str() {
        "" => Value::Null,
        text => serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
    };
    TestResponse {
        status,
        headers,
        body,
    }
}

/// Encodes a form.
pub(crate) fn form(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

/// The path of a member, with an encoded id.
pub(crate) fn member_path(id: &str) -> String {
    format!("/api/members/{}", id.replace('|', "%7C"))
}

/// Asserts that the response names the field and the rule.
#[track_caller]
pub(crate) fn assert_invalid(response: &TestResponse, field: &str, rule: &str) {
    assert_eq!(
        response.status_and_type(),
        (400, "VALIDATION_ERROR"),
        "{field}: {rule}"
    );
    let details = response.details();
    assert!(details.contains(field), "{field}: {details}");
    assert!(details.contains(rule), "{rule}: {details}");
}

/// The string fields `name` of all items.
pub(crate) fn string_fields(items: &Value, name: &str) -> Vec<String> {
    let items = items.as_array().unwrap().iter();
    items
        .map(|item| item[name].as_str().unwrap().to_owned())
        .collect()
}

impl TestSandbox {
    /// A sandbox without a token.
    pub(crate) fn without_token(sandbox: Sandbox) -> Self {
        Self {
            sandbox,
            http: client(),
            token: String::new(),
        }
    }

    /// Sends a form to the token endpoint.
    pub(crate) async fn request_token(&self, pairs: &[(&str, &str)]) -> TestResponse {
        send_request(self.form(pairs)).await
    }

    pub(crate) fn form(&self, pairs: &[(&str, &str)]) -> RequestBuilder {
        self.http
            .post(self.token_url())
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form(pairs))
    }

    /// Requests a token for the first application with these scopes, or all scopes if empty.
    pub(crate) async fn request_default_token(&self, scope: &str) -> TestResponse {
        let (id, secret) = (self.client_id(), self.client_secret());
        self.request_token(&[
            ("grant_type", "client_credentials"),
            ("client_id", id),
            ("client_secret", secret),
            ("audience", self.audience()),
            ("scope", scope),
        ])
        .await
    }

    /// Obtains a token for the first application.
    pub(crate) async fn token_with_scope(&self, scope: &str) -> String {
        let response = self.request_default_token(scope).await.expect(200);
        response["access_token"].as_str().unwrap().to_owned()
    }

    /// A request with the token.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.url()))
            .bearer_auth(&self.token)
    }

    pub(crate) async fn get(&self, path: &str) -> TestResponse {
        send_request(self.request(Method::GET, path)).await
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: Value) -> TestResponse {
        send_request(self.request(method, path).json(&body)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> TestResponse {
        self.send(Method::POST, path, body).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> TestResponse {
        self.send(Method::PUT, path, body).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> TestResponse {
        self.send(Method::PATCH, path, body).await
    }

    pub(crate) async fn delete(&self, path: &str) -> TestResponse {
        send_request(self.request(Method::DELETE, path)).await
    }

    /// A request to `/_sandbox` with the admin token.
    pub(crate) fn admin(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}/_sandbox{path}", self.url()))
            .bearer_auth(self.connection_info().admin_token)
    }

    /// All items of a listing, page by page. `query` is part of every request.
    pub(crate) async fn list_all(&self, path: &str, name: &str, query: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut from = String::new();
        loop {
            let page = self.get(&format!("{path}?{query}{from}")).await.expect(200);
            items.extend(page[name].as_array().unwrap().iter().cloned());
            match page["next"].as_str() {
                Some(next) => from = format!("&from={next}"),
                None => return items,
            }
        }
    }

    pub(crate) async fn member_ids(&self) -> Vec<String> {
        string_fields(
            &json!(self.list_all("/api/members", "members", "take=50").await),
            "id",
        )
    }

    /// Ids of the tenants, oldest first.
    pub(crate) async fn tenant_ids(&self) -> Vec<String> {
        let tenants = self
            .list_all("/api/tenants", "tenants", "sort=created_at:1")
            .await;
        string_fields(&json!(tenants), "tenant_id")
    }
}
