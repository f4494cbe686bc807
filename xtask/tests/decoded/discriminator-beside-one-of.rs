//! The variants do not declare the property beside the union; it decides nevertheless, and is sent.

use fixture_discriminator_beside_one_of::types::{Fruit, FruitBanana};
use serde_json::json;

#[test]
fn property_beside_the_union_decides() {
    let fruit: Fruit =
        serde_json::from_value(json!({"fruitType": "BANANA", "length": 3, "seeds": 9})).unwrap();
    let Fruit::Banana(banana) = &fruit else {
        panic!("{fruit:?}")
    };
    assert_eq!(banana.length.as_ref().unwrap().known(), Some(&3));
    let kept = json!({"fruitType": "KIWI", "hair": true});
    let fruit: Fruit = serde_json::from_value(kept.clone()).unwrap();
    assert_eq!(serde_json::to_value(&fruit).unwrap(), kept);
}

#[test]
fn property_beside_the_union_is_sent() {
    let fruit = Fruit::from(FruitBanana::new().length(3));
    assert_eq!(
        serde_json::to_value(&fruit).unwrap(),
        json!({"fruitType": "BANANA", "length": 3})
    );
}
