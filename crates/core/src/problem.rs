//! The body of an error response as typed data.

use std::fmt;

use serde_json::Value;

use crate::text::printable;

/// The error body of a response: RFC 9457 problem details, or the older formats `{error, message, errorCode}` and
/// `{error, error_description}`. Every member may be missing.
///
/// `Debug` shows status, type, title and code only, because details may quote the request.
///
/// ```
/// use auth0_core::Error;
///
/// fn report(error: &Error) {
///     if let Some(problem) = error.problem() {
///         println!("{:?}: {:?}", problem.error_code(), problem.message().or(problem.detail()));
///         for error in problem.validation_errors() {
///             println!("{:?}: {:?}", error.field().or(error.pointer()), error.detail());
///         }
///     }
/// }
/// # report(&Error::configuration("example"));
/// ```
#[doc(alias = "RFC 9457")]
#[doc(alias = "problem details")]
#[derive(Clone, PartialEq)]
pub struct Problem {
    body: Value,
    validation_errors: Vec<ValidationError>,
}

/// A validation error that the server reports, returned by [`Problem::validation_errors`]. Every member may be missing.
/// See [`Problem`] for an example.
#[derive(Clone, PartialEq)]
pub struct ValidationError(Value);

impl Problem {
    /// Parses a body; `None` if it is not a JSON object or too large for an error body.
    pub(crate) fn parse(body: &[u8]) -> Option<Self> {
        // The parsed value takes many times the memory of the body.
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

    /// Returns `status` or `statusCode` of the body.
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

    /// Returns `type`: the kind of problem, such as `VALIDATION_ERROR` or a URI.
    pub fn problem_type(&self) -> Option<&str> {
        text(&self.body, "type")
    }

    /// Returns `title`: a short summary of the kind of problem.
    pub fn title(&self) -> Option<&str> {
        text(&self.body, "title")
    }

    /// Returns `detail` or `details`: the explanation of this occurrence. It may quote the request.
    pub fn detail(&self) -> Option<&str> {
        text(&self.body, "detail").or_else(|| text(&self.body, "details"))
    }

    /// Returns `validation_errors`: what is invalid in the request.
    pub fn validation_errors(&self) -> &[ValidationError] {
        &self.validation_errors
    }

    /// Returns `error`: an OAuth error code, or the name of the status.
    pub fn error(&self) -> Option<&str> {
        text(&self.body, "error")
    }

    /// Returns `error_description`: the explanation in OAuth errors. It may quote the request.
    pub fn error_description(&self) -> Option<&str> {
        text(&self.body, "error_description")
    }

    /// Returns `errorCode`: the kind of problem in errors of the Management API.
    pub fn error_code(&self) -> Option<&str> {
        text(&self.body, "errorCode")
    }

    /// Returns `message`: the explanation in errors of the Management API. It may quote the request.
    pub fn message(&self) -> Option<&str> {
        text(&self.body, "message")
    }

    /// Whether the body has any member of the error formats of these APIs.
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

    /// Returns the whole body.
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
    /// Returns `detail`: what is invalid. It may quote the request.
    pub fn detail(&self) -> Option<&str> {
        match &self.0 {
            Value::String(detail) => Some(detail),
            object => text(object, "detail"),
        }
    }

    /// Returns `field`: the invalid parameter.
    pub fn field(&self) -> Option<&str> {
        text(&self.0, "field")
    }

    /// Returns `pointer`: a JSON pointer into the request body.
    pub fn pointer(&self) -> Option<&str> {
        text(&self.0, "pointer")
    }

    /// Returns `source`: the invalid part of the request, such as `body` or `query`.
    pub fn source(&self) -> Option<&str> {
        text(&self.0, "source")
    }

    /// Returns the whole entry.
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

/// A text of the server for a log: at most 200 printable characters.
pub(crate) fn shortened(text: &str) -> String {
    printable(text).chars().take(200).collect()
}

/// A text of the server on one line, without non-printable characters.
pub(crate) fn single_line(text: &str) -> String {
    printable(&text.trim().replace(['\n', '\r', '\t'], " "))
}
