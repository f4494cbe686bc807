//! The server's URL, and how to connect to it.

use auth0_core::SecretString;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::Url;

use crate::failure::Failure;

/// A parsed URL. It has no `Debug`, because all of it is secret.
pub(crate) struct Endpoint {
    host: String,
    port: u16,
    /// The name that the server's certificate has to match; `None` without TLS.
    tls_name: Option<ServerName<'static>>,
    info: ConnectionInfo,
}

impl Endpoint {
    /// Parses a URL with the scheme `redis`, `rediss`, `valkey` or `valkeys`. The error names the problem and does not
    /// quote the URL.
    pub(crate) fn parse(url: &SecretString) -> Result<Self, String> {
        let invalid = |found: &str| {
            format!(
                "url: expected redis://, rediss://, valkey:// or valkeys:// with a host, found {found}"
            )
        };
        let url = Url::parse(url.secret()).map_err(|_| invalid("text that is not a URL"))?;
        let is_tls = match url.scheme() {
            "redis" | "valkey" => false,
            "rediss" | "valkeys" => true,
            _ => return Err(invalid("another scheme")),
        };
        if url.fragment().is_some() {
            // With `#insecure` the redis crate would accept any certificate.
            return Err(invalid("a fragment, which is not supported"));
        }
        // TLS is handled here, so the redis crate sees a URL without it.
        let mut plain = url;
        plain
            .set_scheme("redis")
            .map_err(|()| invalid("another scheme"))?;
        let info = plain
            .into_connection_info()
            .map_err(|_| invalid("no host, or a path that is not a database number"))?;
        // Setting the library name needs a permission that the user may lack.
        let settings = info.redis_settings().clone().set_skip_set_lib_name();
        let info = info.set_redis_settings(settings);
        let ConnectionAddr::Tcp(host, port) = info.addr() else {
            return Err(invalid("a URL that is not of a TCP server"));
        };
        let (host, port) = (host.clone(), *port);
        let tls_name = match is_tls {
            true => Some(
                ServerName::try_from(host.clone())
                    .map_err(|_| invalid("a host that is not valid in a certificate"))?,
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

    pub(crate) fn is_tls(&self) -> bool {
        self.tls_name.is_some()
    }

    /// Opens a connection that is ready for commands. It has no timeout.
    pub(crate) async fn connect(
        &self,
        tls: Option<&TlsConnector>,
    ) -> Result<MultiplexedConnection, Failure> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await;
        let stream = stream.map_err(|error| Failure::from_io(&error))?;
        stream
            .set_nodelay(true)
            .map_err(|error| Failure::from_io(&error))?;
        match (&self.tls_name, tls) {
            (Some(name), Some(tls)) => {
                let stream = tls.connect(name.clone(), stream).await;
                let stream = stream.map_err(|error| Failure::from_tls(&error))?;
                let connection = self.set_up(stream).await;
                connection.map_err(Failure::after_tls_handshake)
            }
            _ => self.set_up(stream).await,
        }
    }

    /// Authenticates and selects the database.
    async fn set_up<S>(&self, stream: S) -> Result<MultiplexedConnection, Failure>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        // `SharedConnection` has the timeout, with an injected sleeper.
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(None)
            .set_response_timeout(None);
        let (connection, driver) =
            MultiplexedConnection::new_with_config(self.info.redis_settings(), stream, config)
                .await
                .map_err(|error| Failure::from_redis(&error))?;
        // The driver ends when the last clone of the connection is dropped.
        tokio::spawn(driver);
        Ok(connection)
    }
}
