//! Pages of listings with cursors, and field selection.

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::cursor;
use crate::document::Operation;
use crate::problem::Problem;
use crate::response::ApiResponse;
use crate::tenant::ListingQuirks;

/// Page size if the request specifies none.
pub(crate) const DEFAULT_PAGE_SIZE: u64 = 50;

/// The number of the last item of the previous page, or `None` for the first page.
pub(crate) fn page_start(operation: &Operation, call: &Call) -> Result<Option<u64>, Problem> {
    cursor::decode(operation, call).map_err(|cursor::UnknownCursor| {
        let title = "The cursor does not belong to this listing";
        let problem = Problem::not_found("CURSOR_NOT_FOUND", title);
        let problem = problem.details(
            "from: expected the `next` value of a page of the same listing with the same filters",
        );
        problem.with_documented_status(operation)
    })
}

/// Takes one page from numbered items, which start after the previous page. Returns the items and the cursor of the
/// next page.
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

/// A page with its items under `name`.
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

/// Applies `fields` and `include_fields` to an item.
pub(crate) fn select_fields(call: &Call, mut item: Value) -> Value {
    if let (Some(fields), Some(members)) = (call.get("fields"), item.as_object_mut()) {
        let is_included = call.get("include_fields") != Some("false");
        let is_named = |name: &str| fields.split(',').any(|field| field.trim() == name);
        members.retain(|name, _| is_named(name) == is_included);
    }
    item
}
