//! What the tests share: a sandbox that checks its answers, and a plain HTTP client that has a token for it.

use std::ops::Deref;
use std::time::Duration;

use auth0_sandbox::{Sandbox, SandboxBuilder};
use reqwest::header::HeaderMap;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

/// A sandbox whose answers all have to be as the document says, which is looked at when the test is over.
pub(crate) struct Running {
    sandbox: Sandbox,
    pub(crate) http: Client,
    pub(crate) token: String,
}

impl Deref for Running {
    type Target = Sandbox;

    fn deref(&self) -> &Sandbox {
        &self.sandbox
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.sandbox.violations(), Vec::<String>::new());
        }
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// The body; null where there is none, a string where it is no JSON.
    pub(crate) body: Value,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Status and type, for what was refused.
    pub(crate) fn problem(&self) -> (u16, &str) {
        (self.status, self.body["type"].as_str().unwrap_or_default())
    }

    pub(crate) fn details(&self) -> &str {
        self.body["details"].as_str().unwrap_or_default()
    }

    /// The body, which has to come with this status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{:?}", self.body);
        self.body
    }
}

/// Starts a sandbox with small teams, and gets a token.
pub(crate) async fn start() -> Running {
    started(Sandbox::builder()).await
}

pub(crate) async fn started(builder: SandboxBuilder) -> Running {
    let sandbox = builder.check_responses().start().await.unwrap();
    let mut running = Running::without_token(sandbox);
    running.token = running.granted("").await;
    running
}

/// A client that goes straight to the sandbox, and gives up on what never comes.
pub(crate) fn client() -> Client {
    let builder = Client::builder().no_proxy();
    builder.timeout(Duration::from_secs(20)).build().unwrap()
}

pub(crate) async fn reply(request: RequestBuilder) -> Reply {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.unwrap();
    let body = match text.as_str() {
        "" => Value::Null,
        text => serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
    };
    Reply {
        status,
        headers,
        body,
    }
}

/// A form's body.
pub(crate) fn form(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

/// The path of a member, whose id no path can hold as it is.
pub(crate) fn member(id: &str) -> String {
    format!("/api/members/{}", id.replace('|', "%7C"))
}

/// The answer names the field and the rule.
#[track_caller]
pub(crate) fn assert_invalid(answer: &Reply, field: &str, rule: &str) {
    assert_eq!(
        answer.problem(),
        (400, "VALIDATION_ERROR"),
        "{field}: {rule}"
    );
    let details = answer.details();
    assert!(details.contains(field), "{field}: {details}");
    assert!(details.contains(rule), "{rule}: {details}");
}

/// The texts under `name` of all items.
pub(crate) fn texts(items: &Value, name: &str) -> Vec<String> {
    let items = items.as_array().unwrap().iter();
    items
        .map(|item| item[name].as_str().unwrap().to_owned())
        .collect()
}

impl Running {
    /// The same without a token.
    pub(crate) fn without_token(sandbox: Sandbox) -> Self {
        Self {
            sandbox,
            http: client(),
            token: String::new(),
        }
    }

    /// Asks the token endpoint with a form.
    pub(crate) async fn ask(&self, pairs: &[(&str, &str)]) -> Reply {
        reply(self.form(pairs)).await
    }

    pub(crate) fn form(&self, pairs: &[(&str, &str)]) -> RequestBuilder {
        self.http
            .post(self.token_url())
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form(pairs))
    }

    /// Asks for a token as the first application, with these scopes; without any, for all.
    pub(crate) async fn ask_as_usual(&self, scope: &str) -> Reply {
        let (id, secret) = (self.client_id(), self.client_secret());
        self.ask(&[
            ("grant_type", "client_credentials"),
            ("client_id", id),
            ("client_secret", secret),
            ("audience", self.audience()),
            ("scope", scope),
        ])
        .await
    }

    /// A token of the first application.
    pub(crate) async fn granted(&self, scope: &str) -> String {
        let answer = self.ask_as_usual(scope).await.expect(200);
        answer["access_token"].as_str().unwrap().to_owned()
    }

    /// A request with the token.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.url()))
            .bearer_auth(&self.token)
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        reply(self.request(Method::GET, path)).await
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: Value) -> Reply {
        reply(self.request(method, path).json(&body)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.send(Method::POST, path, body).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Reply {
        self.send(Method::PUT, path, body).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Reply {
        self.send(Method::PATCH, path, body).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        reply(self.request(Method::DELETE, path)).await
    }

    /// A request to `/_sandbox`, with its own token.
    pub(crate) fn admin(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}/_sandbox{path}", self.url()))
            .bearer_auth(self.connection_info().admin_token)
    }

    /// All items of a listing, page by page. `query` is part of every request.
    pub(crate) async fn all(&self, path: &str, name: &str, query: &str) -> Vec<Value> {
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
        texts(
            &json!(self.all("/api/members", "members", "take=50").await),
            "id",
        )
    }

    /// The tenants' ids, the oldest first.
    pub(crate) async fn tenant_ids(&self) -> Vec<String> {
        let tenants = self
            .all("/api/tenants", "tenants", "sort=created_at:1")
            .await;
        texts(&json!(tenants), "tenant_id")
    }
}
