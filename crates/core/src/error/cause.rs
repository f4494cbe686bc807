//! Why a request failed without a response.

use std::error::Error as StdError;
use std::fmt;

use crate::http_client::is_certificate_error;
use crate::retry;

/// The failed component: the HTTP client, or a layer around it.
pub(crate) enum Cause {
    Http(reqwest::Error),
    Layer(Box<dyn StdError + Send + Sync>),
    /// No headers within the timeout of the attempt, for a response whose body may take longer.
    Late(Late),
}

/// The timeout of an attempt passed.
#[derive(Debug)]
pub(crate) struct Late;

impl fmt::Display for Late {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the timeout of the attempt passed")
    }
}

impl StdError for Late {}

impl Cause {
    pub(crate) fn from_client(error: reqwest::Error) -> Self {
        Self::Http(error.without_url())
    }

    /// Converts the error of a layered client, which is that of reqwest unless a layer replaced it.
    pub(crate) fn from_layered_client(error: Box<dyn StdError + Send + Sync>) -> Self {
        match error.downcast::<reqwest::Error>() {
            Ok(error) => Self::from_client(*error),
            Err(error) => Self::Layer(error),
        }
    }

    fn http(&self) -> Option<&reqwest::Error> {
        match self {
            Self::Http(error) => Some(error),
            Self::Layer(_) | Self::Late(_) => None,
        }
    }

    /// Whether no connection was established. Unknown for the error of a layer, so false.
    pub(crate) fn is_connect(&self) -> bool {
        self.http().is_some_and(reqwest::Error::is_connect)
    }

    /// Whether the server certainly did not process the request. Unknown for the error of a layer, so false.
    pub(crate) fn is_unprocessed(&self) -> bool {
        self.http().is_some_and(retry::is_unprocessed)
    }

    /// Whether a retry cannot succeed: the HTTP client rejects such a request, for example one over http if only https is
    /// allowed, or a certificate is rejected.
    pub(crate) fn is_unsendable(&self) -> bool {
        self.http().is_some_and(reqwest::Error::is_builder) || self.is_certificate()
    }

    /// Whether a TLS certificate was rejected.
    pub(crate) fn is_certificate(&self) -> bool {
        self.http().is_some_and(|error| is_certificate_error(error))
    }

    pub(crate) fn is_timeout(&self) -> bool {
        matches!(self, Self::Late(_)) || self.http().is_some_and(reqwest::Error::is_timeout)
    }

    /// A short name, for logs.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Layer(_) => "layer",
            Self::Late(_) => "timeout",
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
            Self::Late(error) => error,
        }
    }
}

/// The message describes the failure; the source is the reason.
impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Layer(_) => "a layer around the HTTP client failed before a response arrived",
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
            Self::Late(_) => "no response within the timeout",
            Self::Http(_) if self.is_timeout() => "no response within the timeout",
            Self::Http(_) => "the connection failed before a response arrived",
        })
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http(error) => error.fmt(f),
            Self::Layer(error) => error.fmt(f),
            Self::Late(error) => error.fmt(f),
        }
    }
}
