//! Where Redis is, and how it is connected to.

use ::redis::aio::MultiplexedConnection;
use ::redis::{AsyncConnectionConfig, ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _};
use auth0_core::SecretString;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::Url;

use super::trouble::Trouble;

/// What a URL says. It is a secret as a whole: it has no `Debug`.
pub(super) struct Address {
    host: String,
    port: u16,
    /// The name that the certificate has to be for.
    tls_name: Option<ServerName<'static>>,
    info: ConnectionInfo,
}

impl Address {
    /// Reads a URL of the schemes `redis`, `rediss`, `valkey` and `valkeys`. The error says what is wrong and quotes
    /// nothing.
    pub(super) fn parse(url: &SecretString) -> Result<Self, String> {
        let wrong = |what: &str| {
            format!(
                "url: expected redis://, rediss://, valkey:// or valkeys:// with a host, found {what}"
            )
        };
        let url = Url::parse(url.secret()).map_err(|_| wrong("something else"))?;
        let is_tls = match url.scheme() {
            "redis" | "valkey" => false,
            "rediss" | "valkeys" => true,
            _ => return Err(wrong("another scheme")),
        };
        if url.fragment().is_some() {
            // `#insecure`, with which the client crate accepts any certificate.
            return Err(wrong("a fragment, which would be of no effect"));
        }
        // TLS is none of the client crate's business here, so it does not hear of it.
        let mut plain = url;
        plain
            .set_scheme("redis")
            .map_err(|()| wrong("something else"))?;
        let info = plain
            .into_connection_info()
            .map_err(|_| wrong("one without a host, or whose path is no number of a database"))?;
        // Its name is nothing that a server needs to know, and a user may not be allowed to tell it.
        let settings = info.redis_settings().clone().set_skip_set_lib_name();
        let info = info.set_redis_settings(settings);
        let ConnectionAddr::Tcp(host, port) = info.addr() else {
            return Err(wrong("something else"));
        };
        let (host, port) = (host.clone(), *port);
        let tls_name = match is_tls {
            true => Some(
                ServerName::try_from(host.clone())
                    .map_err(|_| wrong("a host that no certificate can be for"))?,
            ),
            false => None,
        };
        Ok(Self {
            host,
            port,
            tls_name,
            info,
        })
    }

    pub(super) fn is_tls(&self) -> bool {
        self.tls_name.is_some()
    }

    /// A connection that is ready for commands. It takes as long as it takes.
    pub(super) async fn connect(
        &self,
        tls: Option<&TlsConnector>,
    ) -> Result<MultiplexedConnection, Trouble> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await;
        let stream = stream.map_err(|error| Trouble::io(&error))?;
        stream
            .set_nodelay(true)
            .map_err(|error| Trouble::io(&error))?;
        match (&self.tls_name, tls) {
            (Some(name), Some(tls)) => {
                let stream = tls.connect(name.clone(), stream).await;
                let stream = stream.map_err(|error| Trouble::tls(&error))?;
                let greeted = self.greet(stream).await;
                greeted.map_err(Trouble::after_handshake)
            }
            _ => self.greet(stream).await,
        }
    }

    /// Authenticates and chooses the database.
    async fn greet<S>(&self, stream: S) -> Result<MultiplexedConnection, Trouble>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        // Time-outs are the link's, which has a sleeper of its own.
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(None)
            .set_response_timeout(None);
        let (connection, driver) =
            MultiplexedConnection::new_with_config(self.info.redis_settings(), stream, config)
                .await
                .map_err(|error| Trouble::redis(&error))?;
        // It ends with the last clone of the connection.
        tokio::spawn(driver);
        Ok(connection)
    }
}
