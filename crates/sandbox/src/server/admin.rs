//! The control API under `/_sandbox`, which requires the admin token.
//!
//! | request | effect |
//! | --- | --- |
//! | `GET /_sandbox/requests` | lists the logged requests, oldest first |
//! | `DELETE /_sandbox/requests` | clears the request log |
//! | `GET /_sandbox/faults` | lists the active faults |
//! | `POST /_sandbox/faults` | adds a fault |
//! | `DELETE /_sandbox/faults` | removes all faults |
//! | `POST /_sandbox/clock` | moves the clock: `{"advance_seconds": 60}`, `{"offset_seconds": -600}` |
//! | `POST /_sandbox/tokens/revoke` | revokes all access tokens issued so far |
//! | `GET /_sandbox/invitations` | lists the pending invitations to the team |
//! | `POST /_sandbox/invitations/{id}/accept` | accepts an invitation to the team or to an organization, and returns the new member |
//! | `GET /_sandbox/client-grants` | lists the client grants of the tenant, which the APIs of the sandbox do not return |
//! | `POST /_sandbox/dns` | publishes a DNS TXT record, which verifies a domain: `{"host": "…", "text": "…"}` |
//! | `POST /_sandbox/devices` | approves or denies a device authorization: `{"user_code": "…", "user": "…"}`, `{"user_code": "…", "deny": true}` |

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{RawPathParams, Request};
use axum::response::Response;
use axum::routing::{get, post};
use chrono::TimeDelta;
use http::header::AUTHORIZATION;
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{ServerState, read_body};
use crate::faults::Fault;
use crate::problem::Problem;
use crate::response::{ApiResponse, no_content, ok};

type AdminResult = Result<ApiResponse, Problem>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockRequest {
    advance_seconds: Option<u64>,
    offset_seconds: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DnsRecordRequest {
    host: String,
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeviceDecisionRequest {
    user_code: String,
    user: Option<String>,
    #[serde(default)]
    deny: bool,
}

pub(super) fn router(shared: &Arc<ServerState>) -> Router {
    let without_body = |action: fn(&ServerState) -> AdminResult| {
        let shared = Arc::clone(shared);
        move |request: Request| async move { shared.run_authorized(&request, action) }
    };
    let with_body = |action: fn(&ServerState, &[u8]) -> AdminResult| {
        let shared = Arc::clone(shared);
        move |request: Request| async move { shared.run_authorized_with_body(request, action).await }
    };
    let state = Arc::clone(shared);
    let accept = move |path: RawPathParams, request: Request| async move {
        let id = path.iter().next().map(|(_, id)| id.to_owned());
        state.run_authorized(&request, |shared| {
            shared.accept_invitation(&id.unwrap_or_default())
        })
    };
    Router::new()
        .route(
            "/_sandbox/requests",
            get(without_body(|shared| ok(&shared.requests.list()))).delete(without_body(
                |shared| {
                    shared.requests.clear();
                    no_content()
                },
            )),
        )
        .route(
            "/_sandbox/faults",
            get(without_body(|shared| ok(&shared.faults.list())))
                .post(with_body(ServerState::add_fault))
                .delete(without_body(|shared| {
                    shared.faults.clear();
                    no_content()
                })),
        )
        .route(
            "/_sandbox/devices",
            post(with_body(ServerState::decide_device)),
        )
        .route(
            "/_sandbox/client-grants",
            get(without_body(|shared| {
                ok(&shared.tenant.lock().client_grants())
            })),
        )
        .route(
            "/_sandbox/dns",
            post(with_body(ServerState::publish_dns_record)),
        )
        .route("/_sandbox/clock", post(with_body(ServerState::move_clock)))
        .route(
            "/_sandbox/tokens/revoke",
            post(without_body(|shared| {
                shared
                    .token_validator
                    .revoke_up_to(shared.tokens.granted_count());
                no_content()
            })),
        )
        .route(
            "/_sandbox/invitations",
            get(without_body(|shared| ok(&shared.team().invitations()))),
        )
        .route("/_sandbox/invitations/{id}/accept", post(accept))
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| Problem::invalid(format!("body: {error}")))
}

impl ServerState {
    fn run_authorized(
        &self,
        request: &Request,
        action: impl FnOnce(&ServerState) -> AdminResult,
    ) -> Response {
        let token = request.headers().get(AUTHORIZATION);
        let token = token.and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        let response = if token == Some(self.admin_token.expose_secret()) {
            action(self)
        } else {
            Err(Problem::unauthorized(
                None,
                "expected the admin_token that the sandbox printed at startup",
            ))
        };
        self.http_response(response.unwrap_or_else(ApiResponse::from))
    }

    async fn run_authorized_with_body(
        &self,
        request: Request,
        action: fn(&ServerState, &[u8]) -> AdminResult,
    ) -> Response {
        let (parts, body) = request.into_parts();
        match read_body(body).await {
            Ok(bytes) => {
                let request = Request::from_parts(parts, axum::body::Body::empty());
                self.run_authorized(&request, |shared| action(shared, &bytes))
            }
            Err(problem) => self.http_response(problem.into()),
        }
    }

    fn add_fault(&self, body: &[u8]) -> AdminResult {
        let fault: Fault = parse(body)?;
        fault.check().map_err(Problem::invalid)?;
        self.faults.add(fault);
        no_content()
    }

    fn move_clock(&self, body: &[u8]) -> AdminResult {
        let request_body: ClockRequest = parse(body)?;
        if let Some(seconds) = request_body.offset_seconds {
            let offset = TimeDelta::try_seconds(seconds);
            self.clock.set_offset(offset.ok_or_else(|| {
                Problem::invalid("offset_seconds: expected a valid clock offset in seconds")
            })?);
        }
        self.clock.advance(Duration::from_secs(
            request_body.advance_seconds.unwrap_or(0),
        ));
        ok(&serde_json::json!({ "now": self.clock.now() }))
    }

    fn decide_device(&self, body: &[u8]) -> AdminResult {
        // The parse error is not shown because it could quote the user code, which is sufficient for an approval.
        let decision: DeviceDecisionRequest = serde_json::from_slice(body)
            .map_err(|_| Problem::invalid("body: expected user_code, and user or deny"))?;
        let user = match (&decision.user, decision.deny) {
            (Some(user), false) => Some(self.login.user(user).ok_or_else(|| {
                Problem::not_found("NOT_FOUND", "No user has this id or e-mail address")
            })?),
            (None, true) => None,
            _ => return Err(Problem::invalid("body: expected either user or deny")),
        };
        let now = self.clock.seconds();
        if self
            .tokens
            .devices()
            .decide(&decision.user_code, user.as_ref(), now)
        {
            no_content()
        } else {
            Err(Problem::not_found(
                "NOT_FOUND",
                "No pending device authorization has this user code",
            ))
        }
    }

    fn publish_dns_record(&self, body: &[u8]) -> AdminResult {
        let request_body: DnsRecordRequest = parse(body)?;
        self.tenant
            .lock()
            .publish_dns_record(&request_body.host, &request_body.text);
        no_content()
    }

    fn accept_invitation(&self, id: &str) -> AdminResult {
        let now = self.clock.now();
        if let Some(member) = self.team().accept(id, now) {
            return ok(&member);
        }
        match self.tenant.lock().accept(id, now) {
            Some((organization, user)) => ok(&serde_json::json!({
                "organization_id": organization,
                "user_id": user.id,
                "email": user.email,
            })),
            None => Err(Problem::not_found(
                "NOT_FOUND",
                "No pending invitation has this id",
            )),
        }
    }
}
