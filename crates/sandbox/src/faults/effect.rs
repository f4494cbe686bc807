//! What a fault does to a call.

use std::collections::BTreeMap;

use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderName, HeaderValue, StatusCode};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// What happens to a call.
///
/// Where there is an `acted`, it says whether the operation is carried out before things go wrong. The others that
/// touch an answer act, as their answer is a true one up to what is done to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Effect {
    /// Another answer comes.
    #[serde(rename = "answer")]
    Response(Reply),
    /// Status 429, with a hint when to come back. Nothing is done.
    RateLimit {
        /// How the hint is given.
        hint: Hint,
        /// How many seconds the wait is.
        seconds: u64,
    },
    /// The connection is reset instead of an answer.
    Reset {
        /// Whether the operation is carried out.
        #[serde(default)]
        acted: bool,
    },
    /// No answer ever comes.
    Silence {
        /// Whether the operation is carried out.
        #[serde(default)]
        acted: bool,
    },
    /// The connection ends in the middle of the body.
    Truncate,
    /// The body never ends.
    Endless,
    /// Every enum in the answer has a value that the document does not know.
    UnknownEnums,
    /// Every object in the answer has a member that the document does not know.
    ExtraFields,
    /// Every scalar in the answer has another type than the document says: a text is null, a number and a boolean are
    /// texts. The cursor of the next page stays.
    OddScalars,
    /// The answer has none of its lists, as an error with the status of a success has none.
    MissingLists,
    /// The page names itself as the next one; the first page names one that does so.
    RepeatCursor,
    /// Pages that are counted hold at most so many items, whatever size was asked for, and say so in `limit`.
    CappedPages {
        /// How many items a page holds at most.
        items: usize,
    },
    /// The quota of tokens is used up: status 429 of the token endpoint, which grants nothing.
    Quota {
        /// How many seconds it stays used up.
        seconds: u64,
    },
    /// The token ends so much sooner than its `expires_in` says.
    EarlyExpiry {
        /// How many seconds.
        seconds: u64,
    },
}

/// How a 429 says when to come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Hint {
    /// `Retry-After` with a number of seconds.
    RetryAfter,
    /// `Retry-After` with a date, by the sandbox's clock.
    RetryAfterDate,
    /// `x-ratelimit-reset` with the seconds since 1970, by the sandbox's clock, beside limit and remaining.
    Reset,
    /// Not at all.
    None,
}

/// An answer of one's own. Without a body it has one in the form of the API's errors.
///
/// ```
/// use auth0_sandbox::{Effect, Reply};
///
/// let busy = Effect::Answer(Reply::new(503).header("retry-after", "7"));
/// let proxy = Effect::Answer(Reply::new(502).html("<h1>Bad gateway</h1>"));
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
    /// An answer with this status. Nothing is done.
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

    /// The body, as JSON.
    pub fn json(mut self, body: Value) -> Self {
        self.json = Some(body);
        self
    }

    /// The body, as a page for people.
    pub fn html(mut self, page: impl Into<String>) -> Self {
        self.html = Some(page.into());
        self
    }

    /// The operation is carried out, although the answer does not say so.
    pub fn acted(mut self) -> Self {
        self.acted = true;
        self
    }
}

impl Effect {
    /// An answer with this status, and nothing done.
    pub fn status(status: u16) -> Self {
        Self::Response(Reply::new(status))
    }

    /// Whether the operation is carried out in spite of it.
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
                "`quota` and `early-expiry` are of the token endpoint; expected operation = \"token\""
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
                     `capped-pages` are of operations of an API, not of `token`"
                        .to_owned(),
                )
            }
            _ => Ok(()),
        }
    }
}

fn check_status(status: u16) -> Result<(), String> {
    // What is below 200 is not the end of an answer.
    match StatusCode::from_u16(status) {
        Ok(_) if (200..600).contains(&status) => Ok(()),
        _ => Err(format!("expected a status from 200 to 599, found {status}")),
    }
}

fn check_headers(headers: &BTreeMap<String, String>) -> Result<(), String> {
    for (name, value) in headers {
        let header = HeaderName::try_from(name.as_str())
            .map_err(|_| format!("expected the name of a header, found `{name}`"))?;
        if [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING].contains(&header) {
            return Err(format!(
                "expected a header of the answer, found `{header}`, which is the connection's own"
            ));
        }
        HeaderValue::try_from(value.as_str())
            .map_err(|_| format!("expected a value that the header `{name}` can have"))?;
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
