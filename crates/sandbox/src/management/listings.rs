//! Listings: numbered pages, as a bare array or with totals, and pages that go on by a cursor.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::ManagementContext;
use crate::call::Call;
use crate::document::Operation;
use crate::pages::{cursor_page, page_start};
use crate::problem::{Problem, RequestPart};
use crate::response::ApiResponse;

/// How many records numbered pages reach.
const MAX_NUMBERED_RECORDS: u64 = 1000;

/// How many items a page holds where nothing is said.
const DEFAULT_PAGE_SIZE: u64 = 50;

/// How a listing is asked for.
pub(super) enum PageMode {
    Numbered {
        start: u64,
        size: u64,
    },
    /// After the item with this number.
    Cursor(Option<u64>),
}

/// The mode of a listing that knows both. `take` or `from` asks for cursors, whatever else is said: beside them `page`
/// and `include_totals` count for nothing.
pub(super) fn page_mode(operation: &Operation, call: &Call) -> Result<PageMode, Problem> {
    if call.get("take").is_some() || call.get("from").is_some() {
        return page_start(operation, call).map(PageMode::Cursor);
    }
    let (start, size) = page_range(call)?;
    Ok(PageMode::Numbered { start, size })
}

/// The first item of a numbered page, and how many it holds. What lies beyond the first 1,000 records is out of reach.
/// Auth0 documents that for invitations, as a 400 to a page that ends beyond them; the other listings do the same here.
pub(super) fn page_range(call: &Call) -> Result<(u64, u64), Problem> {
    let size = call.number("per_page").unwrap_or(DEFAULT_PAGE_SIZE);
    let start = call.number("page").unwrap_or(0).saturating_mul(size);
    if start.saturating_add(size) > MAX_NUMBERED_RECORDS {
        let rule = format!(
            "the page ends beyond the {MAX_NUMBERED_RECORDS} records that numbered pages reach"
        );
        let mut problem = Problem::parameter(RequestPart::Query, "page", rule);
        problem.kind = "INVALID_PAGING";
        return Err(problem);
    }
    Ok((start, size))
}

/// A numbered page under `name`: bare, or with what is asked for by `include_totals`. Some listings know no total.
pub(super) fn numbered_page(
    call: &Call,
    name: &str,
    (start, size): (u64, u64),
    total: Option<u64>,
    items: impl Iterator<Item = Value>,
) -> ApiResponse {
    let skipped = usize::try_from(start).unwrap_or(usize::MAX);
    let name_taken = usize::try_from(size).unwrap_or(usize::MAX);
    let items: Vec<Value> = items.skip(skipped).take(name_taken).collect();
    if !call.flag("include_totals") {
        return ApiResponse::json(StatusCode::OK, &items);
    }
    let mut body = Map::new();
    body.insert("start".to_owned(), json!(start));
    body.insert("limit".to_owned(), json!(size));
    body.extend(total.map(|total| ("total".to_owned(), json!(total))));
    body.insert(name.to_owned(), json!(items));
    ApiResponse::json(StatusCode::OK, &body)
}

impl ManagementContext<'_> {
    /// A page under `name` of items that are few, and whose numbers are their places.
    pub(super) fn indexed_page(
        &self,
        name: &str,
        items: impl Iterator<Item = Value>,
    ) -> Result<ApiResponse, Problem> {
        let start = page_start(self.operation, self.call)?;
        let items = (0..).zip(items);
        let items = items.filter(|(number, _)| start.is_none_or(|start| *number > start));
        let quirks = self.tenant.settings.quirks;
        Ok(cursor_page(self.operation, self.call, quirks, name, items))
    }
}
