//! Which calls are sent again, when, and how often.
//!
//! | how an attempt ended | safe | idempotent | unsafe |
//! | --- | --- | --- | --- |
//! | 429 | again | again | again |
//! | 408, 500, 502, 503, 504, 520–529 | again | again | the answer is final |
//! | the request never left: no connection | again | again | again |
//! | the request never left: a TLS certificate was rejected | the error is final | the error is final | the error is final |
//! | the server guarantees that it did not process the request: HTTP/2 `REFUSED_STREAM`, or `GOAWAY` with a lower last stream (RFC 9113 §8.7) | again | again | again |
//! | no answer to a request that left | again | again | **outcome unknown** |
//! | a success whose body broke off | again | has acted | has acted |
//! | 401, and the token source has another token | again, once | again, once | again, once |
//! | 401 that asks for a nonce (DPoP) and gives one | again, once | again, once | again, once |
//!
//! Before it is sent again, a call waits as long as the server asks for: `Retry-After`, else `x-ratelimit-reset` on a
//! 429, both by the server's own clock. Where it asks for nothing, the wait is drawn between zero and 0.5 s, 1 s, 2 s …
//! (full jitter). Where it asks for more than the longest wait, the call fails at once, and
//! [`Error::retry_at`](crate::Error::retry_at) says when to come back.

use std::error::Error as StdError;
use std::time::Duration;

use http::StatusCode;

use crate::RetrySafety;

mod budget;
pub(crate) mod hint;

pub(crate) use budget::RetryBudget;
pub use hint::wait_asked_for;

/// How often a call is sent, and how long it waits in between. The default is three attempts, waits of at most 20 s,
/// and no further attempt that would begin later than 120 s after the first.
///
/// Whether a call may be sent again at all is not a setting: see the table of [this module](self).
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
    /// One attempt. A refused token is replaced all the same, once, and a nonce that is asked for is sent, once.
    pub fn never() -> Self {
        Self::default().max_attempts(1)
    }

    /// Sets how many attempts are made, the first one included; at least one. Default: 3.
    #[must_use]
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts.max(1);
        self
    }

    /// Sets the upper end of the first wait, where the server asks for none. It doubles with every attempt.
    /// Default: 0.5 s.
    #[must_use]
    pub fn base(mut self, base: Duration) -> Self {
        self.base = base;
        self
    }

    /// Sets the longest wait. When the server asks for a longer one, the call fails at once, and so do later calls that a
    /// [`Limiter`](crate::Limiter) would hold back until then. Default: 20 s.
    #[must_use]
    pub fn max_wait(mut self, wait: Duration) -> Self {
        self.max_wait = wait;
        self
    }

    /// Sets how long after its beginning the call may still begin an attempt. Default: 120 s.
    #[must_use]
    pub fn total_time(mut self, time: Duration) -> Self {
        self.total_time = time;
        self
    }

    /// How long to wait before the next attempt; nothing where there is none to be made.
    ///
    /// `attempts` were made in `passed`, `asked` is what the server asks for, and `draw` is a random number from 0 to 1.
    pub fn wait(
        &self,
        attempts: u32,
        passed: Duration,
        asked: Option<Duration>,
        draw: f64,
    ) -> Option<Duration> {
        if attempts >= self.max_attempts {
            return None;
        }
        let wait = match asked {
            Some(asked) if asked > self.max_wait => return None,
            // Callers that were refused together are told the same moment, and would come back together.
            Some(asked) => asked
                .saturating_add(part_of(self.base, draw))
                .min(self.max_wait),
            None => part_of(self.backoff(attempts), draw),
        };
        (passed.saturating_add(wait) <= self.total_time).then_some(wait)
    }

    /// The longest wait that the server may ask for.
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

/// How an attempt ended, as far as repeating it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AttemptOutcome {
    /// With an answer of this status, read to its end; or not, where it is no success.
    Status(StatusCode),
    /// With a success whose body broke off.
    Cut,
    /// The server did not process the request: it never left, or the server guarantees it. [`is_unprocessed`] tells.
    NotSent,
    /// The request never left, and will not leave the next time: the HTTP client does not take it, or a TLS certificate was
    /// rejected.
    Unsendable,
    /// The request left, or may have left, and no answer came.
    Lost,
}

impl AttemptOutcome {
    /// Whether the server is up and does its work, be it by a refusal.
    pub(crate) fn is_healthy(self) -> bool {
        match self {
            Self::Status(status) => {
                !status.is_server_error() && !matches!(status.as_u16(), 401 | 408 | 429)
            }
            Self::Cut | Self::NotSent | Self::Lost | Self::Unsendable => false,
        }
    }

    /// What a retry after it takes from the budget.
    pub(crate) fn cost(self) -> u32 {
        match self {
            Self::Status(StatusCode::TOO_MANY_REQUESTS) => 0,
            Self::Lost | Self::Cut => 10,
            Self::Status(_) | Self::NotSent | Self::Unsendable => 5,
        }
    }
}

/// What an outcome means for the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryDecision {
    /// The call may be sent again without harm, and may succeed then.
    pub repeatable: bool,
    /// The server may have done what it was asked for, though no success was told.
    pub may_have_acted: bool,
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

/// What the outcome of an attempt means for an operation of this safety. The one place where that is decided, for API calls
/// and token requests alike.
pub fn classify(safety: RetrySafety, outcome: AttemptOutcome) -> RetryDecision {
    let passing = match outcome {
        AttemptOutcome::Status(StatusCode::TOO_MANY_REQUESTS) | AttemptOutcome::NotSent => {
            return RetryDecision {
                repeatable: true,
                may_have_acted: false,
            };
        }
        // 520 to 529 come from a proxy (Cloudflare) that received no usable response from the server behind it.
        AttemptOutcome::Status(status) => {
            matches!(status.as_u16(), 408 | 500 | 502 | 503 | 504 | 520..=529)
        }
        AttemptOutcome::Lost => true,
        AttemptOutcome::Unsendable => false,
        // Whoever only reads wants the body. For the others the success is what counts, and a repetition could only
        // replace it by a failure.
        AttemptOutcome::Cut => safety == RetrySafety::Safe,
    };
    // Of a failure that nobody repeats nobody knows either how far the server came. 501 says that it did not begin.
    let unexplained = matches!(outcome, AttemptOutcome::Status(status) if status.is_server_error() && status != 501);
    RetryDecision {
        repeatable: passing && safety != RetrySafety::Unsafe,
        may_have_acted: (passing || unexplained) && safety != RetrySafety::Safe,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_class_and_ending_has_its_verdict() {
        use RetrySafety::{Idempotent, Safe, Unsafe};
        let status = |status| AttemptOutcome::Status(StatusCode::from_u16(status).unwrap());
        let decision = |safety, outcome| {
            let decision = classify(safety, outcome);
            (decision.repeatable, decision.may_have_acted)
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
        for asked in [None, Some(Duration::MAX), Some(Duration::from_secs(1))] {
            let wait = policy.wait(1, Duration::MAX, asked, 1.0);
            assert_eq!(wait, Some(Duration::MAX), "{asked:?}");
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
            total in 0u64..1_000_000, passed in 0u64..1_000_000, asked in proptest::option::of(0u64..200_000), draw in 0f64..1.0,
        ) {
            let ms = Duration::from_millis;
            let policy = RetryPolicy::default().max_attempts(max).base(ms(base)).max_wait(ms(cap)).total_time(ms(total));
            let Some(wait) = policy.wait(attempts, ms(passed), asked.map(ms), draw) else {
                // There is a reason for every refusal.
                prop_assert!(
                    attempts >= max || asked.is_some_and(|asked| asked > cap)
                        || passed + asked.unwrap_or(cap.min(base.saturating_mul(1 << (attempts - 1).min(31)))) + base >= total
                );
                return Ok(());
            };
            prop_assert!(attempts < max);
            prop_assert!(ms(passed) + wait <= ms(total));
            prop_assert!(wait <= ms(cap));
            if let Some(asked) = asked {
                prop_assert!(asked <= cap);
                prop_assert!(wait >= ms(asked) && wait <= ms(asked + base));
            }
        }
    }
}
