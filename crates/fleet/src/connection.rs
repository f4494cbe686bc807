//! The shared connection to Redis, with a circuit breaker: during an outage, one caller at a time probes the server, and the
//! others do not wait.

use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use auth0_auth::runtime;
use auth0_core::time::{SharedClock, SharedSleeper};
use futures_util::future::{Either, select};
use redis::aio::{ConnectionLike as _, MultiplexedConnection};
use redis::{Cmd, Value};
use tokio_rustls::TlsConnector;

use crate::endpoint::Endpoint;
use crate::failure::Failure;

/// The pause after the first failure, during which no command is sent. It doubles with each further failure.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest pause, so that Redis is used again soon after it recovers.
const MAX_PAUSE: Duration = Duration::from_secs(15);

/// One connection that all commands share, opened by the first of them.
///
/// After a failure, commands fail immediately until a pause is over. Then one command probes the server, while the others
/// keep failing until it completes.
pub(crate) struct SharedConnection {
    endpoint: Endpoint,
    tls: Option<TlsConnector>,
    timeout: Duration,
    clock: SharedClock,
    sleeper: SharedSleeper,
    state: Mutex<State>,
    /// Held while connecting.
    connecting: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    connection: Option<MultiplexedConnection>,
    /// The number of the connection. A failure of an earlier connection does not close a later one.
    number: u64,
    /// How many commands have failed.
    failures: u64,
    outage: Option<Outage>,
}

struct Outage {
    failure: Failure,
    pause: Duration,
    next_probe_at: Duration,
    /// While a command probes the server: until when no other one does.
    probing_until: Duration,
}

/// Permission to send a command.
struct Admission<'c> {
    connection: &'c SharedConnection,
    /// Whether the command probes the server during an outage.
    is_probe: bool,
}

impl SharedConnection {
    pub(crate) fn new(
        endpoint: Endpoint,
        tls: Option<TlsConnector>,
        timeout: Duration,
        clock: SharedClock,
        sleeper: SharedSleeper,
    ) -> Arc<Self> {
        Arc::new(Self {
            endpoint,
            tls,
            timeout,
            clock,
            sleeper,
            state: Mutex::default(),
            connecting: tokio::sync::Mutex::default(),
        })
    }

    pub(crate) fn clock(&self) -> &SharedClock {
        &self.clock
    }

    pub(crate) fn sleeper(&self) -> &SharedSleeper {
        &self.sleeper
    }

    /// Runs a command. If its connection breaks, it is sent a second time on a new one.
    pub(crate) async fn run(self: &Arc<Self>, command: &Cmd) -> Result<Value, Failure> {
        let admission = self.admit()?;
        let response = std::pin::pin!(self.send(command));
        let elapsed = match self.timeout {
            Duration::MAX => Box::pin(pending()),
            timeout => self.sleeper.sleep(timeout),
        };
        let result = match select(response, elapsed).await {
            Either::Left((result, _)) => result,
            Either::Right(_) => Err(Failure::new(format!(
                "no response within {} ms",
                self.timeout.as_millis()
            ))),
        };
        match &result {
            Ok(_) => self.record_success(),
            Err(failure) => self.record_failure(failure),
        }
        drop(admission);
        result
    }

    async fn send(self: &Arc<Self>, command: &Cmd) -> Result<Value, Failure> {
        let (number, result) = self.send_once(command, None).await;
        match result {
            Err(failure) if failure.is_broken_connection => {
                self.send_once(command, Some(number)).await.1
            }
            result => result,
        }
    }

    /// Sends a command on a connection other than number `broken`.
    async fn send_once(
        self: &Arc<Self>,
        command: &Cmd,
        broken: Option<u64>,
    ) -> (u64, Result<Value, Failure>) {
        match self.connection(broken).await {
            Err(failure) => (0, Err(failure)),
            Ok((number, mut connection)) => {
                let result = connection.req_packed_command(command).await;
                let result = result.and_then(Value::extract_error);
                (number, result.map_err(|error| Failure::from_redis(&error)))
            }
        }
    }

    /// Returns the current connection, or opens a new one if there is none or it is number `broken`.
    async fn connection(
        self: &Arc<Self>,
        broken: Option<u64>,
    ) -> Result<(u64, MultiplexedConnection), Failure> {
        if let Some(connection) = self.current(broken) {
            return Ok(connection);
        }
        // Neither the connection nor other callers that wait for it may depend on the runtime of one caller.
        let this = self.clone();
        let task = runtime::spawn(async move {
            let _connecting = this.connecting.lock().await;
            if let Some(connection) = this.current(broken) {
                return Ok(connection);
            }
            let failures = this.state().failures;
            let connection = this.endpoint.connect(this.tls.as_ref()).await?;
            let mut state = this.state();
            state.number += 1;
            // A connection that was opened after its callers timed out is not kept.
            if state.failures == failures {
                state.connection = Some(connection.clone());
            }
            Ok((state.number, connection))
        });
        match task {
            Ok(task) => task
                .await
                .unwrap_or_else(|error| Err(Failure::new(error.to_string()))),
            Err(error) => Err(Failure::new(error.to_string())),
        }
    }

    fn current(&self, broken: Option<u64>) -> Option<(u64, MultiplexedConnection)> {
        let mut state = self.state();
        if broken == Some(state.number) {
            state.connection = None;
        }
        Some((state.number, state.connection.clone()?))
    }

    fn admit(&self) -> Result<Admission<'_>, Failure> {
        let now = self.clock.monotonic();
        let mut state = self.state();
        let is_probe = match &mut state.outage {
            None => false,
            Some(outage) if now < outage.next_probe_at || now < outage.probing_until => {
                return Err(outage.failure.clone());
            }
            Some(outage) => {
                // Bounded, because the runtime of the probing caller may stop before the probe completes.
                outage.probing_until = now.saturating_add(self.timeout).saturating_add(FIRST_PAUSE);
                true
            }
        };
        Ok(Admission {
            connection: self,
            is_probe,
        })
    }

    fn record_success(&self) {
        if self.state().outage.take().is_some() {
            tracing::info!("redis is available again");
        }
    }

    fn record_failure(&self, failure: &Failure) {
        let now = self.clock.monotonic();
        let mut state = self.state();
        state.connection = None;
        state.failures += 1;
        let pause = match &state.outage {
            // Commands that fail together count as one failure.
            Some(outage) if now < outage.next_probe_at => return,
            Some(outage) => (outage.pause * 2).min(MAX_PAUSE),
            None => {
                tracing::warn!(%failure, "redis is unavailable, this process continues without it");
                FIRST_PAUSE
            }
        };
        // With up to 25 % random jitter, so that a fleet does not reconnect all at once.
        let jittered_pause = pause + pause.mul_f64(fastrand::f64() / 4.0);
        state.outage = Some(Outage {
            failure: failure.clone(),
            pause,
            next_probe_at: now.saturating_add(jittered_pause),
            probing_until: Duration::ZERO,
        });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No code that can panic in the middle of a change runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Admission<'_> {
    fn drop(&mut self) {
        // The caller may have been cancelled before the probe completed.
        if self.is_probe
            && let Some(outage) = &mut self.connection.state().outage
        {
            outage.probing_until = Duration::ZERO;
        }
    }
}

#[cfg(test)]
mod tests;
