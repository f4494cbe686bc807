//! The output of `fetch`.

use serde_json::Value;
use xtask::commands::cli::ReportFormat;
use xtask::fetch;

use crate::repository::{GOOD, TestRepository, options};
use crate::server::{Server, StubResponse};

const OVERLAY: &str = "overlay: 1.0.0\ninfo: {title: Descriptions, version: 1.0.0}\nactions:\n";

const DESCRIPTIONS: &str = r#"  - target: $.paths['/things/{id}'].get
    update: {summary: Returns a thing, description: A thing is what it is.}
  - target: $.paths['/things/{id}'].get.parameters[0]
    update: {description: Which thing.}
  - target: $.paths['/things/{id}'].get.responses['200']
    update: {description: The thing.}
  - target: $.components.schemas.Thing
    update: {description: A thing.}
  - target: $.components.schemas.Thing.properties.name
    update: {description: Its name.}
"#;

const CORRECTIONS: &str = r#"  - target: $.components.schemas.Thing.properties.name
    description: The <b>length</b> is that of a name, says @somebody.
    update: {maxLength: 64}
  - target: $.paths['/things/{id}'].delete
    description: It may be repeated.
    update: {x-retry-safety: safe}
"#;

const ADDITIONS: &str = r#"  - target: $.components.schemas.Thing.properties
    x-source: {repository: auth0/sdk, version: 2.0.0, file: thing.py, date: 2026-11-30}
    update: {size: {type: integer}}
  - target: $.components.schemas.Thing.properties
    x-source: {repository: auth0/sdk, version: 2.0.0, file: thing.py, date: 2026-11-30}
    update: {color: {type: string}, weight: {type: integer}}
"#;

/// A server whose document can be replaced; `GOOD` at first.
fn changeable_server() -> (Server, std::sync::Arc<std::sync::Mutex<String>>) {
    let document = std::sync::Arc::new(std::sync::Mutex::new(GOOD.to_owned()));
    let current = std::sync::Arc::clone(&document);
    let server = Server::always(move || {
        let text = current.lock().expect("no panic").clone();
        StubResponse::document(text)
    });
    (server, document)
}

/// A repository whose overlays fit `GOOD` except for one correction, and a server with a newer document, which has one addition and a
/// part of the other.
fn repository_with_newer_document() -> (TestRepository, Server) {
    let (server, document) = changeable_server();
    let repository = TestRepository::new(&format!("{}/small.json", server.address));
    repository.write(
        "openapi/small/descriptions.overlay.yaml",
        &format!("{OVERLAY}{DESCRIPTIONS}"),
    );
    repository.write(
        "openapi/small/corrections.overlay.yaml",
        &format!("{OVERLAY}{CORRECTIONS}"),
    );
    repository.write(
        "openapi/small/additions.overlay.yaml",
        &format!("{OVERLAY}{ADDITIONS}"),
    );
    repository.fetches(&options());
    *document.lock().expect("no panic") = GOOD
        .replace(
            "name: {type: string",
            "size: {type: string}\n        weight: {type: integer}\n        name: {maxLength: 64, type: string",
        )
        .replace("/things/{id}", "/items/{id}");
    (repository, server)
}

fn report(repository: &TestRepository, format: ReportFormat) -> String {
    repository.fetches(&fetch::FetchOptions {
        format,
        dry_run: true,
        ..options()
    })
}

#[test]
fn follow_up_work_is_listed_as_text() {
    let (repository, _server) = repository_with_newer_document();
    let before = repository.contents();
    insta::assert_snapshot!("text", report(&repository, ReportFormat::Text));
    assert_eq!(repository.contents(), before);
}

#[test]
fn follow_up_work_is_listed_for_a_pull_request() {
    let (repository, _server) = repository_with_newer_document();
    insta::assert_snapshot!("markdown", report(&repository, ReportFormat::Markdown));
}

#[test]
fn follow_up_work_is_listed_as_json() {
    let (repository, _server) = repository_with_newer_document();
    insta::assert_snapshot!("json", report(&repository, ReportFormat::Json));
}

#[test]
fn listed_actions_are_complete_once_filled_in() {
    let (server, _) = changeable_server();
    let repository = TestRepository::new(&format!("{}/small.json", server.address));
    let first = repository.fetches(&options());
    assert!(
        first.contains("small: 5 items lack a description, because") && !first.contains("target"),
        "{first}"
    );
    let overlay = "openapi/small/descriptions.overlay.yaml";
    repository.write(
        overlay,
        &format!("{OVERLAY}  - target: $.info\n    update: {{x-a: 1}}\n"),
    );
    let text = repository.fetches(&options());
    let (_, actions) = text.split_once(".overlay.yaml:\n").expect("actions");
    repository.write(
        overlay,
        &format!("{OVERLAY}{}", actions.replace("\"\"", "A description.")),
    );
    let text = repository.fetches(&options());
    assert_eq!(text, "small: operations 1, schemas 1, no facts changed\n");
    assert!(report(&repository, ReportFormat::Markdown).contains("All descriptions are present."));
}

#[test]
fn states_are_distinguished() {
    let (server, document) = changeable_server();
    let repository = TestRepository::new(&format!("{}/small.json", server.address));
    let state = |dry_run: bool| {
        let text = repository.fetches(&fetch::FetchOptions {
            format: ReportFormat::Json,
            dry_run,
            ..options()
        });
        let value: Value = serde_json::from_str(&text).expect("JSON");
        value[0]["state"].as_str().expect("a state").to_owned()
    };
    assert_eq!(state(true), "new");
    assert_eq!(state(false), "new");
    assert_eq!(state(false), "unchanged");
    *document.lock().expect("no panic") = GOOD.replace("getThing", "getOne");
    assert_eq!(state(true), "changed");
    assert_eq!(state(false), "changed");
    *document.lock().expect("no panic") = GOOD
        .replace("upstream's", "other")
        .replace("getThing", "getOne");
    assert_eq!(state(false), "unchanged");
}

#[test]
fn failed_api_is_reported_in_every_format() {
    let repository = TestRepository::new("http://127.0.0.1:1/small.json");
    for (format, expected) in [
        (ReportFormat::Text, ""),
        (ReportFormat::Markdown, "## `small`: not fetched\n"),
        (ReportFormat::Json, "\"state\": \"failed\""),
    ] {
        let (text, result) = repository.fetch(&fetch::FetchOptions {
            format,
            ..options()
        });
        assert!(result.is_err());
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn unreadable_overlay_is_an_error_and_nothing_is_written() {
    let (server, _) = changeable_server();
    let repository = TestRepository::new(&format!("{}/small.json", server.address));
    repository.write("openapi/small/corrections.overlay.yaml", "actions: [\n");
    let problem = repository.rejected(&options());
    assert!(
        problem.contains("openapi/small/corrections.overlay.yaml"),
        "{problem}"
    );
}

#[test]
fn names_in_a_document_cannot_inject_markdown() {
    let (server, document) = changeable_server();
    let repository = TestRepository::new(&format!("{}/small.json", server.address));
    let overlay = "openapi/small/descriptions.overlay.yaml";
    repository.write(overlay, &format!("{OVERLAY}{DESCRIPTIONS}"));
    repository.fetches(&options());
    let hostile = "`|@octocat</summary><script>x</script>\\n- [x] done\\n```\\n# Title ";
    *document.lock().expect("no panic") = GOOD
        .replace(
            "'#/components/schemas/Thing'",
            "'#/components/schemas/Thing', description: x",
        )
        .replace(
            "        name: {",
            &format!("        \"{hostile}\": {{type: string}}\n        name: {{"),
        );
    insta::assert_snapshot!(
        "hostile_markdown",
        report(&repository, ReportFormat::Markdown)
    );
}

#[test]
fn long_list_is_truncated_to_the_limit_of_a_pull_request() {
    let (server, document) = changeable_server();
    let repository = TestRepository::new(&format!("{}/small.json", server.address));
    repository.publish("other", &format!("{}/other.json", server.address));
    for api in ["small", "other"] {
        let overlay = format!("openapi/{api}/descriptions.overlay.yaml");
        repository.write(&overlay, &format!("{OVERLAY}{DESCRIPTIONS}"));
    }
    repository.fetches(&options());
    let many: String = (0..5000)
        .map(|n| format!("        name{n}: {{type: string}}\n"))
        .collect();
    *document.lock().expect("no panic") =
        GOOD.replace("        name: {", &format!("{many}        name: {{"));
    let text = report(&repository, ReportFormat::Markdown);
    assert!(text.len() > 40_000 && text.len() < 65_536, "{}", text.len());
    for api in ["small", "other"] {
        let (_, section) = text
            .split_once(&format!("## `{api}`: facts changed"))
            .expect("a section");
        assert!(
            section.contains("more tasks were omitted; `cargo xtask fetch"),
            "{section}"
        );
    }
    // All sections are closed.
    assert_eq!(
        text.matches("<details>").count(),
        text.matches("</details>").count()
    );
    assert_eq!(text.matches("\n```").count() % 2, 0);
}
