//! The HTTP client under every call and every token request.

use std::error::Error as StdError;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use reqwest::{Request, Response};
use tower::util::BoxCloneSyncService;
use tower::{Layer, Service, ServiceExt as _};

use crate::error::Cause;

type BoxError = Box<dyn StdError + Send + Sync>;

/// What a layer is put around: something that sends one request. See [`HttpClient::layer`].
pub type HttpService = BoxCloneSyncService<Request, Response, BoxError>;

/// An HTTP client that follows no redirects and repeats nothing by itself, whatever the builder said that it
/// was made from. Cloning is cheap and shares the connection pool.
///
/// A kept connection is driven by the tokio runtime on which it was made. A program with several runtimes of which some
/// idle, such as current-thread runtimes outside of `block_on`, makes a client for each of them; otherwise a request can
/// wait for a connection that nobody drives until its attempt times out. The token sources of `auth0-auth` send their
/// requests on a runtime of their own, and this holds for a client that they share with an API client too: a token request
/// can get a connection that a call opened on a runtime that idles. Such a program sets a separate client on the source.
///
/// `Debug` shows nothing of what the builder was given: default headers can hold secrets.
#[derive(Clone)]
pub struct HttpClient {
    client: reqwest::Client,
    /// The client in the layers that were put around it, where there are any.
    layered: Option<HttpService>,
}

impl HttpClient {
    /// A client with a connect time-out of 10 s and the proxies of the environment. It speaks HTTP/2 where the server
    /// does, and keeps connections open.
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
            .map(|client| Self {
                client,
                layered: None,
            })
    }

    /// Puts a [`tower`](https://docs.rs/tower) layer around every attempt of every call: it sees each request as it
    /// goes out, retries included, and each answer before anything is made of it. The layer added last is the
    /// outermost. Token requests do not pass through it.
    ///
    /// A layer sees the access token in `Authorization`. A failure of its own counts as a connection that was lost
    /// while the server may have acted, because nobody knows better; its error is printed with the call's, and may hold
    /// no secret. It must not send a request twice: only this crate
    /// knows which ones may be. Time that it takes by itself, before and after the request, is its own: the time-outs of
    /// attempts and calls count from where the request reaches the client.
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
    /// # Ok::<(), reqwest::Error>(())
    /// ```
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

    /// The client itself, without the layers.
    pub fn reqwest(&self) -> &reqwest::Client {
        &self.client
    }

    /// Sends one request.
    pub(crate) fn execute(
        &self,
        request: Request,
    ) -> impl Future<Output = Result<Response, Cause>> + Unpin + use<> {
        // Both are decided here, so that the future carries one of them and not the request.
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

/// Whether `error` or one of its sources reports that a TLS certificate was rejected: the client does not trust the server's
/// certificate, or the server rejected the client's.
///
/// Sending the request again gives the same result, so neither API calls nor token requests are retried after it. It is
/// recognized where TLS is that of rustls, which is the default. A rejected client certificate is recognized only if the
/// server's alert comes during the handshake: with TLS 1.3 it may come after the client considers the handshake complete,
/// and then it is a connection that broke.
pub fn is_certificate_error(error: &(dyn StdError + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        // What an I/O error wraps is not its source: `source` is that of the wrapped error.
        let wrapped = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        let tls = match wrapped {
            Some(wrapped) => wrapped.downcast_ref::<rustls::Error>(),
            None => error.downcast_ref::<rustls::Error>(),
        };
        if let Some(tls) = tls {
            return is_about_certificates(tls);
        }
        next = match wrapped {
            Some(wrapped) => Some(wrapped as &(dyn StdError + 'static)),
            None => error.source(),
        };
    }
    false
}

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

#[cfg(test)]
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
