//! Open and nullable values, path segments, operations.

use auth0_core::codegen::OperationFields;
use std::collections::HashSet;

use auth0_core::codegen::{RequestBuilder, Style};
use auth0_core::{Nullable, Open, Operation, Outcomes, Paging, RetrySafety, SecretString, http};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

/// An enum like those of typify.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
enum Role {
    #[serde(rename = "teams_owner")]
    Owner,
    #[serde(rename = "teams_report_viewer")]
    Viewer,
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Owner => "teams_owner",
            Self::Viewer => "teams_report_viewer",
        })
    }
}

/// Values that every `Open` must accept.
fn odd_values() -> Vec<Value> {
    vec![
        json!(null),
        json!(true),
        json!(0),
        json!(7),
        json!(-7),
        json!(7.5),
        json!("teams_tenant_manager"),
        json!(""),
        json!([1, [null], {}]),
        json!({ "teams_owner": null }),
        json!({ "a": { "b": [1] } }),
    ]
}

/// Deserializes every odd value as `Open<T>` from text, bytes and a tree, and serializes it again.
fn assert_takes_anything<T>()
where
    T: for<'de> Deserialize<'de> + Serialize + PartialEq + std::fmt::Debug,
{
    for value in odd_values() {
        let text = value.to_string();
        let readings: [Open<T>; 3] = [
            serde_json::from_str(&text).unwrap(),
            serde_json::from_slice(text.as_bytes()).unwrap(),
            serde_json::from_value(value.clone()).unwrap(),
        ];
        for open in readings {
            assert_eq!(open, Open::other(value.clone()), "{text}");
            assert_eq!(serde_json::to_value(&open).unwrap(), value);
        }
    }
}

#[test]
fn unlisted_value_of_any_kind_is_kept_unchanged() {
    assert_takes_anything::<Role>();
    assert_takes_anything::<Uuid>();
    assert_takes_anything::<DateTime<Utc>>();
    assert_takes_anything::<NaiveDate>();
}

#[test]
fn listed_value_is_known() {
    let role: Open<Role> = serde_json::from_str("\"teams_owner\"").unwrap();
    assert_eq!(role.known(), Some(&Role::Owner));
    assert_eq!(role, Role::Owner);
    assert_ne!(role, Role::Viewer);
    assert_eq!(role, Open::from(Role::Owner));
    assert_eq!(role.into_known(), Some(Role::Owner));
    // With an escape, serde passes an owned string.
    let role: Open<Role> = serde_json::from_str("\"teams\\u005fowner\"").unwrap();
    assert_eq!(role, Role::Owner);
    assert_eq!(
        serde_json::from_value::<Open<Role>>(json!("teams_owner")).unwrap(),
        Role::Owner
    );
    assert_eq!(serde_json::to_value(role).unwrap(), json!("teams_owner"));

    let id: Open<Uuid> = serde_json::from_str("\"4b4ea5a8-5b8e-4d0c-9d8d-0d2b6a2a6f5e\"").unwrap();
    assert_eq!(
        id,
        Open::parse("4b4ea5a8-5b8e-4d0c-9d8d-0d2b6a2a6f5e").unwrap()
    );
    assert!(Open::<Uuid>::parse("4b4e").is_err());
    let time: Open<DateTime<Utc>> =
        serde_json::from_str("\"2026-01-08T10:00:00.5+01:00\"").unwrap();
    assert_eq!(
        time.known().unwrap().to_rfc3339(),
        "2026-01-08T09:00:00.500+00:00"
    );
    assert_eq!(serde_json::from_str::<Open<i64>>("-7").unwrap(), -7);
    assert_eq!(serde_json::from_str::<Open<u64>>("7").unwrap(), 7);
    assert_eq!(serde_json::from_str::<Open<f64>>("7.5").unwrap(), 7.5);
    assert_eq!(serde_json::from_str::<Open<bool>>("true").unwrap(), true);
}

/// Decodes a value as `Open<T>`: the JSON that it serializes to, and whether it is known.
fn decoded<T>(value: &str) -> (String, bool)
where
    T: for<'de> Deserialize<'de> + Serialize,
{
    let from_text: Open<T> = serde_json::from_str(value).unwrap();
    let tree: Value = serde_json::from_str(value).unwrap();
    let from_tree: Open<T> = serde_json::from_value(tree).unwrap();
    let [text, tree] = [&from_text, &from_tree].map(|open| serde_json::to_string(open).unwrap());
    assert_eq!(text, tree);
    (text, from_text.known().is_some())
}

#[test]
fn integer_is_decoded_from_an_integral_float_and_a_numeric_string() {
    for value in ["3", "3.0", "\"3\"", "\"3.0\"", "3e0"] {
        assert_eq!(decoded::<i64>(value), ("3".to_owned(), true), "{value}");
        assert_eq!(decoded::<u64>(value), ("3".to_owned(), true), "{value}");
    }
    assert_eq!(decoded::<i64>("-0.0"), ("0".to_owned(), true));
    assert_eq!(decoded::<i64>("-7.0"), ("-7".to_owned(), true));
    let largest = "18446744073709551615";
    assert_eq!(decoded::<u64>(largest), (largest.to_owned(), true));
    let unreadable = [
        "3.5",
        "\"3.5\"",
        "\"three\"",
        "\"\"",
        "\" 3\"",
        "\"+3\"",
        "\"NaN\"",
        "\"inf\"",
        "1e30",
        // From 2^53 on, a float represents several integers.
        "9007199254740992.0",
        "18446744073709551615",
        "true",
        "null",
        "[3]",
        "{\"a\":3}",
    ];
    for value in unreadable {
        let expected = serde_json::from_str::<Value>(value).unwrap().to_string();
        assert_eq!(decoded::<i64>(value), (expected, false), "{value}");
    }
}

#[test]
fn number_is_decoded_from_an_integer_and_a_numeric_string() {
    for (value, expected) in [
        ("1.5", "1.5"),
        ("3", "3.0"),
        ("\"1.5\"", "1.5"),
        ("\"3\"", "3.0"),
    ] {
        assert_eq!(
            decoded::<f64>(value),
            (expected.to_owned(), true),
            "{value}"
        );
    }
    for value in ["\"NaN\"", "\"inf\"", "\"1,5\"", "true", "null", "[]"] {
        assert_eq!(decoded::<f64>(value), (value.to_owned(), false));
    }
}

#[test]
fn boolean_is_decoded_from_its_text() {
    for (value, expected) in [
        ("true", "true"),
        ("\"true\"", "true"),
        ("\"false\"", "false"),
    ] {
        assert_eq!(
            decoded::<bool>(value),
            (expected.to_owned(), true),
            "{value}"
        );
    }
    for value in ["\"yes\"", "\"True\"", "1", "0", "null", "{}"] {
        assert_eq!(decoded::<bool>(value), (value.to_owned(), false));
    }
}

#[test]
fn string_is_decoded_from_a_number_and_a_boolean() {
    let cases = [
        ("\"a\"", "\"a\""),
        ("\"\\u0061\"", "\"a\""),
        ("\"3\"", "\"3\""),
        ("7", "\"7\""),
        ("-7", "\"-7\""),
        ("18446744073709551615", "\"18446744073709551615\""),
        ("7.5", "\"7.5\""),
        ("true", "\"true\""),
    ];
    for (value, expected) in cases {
        assert_eq!(
            decoded::<String>(value),
            (expected.to_owned(), true),
            "{value}"
        );
    }
    for value in ["null", "[\"a\"]", "{\"a\":\"b\"}"] {
        assert_eq!(decoded::<String>(value), (value.to_owned(), false));
    }
}

#[test]
fn open_string_supports_the_operations_of_a_string() {
    let text: Open<String> = "jane".into();
    let plain: &str = &text;
    assert_eq!(plain, "jane");
    let owned = "jane".to_owned();
    assert!(text == "jane" && text == *"jane" && text == owned);
    assert!("jane" == text && *"jane" == text && owned == text);
    assert_eq!(text, Open::from("jane".to_owned()));
    assert_eq!(text.as_ref(), "jane");
    assert_eq!(String::from(&text), "jane");
    assert_eq!(String::from(text.clone()), "jane");
    let optional = Some(text);
    assert_eq!(optional.as_deref(), Some("jane"));

    let null: Open<String> = Open::other(Value::Null);
    assert!(null.is_null() && null.is_empty());
    assert_ne!(null, String::new());
    assert_eq!(
        (null.known(), &*null, String::from(&null)),
        (None, "", String::new())
    );
    assert!(!Open::<String>::other(json!([])).is_null());

    let mut sorted = vec![null.clone(), "b".into(), Open::other(json!([])), "a".into()];
    sorted.sort();
    let list = Open::other(json!([]));
    assert_eq!(sorted, ["a".into(), "b".into(), list, null]);
    assert_eq!(Open::<String>::default(), String::new());
}

#[test]
fn open_numbers_and_booleans_compare_with_plain_ones() {
    let count: Open<i64> = 3.into();
    assert!(count > 2 && count < 4 && count == 3);
    let null: Open<i64> = Open::other(Value::Null);
    assert!(null.partial_cmp(&2).is_none() && null != 0);
    assert!(Open::from(true).is_true() && !Open::from(false).is_true());
    assert!(!Open::<bool>::other("yes").is_true());
    assert_eq!(Open::from(2.5).to_string(), "2.5");
}

#[test]
fn open_value_converts_into_nullable() {
    let texts: [Nullable<Open<String>>; 4] = [
        "a".into(),
        "a".to_owned().into(),
        Open::from("a").into(),
        Some(Open::from("a")).into(),
    ];
    assert!(
        texts
            .iter()
            .all(|text| text.as_value().is_some_and(|text| text == "a"))
    );
    let flag: Nullable<Open<bool>> = true.into();
    assert_eq!(flag, Nullable::Value(Open::Known(true)));
}

#[test]
fn open_value_displays_as_its_text() {
    let other: Open<Role> = Open::other("teams_tenant_manager");
    assert!(other.is("teams_tenant_manager") && !other.is("teams_owner"));
    assert_eq!(other.to_string(), "teams_tenant_manager");
    assert!(Open::from(Role::Owner).is("teams_owner"));
    assert_eq!(format!("{:>12}|", Open::from(Role::Owner)), "teams_owner|");
    assert_eq!(
        Open::<Role>::other(json!({ "a": 1 })).to_string(),
        r#"{"a":1}"#
    );
    assert!(!Open::<Role>::other(7).is("7"));
    let Open::Other(unlisted) = &other else {
        panic!("an unlisted value")
    };
    assert_eq!(
        (unlisted.as_str(), unlisted.value()),
        (Some("teams_tenant_manager"), &json!("teams_tenant_manager"))
    );
    assert!(format!("{other:?}").contains("teams_tenant_manager"));
    assert_eq!(
        HashSet::from([other.clone(), other, Role::Owner.into()]).len(),
        2
    );
}

#[test]
fn unexpected_value_does_not_fail_its_page() {
    #[derive(Deserialize)]
    struct Member {
        role: Open<Role>,
        last_login: Option<Open<DateTime<Utc>>>,
    }
    let page = r#"[{"role":"teams_owner","last_login":"2026-01-08T10:00:00Z"},{"role":null,"last_login":null},{"role":{"x":[1]}}]"#;
    let members: Vec<Member> = serde_json::from_str(page).unwrap();
    assert_eq!(members[0].role, Role::Owner);
    assert!(members[0].last_login.as_ref().unwrap().known().is_some());
    assert_eq!(members[1].role, Open::other(Value::Null));
    assert!(members[1].last_login.is_none());
    assert_eq!(members[2].role.to_string(), r#"{"x":[1]}"#);
}

#[test]
fn broken_json_inside_an_open_value_is_an_error() {
    for text in ["{\"a\":", "[1,", "\"x", "nul", "{\"a\" 1}"] {
        assert!(serde_json::from_str::<Open<Role>>(text).is_err(), "{text}");
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Update {
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "Nullable::deserialize_present"
    )]
    name: Option<Nullable<String>>,
}

#[test]
fn absent_null_and_value_round_trip() {
    for (update, text) in [
        (Update { name: None }, "{}"),
        (
            Update {
                name: Some(Nullable::Null),
            },
            r#"{"name":null}"#,
        ),
        (
            Update {
                name: Some("x".into()),
            },
            r#"{"name":"x"}"#,
        ),
    ] {
        assert_eq!(serde_json::to_string(&update).unwrap(), text);
        assert_eq!(serde_json::from_str::<Update>(text).unwrap(), update);
    }
}

#[test]
fn nullable_converts_from_and_into_options() {
    assert_eq!(Nullable::from(7).as_value(), Some(&7));
    assert_eq!(Nullable::from(Some(7)), Nullable::Value(7));
    assert_eq!(Nullable::<u8>::from(None), Nullable::Null);
    assert_eq!(Nullable::<u8>::Null.into_option(), None);
    assert_eq!(Nullable::Value(7).into_option(), Some(7));
    let secret: Nullable<SecretString> = "s".into();
    assert_eq!(secret.as_value().unwrap().secret(), "s");
}

#[test]
fn path_segment_is_encoded_except_unreserved_characters() {
    for (plain, encoded) in [
        ("auth0|abc/1 ü", "auth0%7Cabc%2F1%20%C3%BC"),
        ("a\\b?c#d%e", "a%5Cb%3Fc%23d%25e"),
        ("AZaz09-._~", "AZaz09-._~"),
        ("%2e%2e", "%252e%252e"),
        ("a\r\nb\0", "a%0D%0Ab%00"),
    ] {
        let mut request = RequestBuilder::new(http::Method::GET, "https://example.com/");
        request.path_value("id", plain, Style::SIMPLE);
        let request = request.build().unwrap();
        assert_eq!(request.url().path(), format!("/{encoded}"));
    }
}

#[test]
fn operation_returns_its_fields() {
    const OPERATION: Operation = Operation::new(OperationFields {
        id: "listMembers",
        method: "GET",
        path: "/members",
        group: &["members"],
        name: "list",
        scopes: &[&["read:members"], &["read:a", "read:b"]],
        retry_safety: RetrySafety::Safe,
        paging: Paging::Checkpoint,
        success: &[200],
        errors: &[400, 401],
        outcome: Some(Outcomes {
            complete: 204,
            partial: 200,
        }),
        lifecycle: Some("beta"),
        ..OperationFields::DEFAULT
    });
    assert_eq!(
        (OPERATION.id(), OPERATION.method(), OPERATION.path()),
        ("listMembers", "GET", "/members")
    );
    assert_eq!(
        (OPERATION.group(), OPERATION.name()),
        (&["members"][..], "list")
    );
    assert_eq!(
        OPERATION.scopes(),
        [&["read:members"][..], &["read:a", "read:b"]]
    );
    assert_eq!(
        (OPERATION.retry_safety(), OPERATION.paging()),
        (RetrySafety::Safe, Paging::Checkpoint)
    );
    assert_eq!(
        (OPERATION.success(), OPERATION.errors()),
        (&[200][..], &[400, 401][..])
    );
    assert_eq!(
        OPERATION.outcome(),
        Some(Outcomes {
            complete: 204,
            partial: 200
        })
    );
    assert_eq!(OPERATION.lifecycle(), Some("beta"));

    const BARE: Operation = Operation::new(OperationFields {
        id: "x",
        method: "POST",
        path: "/x",
        ..OperationFields::DEFAULT
    });
    assert_eq!(
        (BARE.retry_safety(), BARE.paging(), BARE.name()),
        (RetrySafety::Unsafe, Paging::None, "x")
    );
    assert_eq!((BARE.outcome(), BARE.lifecycle()), (None, None));
}

#[test]
fn debug_of_an_unlisted_object_omits_its_content() {
    let object: Open<Role> = Open::other(json!({"client_secret": "s3cr3t"}));
    let list: Open<Role> = Open::other(json!(["s3cr3t"]));
    assert_eq!(
        format!("{object:?} {list:?}"),
        "Unlisted({…}) Unlisted([…])"
    );
    let text: Open<Role> = Open::other("wizard");
    assert_eq!(format!("{text:?}"), "Unlisted(\"wizard\")");
    assert_eq!(format!("{:?}", Open::<String>::from("jane")), "\"jane\"");
}
