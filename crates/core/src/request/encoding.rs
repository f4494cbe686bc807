//! The characters that are encoded in each part of a request.

use std::fmt::Write as _;

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};

use super::writer::Place;

/// All characters except the unreserved ones of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// What is encoded in a query in spite of `allowReserved`: the reserved characters that a query does not allow, and those that
/// separate the parameters or mean a space in them.
const NOT_IN_QUERY: &AsciiSet = &RESERVED
    .remove(b':')
    .remove(b'/')
    .remove(b'?')
    .remove(b'@')
    .remove(b'!')
    .remove(b'$')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b',')
    .remove(b';')
    .remove(b'=');

/// What a cookie cannot contain (RFC 6265 §4.1.1), and the percent sign, so that the encoding is unambiguous.
const NOT_IN_COOKIE: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'%')
    .add(b',')
    .add(b';')
    .add(b'\\');

/// The characters that are encoded in the name of a cookie: those of its value, and `=`, which ends the name.
const NOT_IN_COOKIE_NAME: &AsciiSet = &NOT_IN_COOKIE.add(b'=');

/// Writes `text` as a name at `place`.
pub(super) fn write_name(out: &mut String, text: &str, place: Place) {
    match place {
        Place::Cookie => out.extend(utf8_percent_encode(text, NOT_IN_COOKIE_NAME)),
        _ => write(out, text, place, false),
    }
}

/// Writes `text` as a value at `place`.
pub(super) fn write(out: &mut String, text: &str, place: Place, allows_reserved: bool) {
    match place {
        Place::Query | Place::Form if allows_reserved => write_reserved(out, text),
        Place::Path | Place::Query => out.extend(utf8_percent_encode(text, RESERVED)),
        Place::Form => out.extend(url::form_urlencoded::byte_serialize(text.as_bytes())),
        // Header values have no encoding.
        Place::Header => out.push_str(text),
        Place::Cookie => out.extend(utf8_percent_encode(text, NOT_IN_COOKIE)),
    }
}

/// Keeps the triplets that are percent-encoded already (RFC 6570 §3.2.3).
fn write_reserved(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        out.extend(utf8_percent_encode(&rest[..at], NOT_IN_QUERY));
        let is_triplet = rest.as_bytes()[at + 1..]
            .get(..2)
            .is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit));
        let end = if is_triplet { at + 3 } else { at + 1 };
        out.push_str(if is_triplet { &rest[at..end] } else { "%25" });
        rest = &rest[end..];
    }
    out.extend(utf8_percent_encode(rest, NOT_IN_QUERY));
}

/// Writes a number or a boolean, which need no encoding.
pub(super) fn write_display(out: &mut String, value: impl std::fmt::Display) {
    // Writing to a string does not fail.
    let _ = write!(out, "{value}");
}
