//! A token store in memory.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use auth0_core::BoxFuture;

use super::{StoreError, StoreGuard, StoredToken, TokenKey, TokenStore};

/// A token store in the memory of this process. Clones share its content.
///
/// Sources cache tokens in memory without a store; this one is useful in tests and for sessions.
///
/// ```
/// use std::sync::Arc;
///
/// use auth0_auth::{Error, MemoryStore, Session};
///
/// # async fn example(session: &Session) -> Result<(), Error> {
/// let store = Arc::new(MemoryStore::new());
/// session.keep_in(store, "alice").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct MemoryStore(Arc<Mutex<HashMap<TokenKey, Entry>>>);

#[derive(Default)]
struct Entry {
    token: Option<StoredToken>,
    /// The lock on the key.
    lock: Arc<tokio::sync::Mutex<()>>,
}

impl MemoryStore {
    /// Creates an empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<TokenKey, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TokenStore for MemoryStore {
    fn load<'a>(
        &'a self,
        key: &'a TokenKey,
    ) -> BoxFuture<'a, Result<Option<StoredToken>, StoreError>> {
        let token = self
            .entries()
            .get(key)
            .and_then(|entry| entry.token.clone());
        Box::pin(std::future::ready(Ok(token)))
    }

    fn save<'a>(
        &'a self,
        key: &'a TokenKey,
        token: &'a StoredToken,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        self.entries().entry(key.clone()).or_default().token = Some(token.clone());
        Box::pin(std::future::ready(Ok(())))
    }

    fn remove<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<(), StoreError>> {
        if let Some(entry) = self.entries().get_mut(key) {
            entry.token = None;
        }
        Box::pin(std::future::ready(Ok(())))
    }

    fn lock<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<StoreGuard, StoreError>> {
        let lock = Arc::clone(&self.entries().entry(key.clone()).or_default().lock);
        Box::pin(async move { Ok(StoreGuard::new(lock.lock_owned().await)) })
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}
