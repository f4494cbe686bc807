//! The way of a call: its attempts, the waits in between, and the one repetition after a 401, or after a nonce that was
//! asked for.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use http::header::{ACCEPT, AUTHORIZATION, USER_AGENT};
use http::{HeaderName, HeaderValue, StatusCode};
use reqwest::Request;

use super::attempt::Attempted;
use super::trail::Trail;
use super::{Call, Received, binding, reserved, telemetry};
use crate::error::{Awaited, Cause};
use crate::limit::{Class, Paused, Permit};
use crate::proof::{DPOP, Refusal};
use crate::retry::{self, RetryPolicy};
use crate::{AccessToken, Error};

const AUTH0_CLIENT: HeaderName = HeaderName::from_static("auth0-client");

/// A token that was had longer ago than this is asked for again before it is sent.
const AGED: Duration = Duration::from_secs(1);

/// A token, and the header that carries it.
type Authorized = (AccessToken, HeaderValue);

/// How far a call has come.
struct Course {
    policy: RetryPolicy,
    began_at: Duration,
    /// When the whole call has to be over.
    ends_at: Option<Duration>,
    /// When the next attempt has to begin, where it is a retry.
    begins_by: Option<Duration>,
    /// What the last retry took from the budget.
    borrowed: u32,
    /// A token that was refused, while another one is had.
    refused: Option<AccessToken>,
    /// The answer to the attempt before, while the next one is prepared.
    answer: Option<Received>,
    /// A refused token was replaced.
    replaced: bool,
    /// The token of an attempt that is made once more, because its proof lacked a nonce.
    challenged: Option<Authorized>,
    /// The attempt under way is such a repetition.
    has_nonce: bool,
    /// How many such repetitions there were: they are none of the policy's attempts.
    nonces: u32,
    trail: Trail,
}

impl Call {
    /// Sends `request` until there is nothing to be gained by sending it again.
    pub(super) async fn send(&self, mut request: Request) -> Result<Received, Error> {
        let shared = &self.transport.0;
        self.prepare(&mut request)?;
        let began_at = shared.clock.monotonic();
        let call_timeout = self.options.call_timeout.or(shared.call_timeout);
        let mut course = Course {
            policy: self.options.retry.unwrap_or(shared.retry),
            began_at,
            ends_at: call_timeout.map(|limit| began_at.saturating_add(limit)),
            begins_by: None,
            borrowed: 0,
            refused: None,
            answer: None,
            replaced: false,
            challenged: None,
            has_nonce: false,
            nonces: 0,
            trail: Trail {
                base_url: Some(Arc::clone(&shared.base_url)),
                ..Trail::default()
            },
        };
        let result = self.attempts(request, &mut course).await;
        match result {
            Ok(mut received) => {
                received.trail = course.trail;
                Ok(received)
            }
            Err(error) => Err(error.on(course.trail, course.answer)),
        }
    }

    async fn attempts(&self, mut request: Request, course: &mut Course) -> Result<Received, Error> {
        let shared = &self.transport.0;
        loop {
            // Before a token is fetched: it would be for nothing.
            if let Some(lane) = &shared.lane {
                let wait = lane.pause(self.class());
                if wait > self.patience(course) {
                    return Err(self.paused(course, wait));
                }
            }
            let token = self.token(course).await?;
            if let Some(former) = course.refused.take() {
                let is_former = |(token, _): &Authorized| token.secret() == former.secret();
                if token.as_ref().is_none_or(is_former)
                    && let Some(refusal) = course.answer.take()
                {
                    return Ok(refusal);
                }
                course.replaced = true;
            }
            self.check_scopes(course, token.as_ref())?;
            let (permit, token) = self.permit(course, token).await?;
            // A body that can be read once makes a call that is sent once.
            let repetition = request.try_clone();
            if let Some((token, _)) = &token {
                self.prove(&mut request, token)?;
            }
            let proof = request.headers().get(DPOP).cloned();
            course.answer = None;
            let attempted = self.attempt(request, token.as_ref(), course).await;
            drop(permit);
            let token_and_proof = (token.as_ref(), proof.as_ref());
            self.note_secrets(course, &attempted, repetition.as_ref(), token_and_proof);
            let wait = self.wait(course, &attempted, repetition.is_some());
            // A refused proof is no fault of the token, which its source would throw away.
            let refusal = binding::refusal(&attempted, token.as_ref().map(|(token, _)| token));
            let refused =
                refusal.is_none() && self.refused(&attempted, token.as_ref()) && !course.replaced;
            // One repetition: a server that asks again has its answer, and so has the caller.
            let challenged = refusal == Some(Refusal::Nonce { given: true }) && !course.has_nonce;
            course.has_nonce = challenged;
            request = match (repetition, wait) {
                (Some(repetition), Some(wait)) => {
                    course.begins_by = Some(course.policy.ends_at(course.began_at));
                    course.answer = attempted.into_answer();
                    course.trail.go_on();
                    course.trail.waited = course.trail.waited.saturating_add(wait);
                    telemetry::wait(wait);
                    shared.sleeper.sleep(wait).await;
                    repetition
                }
                // The server refused before it acted, so it does not matter what kind of call it is.
                (Some(repetition), None) if challenged => {
                    course.challenged = token;
                    course.nonces += 1;
                    course.answer = attempted.into_answer();
                    course.trail.go_on();
                    telemetry::nonce();
                    repetition
                }
                (Some(repetition), None) if refused => {
                    course.refused = token.map(|(token, _)| token);
                    course.answer = attempted.into_answer();
                    course.trail.go_on();
                    repetition
                }
                _ => return self.conclude(course, attempted),
            };
        }
    }

    /// Notes what an error response may not repeat in the error: token, proof, headers and the secrets of the body.
    fn note_secrets(
        &self,
        course: &mut Course,
        attempted: &Attempted,
        request: Option<&Request>,
        (token, proof): (Option<&Authorized>, Option<&HeaderValue>),
    ) {
        if attempted
            .answer()
            .is_none_or(|answer| answer.status.is_success())
        {
            return;
        }
        let redaction = &mut course.trail.redaction;
        if let Some((token, _)) = token {
            redaction.add(token.secret());
        }
        let headers = self.options.headers.values().chain(proof);
        headers
            .filter_map(|value| value.to_str().ok())
            .for_each(|value| redaction.add(value));
        let body = request.and_then(|request| request.body()?.as_bytes());
        if let Some(body) = body.and_then(|body| serde_json::from_slice(body).ok()) {
            redaction.add_members(&body);
        }
    }

    /// Sets what every attempt has in common.
    fn prepare(&self, request: &mut Request) -> Result<(), Error> {
        let shared = &self.transport.0;
        if !shared.base_url.covers(request.url()) {
            return Err(Error::unbuildable_request(self.operation, None));
        }
        let violations: Vec<_> = self
            .options
            .headers
            .keys()
            .filter_map(reserved::violation)
            .collect();
        if !violations.is_empty() {
            return Err(Error::invalid_request(self.operation, violations));
        }
        let headers = request.headers_mut();
        headers
            .entry(ACCEPT)
            .or_insert(HeaderValue::from_static("application/json"));
        if let Some(user_agent) = &shared.user_agent {
            headers.insert(USER_AGENT, user_agent.clone());
        }
        if let Some(auth0_client) = &shared.auth0_client {
            headers.insert(AUTH0_CLIENT, auth0_client.clone());
        }
        for (name, value) in &self.options.headers {
            headers.insert(name, value.clone());
        }
        Ok(())
    }

    /// A token and the header that carries it; nothing where the client goes without.
    async fn token(&self, course: &mut Course) -> Result<Option<Authorized>, Error> {
        let authorized = match course.challenged.take() {
            Some(same) => Some(same),
            None => self.authorized(course).await?,
        };
        // A request that went out now would be given up at once, and nobody would know what it did.
        if self.time_left(course).is_some_and(|left| left.is_zero()) {
            return Err(Error::too_late(self.operation, Awaited::Token));
        }
        Ok(authorized)
    }

    async fn authorized(&self, course: &Course) -> Result<Option<Authorized>, Error> {
        let Some(tokens) = &self.transport.0.token_source else {
            return Ok(None);
        };
        let token = pin!(tokens.token());
        let token = self.within(course, Awaited::Token, token).await?;
        let authorized = token.and_then(|token| Ok((token.authorization()?, token)));
        match authorized {
            Ok((authorization, token)) => Ok(Some((token, authorization))),
            Err(error) => Err(Error::token(self.operation, error)),
        }
    }

    /// Waits for the limiter, if there is one. A token that aged meanwhile is asked for again; with a source that keeps
    /// its token it is the same.
    async fn permit(
        &self,
        course: &mut Course,
        mut token: Option<Authorized>,
    ) -> Result<(Option<Permit>, Option<Authorized>), Error> {
        let shared = &self.transport.0;
        let Some(lane) = &shared.lane else {
            return Ok((None, token));
        };
        loop {
            let had_at = shared.clock.monotonic();
            let acquired = {
                let acquiring = pin!(lane.acquire(self.class(), || self.patience(course)));
                self.within(course, Awaited::Limiter, acquiring).await
            };
            let permit = match acquired {
                Ok(Ok(permit)) => permit,
                Ok(Err(Paused { wait })) => return Err(self.paused(course, wait)),
                // The time is over in the queue; a pause that the server asked for meanwhile says when to come back.
                Err(error) => {
                    return Err(match lane.pause(self.class()) {
                        Duration::ZERO => error,
                        wait => self.paused(course, wait),
                    });
                }
            };
            let now = shared.clock.monotonic();
            if course.trail.attempts == 0 {
                // The policy is about a server that fails, and not about callers who queue.
                course.began_at = now;
            }
            if now.saturating_sub(had_at) <= AGED {
                return Ok((Some(permit), token));
            }
            token = self.token(course).await?;
            self.check_scopes(course, token.as_ref())?;
            if shared.clock.monotonic().saturating_sub(now) <= AGED {
                return Ok((Some(permit), token));
            }
            // The token took long. Requests that were let out one by one must not leave together when it comes.
        }
    }

    pub(super) fn class(&self) -> Class {
        match self.operation.method() {
            "GET" | "HEAD" => Class::Read,
            _ => Class::Write,
        }
    }

    /// Notes what the token was granted, and refuses the call where that is known not to be enough and the client was
    /// told to look.
    fn check_scopes(&self, course: &mut Course, token: Option<&Authorized>) -> Result<(), Error> {
        let granted = token.and_then(|(token, _)| token.shared_scopes());
        let enough = granted
            .as_ref()
            .is_none_or(|granted| granted.allow(self.operation));
        course.trail.granted = granted;
        if enough || !self.transport.0.check_scopes {
            return Ok(());
        }
        Err(Error::missing_scope(self.operation))
    }

    /// One attempt, and what is to be known of it at once.
    async fn attempt(
        &self,
        mut request: Request,
        token: Option<&Authorized>,
        course: &mut Course,
    ) -> Attempted {
        let shared = &self.transport.0;
        if let Some((_, authorization)) = token {
            request
                .headers_mut()
                .insert(AUTHORIZATION, authorization.clone());
        }
        let timeout = self.options.timeout.unwrap_or(shared.timeout);
        // reqwest keeps the time-out in a map, which a copy of the request would have to copy too: so it is set last.
        *request.timeout_mut() = Some(
            self.time_left(course)
                .map_or(timeout, |left| left.min(timeout)),
        );
        course.trail.attempts += 1;
        self.exchange(
            request,
            token.map(|(token, _)| token),
            course.trail.attempts,
        )
        .await
    }

    /// Notes how an attempt ended, and gives the wait before the next one, if there is to be one and there can be.
    fn wait(
        &self,
        course: &mut Course,
        attempted: &Attempted,
        can_repeat: bool,
    ) -> Option<Duration> {
        let shared = &self.transport.0;
        let ending = attempted.ending();
        let verdict = retry::judge(self.operation.retry_safety(), ending);
        course.trail.may_have_acted = verdict.may_have_acted;
        course.trail.retryable = verdict.repeatable;
        if ending.is_healthy() {
            shared
                .budget
                .give(std::mem::take(&mut course.borrowed).max(1));
        }
        // Most calls end here.
        if !verdict.repeatable && !verdict.may_have_acted {
            return None;
        }
        let asked = attempted.answer().and_then(|answer| {
            retry::wait_asked_for(&answer.headers, answer.status, shared.clock.now())
        });
        course.trail.retry_at = asked.and_then(|wait| shared.clock.now().checked_add(wait));
        if !verdict.repeatable || !can_repeat {
            return None;
        }
        let passed = shared.clock.monotonic().saturating_sub(course.began_at);
        let attempts = course.trail.attempts - course.nonces;
        let wait = course
            .policy
            .wait(attempts, passed, asked, fastrand::f64())?;
        if self.time_left(course).is_some_and(|left| left <= wait) {
            return None;
        }
        course.borrowed = ending.cost();
        if !shared.budget.take(course.borrowed) {
            telemetry::budget_used_up();
            return None;
        }
        Some(wait)
    }

    /// Whether the token was refused, and the source has another one.
    fn refused(&self, attempted: &Attempted, token: Option<&Authorized>) -> bool {
        let unauthorized = attempted
            .answer()
            .is_some_and(|answer| answer.status == StatusCode::UNAUTHORIZED);
        let tokens = self.transport.0.token_source.as_ref();
        unauthorized
            && token
                .zip(tokens)
                .is_some_and(|((token, _), tokens)| tokens.rejected(token))
    }

    /// What the last attempt makes of the call.
    fn conclude(&self, course: &Course, attempted: Attempted) -> Result<Received, Error> {
        match attempted {
            Attempted::Answered(received) => Ok(received),
            Attempted::Cut(received, why) => Err(Error::unread(received, why)),
            Attempted::Failed(Cause::Http(error)) if error.is_builder() => {
                Err(Error::unbuildable_request(self.operation, Some(error)))
            }
            Attempted::Failed(cause)
                if course.trail.may_have_acted || course.trail.earlier_may_have_acted =>
            {
                Err(Error::outcome_unknown(self.operation, cause))
            }
            Attempted::Failed(cause) => Err(Error::transport(self.operation, cause)),
        }
    }

    /// How long the call may still take, where that is limited.
    fn time_left(&self, course: &Course) -> Option<Duration> {
        let ends_at = course.ends_at?;
        Some(ends_at.saturating_sub(self.transport.0.clock.monotonic()))
    }

    /// How long the call may wait for a pause that the server asked for.
    fn patience(&self, course: &Course) -> Duration {
        let now = self.transport.0.clock.monotonic();
        let ends = course.ends_at.into_iter().chain(course.begins_by);
        let left = ends.map(|end| end.saturating_sub(now)).min();
        let longest = course.policy.longest_wait();
        left.map_or(longest, |left| left.min(longest))
    }

    /// The error of a call that the server pauses for `wait`.
    fn paused(&self, course: &mut Course, wait: Duration) -> Error {
        course.trail.retry_at = self.transport.0.clock.now().checked_add(wait);
        let is_late = self.patience(course) < course.policy.longest_wait();
        Error::paused(self.operation, wait, is_late)
    }

    /// Waits for `future`, but not beyond the end of the call.
    async fn within<T>(
        &self,
        course: &Course,
        awaited: Awaited,
        mut future: Pin<&mut impl Future<Output = T>>,
    ) -> Result<T, Error> {
        // A retry has to begin in the policy's time as well: a pause of the limiter may be long.
        let Some(end) = course.ends_at.into_iter().chain(course.begins_by).min() else {
            return Ok(future.await);
        };
        let left = end.saturating_sub(self.transport.0.clock.monotonic());
        let mut end = self.transport.0.sleeper.sleep(left);
        std::future::poll_fn(|cx| {
            if let Poll::Ready(value) = future.as_mut().poll(cx) {
                return Poll::Ready(Ok(value));
            }
            end.as_mut()
                .poll(cx)
                .map(|()| Err(Error::too_late(self.operation, awaited)))
        })
        .await
    }
}
