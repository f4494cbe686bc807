//! What Redis failed with, in words that hold nothing of what was sent.

use std::fmt;
use std::io;

use ::redis::{ErrorKind, RedisError};

const CLIENT_CERTIFICATE: &str =
    "TLS: the server refused; perhaps it asks for another certificate of the client";

/// Why Redis did not do what it was asked for.
///
/// Texts of the server and of the client crate are not repeated: they may quote keys, users and addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trouble {
    text: String,
    /// The connection broke, as one does that nobody used for long. Another one may do.
    pub(super) is_broken_connection: bool,
}

impl Trouble {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            is_broken_connection: false,
        }
    }

    pub(super) fn io(error: &io::Error) -> Self {
        Self::new(format!("no connection: {}", error.kind()))
    }

    pub(super) fn tls(error: &io::Error) -> Self {
        let rustls = error.get_ref().and_then(|error| error.downcast_ref());
        match rustls {
            Some(rustls::Error::InvalidCertificate(_)) => Self::new(
                "TLS: the certificate is not valid here; for one of an authority of your own, give its certificate",
            ),
            Some(rustls::Error::AlertReceived(_)) => Self::new(CLIENT_CERTIFICATE),
            Some(_) => Self::new("TLS: the server speaks something else"),
            None => Self::new(format!("TLS: {}", error.kind())),
        }
    }

    /// A connection with TLS broke before the first answer. With TLS 1.3 a server refuses the client's certificate after
    /// the handshake.
    pub(super) fn after_handshake(self) -> Self {
        match self.is_broken_connection {
            true => Self::new(CLIENT_CERTIFICATE),
            false => self,
        }
    }

    pub(super) fn redis(error: &RedisError) -> Self {
        let text = match error.code() {
            Some(code) => match hint(code) {
                Some(hint) => format!("it answered {code}: {hint}"),
                None if is_plain(code) => format!("it answered {code}"),
                None => "it answered with an error".to_owned(),
            },
            None if error.kind() == ErrorKind::AuthenticationFailed => {
                "user or password is wrong".to_owned()
            }
            None if error.is_io_error() => "the connection broke".to_owned(),
            None => "it answers in another way than Redis does".to_owned(),
        };
        Self {
            text,
            is_broken_connection: error.is_io_error() || error.is_connection_dropped(),
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Trouble {}

/// What to do about an error of the server, by its code.
fn hint(code: &str) -> Option<&'static str> {
    Some(match code {
        "NOAUTH" => "the URL has to have a password",
        "WRONGPASS" => "user or password is wrong",
        "NOPERM" => "the user may not do this; see the page for what it needs",
        "READONLY" => "it is a replica; connect to the primary",
        "LOADING" => "it is starting",
        "OOM" => "it has no memory left",
        "MOVED" | "CROSSSLOT" | "CLUSTERDOWN" | "ASK" => {
            "it is a node of a cluster, which is not supported"
        }
        "BUSY" => "a script of somebody's runs too long",
        "MISCONF" => "it cannot save to its disk and takes no writes",
        _ => return None,
    })
}

/// Codes are words in upper case. A server that sends something else there is not quoted.
fn is_plain(code: &str) -> bool {
    (1..=20).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_uppercase())
}
