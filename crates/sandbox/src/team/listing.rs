//! Pages of listings.

use http::StatusCode;
use serde::ser::{Serialize, SerializeMap as _, Serializer};

use super::{OperationOutcome, not_found_status};
use crate::call::Call;
use crate::cursor;
use crate::document::Operation;
use crate::pages::DEFAULT_PAGE_SIZE;
use crate::problem::Problem;
use crate::response::ApiResponse;

/// A page, in the form of the Teams API.
struct PageBody<'a, T> {
    name: &'static str,
    items: &'a [T],
    next: Option<String>,
}

impl<T: Serialize> Serialize for PageBody<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(self.name, self.items)?;
        if let Some(next) = &self.next {
            map.serialize_entry("next", next)?;
        }
        map.end()
    }
}

/// A page with its items under `name`. `items` receives the number of the last item of the previous page and returns
/// numbered items.
pub(super) fn listing_page<T: Serialize, I: Iterator<Item = (u64, T)>>(
    operation: &Operation,
    call: &Call,
    name: &'static str,
    items: impl FnOnce(Option<u64>) -> I,
) -> Result<OperationOutcome, Problem> {
    let start = cursor::decode(operation, call).map_err(|cursor::UnknownCursor| {
        Problem::new(
            not_found_status(operation),
            "CURSOR_NOT_FOUND",
            "The cursor does not belong to this listing",
        )
        .details(
            "from: expected the `next` value of a page of the same listing with the same filters",
        )
    })?;
    let size = call.number("take").unwrap_or(DEFAULT_PAGE_SIZE);
    let mut items = items(start);
    let mut last = None;
    let page: Vec<T> = items
        .by_ref()
        .take(usize::try_from(size).unwrap_or(usize::MAX))
        .map(|(number, item)| {
            last = Some(number);
            item
        })
        .collect();
    // The last page has no `next`, so the listing must look one item ahead.
    let next = match (last, items.next()) {
        (Some(last), Some(_)) => Some(cursor::encode(operation, call, last)),
        _ => None,
    };
    let page = PageBody {
        name,
        items: &page,
        next,
    };
    Ok(OperationOutcome::reading(ApiResponse::json(
        StatusCode::OK,
        &page,
    )))
}
