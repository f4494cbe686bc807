//! Rejected responses: each has its own error, and no file changes.

use std::net::TcpListener;
use std::time::Duration;

use xtask::fetch::{self, download::Limits};

use crate::repository::{GOOD, TestRepository, options};
use crate::server::{Server, StubResponse};

const HEAD: &str = "HTTP/1.1 200 OK\r\n";

/// Returns the error for a response, which is the same without facts and with facts and a tag.
fn rejected(
    options: &fetch::FetchOptions<'_>,
    response: impl Fn() -> StubResponse + Send + Clone + 'static,
) -> String {
    let always = response.clone();
    let server = Server::always(always);
    let url = format!("{}/small.json", server.address);
    TestRepository::new(&url).rejected(options);

    let mut first = true;
    let server = Server::start(move |_| {
        if std::mem::take(&mut first) {
            StubResponse::new("200 OK", &["ETag: \"1\""], GOOD)
        } else {
            response()
        }
    });
    let repository = TestRepository::new(&format!("{}/small.json", server.address));
    repository.fetches(&crate::repository::options());
    repository.rejected(options)
}

fn body(body: &'static (impl AsRef<[u8]> + ?Sized + Sync)) -> String {
    rejected(&options(), move || StubResponse::document(body))
}

fn status(status: &'static str, headers: &'static [&'static str]) -> String {
    rejected(&options(), move || {
        StubResponse::new(status, headers, "<html>an error page</html>")
    })
}

fn raw(text: impl Into<String>) -> String {
    let text = text.into();
    rejected(&options(), move || StubResponse::raw(text.clone()))
}

fn raw_then_nothing(options: &fetch::FetchOptions<'_>, text: impl Into<String>) -> String {
    let text = text.into();
    rejected(options, move || {
        StubResponse::raw(text.clone()).then_nothing()
    })
}

/// Formats several errors with their titles.
fn listed(problems: &[(&str, String)]) -> String {
    let listed = problems
        .iter()
        .map(|(tried, problem)| format!("{tried}:\n{problem}"));
    listed.collect::<Vec<_>>().join("\n")
}

#[test]
fn response_that_is_not_a_document_is_rejected() {
    let problems = [
        (
            "a web page",
            body("<!DOCTYPE html>\n<html><title>Sign in</title></html>\n"),
        ),
        ("nothing", body("")),
        ("bytes", body(b"\x1f\x8b\x08\x00\x00\x00\x00\x00")),
        (
            "JSON that ends too early",
            body("{\"openapi\": \"3.1.0\", \"paths\": {\"/a\": {"),
        ),
        ("other JSON", body("{\"message\": \"not found\"}")),
        ("other text", body("404: Not Found")),
        ("Swagger 2", body("{\"swagger\": \"2.0\", \"paths\": {}}")),
        (
            "OpenAPI 3.2",
            body("{\"openapi\": \"3.2.0\", \"info\": {}, \"paths\": {}}"),
        ),
    ];
    insta::assert_snapshot!("no_document", listed(&problems));
}

#[test]
fn unexpected_status_is_rejected_with_help() {
    let problems = [
        ("204", status("204 No Content", &[])),
        ("302 without address", status("302 Found", &[])),
        ("403", status("403 Forbidden", &[])),
        ("404", status("404 Not Found", &["Content-Type: text/html"])),
        (
            "429",
            status("429 Too Many Requests", &["Retry-After: 120"]),
        ),
        ("500", status("500 Internal Server Error", &[])),
        (
            "999",
            status("999 Odd\tone", &["Retry-After: \u{e9}\u{9b}31mred"]),
        ),
    ];
    insta::assert_snapshot!("status", listed(&problems));
}

#[test]
fn not_modified_response_to_an_unconditional_request_is_rejected() {
    let server = Server::always(|| StubResponse::raw("HTTP/1.1 304 Not Modified\r\n\r\n"));
    let repository = TestRepository::new(&format!("{}/small.json", server.address));
    insta::assert_snapshot!(repository.rejected(&options()), @"
    x the server reports an unmodified document, although the request was not conditional
    | in http://127.0.0.1:PORT/small.json
    | expected 200 OK with the document
    | found 304 Not Modified
    help: fetch again; a cache in between may be misconfigured
    ");
}

#[test]
fn incomplete_document_is_rejected() {
    // Long enough for the data that is sent, even on a busy machine.
    let soon = Duration::from_millis(500);
    let hurried = fetch::FetchOptions {
        limits: Limits {
            total: soon,
            ..Limits::default()
        },
        ..options()
    };
    let idle = fetch::FetchOptions {
        limits: Limits {
            idle: soon,
            ..Limits::default()
        },
        ..options()
    };
    let longer = format!("{HEAD}Content-Length: 5000\r\n\r\n{GOOD}");
    let chunk = format!(
        "{HEAD}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{GOOD}\r\n",
        GOOD.len()
    );
    let problems = [
        ("shorter than its length", raw(&longer)),
        ("chunks without an end", raw(&chunk)),
        ("stops in the middle", raw_then_nothing(&idle, &longer)),
        ("never responds", raw_then_nothing(&idle, "")),
        ("hangs up", raw("")),
        ("no HTTP", raw("SSH-2.0-OpenSSH\r\n")),
        (
            "too slow",
            raw_then_nothing(&hurried, format!("{HEAD}\r\n{GOOD}")),
        ),
    ];
    insta::assert_snapshot!("not_whole", listed(&problems));
}

#[test]
fn document_above_the_limit_is_rejected_before_it_is_complete() {
    // The server sends nothing more, so waiting for the rest would yield a timeout error instead.
    let length = format!("{HEAD}Content-Length: 107374182400\r\n\r\n{{");
    let small = fetch::FetchOptions {
        limits: Limits {
            bytes: 1000,
            ..Limits::default()
        },
        ..options()
    };
    let problems = [
        ("by its length", raw_then_nothing(&options(), length)),
        (
            "by what came",
            raw_then_nothing(&small, format!("{HEAD}\r\n{}", "x".repeat(1001))),
        ),
    ];
    insta::assert_snapshot!(listed(&problems), @"
    by its length:
      x the document is too large
      | in http://127.0.0.1:PORT/small.json
      | expected at most 64 MiB
      | found 107374182400 bytes
      help: check that the address leads to an OpenAPI document

    by what came:
      x the document is too large
      | in http://127.0.0.1:PORT/small.json
      | expected at most 1000 bytes
      | found more
      help: check that the address leads to an OpenAPI document
    ");
}

#[test]
fn compressed_document_is_rejected() {
    let problem = rejected(&options(), || {
        StubResponse::new("200 OK", &["Content-Encoding: gzip"], b"\x1f\x8b\x08\x00")
    });
    insta::assert_snapshot!(problem, @"
    x the server sent a compressed document
    | in http://127.0.0.1:PORT/small.json
    | expected an uncompressed one, as requested with `Accept-Encoding: identity`
    | found `Content-Encoding: gzip`
    help: save it by other means, for example with `curl --compressed`, and pass the file: --from FILE
    ");
}

#[test]
fn redirect_to_a_forbidden_address_is_rejected() {
    let to = |location: &'static str| status("302 Found", Box::leak(Box::new([location])));
    let problems = [
        (
            "plain http elsewhere",
            to("Location: http://u:secret@example.com/a.json?token=secret"),
        ),
        ("a file", to("Location: file:///etc/passwd")),
        ("without end", to("Location: /small.json")),
    ];
    insta::assert_snapshot!("redirect", listed(&problems));
}

#[test]
fn unreachable_server_is_an_error() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let repository = TestRepository::new(&format!("http://{address}/small.json"));
    let problem = repository.rejected(&options());
    let (before, after) = problem
        .split_once("(os error ")
        .expect("an error of the system");
    let (_, after) = after.split_once(')').expect("its number");
    insta::assert_snapshot!(format!("{before}{after}"), @"
    x the server cannot be reached
    | in http://127.0.0.1:PORT/small.json
    | expected a connection
    | found Connection refused 
    help: check the address, the network and the proxy (HTTPS_PROXY), then fetch again
    ");
}

#[test]
fn forbidden_address_is_an_error() {
    let repository = TestRepository::new("https://example.com/small.json");
    let from = |from: &str| {
        repository.rejected(&fetch::FetchOptions {
            from: Some(from),
            ..options()
        })
    };
    let problems = [
        (
            "plain http elsewhere",
            from("http://u:secret@example.com/small.json?token=secret"),
        ),
        ("a file", from("file:///tmp/small.json")),
        ("another scheme", from("ftp://example.com/small.json")),
        (
            "no address",
            from("https://u:secret@exa mple.com/small.json"),
        ),
    ];
    insta::assert_snapshot!("address", listed(&problems));
}

#[test]
fn included_path_that_does_not_exist_is_an_error() {
    let server = Server::always(|| StubResponse::document(GOOD));
    let repository = TestRepository::new(&format!("{}/small.json", server.address));
    let list = repository.read("openapi/sources.toml");
    repository.write(
        "openapi/sources.toml",
        &format!("{list}include = [\"/thing\"]\n"),
    );
    insta::assert_snapshot!(repository.rejected(&options()), @"
     x `/thing` selects no operation of the document
     | at /paths
     | expected a path under /thing
     | found /things/{id}
      ,-[http://127.0.0.1:PORT/small.json:3:1]
    3 | paths:
      : ^^^^^
      `----
     help: write the path as in the document; `=PATH` excludes the paths below it, and methods precede it: `GET,PATCH =/clients/{id}`
    ");
}
