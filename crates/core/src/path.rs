//! Path segments.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// All characters except the unreserved ones of RFC 3986. Auth0's ids contain `|`, which is not allowed in a path, and the
/// URL parser treats `\` as `/`.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Percent-encodes a path segment.
///
/// ```
/// assert_eq!(auth0_core::codegen::encode_path("auth0|abc/1 ü"), "auth0%7Cabc%2F1%20%C3%BC");
/// ```
pub fn encode_path(segment: &str) -> String {
    utf8_percent_encode(segment, RESERVED).to_string()
}
