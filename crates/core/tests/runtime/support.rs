//! Shared by the tests: servers, token sources, and stand-ins for generated code.

use auth0_core::codegen::OperationFields;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use auth0_core::codegen::{
    BaseUrl, CallOptions, PreparedRequest, RawResponse, RequestBuilder, RequestError, Transport,
    TransportBuilder,
};
use auth0_core::{
    AccessToken, BoxFuture, Error, HttpClient, Operation, Outcome, Outcomes, Response, RetryPolicy,
    RetrySafety, TokenError, TokenSource, http,
};
use serde::de::DeserializeOwned;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

mod failure_server;
mod fake_timer;
pub(crate) mod http2;
mod predicates;

pub(crate) use failure_server::{Behavior, FailureServer, MEMBER, UnusedPort, head};
pub(crate) use fake_timer::{FakeTimer, START};
pub(crate) use predicates::{PREDICATES, true_predicates};

pub(crate) static GET_MEMBER: Operation = Operation::new(OperationFields {
    id: "getMember",
    method: "GET",
    path: "/members/{id}",
    retry_safety: RetrySafety::Safe,
    success: &[200],
    errors: &[401, 404],
    ..OperationFields::DEFAULT
});
pub(crate) static CREATE_TENANT: Operation = Operation::new(OperationFields {
    id: "createTenant",
    method: "POST",
    path: "/tenants",
    success: &[201],
    errors: &[400, 409],
    ..OperationFields::DEFAULT
});
pub(crate) static DELETE_MEMBER: Operation = Operation::new(OperationFields {
    id: "deleteMember",
    method: "DELETE",
    path: "/members/{id}",
    success: &[204],
    ..OperationFields::DEFAULT
});
pub(crate) static UPDATE_TENANTS: Operation = Operation::new(OperationFields {
    id: "updateMemberTenants",
    method: "PATCH",
    path: "/members/{id}/tenants",
    success: &[200, 204],
    outcome: Some(Outcomes {
        complete: 204,
        partial: 200,
    }),
    ..OperationFields::DEFAULT
});

/// One operation per retry class.
pub(crate) static READ: Operation = Operation::new(OperationFields {
    scopes: &[&["read:members"]],
    ..GET_MEMBER.fields()
});
pub(crate) static REPLACE: Operation = Operation::new(OperationFields {
    id: "replaceMember",
    method: "PUT",
    path: "/members/{id}",
    retry_safety: RetrySafety::Idempotent,
    success: &[200],
    ..OperationFields::DEFAULT
});
pub(crate) static REMOVE: Operation = Operation::new(OperationFields {
    retry_safety: RetrySafety::Idempotent,
    ..DELETE_MEMBER.fields()
});
pub(crate) static CREATE: Operation = Operation::new(OperationFields {
    verify_with: &["listTenants"],
    ..CREATE_TENANT.fields()
});

/// A member, like a generated type.
#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) age: u32,
}

pub(crate) fn base(url: &str) -> BaseUrl {
    BaseUrl::parse(url).unwrap()
}

/// A builder of clients without retries.
pub(crate) fn builder(tokens: impl TokenSource) -> TransportBuilder {
    TransportBuilder::new()
        .token_source(Arc::new(tokens))
        .retry(RetryPolicy::never())
}

pub(crate) fn transport(base_url: &str, tokens: impl TokenSource) -> Transport {
    builder(tokens).build(base(base_url)).unwrap()
}

/// A request like that of a generated call.
pub(crate) fn build(request: reqwest::RequestBuilder) -> Result<PreparedRequest, RequestError> {
    match request.build() {
        Ok(request) => Ok(request.into()),
        Err(_) => RequestBuilder::new(http::Method::GET, "http://[").build(),
    }
}

/// A GET of the member, like a generated call.
pub(crate) async fn get_member(
    transport: &Transport,
    options: CallOptions,
) -> Result<Response<Member>, Error> {
    let call = transport.call(&GET_MEMBER, options);
    let request = transport
        .reqwest()
        .get(format!("{}/members/1", transport.base_url()));
    call.receive(build(request)).await?.json()
}

/// A call of any operation, with a body if it writes, like a generated call.
pub(crate) async fn call(
    transport: &Transport,
    operation: &'static Operation,
    options: CallOptions,
) -> Result<Response<Member>, Error> {
    receive(transport, operation, options).await?.json()
}

/// The same, without decoding the response.
pub(crate) async fn receive(
    transport: &Transport,
    operation: &'static Operation,
    options: CallOptions,
) -> Result<RawResponse, Error> {
    let method = operation.method().parse().unwrap();
    let path = operation.path().replace("{id}", "1");
    let mut request = transport
        .reqwest()
        .request(method, format!("{}{path}", transport.base_url()));
    if matches!(operation.method(), "POST" | "PUT") {
        request = request.json(&serde_json::json!({ "name": "acme" }));
    }
    transport
        .call(operation, options)
        .receive(build(request))
        .await
}

/// A POST with a body.
pub(crate) async fn create_tenant(transport: &Transport) -> Result<Response<Member>, Error> {
    let call = transport.call(&CREATE_TENANT, CallOptions::default());
    let request = transport
        .reqwest()
        .post(format!("{}/tenants", transport.base_url()));
    let request = request.json(&serde_json::json!({ "name": "acme" }));
    call.receive(build(request)).await?.json()
}

/// A DELETE whose response has no body.
pub(crate) async fn delete_member(transport: &Transport) -> Result<Response<()>, Error> {
    let call = transport.call(&DELETE_MEMBER, CallOptions::default());
    let request = transport
        .reqwest()
        .delete(format!("{}/members/1", transport.base_url()));
    call.receive(build(request)).await?.empty()
}

/// A bulk PATCH.
pub(crate) async fn update_tenants<R: DeserializeOwned>(
    transport: &Transport,
) -> Result<Response<Outcome<R>>, Error> {
    let call = transport.call(&UPDATE_TENANTS, CallOptions::default());
    let request = transport
        .reqwest()
        .patch(format!("{}/members/1/tenants", transport.base_url()));
    call.receive(build(request)).await?.outcome()
}

/// Returns `token-0`, `token-1`, … and records what is reported about them.
#[derive(Clone, Default)]
pub(crate) struct Tokens(Arc<TokenLog>);

#[derive(Default)]
struct TokenLog {
    fetched: AtomicUsize,
    replaces: bool,
    fails_after: Option<usize>,
    reports: Mutex<Vec<String>>,
}

impl Tokens {
    /// A source that has another token after a 401.
    pub(crate) fn replacing() -> Self {
        Self(Arc::new(TokenLog {
            replaces: true,
            ..TokenLog::default()
        }))
    }

    /// A source that has another token after a 401, and fails after `count` tokens.
    pub(crate) fn failing_after(count: usize) -> Self {
        Self(Arc::new(TokenLog {
            replaces: true,
            fails_after: Some(count),
            ..TokenLog::default()
        }))
    }

    pub(crate) fn fetched(&self) -> usize {
        self.0.fetched.load(Ordering::SeqCst)
    }

    pub(crate) fn reports(&self) -> Vec<String> {
        self.0.reports.lock().unwrap().clone()
    }
}

impl TokenSource for Tokens {
    fn token(&self) -> BoxFuture<'_, Result<AccessToken, TokenError>> {
        let number = self.0.fetched.fetch_add(1, Ordering::SeqCst);
        let result = match self.0.fails_after {
            Some(count) if number >= count => {
                Err(TokenError::new("the token endpoint returned 503"))
            }
            _ => Ok(AccessToken::new(format!("token-{number}"), number as u64)),
        };
        Box::pin(std::future::ready(result))
    }

    fn accepted(&self, token: &AccessToken) {
        self.0
            .reports
            .lock()
            .unwrap()
            .push(format!("accepted {}", token.id()));
    }

    fn rejected(&self, token: &AccessToken) -> bool {
        self.0
            .reports
            .lock()
            .unwrap()
            .push(format!("rejected {}", token.id()));
        self.0.replaces
    }
}

/// What a server does after it has read a request.
#[derive(Clone)]
pub(crate) enum ServerResponse {
    /// Writes these bytes and closes.
    Bytes(Vec<u8>),
    /// Writes these bytes and keeps the connection open without another byte.
    Hang(Vec<u8>),
}

impl ServerResponse {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Bytes(text.into().into_bytes())
    }
}

/// A server on a raw socket that sends the next of its responses to each connection.
pub(crate) struct BareServer {
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl BareServer {
    pub(crate) async fn responding(responses: impl IntoIterator<Item = ServerResponse>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let mut responses: VecDeque<_> = responses.into_iter().collect();
        let log = Arc::clone(&requests);
        tokio::spawn(async move {
            while let Some(response) = responses.pop_front() {
                let Ok((stream, _)) = listener.accept().await else {
                    return;
                };
                tokio::spawn(respond(stream, response, Arc::clone(&log)));
            }
        });
        Self { url, requests }
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

async fn respond(
    mut stream: TcpStream,
    response: ServerResponse,
    requests: Arc<Mutex<Vec<String>>>,
) {
    let mut request = Vec::new();
    while !request.windows(4).any(|window| window == b"\r\n\r\n") {
        if stream.read_buf(&mut request).await.unwrap_or(0) == 0 {
            return;
        }
    }
    requests
        .lock()
        .unwrap()
        .push(String::from_utf8_lossy(&request).into_owned());
    match response {
        ServerResponse::Bytes(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
        ServerResponse::Hang(bytes) => {
            let _ = stream.write_all(&bytes).await;
            std::future::pending::<()>().await;
        }
    }
}

/// The output of `future`, which must not take real time.
pub(crate) async fn within_timeout<T>(future: impl Future<Output = T>) -> T {
    let limit = Duration::from_secs(2);
    tokio::time::timeout(limit, future)
        .await
        .expect("it did not complete")
}

/// The URL of a server that rejects every TLS handshake with an alert, and the number of rejections.
pub(crate) async fn tls_alert_server(description: u8) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            counted.fetch_add(1, Ordering::SeqCst);
            let _ = stream.read(&mut [0; 4096]).await;
            // A fatal alert of TLS 1.2 (RFC 8446 §6).
            let alert = [21, 3, 3, 0, 2, 2, description];
            stream.write_all(&alert).await.unwrap();
            // Keeps the connection open until the client has read the alert.
            let _ = stream.read(&mut [0; 4096]).await;
        }
    });
    (url, count)
}

/// The URL of a port without a listener.
pub(crate) async fn unused_url() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// All formatted output of `error` and its sources.
pub(crate) fn printed(error: &dyn std::error::Error) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(&format!(" / {error} {error:?} {error:#?}"));
        source = error.source();
    }
    text
}

/// The message of `error` without the origin of its URL, because ports differ between runs.
pub(crate) fn displayed(error: &Error) -> String {
    let text = error.to_string().replace("https://127", "http://127");
    let mut parts = text.split("http://127.0.0.1:");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        text + part.trim_start_matches(|c: char| c.is_ascii_digit())
    })
}

/// A client without the proxies of the environment.
pub(crate) fn own_client() -> HttpClient {
    HttpClient::from_builder(
        reqwest::Client::builder()
            .no_proxy()
            .user_agent("own-client/1"),
    )
    .unwrap()
}

/// A client for HTTP/2 without TLS.
pub(crate) fn http2_client() -> HttpClient {
    let builder = reqwest::Client::builder().no_proxy().tls_certs_only([]);
    HttpClient::from_builder(builder.http2_prior_knowledge()).unwrap()
}

/// A client for plain http. It loads no certificates, which is the slow part of creating a client.
pub(crate) fn plain_client() -> HttpClient {
    HttpClient::from_builder(reqwest::Client::builder().no_proxy().tls_certs_only([])).unwrap()
}
