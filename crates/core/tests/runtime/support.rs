//! What the tests share: servers, token sources, and a stand-in for what progenitor generates.

use auth0_core::codegen::OperationFields;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use auth0_core::codegen::{BaseUrl, CallOptions, RawResponse, Transport, TransportBuilder};
use auth0_core::{
    AccessToken, BoxFuture, Error, HttpClient, Operation, Outcome, Outcomes, Response, RetryPolicy,
    RetrySafety, TokenError, TokenSource,
};
use progenitor_client::Error as ProgenitorError;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

mod fake_timer;
mod fault_server;
pub(crate) mod http2;
mod predicates;

pub(crate) use fake_timer::{FakeTimer, START};
pub(crate) use fault_server::{Deserted, Fault, FaultServer, MEMBER, head};
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

/// An operation of each class of retry safety.
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

/// A member as a generated type would have it.
#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) age: u32,
}

pub(crate) fn base(url: &str) -> BaseUrl {
    BaseUrl::parse(url).unwrap()
}

/// A client that sends each call once.
pub(crate) fn builder(tokens: impl TokenSource) -> TransportBuilder {
    TransportBuilder::new()
        .token_source(Arc::new(tokens))
        .retry(RetryPolicy::never())
}

pub(crate) fn transport(base_url: &str, tokens: impl TokenSource) -> Transport {
    builder(tokens).build(base(base_url)).unwrap()
}

/// What progenitor generates for an operation.
#[allow(clippy::result_large_err, reason = "the type is progenitor's")]
pub(crate) fn built(
    request: reqwest::RequestBuilder,
) -> Result<reqwest::Request, ProgenitorError<()>> {
    Ok(request.build()?)
}

/// A GET of the one member, as a generated facade makes it.
pub(crate) async fn get_member(
    transport: &Transport,
    options: CallOptions,
) -> Result<Response<Member>, Error> {
    let call = transport.call(&GET_MEMBER, options);
    let request = transport
        .reqwest()
        .get(format!("{}/members/1", transport.base_url()));
    call.receive(built(request)).await?.json()
}

/// A call of any operation, with a body where it writes, as a generated facade makes it.
pub(crate) async fn call(
    transport: &Transport,
    operation: &'static Operation,
    options: CallOptions,
) -> Result<Response<Member>, Error> {
    receive(transport, operation, options).await?.json()
}

/// The same, before its answer is read as anything.
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
        .receive(built(request))
        .await
}

/// A POST with a body.
pub(crate) async fn create_tenant(transport: &Transport) -> Result<Response<Member>, Error> {
    let call = transport.call(&CREATE_TENANT, CallOptions::default());
    let request = transport
        .reqwest()
        .post(format!("{}/tenants", transport.base_url()));
    let request = request.json(&serde_json::json!({ "name": "acme" }));
    call.receive(built(request)).await?.json()
}

/// A DELETE without a body in its answer.
pub(crate) async fn delete_member(transport: &Transport) -> Result<Response<()>, Error> {
    let call = transport.call(&DELETE_MEMBER, CallOptions::default());
    let request = transport
        .reqwest()
        .delete(format!("{}/members/1", transport.base_url()));
    call.receive(built(request)).await?.empty()
}

/// A bulk PATCH.
pub(crate) async fn update_tenants<R: DeserializeOwned>(
    transport: &Transport,
) -> Result<Response<Outcome<R>>, Error> {
    let call = transport.call(&UPDATE_TENANTS, CallOptions::default());
    let request = transport
        .reqwest()
        .patch(format!("{}/members/1/tenants", transport.base_url()));
    call.receive(built(request)).await?.outcome()
}

/// Hands out `token-0`, `token-1`, … and notes what it is told of them.
#[derive(Clone, Default)]
pub(crate) struct Tokens(Arc<Noted>);

#[derive(Default)]
struct Noted {
    fetched: AtomicUsize,
    replaces: bool,
    fails_after: Option<usize>,
    told: Mutex<Vec<String>>,
}

impl Tokens {
    /// A source that has another token after a 401.
    pub(crate) fn replacing() -> Self {
        Self(Arc::new(Noted {
            replaces: true,
            ..Noted::default()
        }))
    }

    /// A source that has another token after a 401, and can be asked `count` times.
    pub(crate) fn failing_after(count: usize) -> Self {
        Self(Arc::new(Noted {
            replaces: true,
            fails_after: Some(count),
            ..Noted::default()
        }))
    }

    pub(crate) fn fetched(&self) -> usize {
        self.0.fetched.load(Ordering::SeqCst)
    }

    pub(crate) fn told(&self) -> Vec<String> {
        self.0.told.lock().unwrap().clone()
    }
}

impl TokenSource for Tokens {
    fn token(&self) -> BoxFuture<'_, Result<AccessToken, TokenError>> {
        let number = self.0.fetched.fetch_add(1, Ordering::SeqCst);
        let result = match self.0.fails_after {
            Some(count) if number >= count => {
                Err(TokenError::new("the token endpoint answered 503"))
            }
            _ => Ok(AccessToken::new(format!("token-{number}"), number as u64)),
        };
        Box::pin(std::future::ready(result))
    }

    fn accepted(&self, token: &AccessToken) {
        self.0
            .told
            .lock()
            .unwrap()
            .push(format!("accepted {}", token.id()));
    }

    fn rejected(&self, token: &AccessToken) -> bool {
        self.0
            .told
            .lock()
            .unwrap()
            .push(format!("rejected {}", token.id()));
        self.0.replaces
    }
}

/// What a bare server does with a request that it has read.
#[derive(Clone)]
pub(crate) enum Answer {
    /// Writes these bytes and closes.
    Bytes(Vec<u8>),
    /// Writes these bytes and keeps the connection open without another byte.
    Hang(Vec<u8>),
}

impl Answer {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Bytes(text.into().into_bytes())
    }
}

/// A server on a bare socket: it answers each connection with the next of its answers, whatever they are.
pub(crate) struct BareServer {
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl BareServer {
    pub(crate) async fn answering(answers: impl IntoIterator<Item = Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let mut answers: VecDeque<_> = answers.into_iter().collect();
        let noted = Arc::clone(&requests);
        tokio::spawn(async move {
            while let Some(answer) = answers.pop_front() {
                let Ok((stream, _)) = listener.accept().await else {
                    return;
                };
                tokio::spawn(answer_one(stream, answer, Arc::clone(&noted)));
            }
        });
        Self { url, requests }
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

async fn answer_one(mut stream: TcpStream, answer: Answer, requests: Arc<Mutex<Vec<String>>>) {
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
    match answer {
        Answer::Bytes(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
        Answer::Hang(bytes) => {
            let _ = stream.write_all(&bytes).await;
            std::future::pending::<()>().await;
        }
    }
}

/// What comes of `future`, for which real time need not pass.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    let limit = Duration::from_secs(2);
    tokio::time::timeout(limit, future).await.expect("it hangs")
}

/// The URL of a server that rejects every TLS handshake with an alert, and how often it did.
pub(crate) async fn alerting(description: u8) -> (String, Arc<AtomicUsize>) {
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
            // The connection ends after the client has read it.
            let _ = stream.read(&mut [0; 4096]).await;
        }
    });
    (url, count)
}

/// The URL of a port that nobody listens on.
pub(crate) async fn deserted_url() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// `error` and its sources, in every form that prints.
pub(crate) fn printed(error: &dyn std::error::Error) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(&format!(" / {error} {error:?} {error:#?}"));
        source = error.source();
    }
    text
}

/// What `error` displays, with the path of the request in place of its URL: ports differ from run to run.
pub(crate) fn displayed(error: &Error) -> String {
    let text = error.to_string().replace("https://127", "http://127");
    let mut parts = text.split("http://127.0.0.1:");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        text + part.trim_start_matches(|c: char| c.is_ascii_digit())
    })
}

/// A client that trusts nothing but itself: the environment's proxies stay out of the tests.
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

/// A client for plain http. It reads no certificates, which is what takes time when a client is made.
pub(crate) fn plain_client() -> HttpClient {
    HttpClient::from_builder(reqwest::Client::builder().no_proxy().tls_certs_only([])).unwrap()
}
