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
use super::history::AttemptHistory;
use super::{Call, RawResponse, binding, reserved, telemetry};
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
struct CallState {
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
    answer: Option<RawResponse>,
    /// A refused token was replaced.
    replaced: bool,
    /// The token of an attempt that is made once more, because its proof lacked a nonce.
    challenged: Option<Authorized>,
    /// The attempt under way is such a repetition.
    has_nonce: bool,
    /// How many such repetitions there were: they are none of the policy's attempts.
    nonces: u32,
    history: AttemptHistory,
}

impl Call {
    /// Sends `request` until there is nothing to be gained by sending it again.
    pub(super) async fn send(&self, mut request: Request) -> Result<RawResponse, Error> {
        let shared = &self.transport.0;
        self.prepare(&mut request)?;
        let began_at = shared.clock.monotonic();
        let call_timeout = self.options.call_timeout.or(shared.call_timeout);
        let mut state = CallState {
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
            history: AttemptHistory {
                base_url: Some(Arc::clone(&shared.base_url)),
                ..AttemptHistory::default()
            },
        };
        let result = self.attempts(request, &mut state).await;
        match result {
            Ok(mut received) => {
                received.history = state.history;
                Ok(received)
            }
            Err(error) => Err(error.on(state.history, state.answer)),
        }
    }

    async fn attempts(
        &self,
        mut request: Request,
        state: &mut CallState,
    ) -> Result<RawResponse, Error> {
        let shared = &self.transport.0;
        loop {
            // Before a token is fetched: it would be for nothing.
            if let Some(limiter) = &shared.limiter {
                let wait = limiter.pause(self.class());
                if wait > self.patience(state) {
                    return Err(self.paused(state, wait));
                }
            }
            let token = self.token(state).await?;
            if let Some(former) = state.refused.take() {
                let is_former = |(token, _): &Authorized| token.secret() == former.secret();
                if token.as_ref().is_none_or(is_former)
                    && let Some(refusal) = state.answer.take()
                {
                    return Ok(refusal);
                }
                state.replaced = true;
            }
            self.check_scopes(state, token.as_ref())?;
            let (permit, token) = self.permit(state, token).await?;
            // A body that can be read once makes a call that is sent once.
            let repetition = request.try_clone();
            if let Some((token, _)) = &token {
                self.prove(&mut request, token)?;
            }
            let proof = request.headers().get(DPOP).cloned();
            state.answer = None;
            let attempted = self.attempt(request, token.as_ref(), state).await;
            drop(permit);
            let token_and_proof = (token.as_ref(), proof.as_ref());
            self.note_secrets(state, &attempted, repetition.as_ref(), token_and_proof);
            let wait = self.wait(state, &attempted, repetition.is_some());
            // A refused proof is no fault of the token, which its source would throw away.
            let refusal = binding::refusal(&attempted, token.as_ref().map(|(token, _)| token));
            let refused =
                refusal.is_none() && self.refused(&attempted, token.as_ref()) && !state.replaced;
            // One repetition: a server that asks again has its answer, and so has the caller.
            let challenged = refusal == Some(Refusal::Nonce { given: true }) && !state.has_nonce;
            state.has_nonce = challenged;
            request = match (repetition, wait) {
                (Some(repetition), Some(wait)) => {
                    state.begins_by = Some(state.policy.ends_at(state.began_at));
                    state.answer = attempted.into_answer();
                    state.history.go_on();
                    state.history.waited = state.history.waited.saturating_add(wait);
                    telemetry::wait(wait);
                    shared.sleeper.sleep(wait).await;
                    repetition
                }
                // The server refused before it acted, so it does not matter what kind of call it is.
                (Some(repetition), None) if challenged => {
                    state.challenged = token;
                    state.nonces += 1;
                    state.answer = attempted.into_answer();
                    state.history.go_on();
                    telemetry::nonce();
                    repetition
                }
                (Some(repetition), None) if refused => {
                    state.refused = token.map(|(token, _)| token);
                    state.answer = attempted.into_answer();
                    state.history.go_on();
                    repetition
                }
                _ => return self.conclude(state, attempted),
            };
        }
    }

    /// Notes what an error response may not repeat in the error: token, proof, headers and the secrets of the body.
    fn note_secrets(
        &self,
        state: &mut CallState,
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
        let redaction = &mut state.history.redaction;
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
    async fn token(&self, state: &mut CallState) -> Result<Option<Authorized>, Error> {
        let authorized = match state.challenged.take() {
            Some(same) => Some(same),
            None => self.authorized(state).await?,
        };
        // A request that went out now would be given up at once, and nobody would know what it did.
        if self.time_left(state).is_some_and(|left| left.is_zero()) {
            return Err(Error::too_late(self.operation, Awaited::Token));
        }
        Ok(authorized)
    }

    async fn authorized(&self, state: &CallState) -> Result<Option<Authorized>, Error> {
        let Some(tokens) = &self.transport.0.token_source else {
            return Ok(None);
        };
        let token = pin!(tokens.token());
        let token = self.within(state, Awaited::Token, token).await?;
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
        state: &mut CallState,
        mut token: Option<Authorized>,
    ) -> Result<(Option<Permit>, Option<Authorized>), Error> {
        let shared = &self.transport.0;
        let Some(limiter) = &shared.limiter else {
            return Ok((None, token));
        };
        loop {
            let had_at = shared.clock.monotonic();
            let acquired = {
                let acquiring = pin!(limiter.acquire(self.class(), || self.patience(state)));
                self.within(state, Awaited::Limiter, acquiring).await
            };
            let permit = match acquired {
                Ok(Ok(permit)) => permit,
                Ok(Err(Paused { wait })) => return Err(self.paused(state, wait)),
                // The time is over in the queue; a pause that the server asked for meanwhile says when to come back.
                Err(error) => {
                    return Err(match limiter.pause(self.class()) {
                        Duration::ZERO => error,
                        wait => self.paused(state, wait),
                    });
                }
            };
            let now = shared.clock.monotonic();
            if state.history.attempts == 0 {
                // The policy is about a server that fails, and not about callers who queue.
                state.began_at = now;
            }
            if now.saturating_sub(had_at) <= AGED {
                return Ok((Some(permit), token));
            }
            token = self.token(state).await?;
            self.check_scopes(state, token.as_ref())?;
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
    fn check_scopes(&self, state: &mut CallState, token: Option<&Authorized>) -> Result<(), Error> {
        let granted = token.and_then(|(token, _)| token.shared_scopes());
        let enough = granted
            .as_ref()
            .is_none_or(|granted| granted.allow(self.operation));
        state.history.granted = granted;
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
        state: &mut CallState,
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
            self.time_left(state)
                .map_or(timeout, |left| left.min(timeout)),
        );
        state.history.attempts += 1;
        self.exchange(
            request,
            token.map(|(token, _)| token),
            state.history.attempts,
        )
        .await
    }

    /// Notes how an attempt ended, and gives the wait before the next one, if there is to be one and there can be.
    fn wait(
        &self,
        state: &mut CallState,
        attempted: &Attempted,
        can_repeat: bool,
    ) -> Option<Duration> {
        let shared = &self.transport.0;
        let outcome = attempted.outcome();
        let decision = retry::classify(self.operation.retry_safety(), outcome);
        state.history.may_have_acted = decision.may_have_acted;
        state.history.retryable = decision.repeatable;
        if outcome.is_healthy() {
            shared
                .budget
                .give(std::mem::take(&mut state.borrowed).max(1));
        }
        // Most calls end here.
        if !decision.repeatable && !decision.may_have_acted {
            return None;
        }
        let asked = attempted.answer().and_then(|answer| {
            retry::wait_asked_for(&answer.headers, answer.status, shared.clock.now())
        });
        state.history.retry_at = asked.and_then(|wait| shared.clock.now().checked_add(wait));
        if !decision.repeatable || !can_repeat {
            return None;
        }
        let passed = shared.clock.monotonic().saturating_sub(state.began_at);
        let attempts = state.history.attempts - state.nonces;
        let wait = state
            .policy
            .wait(attempts, passed, asked, fastrand::f64())?;
        if self.time_left(state).is_some_and(|left| left <= wait) {
            return None;
        }
        state.borrowed = outcome.cost();
        if !shared.budget.take(state.borrowed) {
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
    fn conclude(&self, state: &CallState, attempted: Attempted) -> Result<RawResponse, Error> {
        match attempted {
            Attempted::Answered(received) => Ok(received),
            Attempted::Cut(received, why) => Err(Error::unread(received, why)),
            Attempted::Failed(Cause::Http(error)) if error.is_builder() => {
                Err(Error::unbuildable_request(self.operation, Some(error)))
            }
            Attempted::Failed(cause)
                if state.history.may_have_acted || state.history.earlier_may_have_acted =>
            {
                Err(Error::outcome_unknown(self.operation, cause))
            }
            Attempted::Failed(cause) => Err(Error::transport(self.operation, cause)),
        }
    }

    /// How long the call may still take, where that is limited.
    fn time_left(&self, state: &CallState) -> Option<Duration> {
        let ends_at = state.ends_at?;
        Some(ends_at.saturating_sub(self.transport.0.clock.monotonic()))
    }

    /// How long the call may wait for a pause that the server asked for.
    fn patience(&self, state: &CallState) -> Duration {
        let now = self.transport.0.clock.monotonic();
        let ends = state.ends_at.into_iter().chain(state.begins_by);
        let left = ends.map(|end| end.saturating_sub(now)).min();
        let longest = state.policy.longest_wait();
        left.map_or(longest, |left| left.min(longest))
    }

    /// The error of a call that the server pauses for `wait`.
    fn paused(&self, state: &mut CallState, wait: Duration) -> Error {
        state.history.retry_at = self.transport.0.clock.now().checked_add(wait);
        let is_late = self.patience(state) < state.policy.longest_wait();
        Error::paused(self.operation, wait, is_late)
    }

    /// Waits for `future`, but not beyond the end of the call.
    async fn within<T>(
        &self,
        state: &CallState,
        awaited: Awaited,
        mut future: Pin<&mut impl Future<Output = T>>,
    ) -> Result<T, Error> {
        // A retry has to begin in the policy's time as well: a pause of the limiter may be long.
        let Some(end) = state.ends_at.into_iter().chain(state.begins_by).min() else {
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
