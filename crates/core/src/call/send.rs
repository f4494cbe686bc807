//! The loop of a call: it prepares an attempt, sends it, and does what [`crate::retry`] decides.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use http::header::{ACCEPT, AUTHORIZATION, COOKIE, USER_AGENT};
use http::{HeaderName, HeaderValue, StatusCode};
use reqwest::Request;

use super::attempt::Attempted;
use super::history::AttemptHistory;
use super::{Call, RawResponse, binding, reserved, telemetry};
use crate::credentials::Selected;
use crate::error::{Cause, WaitingFor};
use crate::limit::{Class, Paused, Permit};
use crate::proof::{DPOP, ProofRejection};
use crate::request::{Payload, PreparedRequest, add_cookies};
use crate::retry::{self, Attempt, NextStep, RetryPolicy};
use crate::{AccessToken, BoxFuture, Error, Violation};

const AUTH0_CLIENT: HeaderName = HeaderName::from_static("auth0-client");

/// A token that was obtained longer ago than this is requested from its source again before it is sent.
const MAX_TOKEN_AGE: Duration = Duration::from_secs(1);

/// A token, and the header that carries it.
type Authorized = (AccessToken, HeaderValue);

/// The state of a call across its attempts.
struct CallState {
    policy: RetryPolicy,
    began_at: Duration,
    /// The deadline of the whole call.
    ends_at: Option<Duration>,
    /// When the next attempt has to begin, if it is a retry.
    begins_by: Option<Duration>,
    /// What the last retry took from the budget.
    borrowed: u32,
    /// The token that the server rejected, until another one is obtained.
    rejected_token: Option<AccessToken>,
    is_token_replaced: bool,
    /// The response to the previous attempt, while the next one is prepared.
    last_response: Option<RawResponse>,
    /// The token of the attempt whose proof lacked a nonce; the retry with the nonce uses it again.
    token_for_nonce: Option<Authorized>,
    /// Whether the current attempt is such a retry.
    has_nonce: bool,
    /// The number of such retries, which do not count against the policy.
    nonces: u32,
    history: AttemptHistory,
}

impl Call {
    /// Sends `request` until its attempts are finished.
    pub(super) async fn send(&self, prepared: PreparedRequest) -> Result<RawResponse, Error> {
        let shared = &self.transport.0;
        let PreparedRequest {
            mut request,
            mut payload,
        } = prepared;
        payload.fix(&mut request);
        self.prepare(&mut request)?;
        let began_at = shared.clock.monotonic();
        let call_timeout = self.options.call_timeout.or(shared.call_timeout);
        let mut state = CallState {
            policy: self.options.retry.unwrap_or(shared.retry),
            began_at,
            ends_at: call_timeout.map(|limit| began_at.saturating_add(limit)),
            begins_by: None,
            borrowed: 0,
            rejected_token: None,
            is_token_replaced: false,
            last_response: None,
            token_for_nonce: None,
            has_nonce: false,
            nonces: 0,
            history: AttemptHistory {
                base_url: Some(Arc::clone(self.base_url())),
                ..AttemptHistory::default()
            },
        };
        let result = self.attempts(request, &payload, &mut state).await;
        match result {
            Ok(mut received) => {
                received.history = state.history;
                Ok(received)
            }
            Err(error) => Err(error.with_history(state.history, state.last_response)),
        }
    }

    async fn attempts(
        &self,
        mut request: Request,
        payload: &Payload,
        state: &mut CallState,
    ) -> Result<RawResponse, Error> {
        let shared = &self.transport.0;
        loop {
            // Checked first, because the call would discard the token.
            if let Some(limiter) = self.limiter() {
                let wait = limiter.pause(self.class());
                if wait > self.patience(state) {
                    return Err(self.paused(state, wait));
                }
            }
            let token = self.token(state).await?;
            if let Some(former) = state.rejected_token.take() {
                let is_former = |(token, _): &Authorized| token.secret() == former.secret();
                if token.as_ref().is_none_or(is_former)
                    && let Some(rejection) = state.last_response.take()
                {
                    return Ok(rejection);
                }
                state.is_token_replaced = true;
            }
            self.check_scopes(state, token.as_ref())?;
            let (permit, token) = self.permit(state, token).await?;
            // A streamed body cannot be sent again.
            let copy = request.try_clone();
            if let Some((token, _)) = &token {
                self.prove(&mut request, token)?;
            }
            let proof = request.headers().get(DPOP).cloned();
            if !matches!(payload, Payload::None) {
                request = self.attach(payload, request).await?;
            }
            state.last_response = None;
            let attempted = self.attempt(request, token.as_ref(), state).await;
            drop(permit);
            let token_and_proof = (token.as_ref(), proof.as_ref());
            self.record_secrets(state, &attempted, (copy.as_ref(), payload), token_and_proof);
            let is_resendable = copy.is_some() && payload.is_replayable();
            let step = self.next_step(state, &attempted, token.as_ref(), is_resendable);
            let (Some(next), false) = (copy, step == NextStep::Finish) else {
                return self.conclude(state, attempted);
            };
            state.last_response = attempted.into_response();
            state.history.begin_next_attempt();
            match step {
                NextStep::RetryAfter(wait) => {
                    state.begins_by = Some(state.policy.ends_at(state.began_at));
                    state.history.waited = state.history.waited.saturating_add(wait);
                    telemetry::wait(wait);
                    shared.sleeper.sleep(wait).await;
                }
                NextStep::RetryWithNonce => {
                    state.token_for_nonce = token;
                    state.nonces += 1;
                    telemetry::nonce();
                }
                NextStep::RefreshToken => {
                    state.rejected_token = token.map(|(token, _)| token);
                }
                NextStep::Finish => {}
            }
            request = next;
        }
    }

    /// Attaches a body that each attempt gets anew: an upload or a form.
    fn attach<'a>(
        &'a self,
        payload: &'a Payload,
        request: Request,
    ) -> BoxFuture<'a, Result<Request, Error>> {
        // Boxed, because few calls have such a body.
        Box::pin(async move {
            let client = self.transport.reqwest();
            payload
                .attach(client, request)
                .await
                .map_err(|(name, error)| {
                    let rule = format!("cannot be read: {error}");
                    Error::invalid_request(self.operation, vec![Violation::new(name, rule)])
                })
        })
    }

    /// Records the secrets that an error must not contain: token, proof, headers and the secrets of the body.
    fn record_secrets(
        &self,
        state: &mut CallState,
        attempted: &Attempted,
        (request, payload): (Option<&Request>, &Payload),
        (token, proof): (Option<&Authorized>, Option<&HeaderValue>),
    ) {
        if attempted
            .response()
            .is_none_or(|response| response.status.is_success())
        {
            return;
        }
        let redaction = &mut state.history.redaction;
        if let Some((token, _)) = token {
            redaction.add(token.secret());
        }
        let keys = self.selected.iter().flat_map(Selected::secrets);
        keys.for_each(|key| redaction.add(key));
        let headers = self.options.headers.values().chain(proof);
        headers
            .filter_map(|value| value.to_str().ok())
            .for_each(|value| redaction.add(value));
        payload.secrets(request, redaction);
    }

    /// Sets the headers that all attempts share.
    fn prepare(&self, request: &mut Request) -> Result<(), Error> {
        let shared = &self.transport.0;
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
            match *name {
                // Cookies of the operation's parameters are sent too.
                COOKIE => add_cookies(headers, value),
                _ => drop(headers.insert(name, value.clone())),
            }
        }
        match &self.selected {
            Some(selected) => selected.apply(self.operation, request),
            None => Ok(()),
        }
    }

    /// Obtains a token and its header; `None` if the client has no token source.
    async fn token(&self, state: &mut CallState) -> Result<Option<Authorized>, Error> {
        let authorized = match state.token_for_nonce.take() {
            Some(same) => Some(same),
            None => self.authorized(state).await?,
        };
        // A request sent now would be canceled at once, with an unknown outcome.
        if self.time_left(state).is_some_and(|left| left.is_zero()) {
            return Err(Error::call_timed_out(self.operation, WaitingFor::Token));
        }
        Ok(authorized)
    }

    async fn authorized(&self, state: &CallState) -> Result<Option<Authorized>, Error> {
        let Some(tokens) = self.tokens() else {
            return Ok(None);
        };
        let token = pin!(tokens.token());
        let token = self.within(state, WaitingFor::Token, token).await?;
        let authorized = token.and_then(|token| Ok((token.authorization()?, token)));
        match authorized {
            Ok((authorization, token)) => Ok(Some((token, authorization))),
            Err(error) => Err(Error::token(self.operation, error)),
        }
    }

    /// Waits for the limiter, if there is one, and obtains it again if it is older than `MAX_TOKEN_AGE`.
    async fn permit(
        &self,
        state: &mut CallState,
        mut token: Option<Authorized>,
    ) -> Result<(Option<Permit>, Option<Authorized>), Error> {
        let shared = &self.transport.0;
        let Some(limiter) = self.limiter() else {
            return Ok((None, token));
        };
        loop {
            let obtained_at = shared.clock.monotonic();
            let acquired = {
                let acquiring = pin!(limiter.acquire(self.class(), || self.patience(state)));
                self.within(state, WaitingFor::Limiter, acquiring).await
            };
            let permit = match acquired {
                Ok(Ok(permit)) => permit,
                Ok(Err(Paused { wait })) => return Err(self.paused(state, wait)),
                // The deadline passed in the queue. If the server asked for a pause meanwhile, its end is the time to retry at.
                Err(error) => {
                    return Err(match limiter.pause(self.class()) {
                        Duration::ZERO => error,
                        wait => self.paused(state, wait),
                    });
                }
            };
            let now = shared.clock.monotonic();
            if state.history.attempts == 0 {
                // The total time of the policy excludes the wait in the queue.
                state.began_at = now;
            }
            if now.saturating_sub(obtained_at) <= MAX_TOKEN_AGE {
                return Ok((Some(permit), token));
            }
            token = self.token(state).await?;
            self.check_scopes(state, token.as_ref())?;
            if shared.clock.monotonic().saturating_sub(now) <= MAX_TOKEN_AGE {
                return Ok((Some(permit), token));
            }
            // The token took long: acquire a new permit, so that the waiting requests are not sent all at once.
        }
    }

    pub(super) fn class(&self) -> Class {
        match self.operation.method() {
            "GET" | "HEAD" => Class::Read,
            _ => Class::Write,
        }
    }

    /// Records the scopes of the token and, if the client checks scopes, rejects a call that lacks one.
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

    /// Makes one attempt.
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
        // Set last: reqwest stores the timeout in a map, which a clone of the request would copy.
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

    /// Records how an attempt ended, and decides what the call does next.
    fn next_step(
        &self,
        state: &mut CallState,
        attempted: &Attempted,
        token: Option<&Authorized>,
        is_resendable: bool,
    ) -> NextStep {
        let shared = &self.transport.0;
        let outcome = attempted.outcome();
        let decision = retry::classify(self.operation.retry_safety(), outcome);
        state.history.may_have_acted = decision.may_have_acted;
        state.history.retryable = decision.is_retryable;
        let requested_wait = attempted
            .response()
            .filter(|_| decision.is_retryable || decision.may_have_acted)
            .and_then(|response| {
                retry::requested_wait(&response.headers, response.status, shared.clock.now())
            });
        state.history.retry_at =
            requested_wait.and_then(|wait| shared.clock.now().checked_add(wait));
        if outcome.is_healthy() {
            shared
                .budget
                .give(std::mem::take(&mut state.borrowed).max(1));
        }
        // A rejected proof does not imply an invalid token, which the token source would discard.
        let rejection = binding::rejection(attempted, token.map(|(token, _)| token));
        let is_token_rejected = rejection.is_none() && self.is_token_rejected(attempted, token);
        // Once: if the server asks for a nonce again, its response is that of the call.
        let has_new_nonce =
            rejection == Some(ProofRejection::Nonce { given: true }) && !state.has_nonce;
        state.has_nonce = has_new_nonce;
        let attempt = Attempt {
            decision,
            attempts: state.history.attempts - state.nonces,
            elapsed: shared.clock.monotonic().saturating_sub(state.began_at),
            requested_wait,
            jitter: fastrand::f64(),
            time_left: self.time_left(state),
            is_resendable,
            has_new_nonce,
            is_token_replaceable: is_token_rejected && !state.is_token_replaced,
        };
        let step = retry::next_step(&state.policy, &attempt);
        if let NextStep::RetryAfter(_) = step {
            state.borrowed = outcome.cost();
            if !shared.budget.take(state.borrowed) {
                telemetry::budget_used_up();
                return NextStep::Finish;
            }
        }
        step
    }

    /// Whether the server rejected the token and the token source has another one.
    fn is_token_rejected(&self, attempted: &Attempted, token: Option<&Authorized>) -> bool {
        let is_unauthorized = attempted
            .response()
            .is_some_and(|response| response.status == StatusCode::UNAUTHORIZED);
        let tokens = self.tokens();
        is_unauthorized
            && token
                .zip(tokens)
                .is_some_and(|((token, _), tokens)| tokens.rejected(token))
    }

    /// Returns the result of the call after its last attempt.
    fn conclude(&self, state: &CallState, attempted: Attempted) -> Result<RawResponse, Error> {
        match attempted {
            Attempted::Completed(received) => Ok(received),
            Attempted::Incomplete(received, why) => Err(Error::undecodable_response(received, why)),
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

    /// The time until the deadline of the call.
    fn time_left(&self, state: &CallState) -> Option<Duration> {
        let ends_at = state.ends_at?;
        Some(ends_at.saturating_sub(self.transport.0.clock.monotonic()))
    }

    /// The longest pause of the server that the call waits for.
    fn patience(&self, state: &CallState) -> Duration {
        let now = self.transport.0.clock.monotonic();
        let ends = state.ends_at.into_iter().chain(state.begins_by);
        let left = ends.map(|end| end.saturating_sub(now)).min();
        let longest = state.policy.longest_wait();
        left.map_or(longest, |left| left.min(longest))
    }

    /// The error of a call that the server paused for `wait`.
    fn paused(&self, state: &mut CallState, wait: Duration) -> Error {
        state.history.retry_at = self.transport.0.clock.now().checked_add(wait);
        let is_late = self.patience(state) < state.policy.longest_wait();
        Error::paused(self.operation, wait, is_late)
    }

    /// Waits for `future` until the deadline of the call.
    async fn within<T>(
        &self,
        state: &CallState,
        awaited: WaitingFor,
        mut future: Pin<&mut impl Future<Output = T>>,
    ) -> Result<T, Error> {
        // A retry also has to begin within the policy's total time: a pause of the limiter may be long.
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
                .map(|()| Err(Error::call_timed_out(self.operation, awaited)))
        })
        .await
    }
}
