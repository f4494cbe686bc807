//! Answers: progenitor pages only by Dropshot's own parameter names. `x-paging` says of an operation how it pages, by its parameters and its answer.
//! What the document says there itself (`size_default`: how many items a page holds where nothing is asked for, `limit`: how many the server gives
//! out where pages are counted) stays.

use serde_json::{Map, Value, json};

use crate::extensions;
use crate::lower::Context;
use crate::lower::origin;
use crate::lower::schema::{Object, beside, each_operation_mut, target, type_of};
use crate::lower::syntax::structure::show;
use crate::problem::Problem;
use crate::spec::walk::join;

const KEY: &str = extensions::PAGING.name;
const BODY: &str = "/responses/200/content/application~1json/schema";
/// What the document may say of its own.
const GIVEN: [&str; 2] = ["limit", "size_default"];
/// How many items a page holds where neither the document nor a correction says it.
const SIZE: u64 = 50;

pub(crate) fn apply(document: &mut Value, cx: &mut Context<'_>) {
    beside(document, |document, schemas| {
        each_operation_mut(document, &mut |operation, _, method, pointer| {
            let given = operation.get(KEY).cloned();
            // What says it all needs no finding out.
            if method != "get"
                || given
                    .as_ref()
                    .is_some_and(|given| given.get("style").is_some())
            {
                return;
            }
            let Some(answer) = Answer::of(operation, schemas) else {
                return unpaged(operation, given.as_ref(), pointer, cx);
            };
            let (by_checkpoint, counted) =
                (answer.checkpoint(operation), answer.counted(operation));
            let style = match (&by_checkpoint, &counted) {
                (None, None) => return unpaged(operation, given.as_ref(), pointer, cx),
                (Some(_), None) => "checkpoint",
                (None, Some(_)) => "offset",
                (Some(_), Some(_)) => "checkpoint-or-offset",
            };
            let through = match &answer.items {
                Some(items) => format!("`{items}`"),
                None => "the bare list".to_owned(),
            };
            let how = match style {
                "checkpoint" => "by checkpoints",
                "offset" => "by counting",
                _ => "by checkpoints or by counting",
            };
            cx.changed(
                operation,
                pointer,
                format!("found that it pages through {through} {how}"),
            );
            let mut paging = Map::from_iter([("style".to_owned(), json!(style))]);
            if let Some(items) = &answer.items {
                paging.insert("items".into(), json!(items));
            }
            paging.extend(by_checkpoint.into_iter().flatten());
            paging.extend(counted.into_iter().flatten());
            for (key, value) in given
                .as_ref()
                .and_then(Value::as_object)
                .into_iter()
                .flatten()
            {
                let fits = GIVEN.contains(&key.as_str())
                    && value.as_u64().is_some_and(|number| number > 0)
                    && (style != "checkpoint" || key != "limit");
                if !fits {
                    cx.problem(
                    Problem::at(
                        join(&origin::of(operation, pointer), KEY),
                        format!("`{KEY}` says something of this operation that it cannot say"),
                    )
                    .expected(
                        "size_default, and limit where pages are counted: whole numbers above 0",
                    )
                    .found(format!("{key}: {}", show(value))),
                );
                }
                paging.insert(key.clone(), value.clone());
            }
            operation[KEY] = Value::Object(paging);
        });
    });
}

/// An operation that does not page has nothing to say of it.
fn unpaged(operation: &Value, given: Option<&Value>, pointer: &str, cx: &mut Context<'_>) {
    if let Some(given) = given {
        cx.problem(
            Problem::at(
                join(&origin::of(operation, pointer), KEY),
                "this operation does not page",
            )
            .expected("the query parameters page and per_page, or from and take, and an answer with one list")
            .found(show(given)),
        );
    }
}

/// The query parameter of this name.
pub(crate) fn query_parameter<'o>(operation: &'o Value, name: &str) -> Option<&'o Value> {
    operation
        .get("parameters")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .find(|parameter| {
            parameter.get("name").and_then(Value::as_str) == Some(name)
                && parameter.get("in").and_then(Value::as_str) == Some("query")
        })
}

/// What an operation that may page answers with: one list, in an object or alone.
struct Answer {
    /// The property with the items; nothing where the list stands alone.
    items: Option<String>,
    has_next: bool,
    /// Which of `total`, `start` and `limit` it has: what a page says of itself where pages are counted.
    numbers: Vec<&'static str>,
}

impl Answer {
    fn of(operation: &Value, schemas: &Object) -> Option<Self> {
        let body = operation.pointer(BODY)?;
        let target = target(body);
        let body = match &target {
            Some(name) => schemas.get(name)?,
            None => body,
        };
        if type_of(body) == Some("array") {
            return Some(Self {
                items: None,
                has_next: false,
                numbers: Vec::new(),
            });
        }
        let properties = body.get("properties")?.as_object()?;
        let lists: Vec<&String> = properties
            .iter()
            .filter(|(_, property)| type_of(property) == Some("array"))
            .map(|(name, _)| name)
            .collect();
        let [only] = lists.as_slice() else {
            return None;
        };
        Some(Self {
            items: Some((*only).clone()),
            has_next: properties.contains_key("next"),
            numbers: ["total", "start", "limit"]
                .into_iter()
                .filter(|name| {
                    properties
                        .get(*name)
                        .is_some_and(|number| type_of(number) == Some("integer"))
                })
                .collect(),
        })
    }

    /// How it pages by checkpoints: it takes `from` and `take` and answers with `next`.
    fn checkpoint(&self, operation: &Value) -> Option<Map<String, Value>> {
        query_parameter(operation, "from")?;
        query_parameter(operation, "take")?;
        let keys = json!({ "cursor": "from", "size": "take", "next": "next" });
        keys.as_object().filter(|_| self.has_next).cloned()
    }

    /// How it pages by counting: it takes numbers as `page` and `per_page`.
    fn counted(&self, operation: &Value) -> Option<Map<String, Value>> {
        let number = |name: &str| {
            let schema = query_parameter(operation, name)?.get("schema")?;
            (type_of(schema) == Some("integer")).then_some(schema)
        };
        number("page")?;
        let size = number("per_page")?;
        let asked = extensions::DEFAULT.get(size).and_then(Value::as_u64);
        let most = size
            .pointer("/x-constraints/maximum")
            .and_then(Value::as_u64);
        let mut keys = Map::from_iter([
            ("page".to_owned(), json!("page")),
            ("per_page".to_owned(), json!("per_page")),
            (
                "size_default".to_owned(),
                json!(asked.unwrap_or(SIZE).min(most.unwrap_or(u64::MAX)).max(1)),
            ),
        ]);
        let totals = query_parameter(operation, "include_totals")
            .and_then(|totals| totals.get("schema"))
            .is_some_and(|schema| type_of(schema) == Some("boolean"));
        if totals && self.items.is_some() {
            keys.insert("totals".into(), json!("include_totals"));
        }
        for name in &self.numbers {
            // `limit` is how many items the server gives out of all pages.
            let key = if *name == "limit" { "page_limit" } else { name };
            keys.insert(key.into(), json!(name));
        }
        Some(keys)
    }
}
