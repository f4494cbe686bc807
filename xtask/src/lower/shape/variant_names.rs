//! The names of the variants of a union.
//!
//! A variant with a constant is named after the constant: `google-apps` becomes `GoogleApps`. If the component name contains the same letters,
//! its capitalization is used: `pingfederate` of `IdpPingFederateRequest` becomes `PingFederate`.
//!
//! Other variants are named after their components, without the leading and trailing words that the union has too:
//! `IdpOktaUpdateRequest` in `IdpUpdateKnownRequest` becomes `Okta`. If there are no such words, the title takes precedence over the
//! component name, because it is shorter.
//!
//! The names of the other variants affect these rules, so variants of the previous version keep the names that they have there.

use std::collections::{BTreeMap, BTreeSet};

use heck::ToSnakeCase;
use serde_json::{Value, json};

use crate::extensions;
use crate::lower::schema::ref_name;
use crate::lower::shape::identifiers;

/// The inputs for the name of a variant.
pub(crate) struct VariantInfo<'a> {
    pub(crate) component: &'a str,
    pub(crate) title: Option<&'a str>,
    /// The value of the property that identifies the variant.
    pub(crate) constant: Option<&'a str>,
}

/// The names of the variants of `union` in a normalized document, by component.
pub(crate) fn known_names(normalized: &Value, union: &str) -> BTreeMap<String, String> {
    let union = extensions::UNION.value(&normalized["components"]["schemas"][union]);
    let variants = union["variants"].as_array().into_iter().flatten();
    let named = variants.filter_map(|variant| {
        let component = ref_name(&json!({ "$ref": variant["ref"] }))?;
        Some((component, variant["name"].as_str()?.to_owned()))
    });
    named.collect()
}

/// The unique names of the variants of `union`. Variants in `known`, by component, keep their names.
pub(crate) fn variant_names(
    union: &str,
    variants: &[VariantInfo<'_>],
    known: &BTreeMap<String, String>,
) -> Vec<String> {
    // An open union has a variant `Other` for values that match no other variant.
    let mut taken = BTreeSet::from(["Other".to_owned()]);
    let kept = variants
        .iter()
        .filter_map(|variant| known.get(variant.component));
    taken.extend(kept.cloned());
    variants
        .iter()
        .map(|variant| {
            if let Some(name) = known.get(variant.component) {
                return name.clone();
            }
            let short = without_shared_words(union, variant.component);
            let short = short.as_deref();
            let title = variant
                .title
                .filter(|title| title.chars().any(char::is_alphabetic));
            let mut name = match variant.constant.map(identifiers::pascal) {
                Some(constant) => matching_capitalization(short, &constant).unwrap_or(constant),
                None => {
                    // An inline variant is named after the union and its title.
                    let own = title.filter(|title| {
                        variant.component == format!("{union}{}", identifiers::pascal(title))
                    });
                    identifiers::pascal(own.or(short).or(title).unwrap_or(variant.component))
                }
            };
            if taken.contains(&name) {
                name = identifiers::unique(&identifiers::pascal(variant.component), |name| {
                    taken.contains(name)
                });
            }
            taken.insert(name.clone());
            name
        })
        .collect()
}

/// `short` as a name, if it differs from `constant` in capitalization only.
fn matching_capitalization(short: Option<&str>, constant: &str) -> Option<String> {
    let short = identifiers::pascal(short?);
    short.eq_ignore_ascii_case(constant).then_some(short)
}

/// The component name without its leading and trailing words that the union has too. Other variants have no influence, so that adding one
/// renames none.
///
/// Returns `None` if there are no such words, or if the rest is not a name.
fn without_shared_words(union: &str, component: &str) -> Option<String> {
    let union_words = split_words(union);
    let words = split_words(component);
    let is_shared = |word: &&String| union_words.contains(word);
    let leading = words.iter().take_while(is_shared).count();
    let trailing = words.iter().rev().take_while(is_shared).count();
    let rest = words.get(leading..words.len().checked_sub(trailing)?)?;
    let is_name = rest.first()?.starts_with(char::is_alphabetic);
    (rest.len() < words.len() && is_name).then(|| rest.join("_"))
}

fn split_words(name: &str) -> Vec<String> {
    let snake = name.to_snake_case();
    snake.split('_').map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(union: &str, variants: &[(&str, Option<&str>, Option<&str>)]) -> Vec<String> {
        let variants: Vec<_> = variants
            .iter()
            .map(|(component, title, constant)| VariantInfo {
                component,
                title: *title,
                constant: *constant,
            })
            .collect();
        variant_names(union, &variants, &BTreeMap::new())
    }

    #[test]
    fn variants_with_constants_are_named_after_them_in_the_capitalization_of_the_component() {
        let variants = [
            ("PetBigCatView", Some("A cat"), Some("bigcat")),
            ("PetDogView", None, Some("guard-dog")),
            ("PetMinimalView", Some("Little"), None),
        ];
        assert_eq!(
            names("PetListView", &variants),
            ["BigCat", "GuardDog", "Minimal"]
        );
    }

    #[test]
    fn variant_of_the_previous_version_keeps_its_name() {
        let previous = json!({"components": {"schemas": {"Pet": {"x-union": {"variants": [
            {"name": "Cat", "ref": "#/components/schemas/PetCat"},
        ]}}}}});
        let variant = |component, title| VariantInfo {
            component,
            title: Some(title),
            constant: None,
        };
        let variants = [variant("Another", "Cat"), variant("PetCat", "Cat")];
        let known = known_names(&previous, "Pet");
        assert_eq!(variant_names("Pet", &variants, &known), ["Another", "Cat"]);
        let known = known_names(&previous, "Other");
        assert_eq!(variant_names("Pet", &variants, &known), ["Cat", "PetCat"]);
    }

    #[test]
    fn words_shared_with_the_union_are_removed() {
        let variants = [
            ("PetCatUpdateRequest", Some("Cat Update Request"), None),
            ("PetDogUpdateRequest", None, None),
        ];
        assert_eq!(names("PetUpdateKnownRequest", &variants), ["Cat", "Dog"]);
        // An inline variant.
        let variants = [("PetListPetTitle", Some("pet_title"), None)];
        assert_eq!(names("PetList", &variants), ["PetTitle"]);
        // Both names contain `Fast`, but the union does not.
        let variants = [
            ("FastCatRequest", None, None),
            ("FastDogRequest", None, None),
        ];
        assert_eq!(names("PetRequest", &variants), ["FastCat", "FastDog"]);
    }

    #[test]
    fn variants_without_shared_words_are_named_after_their_titles() {
        let variants = [
            ("PublicPayload", Some("Public Cloud"), None),
            ("PrivatePayload", Some("1"), None),
        ];
        assert_eq!(
            names("CreateRequest", &variants),
            ["PublicCloud", "PrivatePayload"]
        );
    }

    #[test]
    fn empty_or_duplicate_short_names_fall_back_to_component_names() {
        let variants = [("PetRequest", None, None), ("PetDogRequest", None, None)];
        assert_eq!(names("PetUpdateRequest", &variants), ["PetRequest", "Dog"]);
        let variants = [("PetCat", None, Some("x")), ("PetDog", None, Some("X"))];
        assert_eq!(names("Pet", &variants), ["X", "PetDog"]);
    }
}
