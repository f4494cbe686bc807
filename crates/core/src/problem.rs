//! The body of an error answer as typed data.

use std::fmt;

use serde_json::Value;

use crate::text::printable;

/// What the server says about an error: RFC 9457 problems and the older `{error, message, errorCode}` and
/// `{error, error_description}` alike. Every member may be absent.
///
/// `Debug` shows status, type, title and code only: a detail may quote what was sent.
#[derive(Clone, PartialEq)]
pub struct Problem {
    body: Value,
    validation_errors: Vec<ValidationError>,
}

/// One thing that the server found wrong with a request. Every member may be absent.
#[derive(Clone, PartialEq)]
pub struct ValidationError(Value);

impl Problem {
    /// Reads a body; nothing if it is not a JSON object, or too long to be one that tells of a problem.
    pub(crate) fn parse(body: &[u8]) -> Option<Self> {
        // As data it takes many times the memory.
        if body.len() > 1024 * 1024 {
            return None;
        }
        let body: Value = serde_json::from_slice(body).ok().filter(Value::is_object)?;
        let validation_errors = match body.get("validation_errors") {
            Some(Value::Array(errors)) => errors.iter().cloned().map(ValidationError).collect(),
            _ => Vec::new(),
        };
        Some(Self {
            body,
            validation_errors,
        })
    }

    /// `status` or `statusCode`, as the body has it.
    pub fn status(&self) -> Option<u16> {
        let value = self
            .body
            .get("status")
            .or_else(|| self.body.get("statusCode"))?;
        match value {
            Value::String(text) => text.parse().ok(),
            value => value.as_u64().and_then(|status| status.try_into().ok()),
        }
    }

    /// `type`: what kind of problem it is, such as `VALIDATION_ERROR` or a URI.
    pub fn problem_type(&self) -> Option<&str> {
        text(&self.body, "type")
    }

    /// `title`: the kind of problem in a few words.
    pub fn title(&self) -> Option<&str> {
        text(&self.body, "title")
    }

    /// `detail` or `details`: what happened this time. It may quote what was sent.
    pub fn detail(&self) -> Option<&str> {
        text(&self.body, "detail").or_else(|| text(&self.body, "details"))
    }

    /// `validation_errors`: each thing that the server found wrong with the request.
    pub fn validation_errors(&self) -> &[ValidationError] {
        &self.validation_errors
    }

    /// `error`: an OAuth error code, or the name of the status.
    pub fn error(&self) -> Option<&str> {
        text(&self.body, "error")
    }

    /// `error_description`: what happened, in OAuth errors. It may quote what was sent.
    pub fn error_description(&self) -> Option<&str> {
        text(&self.body, "error_description")
    }

    /// `errorCode`: the kind of problem, in errors of the Management API.
    pub fn error_code(&self) -> Option<&str> {
        text(&self.body, "errorCode")
    }

    /// `message`: what happened, in errors of the Management API. It may quote what was sent.
    pub fn message(&self) -> Option<&str> {
        text(&self.body, "message")
    }

    /// Whether the body has the form of an error of these APIs.
    pub(crate) fn has_documented_members(&self) -> bool {
        let texts = [
            self.problem_type(),
            self.title(),
            self.detail(),
            self.error(),
            self.error_description(),
            self.error_code(),
            self.message(),
        ];
        texts.iter().any(Option::is_some)
    }

    /// The whole body.
    pub fn body(&self) -> &Value {
        &self.body
    }
}

impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Problem")
            .field("status", &self.status())
            .field("type", &self.problem_type().map(shortened))
            .field("title", &self.title().map(shortened))
            .field("error", &self.error().map(shortened))
            .field("error_code", &self.error_code().map(shortened))
            .field("validation_errors", &self.validation_errors.len())
            .finish_non_exhaustive()
    }
}

impl ValidationError {
    /// `detail`: what is wrong. It may quote what was sent.
    pub fn detail(&self) -> Option<&str> {
        match &self.0 {
            Value::String(detail) => Some(detail),
            object => text(object, "detail"),
        }
    }

    /// `field`: the parameter that is wrong.
    pub fn field(&self) -> Option<&str> {
        text(&self.0, "field")
    }

    /// `pointer`: a JSON pointer into the body that was sent.
    pub fn pointer(&self) -> Option<&str> {
        text(&self.0, "pointer")
    }

    /// `source`: the part of the request that is wrong, such as `body` or `query`.
    pub fn source(&self) -> Option<&str> {
        text(&self.0, "source")
    }

    /// The whole entry.
    pub fn value(&self) -> &Value {
        &self.0
    }
}

impl fmt::Debug for ValidationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ValidationError")
            .field("field", &self.field().map(shortened))
            .field("pointer", &self.pointer().map(shortened))
            .field("source", &self.source().map(shortened))
            .finish_non_exhaustive()
    }
}

fn text<'v>(object: &'v Value, key: &str) -> Option<&'v str> {
    object.get(key)?.as_str()
}

/// Text of the server made fit for a log: at most 200 characters, all of them printable.
pub(crate) fn shortened(text: &str) -> String {
    printable(text).chars().take(200).collect()
}

/// Text of the server on one line, without characters that are not printed.
pub(crate) fn visible(text: &str) -> String {
    printable(&text.trim().replace(['\n', '\r', '\t'], " "))
}
