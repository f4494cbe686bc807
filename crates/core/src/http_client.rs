//! The HTTP client under every call and every token request.

use std::fmt;
use std::time::Duration;

/// An HTTP client that follows no redirects and repeats nothing by itself, whatever the builder said that it
/// was made from. Cloning is cheap and shares the connection pool.
///
/// `Debug` shows nothing of what the builder was given: default headers can hold secrets.
#[derive(Clone)]
pub struct HttpClient(reqwest::Client);

impl HttpClient {
    /// A client with a connect time-out of 10 s and the proxies of the environment.
    pub fn new() -> Result<Self, reqwest::Error> {
        Self::from_builder(reqwest::Client::builder().connect_timeout(Duration::from_secs(10)))
    }

    /// A client that uses no proxy, for a server on this machine: plain http is allowed to loopback hosts only, and a
    /// proxy would carry it, token and all, to another machine.
    pub fn direct() -> Result<Self, reqwest::Error> {
        Self::from_builder(
            reqwest::Client::builder()
                .connect_timeout(Duration::from_secs(10))
                .no_proxy(),
        )
    }

    /// A client with the proxies, certificates and time-outs of `builder`. Redirects and retries are turned off:
    /// a redirect would carry a token to another place, and only this crate knows which calls may be repeated. So is
    /// `connection_verbose`, which logs every byte, tokens and bodies with them.
    pub fn from_builder(builder: reqwest::ClientBuilder) -> Result<Self, reqwest::Error> {
        builder
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connection_verbose(false)
            .build()
            .map(Self)
    }

    /// The client itself.
    pub fn reqwest(&self) -> &reqwest::Client {
        &self.0
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient").finish_non_exhaustive()
    }
}
