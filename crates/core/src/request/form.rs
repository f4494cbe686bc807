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
            None if is_text(&value) => FormRule::Style(Style::FORM),
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

/// Whether the media type of a value is `text/plain`, the default of scalars and of lists of scalars. That of objects and of lists of
/// them is `application/json`. Where the schema of a property allows one of the two only, its rule says which.
fn is_text(value: &Value) -> bool {
    let is_scalar = |value: &Value| !value.is_array() && !value.is_object();
    match value {
        Value::Array(items) => items.iter().all(is_scalar),
        value => is_scalar(value),
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
            (
                json!({"at": {"x": 1}}),
                &[("at", FormRule::Style(Style::FORM))],
                "x=1",
            ),
            (json!({"at": {"x": 1}}), &[], "at=%7B%22x%22%3A1%7D"),
            (
                json!({"list": []}),
                &[("list", FormRule::Json)],
                "list=%5B%5D",
            ),
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
        assert_eq!(
            encode(&nested, &[("meta", deep)]).unwrap(),
            "meta%5Bk%5D%5Bl%5D=1"
        );
        let (name, _) = encode(&nested, &[("meta", joined)]).unwrap_err();
        assert_eq!(name, "meta");
    }
}
