//! Formats values and places for people.

use serde_json::Value;

use super::change::Subject;
use super::side::{Side, component, unescape};
use crate::spec::walk::METHODS;

/// Maximum number of characters of a value.
const WIDTH: usize = 100;

/// Formats a value, truncated.
pub(super) fn value(value: &Value) -> String {
    cut(&value.to_string())
}

/// Formats a list of values, truncated.
pub(super) fn values(values: &[&Value]) -> String {
    let all: Vec<String> = values.iter().map(|value| value.to_string()).collect();
    cut(&all.join(", "))
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(WIDTH) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}...", &text[..at]),
    }
}

/// Escapes the invisible characters of untrusted text from documents.
pub(super) fn printable(text: &str) -> String {
    crate::printable::escaped(text, &[])
}

/// Returns the subject and the place in it for a pointer.
pub(super) fn place(side: Side<'_>, pointer: &str) -> (Subject, String) {
    let steps: Vec<String> = pointer.split('/').skip(1).map(unescape).collect();
    let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
    if let Some((kind, name, _)) = component(pointer) {
        let subject = Subject::Component(kind.to_owned(), unescape(name));
        return match kind {
            "schemas" => (subject, within_schema(side, pointer, &steps[3..])),
            _ => (subject, within(side, pointer, &steps[3..])),
        };
    }
    match steps.as_slice() {
        ["paths", path, method, rest @ ..] if METHODS.contains(method) => {
            let subject = Subject::Operation(format!("{} {path}", method.to_uppercase()));
            (subject, within(side, pointer, rest))
        }
        ["paths", path, rest @ ..] => {
            let place = format!("{path} {}", within(side, pointer, rest));
            (Subject::Document, place.trim_end().to_owned())
        }
        _ => (Subject::Document, steps.join(" ")),
    }
}

/// Formats a place in an operation, a parameter, a body or a response.
fn within(side: Side<'_>, pointer: &str, steps: &[&str]) -> String {
    let (words, rest): (Vec<String>, &[&str]) = match steps {
        ["parameters", _, rest @ ..] => {
            let (place, name) = side.parameter(&super::schemas::up(pointer, rest.len()));
            (vec![format!("{place} parameter `{name}`")], rest)
        }
        ["requestBody", rest @ ..] => (vec!["request body".to_owned()], rest),
        ["responses", status, rest @ ..] => (vec![format!("response {status}")], rest),
        rest => (Vec::new(), rest),
    };
    let mut words = words;
    let mut rest = rest;
    if let ["headers", name, more @ ..] = rest {
        words.push(format!("header `{name}`"));
        rest = more;
    }
    if let ["content", kind, more @ ..] = rest {
        if *kind != "application/json" {
            words.push((*kind).to_owned());
        }
        rest = more;
    }
    match rest {
        ["schema", schema @ ..] => words.push(within_schema(side, pointer, schema)),
        other => words.push(other.join(" ")),
    }
    words.retain(|word| !word.is_empty());
    words.join(" ")
}

/// Formats a place in a schema, such as `.roles[]` for the items of a property. `steps` are the last steps of `pointer`.
fn within_schema(side: Side<'_>, pointer: &str, steps: &[&str]) -> String {
    let mut text = String::new();
    let mut rest = steps;
    loop {
        rest = match rest {
            ["properties", name, more @ ..] => {
                text.push('.');
                text.push_str(name);
                more
            }
            ["items", more @ ..] => {
                text.push_str("[]");
                more
            }
            ["additionalProperties", more @ ..] => {
                text.push_str("{}");
                more
            }
            ["allOf", _, more @ ..] => more,
            ["oneOf" | "anyOf", index, more @ ..] => {
                // A variant is identified by its title, if it has one.
                let variant = side.get(&super::schemas::up(pointer, more.len()));
                let name = variant["title"].as_str().unwrap_or(index);
                text.push_str(&format!("<{name}>"));
                more
            }
            [] => return text,
            other => {
                let gap = if text.is_empty() { "" } else { " " };
                return format!("{text}{gap}{}", other.join(" "));
            }
        };
    }
}
