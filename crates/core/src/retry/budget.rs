//! A budget of retries: what keeps an outage from being multiplied by everybody who asks again.

use std::sync::atomic::{AtomicU32, Ordering};

/// What a budget holds at the beginning, and at most.
const CAPACITY: u32 = 500;

/// Permission to send calls again, shared by all calls of a client. It holds 500; a retry takes 5, or 10 where no
/// answer came; a retry that succeeds gives back what it took, and a call that needed none gives 1.
///
/// In an outage a hundred retries are made, and from then on each call is sent once, until some succeed again. A
/// retry after a 429 takes nothing: there the server paces its callers itself.
#[derive(Debug)]
pub(crate) struct RetryBudget(AtomicU32);

impl Default for RetryBudget {
    fn default() -> Self {
        Self(AtomicU32::new(CAPACITY))
    }
}

impl RetryBudget {
    /// Takes `cost`, if there is as much.
    pub(crate) fn take(&self, cost: u32) -> bool {
        let take = |held: u32| held.checked_sub(cost);
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
            .is_ok()
    }

    pub(crate) fn give(&self, amount: u32) {
        // Nearly always it is full, and then nothing has to be written.
        if self.0.load(Ordering::Relaxed) < CAPACITY {
            let give = |held: u32| Some((held + amount).min(CAPACITY));
            let _ = self
                .0
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, give);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budget_ends_and_comes_back_and_is_never_more_than_full() {
        let budget = RetryBudget::default();
        budget.give(1_000);
        assert_eq!((0..200).filter(|_| budget.take(5)).count(), 100);
        budget.give(4);
        assert!(!budget.take(5));
        budget.give(1);
        assert!(budget.take(5));
        assert!(!budget.take(1));
    }
}
