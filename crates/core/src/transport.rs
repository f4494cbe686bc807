//! What all calls of a client share.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;

use crate::base_url::BaseUrl;
use crate::call::{Call, CallOptions};
use crate::limit::{Limiter, LimiterHandle};
use crate::retry::RetryBudget;
use crate::time::{SharedClock, SharedSleeper, SystemTimer};
use crate::{Auth0Client, Error, HttpClient, Operation, RetryPolicy, TokenSource};

/// What all calls of a client share: where they go, what sends them, where the token comes from, and the limits.
/// Cloning is cheap.
///
/// ```
/// use std::sync::Arc;
///
/// use auth0_core::{StaticToken, codegen::{BaseUrl, TransportBuilder}};
///
/// let transport = TransportBuilder::new()
///     .token_source(Arc::new(StaticToken::new("eyJhbGciOi…")))
///     .build(BaseUrl::parse("https://acme.teams.auth0.com/api")?)?;
/// assert_eq!(transport.base_url(), "https://acme.teams.auth0.com/api");
/// # Ok::<(), auth0_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Transport(pub(crate) Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) base_url: Arc<BaseUrl>,
    pub(crate) http_client: HttpClient,
    /// Absent only where the client was told to go without.
    pub(crate) token_source: Option<Arc<dyn TokenSource>>,
    pub(crate) check_scopes: bool,
    pub(crate) timeout: Duration,
    pub(crate) call_timeout: Option<Duration>,
    pub(crate) retry: RetryPolicy,
    pub(crate) budget: RetryBudget,
    /// The way through the limiter, where there is one.
    pub(crate) limiter: Option<LimiterHandle>,
    pub(crate) user_agent: Option<HeaderValue>,
    pub(crate) auth0_client: Option<HeaderValue>,
    pub(crate) max_response_bytes: usize,
    pub(crate) clock: SharedClock,
    pub(crate) sleeper: SharedSleeper,
}

impl Transport {
    /// A call of `operation`. Nothing happens until it is executed.
    pub fn call(&self, operation: &'static Operation, options: CallOptions) -> Call {
        Call::new(self.clone(), operation, options)
    }

    /// The base of every URL, without a slash at its end.
    pub fn base_url(&self) -> &str {
        self.0.base_url.as_str()
    }

    /// The HTTP client, to build requests with. What it sends by itself carries no token.
    pub fn reqwest(&self) -> &reqwest::Client {
        self.0.http_client.reqwest()
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport")
            .field("base_url", &self.0.base_url)
            .field("timeout", &self.0.timeout)
            .field("call_timeout", &self.0.call_timeout)
            .field("retry", &self.0.retry)
            .field("check_scopes", &self.0.check_scopes)
            .field("max_response_bytes", &self.0.max_response_bytes)
            .finish_non_exhaustive()
    }
}

/// Settings of a [`Transport`].
///
/// | setting | until it is set |
/// | --- | --- |
/// | [`token_source`](Self::token_source) | none: it has to be set, or [`without_token`](Self::without_token) |
/// | [`http_client`](Self::http_client) | [`HttpClient::new`]: connecting takes at most 10 s |
/// | [`timeout`](Self::timeout) of an attempt | 60 s |
/// | [`call_timeout`](Self::call_timeout) | none |
/// | [`retry`](Self::retry) | [`RetryPolicy::default`]: three attempts within 120 s |
/// | [`limiter`](Self::limiter) | none |
/// | [`check_scopes`](Self::check_scopes) | off |
/// | [`max_response_bytes`](Self::max_response_bytes) | 64 MiB |
/// | [`user_agent`](Self::user_agent), [`auth0_client`](Self::auth0_client) | name and version of this crate |
#[derive(Clone)]
#[must_use]
pub struct TransportBuilder {
    http_client: Option<HttpClient>,
    token_source: Option<Arc<dyn TokenSource>>,
    without_token: bool,
    check_scopes: bool,
    timeout: Duration,
    call_timeout: Option<Duration>,
    retry: RetryPolicy,
    limiter: Option<Limiter>,
    user_agent: Option<String>,
    auth0_client: Option<Auth0Client>,
    max_response_bytes: usize,
    clock: SharedClock,
    sleeper: SharedSleeper,
}

impl Default for TransportBuilder {
    fn default() -> Self {
        Self {
            http_client: None,
            token_source: None,
            without_token: false,
            check_scopes: false,
            timeout: Duration::from_secs(60),
            call_timeout: None,
            retry: RetryPolicy::default(),
            limiter: None,
            user_agent: None,
            auth0_client: Some(Auth0Client::new(
                env!("CARGO_PKG_NAME"),
                env!("CARGO_PKG_VERSION"),
            )),
            max_response_bytes: 64 * 1024 * 1024,
            clock: Arc::new(SystemTimer),
            sleeper: Arc::new(SystemTimer),
        }
    }
}

impl TransportBuilder {
    /// The settings that hold until others are set. A token source is needed as well.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets where the token of each attempt comes from.
    pub fn token_source(mut self, token_source: Arc<dyn TokenSource>) -> Self {
        self.token_source = Some(token_source);
        self
    }

    /// Lets calls go out without a token, for an API that asks for none. It has to be said, so that a forgotten token
    /// source is an error and not a client that is refused everywhere.
    pub fn without_token(mut self) -> Self {
        self.without_token = true;
        self
    }

    /// Refuses a call whose token is known to lack a scope that the operation needs, before anything is sent. Where the
    /// token source does not know what was granted, and where the document gives scopes as hints only, nothing is
    /// refused.
    pub fn check_scopes(mut self) -> Self {
        self.check_scopes = true;
        self
    }

    /// Sets the HTTP client. Until then it is [`HttpClient::new`]. A token source that has no HTTP client of its own
    /// uses this one too ([`TokenSource::inherit_http_client`]).
    pub fn http_client(mut self, http_client: HttpClient) -> Self {
        self.http_client = Some(http_client);
        self
    }

    /// Sets how long an attempt may take, from connecting to the last byte of the answer. Until then it is 60 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets how long a whole call may take: waiting for a token and for the limiter, all attempts, and the waits in
    /// between. Until then there is no such limit; there is that of the [`RetryPolicy`] on when the last attempt
    /// begins.
    pub fn call_timeout(mut self, timeout: Duration) -> Self {
        self.call_timeout = Some(timeout);
        self
    }

    /// Sets how often a call is sent, and how long it waits in between.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Sets what keeps calls to the server's rate limits. Clients that share a limiter share what it allows. Until then
    /// nothing does.
    pub fn limiter(mut self, limiter: Limiter) -> Self {
        self.limiter = Some(limiter);
        self
    }

    /// Sets the `User-Agent` header. Until then it is that of the HTTP client that was set, or this crate's.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = Some(user_agent.into());
        self
    }

    /// Sets what the `Auth0-Client` header tells, or that there is none. Until then it tells of this crate.
    pub fn auth0_client(mut self, client: impl Into<Option<Auth0Client>>) -> Self {
        self.auth0_client = client.into();
        self
    }

    /// Sets how much of an answer is read. Until then it is 64 MiB.
    pub fn max_response_bytes(mut self, bytes: usize) -> Self {
        self.max_response_bytes = bytes;
        self
    }

    /// Sets what tells the time and what waits, for tests that need no real time. The time-outs of attempts are the HTTP
    /// client's own and go by the real clock.
    pub fn timer(mut self, clock: SharedClock, sleeper: SharedSleeper) -> Self {
        self.clock = clock;
        self.sleeper = sleeper;
        self
    }

    /// Builds the transport for calls below `base_url`. It does no I/O.
    ///
    /// # Errors
    ///
    /// A configuration error: no token source, a user agent that no header can carry, an HTTP client that cannot be
    /// made.
    pub fn build(self, base_url: BaseUrl) -> Result<Transport, Error> {
        if self.token_source.is_none() && !self.without_token {
            return Err(Error::configuration(
                "token_source: not set, expected a source of access tokens",
            ));
        }
        let user_agent = match (self.user_agent, &self.http_client) {
            (Some(text), _) => Some(HeaderValue::from_str(&text).map_err(|_| {
                Error::configuration("user_agent: found a character that a header cannot carry, expected visible ASCII")
            })?),
            (None, Some(_)) => None,
            (None, None) => Some(HeaderValue::from_static(concat!("auth0-core-rust/", env!("CARGO_PKG_VERSION")))),
        };
        if let (Some(client), Some(source)) = (&self.http_client, &self.token_source) {
            source.inherit_http_client(client);
        }
        let http_client = match self.http_client {
            Some(client) => client,
            None if base_url.is_plain() => HttpClient::direct().map_err(Error::http_client)?,
            None => HttpClient::new().map_err(Error::http_client)?,
        };
        let limiter = self
            .limiter
            .map(|limiter| limiter.handle(&base_url.authority()));
        Ok(Transport(Arc::new(Shared {
            base_url: Arc::new(base_url),
            http_client,
            token_source: self.token_source,
            check_scopes: self.check_scopes,
            timeout: self.timeout,
            call_timeout: self.call_timeout,
            retry: self.retry,
            budget: RetryBudget::default(),
            limiter,
            user_agent,
            auth0_client: self.auth0_client.as_ref().and_then(Auth0Client::header),
            max_response_bytes: self.max_response_bytes,
            clock: self.clock,
            sleeper: self.sleeper,
        })))
    }
}

impl fmt::Debug for TransportBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransportBuilder")
            .field("timeout", &self.timeout)
            .field("call_timeout", &self.call_timeout)
            .field("retry", &self.retry)
            .field("check_scopes", &self.check_scopes)
            .field("user_agent", &self.user_agent)
            .field("max_response_bytes", &self.max_response_bytes)
            .finish_non_exhaustive()
    }
}
