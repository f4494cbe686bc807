//! Bodies of `application/x-www-form-urlencoded`.

use serde::Serialize;
use serde_json::Value;

use super::style::Style;
use super::writer::{self, Place, Unwritable};

/// How a property of a form is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormRule {
    /// In a style of parameters.
    Style(Style),
    /// As JSON.
    Json,
}

/// Encodes the members of `body`. An error names the property that cannot be written.
pub(super) fn encode<T: Serialize + ?Sized>(
    body: &T,
    rules: &[(&str, FormRule)],
) -> Result<String, (String, Unwritable)> {
    let whole = |error| ("body".to_owned(), error);
    let members = match serde_json::to_value(body) {
        Ok(Value::Object(members)) => members,
        Ok(Value::Null) => return Ok(String::new()),
        _ => return Err(whole(Unwritable::Unsupported)),
    };
    let mut text = String::new();
    for (name, value) in members {
        let rule = rules.iter().find(|(of, _)| *of == name);
        let rule = match rule {
            Some((_, rule)) => *rule,
            None if is_flat(&value) => FormRule::Style(Style::FORM),
            None => FormRule::Json,
        };
        let written = match rule {
            FormRule::Style(style) => writer::write(&mut text, &name, &value, style, Place::Form),
            FormRule::Json if value.is_null() => continue,
            FormRule::Json => {
                let json = value.to_string();
                writer::write(&mut text, &name, &json, Style::FORM, Place::Form)
            }
        };
        written.map_err(|error| (name, error))?;
    }
    Ok(text)
}

/// Whether a value has no list or object inside a list or an object.
fn is_flat(value: &Value) -> bool {
    let is_scalar = |value: &Value| !value.is_array() && !value.is_object();
    match value {
        Value::Array(items) => items.iter().all(is_scalar),
        Value::Object(members) => members.values().all(is_scalar),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn properties_are_written_by_their_rules() {
        let deep = FormRule::Style(Style::DEEP_OBJECT);
        let joined = FormRule::Style(Style::FORM.explode(false));
        for (body, rules, expected) in [
            (json!({}), &[][..], ""),
            (json!({"a": "b c&d", "n": null}), &[], "a=b+c%26d"),
            (
                json!({"tags": ["x", "y"], "z": 1}),
                &[],
                "tags=x&tags=y&z=1",
            ),
            (json!({"tags": []}), &[], ""),
            (json!({"tags": ["x", "y"]}), &[("tags", joined)], "tags=x,y"),
            (json!({"at": {"x": 1, "y": true}}), &[], "x=1&y=true"),
            (
                json!({"meta": {"k": "v"}}),
                &[("meta", deep)],
                "meta%5Bk%5D=v",
            ),
            (
                json!({"meta": {"k": "v"}}),
                &[("meta", FormRule::Json)],
                "meta=%7B%22k%22%3A%22v%22%7D",
            ),
            (
                json!({"list": [{"a": 1}]}),
                &[],
                "list=%5B%7B%22a%22%3A1%7D%5D",
            ),
        ] {
            assert_eq!(encode(&body, rules).unwrap(), expected, "{body}");
        }
        let nested = json!({"meta": {"k": {"l": 1}}});
        let (name, _) = encode(&nested, &[("meta", deep)]).unwrap_err();
        assert_eq!(name, "meta");
    }
}
