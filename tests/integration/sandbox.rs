//! A sandbox and a client of it, whose clocks pass only where somebody sleeps, and then at once.

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

    /// The settings of [`source`](Self::source).
    pub(crate) fn credentials(&self) -> ClientCredentialsBuilder {
        credentials(&self.sandbox, &self.timer)
    }

    /// The settings of [`client`](Self::client).
    pub(crate) fn builder(&self) -> ClientBuilder {
        client_builder(&self.sandbox, &self.timer, &self.source)
    }

    /// The settings of tokens of the same application for another API.
    pub(crate) fn credentials_for(&self, audience: &str) -> ClientCredentialsBuilder {
        self.credentials().audience(audience)
    }

    /// A client of the first organization, in the name of the application.
    pub(crate) fn my_organization(&self) -> auth0_my_organization::Client {
        let source = self.credentials_for(self.my_organization_audience());
        let source = source.organization(self.organization_id()).build().unwrap();
        self.my_organization_with(source).build().unwrap()
    }

    /// The settings of a client of the organization that the tokens of `source` are for. It sends each call once.
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

    /// A client of the tenant, in the name of the application.
    pub(crate) fn organizations(&self) -> auth0_organizations::Client {
        self.organizations_with().build().unwrap()
    }

    /// The settings of it. It sends each call once.
    pub(crate) fn organizations_with(&self) -> auth0_organizations::ClientBuilder {
        let source = self.credentials_for(self.management_audience());
        auth0_organizations::Client::builder()
            .base_url(self.management_url())
            .token_source(source.build().unwrap())
            .http_client(http_client())
            .timer(Arc::new(self.timer.clone()), Arc::new(self.timer.clone()))
            .retry(RetryPolicy::never())
    }

    /// The operations that succeeded, but for tokens.
    pub(crate) fn succeeded(&self) -> BTreeSet<String> {
        self.requests()
            .into_iter()
            .filter(|request| request.acted && request.status.is_some_and(|status| status < 300))
            .filter_map(|request| request.operation)
            .filter(|operation| operation != "token")
            .collect()
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
