//! Adds an API to a copy of the repository with one command, as CONTRIBUTING.md describes.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::repository::{checkout, files, repository, xtask};

/// A program that uses the resources, setters, streams and types of the new crate.
const PROGRAM: &str = r#"
//! Uses the crate.

use auth0_bookings::{types::NewBooking, Client, Error};

/// Books every room.
pub async fn book(client: Client) -> Result<(), Error> {
    assert_eq!(auth0_bookings::audience("Acme.eu.auth0.com")?, "https://acme.eu.auth0.com/bookings/");
    let mut rooms = client.rooms().list().page_size(10).stream();
    while let Some(room) = rooms.try_next().await? {
        let booking = NewBooking::with_starts_at("2026-01-08T10:00:00Z".parse::<auth0_bookings::chrono::DateTime<_>>().unwrap());
        let booked = client.rooms().bookings().create(&room.id, booking).await?;
        println!("{:?}", booked.door_secret);
    }
    Ok(())
}
"#;

fn document() -> String {
    format!(
        "{}/integration/additional_api/bookings.yaml",
        env!("CARGO_MANIFEST_DIR")
    )
}

#[test]
fn api_is_added_by_one_command_and_its_crate_compiles() {
    let copy = checkout();
    let root = copy.path();
    let before = files(root);
    let document = document();
    let audience = "https://{domain}/bookings/";
    let mut command = vec!["add", "bookings", "--from", &document];
    command.extend(["--audience", audience, "--dry-run"]);
    let (status, text) = xtask(root, &command);
    assert_eq!(status, 0, "{text}");
    assert!(files(root) == before, "a dry run wrote files");

    let (status, text) = xtask(root, &command[..command.len() - 1]);
    assert_eq!(status, 0, "{text}");
    assert!(text.starts_with("auth0-bookings 0.1.0: 2 operations in generated/bookings\nbase URL https://{domain}/bookings\n"), "{text}");
    let written: Vec<&str> = text.lines().filter(|line| line.starts_with("  ")).collect();
    assert_eq!(written.last(), Some(&"  openapi/sources.toml"), "{text}");
    let changelog = fs::read_to_string(root.join("CHANGELOG.md")).unwrap();
    assert!(
        changelog.contains("\n## auth0-bookings 0.1.0 - "),
        "{changelog}"
    );
    let (status, text) = xtask(root, &["regen", "--check"]);
    assert_eq!(status, 0, "{text}");
    let changed = ["CHANGELOG.md", "Cargo.lock", "openapi/sources.toml"];
    let mut others = files(root);
    others.retain(|path, _| !path.components().any(|part| part.as_os_str() == "bookings"));
    assert!(others.keys().eq(before.keys()));
    for (path, text) in before {
        assert!(
            changed.iter().any(|file| path == Path::new(file)) || others[&path] == text,
            "{} changed",
            path.display()
        );
    }

    let (works, text) = check(&copy);
    assert!(works, "{text}");
    assert_eq!(text, "");
}

#[test]
fn api_that_cannot_be_added_is_an_error_and_changes_no_file() {
    let copy = checkout();
    let root = copy.path();
    let before = files(root);
    let document = document();
    let rejected = TempDir::new().unwrap();
    let invalid = rejected.path().join("invalid.yaml");
    fs::write(&invalid, "openapi: 3.1.0\ninfo: {title: T, version: '1'}\npaths: {/a: {get: {responses: {'200': {$ref: '#/x'}}}}}\n").unwrap();
    let invalid = invalid.to_str().unwrap();
    let rejections = [
        (
            vec!["teams", "--from", &document],
            "there is an API called `teams` already",
        ),
        (
            vec!["Teams!", "--from", &document],
            "`Teams!` is not a valid API name",
        ),
        (
            vec!["sandbox", "--from", &document],
            "the crate name `auth0-sandbox` is in use",
        ),
        (
            vec!["rooms", "--from", &document, "--crate", "auth0_teams"],
            "the crate of the API `teams`",
        ),
        (
            vec!["rooms", "--from", &document, "--crate", "fn"],
            "`fn` is not a valid crate name",
        ),
        (
            vec![
                "rooms",
                "--from",
                &document,
                "--base-url",
                "http://example.com",
            ],
            "plain http is for this machine only",
        ),
        (
            vec![
                "rooms",
                "--from",
                &document,
                "--base-url",
                "https://example.com/{v}",
            ],
            "a variable is not in the host of the URL",
        ),
        (
            vec!["rooms", "--from", &document, "--audience", "https://{a"],
            "unmatched brace",
        ),
        (
            vec![
                "rooms",
                "--from",
                &document,
                "--url",
                "https://u:p@example.com/a",
            ],
            "contains a user name or a password",
        ),
        (
            vec!["rooms", "--from", &document, "--include", "/halls"],
            "/halls",
        ),
        (vec!["rooms", "--from", "missing.yaml"], "missing.yaml"),
        (
            vec!["rooms", "--from", invalid],
            "the target of the reference does not exist",
        ),
    ];
    for (arguments, message) in rejections {
        let command: Vec<&str> = std::iter::once("add").chain(arguments).collect();
        let (status, text) = xtask(root, &command);
        assert_eq!(status, 2, "{command:?}: {text}");
        assert!(text.contains(message), "{command:?}: {text}");
        assert!(files(root) == before, "{command:?} wrote files");
    }
}

#[test]
fn rejected_document_is_corrected_by_an_overlay_and_added_by_the_same_command() {
    let copy = checkout();
    let root = copy.path();
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("document.yaml");
    let text = fs::read_to_string(document()).unwrap();
    let text = text.replace(
        "note: {type: [string",
        "note: {$ref: '#/components/schemas/Note', type: [string",
    );
    fs::write(
        &path,
        text.replace("servers:\n  - url: https://{domain}/bookings\n", ""),
    )
    .unwrap();
    let command = ["add", "bookings", "--from", path.to_str().unwrap()];
    let (status, text) = xtask(root, &command);
    assert_eq!(status, 2, "{text}");
    let overlay = root.join("openapi/bookings/corrections.overlay.yaml");
    fs::create_dir_all(overlay.parent().unwrap()).unwrap();
    fs::write(
        overlay,
        "overlay: 1.0.0\ninfo: {title: Corrections, version: 1.0.0}\nactions:\n  - target: $.components.schemas.NewBooking.properties.note['$ref']\n    description: There is no such schema.\n    remove: true\n",
    )
    .unwrap();
    let (status, text) = xtask(root, &command);
    assert_eq!(status, 0, "{text}");
    assert!(
        text.contains("no base URL: the document names no server"),
        "{text}"
    );
    let (status, text) = xtask(root, &["regen", "bookings", "--check"]);
    assert_eq!(status, 0, "{text}");
}

/// Type-checks the new crate as a member of the workspace, with the program as its example.
fn check(copy: &TempDir) -> (bool, String) {
    let root = copy.path();
    let manifest = fs::read_to_string(repository().join("Cargo.toml")).unwrap();
    // The copy has only some of the members. The pattern `generated/*` stays.
    let members = r#""xtask", "crates/*", "generated/*", "tests", "benches""#;
    assert!(manifest.contains(members), "{manifest}");
    let manifest = manifest.replace(members, r#""crates/core", "generated/*""#);
    fs::write(root.join("Cargo.toml"), manifest).unwrap();
    for (path, text) in files(&repository().join("crates/core")) {
        let path = root.join("crates/core").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let examples = root.join("generated/bookings/examples");
    fs::create_dir(&examples).unwrap();
    // An example needs a `main`; nothing is run.
    let program = format!("{PROGRAM}\nfn main() {{\n    let _ = book;\n}}\n");
    fs::write(examples.join("book.rs"), program).unwrap();

    // Reuse what the workspace has already built: cargo's directory for tests is inside its target directory.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let output = Command::new(env!("CARGO"))
        .args([
            "check",
            "--package",
            "auth0-bookings",
            "--examples",
            "--offline",
            "--quiet",
        ])
        .current_dir(root)
        .env("CARGO_TARGET_DIR", target)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.success(), text)
}
