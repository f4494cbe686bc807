//! A cached document of a server, fetched by one request for all waiting callers.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::background::SharedTask;
use crate::error::Error;

/// The last version of a document. Clones share it.
pub(crate) struct DocumentCache<T>(Arc<Mutex<State<T>>>);

struct State<T> {
    last: Option<Version<T>>,
    /// The fetch in flight. All waiting callers get its result, including a failure.
    flight: Option<SharedTask<Arc<T>>>,
}

/// A version of a document.
pub(crate) struct Version<T> {
    pub(crate) document: Arc<T>,
    /// When it was fetched, on the monotonic clock.
    pub(crate) fetched_at: Duration,
}

impl<T> Clone for Version<T> {
    fn clone(&self) -> Self {
        Self {
            document: self.document.clone(),
            fetched_at: self.fetched_at,
        }
    }
}

impl<T> Clone for DocumentCache<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Default for DocumentCache<T> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(State {
            last: None,
            flight: None,
        })))
    }
}

impl<T: Send + Sync + 'static> DocumentCache<T> {
    /// Returns the document if it is no older than `max_age` at `now`. Otherwise `fetch` creates a new version from the last one,
    /// unless a fetch is in flight.
    pub(crate) async fn get<F>(
        &self,
        now: Duration,
        max_age: Duration,
        fetch: impl FnOnce(Option<Version<T>>) -> F,
    ) -> Result<Arc<T>, Error>
    where
        F: Future<Output = Result<Version<T>, Error>> + Send + 'static,
    {
        let flight = {
            let mut state = self.state();
            let fresh = state.last.as_ref();
            let fresh = fresh.filter(|last| now.saturating_sub(last.fetched_at) < max_age);
            if let Some(last) = fresh {
                return Ok(last.document.clone());
            }
            // A fetch removes itself when it ends, unless it panicked or failed to start.
            state.flight.take_if(|flight| flight.is_finished());
            match &state.flight {
                Some(flight) => flight.clone(),
                None => {
                    let (cache, fetching) = (self.clone(), fetch(state.last.clone()));
                    let flight = SharedTask::start(async move {
                        let result = fetching.await;
                        let mut state = cache.state();
                        state.flight = None;
                        let version = result?;
                        state.last = Some(version.clone());
                        Ok(version.document)
                    });
                    state.flight.insert(flight).clone()
                }
            }
        };
        flight.join().await
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
