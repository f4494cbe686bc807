//! The type decides, not the values of the enumeration.

use fixture_enum_of_numbers_as_strings::types::Version;
use serde_json::json;

#[test]
fn values_of_the_type_are_read() {
    let version = json!({"api": "1.10", "flag": "true", "level": 2});
    let read: Version = serde_json::from_value(version.clone()).unwrap();
    assert_eq!(read.api.known().map(String::as_str), Some("1.10"));
    assert_eq!(serde_json::to_value(&read).unwrap(), version);
}
