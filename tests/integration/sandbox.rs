//! A sandbox and its client with a fake clock: sleeping returns at once and moves the clock.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use auth0_auth::{ClientCredentials, ClientCredentialsBuilder};
use auth0_core::time::{Clock, Sleeper, SystemTimer};
use auth0_core::{BoxFuture, TokenSource};
use auth0_sandbox::{Sandbox, SandboxBuilder};
use auth0_teams::{Client, ClientBuilder, RetryPolicy};

use crate::support::http_client;

/// A fake clock for clients and its sleeper, which moves the clock. Each move also advances the sandbox's clock, which
/// otherwise runs in real time.
/// A deadline is a sleep as well and elapses at once. So a call with a timeout, and a token request during a retry,
/// must not wait for real I/O.
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

    /// All sleeps, in the order in which they started.
    pub(crate) fn slept(&self) -> Vec<Duration> {
        self.0.slept.lock().unwrap().clone()
    }

    /// Moves the clock, and the clock of the sandbox.
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
        // A future that is never polled does not sleep.
        Box::pin(async move {
            timer.0.slept.lock().unwrap().push(duration);
            timer.advance(duration);
        })
    }
}

/// A sandbox, and a client of it with a token source. The sandbox validates its responses against the document; any
/// violation fails the test on drop.
pub(crate) struct Local {
    sandbox: Arc<Sandbox>,
    pub(crate) timer: FakeTimer,
    pub(crate) source: ClientCredentials,
    /// A client that does not retry.
    pub(crate) client: Client,
}

impl Local {
    pub(crate) async fn start(builder: SandboxBuilder) -> Self {
        let sandbox = Arc::new(builder.check_responses().start().await.unwrap());
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

    /// A builder of [`source`](Self::source).
    pub(crate) fn credentials(&self) -> ClientCredentialsBuilder {
        credentials(&self.sandbox, &self.timer)
    }

    /// A builder of [`client`](Self::client).
    pub(crate) fn builder(&self) -> ClientBuilder {
        client_builder(&self.sandbox, &self.timer, &self.source)
    }

    /// A builder of a token source of the same application for another API.
    pub(crate) fn credentials_for(&self, audience: &str) -> ClientCredentialsBuilder {
        self.credentials().audience(audience)
    }

    /// A client of the first organization, with a token of the application.
    pub(crate) fn my_organization(&self) -> auth0_my_organization::Client {
        let source = self.credentials_for(self.my_organization_audience());
        let source = source.organization(self.organization_id()).build().unwrap();
        self.my_organization_with(source).build().unwrap()
    }

    /// A builder of a client of the organization that the tokens of `source` are for. It does not retry.
    pub(crate) fn my_organization_with(
        &self,
        source: impl TokenSource,
    ) -> auth0_my_organization::ClientBuilder {
        auth0_my_organization::Client::builder()
            .base_url(self.my_organization_url())
            .token_source(source)
            .http_client(http_client())
            .timer(Arc::new(self.timer.clone()), Arc::new(self.timer.clone()))
            .retry(RetryPolicy::never())
    }

    /// A client of the tenant, with a token of the application.
    pub(crate) fn organizations(&self) -> auth0_management::Client {
        self.organizations_with().build().unwrap()
    }

    /// A builder of it. It does not retry.
    pub(crate) fn organizations_with(&self) -> auth0_management::ClientBuilder {
        let source = self.credentials_for(self.management_audience());
        auth0_management::Client::builder()
            .base_url(self.management_url())
            .token_source(source.build().unwrap())
            .http_client(http_client())
            .timer(Arc::new(self.timer.clone()), Arc::new(self.timer.clone()))
            .retry(RetryPolicy::never())
    }

    /// The operations that succeeded, except token requests.
    pub(crate) fn succeeded(&self) -> BTreeSet<String> {
        self.requests()
            .into_iter()
            .filter(|request| request.acted && request.status.is_some_and(|status| status < 300))
            .filter_map(|request| request.operation)
            .filter(|operation| operation != "token")
            .collect()
    }

    /// The statuses of the requests of an operation, or `None` for a request that got no response.
    pub(crate) fn statuses(&self, operation: &str) -> Vec<Option<u16>> {
        let requests = self.sandbox.requests_of(operation);
        requests.iter().map(|request| request.status).collect()
    }

    /// The number of requests of an operation that were carried out.
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
