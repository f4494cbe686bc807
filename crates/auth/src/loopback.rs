//! The loopback redirect listener of native applications (RFC 8252 §7.3).

use std::collections::VecDeque;
use std::fmt;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::{Aborted, Either, abortable, select};
use futures_util::stream::FuturesUnordered;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::error::Elapsed;

use crate::authorization_code::{AuthorizationCode, Callback, PendingLogin};
use crate::error::{Error, Failure};
use crate::session::Session;

mod connection;

use connection::serve;

/// Browsers open connections in advance. If there are more than this, the oldest is closed, so that idle connections do not
/// block the browser.
const MAX_CONNECTIONS: usize = 32;

/// The timeout for the request of a connection. A browser on the same machine needs milliseconds.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(10);

/// Logins of command-line programs: opens the browser and receives the authorization response on a loopback port (RFC 8252).
///
/// # When to use it
///
/// With an [`AuthorizationCode`] flow of a native application, if the browser of the user is on the same machine.
///
/// # Setup in Auth0
///
/// Create an application of the type *Native* and add the [`redirect_uri`](Self::redirect_uri) to *Allowed Callback URLs*. If
/// the tenant requires a fixed port, listen on it with [`bind_port`](Self::bind_port).
///
/// # Example
///
/// The caller opens the browser, for example with the crate `open`, or prints the URL.
///
/// ```
/// use auth0_auth::{AuthorizationCode, Error, Loopback, Session};
///
/// async fn login() -> Result<Session, Error> {
///     let loopback = Loopback::bind().await?;
///     let flow = AuthorizationCode::builder("acme.us.auth0.com")
///         .client_id("YOUR_CLIENT_ID")
///         .redirect_uri(loopback.redirect_uri())
///         .audience("https://acme.us.auth0.com/my-org/")
///         .scope("offline_access read:my_org:details")
///         .build()?;
///     loopback.login(&flow, |url| {
///         println!("Log in at {url}");
///         std::process::Command::new("xdg-open").arg(url).spawn().map(|_| ())
///     }).await
/// }
/// ```
///
/// # Security
///
/// It listens on 127.0.0.1 only and accepts one response: a GET request for its path, with its numeric address in `Host` and the
/// `state` of the login. It rejects all other requests and keeps listening. A connection without a request is closed after
/// 10 s, or earlier if there are 32 newer ones, so no other program on the machine can block the browser. The browser
/// shows a page that says that the window can be closed. The page repeats nothing of the request, loads nothing and is
/// not stored.
///
/// # Errors to expect
///
/// Those of [`AuthorizationCode`](AuthorizationCode#errors-to-expect), and
/// [`is_login_expired`](Error::is_login_expired) if no response arrives within the timeout, [`is_browser`](Error::is_browser)
/// if opening the browser fails, [`is_listener`](Error::is_listener) if the port is in use.
#[doc(alias = "localhost")]
#[doc(alias = "CLI")]
pub struct Loopback {
    listener: TcpListener,
    port: u16,
    timeout: Duration,
}

impl Loopback {
    /// Listens on a port that the system chooses.
    ///
    /// # Errors
    ///
    /// Returns a [listener error](Error::is_listener) if there is no free port.
    pub async fn bind() -> Result<Self, Error> {
        Self::bind_port(0).await
    }

    /// Listens on a fixed port that is registered with the server.
    ///
    /// # Errors
    ///
    /// Returns a [listener error](Error::is_listener) if the port is in use.
    pub async fn bind_port(port: u16) -> Result<Self, Error> {
        let failed = |error| Error::from(Failure::Listener(error));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .await
            .map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        Ok(Self {
            listener,
            port,
            timeout: Duration::from_secs(300),
        })
    }

    /// Sets how long to wait for the browser. Default: 5 minutes.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Returns the redirect URI: `http://127.0.0.1:{port}/callback`.
    pub fn redirect_uri(&self) -> String {
        format!("http://127.0.0.1:{}/callback", self.port)
    }

    /// Logs a user in. `open` receives the URL for the browser and must not log it.
    ///
    /// # Errors
    ///
    /// See [above](Self#errors-to-expect). Returns a [configuration error](Error::is_configuration) if the flow has another
    /// redirect URI.
    pub async fn login(
        self,
        flow: &AuthorizationCode,
        open: impl FnOnce(&str) -> std::io::Result<()>,
    ) -> Result<Session, Error> {
        if flow.redirect_uri() != self.redirect_uri() {
            return Err(Error::configuration(vec![format!(
                "redirect_uri: expected that of the listener, {}, found {}",
                self.redirect_uri(),
                flow.redirect_uri()
            )]));
        }
        let pending = flow.start().await?;
        open(pending.url()).map_err(|error| Error::from(Failure::Browser(error)))?;
        let timer = flow.application().exchange.sleeper.sleep(self.timeout);
        let query = match select(Box::pin(self.authorization_response(&pending)), timer).await {
            Either::Left((query, _)) => query?,
            Either::Right(_) => return Err(Failure::NoCallback.into()),
        };
        // Close the port.
        drop(self);
        flow.finish(pending, &query).await
    }

    /// Returns the query of the first valid authorization response.
    async fn authorization_response(&self, pending: &PendingLogin) -> Result<String, Error> {
        let host = format!("127.0.0.1:{}", self.port);
        let is_expected =
            |query: &str| Callback::parse(query).is_ok_and(|found| found.is_of(pending));
        // Connections are handled concurrently: an idle one that a browser opened in advance must not block the others.
        let mut connections = FuturesUnordered::new();
        let mut handles = VecDeque::new();
        loop {
            let accept = self.listener.accept();
            let end = async {
                match connections.next().await {
                    Some(query) => query,
                    None => std::future::pending().await,
                }
            };
            let event = match select(Box::pin(accept), Box::pin(end)).await {
                Either::Left((accepted, _)) => Event::Accepted(accepted),
                Either::Right((query, _)) => Event::Ended(query),
            };
            match event {
                Event::Accepted(Ok((stream, _))) => {
                    let connection = serve(stream, &host, &is_expected);
                    let limited = tokio::time::timeout(CONNECTION_TIMEOUT, connection);
                    let (connection, handle) = abortable(limited);
                    connections.push(connection);
                    handles.push_back(handle);
                    if handles.len() > MAX_CONNECTIONS
                        && let Some(oldest) = handles.pop_front()
                    {
                        oldest.abort();
                    }
                }
                // The peer closed the connection before it was accepted.
                Event::Accepted(Err(error)) if error.kind() == ErrorKind::ConnectionAborted => {}
                Event::Accepted(Err(error)) => return Err(Failure::Listener(error).into()),
                Event::Ended(Ok(Ok(Some(query)))) => return Ok(query),
                // It was not the response to the login, it timed out, or it was the oldest of too many.
                Event::Ended(_) => {}
            }
        }
    }
}

/// An event of the listener.
enum Event {
    Accepted(std::io::Result<(TcpStream, SocketAddr)>),
    /// A connection ended, with the query of the authorization response or without.
    Ended(Result<Result<Option<String>, Elapsed>, Aborted>),
}

impl fmt::Debug for Loopback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loopback")
            .field("port", &self.port)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
