//! Layers around every attempt.

use std::error::Error as _;
use std::sync::{Arc, Mutex};

use auth0_core::{
    HttpClient, HttpService, RetryPolicy,
    codegen::{CallOptions, Transport},
    reqwest,
};
use http::{HeaderName, HeaderValue};
use tower::layer::layer_fn;
use tower::util::{MapErrLayer, MapRequestLayer, MapResponseLayer};

use crate::support::*;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What the layers recorded, in order.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

impl Notes {
    fn add(&self, note: impl Into<String>) {
        self.0.lock().unwrap().push(note.into());
    }

    fn taken(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

fn client(server_url: &str, http_client: HttpClient) -> Transport {
    FakeTimer::default()
        .under(builder(Tokens::replacing()))
        .retry(RetryPolicy::default())
        .http_client(http_client)
        .build(base(server_url))
        .unwrap()
}

fn stamp(mut request: reqwest::Request, value: &str) -> reqwest::Request {
    let name = HeaderName::from_static("x-stamp");
    let value = HeaderValue::from_str(value).unwrap();
    request.headers_mut().insert(name, value);
    request
}

#[derive(Debug)]
struct CircuitOpen;

impl std::fmt::Display for CircuitOpen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the circuit is open")
    }
}

impl std::error::Error for CircuitOpen {}

#[tokio::test]
async fn layer_sees_every_attempt_with_its_token_and_every_response() {
    let unauthorized = Behavior::status("401 Unauthorized", "", "{}");
    let unavailable = Behavior::status("503 Service Unavailable", "", "{}");
    let server = FailureServer::with_script([unauthorized, unavailable], Behavior::success());
    let notes = Notes::default();
    let (requests, responses) = (notes.clone(), notes.clone());
    let http_client = plain_client()
        .layer(MapRequestLayer::new(move |request: reqwest::Request| {
            requests.add(request.headers()["authorization"].to_str().unwrap());
            request
        }))
        .layer(MapResponseLayer::new(move |response: reqwest::Response| {
            responses.add(response.status().as_str());
            response
        }));
    call(
        &client(&server.url, http_client),
        &READ,
        CallOptions::default(),
    )
    .await
    .unwrap();
    assert_eq!(
        notes.taken(),
        [
            "Bearer token-0",
            "401",
            "Bearer token-1",
            "503",
            "Bearer token-2",
            "200"
        ]
    );
}

#[tokio::test]
async fn layer_added_last_is_outermost_and_may_modify_the_request() {
    let server = FailureServer::always(Behavior::success());
    let notes = Notes::default();
    let noting = |name: &'static str| {
        let notes = notes.clone();
        MapRequestLayer::new(move |request| {
            notes.add(name);
            stamp(request, name)
        })
    };
    let http_client = plain_client().layer(noting("first")).layer(noting("last"));
    call(
        &client(&server.url, http_client),
        &CREATE,
        CallOptions::default(),
    )
    .await
    .unwrap();
    assert_eq!(notes.taken(), ["last", "first"]);
    assert_eq!(server.header("x-stamp"), [("first".to_owned(), 1)]);
}

/// A client whose requests all fail in a layer, and the record of each.
fn broken(notes: &Notes) -> HttpClient {
    let notes = notes.clone();
    plain_client().layer(layer_fn(move |_: HttpService| {
        let notes = notes.clone();
        tower::service_fn(move |_: reqwest::Request| {
            notes.add("asked");
            std::future::ready(Err::<reqwest::Response, _>(BoxError::from(CircuitOpen)))
        })
    }))
}

#[tokio::test]
async fn failed_layer_counts_as_a_lost_response() {
    let server = FailureServer::always(Behavior::success());
    let notes = Notes::default();
    for (operation, attempts) in [(&READ, 3), (&REPLACE, 3), (&CREATE, 1)] {
        let transport = client(&server.url, broken(&notes));
        let error = call(&transport, operation, CallOptions::default())
            .await
            .unwrap_err();
        assert_eq!(error.is_transport(), operation.id() == READ.id());
        assert_eq!(error.is_outcome_unknown(), operation.id() != READ.id());
        assert!(!error.is_connect() && !error.is_timeout());
        assert_eq!(error.attempts(), attempts);
        assert_eq!(notes.taken().len(), attempts as usize);
        let source = error.source().unwrap();
        assert!(source.downcast_ref::<CircuitOpen>().is_some(), "{source}");
        assert!(!error.to_string().contains("circuit"));
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn client_error_is_classified_correctly_within_a_layer() {
    let unused_port = UnusedPort::new();
    let passing = || plain_client().layer(MapRequestLayer::new(|request| stamp(request, "x")));
    let error = call(
        &client(&unused_port.url, passing()),
        &CREATE,
        CallOptions::default(),
    )
    .await
    .unwrap_err();
    assert!(error.is_transport() && error.is_connect());
    assert_eq!(error.attempts(), 3);

    let hanging = FailureServer::always(Behavior::KeepOpen(Vec::new()));
    let options = CallOptions::default().timeout(std::time::Duration::from_millis(50));
    let error = call(&client(&hanging.url, passing()), &CREATE, options)
        .await
        .unwrap_err();
    assert!(error.is_outcome_unknown() && error.is_timeout());
}

#[tokio::test]
async fn client_error_wrapped_by_a_layer_counts_as_a_lost_response() {
    let unused_port = UnusedPort::new();
    let wrapping = MapErrLayer::new(|_: BoxError| CircuitOpen);
    let transport = client(&unused_port.url, plain_client().layer(wrapping));
    let error = call(&transport, &CREATE, CallOptions::default())
        .await
        .unwrap_err();
    assert!(error.is_outcome_unknown() && !error.is_connect());
}

/// The error of a layer that wraps another error.
#[derive(Debug)]
struct LayerError(BoxError);

impl std::fmt::Display for LayerError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the layer failed")
    }
}

impl std::error::Error for LayerError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.0)
    }
}

#[tokio::test]
async fn client_error_wrapped_by_a_layer_shows_no_url() {
    let server = FailureServer::always(Behavior::ResetAfterRequest);
    let wrapping = plain_client().layer(MapErrLayer::new(LayerError));
    let transport = client(&server.url, wrapping);
    let error = call(&transport, &READ, CallOptions::default())
        .await
        .unwrap_err();
    let printed = printed(&error);
    assert!(printed.contains("the layer failed"), "{printed}");
    assert!(printed.contains("reqwest"), "{printed}");
    assert!(!printed.contains("/members/1"), "{printed}");
}
