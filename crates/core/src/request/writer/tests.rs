use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;

/// The value of `color` in the style, after the base of its place.
fn written(place: Place, style: Style, value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, "color", value, style, place).unwrap();
    out
}

/// The table of OpenAPI 3.0.4 and 3.1.1, "Style Examples": style, `explode`, and what an empty string, a string, a list and an object
/// become. The table has no value where this one has an empty string.
#[test]
fn style_table_of_the_specification() {
    let (list, object) = (
        json!(["blue", "black", "brown"]),
        // The table has the members in the order R, G, B; serde_json sorts them.
        Rgb {
            r: 100,
            g: 200,
            b: 150,
        },
    );
    #[rustfmt::skip]
    let table = [
        (Place::Path, Style::MATRIX, ";color", ";color=blue", ";color=blue,black,brown", ";color=R,100,G,200,B,150"),
        (Place::Path, Style::MATRIX.explode(true), ";color", ";color=blue", ";color=blue;color=black;color=brown", ";R=100;G=200;B=150"),
        (Place::Path, Style::LABEL, ".", ".blue", ".blue,black,brown", ".R,100,G,200,B,150"),
        (Place::Path, Style::LABEL.explode(true), ".", ".blue", ".blue.black.brown", ".R=100.G=200.B=150"),
        (Place::Path, Style::SIMPLE, "", "blue", "blue,black,brown", "R,100,G,200,B,150"),
        (Place::Path, Style::SIMPLE.explode(true), "", "blue", "blue,black,brown", "R=100,G=200,B=150"),
        (Place::Header, Style::SIMPLE, "", "blue", "blue,black,brown", "R,100,G,200,B,150"),
        (Place::Header, Style::SIMPLE.explode(true), "", "blue", "blue,black,brown", "R=100,G=200,B=150"),
        (Place::Query, Style::FORM.explode(false), "?color=", "?color=blue", "?color=blue,black,brown", "?color=R,100,G,200,B,150"),
        (Place::Query, Style::FORM, "?color=", "?color=blue", "?color=blue&color=black&color=brown", "?R=100&G=200&B=150"),
        (Place::Query, Style::SPACE_DELIMITED, "", "", "?color=blue%20black%20brown", "?color=R%20100%20G%20200%20B%20150"),
        (Place::Query, Style::PIPE_DELIMITED, "", "", "?color=blue%7Cblack%7Cbrown", "?color=R%7C100%7CG%7C200%7CB%7C150"),
        (Place::Query, Style::DEEP_OBJECT, "", "", "", "?color%5BR%5D=100&color%5BG%5D=200&color%5BB%5D=150"),
        (Place::Cookie, Style::FORM.explode(false), "color=", "color=blue", "color=blue,black,brown", ""),
    ];
    for (place, style, empty, text, of_list, of_object) in table {
        let what = format!("{place:?} {style:?}");
        if !text.is_empty() {
            assert_eq!(written(place, style, &json!("")), empty, "{what}");
            assert_eq!(written(place, style, &json!("blue")), text, "{what}");
        }
        if !of_list.is_empty() {
            assert_eq!(written(place, style, &list), of_list, "{what}");
        }
        if !of_object.is_empty() {
            let mut out = String::new();
            write(&mut out, "color", &object, style, place).unwrap();
            assert_eq!(out, of_object, "{what}");
        }
    }
}

#[derive(serde::Serialize)]
#[serde(rename_all = "UPPERCASE")]
struct Rgb {
    r: u32,
    g: u32,
    b: u32,
}

#[test]
fn cookies_are_separated_by_semicolons() {
    let list = json!(["a b", "c;d"]);
    assert_eq!(
        written(Place::Cookie, Style::FORM, &list),
        "color=a%20b; color=c%3Bd"
    );
    assert_eq!(
        written(Place::Cookie, Style::FORM.explode(false), &list),
        "color=a%20b,c%3Bd"
    );
    let members = json!({"a=b": "c=d", "e;f": 1});
    assert_eq!(
        written(Place::Cookie, Style::FORM, &members),
        "a%3Db=c=d; e%3Bf=1"
    );
    let mut out = "session=abc==".to_owned();
    write(&mut out, "color", "blue", Style::FORM, Place::Cookie).unwrap();
    assert_eq!(out, "session=abc==; color=blue");
}

#[test]
fn characters_are_encoded_as_their_place_requires() {
    let text = json!("a b|c/d?e&f=g+h#i~ü%41,.");
    for (place, style, expected) in [
        (
            Place::Path,
            Style::SIMPLE,
            "a%20b%7Cc%2Fd%3Fe%26f%3Dg%2Bh%23i~%C3%BC%2541%2C.",
        ),
        (
            Place::Query,
            Style::FORM,
            "?color=a+b%7Cc%2Fd%3Fe%26f%3Dg%2Bh%23i%7E%C3%BC%2541%2C.",
        ),
        // A triplet that is encoded already is kept, and what would end or split the parameter is encoded in spite of the setting.
        (
            Place::Query,
            Style::FORM.allow_reserved(),
            "?color=a%20b%7Cc/d?e%26f=g%2Bh%23i~%C3%BC%41,.",
        ),
        (
            Place::Form,
            Style::FORM,
            "color=a+b%7Cc%2Fd%3Fe%26f%3Dg%2Bh%23i%7E%C3%BC%2541%2C.",
        ),
        (Place::Header, Style::SIMPLE, "a b|c/d?e&f=g+h#i~ü%41,."),
        (
            Place::Cookie,
            Style::FORM,
            "color=a%20b|c/d?e&f=g+h#i~%C3%BC%2541%2C.",
        ),
    ] {
        assert_eq!(written(place, style, &text), expected, "{place:?}");
    }
    let broken = json!("100%, 5%4, %");
    assert_eq!(
        written(Place::Query, Style::FORM.allow_reserved(), &broken),
        "?color=100%25,%205%254,%20%25"
    );
}

#[test]
fn absent_values_are_omitted() {
    for value in [
        json!(null),
        json!([]),
        json!({}),
        json!([null]),
        json!({"a": null}),
    ] {
        for style in [
            Style::FORM,
            Style::SIMPLE,
            Style::DEEP_OBJECT,
            Style::MATRIX,
        ] {
            assert_eq!(
                written(Place::Query, style, &value),
                "",
                "{value} {style:?}"
            );
        }
    }
    assert_eq!(
        written(
            Place::Query,
            Style::DEEP_OBJECT,
            &json!({"a": null, "b": 1})
        ),
        "?color%5Bb%5D=1"
    );
}

#[test]
fn second_query_parameter_follows_an_ampersand() {
    let mut out = "https://example.com/items".to_owned();
    write(&mut out, "a b", &1.5, Style::FORM, Place::Query).unwrap();
    write(&mut out, "c", &Some(true), Style::FORM, Place::Query).unwrap();
    assert_eq!(out, "https://example.com/items?a+b=1.5&c=true");
}

#[test]
fn keys_of_maps_can_be_numbers() {
    let map = BTreeMap::from([(1, "x"), (2, "y")]);
    let mut out = String::new();
    write(&mut out, "ids", &map, Style::DEEP_OBJECT, Place::Query).unwrap();
    assert_eq!(out, "?ids%5B1%5D=x&ids%5B2%5D=y");
}

#[test]
fn nested_values_have_all_keys_in_brackets() {
    for (value, expected) in [
        (json!(["a", "b"]), "?c%5B%5D=a&c%5B%5D=b"),
        (
            json!({"a": {"b c": ["x", null, "y"], "d": 1}, "e": []}),
            "?c%5Ba%5D%5Bb%20c%5D%5B%5D=x&c%5Ba%5D%5Bb%20c%5D%5B%5D=y&c%5Ba%5D%5Bd%5D=1",
        ),
        (
            json!([{"a": 1, "b": [[2]]}, {"a": 3}]),
            "?c%5B0%5D%5Ba%5D=1&c%5B0%5D%5Bb%5D%5B0%5D%5B%5D=2&c%5B1%5D%5Ba%5D=3",
        ),
    ] {
        let mut out = String::new();
        write(&mut out, "c", &value, Style::DEEP_OBJECT, Place::Query).unwrap();
        assert_eq!(out, expected, "{value}");
    }
}

#[test]
fn nested_and_unwritable_values_are_errors() {
    for value in [json!([[1]]), json!({"a": [1]}), json!([{"a": 1}])] {
        let mut out = String::new();
        let written = write(&mut out, "color", &value, Style::FORM, Place::Query);
        assert!(matches!(written, Err(Unwritable::Nested)), "{value}");
    }
    let mut out = String::new();
    let written = write(&mut out, "color", &f64::NAN, Style::FORM, Place::Query);
    assert!(matches!(written, Err(Unwritable::Unsupported)));
}
