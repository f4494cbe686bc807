//! Defect: progenitor supports only the paging parameters of Dropshot.
//!
//! `x-paging` describes how an operation pages, derived from its parameters and its response. Values that the document sets are kept:
//! `size_default`, the page size without a parameter, and `limit`, the number of items after which the server returns no further pages.

use serde_json::{Map, Value, json};

use crate::extensions::{self, PAGING};
use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::policy::list_of;
use crate::lower::schema::{Object, each_operation_mut, target, type_of, with_components_aside};
use crate::lower::syntax::structure::abbreviated;
use crate::problem::Problem;
use crate::spec::walk::join;

const BODY: &str = "/responses/200/content/application~1json/schema";
/// The members that the document may set.
const DECLARABLE: [&str; 2] = ["limit", "size_default"];
/// The default page size, if neither the document nor a correction has one.
const DEFAULT_SIZE: u64 = 50;

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    with_components_aside(document, |document, schemas| {
        each_operation_mut(document, &mut |operation, path, method, pointer| {
            let declared = PAGING.get(operation).cloned();
            // Only `get` operations page. With a style, the extension is already complete.
            if method != "get"
                || declared
                    .as_ref()
                    .is_some_and(|declared| declared.get("style").is_some())
            {
                return;
            }
            let known = cx.options.previous.map_or(&Value::Null, |previous| {
                &PAGING.value(&previous["paths"][path][method])["items"]
            });
            let Some(response) = ListResponse::of(operation, path, known, schemas) else {
                return reject_declaration(operation, declared.as_ref(), pointer, cx);
            };
            let (by_checkpoint, by_offset) = (
                response.checkpoint_members(operation),
                response.offset_members(operation),
            );
            let style = match (&by_checkpoint, &by_offset) {
                (None, None) => {
                    return reject_declaration(operation, declared.as_ref(), pointer, cx);
                }
                (Some(_), None) => "checkpoint",
                (None, Some(_)) => "offset",
                (Some(_), Some(_)) => "checkpoint-or-offset",
            };
            let items = match &response.items {
                Some(items) => format!("items in `{items}`, style"),
                None => "items in a bare array, style".to_owned(),
            };
            cx.changed(operation, pointer, format!("set x-paging: {items} {style}"));
            let mut paging = Map::from_iter([("style".to_owned(), json!(style))]);
            if let Some(items) = &response.items {
                paging.insert("items".into(), json!(items));
            }
            paging.extend(by_checkpoint.into_iter().flatten());
            paging.extend(by_offset.into_iter().flatten());
            for (key, value) in declared
                .as_ref()
                .and_then(Value::as_object)
                .into_iter()
                .flatten()
            {
                let is_valid = DECLARABLE.contains(&key.as_str())
                    && value.as_u64().is_some_and(|number| number > 0)
                    && (style != "checkpoint" || key != "limit");
                if !is_valid {
                    cx.problem(
                        Problem::at(
                            join(&origin::of(operation, pointer), PAGING.name),
                            format!("invalid member of {}", PAGING.name),
                        )
                        .expected("size_default, or limit for offset paging: positive integers")
                        .found(format!("{key}: {}", abbreviated(value))),
                    );
                }
                paging.insert(key.clone(), value.clone());
            }
            operation[PAGING.name] = Value::Object(paging);
        });
    });
}

/// Reports `x-paging` on an operation that does not page.
fn reject_declaration(
    operation: &Value,
    declared: Option<&Value>,
    pointer: &str,
    cx: &mut PassContext<'_>,
) {
    if let Some(declared) = declared {
        cx.problem(
            Problem::at(
                join(&origin::of(operation, pointer), PAGING.name),
                "this operation does not page",
            )
            .expected("the query parameters page and per_page, or from and take, and a response with one array")
            .found(abbreviated(declared)),
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

/// A response that lists an array: a property of an object, or the response itself.
struct ListResponse {
    /// The property with the items; `None` if the response is the array.
    items: Option<String>,
    has_next: bool,
    /// Which of the integers `total`, `start` and `limit` the response has.
    numbers: Vec<&'static str>,
}

impl ListResponse {
    /// The listing of an operation at `path`; `known` is its array in the previous version.
    fn of(operation: &Value, path: &str, known: &Value, schemas: &Object) -> Option<Self> {
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
        let is_array = |name: &&str| properties.get(*name).and_then(type_of) == Some("array");
        let merged = extensions::PAGE.value(body)["items"].as_str();
        let known = merged.or(known.as_str()).filter(is_array);
        let items = known.or_else(|| list_of(properties, path))?;
        Some(Self {
            items: Some(items.to_owned()),
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

    /// The members of `x-paging` for checkpoint paging: parameters `from` and `take`, and `next` in the response.
    fn checkpoint_members(&self, operation: &Value) -> Option<Map<String, Value>> {
        query_parameter(operation, "from")?;
        query_parameter(operation, "take")?;
        let keys = json!({ "cursor": "from", "size": "take", "next": "next" });
        keys.as_object().filter(|_| self.has_next).cloned()
    }

    /// The members of `x-paging` for offset paging: integer parameters `page` and `per_page`.
    fn offset_members(&self, operation: &Value) -> Option<Map<String, Value>> {
        let number = |name: &str| {
            let schema = query_parameter(operation, name)?.get("schema")?;
            (type_of(schema) == Some("integer")).then_some(schema)
        };
        number("page")?;
        let size = number("per_page")?;
        let default = extensions::DEFAULT.get(size).and_then(Value::as_u64);
        let maximum = extensions::CONSTRAINTS.value(size)["maximum"].as_u64();
        let mut keys = Map::from_iter([
            ("page".to_owned(), json!("page")),
            ("per_page".to_owned(), json!("per_page")),
            (
                "size_default".to_owned(),
                json!(
                    default
                        .unwrap_or(DEFAULT_SIZE)
                        .min(maximum.unwrap_or(u64::MAX))
                        .max(1)
                ),
            ),
        ]);
        let totals = query_parameter(operation, "include_totals")
            .and_then(|totals| totals.get("schema"))
            .is_some_and(|schema| type_of(schema) == Some("boolean"));
        if totals && self.items.is_some() {
            keys.insert("totals".into(), json!("include_totals"));
        }
        for name in &self.numbers {
            // `limit` in `x-paging` is the number of items after which the server stops.
            let key = if *name == "limit" { "page_limit" } else { name };
            keys.insert(key.into(), json!(name));
        }
        Some(keys)
    }
}
