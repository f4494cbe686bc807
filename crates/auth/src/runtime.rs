//! The background runtime, for authors of a [`TokenStore`](crate::TokenStore).
//!
//! Token sources and sessions share requests between callers, so they run them on a tokio runtime of this crate and not on
//! the runtime of one caller, which may stop at any time. They call their store on that runtime too. A store that opens a
//! connection for all its callers, or releases a lock after its guard is dropped, spawns this work with [`spawn`], so that
//! it does not depend on the runtime of one caller either.
//!
//! ```
//! use auth0_auth::StoreGuard;
//! use auth0_auth::runtime;
//!
//! /// Releases a lock on a server.
//! async fn release(lock: String) {
//! #   drop(lock);
//! }
//!
//! struct Lock(String);
//!
//! impl Drop for Lock {
//!     fn drop(&mut self) {
//!         if let Ok(task) = runtime::spawn(release(std::mem::take(&mut self.0))) {
//!             task.detach();
//!         }
//!     }
//! }
//!
//! let guard = StoreGuard::new(Lock("my-lock".to_owned()));
//! # let _ = guard;
//! ```

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::task::JoinSet;

use crate::background;
use crate::error::{Error, Kind};

/// Spawns `future` on the background runtime. It logs within the current span, to the subscriber of the current thread.
///
/// The runtime has two threads, which also fetch tokens: do not block them.
///
/// # Errors
///
/// Fails if the runtime cannot be started, for example because the system has no threads left.
pub fn spawn<T, F>(future: F) -> Result<BackgroundTask<T>, Error>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    background::task(future).map(BackgroundTask)
}

/// A task on the background runtime, created by [`spawn`]. Dropping it cancels the task, [`detach`](Self::detach) lets it
/// run to its end.
///
/// Awaiting it returns the output of the task, or an error if the task panicked.
#[must_use = "dropping a task cancels it"]
pub struct BackgroundTask<T>(JoinSet<T>);

impl<T: Send + 'static> BackgroundTask<T> {
    /// Lets the task run to its end without waiting for its output.
    pub fn detach(mut self) {
        self.0.detach_all();
    }
}

impl<T: Send + 'static> Future for BackgroundTask<T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(match ready!(self.0.poll_join_next(cx)) {
            Some(result) => result.map_err(|error| match error.is_panic() {
                true => Error::of(Kind::Panicked("background task")),
                false => background::lost(error),
            }),
            None => Err(Error::of(Kind::Runtime(io::Error::other(
                "the task was polled after it had completed",
            )))),
        })
    }
}

impl<T> fmt::Debug for BackgroundTask<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackgroundTask").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn awaited_task_returns_its_output() {
        assert_eq!(spawn(async { 1 }).unwrap().await.unwrap(), 1);
    }

    #[tokio::test]
    async fn panic_of_a_task_is_an_error_that_does_not_speak_of_a_token() {
        let task = spawn(async { panic!("planted") });
        let error = task.unwrap().await.unwrap_err();
        assert_eq!(error.to_string(), "the background task panicked");
    }

    #[tokio::test]
    async fn dropped_task_is_cancelled() {
        let alive = Arc::new(());
        let held = alive.clone();
        let task = spawn(async move {
            let _held = held;
            std::future::pending::<()>().await;
        });
        drop(task.unwrap());
        while Arc::strong_count(&alive) > 1 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn detached_task_runs_to_its_end() {
        let (done, finished) = tokio::sync::oneshot::channel();
        let task = spawn(async move {
            tokio::task::yield_now().await;
            done.send(1).unwrap();
        });
        task.unwrap().detach();
        assert_eq!(finished.await.unwrap(), 1);
    }
}
