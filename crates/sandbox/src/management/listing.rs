//! Listings: numbered pages, as a bare array or with totals, and pages that go on by a cursor.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::Scene;
use crate::answer::Answer;
use crate::call::Call;
use crate::document::Operation;
use crate::pages::{paged, start};
use crate::problem::{Problem, Source};

/// How many records numbered pages reach.
const REACH: u64 = 1000;

/// How many items a page holds where nothing is said.
const DEFAULT_SIZE: u64 = 50;

/// How a listing is asked for.
pub(super) enum Mode {
    Numbered {
        start: u64,
        size: u64,
    },
    /// After the item with this number.
    Cursor(Option<u64>),
}

/// The mode of a listing that knows both. `take` or `from` asks for cursors, whatever else is said: beside them `page`
/// and `include_totals` count for nothing.
pub(super) fn mode(operation: &Operation, call: &Call) -> Result<Mode, Problem> {
    if call.get("take").is_some() || call.get("from").is_some() {
        return start(operation, call).map(Mode::Cursor);
    }
    let (start, size) = numbered(call)?;
    Ok(Mode::Numbered { start, size })
}

/// The first item of a numbered page, and how many it holds. What lies beyond the first 1,000 records is out of reach.
/// Auth0 documents that for invitations, as a 400 to a page that ends beyond them; the other listings do the same here.
pub(super) fn numbered(call: &Call) -> Result<(u64, u64), Problem> {
    let size = call.number("per_page").unwrap_or(DEFAULT_SIZE);
    let start = call.number("page").unwrap_or(0).saturating_mul(size);
    if start.saturating_add(size) > REACH {
        let rule = format!("the page ends beyond the {REACH} records that numbered pages reach");
        let mut problem = Problem::parameter(Source::Query, "page", rule);
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
) -> Answer {
    let skipped = usize::try_from(start).unwrap_or(usize::MAX);
    let taken = usize::try_from(size).unwrap_or(usize::MAX);
    let items: Vec<Value> = items.skip(skipped).take(taken).collect();
    if !call.is("include_totals") {
        return Answer::json(StatusCode::OK, &items);
    }
    let mut body = Map::new();
    body.insert("start".to_owned(), json!(start));
    body.insert("limit".to_owned(), json!(size));
    body.extend(total.map(|total| ("total".to_owned(), json!(total))));
    body.insert(name.to_owned(), json!(items));
    Answer::json(StatusCode::OK, &body)
}

impl Scene<'_> {
    /// A page under `name` of items that are few, and whose numbers are their places.
    pub(super) fn short_page(
        &self,
        name: &str,
        items: impl Iterator<Item = Value>,
    ) -> Result<Answer, Problem> {
        let start = start(self.operation, self.call)?;
        let items = (0..).zip(items);
        let items = items.filter(|(number, _)| start.is_none_or(|start| *number > start));
        let quirks = self.tenant.settings.quirks;
        Ok(paged(self.operation, self.call, quirks, name, items))
    }
}
