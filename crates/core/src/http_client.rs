//! The HTTP client for API calls and token requests.

use std::error::Error as StdError;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use reqwest::{Request, Response};
use tower::util::BoxCloneSyncService;
use tower::{Layer, Service, ServiceExt as _};

use crate::Error;
use crate::error::Cause;

type BoxError = Box<dyn StdError + Send + Sync>;

/// The service that a layer wraps, which sends one request. See [`HttpClient::layer`].
pub type HttpService = BoxCloneSyncService<Request, Response, BoxError>;

/// An HTTP client that never follows redirects or retries requests itself, whatever its builder was configured with.
/// Cloning is cheap and shares the connection pool.
///
/// A pooled connection is driven by the tokio runtime that opened it. If a program has several runtimes and some are idle,
/// such as current-thread runtimes outside of `block_on`, create a client for each of them; otherwise a request may wait for
/// an idle connection until its attempt times out. The token sources of `auth0-auth` send requests on a separate runtime, so
/// a client that they share with an API client has the same problem: set a separate client on the source.
///
/// `Debug` shows no settings, because default headers may contain secrets.
///
/// A client with a corporate proxy, a private certificate authority and a client certificate (mTLS):
///
/// ```no_run
/// use auth0_core::{HttpClient, reqwest};
///
/// # fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let authority = reqwest::Certificate::from_pem(&std::fs::read("authority.pem")?)?;
/// let identity = reqwest::Identity::from_pem(&std::fs::read("client.pem")?)?;
/// let client = HttpClient::from_builder(
///     reqwest::Client::builder()
///         .proxy(reqwest::Proxy::https("http://proxy.internal:3128")?)
///         .add_root_certificate(authority)
///         .identity(identity),
/// )?;
/// # let _ = client;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[doc(alias = "proxy")]
#[doc(alias = "mTLS")]
#[doc(alias = "TLS")]
#[doc(alias = "client certificate")]
pub struct HttpClient {
    client: reqwest::Client,
    /// The client within its layers, if there are any.
    layered: Option<HttpService>,
}

impl HttpClient {
    /// Creates a client with a connect timeout of 10 s and the proxies of the environment. It uses HTTP/2 if the server
    /// supports it, and keeps connections open.
    ///
    /// # Errors
    ///
    /// Fails if the TLS backend or the proxies cannot be initialized.
    pub fn new() -> Result<Self, Error> {
        Self::from_builder(reqwest::Client::builder().connect_timeout(Duration::from_secs(10)))
    }

    /// Creates a client without a proxy, for a server on this machine. Plain http is allowed for loopback hosts only, and a
    /// proxy would send the token to another machine.
    ///
    /// # Errors
    ///
    /// Fails if the TLS backend cannot be initialized.
    pub fn direct() -> Result<Self, Error> {
        Self::from_builder(
            reqwest::Client::builder()
                .connect_timeout(Duration::from_secs(10))
                .no_proxy(),
        )
    }

    /// Creates a client with the proxies, certificates and timeouts of `builder`.
    ///
    /// Redirects are disabled because they would send a token to another server, retries because only this crate knows
    /// which requests may be retried, and `connection_verbose` because it logs tokens and bodies.
    ///
    /// # Errors
    ///
    /// Fails if `builder` does, with its error as the source. With the feature `rustls-no-provider` alone, also fails if the
    /// program has not installed a cryptography provider.
    #[doc(alias = "proxy")]
    #[doc(alias = "mTLS")]
    pub fn from_builder(builder: reqwest::ClientBuilder) -> Result<Self, Error> {
        // Without a provider, reqwest panics.
        #[cfg(all(
            feature = "rustls-no-provider",
            not(any(feature = "rustls", feature = "native-tls"))
        ))]
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            return Err(Error::configuration(
                "TLS has no cryptography provider: install one at the start of the program, such as \
                 `rustls::crypto::ring::default_provider().install_default()`, or enable the feature `rustls`",
            ));
        }
        builder
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connection_verbose(false)
            .build()
            .map(|client| Self {
                client,
                layered: None,
            })
            .map_err(Error::http_client)
    }

    /// Adds a [`tower`](https://docs.rs/tower) layer around every attempt of every call, including retries. It sees the final
    /// request and the raw response. The layer added last is the outermost. Token requests do not pass through layers.
    ///
    /// A layer sees the access token in `Authorization`. Its own errors count as a lost connection after which the server may
    /// have acted; they are printed with the error of the call and must not contain secrets. A layer must not send a request
    /// twice, because only this crate knows which requests may be retried. The timeouts of attempts and calls do not include
    /// the time that a layer itself takes before and after the request.
    ///
    /// ```
    /// use auth0_core::{HttpClient, HttpService, reqwest};
    /// use tower::ServiceBuilder;
    ///
    /// let stamp = ServiceBuilder::new().map_request(|mut request: reqwest::Request| {
    ///     let value = reqwest::header::HeaderValue::from_static("nightly");
    ///     request.headers_mut().insert("x-job", value);
    ///     request
    /// });
    /// let client = HttpClient::new()?.layer(stamp.into_inner());
    /// # let _ = client;
    /// # Ok::<(), auth0_core::Error>(())
    /// ```
    #[doc(alias = "middleware")]
    #[doc(alias = "interceptor")]
    #[must_use]
    pub fn layer<L, S>(mut self, layer: L) -> Self
    where
        L: Layer<HttpService, Service = S>,
        S: Service<Request, Response = Response, Error: Into<BoxError>, Future: Send>
            + Clone
            + Send
            + Sync
            + 'static,
    {
        let inner = self.layered.unwrap_or_else(|| {
            HttpService::new(
                self.client
                    .clone()
                    .map_err(|error| error.without_url().into()),
            )
        });
        self.layered = Some(HttpService::new(layer.layer(inner).map_err(Into::into)));
        self
    }

    /// Returns the client without the layers.
    pub fn reqwest(&self) -> &reqwest::Client {
        &self.client
    }

    /// Sends one request.
    pub(crate) fn execute(
        &self,
        request: Request,
    ) -> impl Future<Output = Result<Response, Cause>> + Unpin + use<> {
        // Decided before polling, so that the future contains one of them and not the request.
        let mut sending = match &self.layered {
            None => Ok(self.client.execute(request)),
            Some(service) => Err(service.clone().oneshot(request)),
        };
        poll_fn(move |cx| match &mut sending {
            Ok(sending) => Pin::new(sending).poll(cx).map_err(Cause::from_client),
            Err(sending) => Pin::new(sending)
                .poll(cx)
                .map_err(Cause::from_layered_client),
        })
    }
}

/// Whether `error` or one of its sources reports that a TLS certificate was rejected: the client does not trust that of the
/// server, or the server rejected that of the client.
///
/// A retry would fail in the same way, so neither API calls nor token requests are retried. A rejected client certificate is
/// recognized only if the alert arrives during the handshake: with TLS 1.3 it may arrive later, and then looks like a broken
/// connection. The errors of native-tls are only distinguished by the text of the operating system.
pub fn is_certificate_error(error: &(dyn StdError + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        // The error that an I/O error wraps is not its source: `source` returns that of the wrapped error.
        let wrapped = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        let inner = match wrapped {
            Some(wrapped) => wrapped as &(dyn StdError + 'static),
            None => error,
        };
        #[cfg(feature = "rustls-no-provider")]
        if let Some(tls) = inner.downcast_ref() {
            return is_about_certificates(tls);
        }
        #[cfg(feature = "native-tls")]
        if let Some(tls) = inner.downcast_ref::<native_tls::Error>() {
            let text = tls.to_string().to_lowercase();
            return ["certificate", "unknown ca"]
                .iter()
                .any(|of| text.contains(of));
        }
        next = match wrapped {
            Some(_) => Some(inner),
            None => error.source(),
        };
    }
    false
}

#[cfg(feature = "rustls-no-provider")]
fn is_about_certificates(error: &rustls::Error) -> bool {
    use rustls::AlertDescription as Alert;
    match error {
        rustls::Error::InvalidCertificate(_)
        | rustls::Error::InvalidCertRevocationList(_)
        | rustls::Error::NoCertificatesPresented
        | rustls::Error::UnsupportedNameType => true,
        rustls::Error::AlertReceived(alert) => matches!(
            alert,
            Alert::NoCertificate
                | Alert::BadCertificate
                | Alert::UnsupportedCertificate
                | Alert::CertificateRevoked
                | Alert::CertificateExpired
                | Alert::CertificateUnknown
                | Alert::UnknownCA
                | Alert::AccessDenied
                | Alert::CertificateRequired
        ),
        _ => false,
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient").finish_non_exhaustive()
    }
}

#[cfg(all(test, feature = "rustls-no-provider"))]
mod tests {
    use super::*;

    /// An error with a source, as HTTP clients wrap them.
    #[derive(Debug)]
    struct Outer(Box<dyn StdError + Send + Sync>);

    impl fmt::Display for Outer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("outer")
        }
    }

    impl StdError for Outer {
        fn source(&self) -> Option<&(dyn StdError + 'static)> {
            Some(&*self.0)
        }
    }

    #[test]
    fn certificate_error_is_found_at_any_depth_and_other_errors_are_not() {
        use rustls::{AlertDescription, CertificateError, Error as Tls};

        let wrapped = |tls: Tls| {
            let io = io::Error::new(io::ErrorKind::InvalidData, tls);
            Outer(Box::new(Outer(Box::new(io::Error::other(Outer(
                Box::new(io),
            ))))))
        };
        let unknown = Tls::InvalidCertificate(CertificateError::UnknownIssuer);
        assert!(is_certificate_error(&wrapped(unknown.clone())));
        assert!(is_certificate_error(&Outer(Box::new(unknown))));
        for problem in [
            Tls::InvalidCertificate(CertificateError::Expired),
            Tls::NoCertificatesPresented,
            Tls::AlertReceived(AlertDescription::CertificateRequired),
            Tls::AlertReceived(AlertDescription::UnknownCA),
        ] {
            assert!(is_certificate_error(&wrapped(problem)));
        }
        for other in [
            Tls::AlertReceived(AlertDescription::InternalError),
            Tls::HandshakeNotComplete,
            Tls::DecryptError,
        ] {
            assert!(!is_certificate_error(&wrapped(other)));
        }
        let reset = io::Error::from(io::ErrorKind::ConnectionReset);
        assert!(!is_certificate_error(&Outer(Box::new(reset))));
    }
}
