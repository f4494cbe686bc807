//! Why a command failed, in messages that contain no data and no secrets.

use std::fmt;
use std::io;

use redis::{ErrorKind, RedisError};

const CLIENT_CERTIFICATE_REJECTED: &str = "the server rejected the TLS connection; it may require another client certificate (`identity`)";

const UNEXPECTED_RESPONSE: &str = "unexpected response; check that the server is Redis or Valkey";

/// Why a command failed.
///
/// The message does not quote the server or the redis crate, whose messages may contain keys, users and addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    message: String,
    /// The connection was closed, for example because it was idle for too long. Another connection may work.
    pub(crate) is_broken_connection: bool,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            is_broken_connection: false,
        }
    }

    /// The response has another type than that of the command.
    pub(crate) fn unexpected_response() -> Self {
        Self::new(UNEXPECTED_RESPONSE)
    }

    pub(crate) fn from_io(error: &io::Error) -> Self {
        Self::new(format!("connecting failed: {}", error.kind()))
    }

    pub(crate) fn from_tls(error: &io::Error) -> Self {
        let rustls = error.get_ref().and_then(|error| error.downcast_ref());
        match rustls {
            Some(rustls::Error::InvalidCertificate(_)) => Self::new(
                "the server's TLS certificate is not trusted; set the certificates of a private authority with \
                 `root_certificates`",
            ),
            Some(rustls::Error::AlertReceived(_)) => Self::new(CLIENT_CERTIFICATE_REJECTED),
            Some(_) => {
                Self::new("the TLS handshake failed; check that the port of the URL has TLS")
            }
            None => Self::new(format!("the TLS handshake failed: {}", error.kind())),
        }
    }

    /// Explains a TLS connection that was closed before the first response: with TLS 1.3, a server rejects a client
    /// certificate after the handshake.
    pub(crate) fn after_tls_handshake(self) -> Self {
        match self.is_broken_connection {
            true => Self::new(CLIENT_CERTIFICATE_REJECTED),
            false => self,
        }
    }

    pub(crate) fn from_redis(error: &RedisError) -> Self {
        let message = match error.code() {
            Some(code) => match advice(code) {
                Some(advice) => format!("the server returned {code}: {advice}"),
                None if is_error_code(code) => format!("the server returned {code}"),
                None => "the server returned an error".to_owned(),
            },
            None if error.kind() == ErrorKind::AuthenticationFailed => {
                "the user name or password is wrong".to_owned()
            }
            None if error.is_io_error() => "the connection was closed".to_owned(),
            None => UNEXPECTED_RESPONSE.to_owned(),
        };
        Self {
            message,
            is_broken_connection: error.is_io_error() || error.is_connection_dropped(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// What to do about an error of the server, by its code.
fn advice(code: &str) -> Option<&'static str> {
    Some(match code {
        "NOAUTH" => "add a password to the URL",
        "WRONGPASS" => "the user name or password is wrong",
        "NOPERM" => "the user lacks a permission; `auth0_fleet::docs` lists the required ones",
        "READONLY" => "it is a replica; connect to the primary",
        "LOADING" => "it is starting",
        "OOM" => "it is out of memory",
        "MOVED" | "CROSSSLOT" | "CLUSTERDOWN" | "ASK" => {
            "it is a node of a cluster, which is not supported"
        }
        "BUSY" => "another script has been running for too long",
        "MISCONF" => "it cannot write to its disk and rejects writes",
        _ => return None,
    })
}

/// Whether `code` is an upper-case word like the error codes of Redis. Anything else is not shown.
fn is_error_code(code: &str) -> bool {
    (1..=20).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_uppercase())
}
