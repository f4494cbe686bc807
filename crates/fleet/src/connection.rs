//! The connection to Redis, which may fail: nobody waits for it long, and nobody waits for it again and again.

use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ::redis::aio::{ConnectionLike as _, MultiplexedConnection};
use ::redis::{Cmd, Value};
use auth0_core::time::{SharedClock, SharedSleeper};
use futures_util::future::{Either, select};
use tokio_rustls::TlsConnector;

use super::address::Address;
use super::trouble::Trouble;
use crate::background;

/// How long nobody asks after the first failure. It doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// How long nobody asks at the most, so that Redis is used again soon after it is back.
const MAX_PAUSE: Duration = Duration::from_secs(15);

/// One connection, made when it is needed and shared by all.
///
/// After a failure everything fails at once, without being tried, until some time has passed; then one command tries
/// again, and the others go on failing until it knows. So an outage costs one caller the time-out now and then, and the
/// others nothing.
pub(super) struct Link {
    address: Address,
    tls: Option<TlsConnector>,
    time_out: Duration,
    clock: SharedClock,
    sleeper: SharedSleeper,
    state: Mutex<State>,
    /// Held by whoever connects.
    dialing: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    connection: Option<MultiplexedConnection>,
    /// The number of the connection, so that only its own failure does away with it.
    number: u64,
    /// How often a command has failed.
    failures: u64,
    outage: Option<Outage>,
}

struct Outage {
    trouble: Trouble,
    pause: Duration,
    next_try_at: Duration,
    /// Until when nobody else tries, while one command tries.
    tried_until: Duration,
}

/// A command that may be sent.
struct Admission<'l> {
    link: &'l Link,
    /// It is the one that tries whether Redis is back.
    tries: bool,
}

impl Link {
    pub(super) fn new(
        address: Address,
        tls: Option<TlsConnector>,
        time_out: Duration,
        clock: SharedClock,
        sleeper: SharedSleeper,
    ) -> Arc<Self> {
        Arc::new(Self {
            address,
            tls,
            time_out,
            clock,
            sleeper,
            state: Mutex::default(),
            dialing: tokio::sync::Mutex::default(),
        })
    }

    pub(super) fn clock(&self) -> &SharedClock {
        &self.clock
    }

    pub(super) fn sleeper(&self) -> &SharedSleeper {
        &self.sleeper
    }

    /// Sends a command, which may be sent twice: one whose connection breaks is repeated on a new one.
    pub(super) async fn ask(self: &Arc<Self>, command: &Cmd) -> Result<Value, Trouble> {
        let admission = self.admit()?;
        let answer = std::pin::pin!(self.send(command));
        let late = match self.time_out {
            Duration::MAX => Box::pin(pending()),
            time_out => self.sleeper.sleep(time_out),
        };
        let result = match select(answer, late).await {
            Either::Left((result, _)) => result,
            Either::Right(_) => Err(Trouble::new(format!(
                "it did not answer within {} ms",
                self.time_out.as_millis()
            ))),
        };
        match &result {
            Ok(_) => self.works(),
            Err(trouble) => self.fails(trouble),
        }
        drop(admission);
        result
    }

    async fn send(self: &Arc<Self>, command: &Cmd) -> Result<Value, Trouble> {
        let (number, result) = self.send_once(command, None).await;
        match result {
            Err(trouble) if trouble.is_broken_connection => {
                self.send_once(command, Some(number)).await.1
            }
            result => result,
        }
    }

    /// Sends a command on a connection other than `broken`.
    async fn send_once(
        self: &Arc<Self>,
        command: &Cmd,
        broken: Option<u64>,
    ) -> (u64, Result<Value, Trouble>) {
        match self.connection(broken).await {
            Err(trouble) => (0, Err(trouble)),
            Ok((number, mut connection)) => {
                let result = connection.req_packed_command(command).await;
                let result = result.and_then(Value::extract_error);
                (number, result.map_err(|error| Trouble::redis(&error)))
            }
        }
    }

    /// The connection, unless it is the one with the number `broken`. Otherwise a new one is made.
    async fn connection(
        self: &Arc<Self>,
        broken: Option<u64>,
    ) -> Result<(u64, MultiplexedConnection), Trouble> {
        if let Some(connection) = self.current(broken) {
            return Ok(connection);
        }
        // In the background: neither those who wait for it nor the connection may depend on the runtime of one caller.
        let link = self.clone();
        let dialed = background::run(async move {
            let _dialing = link.dialing.lock().await;
            if let Some(connection) = link.current(broken) {
                return Ok(connection);
            }
            let failures = link.state().failures;
            let connection = link.address.connect(link.tls.as_ref()).await?;
            let mut state = link.state();
            state.number += 1;
            // One that came too late for those who waited for it is not kept.
            if state.failures == failures {
                state.connection = Some(connection.clone());
            }
            Ok((state.number, connection))
        });
        dialed
            .await
            .unwrap_or_else(|error| Err(Trouble::new(error.to_string())))
    }

    fn current(&self, broken: Option<u64>) -> Option<(u64, MultiplexedConnection)> {
        let mut state = self.state();
        if broken == Some(state.number) {
            state.connection = None;
        }
        Some((state.number, state.connection.clone()?))
    }

    fn admit(&self) -> Result<Admission<'_>, Trouble> {
        let now = self.clock.monotonic();
        let mut state = self.state();
        let tries = match &mut state.outage {
            None => false,
            Some(outage) if now < outage.next_try_at || now < outage.tried_until => {
                return Err(outage.trouble.clone());
            }
            Some(outage) => {
                // Its caller's runtime may idle before it knows.
                outage.tried_until = now
                    .saturating_add(self.time_out)
                    .saturating_add(FIRST_PAUSE);
                true
            }
        };
        Ok(Admission { link: self, tries })
    }

    fn works(&self) {
        if self.state().outage.take().is_some() {
            tracing::info!("redis is back, and is shared again");
        }
    }

    fn fails(&self, trouble: &Trouble) {
        let now = self.clock.monotonic();
        let mut state = self.state();
        state.connection = None;
        state.failures += 1;
        let pause = match &state.outage {
            // Of several commands that fail together one begins the outage.
            Some(outage) if now < outage.next_try_at => return,
            Some(outage) => (outage.pause * 2).min(MAX_PAUSE),
            None => {
                tracing::warn!(%trouble, "redis is away, this process goes on by itself");
                FIRST_PAUSE
            }
        };
        // Up to a quarter more by lot, so that a fleet does not come back in one moment.
        let pause_by_lot = pause + pause.mul_f64(fastrand::f64() / 4.0);
        state.outage = Some(Outage {
            trouble: trouble.clone(),
            pause,
            next_try_at: now.saturating_add(pause_by_lot),
            tried_until: Duration::ZERO,
        });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No code that can panic half-way through a change runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Admission<'_> {
    fn drop(&mut self) {
        // The caller may have gone away before it knew.
        if self.tries
            && let Some(outage) = &mut self.link.state().outage
        {
            outage.tried_until = Duration::ZERO;
        }
    }
}

#[cfg(test)]
mod tests;
