//! The response of the device authorization endpoint (RFC 8628 §3.2).

use std::time::Duration;

use auth0_core::SecretString;
use serde::Deserialize;
use url::Url;

use crate::discovery::of_url;
use crate::error::Kind;
use crate::token_response::{lifetime, parse};

/// The polling interval if the server sends none (RFC 8628 §3.2).
const INTERVAL: Duration = Duration::from_secs(5);

/// A parsed device authorization response.
pub(super) struct Authorization {
    pub(super) device_code: SecretString,
    pub(super) user_code: String,
    pub(super) verification_uri: Url,
    pub(super) verification_uri_complete: Option<Url>,
    pub(super) expires_in: Duration,
    pub(super) interval: Duration,
}

#[derive(Deserialize)]
struct Fields {
    device_code: SecretString,
    user_code: String,
    verification_uri: String,
    verification_uri_complete: Option<String>,
    expires_in: serde_json::Value,
    interval: Option<serde_json::Value>,
}

impl Authorization {
    pub(super) fn read(body: &[u8]) -> Result<Self, Kind> {
        let fields: Fields = parse(body)?;
        let expected = |what: &str| Kind::InvalidResponse(format!("expected {what}, found none"));
        // The code is printed on terminals, where other characters could have effects.
        let is_shown = fields.user_code.len() <= 64
            && fields
                .user_code
                .bytes()
                .all(|byte| byte.is_ascii_graphic() || byte == b' ');
        if fields.user_code.is_empty() || !is_shown {
            return Err(expected("a user_code of visible characters"));
        }
        if fields.device_code.is_empty() {
            return Err(expected("a device_code"));
        }
        let page = |name, text: &str| of_url(name, text).map_err(Kind::InvalidResponse);
        Ok(Self {
            verification_uri: page("verification_uri", &fields.verification_uri)?,
            verification_uri_complete: fields
                .verification_uri_complete
                .map(|text| page("verification_uri_complete", &text))
                .transpose()?,
            expires_in: lifetime(&fields.expires_in)
                .ok_or_else(|| expected("an expires_in of some seconds"))?,
            interval: fields
                .interval
                .as_ref()
                .and_then(lifetime)
                .unwrap_or(INTERVAL),
            device_code: fields.device_code,
            user_code: fields.user_code,
        })
    }
}
