//! `/_sandbox/…`: the sandbox told what to do, by whoever has its token.
//!
//! | request | does |
//! | --- | --- |
//! | `GET /_sandbox/requests` | lists the requests that were seen, the oldest first |
//! | `DELETE /_sandbox/requests` | forgets them |
//! | `GET /_sandbox/faults` | lists the faults that are set up |
//! | `POST /_sandbox/faults` | sets one up |
//! | `DELETE /_sandbox/faults` | takes all of them away |
//! | `POST /_sandbox/clock` | moves the clock: `{"advance_seconds": 60}`, `{"offset_seconds": -600}` |
//! | `POST /_sandbox/tokens/revoke` | refuses the tokens that were granted so far |
//! | `GET /_sandbox/invitations` | lists the invitations to the team that wait |
//! | `POST /_sandbox/invitations/{id}/accept` | accepts one, to the team or to an organization, and shows the member that comes of it |
//! | `GET /_sandbox/client-grants` | lists the client grants of the tenant, which no API here shows |
//! | `POST /_sandbox/dns` | publishes a text for a host, by which a domain is verified: `{"host": "…", "text": "…"}` |
//! | `POST /_sandbox/devices` | approves what a device asks for, or denies it: `{"user_code": "…", "user": "…"}`, `{"user_code": "…", "deny": true}` |

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{RawPathParams, Request};
use axum::response::Response;
use axum::routing::{get, post};
use chrono::TimeDelta;
use http::StatusCode;
use http::header::AUTHORIZATION;
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Shared, read_body};
use crate::answer::Answer;
use crate::faults::Fault;
use crate::problem::Problem;

type Done = Result<Answer, Problem>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Move {
    advance_seconds: Option<u64>,
    offset_seconds: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    host: String,
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decision {
    user_code: String,
    user: Option<String>,
    #[serde(default)]
    deny: bool,
}

pub(super) fn router(shared: &Arc<Shared>) -> Router {
    let with = |action: fn(&Shared) -> Done| {
        let shared = Arc::clone(shared);
        move |request: Request| async move { shared.admitted(&request, action) }
    };
    let reading = |action: fn(&Shared, &[u8]) -> Done| {
        let shared = Arc::clone(shared);
        move |request: Request| async move { shared.told(request, action).await }
    };
    let accepting = Arc::clone(shared);
    let accept = move |path: RawPathParams, request: Request| async move {
        let id = path.iter().next().map(|(_, id)| id.to_owned());
        accepting.admitted(&request, |shared| shared.accept(&id.unwrap_or_default()))
    };
    Router::new()
        .route(
            "/_sandbox/requests",
            get(with(|shared| ok(&shared.requests.list()))).delete(with(|shared| {
                shared.requests.clear();
                done()
            })),
        )
        .route(
            "/_sandbox/faults",
            get(with(|shared| ok(&shared.faults.list())))
                .post(reading(Shared::add_fault))
                .delete(with(|shared| {
                    shared.faults.clear();
                    done()
                })),
        )
        .route("/_sandbox/devices", post(reading(Shared::decide_device)))
        .route(
            "/_sandbox/client-grants",
            get(with(|shared| ok(&shared.tenant.lock().grants))),
        )
        .route("/_sandbox/dns", post(reading(Shared::publish)))
        .route("/_sandbox/clock", post(reading(Shared::move_clock)))
        .route(
            "/_sandbox/tokens/revoke",
            post(with(|shared| {
                shared.access.revoke_up_to(shared.tokens.granted());
                done()
            })),
        )
        .route(
            "/_sandbox/invitations",
            get(with(|shared| ok(&shared.team().invitations()))),
        )
        .route("/_sandbox/invitations/{id}/accept", post(accept))
}

fn ok(body: &impl serde::Serialize) -> Done {
    Ok(Answer::json(StatusCode::OK, body))
}

/// What an action answers that has nothing to show.
fn done() -> Done {
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| Problem::invalid(format!("body: {error}")))
}

impl Shared {
    fn admitted(&self, request: &Request, action: impl FnOnce(&Shared) -> Done) -> Response {
        let token = request.headers().get(AUTHORIZATION);
        let token = token.and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        let answer = if token == Some(self.admin_token.expose_secret()) {
            action(self)
        } else {
            Err(Problem::unauthorized(
                None,
                "expected the admin_token that the sandbox printed when it started",
            ))
        };
        self.deliver(answer.unwrap_or_else(Answer::from))
    }

    async fn told(&self, request: Request, action: fn(&Shared, &[u8]) -> Done) -> Response {
        let (parts, body) = request.into_parts();
        match read_body(body).await {
            Ok(bytes) => {
                let request = Request::from_parts(parts, axum::body::Body::empty());
                self.admitted(&request, |shared| action(shared, &bytes))
            }
            Err(problem) => self.deliver(problem.into()),
        }
    }

    fn add_fault(&self, body: &[u8]) -> Done {
        let fault: Fault = parse(body)?;
        fault.check().map_err(Problem::invalid)?;
        self.faults.add(fault);
        done()
    }

    fn move_clock(&self, body: &[u8]) -> Done {
        let to: Move = parse(body)?;
        if let Some(seconds) = to.offset_seconds {
            let offset = TimeDelta::try_seconds(seconds);
            self.clock.set_offset(offset.ok_or_else(|| {
                Problem::invalid(
                    "offset_seconds: expected a number of seconds that a clock can be off by",
                )
            })?);
        }
        self.clock
            .advance(Duration::from_secs(to.advance_seconds.unwrap_or(0)));
        ok(&serde_json::json!({ "now": self.clock.now() }))
    }

    fn decide_device(&self, body: &[u8]) -> Done {
        // What is wrong in it is told without its words: a user code is as good as an approval.
        let decision: Decision = serde_json::from_slice(body)
            .map_err(|_| Problem::invalid("body: expected user_code, and user or deny"))?;
        let user = match (&decision.user, decision.deny) {
            (Some(user), false) => Some(self.login.user(user).ok_or_else(|| {
                Problem::not_found("NOT_FOUND", "No user has this id or e-mail address")
            })?),
            (None, true) => None,
            _ => return Err(Problem::invalid("body: expected one of user and deny")),
        };
        let now = self.clock.seconds();
        if self
            .tokens
            .devices()
            .decide(&decision.user_code, user.as_ref(), now)
        {
            done()
        } else {
            Err(Problem::not_found(
                "NOT_FOUND",
                "No device waits with this user code",
            ))
        }
    }

    fn publish(&self, body: &[u8]) -> Done {
        let record: Record = parse(body)?;
        self.tenant.lock().publish(&record.host, &record.text);
        done()
    }

    fn accept(&self, id: &str) -> Done {
        let now = self.clock.now();
        if let Some(member) = self.team().accept(id, now) {
            return ok(&member);
        }
        match self.tenant.lock().accept(id, now) {
            Some((organization, person)) => ok(&serde_json::json!({
                "organization_id": organization,
                "user_id": person.id,
                "email": person.email,
            })),
            None => Err(Problem::not_found("NOT_FOUND", "No such invitation waits")),
        }
    }
}
