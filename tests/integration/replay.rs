//! `cargo xtask replay` on versions of a small document.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;
use xtask::spec::document::Document;

use crate::repository::{repository, xtask};

/// Writes the versions of a document: the first, one with additions, one with breaking changes.
fn history() -> (TempDir, Value) {
    let path = repository().join("tests/integration/additional_api/bookings.yaml");
    let first = Document::read(&path).unwrap().value;
    let mut additive = first.clone();
    let mut operation = first["paths"]["/rooms"]["get"].clone();
    operation["operationId"] = json!("listFreeRooms");
    operation["x-operation-name"] = json!("list_free");
    additive["paths"]["/rooms/free"] = json!({ "get": operation });
    let schemas = &mut additive["components"]["schemas"];
    schemas["Room"]["properties"]["kind"]["enum"] = json!(["desk", "hall", "booth"]);
    schemas["NewBooking"]["properties"]["guests"] = json!({"type": "integer"});
    let mut breaking = additive.clone();
    let schemas = &mut breaking["components"]["schemas"];
    schemas["NewBooking"]["required"] = json!(["starts_at", "guests"]);
    let booking = schemas["Booking"]["properties"].as_object_mut().unwrap();
    let renamed = booking.remove("door_secret").unwrap();
    booking.insert("entry_secret".to_owned(), renamed);
    let folder = TempDir::new().unwrap();
    for (name, version) in [
        ("1.json", &first),
        ("2.json", &additive),
        ("3.json", &breaking),
    ] {
        fs::write(folder.path().join(name), version.to_string()).unwrap();
    }
    (folder, breaking)
}

fn replay(folder: &TempDir, arguments: &[&str]) -> (u8, String) {
    let mut all = vec!["replay", folder.path().to_str().unwrap()];
    all.extend(arguments);
    xtask(&repository(), &all)
}

#[test]
fn additive_and_breaking_steps_need_one_command_and_no_edits_and_compile() {
    let (folder, _) = history();
    let (status, text) = replay(&folder, &["--format", "json"]);
    assert_eq!(status, 0, "{text}");
    let steps: Value = serde_json::from_str(&text).unwrap();
    let steps = steps.as_array().unwrap();
    let column = |key: &str| -> Vec<Value> { steps.iter().map(|step| step[key].clone()).collect() };
    assert_eq!(column("command"), ["add", "bump", "bump"]);
    assert_eq!(column("level"), ["new", "additive", "breaking"]);
    assert_eq!(column("version"), ["0.1.0", "0.1.1", "0.2.0"]);
    assert_eq!(column("hand_edits"), [0, 0, 0]);
    assert_eq!(column("compiles"), [true, true, true]);
    for step in steps {
        let count = |key: &str| step[key].as_u64().unwrap();
        assert!(count("files") > 3, "{step}");
        assert!(
            count("lines_to_review") > 0 && count("lines_to_review") < count("lines"),
            "{step}"
        );
    }
}

#[test]
fn step_that_cannot_finish_is_shown_and_later_ones_continue_from_the_last_good_one() {
    let (folder, mut last) = history();
    let invalid =
        json!({"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": {"/a": 1}});
    fs::write(folder.path().join("2.json"), invalid.to_string()).unwrap();
    fs::remove_file(folder.path().join("1.json")).unwrap();
    last["paths"] = json!({});
    fs::write(folder.path().join("4.json"), last.to_string()).unwrap();
    let (status, text) = replay(&folder, &["--include", "/rooms"]);
    assert_eq!(status, 1, "{text}");
    let rows: Vec<Vec<&str>> = text
        .lines()
        .take(4)
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(rows[1][..3], ["2.json", "add", "1"], "{text}");
    assert_eq!(rows[2][..3], ["3.json", "add", "0"], "{text}");
    assert_eq!(rows[3][..3], ["4.json", "bump", "1"], "{text}");
    assert!(
        text.contains("1 of 3 steps pass; 3 commands, 2 hand edits"),
        "{text}"
    );
    assert!(text.contains("\n4.json:\n"), "{text}");
}

#[test]
fn folder_without_documents_is_an_error() {
    let folder = TempDir::new().unwrap();
    let (status, text) = replay(&folder, &[]);
    assert_eq!(status, 2, "{text}");
    assert!(text.contains("the folder contains no documents"), "{text}");
}
