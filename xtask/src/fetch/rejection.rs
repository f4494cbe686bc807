//! Why an answer of a server is not taken: each kind of failure in its own words.

use std::error::Error;
use std::time::Duration;

use reqwest::header::{self, HeaderValue};
use reqwest::{Response, StatusCode};
use url::Url;

use super::address::shown;
use super::download::{Limits, Redirected};
use crate::printable::is_hidden;
use crate::problem::Problem;

/// What is expected of every server.
const DOCUMENT: &str = "200 OK and the document";

/// No answer came to a request.
pub(super) fn no_answer(error: &reqwest::Error, limits: &Limits) -> Problem {
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
        return Problem::at("", "the server does not answer")
            .expected(format!("an answer within {}", seconds(limits.idle)))
            .help("fetch again later");
    }
    Problem::at("", "what the server sent is no answer")
        .expected(DOCUMENT)
        .found(cause(error))
        .help("fetch again; if it stays so, save the document by other means and give the file: --from FILE")
}

/// A document did not come to its end.
pub(super) fn broken_off(
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
        return Problem::at("", "the server stopped in the middle of the document")
            .expected(expected)
            .found(format!(
                "{received} bytes, then nothing for {}",
                seconds(limits.idle)
            ))
            .help("fetch again later");
    }
    Problem::at(
        "",
        "the document is truncated: the connection ended too early",
    )
    .expected(expected)
    .found(format!("{received} bytes"))
    .help("fetch again")
}

/// The time for the whole of it is over.
pub(super) fn too_slow(received: u64, limits: &Limits) -> Problem {
    Problem::at("", "the server is too slow")
        .expected(format!(
            "all of the document within {}",
            seconds(limits.total)
        ))
        .found(format!("{received} bytes of it"))
        .help(
            "fetch again later, or save the document by other means and give the file: --from FILE",
        )
}

/// The document is above the limit, by its length where the server told that.
pub(super) fn too_large(length: Option<u64>, limits: &Limits) -> Problem {
    let problem = Problem::at("", "the document is too large")
        .expected(format!("at most {}", size(limits.bytes)));
    match length {
        Some(length) => problem.found(format!("{length} bytes")),
        None => problem.found("more than that"),
    }
    .help("check that the address is that of an OpenAPI document")
}

/// The document is in a coding that was not asked for.
pub(super) fn compressed(coding: &HeaderValue) -> Problem {
    Problem::at("", "the document came compressed")
        .expected("it as it is, as was asked for (`Accept-Encoding: identity`)")
        .found(format!("`Content-Encoding: {}`", visible(coding)))
        .help("save it by other means, for example with `curl --compressed`, and give the file: --from FILE")
}

/// The answer is not the document.
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
        "fetch again once `Retry-After` is over: seconds, or a date"
    } else {
        "fetch again later"
    };
    let (message, help) = match status {
        StatusCode::NOT_FOUND | StatusCode::GONE => (
            "there is no document at this address",
            "the file was moved, or the branch that it was on is gone: find out where it is published now, and write \
             that address into openapi/sources.toml",
        ),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => (
            "the server does not give the document to everyone",
            "open the address in a browser; if the document is there, save it and give the file: --from FILE",
        ),
        StatusCode::NOT_MODIFIED => (
            "the server says that nothing has changed, though it was not asked",
            "fetch again; a cache on the way may be at fault",
        ),
        StatusCode::TOO_MANY_REQUESTS => ("the server has had too many requests", later),
        _ if status.is_server_error() => ("the server has failed", later),
        _ if status.is_redirection() => (
            "the server redirects, but to no address that can be followed",
            "open the address in a browser to see where it leads",
        ),
        _ => (
            "the server answers, but not with the document",
            "open the address in a browser to see what it is",
        ),
    };
    Problem::at("", message)
        .expected(DOCUMENT)
        .found(found)
        .help(help)
}

fn redirect(redirected: &Redirected) -> Problem {
    let problem = match redirected {
        Redirected::TooOften => Problem::at("", "the server redirects without end")
            .expected("the document after a few redirects"),
        Redirected::Elsewhere(_) => {
            Problem::at("", "the server redirects to an address that is not fetched")
                .expected("https all the way, or http on this machine only")
        }
    };
    problem
        .found(redirected.to_string())
        .help("open the address in a browser to see where it leads")
}

fn redirected(error: &reqwest::Error) -> Option<&Redirected> {
    chain(error).find_map(|error| error.downcast_ref())
}

/// The innermost cause of an error. The outer ones say the same in more general words, and the outermost one shows
/// the whole address.
pub(super) fn cause(error: &reqwest::Error) -> String {
    chain(error)
        .last()
        .map_or_else(|| "an unknown fault".to_owned(), ToString::to_string)
}

fn chain<'a>(error: &'a reqwest::Error) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(error.source(), |&inner| inner.source())
}

/// A header for people; a server may send anything.
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
