//! The server: connections, routes, and the way of a request through token, limits, faults and the team.

mod admin;
mod deliver;
mod hosts;
mod operation;
mod port;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use self::operation::route;
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

use crate::answer::Answer;
use crate::api::Api;
use crate::clock::Clock;
use crate::document::{Document, Operation};
use crate::faults::{At, Befallen, Drawn, Effect, Faults, TOKEN, apply};
use crate::line::{Line, Scissors};
use crate::login::Login;
use crate::problem::Problem;
use crate::rate_limits::Limits;
use crate::request_log::{RequestLog, RequestRecord};
use crate::team::Team;
use crate::tenant::SharedTenant;
use crate::token::{Access, TokenEndpoint};

pub(crate) use port::Port;

/// What the log calls what belongs to logins.
const ACTIVATE: &str = "activate";
const DEVICE: &str = "device";
const AUTHORIZE: &str = "authorize";
const REVOKE: &str = "revoke";

/// The longest body that is read.
const MAX_BODY: usize = 1024 * 1024;

/// All that the requests of one sandbox share.
pub(crate) struct Shared {
    /// In the order of [`Api::ALL`].
    pub(crate) documents: &'static [Document; 3],
    pub(crate) clock: Arc<Clock>,
    pub(crate) tokens: TokenEndpoint,
    pub(crate) access: Access,
    pub(crate) login: Login,
    pub(crate) team: Mutex<Team>,
    pub(crate) tenant: Arc<SharedTenant>,
    pub(crate) faults: Faults,
    pub(crate) requests: RequestLog,
    pub(crate) limits: Limits,
    /// Answers that were not as the document says; none are looked for where there is no list.
    pub(crate) violations: Option<Mutex<Vec<String>>>,
    pub(crate) admin_token: SecretString,
    pub(crate) port: u16,
}

impl Shared {
    pub(crate) fn team(&self) -> MutexGuard<'_, Team> {
        self.team.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves until the future is dropped, and then closes every connection.
pub(crate) async fn serve(port: Arc<Port>, shared: Arc<Shared>) {
    let router = router(&shared);
    let mut connections = JoinSet::new();
    loop {
        let stream = tokio::select! {
            accepted = port.accept() => match accepted {
                Ok(stream) => stream,
                // One connection that cannot be had (too many files are open, say) is no reason to stop.
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::task::yield_now().await;
                    continue;
                }
            },
            Some(_) = connections.join_next() => continue,
        };
        // Answers are written whole, so there is nothing to wait for.
        let _ = stream.set_nodelay(true);
        let (line, scissors) = Line::new(stream);
        let router = router.clone();
        let service = tower::service_fn(move |mut request: http::Request<Incoming>| {
            request.extensions_mut().insert(scissors.clone());
            tower::ServiceExt::oneshot(router.clone(), request)
        });
        connections.spawn(async move {
            let served = http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(line), TowerToHyperService::new(service))
                .await;
            if let Err(error) = served {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
}

fn router(shared: &Arc<Shared>) -> Router {
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
        router = router.route(&route(operation), on(filter, handler));
    }
    let token = Arc::clone(shared);
    let revocation = Arc::clone(shared);
    let (device, activation, activated) =
        (Arc::clone(shared), Arc::clone(shared), Arc::clone(shared));
    let (authorization, chosen) = (Arc::clone(shared), Arc::clone(shared));
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
                let answer = |shared: &Shared, headers: &HeaderMap, body: &Bytes| {
                    shared.tokens.revoke(headers, body)
                };
                revocation.with_body(request, REVOKE, answer).await
            }),
        )
        .route(
            "/oauth/device/code",
            post(move |request: Request| async move {
                let answer = |shared: &Shared, headers: &HeaderMap, body: &Bytes| {
                    shared.tokens.device(headers, body)
                };
                device.with_body(request, DEVICE, answer).await
            }),
        )
        .route(
            "/activate",
            get(move |request: Request| async move { activation.activation(&request) }).post(
                move |request: Request| async move {
                    activated
                        .with_body(request, ACTIVATE, Shared::activated)
                        .await
                },
            ),
        )
        .route(
            "/authorize",
            get(move |request: Request| async move { authorization.authorize(&request) }).post(
                move |request: Request| async move {
                    chosen.with_body(request, AUTHORIZE, Shared::chosen).await
                },
            ),
        )
        .route(
            "/.well-known/openid-configuration",
            get(move |request: Request| async move {
                discovery.outside(&request, discovery.discovery())
            }),
        )
        .route(
            "/.well-known/jwks.json",
            get(move |request: Request| async move {
                let answer = Answer::json(StatusCode::OK, keys.tokens.key().public());
                keys.outside(&request, answer)
            }),
        )
        .merge(admin::router(shared))
        .fallback({
            let shared = Arc::clone(shared);
            move |request: Request| async move { shared.nothing_there(&request) }
        })
        .method_not_allowed_fallback({
            let shared = Arc::clone(shared);
            move |request: Request| async move { shared.not_allowed(&request) }
        })
        .layer(hosts::OwnHosts::new(Arc::clone(shared)))
}

impl Shared {
    /// What `/.well-known/openid-configuration` shows.
    fn discovery(&self) -> Answer {
        let issuer = self.tokens.issuer();
        Answer::json(
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

    fn nothing_there(&self, request: &Request) -> axum::response::Response {
        let problem = Problem::not_found("NOT_FOUND", "There is nothing at this path");
        self.outside(request, problem.answer(api_of(request), None))
    }

    fn not_allowed(&self, request: &Request) -> axum::response::Response {
        let status = StatusCode::METHOD_NOT_ALLOWED;
        let problem = Problem::new(status, "METHOD_NOT_ALLOWED", "This path has no such method");
        self.outside(request, problem.answer(api_of(request), None))
    }

    /// Answers a request that is no operation.
    fn outside(&self, request: &Request, answer: Answer) -> axum::response::Response {
        let record = record(request, None);
        self.note(record, Some(answer.status), false);
        self.deliver(answer)
    }

    /// Answers a request that cannot be read.
    fn refuse(&self, record: RequestRecord, answer: Answer) -> axum::response::Response {
        self.note(record, Some(answer.status), false);
        self.deliver(answer)
    }

    fn authorize(&self, request: &Request) -> axum::response::Response {
        let query = request.uri().query().unwrap_or_default().as_bytes();
        let now = self.clock.seconds();
        let answer = self.login.authorize(&self.tokens, query, false, now);
        let record = record(request, Some(AUTHORIZE));
        // A code is what it is about.
        self.note(record, Some(answer.status), answer.status.is_redirection());
        self.deliver(answer)
    }

    fn activation(&self, request: &Request) -> axum::response::Response {
        let query = request.uri().query().unwrap_or_default().as_bytes();
        let answer = self.login.activation(query);
        let mut record = record(request, Some(ACTIVATE));
        // Whoever knows a user code can approve it.
        record.query = None;
        self.note(record, Some(answer.status), false);
        self.deliver(answer)
    }

    fn activated(&self, _: &HeaderMap, body: &Bytes) -> Answer {
        let now = self.clock.seconds();
        self.login.activate(&self.tokens, body, now)
    }

    fn chosen(&self, _: &HeaderMap, body: &Bytes) -> Answer {
        let now = self.clock.seconds();
        self.login.authorize(&self.tokens, body, true, now)
    }

    /// Answers a request that is no operation, but has a body and a name in the log.
    async fn with_body(
        &self,
        request: Request,
        name: &str,
        answer: impl FnOnce(&Self, &HeaderMap, &Bytes) -> Answer,
    ) -> axum::response::Response {
        let record = record(&request, Some(name));
        let (parts, body) = request.into_parts();
        match read_body(body).await {
            Ok(body) => {
                let answer = answer(self, &parts.headers, &body);
                let acted = answer.status.is_success() || answer.status.is_redirection();
                self.note(record, Some(answer.status), acted);
                self.deliver(answer)
            }
            Err(problem) => self.refuse(record, problem.into()),
        }
    }

    async fn token(self: Arc<Self>, request: Request) -> axum::response::Response {
        let record = record(&request, Some(TOKEN));
        let (parts, body) = request.into_parts();
        let body = match read_body(body).await {
            Ok(body) => body,
            Err(problem) => return self.refuse(record, problem.into()),
        };
        let drawn = self.faults.draw(Befallen::Token);
        let early = match drawn.effect {
            Some(Effect::EarlyExpiry { seconds }) => Duration::from_secs(seconds),
            _ => Duration::ZERO,
        };
        let act = || {
            let answer = self.tokens.answer(&parts.headers, &body, early);
            let acted = answer.status.is_success();
            (answer, acted)
        };
        self.befall(record, drawn, None, None, act, scissors(&parts.extensions))
            .await
    }

    /// Does to a call what was drawn for it, and notes what became of it.
    async fn befall(
        &self,
        record: RequestRecord,
        drawn: Drawn,
        operation: Option<&Operation>,
        from: Option<&str>,
        act: impl FnOnce() -> (Answer, bool),
        scissors: Option<Scissors>,
    ) -> axum::response::Response {
        if !drawn.delay.is_zero() {
            #[allow(
                clippy::disallowed_methods,
                reason = "a fault that takes time is one of the network, not of the sandbox's clock"
            )]
            tokio::time::sleep(drawn.delay).await;
        }
        let at = At {
            documents: self.documents,
            operation,
            clock: &self.clock,
            from,
        };
        let mut acted = false;
        let delivery = apply(drawn.effect.as_ref(), &at, || {
            let (answer, done) = act();
            acted = done;
            answer
        });
        self.note(record, delivery.status(), acted);
        self.send(delivery, scissors).await
    }

    fn note(&self, mut record: RequestRecord, status: Option<StatusCode>, acted: bool) {
        record.status = status.map(|status| status.as_u16());
        record.acted = acted;
        tracing::info!(
            operation = record.operation,
            method = record.method,
            status = record.status,
            acted,
            "request"
        );
        self.requests.add(record);
    }
}

/// The API to which whoever asks for this path seems to have meant to talk.
fn api_of(request: &Request) -> Api {
    Api::of_path(request.uri().path())
}

/// What the request log holds of a request before it is known what becomes of it.
fn record(request: &Request, operation: Option<&str>) -> RequestRecord {
    RequestRecord {
        number: 0,
        method: request.method().to_string(),
        path: request.uri().path().to_owned(),
        query: request.uri().query().map(str::to_owned),
        operation: operation.map(str::to_owned),
        status: None,
        acted: false,
    }
}

fn scissors(extensions: &http::Extensions) -> Option<Scissors> {
    extensions.get::<Scissors>().cloned()
}

async fn read_body(body: Body) -> Result<Bytes, Problem> {
    axum::body::to_bytes(body, MAX_BODY).await.map_err(|_| {
        Problem::invalid(format!(
            "body: expected at most {MAX_BODY} bytes, all of them sent"
        ))
    })
}
