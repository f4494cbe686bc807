//! Adds an API to a copy of the repository as ARCHITECTURE.md describes: an entry in `sources.toml`, `fetch`,
//! descriptions and `regen`, without code.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::repository::{copy, files, repository, xtask};

const ENTRY: &str = r#"
[bookings]
url = "https://bookings.example.com/openapi.yaml"
crate = "auth0-bookings"
version = "0.1.0"
base_url = "https://{domain}/bookings"
variables = { domain = "host" }
audience = "https://{domain}/bookings/"
plans.free.tenant = { read = 4, write = 2 }
"#;

/// A program that uses the resources, setters, streams, limits and types of the new crate.
const PROGRAM: &str = r#"
//! Uses the crate.

use auth0_bookings::{limits, types::NewBooking, Client, Error};

/// Books every room.
pub async fn book(client: Client) -> Result<(), Error> {
    assert_eq!(auth0_bookings::audience("Acme.eu.auth0.com")?, "https://acme.eu.auth0.com/bookings/");
    let _ = limits::FREE;
    let mut rooms = client.rooms().list().page_size(10).stream();
    while let Some(room) = rooms.try_next().await? {
        let booking = NewBooking::with_starts_at("2026-01-08T10:00:00Z".parse::<auth0_bookings::chrono::DateTime<_>>().unwrap());
        let booked = client.rooms().bookings().create(&room.id, booking).await?;
        println!("{:?}", booked.door_secret);
    }
    Ok(())
}
"#;

#[test]
fn api_is_added_by_entry_fetch_descriptions_and_regen_then_its_crate_compiles() {
    let copy = copy();
    let root = copy.path();
    let others = files(&root.join("generated"));
    append(&root.join("openapi/sources.toml"), ENTRY);

    let document =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("integration/additional_api/bookings.yaml");
    let (status, text) = xtask(
        root,
        &["fetch", "bookings", "--from", document.to_str().unwrap()],
    );
    assert_eq!(status, 0, "{text}");

    let (status, text) = xtask(root, &["regen", "bookings"]);
    assert_eq!(status, 0, "{text}");
    assert!(text.contains("derived from the document"), "{text}");
    let (status, text) = xtask(root, &["coverage", "bookings", "--fail-under", "100"]);
    assert_eq!(status, 1, "descriptions are missing: {text}");
    let (_, actions) = text.split_once("descriptions.overlay.yaml:\n").unwrap();
    let overlay = format!(
        "overlay: 1.0.0\ninfo:\n  title: Descriptions\n  version: 1.0.0\nactions:\n{}",
        actions.replace("\"\"", "Describes it.")
    );
    let descriptions = root.join("openapi/bookings/descriptions.overlay.yaml");
    fs::write(descriptions, overlay).unwrap();
    let (status, text) = xtask(root, &["coverage", "bookings", "--fail-under", "100"]);
    assert_eq!(status, 0, "{text}");

    let (status, text) = xtask(root, &["regen"]);
    assert_eq!(status, 0, "{text}");
    let (status, text) = xtask(root, &["regen", "--check"]);
    assert_eq!(status, 0, "{text}");
    let mut generated = files(&root.join("generated"));
    generated.retain(|path, _| !path.starts_with("bookings"));
    assert_eq!(generated, others, "the other crates changed");

    let (works, text) = check(&copy);
    assert!(works, "{text}");
    assert_eq!(text, "");
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
    fs::copy(repository().join("Cargo.lock"), root.join("Cargo.lock")).unwrap();
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

fn append(path: &Path, text: &str) {
    let before = fs::read_to_string(path).unwrap();
    fs::write(path, before + text).unwrap();
}
