//! What is refused: with the reason, and with every file as it was.

use std::net::TcpListener;
use std::time::Duration;

use xtask::fetch::{self, download::Limits};

use crate::desk::{Desk, GOOD, options};
use crate::server::{Answer, Server};

const HEAD: &str = "HTTP/1.1 200 OK\r\n";

/// The problem with an answer, first where there are no facts yet, then where there are some, with a tag.
fn refused(
    options: &fetch::FetchOptions<'_>,
    answer: impl Fn() -> Answer + Send + Clone + 'static,
) -> String {
    let always = answer.clone();
    let server = Server::always(always);
    let url = format!("{}/small.json", server.address);
    Desk::new(&url).refused(options);

    let mut first = true;
    let server = Server::start(move |_| {
        if std::mem::take(&mut first) {
            Answer::new("200 OK", &["ETag: \"1\""], GOOD)
        } else {
            answer()
        }
    });
    let desk = Desk::new(&format!("{}/small.json", server.address));
    desk.fetches(&crate::desk::options());
    desk.refused(options)
}

fn body(body: &'static (impl AsRef<[u8]> + ?Sized + Sync)) -> String {
    refused(&options(), move || Answer::document(body))
}

fn status(status: &'static str, headers: &'static [&'static str]) -> String {
    refused(&options(), move || {
        Answer::new(status, headers, "<html>an error page</html>")
    })
}

fn raw(text: impl Into<String>) -> String {
    let text = text.into();
    refused(&options(), move || Answer::raw(text.clone()))
}

fn raw_then_nothing(options: &fetch::FetchOptions<'_>, text: impl Into<String>) -> String {
    let text = text.into();
    refused(options, move || Answer::raw(text.clone()).then_nothing())
}

/// Several problems, each under what was tried.
fn listed(problems: &[(&str, String)]) -> String {
    let listed = problems
        .iter()
        .map(|(tried, problem)| format!("{tried}:\n{problem}"));
    listed.collect::<Vec<_>>().join("\n")
}

#[test]
fn what_is_no_document_is_refused() {
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
fn other_status_is_refused_with_what_to_do() {
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
fn not_modified_without_having_been_asked_is_refused() {
    let server = Server::always(|| Answer::raw("HTTP/1.1 304 Not Modified\r\n\r\n"));
    let desk = Desk::new(&format!("{}/small.json", server.address));
    insta::assert_snapshot!(desk.refused(&options()), @"
    x the server says that nothing has changed, though it was not asked
    | in http://127.0.0.1:PORT/small.json
    | expected 200 OK and the document
    | found 304 Not Modified
    help: fetch again; a cache on the way may be at fault
    ");
}

#[test]
fn document_that_does_not_come_whole_is_refused() {
    // Long enough for what does come, on a machine that has other things to do.
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
        ("never answers", raw_then_nothing(&idle, "")),
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
fn document_above_the_limit_is_refused_before_it_is_there() {
    // Nothing more comes in either case: who waits for the rest meets the time-out and another problem.
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
      help: check that the address is that of an OpenAPI document

    by what came:
      x the document is too large
      | in http://127.0.0.1:PORT/small.json
      | expected at most 1000 bytes
      | found more than that
      help: check that the address is that of an OpenAPI document
    ");
}

#[test]
fn compressed_document_is_refused() {
    let problem = refused(&options(), || {
        Answer::new("200 OK", &["Content-Encoding: gzip"], b"\x1f\x8b\x08\x00")
    });
    insta::assert_snapshot!(problem, @"
    x the document came compressed
    | in http://127.0.0.1:PORT/small.json
    | expected it as it is, as was asked for (`Accept-Encoding: identity`)
    | found `Content-Encoding: gzip`
    help: save it by other means, for example with `curl --compressed`, and give the file: --from FILE
    ");
}

#[test]
fn redirect_that_leaves_https_or_this_machine_is_refused() {
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
fn server_that_is_not_there_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let desk = Desk::new(&format!("http://{address}/small.json"));
    let problem = desk.refused(&options());
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
fn address_that_may_not_be_fetched_is_told() {
    let desk = Desk::new("https://example.com/small.json");
    let from = |from: &str| {
        desk.refused(&fetch::FetchOptions {
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
fn part_that_the_document_does_not_have_is_told() {
    let server = Server::always(|| Answer::document(GOOD));
    let desk = Desk::new(&format!("{}/small.json", server.address));
    let list = desk.read("openapi/sources.toml");
    desk.write(
        "openapi/sources.toml",
        &format!("{list}include = [\"/thing\"]\n"),
    );
    insta::assert_snapshot!(desk.refused(&options()), @"
     x no path of the document starts with what was asked for
     | at /paths
     | expected a path under /thing
     | found /things/{id}
      ,-[http://127.0.0.1:PORT/small.json:3:1]
    3 | paths:
      : ^^^^^
      `----
     help: give the prefix as the paths of the document are written
    ");
}
