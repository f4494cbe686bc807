//! The mapping has the value that the variants only declare as a string.

use fixture_discriminator_declared_as_a_string::types::{ByCode, Login};
use serde_json::json;

#[test]
fn value_of_the_mapping_is_sent() {
    let login = Login::from(ByCode::with_code("123"));
    assert_eq!(
        serde_json::to_value(&login).unwrap(),
        json!({"method": "code", "code": "123"})
    );
}
