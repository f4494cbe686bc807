//! Ctrl-C and SIGTERM: commands that change something finish the call in flight, others end at once.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::failure::{Exit, Failure};
use crate::output::note;

/// Tells a command that it should stop.
#[derive(Clone, Default)]
pub(crate) struct Stop(Arc<State>);

#[derive(Default)]
struct State {
    /// The command checks for the signal between its calls.
    is_graceful: AtomicBool,
    is_requested: AtomicBool,
}

impl Stop {
    /// Makes the first signal wait for the call in flight. The command has to check [`is_requested`](Self::is_requested).
    pub(crate) fn finish_calls(&self) {
        self.0.is_graceful.store(true, Ordering::Relaxed);
    }

    /// Whether the command should stop before its next call.
    pub(crate) fn is_requested(&self) -> bool {
        self.0.is_requested.load(Ordering::Relaxed)
    }
}

/// Runs a command until it ends or is stopped.
pub(crate) async fn until_stopped<F>(command: impl FnOnce(Stop) -> F) -> Result<Exit, Failure>
where
    F: Future<Output = Result<Exit, Failure>>,
{
    let stop = Stop::default();
    let mut command = Box::pin(command(stop.clone()));
    loop {
        tokio::select! {
            result = &mut command => return result,
            () = signal() => {
                let is_first = !stop.0.is_requested.swap(true, Ordering::Relaxed);
                if !(is_first && stop.0.is_graceful.load(Ordering::Relaxed)) {
                    return Ok(Exit::Interrupted);
                }
                note("stopping after the call in flight; press Ctrl-C again to stop at once");
            }
        }
    }
}

#[cfg(unix)]
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let terminate = async {
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => drop(terminate.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = interrupt() => {}
        () = terminate => {}
    }
}

#[cfg(not(unix))]
async fn signal() {
    interrupt().await;
}

/// Completes on Ctrl-C; never if the handler cannot be installed, so that the default action applies.
async fn interrupt() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}
