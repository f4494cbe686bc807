//! What all calls of a client share.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;

use crate::{BaseUrl, Call, CallOptions, Error, HttpClient, Operation, TokenSource};

/// What all calls of a client share: where they go, what sends them, where the token comes from, and the limits.
/// Cloning is cheap.
///
/// ```
/// use std::sync::Arc;
///
/// use auth0_core::{BaseUrl, StaticToken, TransportBuilder};
///
/// let transport = TransportBuilder::new(BaseUrl::parse("https://acme.teams.auth0.com/api")?)
///     .token_source(Arc::new(StaticToken::new("eyJhbGciOi…")))
///     .build()?;
/// assert_eq!(transport.base_url(), "https://acme.teams.auth0.com/api");
/// # Ok::<(), auth0_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Transport(pub(crate) Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) base_url: BaseUrl,
    pub(crate) http_client: HttpClient,
    /// Absent only where the client was told to go without.
    pub(crate) token_source: Option<Arc<dyn TokenSource>>,
    pub(crate) timeout: Duration,
    pub(crate) user_agent: Option<HeaderValue>,
    pub(crate) max_response_bytes: usize,
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
            .field("max_response_bytes", &self.0.max_response_bytes)
            .finish_non_exhaustive()
    }
}

/// Settings of a [`Transport`].
#[must_use]
pub struct TransportBuilder {
    base_url: BaseUrl,
    http_client: Option<HttpClient>,
    token_source: Option<Arc<dyn TokenSource>>,
    without_token: bool,
    timeout: Duration,
    user_agent: Option<String>,
    max_response_bytes: usize,
}

impl TransportBuilder {
    /// Settings for calls below `base_url`. A token source is needed as well.
    pub fn new(base_url: BaseUrl) -> Self {
        Self {
            base_url,
            http_client: None,
            token_source: None,
            without_token: false,
            timeout: Duration::from_secs(30),
            user_agent: None,
            max_response_bytes: 16 * 1024 * 1024,
        }
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

    /// Sets the HTTP client. Until then it is [`HttpClient::new`].
    pub fn http_client(mut self, http_client: HttpClient) -> Self {
        self.http_client = Some(http_client);
        self
    }

    /// Sets how long an attempt may take, from connecting to the last byte of the answer. Until then it is 30 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets the `User-Agent` header. Until then it is that of the HTTP client that was set, or this crate's.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = Some(user_agent.into());
        self
    }

    /// Sets how much of an answer is read. Until then it is 16 MiB.
    pub fn max_response_bytes(mut self, bytes: usize) -> Self {
        self.max_response_bytes = bytes;
        self
    }

    /// Builds the transport. It does no I/O.
    pub fn build(self) -> Result<Transport, Error> {
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
        let http_client = match self.http_client {
            Some(client) => client,
            None if self.base_url.is_plain() => HttpClient::direct().map_err(Error::http_client)?,
            None => HttpClient::new().map_err(Error::http_client)?,
        };
        Ok(Transport(Arc::new(Shared {
            base_url: self.base_url,
            http_client,
            token_source: self.token_source,
            timeout: self.timeout,
            user_agent,
            max_response_bytes: self.max_response_bytes,
        })))
    }
}

impl fmt::Debug for TransportBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransportBuilder")
            .field("base_url", &self.base_url)
            .field("timeout", &self.timeout)
            .field("user_agent", &self.user_agent)
            .field("max_response_bytes", &self.max_response_bytes)
            .finish_non_exhaustive()
    }
}
