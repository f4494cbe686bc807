//! Listings with numbered pages (with or without totals) and with cursors.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::ManagementContext;
use crate::call::Call;
use crate::document::Operation;
use crate::pages::{DEFAULT_PAGE_SIZE, cursor_page, page_start};
use crate::problem::{Problem, RequestPart};
use crate::response::ApiResponse;

/// Numbered pages cover only this many records.
const MAX_NUMBERED_RECORDS: u64 = 1000;

/// How a page is requested.
pub(super) enum PageMode {
    Numbered {
        start: u64,
        size: u64,
    },
    /// Starts after the item with this number.
    Cursor(Option<u64>),
}

/// The mode of a listing that supports both kinds of pages. `take` and `from` select cursors; `page` and
/// `include_totals` are then ignored.
pub(super) fn page_mode(operation: &Operation, call: &Call) -> Result<PageMode, Problem> {
    if call.get("take").is_some() || call.get("from").is_some() {
        return page_start(operation, call).map(PageMode::Cursor);
    }
    let (start, size) = page_range(call)?;
    Ok(PageMode::Numbered { start, size })
}

/// The index of the first item of a numbered page, and the page size.
///
/// Fails for pages that end beyond the first 1,000 records. Auth0 documents this 400 for invitations; the sandbox
/// applies it to all listings.
pub(super) fn page_range(call: &Call) -> Result<(u64, u64), Problem> {
    let size = call.number("per_page").unwrap_or(DEFAULT_PAGE_SIZE);
    let start = call.number("page").unwrap_or(0).saturating_mul(size);
    if start.saturating_add(size) > MAX_NUMBERED_RECORDS {
        let rule = format!("expected a page within the first {MAX_NUMBERED_RECORDS} records");
        let mut problem = Problem::parameter(RequestPart::Query, "page", rule);
        problem.kind = "INVALID_PAGING";
        return Err(problem);
    }
    Ok((start, size))
}

/// A numbered page: a bare array, or with `include_totals` an object with the items under `name`. Some listings have no
/// total.
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
    /// A page of a short listing, whose items are numbered by position.
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
