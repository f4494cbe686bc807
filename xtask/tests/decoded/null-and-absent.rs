//! A type that is sent and received keeps null apart from absent.

use fixture_null_and_absent::types::Thing;
use serde_json::json;

#[test]
fn null_is_written_back() {
    for thing in [
        json!({"next": null}),
        json!({"next": null, "note": null, "either": null, "words": null}),
        json!({"next": "a", "note": "b", "either": {"a": "c"}, "words": [null, "d"], "map": {"e": null}}),
    ] {
        let read: Thing = serde_json::from_value(thing.clone()).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), thing);
    }
}
