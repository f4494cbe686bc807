//! What this process knows of the tokens that it uses.

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// So many are kept whether they are in use or not.
const FEW: usize = 64;

/// What this process knows of one token.
#[derive(Default)]
pub(super) struct Entry {
    /// Held by whoever has the lock or wants it, so that a process asks Redis for it once.
    pub(super) turn: Arc<tokio::sync::Mutex<()>>,
    /// The fencing token of whoever has the lock here.
    fence: Mutex<Option<String>>,
    /// That it cannot be read was told.
    pub(super) is_told: AtomicBool,
}

impl Entry {
    pub(super) fn fence(&self) -> MutexGuard<'_, Option<String>> {
        self.fence.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The entries by the names of their tokens. Where each user has a session there are ever new ones, so those that nobody
/// uses are let go.
pub(super) struct Entries {
    known: HashMap<String, Arc<Entry>>,
    /// With how many it is looked for some that can go.
    full: usize,
}

impl Default for Entries {
    fn default() -> Self {
        Self {
            known: HashMap::new(),
            full: FEW,
        }
    }
}

impl Entries {
    pub(super) fn of(&mut self, name: &str) -> Arc<Entry> {
        if let Some(entry) = self.known.get(name) {
            return entry.clone();
        }
        if self.known.len() >= self.full {
            self.known.retain(|_, entry| Arc::strong_count(entry) > 1);
            // Twice as many as are in use, so that looking through them costs each new one the same.
            self.full = FEW.max(2 * self.known.len());
        }
        let entry = Arc::<Entry>::default();
        self.known.insert(name.to_owned(), entry.clone());
        entry
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_ever_new_ones_then_those_that_nobody_uses_are_let_go() {
        let mut entries = Entries::default();
        let in_use: Vec<_> = (0..100).map(|n| entries.of(&format!("used {n}"))).collect();
        for number in 0..10_000 {
            entries.of(&number.to_string());
        }
        assert!(entries.known.len() <= 300, "{}", entries.known.len());
        for (number, entry) in in_use.iter().enumerate() {
            let again = entries.of(&format!("used {number}"));
            assert!(Arc::ptr_eq(entry, &again), "{number} was forgotten");
        }
    }
}
