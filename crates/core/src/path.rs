//! Path segments.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but the unreserved characters of RFC 3986. The ids of Auth0 hold `|`, which may not stand in a path,
/// and a `\` would be taken for a `/` by the URL parser.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// One path segment, percent-encoded.
///
/// ```
/// assert_eq!(auth0_core::codegen::encode_path("auth0|abc/1 ü"), "auth0%7Cabc%2F1%20%C3%BC");
/// ```
pub fn encode_path(segment: &str) -> String {
    utf8_percent_encode(segment, RESERVED).to_string()
}
