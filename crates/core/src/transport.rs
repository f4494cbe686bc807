//! The settings and state that all calls of a client share.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;

use crate::base_url::BaseUrl;
use crate::call::{Call, CallOptions};
use crate::credentials::{Credential, SecurityScheme};
use crate::limit::{Limiter, LimiterHandle};
use crate::retry::RetryBudget;
use crate::time::{SharedClock, SharedSleeper, SystemTimer};
use crate::{Auth0Client, Error, HttpClient, Operation, RetryPolicy, SecretString, TokenSource};

/// The settings and state that all calls of a client share: base URL, HTTP client, token source, timeouts, limits. Cloning
/// is cheap.
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
    /// The servers of operations that have others than the document.
    pub(crate) servers: Vec<Server>,
    pub(crate) http_client: HttpClient,
    /// `None` only if the client was built without a token source on purpose.
    pub(crate) token_source: Option<Arc<dyn TokenSource>>,
    /// The security schemes of the document, unless all operations need one access token.
    pub(crate) schemes: &'static [SecurityScheme],
    /// The credentials that are set, by the name of the scheme.
    pub(crate) credentials: Vec<(&'static str, Credential)>,
    pub(crate) check_scopes: bool,
    pub(crate) timeout: Duration,
    pub(crate) call_timeout: Option<Duration>,
    pub(crate) retry: RetryPolicy,
    pub(crate) budget: RetryBudget,
    /// The handle of the limiter, if there is one.
    pub(crate) limiter: Option<LimiterHandle>,
    pub(crate) user_agent: Option<HeaderValue>,
    pub(crate) auth0_client: Option<HeaderValue>,
    pub(crate) max_response_bytes: usize,
    pub(crate) clock: SharedClock,
    pub(crate) sleeper: SharedSleeper,
}

/// A server of operations that have another than the document.
pub(crate) struct Server {
    pub(crate) base_url: Arc<BaseUrl>,
    pub(crate) limiter: Option<LimiterHandle>,
}

impl Transport {
    /// Creates a call of `operation`. Nothing is sent until it is executed.
    pub fn call(&self, operation: &'static Operation, options: CallOptions) -> Call {
        Call::new(self.clone(), operation, options)
    }

    /// Returns the base of every URL, without a trailing slash.
    pub fn base_url(&self) -> &str {
        self.0.base_url.as_str()
    }

    /// Returns the HTTP client, to build requests with. Requests that it sends directly have no token.
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
/// | setting | default |
/// | --- | --- |
/// | [`token_source`](Self::token_source) | none: required, unless [`without_token`](Self::without_token) is set |
/// | [`http_client`](Self::http_client) | [`HttpClient::new`], with a connect timeout of 10 s |
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
    schemes: &'static [SecurityScheme],
    credentials: Vec<(&'static str, Credential)>,
    servers: Vec<BaseUrl>,
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
            schemes: &[],
            credentials: Vec::new(),
            servers: Vec::new(),
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
    /// Creates a builder with the default settings. A token source is required.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the source of access tokens.
    pub fn token_source(mut self, token_source: Arc<dyn TokenSource>) -> Self {
        self.token_source = Some(token_source);
        self
    }

    /// Sends calls without a token, for an API that requires none. Explicit, so that a forgotten token source is an error.
    pub fn without_token(mut self) -> Self {
        self.without_token = true;
        self
    }

    /// Sets the security schemes of the document. No token source is then required: a call whose credentials are not set fails.
    pub fn schemes(mut self, schemes: &'static [SecurityScheme]) -> Self {
        self.schemes = schemes;
        self.without_token = true;
        self
    }

    /// Sets the servers of operations that have others than the document.
    pub fn servers(mut self, servers: Vec<BaseUrl>) -> Self {
        self.servers = servers;
        self
    }

    /// Sets the token source of one scheme.
    pub fn scheme_tokens(self, scheme: &'static str, tokens: Arc<dyn TokenSource>) -> Self {
        self.credential(scheme, Credential::Token(tokens))
    }

    /// Sets the key of one scheme.
    pub fn scheme_key(self, scheme: &'static str, key: impl Into<SecretString>) -> Self {
        self.credential(scheme, Credential::Key(key.into()))
    }

    /// Sets the user name and the password of one scheme. [`build`](Self::build) rejects a user name with a colon or a
    /// control character.
    pub fn scheme_basic(
        self,
        scheme: &'static str,
        user: impl Into<String>,
        password: impl Into<SecretString>,
    ) -> Self {
        let (user, password) = (user.into(), password.into());
        self.credential(scheme, Credential::Basic { user, password })
    }

    fn credential(mut self, scheme: &'static str, credential: Credential) -> Self {
        self.credentials.retain(|(name, _)| *name != scheme);
        self.credentials.push((scheme, credential));
        self
    }

    /// Rejects a call before it is sent if its token is known to lack a scope that the operation requires. Does not apply if
    /// the token source does not know the granted scopes, or if the document lists scopes as hints only.
    pub fn check_scopes(mut self) -> Self {
        self.check_scopes = true;
        self
    }

    /// Sets the HTTP client. Default: [`HttpClient::new`]. A token source without its own HTTP client uses this one too
    /// ([`TokenSource::inherit_http_client`]).
    pub fn http_client(mut self, http_client: HttpClient) -> Self {
        self.http_client = Some(http_client);
        self
    }

    /// Sets the timeout of each attempt, from connecting to the last byte of the response. Default: 60 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets the timeout of a whole call: waiting for a token and for the limiter, all attempts, and the waits between them.
    /// Default: none, but the [`RetryPolicy`] limits when the last attempt begins.
    pub fn call_timeout(mut self, timeout: Duration) -> Self {
        self.call_timeout = Some(timeout);
        self
    }

    /// Sets the retry policy. Default: three attempts within 120 s.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Sets the limiter that keeps calls within the server's rate limits. Clients with the same limiter share its limits.
    /// Default: none.
    pub fn limiter(mut self, limiter: Limiter) -> Self {
        self.limiter = Some(limiter);
        self
    }

    /// Sets the `User-Agent` header. Default: that of the HTTP client if one was set, otherwise that of this crate.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = Some(user_agent.into());
        self
    }

    /// Sets the `Auth0-Client` header; `None` omits it. Default: name and version of this crate.
    pub fn auth0_client(mut self, client: impl Into<Option<Auth0Client>>) -> Self {
        self.auth0_client = client.into();
        self
    }

    /// Sets the maximum size of a response body in bytes. Default: 64 MiB.
    pub fn max_response_bytes(mut self, bytes: usize) -> Self {
        self.max_response_bytes = bytes;
        self
    }

    /// Injects the clock and the sleeper, for tests without real time. The timeouts of attempts are those of the HTTP
    /// client and use the real clock.
    pub fn timer(mut self, clock: SharedClock, sleeper: SharedSleeper) -> Self {
        self.clock = clock;
        self.sleeper = sleeper;
        self
    }

    /// Builds the transport for calls below `base_url`. Does no I/O.
    ///
    /// # Errors
    ///
    /// Returns a configuration error if there is no token source, the user agent is not a valid header value, or the HTTP
    /// client cannot be created.
    pub fn build(self, base_url: BaseUrl) -> Result<Transport, Error> {
        if self.token_source.is_none() && !self.without_token {
            return Err(Error::configuration(
                "token_source: not set, expected a source of access tokens",
            ));
        }
        let user_agent = match (self.user_agent, &self.http_client) {
            (Some(text), _) => Some(HeaderValue::from_str(&text).map_err(|_| {
                Error::configuration("user_agent: found a character that is not valid in a header, expected visible ASCII")
            })?),
            (None, Some(_)) => None,
            (None, None) => Some(HeaderValue::from_static(concat!("auth0-core-rust/", env!("CARGO_PKG_VERSION")))),
        };
        for (name, credential) in &self.credentials {
            if let Credential::Basic { user, .. } = credential
                && user.contains(|c: char| c == ':' || c.is_control())
            {
                let scheme = self.schemes.iter().find(|scheme| scheme.name == *name);
                let setter = scheme.map_or(*name, |scheme| scheme.setter);
                return Err(Error::configuration(format!(
                    "{setter}: found a colon or a control character in the user name, expected a name without them (RFC 7617 §2)"
                )));
            }
        }
        if let Some(client) = &self.http_client {
            let sources = self
                .credentials
                .iter()
                .filter_map(|(_, credential)| match credential {
                    Credential::Token(source) => Some(source),
                    _ => None,
                });
            for source in sources.chain(&self.token_source) {
                source.inherit_http_client(client);
            }
        }
        let has_plain_server = self.servers.iter().any(BaseUrl::is_plain);
        let http_client = match self.http_client {
            Some(client) => client,
            // Plain http is for this machine only, and never uses a proxy.
            None if base_url.is_plain() || has_plain_server => HttpClient::direct()?,
            None => HttpClient::new()?,
        };
        let handle = |base_url: &BaseUrl| {
            let limiter = self.limiter.as_ref()?;
            Some(limiter.handle(&base_url.authority()))
        };
        let limiter = handle(&base_url);
        let servers = self.servers.into_iter().map(|base_url| Server {
            limiter: handle(&base_url),
            base_url: Arc::new(base_url),
        });
        let servers = servers.collect();
        Ok(Transport(Arc::new(Shared {
            base_url: Arc::new(base_url),
            servers,
            http_client,
            token_source: self.token_source,
            schemes: self.schemes,
            credentials: self.credentials,
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
