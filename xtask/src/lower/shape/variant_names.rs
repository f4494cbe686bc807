//! What the variants of a union are called.
//!
//! A variant that a constant tells from the others is called by it: `google-apps` is `GoogleApps`, in the spelling of the
//! component's name where that has the same letters, so that `pingfederate` of an `IdpPingFederateRequest` is
//! `PingFederate`. Of the others, the component's name gives the variant's, without the words at its ends that all
//! variants have in common and that the union's own name has too: `IdpOktaUpdateRequest` and its like in
//! `IdpUpdateKnownRequest` are `Okta` and so on. Where they have no such words in common, a title is shorter than the
//! component's name, and comes before it.

use std::collections::BTreeSet;

use heck::ToSnakeCase;

use crate::lower::shape::identifiers;

/// What is known of a variant.
pub(crate) struct VariantOf<'a> {
    pub(crate) component: &'a str,
    pub(crate) title: Option<&'a str>,
    /// The value of the property that tells it from the others.
    pub(crate) constant: Option<&'a str>,
}

/// The names of the variants of `union`, no two alike.
pub(crate) fn of(union: &str, variants: &[VariantOf<'_>]) -> Vec<String> {
    let short = without_common_words(union, variants);
    // An open union has a variant of that name for what no other one describes.
    let mut taken = BTreeSet::from(["Other".to_owned()]);
    variants
        .iter()
        .enumerate()
        .map(|(index, variant)| {
            let short = short.as_ref().map(|names| names[index].as_str());
            let title = variant
                .title
                .filter(|title| title.chars().any(char::is_alphabetic));
            let mut name = match variant.constant.map(identifiers::pascal) {
                Some(constant) => spelled(short, &constant).unwrap_or(constant),
                None => identifiers::pascal(short.or(title).unwrap_or(variant.component)),
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

/// `short` as a name, if it is `constant` in other capitals.
fn spelled(short: Option<&str>, constant: &str) -> Option<String> {
    let short = identifiers::pascal(short?);
    short.eq_ignore_ascii_case(constant).then_some(short)
}

/// The names of the components without the words at their ends that all of them and the union have; nothing where there
/// are none, or where one of them would be left without a name or with that of another.
fn without_common_words(union: &str, variants: &[VariantOf<'_>]) -> Option<Vec<String>> {
    let of_union = words(union);
    let names: Vec<Vec<String>> = variants.iter().map(|v| words(v.component)).collect();
    let first = names.first().filter(|_| names.len() > 1)?;
    let common = |at: &dyn Fn(&[String]) -> Option<String>| {
        at(first).filter(|word| {
            of_union.contains(word) && names.iter().all(|name| at(name).as_ref() == Some(word))
        })
    };
    let (mut before, mut after) = (0, 0);
    while common(&|name| name.get(before).cloned()).is_some() {
        before += 1;
    }
    while common(&|name| name.iter().rev().nth(after).cloned()).is_some() {
        after += 1;
    }
    let rest: Option<BTreeSet<String>> = names
        .iter()
        .map(|name| Some(name.get(before..name.len().checked_sub(after)?)?.join("_")))
        .map(|name| name.filter(|name| name.starts_with(char::is_alphabetic)))
        .collect();
    if before + after == 0 || rest?.len() < names.len() {
        return None;
    }
    let rest = names
        .iter()
        .map(|name| name[before..name.len() - after].join("_"));
    Some(rest.collect())
}

fn words(name: &str) -> Vec<String> {
    let snake = name.to_snake_case();
    snake.split('_').map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(union: &str, variants: &[(&str, Option<&str>, Option<&str>)]) -> Vec<String> {
        let variants: Vec<_> = variants
            .iter()
            .map(|(component, title, constant)| VariantOf {
                component,
                title: *title,
                constant: *constant,
            })
            .collect();
        of(union, &variants)
    }

    #[test]
    fn constant_tells_variants_apart_then_it_names_them_as_the_components_spell_it() {
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
    fn components_share_words_with_the_union_then_these_are_left_out() {
        let variants = [
            ("PetCatUpdateRequest", Some("Cat Update Request"), None),
            ("PetDogUpdateRequest", None, None),
        ];
        assert_eq!(names("PetUpdateKnownRequest", &variants), ["Cat", "Dog"]);
        // `Fast` is common to both, but is no word of the union.
        let variants = [
            ("FastCatRequest", None, None),
            ("FastDogRequest", None, None),
        ];
        assert_eq!(names("PetRequest", &variants), ["FastCat", "FastDog"]);
    }

    #[test]
    fn components_share_nothing_with_the_union_then_titles_name_the_variants() {
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
    fn nothing_or_the_same_would_be_left_then_whole_names_stay() {
        let variants = [("PetRequest", None, None), ("PetDogRequest", None, None)];
        assert_eq!(
            names("PetUpdateRequest", &variants),
            ["PetRequest", "PetDogRequest"]
        );
        let variants = [("PetCat", None, Some("x")), ("PetDog", None, Some("X"))];
        assert_eq!(names("Pet", &variants), ["X", "PetDog"]);
    }
}
