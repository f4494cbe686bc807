//! What the sandbox answers: JSON, nothing, or a problem.

use std::borrow::Cow;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;

/// An answer as the API gives it, before anything happens to it on the way.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: Bytes::new(),
        }
    }

    pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Self {
        match serde_json::to_vec(body) {
            Ok(text) => Self::text(status, "application/json", text),
            // No type of this crate is like that; should one be, the caller hears of it.
            Err(error) => Self::empty(StatusCode::INTERNAL_SERVER_ERROR)
                .with("x-sandbox-error", &error.to_string()),
        }
    }

    pub(crate) fn text(
        status: StatusCode,
        content_type: &'static str,
        body: impl Into<Bytes>,
    ) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        Self {
            status,
            headers,
            body: body.into(),
        }
    }

    /// The same with a header. A value that no header can have is left out.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(HeaderName::from_static(name), value);
        }
        self
    }
}

/// The reason for which a call is not carried out, in the form of the Teams API's errors.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Problem {
    #[serde(serialize_with = "as_number")]
    pub(crate) status: StatusCode,
    #[serde(rename = "type")]
    pub(crate) kind: Cow<'static, str>,
    pub(crate) title: Cow<'static, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) details: Option<String>,
    /// What `WWW-Authenticate` says.
    #[serde(skip)]
    pub(crate) challenge: Option<String>,
}

fn as_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

impl Problem {
    pub(crate) fn new(status: StatusCode, kind: &'static str, title: &'static str) -> Self {
        Self {
            status,
            kind: Cow::Borrowed(kind),
            title: Cow::Borrowed(title),
            details: None,
            challenge: None,
        }
    }

    pub(crate) fn details(mut self, details: impl Into<String>) -> Self {
        self.details = Some(details.into());
        self
    }

    /// A request that breaks the document's rules.
    pub(crate) fn invalid(details: impl Into<String>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "VALIDATION_ERROR",
            "The request breaks a rule of the API",
        )
        .details(details)
    }

    pub(crate) fn forbidden(kind: &'static str, title: &'static str) -> Self {
        Self::new(StatusCode::FORBIDDEN, kind, title)
    }

    pub(crate) fn not_found(kind: &'static str, title: &'static str) -> Self {
        Self::new(StatusCode::NOT_FOUND, kind, title)
    }

    /// No token, or none that counts here. `error` is a code of RFC 6750.
    pub(crate) fn unauthorized(error: Option<&str>, details: &str) -> Self {
        let mut problem = Self::new(
            StatusCode::UNAUTHORIZED,
            "UNAUTHORIZED",
            "The request carries no token that is valid here",
        )
        .details(details);
        problem.challenge = Some(match error {
            Some(error) => {
                format!("Bearer error=\"{error}\", error_description=\"{details}\"")
            }
            None => "Bearer".to_owned(),
        });
        problem
    }

    /// The sandbox itself is at fault.
    pub(crate) fn unknown(details: impl Into<String>) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "UNKNOWN_ERROR",
            "The sandbox did something that it must not do",
        )
        .details(details)
    }
}

impl From<Problem> for Answer {
    fn from(problem: Problem) -> Self {
        let answer = Answer::json(problem.status, &problem);
        match &problem.challenge {
            Some(challenge) => answer.with("www-authenticate", challenge),
            None => answer,
        }
    }
}
