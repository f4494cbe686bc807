//! Revoked access tokens.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Revoked access tokens, by number.
#[derive(Default)]
pub(crate) struct RevokedTokens {
    /// All tokens up to this number are revoked.
    up_to: AtomicU64,
    single: Mutex<HashSet<u64>>,
}

impl RevokedTokens {
    /// Revokes all tokens up to `number`.
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
