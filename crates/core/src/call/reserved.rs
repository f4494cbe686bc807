//! Headers that a caller may not set, because the client or the HTTP connection does.

use http::HeaderName;

use crate::Violation;

/// Why the header may not be set; nothing if it may.
pub(super) fn violation(name: &HeaderName) -> Option<Violation> {
    let rule = match name.as_str() {
        "authorization" | "dpop" => {
            "set from the access token, expected the token in `token_source`"
        }
        "proxy-authorization" => "set by the HTTP client, expected the credentials in its proxy",
        "host" => "set from the base URL, expected another `base_url`",
        "content-length" | "content-type" | "content-encoding" | "transfer-encoding"
        | "trailer" => "set from the body, expected no such header",
        "accept-encoding" => "responses are read as they are sent, expected no such header",
        "connection" | "expect" | "http2-settings" | "keep-alive" | "proxy-connection" | "te"
        | "upgrade" => "set by the connection, expected no such header",
        _ => return None,
    };
    Some(Violation::new(format!("header {name}"), rule.to_owned()))
}
