//! The APIs of organizations: My Organization, and that part of the Management API.

mod client_grants;
mod connections;
mod details;
mod discovery_domains;
mod domains;
mod groups;
mod invitations;
mod limits;
mod listings;
mod management;
mod members;
mod pages;
mod providers;
mod provisioning;
mod tokens;

use auth0_sandbox::{Sandbox, SandboxBuilder};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Reply, Running, reply};

/// One API, and a token for it.
pub(crate) struct Side<'a> {
    pub(crate) sandbox: &'a Running,
    pub(crate) url: String,
    pub(crate) token: String,
}

pub(crate) async fn start(builder: SandboxBuilder) -> Running {
    Running::without_token(builder.check_responses().start().await.unwrap())
}

/// A small sandbox, as it comes.
pub(crate) async fn plain() -> Running {
    start(Sandbox::builder()).await
}

/// Asks for a token of the first application.
pub(crate) async fn ask(sandbox: &Running, more: &[(&str, &str)]) -> Reply {
    let mut pairs = vec![
        ("grant_type", "client_credentials"),
        ("client_id", sandbox.client_id()),
        ("client_secret", sandbox.client_secret()),
    ];
    pairs.extend(more);
    sandbox.ask(&pairs).await
}

async fn token(sandbox: &Running, more: &[(&str, &str)]) -> String {
    let answer = ask(sandbox, more).await.expect(200);
    answer["access_token"].as_str().unwrap().to_owned()
}

/// The My Organization API for an organization, with these scopes or all.
pub(crate) async fn inside<'a>(sandbox: &'a Running, organization: &str, scope: &str) -> Side<'a> {
    let audience = sandbox.my_organization_audience();
    let more = [
        ("audience", audience),
        ("organization", organization),
        ("scope", scope),
    ];
    Side {
        token: token(sandbox, &more).await,
        url: sandbox.my_organization_url(),
        sandbox,
    }
}

/// The My Organization API for the first organization, with all scopes.
pub(crate) async fn administrator(sandbox: &Running) -> Side<'_> {
    inside(sandbox, sandbox.organization_id(), "").await
}

/// The Management API, with these scopes or all.
pub(crate) async fn operator<'a>(sandbox: &'a Running, scope: &str) -> Side<'a> {
    let more = [
        ("audience", sandbox.management_audience()),
        ("scope", scope),
    ];
    Side {
        token: token(sandbox, &more).await,
        url: sandbox.management_url(),
        sandbox,
    }
}

impl Side<'_> {
    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        let url = format!("{}{}", self.url, path.replace('|', "%7C"));
        let request = self.sandbox.http.request(method, url);
        let request = request.bearer_auth(&self.token);
        reply(match body {
            Some(body) => request.json(&body),
            None => request,
        })
        .await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.send(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Reply {
        self.send(Method::PATCH, path, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str) -> Reply {
        self.send(Method::PUT, path, Some(json!({}))).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.send(Method::DELETE, path, None).await
    }

    /// The path of something of the first organization in the Management API.
    pub(crate) fn own(&self, path: &str) -> String {
        format!("/organizations/{}{path}", self.sandbox.organization_id())
    }

    /// All items of a listing that goes on by a cursor, and how many pages they came in.
    pub(crate) async fn all(&self, path: &str, name: &str) -> (Vec<Value>, usize) {
        let (mut items, mut pages, mut from) = (Vec::new(), 0, String::new());
        loop {
            let page = self.get(&format!("{path}{from}")).await.expect(200);
            pages += 1;
            items.extend(page[name].as_array().unwrap().iter().cloned());
            match page["next"].as_str() {
                Some(next) => from = format!("&from={next}"),
                None => return (items, pages),
            }
        }
    }
}

/// The last part of an error's type in the My Organization API, such as `A0E-404-0002`.
pub(crate) fn code(answer: &Reply) -> (u16, &str) {
    let kind = answer.body["type"].as_str().unwrap_or_default();
    (answer.status, kind.rsplit('#').next().unwrap_or_default())
}

/// Status and code of an error of the Management API.
pub(crate) fn error(answer: &Reply) -> (u16, &str) {
    assert_eq!(
        answer.body["statusCode"],
        json!(answer.status),
        "{answer:?}"
    );
    assert!(answer.body["message"].is_string(), "{answer:?}");
    let code = answer.body["errorCode"].as_str();
    (answer.status, code.unwrap_or_default())
}

pub(crate) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}
