//! Errors of the OAuth endpoints.

use http::StatusCode;
use serde_json::json;

use crate::response::ApiResponse;

/// An error response (RFC 6749 §5.2).
#[derive(Debug)]
pub(crate) struct OAuthError {
    pub(super) status: StatusCode,
    pub(super) error: &'static str,
    pub(super) description: String,
    pub(super) retry_after: Option<i64>,
    /// Whether the client used Basic authentication, which a 401 then must name.
    pub(super) challenge: bool,
}

impl OAuthError {
    pub(super) fn new(
        status: StatusCode,
        error: &'static str,
        description: impl Into<String>,
    ) -> Self {
        Self {
            status,
            error,
            description: description.into(),
            retry_after: None,
            challenge: false,
        }
    }

    pub(super) fn invalid_request(description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", description)
    }

    pub(super) fn invalid_client(description: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "invalid_client", description)
    }

    /// An invalid code or refresh token. Auth0 responds with 403, unlike RFC 6749, which specifies 400.
    pub(super) fn invalid_grant(description: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "invalid_grant", description)
    }

    pub(super) fn access_denied(description: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "access_denied", description)
    }

    /// An internal error of the sandbox.
    pub(super) fn server_error(error: impl ToString) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "server_error",
            error.to_string(),
        )
    }

    /// The token quota is exhausted for this number of seconds.
    pub(crate) fn quota_exceeded(seconds: i64) -> Self {
        Self {
            retry_after: Some(seconds),
            ..Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_requests",
                "The token quota is exhausted",
            )
        }
    }
}

impl From<OAuthError> for ApiResponse {
    fn from(error: OAuthError) -> Self {
        let body = json!({"error": error.error, "error_description": error.description});
        let mut response = ApiResponse::json(error.status, &body);
        if let Some(seconds) = error.retry_after {
            response = response.with_header("retry-after", &seconds.to_string());
        }
        if error.challenge {
            response = response.with_header("www-authenticate", "Basic realm=\"sandbox\"");
        }
        no_store(response)
    }
}

/// Responses of the OAuth endpoints must not be cached (RFC 6749 §5.1).
pub(crate) fn no_store(response: ApiResponse) -> ApiResponse {
    response
        .with_header("cache-control", "no-store")
        .with_header("pragma", "no-cache")
}
