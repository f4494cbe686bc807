//! What this process remembers about the tokens that it uses.

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Up to this many states are kept, whether they are in use or not.
const MIN_CAPACITY: usize = 64;

/// What this process remembers about one token.
#[derive(Default)]
pub(super) struct TokenState {
    /// Held by the task that holds the lock or waits for it, so that a process has one such task at a time.
    pub(super) turn: Arc<tokio::sync::Mutex<()>>,
    /// The fencing token, while this process holds the lock.
    fencing_token: Mutex<Option<String>>,
    /// Whether it was logged that the stored value cannot be read.
    pub(super) is_unreadable_logged: AtomicBool,
}

impl TokenState {
    pub(super) fn fencing_token(&self) -> MutexGuard<'_, Option<String>> {
        self.fencing_token
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The states by the names of their tokens. With a session per user there is no end of names, so unused states are removed.
pub(super) struct TokenStates {
    states: HashMap<String, Arc<TokenState>>,
    /// The number of states at which unused ones are removed.
    capacity: usize,
}

impl Default for TokenStates {
    fn default() -> Self {
        Self {
            states: HashMap::new(),
            capacity: MIN_CAPACITY,
        }
    }
}

impl TokenStates {
    pub(super) fn get(&mut self, name: &str) -> Arc<TokenState> {
        if let Some(state) = self.states.get(name) {
            return state.clone();
        }
        if self.states.len() >= self.capacity {
            self.states.retain(|_, state| Arc::strong_count(state) > 1);
            // Twice as many as are in use, so that the cost of a removal is constant per new state.
            self.capacity = MIN_CAPACITY.max(2 * self.states.len());
        }
        let state = Arc::<TokenState>::default();
        self.states.insert(name.to_owned(), state.clone());
        state
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unused_states_are_removed_and_used_ones_are_kept() {
        let mut states = TokenStates::default();
        let used: Vec<_> = (0..100).map(|n| states.get(&format!("used {n}"))).collect();
        for number in 0..10_000 {
            states.get(&number.to_string());
        }
        assert!(states.states.len() <= 300, "{}", states.states.len());
        for (number, state) in used.iter().enumerate() {
            let again = states.get(&format!("used {number}"));
            assert!(Arc::ptr_eq(state, &again), "{number} was removed");
        }
    }
}
