//! Effects of faults.

use std::collections::BTreeMap;

use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderName, HeaderValue, StatusCode};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// What a fault does to a call.
///
/// `acted` says whether the operation is executed before the fault occurs. Effects that change a response always execute
/// the operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Effect {
    /// Sends a custom response.
    #[serde(rename = "answer")]
    Response(Reply),
    /// Sends a 429 with a retry hint. The operation is not executed.
    RateLimit {
        /// Where the hint is placed.
        hint: Hint,
        /// Time until the retry, in seconds.
        seconds: u64,
    },
    /// Resets the connection instead of responding.
    Reset {
        /// Whether the operation is executed.
        #[serde(default)]
        acted: bool,
    },
    /// Never responds.
    Silence {
        /// Whether the operation is executed.
        #[serde(default)]
        acted: bool,
    },
    /// Closes the connection in the middle of the body.
    Truncate,
    /// Sends a body that never ends.
    Endless,
    /// Replaces every enum value in the response with an undocumented value.
    UnknownEnums,
    /// Adds an undocumented field to every object in the response.
    ExtraFields,
    /// Changes the type of every scalar in the response: strings become null, numbers and booleans become strings. The
    /// cursor of the next page is kept.
    OddScalars,
    /// Removes all lists from the response.
    MissingLists,
    /// Makes each page point to itself as the next page. The first page points to such a page.
    RepeatCursor,
    /// Limits numbered pages to a number of items, whatever page size is requested. `limit` reports the lower size.
    CappedPages {
        /// Maximum number of items of a page.
        items: usize,
    },
    /// Exhausts the token quota: the token endpoint responds with 429.
    Quota {
        /// Time until the quota is available again, in seconds.
        seconds: u64,
    },
    /// Lets the token expire earlier than `expires_in` states.
    EarlyExpiry {
        /// By how many seconds.
        seconds: u64,
    },
}

/// How a 429 tells the client when to retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Hint {
    /// `Retry-After` with a number of seconds.
    RetryAfter,
    /// `Retry-After` with a date of the sandbox's clock.
    RetryAfterDate,
    /// `x-ratelimit-reset` with Unix time of the sandbox's clock, together with limit and remaining.
    Reset,
    /// No hint.
    None,
}

/// A custom response. Without a body, it contains an error in the format of the API.
///
/// ```
/// use auth0_sandbox::{Effect, Reply};
///
/// let busy = Effect::Response(Reply::new(503).header("retry-after", "7"));
/// let proxy = Effect::Response(Reply::new(502).html("<h1>Bad gateway</h1>"));
/// # let _ = (busy, proxy);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[must_use]
pub struct Reply {
    #[serde(deserialize_with = "status")]
    pub(super) status: u16,
    #[serde(
        default,
        deserialize_with = "headers",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub(super) headers: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) json: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) html: Option<String>,
    #[serde(default)]
    pub(super) acted: bool,
}

impl Reply {
    /// Creates a response with this status. The operation is not executed.
    pub fn new(status: u16) -> Self {
        Self {
            status,
            headers: BTreeMap::new(),
            json: None,
            html: None,
            acted: false,
        }
    }

    /// Adds a header.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.insert(name.into(), value.into());
        self
    }

    /// Sets a JSON body.
    pub fn json(mut self, body: Value) -> Self {
        self.json = Some(body);
        self
    }

    /// Sets an HTML body.
    pub fn html(mut self, page: impl Into<String>) -> Self {
        self.html = Some(page.into());
        self
    }

    /// Executes the operation before this response is sent.
    pub fn acted(mut self) -> Self {
        self.acted = true;
        self
    }
}

impl Effect {
    /// A response with this status. The operation is not executed.
    pub fn status(status: u16) -> Self {
        Self::Response(Reply::new(status))
    }

    /// Whether the operation is executed.
    pub(super) fn executes_operation(&self) -> bool {
        match self {
            Self::Response(reply) => reply.acted,
            Self::Reset { acted } | Self::Silence { acted } => *acted,
            Self::RateLimit { .. } | Self::Quota { .. } => false,
            Self::Truncate
            | Self::Endless
            | Self::UnknownEnums
            | Self::ExtraFields
            | Self::OddScalars
            | Self::MissingLists
            | Self::RepeatCursor
            | Self::CappedPages { .. }
            | Self::EarlyExpiry { .. } => true,
        }
    }

    pub(super) fn check(&self, is_token_endpoint: bool) -> Result<(), String> {
        match self {
            Self::Response(reply) => {
                check_status(reply.status)?;
                check_headers(&reply.headers)?;
                match (&reply.json, &reply.html) {
                    (Some(_), Some(_)) => {
                        Err("expected one body, found both `json` and `html`".to_owned())
                    }
                    _ => Ok(()),
                }
            }
            Self::Quota { .. } | Self::EarlyExpiry { .. } if !is_token_endpoint => Err(
                "`quota` and `early-expiry` apply to the token endpoint only; expected operation = \"token\""
                    .to_owned(),
            ),
            Self::UnknownEnums
            | Self::ExtraFields
            | Self::OddScalars
            | Self::MissingLists
            | Self::RepeatCursor
            | Self::CappedPages { .. }
                if is_token_endpoint =>
            {
                Err(
                    "`unknown-enums`, `extra-fields`, `odd-scalars`, `missing-lists`, `repeat-cursor` and \
                     `capped-pages` apply to API operations only; expected another operation than `token`"
                        .to_owned(),
                )
            }
            _ => Ok(()),
        }
    }
}

fn check_status(status: u16) -> Result<(), String> {
    // 1xx responses are not final.
    match StatusCode::from_u16(status) {
        Ok(_) if (200..600).contains(&status) => Ok(()),
        _ => Err(format!("expected a status from 200 to 599, found {status}")),
    }
}

fn check_headers(headers: &BTreeMap<String, String>) -> Result<(), String> {
    for (name, value) in headers {
        let header = HeaderName::try_from(name.as_str())
            .map_err(|_| format!("expected a header name, found `{name}`"))?;
        if [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING].contains(&header) {
            return Err(format!(
                "expected a response header, found the connection header `{header}`"
            ));
        }
        HeaderValue::try_from(value.as_str())
            .map_err(|_| format!("expected a valid value for the header `{name}`"))?;
    }
    Ok(())
}

fn status<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    let status = u16::deserialize(deserializer)?;
    check_status(status).map_err(serde::de::Error::custom)?;
    Ok(status)
}

fn headers<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    let headers = BTreeMap::deserialize(deserializer)?;
    check_headers(&headers).map_err(serde::de::Error::custom)?;
    Ok(headers)
}
