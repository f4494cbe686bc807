//! A sandbox and a client of it, whose clocks pass only where somebody sleeps, and then at once.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use auth0_auth::{ClientCredentials, ClientCredentialsBuilder};
use auth0_core::BoxFuture;
use auth0_core::time::{Clock, Sleeper, SystemTimer};
use auth0_sandbox::{Sandbox, SandboxBuilder};
use auth0_teams::{Client, ClientBuilder, RetryPolicy};

use crate::support::http_client;

/// A clock of clients that stands still, and a sleeper that moves it. The sandbox's clock, which goes by itself, is
/// moved along, so that time passes for both. A deadline is a sleep as well and comes at once, so nothing real can be
/// waited for within one: neither a token while a call is repeated, nor anything in a call with a time-out of its own.
#[derive(Clone)]
pub(crate) struct FakeTimer(Arc<State>);

struct State {
    sandbox: Arc<Sandbox>,
    start: SystemTime,
    passed: Mutex<Duration>,
    slept: Mutex<Vec<Duration>>,
}

impl FakeTimer {
    fn of(sandbox: Arc<Sandbox>) -> Self {
        Self(Arc::new(State {
            sandbox,
            start: SystemTimer.now(),
            passed: Mutex::default(),
            slept: Mutex::default(),
        }))
    }

    /// Every wait, in the order in which they began.
    pub(crate) fn slept(&self) -> Vec<Duration> {
        self.0.slept.lock().unwrap().clone()
    }

    /// Lets time pass, here and in the sandbox.
    pub(crate) fn advance(&self, by: Duration) {
        *self.0.passed.lock().unwrap() += by;
        self.0.sandbox.advance(by);
    }
}

impl fmt::Debug for FakeTimer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FakeTimer")
    }
}

impl Clock for FakeTimer {
    fn now(&self) -> SystemTime {
        self.0.start + self.monotonic()
    }

    fn monotonic(&self) -> Duration {
        *self.0.passed.lock().unwrap()
    }
}

impl Sleeper for FakeTimer {
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let timer = self.clone();
        // A wait that nobody comes to is none.
        Box::pin(async move {
            timer.0.slept.lock().unwrap().push(duration);
            timer.advance(duration);
        })
    }
}

/// A sandbox whose answers all have to be as the document says, which is looked at when the test is over, and a client
/// of it with a token source.
pub(crate) struct Local {
    sandbox: Arc<Sandbox>,
    pub(crate) timer: FakeTimer,
    pub(crate) source: ClientCredentials,
    /// Sends each call once.
    pub(crate) client: Client,
}

impl Local {
    pub(crate) async fn start(builder: SandboxBuilder) -> Self {
        let sandbox = Arc::new(builder.check_answers().start().await.unwrap());
        let timer = FakeTimer::of(Arc::clone(&sandbox));
        let source = credentials(&sandbox, &timer).build().unwrap();
        let client = client_builder(&sandbox, &timer, &source).build().unwrap();
        Self {
            sandbox,
            timer,
            source,
            client,
        }
    }

    /// The settings of [`source`](Self::source).
    pub(crate) fn credentials(&self) -> ClientCredentialsBuilder {
        credentials(&self.sandbox, &self.timer)
    }

    /// The settings of [`client`](Self::client).
    pub(crate) fn builder(&self) -> ClientBuilder {
        client_builder(&self.sandbox, &self.timer, &self.source)
    }

    /// The statuses of the requests of an operation. One that had no answer has none.
    pub(crate) fn statuses(&self, operation: &str) -> Vec<Option<u16>> {
        let requests = self.sandbox.requests_of(operation);
        requests.iter().map(|request| request.status).collect()
    }

    /// How many requests of an operation were carried out.
    pub(crate) fn acted(&self, operation: &str) -> usize {
        let requests = self.sandbox.requests_of(operation);
        requests.iter().filter(|request| request.acted).count()
    }
}

fn credentials(sandbox: &Sandbox, timer: &FakeTimer) -> ClientCredentialsBuilder {
    ClientCredentials::builder(sandbox.domain())
        .token_url(sandbox.token_url())
        .client_id(sandbox.client_id())
        .client_secret(sandbox.client_secret())
        .audience(sandbox.audience())
        .clock(Arc::new(timer.clone()))
        .sleeper(Arc::new(timer.clone()))
        .http_client(http_client())
}

fn client_builder(
    sandbox: &Sandbox,
    timer: &FakeTimer,
    source: &ClientCredentials,
) -> ClientBuilder {
    Client::builder()
        .base_url(sandbox.url())
        .token_source(source.clone())
        .http_client(http_client())
        .timer(Arc::new(timer.clone()), Arc::new(timer.clone()))
        .retry(RetryPolicy::never())
}

impl Deref for Local {
    type Target = Sandbox;

    fn deref(&self) -> &Sandbox {
        &self.sandbox
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.sandbox.violations(), Vec::<String>::new());
        }
    }
}
