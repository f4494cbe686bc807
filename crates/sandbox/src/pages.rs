//! Pages of listings, which go on by a cursor, and the choice of fields.

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::cursor;
use crate::document::Operation;
use crate::problem::Problem;
use crate::response::ApiResponse;
use crate::tenant::ListingQuirks;

/// How many items a page holds where nothing is said.
const DEFAULT_PAGE_SIZE: u64 = 50;

/// Where a listing begins: the number of the item that came last, if it goes on.
pub(crate) fn page_start(operation: &Operation, call: &Call) -> Result<Option<u64>, Problem> {
    cursor::decode(operation, call).map_err(|cursor::UnknownCursor| {
        let title = "The cursor belongs to no listing like this one";
        let problem = Problem::not_found("CURSOR_NOT_FOUND", title);
        let problem = problem.details(
            "from: expected the `next` of a page of the same listing with the same filters",
        );
        problem.with_documented_status(operation)
    })
}

/// The items of a page and the cursor of the next one, of items that come after what was given before, with numbers.
pub(crate) fn page_items(
    operation: &Operation,
    call: &Call,
    quirks: ListingQuirks,
    items: impl Iterator<Item = (u64, Value)>,
) -> (Vec<Value>, Option<String>) {
    let mut size = call.number("take").unwrap_or(DEFAULT_PAGE_SIZE);
    if quirks.short_pages {
        size = size.div_ceil(2);
    }
    let mut items = items.peekable();
    let mut last = None;
    let mut page = Vec::new();
    while (page.len() as u64) < size
        && let Some((number, item)) = items.next()
    {
        last = Some(number);
        page.push(item);
    }
    let has_more = items.peek().is_some();
    let next = last.filter(|_| has_more || quirks.empty_last_page);
    let next = next.map(|last| cursor::encode(operation, call, last));
    (page, next)
}

/// A page under `name`.
pub(crate) fn cursor_page(
    operation: &Operation,
    call: &Call,
    quirks: ListingQuirks,
    name: &str,
    items: impl Iterator<Item = (u64, Value)>,
) -> ApiResponse {
    let (page, next) = page_items(operation, call, quirks, items);
    let mut body = Map::new();
    body.insert(name.to_owned(), json!(page));
    body.extend(next.map(|next| ("next".to_owned(), json!(next))));
    ApiResponse::json(StatusCode::OK, &body)
}

/// What of an item is asked for by `fields` and `include_fields`.
pub(crate) fn select_fields(call: &Call, mut item: Value) -> Value {
    if let (Some(fields), Some(members)) = (call.get("fields"), item.as_object_mut()) {
        let is_included = call.get("include_fields") != Some("false");
        let is_named = |name: &str| fields.split(',').any(|field| field.trim() == name);
        members.retain(|name, _| is_named(name) == is_included);
    }
    item
}
