//! What an effect makes of an answer.

use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::Value;

use super::effect::{Effect, Hint, Reply};
use super::mangle;
use crate::answer::Answer;
use crate::clock::{Clock, after};
use crate::document::{Document, Operation};
use crate::problem::Problem;
use crate::token::Refusal;

/// How an answer goes out.
#[derive(Debug)]
pub(crate) enum Delivery {
    /// As it is.
    Whole(Answer),
    /// With half of its body.
    Half(Answer),
    /// With more and more body.
    Endless(Answer),
    /// Not at all: the connection is reset.
    Reset,
    /// Not at all: nothing happens.
    Silence,
}

/// What the sandbox does with a call that has `effect`. `act` carries the operation out, if the effect lets it; `from`
/// is the cursor that was asked for.
pub(crate) fn apply(
    effect: Option<&Effect>,
    at: &At<'_>,
    act: impl FnOnce() -> Answer,
) -> Delivery {
    let Some(effect) = effect else {
        return Delivery::Whole(act());
    };
    let answer = effect.lets_act().then(act);
    match (effect, answer) {
        (Effect::Answer(reply), _) => Delivery::Whole(written(reply, at.operation)),
        (Effect::RateLimit { hint, seconds }, _) => {
            Delivery::Whole(rate_limited(*hint, *seconds, at))
        }
        (Effect::Quota { seconds }, _) => Delivery::Whole(quota(*seconds)),
        (Effect::Reset { .. }, _) => Delivery::Reset,
        (Effect::Silence { .. }, _) => Delivery::Silence,
        (_, None) => Delivery::Silence,
        // An answer without a body has no half.
        (Effect::Truncate, Some(answer)) if answer.body.is_empty() => Delivery::Reset,
        (Effect::Truncate, Some(answer)) => Delivery::Half(answer),
        (Effect::Endless, Some(mut answer)) => {
            if answer.body.is_empty() {
                // Nor can it go on for ever; this is as near as it gets.
                answer.status = StatusCode::OK;
            }
            Delivery::Endless(answer)
        }
        (Effect::EarlyExpiry { .. }, Some(answer)) => Delivery::Whole(answer),
        (Effect::UnknownEnums, Some(answer)) => Delivery::Whole(changed(answer, |answer, body| {
            if let Some(operation) = at.operation
                && let Some(schema) = operation.answer(answer.status)
            {
                let document = &at.documents[operation.api as usize];
                mangle::unknown_enums(document, &schema.pointer, body);
            }
        })),
        (Effect::ExtraFields, Some(answer)) => {
            Delivery::Whole(changed(answer, |_, body| mangle::extra_fields(body)))
        }
        (Effect::OddScalars, Some(answer)) => {
            Delivery::Whole(changed(answer, |_, body| mangle::odd_scalars(body)))
        }
        (Effect::MissingLists, Some(answer)) => {
            Delivery::Whole(changed(answer, |_, body| mangle::missing_lists(body)))
        }
        (Effect::CappedPages { items }, Some(answer)) => {
            Delivery::Whole(changed(answer, |_, body| mangle::capped(body, *items)))
        }
        (Effect::RepeatCursor, Some(answer)) => Delivery::Whole(changed(answer, |_, body| {
            if let (Some(from), Some(members)) = (at.from, body.as_object_mut()) {
                members.insert("next".to_owned(), Value::String(from.to_owned()));
            }
        })),
    }
}

/// What an effect needs to know of the call.
pub(crate) struct At<'a> {
    /// None at the token endpoint.
    pub(crate) operation: Option<&'a Operation>,
    /// The documents, in the order of [`Api::ALL`](crate::api::Api::ALL).
    pub(crate) documents: &'a [Document; 3],
    pub(crate) clock: &'a Clock,
    /// The cursor that was asked for.
    pub(crate) from: Option<&'a str>,
}

/// The same answer with its body changed, if that is JSON and the call was one that succeeded.
fn changed(mut answer: Answer, change: impl FnOnce(&Answer, &mut Value)) -> Answer {
    if answer.status.is_success()
        && let Ok(mut body) = serde_json::from_slice(&answer.body)
    {
        change(&answer, &mut body);
        answer.body = Bytes::from(body.to_string());
    }
    answer
}

fn written(reply: &Reply, operation: Option<&Operation>) -> Answer {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = match (&reply.json, &reply.html) {
        (Some(json), _) => Answer::json(status, json),
        (None, Some(html)) => Answer::text(status, "text/html; charset=utf-8", html.clone()),
        // RFC 9110: these have no body.
        (None, None) if matches!(reply.status, 204 | 304) => Answer::empty(status),
        (None, None) => {
            let problem = Problem::new(status, "SANDBOX_FAULT", "The sandbox was told to fail");
            said(problem, operation)
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
    answer.headers.extend(given);
    answer
}

/// A problem in the form of the API whose operation it is.
fn said(problem: Problem, operation: Option<&Operation>) -> Answer {
    match operation {
        Some(operation) => problem.answer(operation.api, Some(operation)),
        None => problem.into(),
    }
}

fn rate_limited(hint: Hint, seconds: u64, call: &At<'_>) -> Answer {
    let now = call.clock.now();
    let at = after(now, seconds);
    // A client reckons with `Date`, so both come from one look at the clock.
    let date = httpdate::fmt_http_date(SystemTime::from(now));
    let answer = said(too_many_requests(), call.operation).with("date", &date);
    match hint {
        Hint::RetryAfter => answer.with("retry-after", &seconds.to_string()),
        Hint::RetryAfterDate => answer.with(
            "retry-after",
            &httpdate::fmt_http_date(SystemTime::from(at)),
        ),
        Hint::Reset => answer
            .with("x-ratelimit-limit", "10")
            .with("x-ratelimit-remaining", "0")
            .with("x-ratelimit-reset", &at.timestamp().to_string()),
        Hint::None => answer,
    }
}

/// The answer to one call too many.
pub(crate) fn too_many_requests() -> Problem {
    Problem::new(
        StatusCode::TOO_MANY_REQUESTS,
        "TOO_MANY_REQUESTS",
        "There were too many requests",
    )
}

fn quota(seconds: u64) -> Answer {
    let wait = i64::try_from(seconds).unwrap_or(i64::MAX);
    let windows = format!("b=per_hour;q=10;r=0;t={seconds}");
    Answer::from(Refusal::quota(wait)).with("auth0-client-quota-limit", &windows)
}
