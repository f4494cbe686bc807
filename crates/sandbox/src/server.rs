//! The HTTP server: connections, routes and the processing of requests.

mod admin;
mod delivery;
mod host_guard;
mod listener;
mod operations;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use self::operations::route_path;
use axum::Router;
use axum::body::Body;
use axum::extract::{RawPathParams, Request};
use axum::routing::{MethodFilter, get, on, post};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use secrecy::SecretString;
use serde_json::json;
use tokio::task::JoinSet;

use crate::api::Api;
use crate::clock::Clock;
use crate::document::{Document, Operation};
use crate::faults::{Effect, FaultContext, FaultDecision, FaultTarget, Faults, TOKEN, apply};
use crate::login::Login;
use crate::problem::Problem;
use crate::rate_limits::RateLimiters;
use crate::request_log::{RequestLog, RequestRecord};
use crate::response::ApiResponse;
use crate::tcp_connection::{ConnectionKiller, TcpConnection};
use crate::team::Team;
use crate::tenant::SharedTenant;
use crate::token::{TokenEndpoint, TokenValidator};

pub(crate) use listener::Listener;

/// Names of the login endpoints in the request log.
const ACTIVATE: &str = "activate";
const DEVICE: &str = "device";
const AUTHORIZE: &str = "authorize";
const REVOKE: &str = "revoke";

/// Maximum size of a request body, in bytes.
const MAX_BODY: usize = 1024 * 1024;

/// State shared by all requests of one sandbox.
pub(crate) struct ServerState {
    /// In the order of [`Api::ALL`].
    pub(crate) documents: &'static [Document; 3],
    pub(crate) clock: Arc<Clock>,
    pub(crate) tokens: TokenEndpoint,
    pub(crate) token_validator: TokenValidator,
    pub(crate) login: Login,
    pub(crate) team: Mutex<Team>,
    pub(crate) tenant: Arc<SharedTenant>,
    pub(crate) faults: Faults,
    pub(crate) requests: RequestLog,
    pub(crate) limits: RateLimiters,
    /// Responses that did not match their document. `None` disables the check.
    pub(crate) violations: Option<Mutex<Vec<String>>>,
    pub(crate) admin_token: SecretString,
    pub(crate) port: u16,
}

impl ServerState {
    pub(crate) fn team(&self) -> MutexGuard<'_, Team> {
        self.team.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves until the future is dropped, which closes every connection.
pub(crate) async fn serve(listener: Arc<Listener>, shared: Arc<ServerState>) {
    let router = router(&shared);
    let mut connections = JoinSet::new();
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(stream) => stream,
                // A failed accept (too many open files, for example) must not stop the server.
                Err(error) => {
                    tracing::warn!(%error, "accepting a connection failed");
                    tokio::task::yield_now().await;
                    continue;
                }
            },
            Some(_) = connections.join_next() => continue,
        };
        // Responses are written at once, so Nagle's algorithm would only delay them.
        let _ = stream.set_nodelay(true);
        let (connection, killer) = TcpConnection::new(stream);
        let router = router.clone();
        let service = tower::service_fn(move |mut request: http::Request<Incoming>| {
            request.extensions_mut().insert(killer.clone());
            tower::ServiceExt::oneshot(router.clone(), request)
        });
        connections.spawn(async move {
            let served = http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(connection), TowerToHyperService::new(service))
                .await;
            if let Err(error) = served {
                tracing::debug!(%error, "a connection failed");
            }
        });
    }
}

fn router(shared: &Arc<ServerState>) -> Router {
    let mut router = Router::new();
    for operation in shared.documents.iter().flat_map(|one| &one.operations) {
        let Ok(filter) = MethodFilter::try_from(operation.method.clone()) else {
            continue;
        };
        let shared = Arc::clone(shared);
        let handler = move |path: Result<RawPathParams, _>, request: Request| {
            let shared = Arc::clone(&shared);
            async move { shared.operation(operation, path, request).await }
        };
        router = router.route(&route_path(operation), on(filter, handler));
    }
    let token = Arc::clone(shared);
    let revocation = Arc::clone(shared);
    let (device, activation_page, submit_activation) =
        (Arc::clone(shared), Arc::clone(shared), Arc::clone(shared));
    let (authorization, submit_login) = (Arc::clone(shared), Arc::clone(shared));
    let discovery = Arc::clone(shared);
    let keys = Arc::clone(shared);
    router
        .route(
            "/oauth/token",
            post(move |request: Request| async move { token.token(request).await }),
        )
        .route(
            "/oauth/revoke",
            post(move |request: Request| async move {
                let response = |shared: &ServerState, headers: &HeaderMap, body: &Bytes| {
                    shared.tokens.revoke(headers, body)
                };
                revocation.with_body(request, REVOKE, response).await
            }),
        )
        .route(
            "/oauth/device/code",
            post(move |request: Request| async move {
                let response = |shared: &ServerState, headers: &HeaderMap, body: &Bytes| {
                    shared.tokens.device_authorization(headers, body)
                };
                device.with_body(request, DEVICE, response).await
            }),
        )
        .route(
            "/activate",
            get(move |request: Request| async move { activation_page.activation_page(&request) })
                .post(move |request: Request| async move {
                    submit_activation
                        .with_body(request, ACTIVATE, ServerState::submit_activation)
                        .await
                }),
        )
        .route(
            "/authorize",
            get(move |request: Request| async move { authorization.authorize(&request) }).post(
                move |request: Request| async move {
                    submit_login
                        .with_body(request, AUTHORIZE, ServerState::submit_login)
                        .await
                },
            ),
        )
        .route(
            "/.well-known/openid-configuration",
            get(move |request: Request| async move {
                discovery.respond_outside_apis(&request, discovery.discovery())
            }),
        )
        .route(
            "/.well-known/jwks.json",
            get(move |request: Request| async move {
                let response = ApiResponse::json(StatusCode::OK, keys.tokens.key().public());
                keys.respond_outside_apis(&request, response)
            }),
        )
        .merge(admin::router(shared))
        .fallback({
            let shared = Arc::clone(shared);
            move |request: Request| async move { shared.unknown_path(&request) }
        })
        .method_not_allowed_fallback({
            let shared = Arc::clone(shared);
            move |request: Request| async move { shared.method_not_allowed(&request) }
        })
        .layer(host_guard::HostGuardLayer::new(Arc::clone(shared)))
}

impl ServerState {
    /// The body of `/.well-known/openid-configuration`.
    fn discovery(&self) -> ApiResponse {
        let issuer = self.tokens.issuer();
        ApiResponse::json(
            StatusCode::OK,
            &json!({
                "issuer": issuer,
                "token_endpoint": format!("{issuer}oauth/token"),
                "dpop_signing_alg_values_supported": ["ES256"],
                "jwks_uri": format!("{issuer}.well-known/jwks.json"),
                "authorization_endpoint": format!("{issuer}authorize"),
                "device_authorization_endpoint": format!("{issuer}oauth/device/code"),
                "revocation_endpoint": format!("{issuer}oauth/revoke"),
                "grant_types_supported": ["authorization_code", "client_credentials", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
                "response_types_supported": ["code"],
                "response_modes_supported": ["query"],
                "code_challenge_methods_supported": ["S256"],
                "authorization_response_iss_parameter_supported": true,
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "token_endpoint_auth_methods_supported":
                    ["client_secret_basic", "client_secret_post", "none", "private_key_jwt"],
                "token_endpoint_auth_signing_alg_values_supported":
                    ["RS256", "RS384", "PS256", "PS384", "ES256", "ES384"],
                "scopes_supported": self.tokens.all_scopes(),
            }),
        )
    }

    fn unknown_path(&self, request: &Request) -> axum::response::Response {
        let problem = Problem::not_found("NOT_FOUND", "No resource exists at this path");
        self.respond_outside_apis(request, problem.into_response(api_of(request), None))
    }

    fn method_not_allowed(&self, request: &Request) -> axum::response::Response {
        let status = StatusCode::METHOD_NOT_ALLOWED;
        let problem = Problem::new(
            status,
            "METHOD_NOT_ALLOWED",
            "The method is not supported at this path",
        );
        self.respond_outside_apis(request, problem.into_response(api_of(request), None))
    }

    /// Sends a response to a request outside the APIs.
    fn respond_outside_apis(
        &self,
        request: &Request,
        response: ApiResponse,
    ) -> axum::response::Response {
        self.respond_and_log(log_record(request, None), response)
    }

    /// Logs a request that had no effect, and sends the response.
    fn respond_and_log(
        &self,
        log_record: RequestRecord,
        response: ApiResponse,
    ) -> axum::response::Response {
        self.log_request(log_record, Some(response.status), false);
        self.http_response(response)
    }

    fn authorize(&self, request: &Request) -> axum::response::Response {
        let query = request.uri().query().unwrap_or_default().as_bytes();
        let now = self.clock.seconds();
        let response = self.login.authorize(&self.tokens, query, false, now);
        let log_record = log_record(request, Some(AUTHORIZE));
        // A login had an effect if the user is redirected to the application.
        self.log_request(
            log_record,
            Some(response.status),
            response.status.is_redirection(),
        );
        self.http_response(response)
    }

    fn activation_page(&self, request: &Request) -> axum::response::Response {
        let query = request.uri().query().unwrap_or_default().as_bytes();
        let response = self.login.activation_page(query);
        let mut log_record = log_record(request, Some(ACTIVATE));
        // Anyone who knows a user code can approve it.
        log_record.query = None;
        self.log_request(log_record, Some(response.status), false);
        self.http_response(response)
    }

    fn submit_activation(&self, _: &HeaderMap, body: &Bytes) -> ApiResponse {
        let now = self.clock.seconds();
        self.login.activate(&self.tokens, body, now)
    }

    fn submit_login(&self, _: &HeaderMap, body: &Bytes) -> ApiResponse {
        let now = self.clock.seconds();
        self.login.authorize(&self.tokens, body, true, now)
    }

    /// Handles a request outside the APIs that has a body and a name in the request log.
    async fn with_body(
        &self,
        request: Request,
        name: &str,
        response: impl FnOnce(&Self, &HeaderMap, &Bytes) -> ApiResponse,
    ) -> axum::response::Response {
        let log_record = log_record(&request, Some(name));
        let (parts, body) = request.into_parts();
        match read_body(body).await {
            Ok(body) => {
                let response = response(self, &parts.headers, &body);
                let acted = response.status.is_success() || response.status.is_redirection();
                self.log_request(log_record, Some(response.status), acted);
                self.http_response(response)
            }
            Err(problem) => self.respond_and_log(log_record, problem.into()),
        }
    }

    async fn token(self: Arc<Self>, request: Request) -> axum::response::Response {
        let log_record = log_record(&request, Some(TOKEN));
        let (parts, body) = request.into_parts();
        let body = match read_body(body).await {
            Ok(body) => body,
            Err(problem) => return self.respond_and_log(log_record, problem.into()),
        };
        let faults = self.faults.draw(FaultTarget::Token);
        let early = match faults.effect {
            Some(Effect::EarlyExpiry { seconds }) => Duration::from_secs(seconds),
            _ => Duration::ZERO,
        };
        let act = || {
            let response = self.tokens.token_response(&parts.headers, &body, early);
            let acted = response.status.is_success();
            (response, acted)
        };
        self.respond_with_faults(
            log_record,
            faults,
            None,
            None,
            act,
            killer(&parts.extensions),
        )
        .await
    }

    /// Applies the faults drawn for a call, and logs the outcome.
    async fn respond_with_faults(
        &self,
        log_record: RequestRecord,
        faults: FaultDecision,
        operation: Option<&Operation>,
        from: Option<&str>,
        act: impl FnOnce() -> (ApiResponse, bool),
        killer: Option<ConnectionKiller>,
    ) -> axum::response::Response {
        if !faults.delay.is_zero() {
            #[allow(
                clippy::disallowed_methods,
                reason = "the delay simulates a slow network, which does not depend on the sandbox's clock"
            )]
            tokio::time::sleep(faults.delay).await;
        }
        let context = FaultContext {
            documents: self.documents,
            operation,
            clock: &self.clock,
            from,
        };
        let mut acted = false;
        let mut log_record = log_record;
        let delivery = apply(faults.effect.as_ref(), &context, || {
            let (response, done) = act();
            acted = done;
            log_record.default_response = response.is_default;
            response
        });
        self.log_request(log_record, delivery.status(), acted);
        self.deliver(delivery, killer).await
    }

    fn log_request(&self, mut log_record: RequestRecord, status: Option<StatusCode>, acted: bool) {
        log_record.status = status.map(|status| status.as_u16());
        log_record.acted = acted;
        tracing::info!(
            operation = log_record.operation,
            method = log_record.method,
            status = log_record.status,
            acted,
            "request"
        );
        self.requests.add(log_record);
    }
}

/// The API that determines the error format for this path.
fn api_of(request: &Request) -> Api {
    Api::of_path(request.uri().path())
}

/// The log record of a request, without its outcome.
fn log_record(request: &Request, operation: Option<&str>) -> RequestRecord {
    RequestRecord {
        number: 0,
        method: request.method().to_string(),
        path: request.uri().path().to_owned(),
        query: request.uri().query().map(str::to_owned),
        operation: operation.map(str::to_owned),
        status: None,
        acted: false,
        default_response: false,
    }
}

fn killer(extensions: &http::Extensions) -> Option<ConnectionKiller> {
    extensions.get::<ConnectionKiller>().cloned()
}

async fn read_body(body: Body) -> Result<Bytes, Problem> {
    axum::body::to_bytes(body, MAX_BODY).await.map_err(|_| {
        Problem::invalid(format!(
            "body: expected a complete body of at most {MAX_BODY} bytes"
        ))
    })
}
