//! Errors of the APIs and their formats.

use http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};

use crate::api::Api;
use crate::document::Operation;
use crate::response::ApiResponse;

/// The kind of [`Problem::no_handler`], which no client sees.
const NO_HANDLER: &str = "NO_HANDLER";

/// The part of the request that is invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RequestPart {
    Path,
    Query,
    Header,
    Body,
}

impl RequestPart {
    fn name(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "header",
            Self::Body => "body",
        }
    }
}

/// A violated rule of a request.
#[derive(Debug, Clone)]
pub(crate) struct Violation {
    pub(crate) part: RequestPart,
    /// Name of the parameter, or JSON pointer into the body; empty for the whole body.
    pub(crate) location: String,
    pub(crate) rule: String,
}

/// Why a call failed.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    pub(crate) kind: &'static str,
    pub(crate) title: &'static str,
    pub(crate) details: Option<String>,
    pub(crate) violations: Vec<Violation>,
    /// Value of the `WWW-Authenticate` header.
    pub(crate) challenge: Option<String>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, kind: &'static str, title: &'static str) -> Self {
        Self {
            status,
            kind,
            title,
            details: None,
            violations: Vec::new(),
            challenge: None,
        }
    }

    pub(crate) fn details(mut self, details: impl Into<String>) -> Self {
        self.details = Some(details.into());
        self
    }

    /// 400: the request violates the document.
    pub(crate) fn invalid(details: impl Into<String>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "VALIDATION_ERROR",
            "The request is invalid",
        )
        .details(details)
    }

    /// 400: a parameter is invalid.
    pub(crate) fn parameter(part: RequestPart, name: &str, rule: impl Into<String>) -> Self {
        let rule = rule.into();
        let mut problem = Self::invalid(format!("{name}: {rule}"));
        problem.violations.push(Violation {
            part,
            location: name.to_owned(),
            rule,
        });
        problem
    }

    /// 400: a field of the body is invalid.
    pub(crate) fn body_field(location: &str, rule: &str) -> Self {
        Self::body_fields([(location.to_owned(), rule.to_owned())])
    }

    /// 400: fields of the body are invalid. Each item is a JSON pointer and the violated rule.
    pub(crate) fn body_fields(rules: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut texts = Vec::new();
        let mut violations = Vec::new();
        for (location, rule) in rules {
            texts.push(if location.is_empty() {
                rule.clone()
            } else {
                format!("{location}: {rule}")
            });
            violations.push(Violation {
                part: RequestPart::Body,
                location,
                rule,
            });
        }
        let mut problem = Self::invalid(format!("body: {}", texts.join("; ")));
        problem.violations = violations;
        problem
    }

    /// The operation has no handler: the document determines the response.
    pub(crate) fn no_handler() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            NO_HANDLER,
            "The operation has no handler",
        )
    }

    pub(crate) fn is_no_handler(&self) -> bool {
        self.kind == NO_HANDLER
    }

    pub(crate) fn forbidden(kind: &'static str, title: &'static str) -> Self {
        Self::new(StatusCode::FORBIDDEN, kind, title)
    }

    pub(crate) fn not_found(kind: &'static str, title: &'static str) -> Self {
        Self::new(StatusCode::NOT_FOUND, kind, title)
    }

    pub(crate) fn conflict(kind: &'static str, title: &'static str) -> Self {
        Self::new(StatusCode::CONFLICT, kind, title)
    }

    /// 401: there is no valid token. `error` is an error code of RFC 6750.
    pub(crate) fn unauthorized(error: Option<&str>, details: &str) -> Self {
        let mut problem = Self::new(
            StatusCode::UNAUTHORIZED,
            "UNAUTHORIZED",
            "The request has no valid access token",
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

    /// 500: an internal error of the sandbox.
    pub(crate) fn internal(details: impl Into<String>) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "UNKNOWN_ERROR",
            "Internal error of the sandbox",
        )
        .details(details)
    }

    /// Replaces the status with 403 if the operation does not document it: some operations have no 404.
    pub(crate) fn with_documented_status(mut self, operation: &Operation) -> Self {
        if self.status.is_client_error() && !operation.documents_status(self.status) {
            self.status = StatusCode::FORBIDDEN;
        }
        self
    }

    /// Converts the error to the format of the API. `operation` is the called operation, if any.
    pub(crate) fn into_response(self, api: Api, operation: Option<&Operation>) -> ApiResponse {
        let response = match api {
            Api::Teams => self.teams_response(),
            Api::MyOrganization => {
                ApiResponse::json(self.status, &self.my_organization_body(operation))
            }
            Api::Management => ApiResponse::json(self.status, &self.management_body()),
        };
        match &self.challenge {
            Some(challenge) => response.with_header("www-authenticate", challenge),
            None => response,
        }
    }

    fn teams_response(&self) -> ApiResponse {
        #[derive(Serialize)]
        struct TeamsError<'a> {
            status: u16,
            #[serde(rename = "type")]
            kind: &'a str,
            title: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            details: Option<&'a str>,
        }
        let body = TeamsError {
            status: self.status.as_u16(),
            kind: self.kind,
            title: self.title,
            details: self.details.as_deref(),
        };
        ApiResponse::json(self.status, &body)
    }

    fn my_organization_body(&self, operation: Option<&Operation>) -> Value {
        let status = self.status.as_u16();
        let details = self.details.as_deref().unwrap_or(self.title);
        let simple = json!({
            "type": self.type_uri(),
            "status": status,
            "title": self.title,
            "detail": details,
        });
        let fits_schema = |operation: &Operation| {
            let schema = operation.response_schema(self.status);
            schema.is_none_or(|schema| schema.violations(&simple).is_empty())
        };
        if self.violations.is_empty() && operation.is_none_or(fits_schema) {
            return simple;
        }
        // Some operations accept this form only, even for a body that is not JSON.
        let mut errors: Vec<Value> = self
            .violations
            .iter()
            .map(|violation| {
                let location = violation.location.trim_start_matches('/');
                json!({
                    "detail": violation.rule,
                    "field": location,
                    "pointer": format!("/{location}"),
                    "source": violation.part.name(),
                })
            })
            .collect();
        if errors.is_empty() {
            errors.push(json!({ "detail": details }));
        }
        json!({
            "type": self.type_uri(),
            "status": status,
            "title": self.title,
            "validation_errors": errors,
        })
    }

    /// The error type URI of the My Organization API. Uses the codes that Auth0 documents where they apply.
    fn type_uri(&self) -> String {
        let number = match (self.status.as_u16(), self.kind) {
            (400, _) if self.violations.is_empty() => 1,
            (400 | 409 | 429, "VALIDATION_ERROR" | "CONFLICT" | "TOO_MANY_REQUESTS") => 3,
            (401, _) if self.challenge.as_deref() != Some("Bearer") => 1,
            (401, _) | (403, "INSUFFICIENT_SCOPE") | (404, _) => 2,
            _ => 1,
        };
        let status = self.status.as_u16();
        format!("https://auth0.com/api-errors#A0E-{status}-{number:04}")
    }

    fn management_body(&self) -> Value {
        let code = match (self.kind, self.violations.first()) {
            ("VALIDATION_ERROR", Some(violation)) => match violation.part {
                RequestPart::Path => "invalid_uri".to_owned(),
                RequestPart::Query => "invalid_query_string".to_owned(),
                RequestPart::Header => "invalid_headers".to_owned(),
                RequestPart::Body => "invalid_body".to_owned(),
            },
            ("VALIDATION_ERROR", None) => "invalid_body".to_owned(),
            ("UNAUTHORIZED", _) => "invalid_token".to_owned(),
            (other, _) => other.to_ascii_lowercase(),
        };
        json!({
            "statusCode": self.status.as_u16(),
            "error": self.status.canonical_reason().unwrap_or_default(),
            "message": self.details.as_deref().unwrap_or(self.title),
            "errorCode": code,
        })
    }
}

impl From<Problem> for ApiResponse {
    /// Errors outside the APIs use the format of the Teams API.
    fn from(problem: Problem) -> Self {
        problem.into_response(Api::Teams, None)
    }
}
