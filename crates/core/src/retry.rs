//! Decides after each attempt what a call does next. All decisions are here and are pure functions; [`classify`] and
//! [`next_step`] serve API calls and token requests alike. Recording, the retry budget and waiting are left to the callers.
//!
//! Which outcomes are retried, and how long the waits are, is documented on [`RetryPolicy`].

use std::error::Error as StdError;
use std::time::Duration;

use http::StatusCode;

use crate::RetrySafety;

mod budget;
pub(crate) mod hint;

pub(crate) use budget::RetryBudget;
pub use hint::requested_wait;

/// How many attempts a call makes and how long it waits between them. Default: three attempts, waits of at most 20 s, and
/// no attempt that would begin later than 120 s after the first.
///
/// Whether a call may be retried at all is not a setting. It depends on the retry class of the operation:
///
/// | outcome of the attempt | safe (reads) | idempotent | unsafe |
/// | --- | --- | --- | --- |
/// | 429 | retried | retried | retried |
/// | 408, 500, 502, 503, 504, 520–529 | retried | retried | final, outcome unknown |
/// | not sent: no connection | retried | retried | retried |
/// | not sent: a TLS certificate was rejected | final | final | final |
/// | not processed, as the server guarantees: HTTP/2 `REFUSED_STREAM`, or `GOAWAY` with a lower last stream (RFC 9113 §8.7) | retried | retried | retried |
/// | sent, no response | retried | retried | final, outcome unknown |
/// | a success whose body is incomplete | retried | final, has acted | final, has acted |
///
/// After a 401, the call obtains another token and is sent again, once, if the token source has another one. After a 401
/// that provides a DPoP nonce (RFC 9449 §9), it is sent again with the nonce, once. Neither counts as an attempt.
///
/// Before a retry the call waits as long as the server requests: `Retry-After`, else `x-ratelimit-reset` on a 429, both
/// relative to the server's own clock. If the server requests none, the wait is random between zero and 0.5 s, 1 s, 2 s …
/// (exponential backoff with full jitter).
///
/// ```
/// use std::time::Duration;
///
/// use auth0_core::RetryPolicy;
///
/// let patient = RetryPolicy::default().max_attempts(6).total_time(Duration::from_secs(600));
/// let never = RetryPolicy::never();
/// # let _ = (patient, never);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[doc(alias = "retry")]
#[doc(alias = "backoff")]
#[doc(alias = "exponential backoff")]
#[doc(alias = "jitter")]
#[doc(alias = "Retry-After")]
pub struct RetryPolicy {
    max_attempts: u32,
    base: Duration,
    max_wait: Duration,
    total_time: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_attempts: 3,
            base: Duration::from_millis(500),
            max_wait: Duration::from_secs(20),
            total_time: Duration::from_secs(120),
        }
    }
}

impl RetryPolicy {
    /// Makes one attempt. A rejected token is still replaced once, and a requested DPoP nonce is still sent once.
    pub fn never() -> Self {
        Self::default().max_attempts(1)
    }

    /// Sets the maximum number of attempts, including the first; at least one. Default: 3.
    #[must_use]
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts.max(1);
        self
    }

    /// Sets the upper bound of the first backoff. It doubles with every attempt. Default: 0.5 s.
    #[must_use]
    pub fn base(mut self, base: Duration) -> Self {
        self.base = base;
        self
    }

    /// Sets the maximum wait. If the server requests a longer one, the call fails at once, and so do later calls that a
    /// [`Limiter`](crate::Limiter) would delay until then. Default: 20 s.
    #[must_use]
    pub fn max_wait(mut self, wait: Duration) -> Self {
        self.max_wait = wait;
        self
    }

    /// Sets how long after the start of the call an attempt may begin. Default: 120 s.
    #[must_use]
    pub fn total_time(mut self, time: Duration) -> Self {
        self.total_time = time;
        self
    }

    /// Returns the wait before the next attempt, or `None` if no further attempt is allowed.
    ///
    /// `attempts` were made in `passed`, `requested` is the wait that the server requests, and `draw` is a random number from 0
    /// to 1.
    pub(crate) fn wait(
        &self,
        attempts: u32,
        passed: Duration,
        requested: Option<Duration>,
        draw: f64,
    ) -> Option<Duration> {
        if attempts >= self.max_attempts {
            return None;
        }
        let wait = match requested {
            Some(requested) if requested > self.max_wait => return None,
            // Callers that were limited together receive the same time and would return together, so jitter is added.
            Some(requested) => requested
                .saturating_add(part_of(self.base, draw))
                .min(self.max_wait),
            None => part_of(self.backoff(attempts), draw),
        };
        (passed.saturating_add(wait) <= self.total_time).then_some(wait)
    }

    /// The longest wait that the server may request.
    pub(crate) fn longest_wait(&self) -> Duration {
        self.max_wait
    }

    /// When the last attempt of a call has to begin.
    pub(crate) fn ends_at(&self, began_at: Duration) -> Duration {
        began_at.saturating_add(self.total_time)
    }

    /// The longest wait after `attempts` attempts.
    fn backoff(&self, attempts: u32) -> Duration {
        let doublings = attempts.saturating_sub(1).min(31);
        self.base.saturating_mul(1 << doublings).min(self.max_wait)
    }
}

/// `draw` of a duration, where `draw` is from 0 to 1. `Duration::mul_f64` panics if rounding exceeds what a duration holds.
fn part_of(duration: Duration, draw: f64) -> Duration {
    Duration::try_from_secs_f64(duration.as_secs_f64() * draw).unwrap_or(duration)
}

/// How an attempt ended, as far as a retry depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AttemptOutcome {
    /// With a response of this status. The body of a success is complete.
    Status(StatusCode),
    /// With a success whose body is incomplete.
    Cut,
    /// The server did not process the request: it was not sent, or the server guarantees it. See [`is_unprocessed`].
    NotSent,
    /// The request was not sent, and a retry would not be either: the HTTP client rejects it, or a TLS certificate is
    /// invalid.
    Unsendable,
    /// The request was sent, or may have been, and there was no response.
    Lost,
}

impl AttemptOutcome {
    /// Whether the server works, even if it rejects the request.
    pub(crate) fn is_healthy(self) -> bool {
        match self {
            Self::Status(status) => {
                !status.is_server_error() && !matches!(status.as_u16(), 401 | 408 | 429)
            }
            Self::Cut | Self::NotSent | Self::Lost | Self::Unsendable => false,
        }
    }

    /// What a retry after this outcome takes from the budget.
    pub(crate) fn cost(self) -> u32 {
        match self {
            Self::Status(StatusCode::TOO_MANY_REQUESTS) => 0,
            Self::Lost | Self::Cut => 10,
            Self::Status(_) | Self::NotSent | Self::Unsendable => 5,
        }
    }
}

/// What an outcome means for a call of a retry class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(
    clippy::exhaustive_structs,
    reason = "token requests restrict a decision further"
)]
pub struct RetryDecision {
    /// A retry is harmless and may succeed.
    pub is_retryable: bool,
    /// The server may have acted although it reported no success.
    pub may_have_acted: bool,
}

/// What a call does after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NextStep {
    /// The attempt was the last one: its response or error is that of the call.
    Finish,
    /// Waits, then sends the request again.
    RetryAfter(Duration),
    /// Obtains another token, then sends the request again.
    RefreshToken,
    /// Sends the request again, with the nonce that the server provided for the DPoP proof.
    RetryWithNonce,
}

/// What [`next_step`] depends on, beside the policy.
#[derive(Debug, Clone, Copy)]
#[allow(
    clippy::exhaustive_structs,
    reason = "both callers must state every fact"
)]
pub struct Attempt {
    /// How the attempt ended, for an operation of its retry class.
    pub decision: RetryDecision,
    /// The number of attempts that count against the policy: those with a new nonce do not.
    pub attempts: u32,
    /// The time since the first attempt began.
    pub elapsed: Duration,
    /// The wait that the server requests.
    pub requested_wait: Option<Duration>,
    /// A random number from 0 to 1.
    pub jitter: f64,
    /// The time until the deadline of the call.
    pub time_left: Option<Duration>,
    /// The request can be sent again: its body is not a stream.
    pub is_resendable: bool,
    /// The server provided a nonce that the request has not been sent with.
    pub has_new_nonce: bool,
    /// The server rejected the token, and the token source may have another one.
    pub is_token_replaceable: bool,
}

/// Decides what a call does after an attempt.
pub fn next_step(policy: &RetryPolicy, attempt: &Attempt) -> NextStep {
    if !attempt.is_resendable {
        return NextStep::Finish;
    }
    if attempt.decision.is_retryable {
        let wait = policy.wait(
            attempt.attempts,
            attempt.elapsed,
            attempt.requested_wait,
            attempt.jitter,
        );
        let ends_before = |wait: &Duration| attempt.time_left.is_none_or(|left| left > *wait);
        return match wait.filter(ends_before) {
            Some(wait) => NextStep::RetryAfter(wait),
            None => NextStep::Finish,
        };
    }
    // Both are rejected before the server acts, so the retry class does not matter.
    if attempt.has_new_nonce {
        return NextStep::RetryWithNonce;
    }
    if attempt.is_token_replaceable {
        return NextStep::RefreshToken;
    }
    NextStep::Finish
}

/// Whether a request that failed with `error` was surely not processed: no connection was made, the connection ended
/// before the request was written to it, or an HTTP/2 server refused it with `REFUSED_STREAM` or a `GOAWAY` whose last
/// stream id is lower (RFC 9113 §8.7). Such a request can be sent again whatever it does.
pub fn is_unprocessed(error: &reqwest::Error) -> bool {
    error.is_connect() || was_canceled(error) || is_refused(error)
}

/// Whether an HTTP/2 server guarantees that it did not process the request.
pub(crate) fn is_refused(error: &reqwest::Error) -> bool {
    causes(error).any(|cause| {
        cause.downcast_ref::<h2::Error>().is_some_and(|error| {
            // h2 fails only the streams above the last one that a GOAWAY names, whatever its reason.
            error.is_remote()
                && (error.is_go_away()
                    || error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM))
        })
    })
}

/// Whether hyper gave the request back before it began to write it.
fn was_canceled(error: &reqwest::Error) -> bool {
    causes(error).any(|cause| {
        cause
            .downcast_ref::<hyper::Error>()
            .is_some_and(hyper::Error::is_canceled)
    })
}

fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    std::iter::successors(error.source(), |&error| error.source())
}

/// Classifies the outcome of an attempt of an operation with this retry class.
pub fn classify(safety: RetrySafety, outcome: AttemptOutcome) -> RetryDecision {
    let passing = match outcome {
        AttemptOutcome::Status(StatusCode::TOO_MANY_REQUESTS) | AttemptOutcome::NotSent => {
            return RetryDecision {
                is_retryable: true,
                may_have_acted: false,
            };
        }
        // 520 to 529 come from a proxy (Cloudflare) that received no usable response from the server behind it.
        AttemptOutcome::Status(status) => {
            matches!(status.as_u16(), 408 | 500 | 502 | 503 | 504 | 520..=529)
        }
        AttemptOutcome::Lost => true,
        AttemptOutcome::Unsendable => false,
        // A read needs the body. For a write the success counts, and a retry could only replace it by a failure.
        AttemptOutcome::Cut => safety == RetrySafety::Safe,
    };
    // After any other server error it is unknown how far the server came, except 501: it did not begin.
    let unexplained = matches!(outcome, AttemptOutcome::Status(status) if status.is_server_error() && status != 501);
    RetryDecision {
        is_retryable: passing && safety != RetrySafety::Unsafe,
        may_have_acted: (passing || unexplained) && safety != RetrySafety::Safe,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_class_and_outcome_has_its_decision() {
        use RetrySafety::{Idempotent, Safe, Unsafe};
        let status = |status| AttemptOutcome::Status(StatusCode::from_u16(status).unwrap());
        let decision = |safety, outcome| {
            let decision = classify(safety, outcome);
            (decision.is_retryable, decision.may_have_acted)
        };
        for safety in [Safe, Idempotent, Unsafe] {
            assert_eq!(decision(safety, status(429)), (true, false));
            assert_eq!(decision(safety, AttemptOutcome::NotSent), (true, false));
            for code in [200, 204, 301, 400, 401, 403, 404, 409, 501] {
                assert_eq!(decision(safety, status(code)), (false, false), "{code}");
            }
        }
        for outcome in [408, 500, 502, 503, 504, 520, 521, 522, 524, 526, 529]
            .map(status)
            .into_iter()
            .chain([AttemptOutcome::Lost])
        {
            assert_eq!(decision(Safe, outcome), (true, false));
            assert_eq!(decision(Idempotent, outcome), (true, true));
            assert_eq!(decision(Unsafe, outcome), (false, true));
        }
        for code in [505, 519, 530, 599] {
            assert_eq!(decision(Safe, status(code)), (false, false));
            assert_eq!(decision(Idempotent, status(code)), (false, true));
            assert_eq!(decision(Unsafe, status(code)), (false, true));
        }
        assert_eq!(decision(Safe, AttemptOutcome::Cut), (true, false));
        assert_eq!(decision(Idempotent, AttemptOutcome::Cut), (false, false));
        assert_eq!(decision(Unsafe, AttemptOutcome::Cut), (false, false));
    }

    /// The first attempt of a call that can be sent again at once.
    fn attempt(decision: RetryDecision) -> Attempt {
        Attempt {
            decision,
            attempts: 1,
            elapsed: Duration::ZERO,
            requested_wait: None,
            jitter: 1.0,
            time_left: None,
            is_resendable: true,
            has_new_nonce: false,
            is_token_replaceable: false,
        }
    }

    #[test]
    fn each_step_has_its_condition() {
        let [retryable, last] = [429, 401].map(|code| {
            let status = StatusCode::from_u16(code).unwrap();
            attempt(classify(
                RetrySafety::Unsafe,
                AttemptOutcome::Status(status),
            ))
        });
        let step = |attempt: Attempt| next_step(&RetryPolicy::default(), &attempt);
        let half = Duration::from_millis(500);
        assert_eq!(step(retryable), NextStep::RetryAfter(half));
        assert_eq!(step(last), NextStep::Finish);
        for (finished, why) in [
            (
                Attempt {
                    attempts: 3,
                    ..retryable
                },
                "the policy allows no more",
            ),
            (
                Attempt {
                    time_left: Some(half),
                    ..retryable
                },
                "the deadline is not after the wait",
            ),
            (
                Attempt {
                    requested_wait: Some(half * 41),
                    ..retryable
                },
                "longer than the maximum wait",
            ),
            (
                Attempt {
                    is_resendable: false,
                    ..retryable
                },
                "a streamed body",
            ),
        ] {
            assert_eq!(step(finished), NextStep::Finish, "{why}");
        }
        let nonce = Attempt {
            has_new_nonce: true,
            ..last
        };
        let token = Attempt {
            is_token_replaceable: true,
            ..last
        };
        assert_eq!(step(nonce), NextStep::RetryWithNonce);
        assert_eq!(step(token), NextStep::RefreshToken);
        // Neither counts against the policy.
        let never = |attempt| next_step(&RetryPolicy::never(), &attempt);
        assert_eq!(never(nonce), NextStep::RetryWithNonce);
        assert_eq!(never(token), NextStep::RefreshToken);
        for unsendable in [nonce, token] {
            let streamed = Attempt {
                is_resendable: false,
                ..unsendable
            };
            assert_eq!(step(streamed), NextStep::Finish);
        }
    }

    #[test]
    fn waits_double_up_to_the_cap() {
        let policy = RetryPolicy::default()
            .max_attempts(100)
            .total_time(Duration::MAX);
        let longest = |attempts| {
            policy
                .wait(attempts, Duration::ZERO, None, 1.0)
                .unwrap()
                .as_millis()
        };
        assert_eq!(
            [1, 2, 3, 4, 5, 6, 7, 40, 99].map(longest),
            [500, 1000, 2000, 4000, 8000, 16_000, 20_000, 20_000, 20_000]
        );
    }

    #[test]
    fn settings_are_as_large_as_they_can_be_then_nothing_overflows() {
        let policy = RetryPolicy::default()
            .base(Duration::MAX)
            .max_wait(Duration::MAX)
            .total_time(Duration::MAX);
        for requested in [None, Some(Duration::MAX), Some(Duration::from_secs(1))] {
            let wait = policy.wait(1, Duration::MAX, requested, 1.0);
            assert_eq!(wait, Some(Duration::MAX), "{requested:?}");
        }
        assert_eq!(policy.ends_at(Duration::MAX), Duration::MAX);
    }

    #[test]
    fn wait_that_the_server_asks_for_is_kept_and_a_longer_one_is_not_waited_for() {
        let policy = RetryPolicy::default();
        let wait = |seconds, draw| {
            policy.wait(1, Duration::ZERO, Some(Duration::from_secs(seconds)), draw)
        };
        assert_eq!(wait(7, 0.0), Some(Duration::from_secs(7)));
        assert_eq!(wait(7, 1.0), Some(Duration::from_millis(7500)));
        assert_eq!(wait(20, 0.0), Some(Duration::from_secs(20)));
        assert_eq!(wait(20, 1.0), Some(Duration::from_secs(20)));
        assert_eq!(wait(21, 0.0), None);
        assert_eq!(wait(u64::MAX, 0.0), None);
    }

    proptest! {
        #[test]
        fn wait_is_never_longer_than_allowed_and_ends_within_the_total_time(
            attempts in 1u32..200, max in 1u32..200, base in 0u64..100_000, cap in 0u64..100_000,
            total in 0u64..1_000_000, passed in 0u64..1_000_000, requested in proptest::option::of(0u64..200_000), draw in 0f64..1.0,
        ) {
            let ms = Duration::from_millis;
            let policy = RetryPolicy::default().max_attempts(max).base(ms(base)).max_wait(ms(cap)).total_time(ms(total));
            let Some(wait) = policy.wait(attempts, ms(passed), requested.map(ms), draw) else {
                // No wait is returned only for one of these reasons.
                prop_assert!(
                    attempts >= max || requested.is_some_and(|requested| requested > cap)
                        || passed + requested.unwrap_or(cap.min(base.saturating_mul(1 << (attempts - 1).min(31)))) + base >= total
                );
                return Ok(());
            };
            prop_assert!(attempts < max);
            prop_assert!(ms(passed) + wait <= ms(total));
            prop_assert!(wait <= ms(cap));
            if let Some(requested) = requested {
                prop_assert!(requested <= cap);
                prop_assert!(wait >= ms(requested) && wait <= ms(requested + base));
            }
        }
    }
}
