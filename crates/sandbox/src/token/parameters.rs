//! The parameters of a request to the endpoints of OAuth.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde_json::Value;

use super::Refusal;

/// Parameters by name, none of them empty.
pub(crate) struct Parameters(BTreeMap<String, String>);

impl Parameters {
    /// Those of a body: a form, as RFC 6749 has it, or a JSON object, which Auth0 takes too.
    pub(crate) fn read(headers: &HeaderMap, body: &Bytes) -> Result<Self, Refusal> {
        let content_type = headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let content_type = content_type.split(';').next().unwrap_or_default().trim();
        match content_type.to_ascii_lowercase().as_str() {
            "application/x-www-form-urlencoded" => Self::of_form(body),
            "application/json" => match serde_json::from_slice(body) {
                Ok(Value::Object(members)) => Self::of(
                    members
                        .into_iter()
                        .filter_map(|(name, value)| Some((name, value.as_str()?.to_owned()))),
                ),
                _ => Err(Refusal::invalid_request("expected a JSON object")),
            },
            _ => Err(Refusal::invalid_request(
                "expected content type application/x-www-form-urlencoded or application/json",
            )),
        }
    }

    /// Those of a form or a query.
    pub(crate) fn of_form(text: &[u8]) -> Result<Self, Refusal> {
        Self::of(
            url::form_urlencoded::parse(text)
                .map(|(name, value)| (name.into_owned(), value.into_owned())),
        )
    }

    fn of(pairs: impl Iterator<Item = (String, String)>) -> Result<Self, Refusal> {
        let mut parameters = BTreeMap::new();
        for (name, value) in pairs {
            // RFC 6749 §3.2: none more than once, and one without a value counts as absent.
            if value.is_empty() {
                continue;
            }
            if parameters.insert(name, value).is_some() {
                return Err(Refusal::invalid_request("a parameter is there twice"));
            }
        }
        Ok(Self(parameters))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(crate) fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.get(name)
            .ok_or_else(|| Refusal::invalid_request(format!("{name} is missing")))
    }
}
