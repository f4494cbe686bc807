//! Requests of `fetch`, and the responses that it accepts.

use std::process::Command;

use xtask::fetch;

use crate::repository::{GOOD, TestRepository, options};
use crate::server::{Server, StubResponse};

const FACTS: &str = "openapi/small/openapi.yaml";
const LIST: &str = "openapi/sources.toml";

/// The same document as JSON.
fn json() -> String {
    let document = xtask::spec::document::Document::from_bytes("a".into(), GOOD.as_bytes());
    document.expect("it is YAML").value.to_string()
}

/// A server that sends the document with an entity tag, and responds to conditional requests with 304.
fn tagging(tag: &'static str) -> Server {
    Server::start(move |request| {
        if request.contains(&format!("if-none-match: {}", tag.to_lowercase())) {
            StubResponse::raw("HTTP/1.1 304 Not Modified\r\n\r\n")
        } else {
            StubResponse::new("200 OK", &[&format!("ETag: {tag}")], GOOD)
        }
    })
}

#[test]
fn document_in_either_format_yields_the_same_facts() {
    let yaml = Server::always(|| StubResponse::document(GOOD));
    let json = Server::always(|| StubResponse::new("200 OK", &["Content-Type: text/html"], json()));
    let chunked = Server::always(|| {
        let chunks: String = GOOD
            .lines()
            .map(|line| format!("{:x}\r\n{line}\n\r\n", line.len() + 1))
            .collect();
        StubResponse::raw(format!(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n"
        ))
    });
    let until_the_end =
        Server::always(|| StubResponse::raw(format!("HTTP/1.0 200 OK\r\n\r\n{GOOD}")));
    let facts: Vec<String> = [yaml, json, chunked, until_the_end]
        .iter()
        .map(|server| {
            let repository = TestRepository::new(&format!("{}/small", server.address));
            repository.fetches(&options());
            let list = repository.read(LIST);
            assert!(list.starts_with("# A comment that stays."), "{list}");
            assert!(
                list.contains("digest = \"sha256:") && list.contains("date = \"2026-01-02\""),
                "{list}"
            );
            repository.read(FACTS)
        })
        .collect();
    assert!(
        facts[0].contains("getThing") && !facts[0].contains("upstream"),
        "{}",
        facts[0]
    );
    assert!(facts.iter().all(|other| *other == facts[0]));
}

#[test]
fn request_is_minimal_and_asks_for_the_uncompressed_document() {
    let server = Server::always(|| StubResponse::document(GOOD));
    let repository = TestRepository::new("https://example.com/small.json");
    let from = format!("{}/small.json", server.address);
    repository.fetches(&fetch::FetchOptions {
        from: Some(&from),
        ..options()
    });
    let requests: Vec<String> = server
        .requests()
        .iter()
        .map(|head| crate::repository::without_ports(head))
        .collect();
    insta::assert_snapshot!(requests.join("---\n").replace('\r', ""), @"
    get /small.json http/1.1
    accept: application/json, application/yaml, */*;q=0.5
    user-agent: xtask/0.1.0
    accept-encoding: identity
    host: 127.0.0.1:PORT
    ");
}

#[test]
fn tag_is_sent_back_and_unmodified_document_is_kept() {
    for tag in ["\"5f3c-A\"", "W/\"5f3c\""] {
        let server = tagging(tag);
        let repository = TestRepository::new(&format!("{}/small.json", server.address));
        repository.fetches(&options());
        let before = repository.contents();
        let text = repository.fetches(&fetch::FetchOptions {
            today: "2026-02-02",
            ..options()
        });
        assert!(
            text.contains("small: operations 1, schemas 1, not modified"),
            "{text}"
        );
        // The follow-up work is still listed.
        assert!(text.contains("a description"), "{text}");
        assert_eq!(repository.contents(), before);
        assert_eq!(server.requests().len(), 2);
    }
}

#[test]
fn tag_is_not_sent_if_it_does_not_apply_to_the_facts() {
    type Change = fn(&TestRepository, &Server);
    let changes: [(&str, Change); 6] = [
        ("no facts", |repository, _| {
            std::fs::remove_file(repository.path(FACTS)).expect("removed")
        }),
        ("other facts", |repository, _| {
            repository.write(FACTS, &repository.read(FACTS).replace("getThing", "getOne"));
        }),
        ("other address", |repository, server| {
            let to = format!("{}/other.json", server.address);
            let list = repository
                .read(LIST)
                .replace(&format!("{}/small.json", server.address), &to);
            repository.write(LIST, &list);
        }),
        ("other part", |repository, _| {
            let list = repository
                .read(LIST)
                .replace("digest", "include = [\"/things\"]\ndigest");
            repository.write(LIST, &list);
        }),
        ("facts with prose", |repository, _| {
            repository.fetches(&fetch::FetchOptions {
                keep_prose: true,
                ..options()
            });
        }),
        ("tag that is none", |repository, _| {
            let list = repository
                .read(LIST)
                .replace("etag = '\"1\"'", "etag = \"1\\u0000\"");
            assert!(list.contains("u0000"), "{list}");
            repository.write(LIST, &list);
        }),
    ];
    for (name, change) in changes {
        let server = tagging("\"1\"");
        let repository = TestRepository::new(&format!("{}/small.json", server.address));
        repository.fetches(&options());
        change(&repository, &server);
        repository.fetches(&options());
        let last = server.requests().pop().expect("a request");
        assert!(!last.contains("if-none-match"), "{name}: {last}");
    }
}

#[test]
fn document_from_elsewhere_is_fetched_without_recording_a_tag() {
    let server = tagging("\"1\"");
    let published = format!("{}/small.json", server.address);
    let repository = TestRepository::new(&published);
    repository.fetches(&options());
    assert!(repository.read(LIST).contains("etag"));
    // An explicit published address is always fetched, and its tag is recorded.
    repository.fetches(&fetch::FetchOptions {
        from: Some(&published),
        ..options()
    });
    assert!(repository.read(LIST).contains("etag"));
    let other = format!("{}/other.json", server.address);
    repository.fetches(&fetch::FetchOptions {
        from: Some(&other),
        ..options()
    });
    assert!(
        !repository.read(LIST).contains("etag"),
        "{}",
        repository.read(LIST)
    );
    assert!(
        server
            .requests()
            .iter()
            .all(|request| !request.contains("if-none-match"))
    );
}

#[test]
fn new_tag_of_an_unchanged_document_is_recorded_with_the_old_date() {
    let mut number = 0;
    let server = Server::start(move |_| {
        number += 1;
        StubResponse::new("200 OK", &[&format!("ETag: \"{number}\"")], GOOD)
    });
    let repository = TestRepository::new(&format!("{}/small.json", server.address));
    repository.fetches(&options());
    let facts = repository.read(FACTS);
    let text = repository.fetches(&fetch::FetchOptions {
        today: "2026-02-02",
        ..options()
    });
    assert!(text.contains("no facts changed"), "{text}");
    assert_eq!(repository.read(FACTS), facts);
    let list = repository.read(LIST);
    assert!(list.contains("etag = '\"2\"'"), "{list}");
    assert!(list.contains("date = \"2026-01-02\""), "{list}");
}

#[test]
fn invalid_tag_is_not_recorded() {
    for tag in [
        "\"a\" \"b\"",
        "W/",
        "\"\u{e9}\"",
        "\"a\\u0022\\\\\"",
        "\"]\ndigest='x'",
        "''' \"\"\"",
    ] {
        let tag = tag.replace('\n', " ");
        let server =
            Server::always(move || StubResponse::new("200 OK", &[&format!("ETag: {tag}")], GOOD));
        let repository = TestRepository::new(&format!("{}/small.json", server.address));
        repository.fetches(&options());
        repository.fetches(&options());
    }
}

#[test]
fn redirects_within_this_machine_are_followed_and_the_final_address_is_named() {
    let server = Server::start(|request| {
        let step: usize = request
            .strip_prefix("get /")
            .and_then(|rest| rest.split_whitespace().next()?.parse().ok())
            .expect("a step");
        if step < 10 {
            StubResponse::new(
                "307 Temporary Redirect",
                &[&format!("Location: /{}", step + 1)],
                "",
            )
        } else {
            StubResponse::document(GOOD)
        }
    });
    let repository = TestRepository::new(&format!("{}/0", server.address));
    repository.fetches(&options());
    assert_eq!(server.requests().len(), 11);
    assert!(
        server
            .requests()
            .iter()
            .all(|request| !request.contains("referer"))
    );

    let server = Server::start(|request| {
        if request.starts_with("get /login") {
            StubResponse::document("<html></html>")
        } else {
            StubResponse::new("302 Found", &["Location: /login?signature=secret"], "")
        }
    });
    let repository = TestRepository::new(&format!("{}/small", server.address));
    insta::assert_snapshot!("page_after_a_redirect", repository.rejected(&options()));
}

#[test]
fn failure_of_one_api_does_not_prevent_fetching_the_others() {
    let server = Server::start(|request| {
        if request.starts_with("get /small") {
            StubResponse::document(GOOD)
        } else {
            StubResponse::new("404 Not Found", &[], "")
        }
    });
    let repository = TestRepository::new(&format!("{}/small", server.address));
    repository.publish("any", &format!("{}/any", server.address));
    repository.publish("zoo", &format!("{}/zoo", server.address));
    let (text, result) = repository.fetch(&options());
    let problems = result.expect_err("two fail");
    assert!(
        problems.contains("/any") && problems.contains("/zoo") && problems.contains("2 problems"),
        "{problems}"
    );
    assert!(text.contains("small: operations 1"), "{text}");
    assert!(repository.path(FACTS).exists());
    assert!(!repository.path("openapi/any").exists());
    assert_eq!(repository.read(LIST).matches("digest").count(), 1);
}

#[test]
fn all_apis_are_recorded_in_one_file() {
    let server = tagging("\"1\"");
    let repository = TestRepository::new(&format!("{}/small", server.address));
    repository.publish("other", &format!("{}/other", server.address));
    repository.fetches(&options());
    let list = repository.read(LIST);
    assert_eq!(list.matches("digest = ").count(), 2, "{list}");
    assert_eq!(list.matches("etag = ").count(), 2, "{list}");
    assert_eq!(list.matches("# A comment that stays.").count(), 2, "{list}");
}

/// Runs the executable with proxies in the environment; returns exit status, standard output and standard error.
fn program(repository: &TestRepository, from: &str, proxy: &str) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["fetch", "small", "--from", from, "--root", "."])
        .current_dir(repository.path("."))
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .envs(
            [
                "http_proxy",
                "HTTP_PROXY",
                "https_proxy",
                "HTTPS_PROXY",
                "all_proxy",
                "ALL_PROXY",
            ]
            .map(|name| (name, proxy)),
        )
        .output()
        .expect("run");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

#[test]
fn piped_output_has_only_the_result_and_loopback_uses_no_proxy() {
    let server = Server::always(|| StubResponse::document(GOOD));
    let proxy = Server::always(|| StubResponse::new("502 Bad Gateway", &[], ""));
    let repository = TestRepository::new("https://example.com/small.json");
    let (status, out, err) = program(
        &repository,
        &format!("{}/a", server.address),
        &proxy.address,
    );
    assert_eq!((status, err.as_str()), (Some(0), ""));
    assert!(
        out.starts_with("small: operations 1, schemas 1, new\n"),
        "{out}"
    );
    assert_eq!(proxy.requests(), Vec::<String>::new());
}

#[test]
fn https_uses_the_proxy_of_the_environment() {
    let proxy = Server::always(|| StubResponse::new("502 Bad Gateway", &[], ""));
    let repository = TestRepository::new("https://example.com/small.json");
    let (status, out, err) = program(
        &repository,
        "https://example.invalid/a?token=secret",
        &proxy.address,
    );
    assert_eq!((status, out.as_str()), (Some(2), ""));
    assert!(proxy.requests()[0].starts_with("connect example.invalid:443 "));
    insta::assert_snapshot!(err, @"
    x the server cannot be reached
    | in https://example.invalid/a?...
    | expected a connection
    | found tunnel error: unsuccessful
    help: check the address, the network and the proxy (HTTPS_PROXY), then fetch again
    ");
}
