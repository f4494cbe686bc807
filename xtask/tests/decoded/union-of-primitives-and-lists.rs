//! The kind of the value decides.

use fixture_union_of_primitives_and_lists::types::{Mixed, MixedScalar, MixedSeveral};
use serde_json::{Value, json};

fn several(value: Value) -> MixedSeveral {
    serde_json::from_value(value).unwrap()
}

#[test]
fn list_of_texts_is_no_object() {
    for value in [json!(["a"]), json!([{"name": "a"}]), json!({"name": "a"})] {
        let decoded = several(value.clone());
        assert!(!matches!(decoded, MixedSeveral::Other(_)), "{decoded:?}");
        assert_eq!(
            matches!(decoded, MixedSeveral::Part(_)),
            value.is_object(),
            "{decoded:?}"
        );
        assert_eq!(serde_json::to_value(decoded).unwrap(), value);
    }
    assert!(matches!(several(json!([["a"]])), MixedSeveral::Other(_)));
}

#[test]
fn scalar_is_read_as_the_most_specific_type() {
    for (value, expected) in [
        (json!(1), "Integer("),
        (json!(1.5), "Number("),
        (json!(true), "Flag("),
        (json!("2026-01-01T00:00:00Z"), "DateTime("),
        (json!("soon"), "Text("),
    ] {
        let scalar: MixedScalar = serde_json::from_value(value).unwrap();
        let shown = format!("{scalar:?}");
        assert!(shown.starts_with(expected), "{shown}");
    }
    let mixed = json!({"scalar": 1, "several": ["a"], "maybe": null});
    let read: Mixed = serde_json::from_value(mixed.clone()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), mixed);
}
