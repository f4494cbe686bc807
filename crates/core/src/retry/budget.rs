//! A budget of retries, which keeps retries from multiplying the load during an outage.

use std::sync::atomic::{AtomicU32, Ordering};

/// The initial and maximum amount.
const CAPACITY: u32 = 500;

/// The retry budget that all calls of a client share. It starts with 500. A retry costs 5, or 10 if there was no response.
/// A successful retry returns its cost, and a call that succeeds without a retry adds 1.
///
/// During an outage, about a hundred retries are sent; then each call is sent once, until calls succeed again. A retry
/// after a 429 is free, because the server itself limits the rate.
#[derive(Debug)]
pub(crate) struct RetryBudget(AtomicU32);

impl Default for RetryBudget {
    fn default() -> Self {
        Self(AtomicU32::new(CAPACITY))
    }
}

impl RetryBudget {
    /// Takes `cost` if the budget has it. Returns whether it did.
    pub(crate) fn take(&self, cost: u32) -> bool {
        let take = |amount: u32| amount.checked_sub(cost);
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
            .is_ok()
    }

    pub(crate) fn give(&self, amount: u32) {
        // The budget is nearly always full, and then no write is needed.
        if self.0.load(Ordering::Relaxed) < CAPACITY {
            let give = |current: u32| Some((current + amount).min(CAPACITY));
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
    fn budget_is_exhausted_refilled_and_never_exceeds_its_capacity() {
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
