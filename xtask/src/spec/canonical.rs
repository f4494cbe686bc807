//! Writes documents in canonical form: keys and sets are sorted, so that equal documents have equal bytes.

use std::cmp::Ordering;
use std::fmt::Write;

use serde_json::{Map, Value};

use crate::printable::is_hidden;
use crate::spec::walk::{Place, walk_mut};

/// Sorts lists that are sets: `required`, `enum` and lists of types in schemas, and the scopes of security requirements.
/// All other lists keep their order, which may be significant.
pub fn sort_sets(document: &mut Value) {
    walk_mut(document, &mut |value, place, _| match place {
        Place::Schema => {
            let Some(schema) = value.as_object_mut() else {
                return;
            };
            for key in ["required", "type", "enum"] {
                if is_set(place, key, schema)
                    && let Some(Value::Array(items)) = schema.get_mut(key)
                {
                    items.sort_by(order);
                }
            }
        }
        Place::SecurityRequirement => {
            for scopes in value
                .as_object_mut()
                .into_iter()
                .flat_map(|map| map.values_mut())
            {
                if let Value::Array(scopes) = scopes {
                    scopes.sort_by(order);
                }
            }
        }
        _ => {}
    });
}

/// Whether the list at `key` of an object at `place` is a set.
pub fn is_set(place: Place, key: &str, object: &Map<String, Value>) -> bool {
    match (place, key) {
        (Place::Schema, "required" | "type") | (Place::SecurityRequirement, _) => true,
        // Lists such as `x-enum-varnames` correspond to the enum item by item.
        (Place::Schema, "enum") => !object
            .iter()
            .any(|(key, value)| key.starts_with("x-enum") && value.is_array()),
        _ => false,
    }
}

/// A total order of values: by type, numbers by size, strings by their bytes, all others by their YAML.
fn order(a: &Value, b: &Value) -> Ordering {
    let rank = |value: &Value| match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::String(_) => 3,
        Value::Array(_) => 4,
        Value::Object(_) => 5,
    };
    let by_size = match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        _ => Ordering::Equal,
    };
    rank(a)
        .cmp(&rank(b))
        .then(by_size)
        .then_with(|| match (a, b) {
            (Value::String(a), Value::String(b)) => a.cmp(b),
            _ => yaml(a, "").cmp(&yaml(b, "")),
        })
}

/// Formats a document as indented JSON with sorted keys and a final newline.
pub fn json(value: &Value) -> String {
    // A sorted copy works with and without the `preserve_order` feature of serde_json.
    let mut text = format!("{:#}", sorted(value));
    text.push('\n');
    text
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(_) => sorted_members(value)
            .into_iter()
            .map(|(key, member)| (key.clone(), sorted(member)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Value::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

fn sorted_members(value: &Value) -> Vec<(&String, &Value)> {
    let mut members: Vec<_> = value.as_object().into_iter().flatten().collect();
    members.sort_by_key(|(key, _)| *key);
    members
}

/// Formats a document as YAML in block style with sorted keys and a final newline, and `first_lines` as comments at the
/// top. Strings that a YAML reader could take for a number, a date or a boolean are quoted.
pub fn yaml(value: &Value, first_lines: &str) -> String {
    let mut out = String::new();
    for line in first_lines.lines() {
        out.push_str("# ");
        out.push_str(line);
        out.push('\n');
    }
    block(&mut out, value, 0, false);
    out
}

/// Writes a value at the current position. `after_key` says whether a key precedes it on the line.
fn block(out: &mut String, value: &Value, depth: usize, after_key: bool) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            if after_key {
                out.push('\n');
            }
            let mut first = !after_key;
            for (key, member) in sorted_members(value) {
                // After a dash, and at the start, the first key follows on the same line.
                if !std::mem::take(&mut first) {
                    indent(out, depth);
                }
                scalar(out, key);
                out.push(':');
                child(out, member, depth);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            if after_key {
                out.push('\n');
            }
            let mut first = !after_key;
            for item in items {
                if !std::mem::take(&mut first) {
                    indent(out, depth);
                }
                out.push_str("- ");
                block(out, item, depth + 1, false);
            }
        }
        Value::Object(_) => out.push_str("{}\n"),
        Value::Array(_) => out.push_str("[]\n"),
        Value::String(text) => {
            scalar(out, text);
            out.push('\n');
        }
        other => {
            out.push_str(&other.to_string());
            out.push('\n');
        }
    }
}

fn child(out: &mut String, member: &Value, depth: usize) {
    let nested = match member {
        Value::Object(members) => !members.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    };
    if !nested {
        out.push(' ');
    }
    block(out, member, depth + 1, nested);
}

fn indent(out: &mut String, depth: usize) {
    for _ in 0..depth {
        out.push_str("  ");
    }
}

fn scalar(out: &mut String, text: &str) {
    if is_plain(text) {
        out.push_str(text);
    } else {
        quoted(out, text);
    }
}

/// Whether every YAML reader reads the unquoted text as the same string.
fn is_plain(text: &str) -> bool {
    const WORDS: [&str; 12] = [
        "true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf", "infinity",
    ];
    text.starts_with(|c: char| c.is_ascii_alphabetic() || "/_$".contains(c))
        && !text.ends_with(' ')
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_-./+{}$ ".contains(c))
        && !WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

fn quoted(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            // Invisible characters are escaped. Writing to a string does not fail.
            c if is_hidden(c) || matches!(c, '\u{a0}' | '\u{fff0}'..='\u{ffff}') => {
                let _ = match u32::from(c) {
                    number @ ..=0xffff => write!(out, "\\u{number:04x}"),
                    number => write!(out, "\\U{number:08x}"),
                };
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::parse::parse;
    use crate::spec::source::{Format, Source};
    use serde_json::json;

    fn read(text: &str) -> Value {
        let source = Source {
            name: "x".into(),
            text: text.into(),
            format: Format::Yaml,
        };
        parse(&source).unwrap_or_else(|report| panic!("{report}\n{text}"))
    }

    const NASTY: [&str; 48] = [
        "",
        " ",
        "a ",
        " a",
        "on",
        "No",
        "y",
        "null",
        "~",
        "1.0",
        "2026-01-01",
        "0x1f",
        "1_000",
        "1e3",
        ".inf",
        "a: b",
        "a:",
        ":a",
        "#x",
        "a #b",
        "- a",
        "-",
        "--- a",
        "...",
        "? a",
        "[a",
        "{a}",
        "a, b",
        "&a",
        "*a",
        "!a",
        "|",
        ">",
        "%a",
        "@a",
        "`a",
        "'a'",
        "\"a\"",
        "a\\b",
        "a\nb\n",
        "\t",
        "\u{85}\u{2028}\u{feff}",
        "é 🦀",
        "\u{1}",
        "<<",
        "=",
        "/api/{id}",
        "12:30:45",
    ];

    #[test]
    fn strings_survive_a_round_trip() {
        for text in NASTY {
            let value = json!({ text: [text, { text: text }, [[text], {}, []]], "k": text });
            assert_eq!(read(&yaml(&value, "first")), value, "{text:?}");
        }
        for root in [
            json!("a"),
            json!([]),
            json!({}),
            json!(null),
            json!([[1], [[2]], []]),
        ] {
            assert_eq!(read(&yaml(&root, "")), root);
        }
    }

    #[test]
    fn numbers_survive_a_round_trip() {
        let numbers = json!([
            0,
            -1,
            u64::MAX,
            i64::MIN,
            0.1,
            1.0,
            -2.5e-300,
            1e300,
            1e21,
            64
        ]);
        assert_eq!(read(&yaml(&numbers, "")), numbers);
    }

    #[test]
    fn nested_values_survive_a_round_trip() {
        // A small pseudo-random generator with a fixed seed.
        fn next(seed: &mut u64) -> usize {
            *seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(*seed >> 33).unwrap_or_default()
        }
        fn make(seed: &mut u64, depth: usize) -> Value {
            match next(seed) % if depth == 0 { 4 } else { 7 } {
                0 => json!(next(seed)),
                1 => json!(next(seed).is_multiple_of(2)),
                2 | 3 => json!(NASTY[next(seed) % NASTY.len()]),
                4 => (0..next(seed) % 4).map(|_| make(seed, depth - 1)).collect(),
                _ => (0..next(seed) % 4)
                    .map(|_| {
                        (
                            NASTY[next(seed) % NASTY.len()].to_owned(),
                            make(seed, depth - 1),
                        )
                    })
                    .collect::<serde_json::Map<_, _>>()
                    .into(),
            }
        }
        let mut seed = 7;
        for _ in 0..500 {
            let value = make(&mut seed, 5);
            assert_eq!(read(&yaml(&value, "")), value);
            assert_eq!(
                serde_json::from_str::<Value>(&json(&value)).ok(),
                Some(value)
            );
        }
    }

    #[test]
    fn sets_are_sorted_and_lists_are_not() {
        let mut document = json!({
            "security": [{"o": ["write", "read"]}],
            "components": {"schemas": {
                "A": {
                    "type": ["string", "null"], "enum": ["b", null, 10, 9, "a"], "required": ["z", "a"],
                    "default": ["b", "a"],
                    "properties": {"required": {"oneOf": [{"type": "string"}, {"type": "null"}]}},
                },
                "B": {"enum": ["b", "a"], "x-enum-varnames": ["Bee", "Ay"]},
            }},
        });
        sort_sets(&mut document);
        insta::assert_snapshot!(yaml(&document, "@generated by a test"), @r#"
        # @generated by a test
        components:
          schemas:
            A:
              default:
                - b
                - a
              enum:
                - null
                - 9
                - 10
                - a
                - b
              properties:
                required:
                  oneOf:
                    - type: string
                    - type: "null"
              required:
                - a
                - z
              type:
                - "null"
                - string
            B:
              enum:
                - b
                - a
              x-enum-varnames:
                - Bee
                - Ay
        security:
          - o:
              - read
              - write
        "#);
    }
}
