//! The errors of downloads.

use std::error::Error;
use std::time::Duration;

use reqwest::header::{self, HeaderValue};
use reqwest::{Response, StatusCode};
use url::Url;

use super::address::shown;
use super::download::{Limits, Redirected};
use crate::printable::is_hidden;
use crate::problem::Problem;

/// The response that every server is expected to send.
const DOCUMENT: &str = "200 OK with the document";

/// The request failed without a response.
pub(super) fn no_response(error: &reqwest::Error, limits: &Limits) -> Problem {
    if let Some(redirected) = redirected(error) {
        return redirect(redirected);
    }
    if error.is_connect() && error.is_timeout() {
        return Problem::at("", "the server cannot be reached")
            .expected(format!("a connection within {}", seconds(limits.connect)))
            .help("check the network and the proxy (HTTPS_PROXY), then fetch again");
    }
    if error.is_connect() {
        return Problem::at("", "the server cannot be reached")
            .expected("a connection")
            .found(cause(error))
            .help("check the address, the network and the proxy (HTTPS_PROXY), then fetch again");
    }
    if error.is_timeout() {
        return Problem::at("", "the server does not respond")
            .expected(format!("a response within {}", seconds(limits.idle)))
            .help("fetch again later");
    }
    Problem::at("", "the server sent an invalid response")
        .expected(DOCUMENT)
        .found(cause(error))
        .help("fetch again; if the error persists, save the document by other means and pass the file: --from FILE")
}

/// The connection ended or stalled before the end of the document.
pub(super) fn incomplete(
    error: &reqwest::Error,
    received: u64,
    length: Option<u64>,
    limits: &Limits,
) -> Problem {
    let expected = match length {
        Some(length) => format!("{length} bytes"),
        None => "the whole document".to_owned(),
    };
    if error.is_timeout() {
        return Problem::at(
            "",
            "the server stopped sending in the middle of the document",
        )
        .expected(expected)
        .found(format!(
            "{received} bytes, then nothing for {}",
            seconds(limits.idle)
        ))
        .help("fetch again later");
    }
    Problem::at(
        "",
        "the document is truncated: the connection was closed too early",
    )
    .expected(expected)
    .found(format!("{received} bytes"))
    .help("fetch again")
}

/// The timeout for the whole download expired.
pub(super) fn too_slow(received: u64, limits: &Limits) -> Problem {
    Problem::at("", "the server is too slow")
        .expected(format!(
            "the whole document within {}",
            seconds(limits.total)
        ))
        .found(format!("{received} bytes of the document"))
        .help(
            "fetch again later, or save the document by other means and pass the file: --from FILE",
        )
}

/// The document exceeds the size limit. `length` is the announced length, if that exceeds it.
pub(super) fn too_large(length: Option<u64>, limits: &Limits) -> Problem {
    let problem = Problem::at("", "the document is too large")
        .expected(format!("at most {}", size(limits.bytes)));
    match length {
        Some(length) => problem.found(format!("{length} bytes")),
        None => problem.found("more"),
    }
    .help("check that the address leads to an OpenAPI document")
}

/// The document is compressed, although `identity` was requested.
pub(super) fn compressed(coding: &HeaderValue) -> Problem {
    Problem::at("", "the server sent a compressed document")
        .expected("an uncompressed one, as requested with `Accept-Encoding: identity`")
        .found(format!("`Content-Encoding: {}`", visible(coding)))
        .help("save it by other means, for example with `curl --compressed`, and pass the file: --from FILE")
}

/// The response has an unexpected status.
pub(super) fn status(response: &Response, asked: &Url) -> Problem {
    let status = response.status();
    let mut found = status.as_u16().to_string();
    if let Some(reason) = status.canonical_reason() {
        found = format!("{found} {reason}");
    }
    if response.url() != asked {
        found = format!("{found}, after a redirect to {}", shown(response.url()));
    }
    let wait = response.headers().get(header::RETRY_AFTER).map(visible);
    if let Some(wait) = &wait {
        found = format!("{found}, `Retry-After: {wait}`");
    }
    let later = if wait.is_some() {
        "fetch again after `Retry-After`, which is in seconds or a date"
    } else {
        "fetch again later"
    };
    let (message, help) = match status {
        StatusCode::NOT_FOUND | StatusCode::GONE => (
            "there is no document at this address",
            "the file was moved, or its branch was deleted: find out where it is published now, and update `url` in \
             openapi/sources.toml",
        ),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => (
            "the server requires authorization for the document",
            "open the address in a browser; if it shows the document, save it and pass the file: --from FILE",
        ),
        StatusCode::NOT_MODIFIED => (
            "the server reports an unmodified document, although the request was not conditional",
            "fetch again; a cache in between may be misconfigured",
        ),
        StatusCode::TOO_MANY_REQUESTS => ("the server received too many requests", later),
        _ if status.is_server_error() => ("the server failed", later),
        _ if status.is_redirection() => (
            "the server redirects without a valid address",
            "open the address in a browser to see where it leads",
        ),
        _ => (
            "the server responds, but not with the document",
            "open the address in a browser to see the response",
        ),
    };
    Problem::at("", message)
        .expected(DOCUMENT)
        .found(found)
        .help(help)
}

fn redirect(redirected: &Redirected) -> Problem {
    let problem = match redirected {
        Redirected::TooMany => Problem::at("", "the server redirects too often")
            .expected("the document after a few redirects"),
        Redirected::Forbidden(_) => Problem::at(
            "",
            "the server redirects to an address that must not be fetched",
        )
        .expected("an https address, or http within this machine"),
    };
    problem
        .found(redirected.to_string())
        .help("open the address in a browser to see where it leads")
}

fn redirected(error: &reqwest::Error) -> Option<&Redirected> {
    chain(error).find_map(|error| error.downcast_ref())
}

/// The innermost cause of an error. The outer ones repeat it in more general terms, and the outermost one contains the
/// whole URL.
pub(super) fn cause(error: &reqwest::Error) -> String {
    chain(error)
        .last()
        .map_or_else(|| "an unknown error".to_owned(), ToString::to_string)
}

fn chain<'a>(error: &'a reqwest::Error) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(error.source(), |&inner| inner.source())
}

/// Formats an untrusted header value for people.
fn visible(value: &HeaderValue) -> String {
    let text = String::from_utf8_lossy(value.as_bytes());
    text.chars().filter(|c| !is_hidden(*c)).take(60).collect()
}

fn size(bytes: u64) -> String {
    const MIB: u64 = 1024 * 1024;
    if bytes.is_multiple_of(MIB) {
        format!("{} MiB", bytes / MIB)
    } else {
        format!("{bytes} bytes")
    }
}

fn seconds(time: Duration) -> String {
    format!("{} s", time.as_secs_f64())
}
