//! The tokio runtime of work that callers share.
//!
//! A token, the signing keys and a connection are shared by callers whose runtimes may idle or end at any time: a
//! current-thread runtime makes progress only inside `block_on`, and each test of a program has its own runtime. A fetch on
//! the runtime of one caller could block the others, so it runs on a runtime of this crate. Its threads start with the first
//! request and sleep while there is nothing to do.

use std::sync::{Mutex, PoisonError};
use std::{fmt, io};

use auth0_core::BoxFuture;
use futures_util::FutureExt as _;
use futures_util::future::Shared;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::{AbortHandle, JoinError, JoinSet};
use tracing::instrument::WithSubscriber as _;
use tracing::subscriber::NoSubscriber;
use tracing::{Instrument as _, Span, dispatcher};

use crate::error::{Error, Kind};

/// Two threads, so that a [`Signer`](crate::Signer) or a store that blocks its thread does not block everything.
const THREADS: usize = 2;

/// The runtime. It is never dropped: it ends with the process.
static RUNTIME: Mutex<Option<Runtime>> = Mutex::new(None);

fn handle() -> io::Result<Handle> {
    let mut runtime = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
    let runtime = match &mut *runtime {
        Some(runtime) => runtime,
        empty => empty.insert(
            Builder::new_multi_thread()
                .worker_threads(THREADS)
                .thread_name("auth0-auth")
                .enable_all()
                .build()?,
        ),
    };
    Ok(runtime.handle().clone())
}

/// A task that runs whether or not a caller waits for it. All clones share its result.
pub(crate) struct SharedTask<T> {
    result: Shared<BoxFuture<'static, Result<T, Error>>>,
    /// `None` if the task could not be started.
    task: Option<AbortHandle>,
}

impl<T> Clone for SharedTask<T> {
    fn clone(&self) -> Self {
        Self {
            result: self.result.clone(),
            task: self.task.clone(),
        }
    }
}

impl<T: Clone + Send + Sync + 'static> SharedTask<T> {
    /// Starts `work` within the current span.
    pub(crate) fn start(work: impl Future<Output = Result<T, Error>> + Send + 'static) -> Self {
        Self::start_in(Span::current(), work)
    }

    /// Starts `work` within `span`, which does not end before the work does.
    pub(crate) fn start_in(
        span: Span,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Self {
        let (result, task): (BoxFuture<'static, _>, _) = match handle() {
            Ok(handle) => {
                let task = handle.spawn(in_context(span, work));
                let abort = task.abort_handle();
                let result = task.map(|result| result.unwrap_or_else(|error| Err(lost(error))));
                (Box::pin(result), Some(abort))
            }
            Err(error) => (Box::pin(std::future::ready(Err(unstarted(error)))), None),
        };
        Self {
            result: result.shared(),
            task,
        }
    }

    /// Waits for the result.
    pub(crate) async fn join(self) -> Result<T, Error> {
        self.result.await
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.result.clone().now_or_never().is_some()
    }

    /// Aborts the task. Waiting callers get an error.
    pub(crate) fn abort(&self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

impl<T> fmt::Debug for SharedTask<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedTask").finish_non_exhaustive()
    }
}

/// Runs `work` and waits for it. Dropping the future cancels the work.
pub(crate) async fn run<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, Error> {
    match task(work)?.join_next().await {
        Some(result) => result.map_err(lost),
        None => Err(unstarted(io::Error::other("there is no task"))),
    }
}

/// Starts `work`, which is cancelled when the set is dropped.
pub(crate) fn task<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> Result<JoinSet<T>, Error> {
    let handle = handle().map_err(unstarted)?;
    let mut task = JoinSet::new();
    task.spawn_on(in_context(Span::current(), work), &handle);
    Ok(task)
}

/// Attaches `span` and the subscriber of this thread to `work`.
fn in_context<T>(
    span: Span,
    work: impl Future<Output = T> + Send + 'static,
) -> BoxFuture<'static, T> {
    let subscriber = dispatcher::get_default(Clone::clone);
    let work = work.instrument(span);
    match subscriber.is::<NoSubscriber>() {
        // Setting an empty subscriber would hide a global one that is set later.
        true => Box::pin(work),
        false => Box::pin(work.with_subscriber(subscriber)),
    }
}

fn unstarted(error: io::Error) -> Error {
    Error::of(Kind::Runtime(error))
}

pub(crate) fn lost(error: JoinError) -> Error {
    match error.is_panic() {
        true => Error::panicked(),
        false => unstarted(error.into()),
    }
}
