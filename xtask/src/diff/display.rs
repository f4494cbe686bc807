//! Values and places as people are shown them.

use serde_json::Value;

use super::change::Subject;
use super::side::{Side, component, unescape};
use crate::spec::walk::METHODS;

/// Characters of a value that are shown.
const WIDTH: usize = 100;

/// A value, short.
pub(super) fn value(value: &Value) -> String {
    cut(&value.to_string())
}

/// A list of values, short.
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

/// A text without what moves the cursor, ends a line or turns the direction of writing: documents are strangers.
pub(super) fn printable(text: &str) -> String {
    crate::printable::escaped(text, &[])
}

/// What a place is about and where in it, from its pointer.
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

/// A place in an operation, a parameter, a body or a response.
fn within(side: Side<'_>, pointer: &str, steps: &[&str]) -> String {
    let (words, rest): (Vec<String>, &[&str]) = match steps {
        ["parameters", _, rest @ ..] => {
            let (place, name) = side.parameter(&super::schemas::up(pointer, rest.len()));
            (vec![format!("{place} parameter `{name}`")], rest)
        }
        ["requestBody", rest @ ..] => (vec!["request body".to_owned()], rest),
        ["responses", status, rest @ ..] => (vec![format!("answer {status}")], rest),
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

/// A place in a schema, of which `steps` are the last ones of `pointer`: `.roles[]` for the items of a property.
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
                // A variant is known by its title, if it has one.
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
