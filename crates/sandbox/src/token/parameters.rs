//! Parameters of OAuth requests.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde_json::Value;

use super::OAuthError;

/// Non-empty parameters by name.
pub(crate) struct OAuthParameters(BTreeMap<String, String>);

impl OAuthParameters {
    /// Reads a request body: a form (RFC 6749) or a JSON object, which Auth0 also accepts.
    pub(crate) fn read(headers: &HeaderMap, body: &Bytes) -> Result<Self, OAuthError> {
        let content_type = headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let content_type = content_type.split(';').next().unwrap_or_default().trim();
        match content_type.to_ascii_lowercase().as_str() {
            "application/x-www-form-urlencoded" => Self::from_form(body),
            "application/json" => match serde_json::from_slice(body) {
                Ok(Value::Object(members)) => Self::from_pairs(
                    members
                        .into_iter()
                        .filter_map(|(name, value)| Some((name, value.as_str()?.to_owned()))),
                ),
                _ => Err(OAuthError::invalid_request("expected a JSON object")),
            },
            _ => Err(OAuthError::invalid_request(
                "expected content type application/x-www-form-urlencoded or application/json",
            )),
        }
    }

    /// Reads a form or a query.
    pub(crate) fn from_form(text: &[u8]) -> Result<Self, OAuthError> {
        Self::from_pairs(
            url::form_urlencoded::parse(text)
                .map(|(name, value)| (name.into_owned(), value.into_owned())),
        )
    }

    fn from_pairs(pairs: impl Iterator<Item = (String, String)>) -> Result<Self, OAuthError> {
        let mut parameters = BTreeMap::new();
        for (name, value) in pairs {
            // RFC 6749 §3.2: empty parameters count as omitted, and no parameter may be repeated.
            if value.is_empty() {
                continue;
            }
            if parameters.insert(name, value).is_some() {
                return Err(OAuthError::invalid_request(
                    "expected each parameter once, found a duplicate",
                ));
            }
        }
        Ok(Self(parameters))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(crate) fn required(&self, name: &str) -> Result<&str, OAuthError> {
        self.get(name)
            .ok_or_else(|| OAuthError::invalid_request(format!("{name} is missing")))
    }
}
