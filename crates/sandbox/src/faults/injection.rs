//! Application of an effect to a response.

use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::Value;

use super::body_mutations;
use super::effect::{Effect, Hint, Reply};
use crate::clock::{Clock, after};
use crate::document::{Document, Operation};
use crate::problem::Problem;
use crate::response::ApiResponse;
use crate::token::OAuthError;

/// How a response is delivered.
#[derive(Debug)]
pub(crate) enum Delivery {
    /// Unchanged.
    Whole(ApiResponse),
    /// With the first half of its body.
    Half(ApiResponse),
    /// With an endless body.
    Endless(ApiResponse),
    /// Not at all: the connection is reset.
    Reset,
    /// Not at all: the client waits forever.
    Silence,
}

/// Applies `effect` to a call. `act` executes the operation; it is called only if the effect allows it.
pub(crate) fn apply(
    effect: Option<&Effect>,
    context: &FaultContext<'_>,
    act: impl FnOnce() -> ApiResponse,
) -> Delivery {
    let Some(effect) = effect else {
        return Delivery::Whole(act());
    };
    let response = effect.executes_operation().then(act);
    match (effect, response) {
        (Effect::Response(reply), _) => Delivery::Whole(canned_response(reply, context.operation)),
        (Effect::RateLimit { hint, seconds }, _) => {
            Delivery::Whole(rate_limit_response(*hint, *seconds, context))
        }
        (Effect::Quota { seconds }, _) => Delivery::Whole(quota_response(*seconds)),
        (Effect::Reset { .. }, _) => Delivery::Reset,
        (Effect::Silence { .. }, _) => Delivery::Silence,
        (_, None) => Delivery::Silence,
        // An empty body cannot be truncated.
        (Effect::Truncate, Some(response)) if response.body.is_empty() => Delivery::Reset,
        (Effect::Truncate, Some(response)) => Delivery::Half(response),
        (Effect::Endless, Some(mut response)) => {
            if response.body.is_empty() {
                // A 204 cannot have a body, so an endless body needs another status.
                response.status = StatusCode::OK;
            }
            Delivery::Endless(response)
        }
        (Effect::EarlyExpiry { .. }, Some(response)) => Delivery::Whole(response),
        (Effect::UnknownEnums, Some(response)) => {
            Delivery::Whole(with_changed_body(response, |response, body| {
                if let Some(operation) = context.operation
                    && let Some(schema) = operation.response_schema(response.status)
                {
                    let document = &context.documents[operation.api as usize];
                    body_mutations::unknown_enums(document, &schema.pointer, body);
                }
            }))
        }
        (Effect::ExtraFields, Some(response)) => {
            Delivery::Whole(with_changed_body(response, |_, body| {
                body_mutations::extra_fields(body)
            }))
        }
        (Effect::OddScalars, Some(response)) => {
            Delivery::Whole(with_changed_body(response, |_, body| {
                body_mutations::odd_scalars(body)
            }))
        }
        (Effect::MissingLists, Some(response)) => {
            Delivery::Whole(with_changed_body(response, |_, body| {
                body_mutations::missing_lists(body)
            }))
        }
        (Effect::CappedPages { items }, Some(response)) => {
            Delivery::Whole(with_changed_body(response, |_, body| {
                body_mutations::cap_page(body, *items)
            }))
        }
        (Effect::RepeatCursor, Some(response)) => {
            Delivery::Whole(with_changed_body(response, |_, body| {
                if let (Some(from), Some(members)) = (context.from, body.as_object_mut()) {
                    members.insert("next".to_owned(), Value::String(from.to_owned()));
                }
            }))
        }
    }
}

/// The call that an effect is applied to.
pub(crate) struct FaultContext<'a> {
    /// `None` for the token endpoint.
    pub(crate) operation: Option<&'a Operation>,
    /// In the order of [`Api::ALL`](crate::api::Api::ALL).
    pub(crate) documents: &'a [Document; 3],
    pub(crate) clock: &'a Clock,
    /// The cursor of the request.
    pub(crate) from: Option<&'a str>,
}

/// Changes the body of a successful JSON response.
fn with_changed_body(
    mut response: ApiResponse,
    change: impl FnOnce(&ApiResponse, &mut Value),
) -> ApiResponse {
    if response.status.is_success()
        && let Ok(mut body) = serde_json::from_slice(&response.body)
    {
        change(&response, &mut body);
        response.body = Bytes::from(body.to_string());
    }
    response
}

fn canned_response(reply: &Reply, operation: Option<&Operation>) -> ApiResponse {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = match (&reply.json, &reply.html) {
        (Some(json), _) => ApiResponse::json(status, json),
        (None, Some(html)) => ApiResponse::text(status, "text/html; charset=utf-8", html.clone()),
        // RFC 9110: responses with these statuses have no body.
        (None, None) if matches!(reply.status, 204 | 304) => ApiResponse::empty(status),
        (None, None) => {
            let problem = Problem::new(status, "SANDBOX_FAULT", "Injected fault");
            error_response(problem, operation)
        }
    };
    let given: HeaderMap = reply
        .headers
        .iter()
        .filter_map(|(name, value)| {
            let name = HeaderName::try_from(name.as_str()).ok()?;
            Some((name, HeaderValue::try_from(value.as_str()).ok()?))
        })
        .collect();
    response.headers.extend(given);
    response
}

/// Converts the error to the format of the called API.
fn error_response(problem: Problem, operation: Option<&Operation>) -> ApiResponse {
    match operation {
        Some(operation) => problem.into_response(operation.api, Some(operation)),
        None => problem.into(),
    }
}

fn rate_limit_response(hint: Hint, seconds: u64, context: &FaultContext<'_>) -> ApiResponse {
    let now = context.clock.now();
    let retry_at = after(now, seconds);
    // Clients compare with `Date`, so both times come from one reading of the clock.
    let date = httpdate::fmt_http_date(SystemTime::from(now));
    let response =
        error_response(too_many_requests(), context.operation).with_header("date", &date);
    match hint {
        Hint::RetryAfter => response.with_header("retry-after", &seconds.to_string()),
        Hint::RetryAfterDate => response.with_header(
            "retry-after",
            &httpdate::fmt_http_date(SystemTime::from(retry_at)),
        ),
        Hint::Reset => response
            .with_header("x-ratelimit-limit", "10")
            .with_header("x-ratelimit-remaining", "0")
            .with_header("x-ratelimit-reset", &retry_at.timestamp().to_string()),
        Hint::None => response,
    }
}

/// The error for an exceeded rate limit.
pub(crate) fn too_many_requests() -> Problem {
    Problem::new(
        StatusCode::TOO_MANY_REQUESTS,
        "TOO_MANY_REQUESTS",
        "Too many requests",
    )
}

fn quota_response(seconds: u64) -> ApiResponse {
    let wait = i64::try_from(seconds).unwrap_or(i64::MAX);
    let windows = format!("b=per_hour;q=10;r=0;t={seconds}");
    ApiResponse::from(OAuthError::quota_exceeded(wait))
        .with_header("auth0-client-quota-limit", &windows)
}
