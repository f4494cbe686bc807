//! A child is chosen by its value; an unknown value is kept.

use fixture_discriminator_of_a_parent_with_one_of::types::Pet;
use serde_json::json;

#[test]
fn child_keeps_its_fields() {
    let pet: Pet = serde_json::from_value(json!({"kind": "Cat", "lives": 9})).unwrap();
    let Pet::Cat(cat) = &pet else {
        panic!("{pet:?}")
    };
    assert_eq!(cat.lives.as_ref().unwrap().known(), Some(&9));
    assert_eq!(serde_json::to_value(&pet).unwrap()["kind"], "Cat");
}

#[test]
fn unknown_child_is_kept() {
    let dog = json!({"kind": "dog", "name": "Rex"});
    let pet: Pet = serde_json::from_value(dog.clone()).unwrap();
    assert!(matches!(pet, Pet::Other(_)), "{pet:?}");
    assert_eq!(serde_json::to_value(&pet).unwrap(), dog);
}
