//! The `Auth0-Client` header, with which Auth0's SDKs identify themselves.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderValue;
use serde::Serialize;

/// The content of the `Auth0-Client` header: name and version of the client, and its environment.
///
/// It is sent as base64url of a JSON object, like that of Auth0's own SDKs. Programs can replace the name of this crate.
///
/// ```
/// use auth0_core::Auth0Client;
///
/// let client = Auth0Client::new("acme-fleet", "2.1.0").env("region", "eu");
/// # let _ = client;
/// ```
#[derive(Debug, Clone, Serialize)]
#[doc(alias = "telemetry")]
pub struct Auth0Client {
    name: String,
    version: String,
    env: BTreeMap<String, String>,
}

impl Auth0Client {
    /// Creates a client with this name and version. `env` contains the operating system and the version of `auth0-core`.
    pub fn new(name: impl Into<String>, version: impl Into<String>) -> Self {
        let env = [
            ("auth0-core", env!("CARGO_PKG_VERSION")),
            ("os", std::env::consts::OS),
        ];
        Self {
            name: name.into(),
            version: version.into(),
            env: env
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into(),
        }
    }

    /// Adds a value to `env`, or replaces one.
    #[must_use]
    pub fn env(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.insert(key.into(), value.into());
        self
    }

    pub(crate) fn header(&self) -> Option<HeaderValue> {
        let json = serde_json::to_vec(self).ok()?;
        HeaderValue::try_from(URL_SAFE_NO_PAD.encode(json)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_is_base64_of_name_version_and_env() {
        let client = Auth0Client::new("näme", "1.2").env("os", "any");
        let json = URL_SAFE_NO_PAD.decode(client.header().unwrap()).unwrap();
        assert_eq!(
            String::from_utf8(json).unwrap(),
            concat!(
                r#"{"name":"näme","version":"1.2","env":{"auth0-core":""#,
                env!("CARGO_PKG_VERSION"),
                r#"","os":"any"}}"#
            )
        );
    }
}
