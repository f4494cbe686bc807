//! Validation of requests.

use std::collections::BTreeMap;

use auth0_core::codegen::{Check, Checker, Rules};
use auth0_core::{Nullable, Open, SecretString};
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;
use uuid::Uuid;

/// The violations of the field `f`.
fn found<T: Check + ?Sized>(value: &T, rules: &Rules) -> Vec<String> {
    let mut checker = Checker::new();
    checker.field("f", value, rules);
    checker
        .violations()
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn length_is_counted_in_characters() {
    const RULES: &Rules = &Rules::NONE.min_length(3).max_length(4);
    assert_eq!(found("äöü", RULES), [""; 0]);
    assert_eq!(found("🦀🦀🦀🦀", RULES), [""; 0]);
    assert_eq!(found("ab", RULES), ["f: 2 characters, expected at least 3"]);
    assert_eq!(found("a", RULES), ["f: 1 character, expected at least 3"]);
    assert_eq!(
        found("abcde", RULES),
        ["f: 5 characters, expected at most 4"]
    );
    assert_eq!(
        found(&String::new(), RULES),
        ["f: 0 characters, expected at least 3"]
    );
}

#[test]
fn pattern_is_ecma_262_and_matches_anywhere() {
    const NAME: &Rules = &Rules::NONE.pattern("^[a-z0-9][-a-z0-9]{1,62}[a-z0-9]$");
    assert_eq!(found("acme-dev", NAME), [""; 0]);
    assert_eq!(
        found("Acme", NAME),
        ["f: does not match ^[a-z0-9][-a-z0-9]{1,62}[a-z0-9]$"]
    );
    assert_eq!(found("acme\n", NAME).len(), 1);
    assert_eq!(found("xxabxx", &Rules::NONE.pattern("ab")), [""; 0]);
    const LOOK_AHEAD: &Rules = &Rules::NONE.pattern(r"^(?!auth0\|x)[a-z0-9]+\|\w+$");
    assert_eq!(found("auth0|y", LOOK_AHEAD), [""; 0]);
    assert_eq!(found("auth0|x", LOOK_AHEAD).len(), 1);
    // An escape that Unicode mode rejects, and a class that only Unicode mode supports.
    assert_eq!(found("a-b", &Rules::NONE.pattern(r"^a\-b$")), [""; 0]);
    assert_eq!(found("ü", &Rules::NONE.pattern(r"^\p{L}$")), [""; 0]);
    assert_eq!(found("🦀", &Rules::NONE.pattern("^.$")), [""; 0]);
}

#[test]
fn invalid_pattern_is_a_violation() {
    let found = found("x", &Rules::NONE.pattern("("));
    assert_eq!(found.len(), 1);
    assert!(
        found[0].starts_with("f: cannot be checked, ( is not a regular expression: "),
        "{found:?}"
    );
}

#[test]
fn bounds_of_numbers_are_checked() {
    const TAKE: &Rules = &Rules::NONE.minimum(1.0).maximum(50.0);
    for take in [1_i64, 50] {
        assert_eq!(found(&take, TAKE), [""; 0]);
    }
    assert_eq!(found(&0_i64, TAKE), ["f: too small, expected at least 1"]);
    assert_eq!(found(&51_i32, TAKE), ["f: too large, expected at most 50"]);
    assert_eq!(
        found(&u64::MAX, TAKE),
        ["f: too large, expected at most 50"]
    );
    const OPEN: &Rules = &Rules::NONE.exclusive_minimum(0.0).exclusive_maximum(1.5);
    assert_eq!(found(&0.1, OPEN), [""; 0]);
    assert_eq!(found(&0.0, OPEN), ["f: too small, expected more than 0"]);
    assert_eq!(found(&1.5, OPEN), ["f: too large, expected less than 1.5"]);
    assert_eq!(
        found(&7_u32, &Rules::NONE.multiple_of(5.0)),
        ["f: expected a multiple of 5"]
    );
    assert_eq!(found(&0.3, &Rules::NONE.multiple_of(0.1)), [""; 0]);
    assert_eq!(found(&f64::NAN, &Rules::NONE), ["f: not a finite number"]);
}

#[test]
fn value_that_is_not_listed_is_a_violation() {
    const LEVEL: &Rules = &Rules::NONE.one_of(&["1", "2.5", "true", "high"]);
    for found in [
        found(&1_i64, LEVEL),
        found(&2.5, LEVEL),
        found(&true, LEVEL),
        found("high", LEVEL),
        found(&json!(true), LEVEL),
    ] {
        assert_eq!(found, [""; 0]);
    }
    let expected = ["f: expected one of 1, 2.5, true, high"];
    for found in [
        found(&2_i64, LEVEL),
        found(&false, LEVEL),
        found("High", LEVEL),
        found(&json!(false), LEVEL),
    ] {
        assert_eq!(found, expected);
    }
}

#[test]
fn lists_are_counted_and_their_items_checked_in_place() {
    const RULES: &Rules = &Rules::NONE
        .min_items(1)
        .max_items(2)
        .unique_items()
        .items(&Rules::NONE.max_length(2));
    let list = |items: &[&str]| {
        items
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<String>>()
    };
    assert_eq!(found(&list(&["a", "b"]), RULES), [""; 0]);
    assert_eq!(
        found(&list(&[]), RULES),
        ["f: 0 items, expected at least 1"]
    );
    assert_eq!(
        found(&list(&["a", "abc", "a"]), RULES),
        [
            "f: 3 items, expected at most 2",
            "f: contains the same item twice",
            "f[1]: 3 characters, expected at most 2"
        ]
    );
    assert_eq!(
        found(&vec![json!({ "a": 1 }), json!({ "a": 2 })], RULES),
        [""; 0]
    );
}

#[test]
fn maps_are_counted_and_their_values_checked_in_place() {
    const RULES: &Rules = &Rules::NONE
        .min_properties(1)
        .max_properties(1)
        .items(&Rules::NONE.max_length(2));
    let map = BTreeMap::from([
        ("a".to_owned(), "abc".to_owned()),
        ("b".to_owned(), String::new()),
    ]);
    assert_eq!(
        found(&map, RULES),
        [
            "f: 2 properties, expected at most 1",
            "f.a: 3 characters, expected at most 2"
        ]
    );
    let map = json!({});
    assert_eq!(
        found(map.as_object().unwrap(), RULES),
        ["f: 0 properties, expected at least 1"]
    );
    assert_eq!(
        found(&json!({ "k": "abc" }), RULES),
        ["f.k: 3 characters, expected at most 2"]
    );
}

#[test]
fn untyped_values_are_checked_by_their_kind() {
    const RULES: &Rules = &Rules::NONE.max_length(2).maximum(5.0).max_items(1);
    assert_eq!(found(&json!("abc"), RULES).len(), 1);
    assert_eq!(found(&json!(6), RULES).len(), 1);
    assert_eq!(found(&json!([1, 2]), RULES).len(), 1);
    assert_eq!(
        found(&json!(null), RULES).len() + found(&json!(true), RULES).len(),
        0
    );
}

#[test]
fn documented_open_value_is_checked() {
    const RULES: &Rules = &Rules::NONE.min_length(2).minimum(3.0);
    assert_eq!(found(&Open::<String>::from("a"), RULES), found("a", RULES));
    assert_eq!(found(&Open::from(2_i64), RULES), found(&2_i64, RULES));
    assert!(!found("a", RULES).is_empty() && !found(&2_i64, RULES).is_empty());
}

#[test]
fn absent_null_and_unlisted_values_pass() {
    const RULES: &Rules = &Rules::NONE.min_length(3);
    assert_eq!(found(&None::<String>, RULES), [""; 0]);
    assert_eq!(found(&Some(Nullable::<String>::Null), RULES), [""; 0]);
    assert_eq!(
        found(&Some(Nullable::Value("ab".to_owned())), RULES).len(),
        1
    );
    assert_eq!(found(&Some(Box::new("ab".to_owned())), RULES).len(), 1);
    assert_eq!(found(&Open::<i64>::other("x"), RULES), [""; 0]);
    assert_eq!(found(&Open::<String>::other(json!(null)), RULES), [""; 0]);
    assert_eq!(
        found(&true, RULES).len() + found(&Uuid::nil(), RULES).len(),
        0
    );
    assert_eq!(
        found(&DateTime::<Utc>::MIN_UTC, RULES).len() + found(&NaiveDate::MIN, RULES).len(),
        0
    );
}

#[test]
fn violation_does_not_quote_a_secret() {
    let secret = SecretString::from("s3cr3t");
    let found = found(&secret, &Rules::NONE.max_length(2).pattern("^x$"));
    assert_eq!(
        found,
        [
            "f: 6 characters, expected at most 2",
            "f: does not match ^x$"
        ]
    );
}

/// Structs like generated ones.
#[derive(serde::Serialize)]
struct Tenant {
    name: String,
    roles: Option<Vec<String>>,
}

impl Check for Tenant {
    fn check(&self, _: &Rules, at: &mut Checker) {
        at.field("name", &self.name, const { &Rules::NONE.min_length(3) });
        at.field(
            "roles",
            &self.roles,
            const {
                &Rules::NONE
                    .min_items(1)
                    .items(const { &Rules::NONE.min_length(1) })
            },
        );
        at.rule(self.name != "reserved", "name", "is reserved");
    }
}

#[test]
fn all_violations_are_reported_with_their_paths() {
    let tenants = vec![
        Tenant {
            name: "acme".to_owned(),
            roles: None,
        },
        Tenant {
            name: "ab".to_owned(),
            roles: Some(vec![]),
        },
        Tenant {
            name: "reserved".to_owned(),
            roles: Some(vec!["a".to_owned(), String::new()]),
        },
    ];
    let mut checker = Checker::new();
    checker.path_segment("id", "");
    checker.path_segment("id", "...");
    checker.field("tenants", &tenants, &Rules::NONE);
    let texts: Vec<_> = checker
        .violations()
        .iter()
        .map(|violation| (violation.field(), violation.rule()))
        .collect();
    assert_eq!(
        texts,
        [
            ("id", "empty, expected an id"),
            ("tenants[1].name", "2 characters, expected at least 3"),
            ("tenants[1].roles", "0 items, expected at least 1"),
            ("tenants[2].roles[1]", "0 characters, expected at least 1"),
            ("tenants[2].name", "is reserved"),
        ]
    );
}

#[test]
fn violation_of_the_whole_body_is_named_body() {
    let mut checker = Checker::new();
    checker.broken("no field is set");
    let texts: Vec<String> = checker
        .violations()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(texts, ["body: no field is set"]);
}
