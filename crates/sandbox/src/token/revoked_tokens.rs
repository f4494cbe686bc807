//! Access tokens that are no longer taken.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Revoked tokens, by their numbers.
#[derive(Default)]
pub(crate) struct RevokedTokens {
    /// All up to this one.
    up_to: AtomicU64,
    single: Mutex<HashSet<u64>>,
}

impl RevokedTokens {
    /// From now on the tokens up to `number` are refused.
    pub(crate) fn add_up_to(&self, number: u64) {
        self.up_to.fetch_max(number, Ordering::SeqCst);
    }

    pub(super) fn add(&self, numbers: impl IntoIterator<Item = u64>) {
        let mut single = self.single.lock().unwrap_or_else(PoisonError::into_inner);
        single.extend(numbers);
    }

    pub(super) fn contains(&self, number: u64) -> bool {
        let single = self.single.lock().unwrap_or_else(PoisonError::into_inner);
        number <= self.up_to.load(Ordering::SeqCst) || single.contains(&number)
    }
}
