//! A union within one of its variants.

use fixture_union_recursive::types::Expr;
use serde_json::json;

#[test]
fn nested_value_is_read_and_written() {
    let value = json!({"type": "not", "inner": {"type": "not", "inner": {"type": "name", "name": "x"}}});
    let expr: Expr = serde_json::from_value(value.clone()).unwrap();
    let Expr::Not(not) = &expr else {
        panic!("{expr:?}")
    };
    assert!(matches!(*not.inner, Expr::Not(_)));
    assert_eq!(serde_json::to_value(&expr).unwrap(), value);
}
