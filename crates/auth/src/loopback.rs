//! The answer to a login, taken by the program itself (RFC 8252 §7.3).

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

mod conversation;

use conversation::converse;

/// Browsers open connections in advance. When more than these have come, the oldest is closed, so that connections that send
/// nothing do not keep out the browser.
const MAX_CONNECTIONS: usize = 32;

/// How long a connection may take to send its request. A browser on the same machine needs milliseconds.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(10);

/// Logins of command-line programs: opens the browser, and takes its answer at an address of this machine.
///
/// # When to use it
///
/// With an [`AuthorizationCode`] of a native application, where the user's browser is on the same machine.
///
/// # What to set up in Auth0
///
/// An application of the type *Native*, and under *Allowed Callback URLs* the [`redirect_uri`](Self::redirect_uri). Where
/// the tenant takes only one that is registered with its port, listen at that port with [`bind_port`](Self::bind_port).
///
/// # Example
///
/// How the browser is opened is the caller's choice: by the crate `open`, say, or by the user.
///
/// ```
/// use auth0_auth::{AuthorizationCode, Error, Loopback, Session};
///
/// async fn login() -> Result<Session, Error> {
///     let loopback = Loopback::bind().await?;
///     let flow = AuthorizationCode::builder("acme.us.auth0.com")
///         .client_id("the client's id")
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
/// # What it answers
///
/// It listens at 127.0.0.1 alone and takes one answer: a GET of its own path, addressed to it by number, with the `state`
/// of the login. Anything else is refused, and it listens on. A connection that sends no request is closed after 10 s, or
/// sooner if 32 newer ones have come: no other program on the machine can block the browser. The browser is shown a page that says that the window can be
/// closed; the page repeats nothing of the request, loads nothing and is not stored.
///
/// # Errors to expect
///
/// Those of [`AuthorizationCode`](AuthorizationCode#errors-to-expect), and
/// [`is_login_expired`](Error::is_login_expired) if nobody comes in time, [`is_browser`](Error::is_browser) if the browser
/// cannot be opened, [`is_listener`](Error::is_listener) if the port is taken.
pub struct Loopback {
    listener: TcpListener,
    port: u16,
    timeout: Duration,
}

impl Loopback {
    /// Listens at a port that the system chooses.
    ///
    /// # Errors
    ///
    /// [The system has none](Error::is_listener).
    pub async fn bind() -> Result<Self, Error> {
        Self::bind_port(0).await
    }

    /// Listens at a port that is registered with the server.
    ///
    /// # Errors
    ///
    /// [Somebody else listens there](Error::is_listener).
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

    /// How long to wait for the browser; 5 minutes unless said otherwise.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Where the browser brings the answer: `http://127.0.0.1:{port}/callback`.
    pub fn redirect_uri(&self) -> String {
        format!("http://127.0.0.1:{}/callback", self.port)
    }

    /// Logs a user in. `open` is given the URL for the browser, which it must not log.
    ///
    /// # Errors
    ///
    /// See [above](Self#errors-to-expect). It is a [configuration error](Error::is_configuration) if the flow's redirect
    /// URI is another.
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
        let query = match select(Box::pin(self.answer(&pending)), timer).await {
            Either::Left((query, _)) => query?,
            Either::Right(_) => return Err(Failure::NoCallback.into()),
        };
        // From here on nobody listens any more.
        drop(self);
        flow.finish(pending, &query).await
    }

    /// The query of the first answer to the login.
    async fn answer(&self, pending: &PendingLogin) -> Result<String, Error> {
        let host = format!("127.0.0.1:{}", self.port);
        let is_ours = |query: &str| Callback::parse(query).is_ok_and(|found| found.is_of(pending));
        // Side by side: a connection that a browser opened in advance says nothing, and must hold up none.
        let mut conversations = FuturesUnordered::new();
        let mut handles = VecDeque::new();
        loop {
            let accept = self.listener.accept();
            let end = async {
                match conversations.next().await {
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
                    let conversation = converse(stream, &host, &is_ours);
                    let limited = tokio::time::timeout(CONNECTION_TIMEOUT, conversation);
                    let (conversation, handle) = abortable(limited);
                    conversations.push(conversation);
                    handles.push_back(handle);
                    if handles.len() > MAX_CONNECTIONS
                        && let Some(oldest) = handles.pop_front()
                    {
                        oldest.abort();
                    }
                }
                // It went away before it was accepted.
                Event::Accepted(Err(error)) if error.kind() == ErrorKind::ConnectionAborted => {}
                Event::Accepted(Err(error)) => return Err(Failure::Listener(error).into()),
                Event::Ended(Ok(Ok(Some(query)))) => return Ok(query),
                // It was no response to the login, it took too long, or it was the oldest of too many.
                Event::Ended(_) => {}
            }
        }
    }
}

/// What happened at the port.
enum Event {
    Accepted(std::io::Result<(TcpStream, SocketAddr)>),
    /// A conversation is over, with the answer to the login or without.
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
