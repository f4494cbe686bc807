//! Cursors: their stored form, and the listings that accept them.

use auth0_core::codegen::OperationFields;
use std::sync::LazyLock;

use auth0_core::codegen::{Listing, Position, Transport};
use auth0_core::{Cursor, Open, Operation, StaticToken};
use serde_json::json;

use crate::support::transport;

static LIST_TENANTS: Operation = Operation::new(OperationFields {
    id: "listTenants",
    method: "GET",
    path: "/tenants/{id}",
    ..OperationFields::DEFAULT
});
static LIST_MEMBERS: Operation = Operation::new(OperationFields {
    id: "listMembers",
    method: "GET",
    path: "/members",
    ..OperationFields::DEFAULT
});

static ACME: LazyLock<Transport> =
    LazyLock::new(|| transport("https://acme.teams.auth0.com/", StaticToken::new("t")));

/// A listing with one parameter of each kind.
fn tenants() -> Listing {
    Listing::new(&ACME, &LIST_TENANTS)
        .with("locality", "us")
        .with("id", &Open::Known(7))
        .with("limit", &Some(3))
        .with("tags", &["b", "a"])
        .with("environment", &None::<String>)
}

fn checkpoint(text: &str) -> Position {
    Position::Checkpoint(text.to_owned())
}

/// The error of a listing for a cursor of another one.
fn violations(listing: &Listing, cursor: Cursor) -> Vec<String> {
    let error = listing.position_of(cursor).unwrap_err();
    assert!(error.is_invalid_request());
    assert_eq!(error.operation(), Some(listing.operation().id()));
    error.violations().iter().map(ToString::to_string).collect()
}

#[test]
fn cursor_is_stored_in_a_stable_form() {
    insta::assert_snapshot!(
        serde_json::to_string_pretty(&tenants().cursor(checkpoint("page 2"))).unwrap(),
        @r#"
{
  "version": 1,
  "base_url": "https://acme.teams.auth0.com",
  "operation": "listTenants",
  "query": {
    "id": 7,
    "limit": 3,
    "locality": "us",
    "tags": [
      "b",
      "a"
    ]
  },
  "position": {
    "checkpoint": "page 2"
  }
}
"#
    );
    insta::assert_snapshot!(
        serde_json::to_string(&Listing::new(&ACME, &LIST_MEMBERS).cursor(Position::Start)).unwrap(),
        @r#"{"version":1,"base_url":"https://acme.teams.auth0.com","operation":"listMembers","query":{},"position":"start"}"#
    );
}

#[test]
fn stored_cursor_round_trips_and_is_accepted() {
    for position in [Position::Start, checkpoint("page 2")] {
        let cursor = tenants().cursor(position.clone());
        let text = serde_json::to_string(&cursor).unwrap();
        let read: Cursor = serde_json::from_str(&text).unwrap();
        assert_eq!(read, cursor);
        assert_eq!(tenants().position_of(read).unwrap(), position);
    }
}

#[test]
fn order_of_parameters_does_not_matter() {
    let one = Listing::new(&ACME, &LIST_MEMBERS)
        .with("a", &1)
        .with("b", &2);
    let other = Listing::new(&ACME, &LIST_MEMBERS)
        .with("b", &2)
        .with("a", &1);
    assert!(other.position_of(one.cursor(Position::Start)).is_ok());
}

#[test]
fn stored_cursor_of_a_later_version_is_an_error() {
    let stored = serde_json::to_value(tenants().cursor(Position::Start)).unwrap();
    let error_with = |key: &str, value| {
        let mut stored = stored.clone();
        stored[key] = value;
        serde_json::from_value::<Cursor>(stored)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        error_with("version", json!(2)),
        "found a cursor of version 2, expected version 1"
    );
    for later in [json!({"line": 50}), json!("end")] {
        let text = error_with("position", later);
        assert!(
            text.contains("expected one of `start`, `checkpoint`, `offset`"),
            "{text}"
        );
    }
}

#[test]
fn corrupt_stored_cursor_is_an_error() {
    let stored = serde_json::to_value(tenants().cursor(checkpoint("page 2"))).unwrap();
    for key in ["version", "base_url", "operation", "query", "position"] {
        let mut without = stored.clone();
        without.as_object_mut().unwrap().remove(key);
        let text = serde_json::from_value::<Cursor>(without)
            .unwrap_err()
            .to_string();
        assert_eq!(text, format!("missing field `{key}`"));
        let mut odd = stored.clone();
        odd[key] = json!([null]);
        assert!(serde_json::from_value::<Cursor>(odd).is_err(), "{key}");
    }
}

#[test]
fn cursor_of_another_query_names_the_parameters_without_values() {
    let cursor = tenants().with("sort", "up").cursor(checkpoint("page 2"));
    let listing = Listing::new(&ACME, &LIST_TENANTS)
        .with("locality", "eu-secret")
        .with("id", &7)
        .with("tags", &["a", "b"])
        .with("environment", "secret");
    insta::assert_snapshot!(violations(&listing, cursor.clone()).join("\n"), @"
cursor: parameter `environment`: found no value, expected that of the request
cursor: parameter `limit`: found a value, expected none
cursor: parameter `locality`: found another value, expected that of the request
cursor: parameter `sort`: found a value, expected none
cursor: parameter `tags`: found another value, expected that of the request
");
    let text = format!("{:?}", listing.position_of(cursor).unwrap_err());
    assert!(
        !text.contains("secret") && !text.contains("page 2"),
        "{text}"
    );
}

#[test]
fn cursor_of_another_api_or_operation_names_both() {
    let other = transport("https://other.teams.auth0.com", StaticToken::new("t"));
    let cursor = Listing::new(&other, &LIST_MEMBERS).cursor(checkpoint("page 2"));
    insta::assert_snapshot!(violations(&tenants(), cursor).join("\n"), @"
cursor: found base URL `https://other.teams.auth0.com`, expected `https://acme.teams.auth0.com`
cursor: found operation `listMembers`, expected `listTenants`
");
}

#[test]
fn cursor_of_another_base_url_shows_no_paths() {
    let [one, other] = ["/s3cr3t-1", "/s3cr3t-2"].map(|path| {
        transport(
            &format!("http://127.0.0.1:8080{path}"),
            StaticToken::new("t"),
        )
    });
    let cursor = Listing::new(&one, &LIST_TENANTS).cursor(checkpoint("page 2"));
    insta::assert_snapshot!(violations(&Listing::new(&other, &LIST_TENANTS), cursor).join("\n"), @"cursor: found base URL `http://127.0.0.1:8080/…` with another path, expected `http://127.0.0.1:8080/…`");
    let mut stored = serde_json::to_value(tenants().cursor(Position::Start)).unwrap();
    stored["base_url"] = json!("ftp://user:s3cr3t@host/");
    let cursor: Cursor = serde_json::from_value(stored).unwrap();
    assert_eq!(
        violations(&tenants(), cursor),
        ["cursor: found an invalid base URL, expected base URL `https://acme.teams.auth0.com`"]
    );
}

#[test]
fn odd_names_in_a_stored_cursor_keep_the_error_on_one_line() {
    let mut stored = serde_json::to_value(tenants().cursor(Position::Start)).unwrap();
    stored["query"]["a\nb"] = json!(1);
    let cursor: Cursor = serde_json::from_value(stored).unwrap();
    assert_eq!(
        violations(&tenants(), cursor),
        ["cursor: parameter `ab`: found a value, expected none"]
    );
}

#[test]
fn debug_of_a_cursor_shows_names_and_no_values() {
    let listing = Listing::new(&ACME, &LIST_TENANTS).with("locality", "secret");
    let cursor = listing.cursor(checkpoint("secret"));
    insta::assert_snapshot!(
        format!("{cursor:?}"),
        @r#"Cursor { operation: "listTenants", query: ["locality"], position: Checkpoint(…), .. }"#
    );
    assert!(!format!("{listing:?}").contains("secret"));
}
