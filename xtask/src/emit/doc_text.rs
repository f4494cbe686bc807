//! Text of the generated documentation that the emitter adds to the descriptions: constraints, defaults, scopes, status codes.

use proc_macro2::TokenStream;
use quote::quote;
use serde_json::{Map, Value};

use crate::emit::model::{self, OperationModel, OperationParameter, Paging, RetrySafety};
use crate::extensions::{self, Tag};
use crate::printable::escaped;
use crate::spec::walk::{Place, walk_mut};

/// Doc attributes for `text`, one per line.
pub(crate) fn doc(text: &str) -> TokenStream {
    let lines = lines(text);
    quote!(#(#[doc = #lines])*)
}

/// The lines of a doc comment, each with a leading space.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = String> {
    text.trim().lines().map(|line| {
        // A pattern may contain control characters. Tabs are harmless.
        let line = escaped(line.trim_end(), &['\t']);
        if line.is_empty() {
            line
        } else {
            format!(" {line}")
        }
    })
}

/// The first paragraph of `text` on one line.
pub(crate) fn first_line(text: &str) -> String {
    text.trim()
        .split("\n\n")
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// Appends constraints, defaults and conditions, which the Rust type does not express, to the description of every
/// schema. progenitor then copies them to the documentation of the field.
pub(crate) fn append_rules(document: &mut Value) {
    walk_mut(document, &mut |value, place, _| {
        if place != Place::Schema {
            return;
        }
        let mut notes = Vec::new();
        if let Some(Tag { property, value }) = Tag::of(value) {
            notes.push(format!("On the wire, `{property}` is `{value}`."));
        }
        let Some(schema) = value.as_object_mut() else {
            return;
        };
        let rules = extensions::CONSTRAINTS
            .get_in(schema)
            .map(rules)
            .unwrap_or_default();
        if !rules.is_empty() {
            // The entries of a struct are its fields.
            let rules = match schema.contains_key("properties") {
                true => rules.replace("entries", "fields").replace("entry", "field"),
                false => rules,
            };
            notes.push(format!("Constraints: {rules}."));
        }
        if let Some(default) = extensions::DEFAULT.get_in(schema) {
            notes.push(format!("Default: `{}`.", plain(default)));
        }
        for condition in model::list(
            extensions::CONDITIONS
                .get_in(schema)
                .unwrap_or(&Value::Null),
        ) {
            let message = model::text(condition, "message");
            if !message.is_empty() {
                notes.push(format!("Checked before the request is sent: {message}."));
            }
        }
        append(schema, &notes);
    });
}

fn append(schema: &mut Map<String, Value>, notes: &[String]) {
    if notes.is_empty() {
        return;
    }
    let description = schema
        .get("description")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .trim_end();
    let paragraphs = std::iter::once(description)
        .filter(|d| !d.is_empty())
        .chain(notes.iter().map(String::as_str));
    let text = paragraphs.collect::<Vec<_>>().join("\n\n");
    schema.insert("description".to_owned(), Value::String(text));
}

/// The text for constraints.
pub(crate) fn rules(constraints: &Value) -> String {
    let bound = |key: &str| constraints.get(key).map(plain);
    let mut parts = Vec::new();
    let mut range = |low: Option<String>, high: Option<String>, one: &str, many: &str| {
        let bounds = match (&low, &high) {
            (Some(low), Some(high)) if low == high => format!("exactly {low}"),
            (Some(low), Some(high)) => format!("{low} to {high}"),
            (Some(low), None) => format!("at least {low}"),
            (None, Some(high)) => format!("at most {high}"),
            (None, None) => return,
        };
        let unit = if high.or(low).as_deref() == Some("1") {
            one
        } else {
            many
        };
        parts.push(format!("{bounds} {unit}").trim_end().to_owned());
    };
    range(
        bound("minLength"),
        bound("maxLength"),
        "character",
        "characters",
    );
    range(bound("minItems"), bound("maxItems"), "item", "items");
    range(
        bound("minProperties"),
        bound("maxProperties"),
        "entry",
        "entries",
    );
    range(bound("minimum"), bound("maximum"), "", "");
    if constraints["exclusiveMinimum"] == Value::Bool(true) {
        parts.push("lower bound exclusive".to_owned());
    }
    if constraints["exclusiveMaximum"] == Value::Bool(true) {
        parts.push("upper bound exclusive".to_owned());
    }
    if let Some(step) = bound("multipleOf") {
        parts.push(format!("a multiple of {step}"));
    }
    if constraints["uniqueItems"] == Value::Bool(true) {
        parts.push("no duplicate items".to_owned());
    }
    let values: Vec<String> = model::list(&constraints["enum"])
        .map(|value| code(&plain(value)))
        .collect();
    if !values.is_empty() {
        parts.push(format!("one of {}", values.join(", ")));
    }
    if let Some(pattern) = constraints["pattern"].as_str() {
        parts.push(format!("matches {}", code(pattern)));
    }
    if let Some(items) = constraints
        .get("items")
        .map(rules)
        .filter(|rules| !rules.is_empty())
    {
        parts.push(format!("each item: {items}"));
    }
    parts.join(", ")
}

/// A value as text; a string without quotes.
pub(crate) fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// The indefinite article of a type name.
pub(crate) fn article(name: &str) -> &'static str {
    match name.starts_with(['A', 'E', 'I', 'O', 'U']) {
        true => "an",
        false => "a",
    }
}

/// `text` as a Markdown code span. It may contain backticks.
fn code(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    if longest == 0 {
        format!("`{text}`")
    } else {
        format!("{fence} {text} {fence}")
    }
}

/// The text for the constraints and the default of a parameter.
pub(crate) fn parameter_rules(parameter: &OperationParameter<'_>) -> String {
    let rules = parameter
        .constraints
        .map(rules)
        .filter(|rules| !rules.is_empty());
    let rules = rules.map(|rules| format!("Constraints: {rules}."));
    let default = parameter
        .default
        .map(|default| format!("Default: `{}`.", plain(default)));
    [rules, default, sent_as(parameter)]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ")
}

/// How a parameter is sent, if that is not the default of its location.
fn sent_as(parameter: &OperationParameter<'_>) -> Option<String> {
    let (name, default) = match parameter.location.as_str() {
        "cookie" => (Some(format!("as the cookie `{}`", parameter.wire)), "form"),
        "query" => (None, "form"),
        _ => (None, "simple"),
    };
    let json = parameter.is_json.then(|| "as JSON".to_owned());
    let style = json.or_else(|| parameter.style.description(default));
    let parts: Vec<String> = name.into_iter().chain(style).collect();
    (!parts.is_empty()).then(|| format!("Sent {}.", parts.join(" ")))
}

/// Method and path of an operation, and a list of its properties.
pub(crate) fn facts(operation: &OperationModel<'_>) -> String {
    let mut lines = vec![format!(
        "`{} {}`",
        operation.method.to_uppercase(),
        operation.path
    )];
    let hints = operation.scopes_are_hints();
    let alternatives = operation.scopes.iter();
    let shown: Vec<_> = alternatives
        .filter(|s| !hints || !s.is_empty())
        .cloned()
        .collect();
    if !shown.is_empty() {
        lines.push(format!("- Scope: {}", scopes(&shown)));
    }
    if let Some(lifecycle) = &operation.lifecycle {
        lines.push(format!("- Release stage: {}", lifecycle.replace('_', " ")));
    }
    let media = &operation.request_media;
    if operation.body.is_some() && media.media_type != "application/json" {
        lines.push(format!("- Request body: `{}`", media.media_type));
    }
    if let Some(accept) = &operation.response_media.accept {
        lines.push(format!("- Response body: `{accept}`"));
    }
    lines.push(format!(
        "- Success: {}{}",
        statuses(&operation.success),
        outcome(operation)
    ));
    if !operation.errors.is_empty() {
        lines.push(format!(
            "- Documented errors: {}",
            statuses(&operation.errors)
        ));
    }
    if let Some(paging) = &operation.paging {
        lines.push(format!("- Paging: {}", paging_text(paging)));
    }
    lines.push(format!(
        "- Retry: {}",
        match operation.retry_safety {
            RetrySafety::Safe => "safe, read-only",
            RetrySafety::Idempotent => "idempotent; the response to a retry can differ",
            RetrySafety::Unsafe =>
                "not idempotent; retried only if the server has not processed the request",
        }
    ));
    format!("{}\n\n{}", lines[0], lines[1..].join("\n"))
}

fn outcome(operation: &OperationModel<'_>) -> String {
    operation
        .bulk_outcome
        .as_ref()
        .map_or_else(String::new, |outcome| {
            format!(
                " ({}: complete; {}: partial, with a report of the failures)",
                outcome.complete, outcome.partial
            )
        })
}

fn statuses(statuses: &[u16]) -> String {
    statuses
        .iter()
        .map(u16::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}

/// The text for how an operation is paged.
fn paging_text(paging: &Paging) -> String {
    let by_cursor = paging
        .checkpoint
        .as_ref()
        .map(|by| format!("by cursor (`{}`)", by.cursor));
    let by_number = paging.counted.as_ref().map(|by| {
        let limit = by
            .limit
            .map(|limit| format!(", limited to the first {limit} items"));
        (
            format!("by page number (`{}`)", by.page),
            limit.unwrap_or_default(),
        )
    });
    match (by_cursor, by_number) {
        (Some(cursor), Some((number, limit))) => {
            format!("{cursor}, or {number} if one of its parameters is set{limit}")
        }
        (None, Some((number, limit))) => number + &limit,
        (cursor, None) => cursor.unwrap_or_default(),
    }
}

/// The text for a successful response; empty if there is nothing to say.
pub(crate) fn response(operation: &OperationModel<'_>) -> String {
    let description = operation.success_description.trim();
    let Some(status) = operation
        .success
        .first()
        .filter(|_| operation.bulk_outcome.is_none())
    else {
        return String::new();
    };
    match (
        operation.responses.contains_key(status),
        status,
        description,
    ) {
        (_, 204, _) => "Returns 204 No Content.".to_owned(),
        (_, _, "") => String::new(),
        (true, ..) => format!("Response: {description}"),
        (false, ..) => format!("Response, {status} without a body: {description}"),
    }
}

/// The text for alternatives of scopes.
fn scopes(alternatives: &[Vec<String>]) -> String {
    let together = |scopes: &Vec<String>| match scopes.as_slice() {
        [] => "none".to_owned(),
        scopes => scopes
            .iter()
            .map(|s| format!("`{s}`"))
            .collect::<Vec<_>>()
            .join(" and "),
    };
    alternatives
        .iter()
        .map(together)
        .collect::<Vec<_>>()
        .join(", or ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn constraints_become_text() {
        let constraints = json!({"minLength": 3, "maxLength": 63, "pattern": "^[a-z]+$"});
        assert_eq!(
            rules(&constraints),
            "3 to 63 characters, matches `^[a-z]+$`"
        );
        let nested =
            json!({"minItems": 1, "maxItems": 10, "items": {"minLength": 5, "pattern": "`"}});
        assert_eq!(
            rules(&nested),
            "1 to 10 items, each item: at least 5 characters, matches `` ` ``"
        );
    }

    #[test]
    fn paging_becomes_text() {
        let both = json!({"cursor": "from", "size": "take", "page": "page", "per_page": "per_page", "limit": 1000});
        assert_eq!(
            paging_text(&Paging::read(&both)),
            "by cursor (`from`), or by page number (`page`) if one of its parameters is set, limited to the first 1000 items"
        );
        assert_eq!(
            paging_text(&Paging::read(
                &json!({"page": "page", "per_page": "per_page"})
            )),
            "by page number (`page`)"
        );
    }

    #[test]
    fn scopes_become_alternatives() {
        let scopes_needed = [vec!["a".to_owned(), "b".to_owned()], vec!["c".to_owned()]];
        assert_eq!(scopes(&scopes_needed), "`a` and `b`, or `c`");
    }

    #[test]
    fn rules_and_defaults_are_appended_to_the_description() {
        let mut document = json!({"components": {"schemas": {"A": {
            "properties": {"b": {"description": "B.", "x-constraints": {"minLength": 1}, "x-default": "z"}}
        }}}});
        append_rules(&mut document);
        assert_eq!(
            document["components"]["schemas"]["A"]["properties"]["b"]["description"],
            "B.\n\nConstraints: at least 1 character.\n\nDefault: `z`."
        );
    }
}
