//! Why a request or its answer was lost.

use std::error::Error as StdError;
use std::fmt;

use crate::http_client::is_certificate_error;
use crate::retry;

/// What failed under a call: the HTTP client, or a layer that was put around it.
pub(crate) enum Cause {
    Http(reqwest::Error),
    Layer(Box<dyn StdError + Send + Sync>),
}

impl Cause {
    pub(crate) fn of_client(error: reqwest::Error) -> Self {
        Self::Http(error.without_url())
    }

    /// The error of a layered client, which is reqwest's own where no layer made another of it.
    pub(crate) fn of_layered(error: Box<dyn StdError + Send + Sync>) -> Self {
        match error.downcast::<reqwest::Error>() {
            Ok(error) => Self::of_client(*error),
            Err(error) => Self::Layer(error),
        }
    }

    fn http(&self) -> Option<&reqwest::Error> {
        match self {
            Self::Http(error) => Some(error),
            Self::Layer(_) => None,
        }
    }

    /// Whether no connection was made. Of a layer's error nobody knows.
    pub(crate) fn is_connect(&self) -> bool {
        self.http().is_some_and(reqwest::Error::is_connect)
    }

    /// Whether the server surely did not process the request. Of a layer's error nobody knows.
    pub(crate) fn is_unprocessed(&self) -> bool {
        self.http().is_some_and(retry::is_unprocessed)
    }

    /// Whether the HTTP client does not take such a request, as one over http where it was told to use https only, or one
    /// to a server whose certificate it does not trust.
    pub(crate) fn was_not_taken(&self) -> bool {
        self.http().is_some_and(reqwest::Error::is_builder) || self.is_certificate()
    }

    /// Whether a TLS certificate was rejected.
    pub(crate) fn is_certificate(&self) -> bool {
        self.http().is_some_and(|error| is_certificate_error(error))
    }

    pub(crate) fn is_timeout(&self) -> bool {
        self.http().is_some_and(reqwest::Error::is_timeout)
    }

    /// A word for it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Layer(_) => "layer",
            Self::Http(_) if self.is_certificate() => "certificate",
            Self::Http(_) if self.is_connect() => "connect",
            Self::Http(error) if retry::is_refused(error) => "refused",
            Self::Http(_) if self.is_timeout() => "timeout",
            Self::Http(_) => "connection",
        }
    }

    pub(crate) fn source(&self) -> &(dyn StdError + 'static) {
        match self {
            Self::Http(error) => error,
            Self::Layer(error) => &**error,
        }
    }
}

/// What happened, of which the source tells why.
impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Layer(_) => "a layer around the HTTP client failed before an answer came",
            Self::Http(_) if self.is_certificate() => {
                "the TLS handshake failed because a certificate was rejected, expected one that is valid here for this \
                 host: check the host, the clock, and the certificates of the HttpClient, which has to trust a proxy or a \
                 private authority"
            }
            Self::Http(_) if self.is_connect() => "no connection to the server",
            Self::Http(error) if retry::is_refused(error) => {
                "the server refused the HTTP/2 stream and did not process the request"
            }
            Self::Http(error) if retry::is_unprocessed(error) => {
                "the connection ended before the request was sent"
            }
            Self::Http(_) if self.is_timeout() => "no answer in time",
            Self::Http(_) => "the connection failed before an answer came",
        })
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http(error) => error.fmt(f),
            Self::Layer(error) => error.fmt(f),
        }
    }
}
