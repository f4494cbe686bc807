//! A transport that responds without a connection.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use auth0_core::http::{self, HeaderMap, Method};
use auth0_core::{Error, HttpClient, HttpService, Operation, reqwest};
use bytes::Bytes;
use tower::layer::layer_fn;
use tower::service_fn;

use crate::MockResponse;
use crate::response::Kind;

/// An API without a server: responds to each operation as set, and records the requests. Clones share both.
///
/// An operation without a response set is answered with 501, and the error of the call names it.
///
/// The [crate documentation](crate) has an example.
#[derive(Clone)]
#[doc(alias = "mock server")]
pub struct MockApi {
    operations: &'static [&'static Operation],
    state: Arc<Mutex<BTreeMap<&'static str, State>>>,
}

/// Responses and requests of one operation.
#[derive(Default)]
struct State {
    responses: Vec<Responder>,
    requests: Vec<MockRequest>,
}

#[derive(Clone)]
struct Responder(Arc<dyn Fn(&MockRequest) -> MockResponse + Send + Sync>);

/// Sets the responses of one operation. Created by [`MockApi::on`].
#[derive(Debug)]
pub struct MockOperation<'m> {
    api: &'m MockApi,
    id: &'static str,
}

/// A request that a [`MockApi`] received. `Debug` omits headers and body, which may contain secrets.
///
/// ```
/// # fn example(api: &auth0_testing::MockApi) -> Option<()> {
/// let requests = api.requests("createTenant");
/// let body = requests.first()?.json()?;
/// assert_eq!(body["tenant_name"], "acme-dev");
/// # Some(())
/// # }
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct MockRequest {
    /// The HTTP method.
    pub method: Method,
    /// The path with its parameters, percent-encoded.
    pub path: String,
    /// The names and values of the query, decoded.
    pub query: Vec<(String, String)>,
    /// The headers, `Authorization` included.
    pub headers: HeaderMap,
    /// The body; empty if there is none.
    pub body: Bytes,
}

impl MockRequest {
    fn of(request: &reqwest::Request) -> Self {
        let url = request.url();
        Self {
            method: request.method().clone(),
            path: url.path().to_owned(),
            query: url.query_pairs().into_owned().collect(),
            headers: request.headers().clone(),
            body: request
                .body()
                .and_then(reqwest::Body::as_bytes)
                .map(Bytes::copy_from_slice)
                .unwrap_or_default(),
        }
    }

    /// Parses the body; `None` if it is not JSON.
    pub fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// How well the template of an operation fits: the number of its segments, then that of its literal ones. A base URL
    /// may have a path, so the template has to fit the end of the path.
    fn fit(&self, operation: &Operation) -> Option<(usize, usize)> {
        if operation.method() != self.method.as_str() {
            return None;
        }
        let template: Vec<&str> = operation
            .path()
            .split('/')
            .filter(|part| !part.is_empty())
            .collect();
        let path: Vec<&str> = self
            .path
            .split('/')
            .filter(|part| !part.is_empty())
            .collect();
        let end = path.get(path.len().checked_sub(template.len())?..)?;
        let mut literals = 0;
        for (part, found) in template.iter().zip(end) {
            if part == found {
                literals += 1;
            } else if !part.contains('{') {
                return None;
            }
        }
        Some((template.len(), literals))
    }
}

impl MockApi {
    /// Creates an API with these operations, such as `auth0_teams::operations::ALL`.
    pub fn new(operations: &'static [&'static Operation]) -> Self {
        Self {
            operations,
            state: Arc::default(),
        }
    }

    /// Selects the operation whose responses are set, by its id in the document.
    ///
    /// # Panics
    ///
    /// Panics if the API has no operation with this id.
    pub fn on(&self, id: &str) -> MockOperation<'_> {
        MockOperation {
            api: self,
            id: self.known(id),
        }
    }

    /// Returns the requests of an operation in order, retries included.
    ///
    /// # Panics
    ///
    /// Panics if the API has no operation with this id.
    pub fn requests(&self, id: &str) -> Vec<MockRequest> {
        let id = self.known(id);
        self.state()
            .get(id)
            .map(|state| state.requests.clone())
            .unwrap_or_default()
    }

    /// Creates the HTTP client for the builder of an API client.
    ///
    /// # Errors
    ///
    /// Fails if the HTTP client that the layer replaces cannot be created.
    pub fn http_client(&self) -> Result<HttpClient, Error> {
        let api = self.clone();
        let layer = layer_fn(move |_: HttpService| {
            let api = api.clone();
            service_fn(move |request: reqwest::Request| std::future::ready(api.respond(&request)))
        });
        Ok(HttpClient::direct()?.layer(layer))
    }

    fn respond(&self, request: &reqwest::Request) -> Result<reqwest::Response, io::Error> {
        let request = MockRequest::of(request);
        let fitting = self
            .operations
            .iter()
            .filter_map(|operation| Some((request.fit(operation)?, *operation)));
        let response = match fitting.max_by_key(|(fit, _)| *fit) {
            None => unset(&format!(
                "{} {}, which is no operation of the API",
                request.method, request.path
            )),
            Some((_, operation)) => {
                let responder = self.receive(operation.id(), &request);
                // Called without the lock, so that a closure may use the mock.
                responder.map_or_else(|| unset(operation.id()), |responder| responder.0(&request))
            }
        };
        match response.0 {
            Kind::Lost => Err(io::Error::new(
                io::ErrorKind::ConnectionReset,
                "the mock lost the response",
            )),
            Kind::Response {
                status,
                headers,
                body,
            } => {
                let mut response = http::Response::new(body);
                *response.status_mut() = status;
                *response.headers_mut() = headers;
                Ok(response.into())
            }
        }
    }

    /// Records a request and returns the response for it: each once in order, the last one any number of times.
    fn receive(&self, id: &'static str, request: &MockRequest) -> Option<Responder> {
        let mut operations = self.state();
        let state = operations.entry(id).or_default();
        state.requests.push(request.clone());
        match state.responses.len() {
            0 => None,
            1 => state.responses.first().cloned(),
            _ => Some(state.responses.remove(0)),
        }
    }

    fn known(&self, id: &str) -> &'static str {
        let found = self
            .operations
            .iter()
            .find(|operation| operation.id() == id);
        match found {
            Some(operation) => operation.id(),
            None => {
                let ids: Vec<_> = self
                    .operations
                    .iter()
                    .map(|operation| operation.id())
                    .collect();
                panic!(
                    "expected the id of an operation, found {id:?}; the API has {}",
                    ids.join(", ")
                )
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, BTreeMap<&'static str, State>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unset(operation: &str) -> MockResponse {
    MockResponse::problem(
        501,
        "no_mock_response",
        &format!("no response is set for {operation}"),
    )
}

impl MockOperation<'_> {
    /// Adds a response. Responses are returned in order, and the last one any number of times.
    pub fn respond(&self, response: MockResponse) -> &Self {
        self.respond_with(move |_| response.clone())
    }

    /// Adds a response that depends on the request.
    ///
    /// ```
    /// use auth0_testing::{MockApi, MockResponse};
    /// use serde_json::json;
    ///
    /// let api = MockApi::new(auth0_teams::operations::ALL);
    /// api.on("listTenants").respond_with(|request| match request.query.is_empty() {
    ///     true => MockResponse::json(200, json!({"tenants": []})),
    ///     false => MockResponse::problem(400, "invalid_query_string", "Unexpected parameter."),
    /// });
    /// ```
    pub fn respond_with(
        &self,
        respond: impl Fn(&MockRequest) -> MockResponse + Send + Sync + 'static,
    ) -> &Self {
        self.api
            .state()
            .entry(self.id)
            .or_default()
            .responses
            .push(Responder(Arc::new(respond)));
        self
    }
}

impl fmt::Debug for MockApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MockApi")
            .field("operations", &self.operations.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for MockRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MockRequest")
            .field("method", &self.method)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
