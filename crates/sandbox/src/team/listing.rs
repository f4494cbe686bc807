//! Pages of listings.

use http::StatusCode;
use serde::ser::{Serialize, SerializeMap as _, Serializer};

use super::{OperationOutcome, not_found_status};
use crate::call::Call;
use crate::cursor;
use crate::document::Operation;
use crate::problem::Problem;
use crate::response::ApiResponse;

/// How many items a page holds where nothing is said.
const DEFAULT_PAGE_SIZE: usize = 50;

/// A page as the API shows it.
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

/// A page of what `items` gives for the number of the item that came last, under `name`. Items come with numbers.
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
            "The cursor belongs to no listing like this one",
        )
        .details("from: expected the `next` of a page of the same listing with the same filters")
    })?;
    let size = call
        .get("take")
        .and_then(|take| take.parse().ok())
        .unwrap_or(DEFAULT_PAGE_SIZE);
    let mut items = items(start);
    let mut last = None;
    let page: Vec<T> = items
        .by_ref()
        .take(size)
        .map(|(number, item)| {
            last = Some(number);
            item
        })
        .collect();
    // The last page names no next one, so it has to be known whether anything comes.
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
