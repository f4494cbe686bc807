//! Pages of listings, in the kind of page that the parameters of the operation select: numbered, with a cursor, or all items at
//! once.

use http::StatusCode;
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::Value;

use crate::call::Call;
use crate::cursor;
use crate::document::Operation;
use crate::problem::{Problem, RequestPart};
use crate::response::ApiResponse;

/// Page size if the request specifies none.
const DEFAULT_PAGE_SIZE: u64 = 50;

/// Numbered pages cover only this many records.
const MAX_NUMBERED_RECORDS: u64 = 1000;

/// Pages with cursors count no further than this.
const MAX_COUNT: u64 = 1000;

/// Parameters that select pages, their order and their fields.
pub(super) const PAGE_PARAMETERS: [&str; 8] = [
    "from",
    "take",
    "page",
    "per_page",
    "include_totals",
    "sort",
    "fields",
    "include_fields",
];

/// Unusual but permitted behaviour of listings.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ListingQuirks {
    /// The last page points to an additional, empty page.
    pub(crate) empty_last_page: bool,
    /// Pages are half as long as requested.
    pub(crate) short_pages: bool,
    /// Delay of the member list, in seconds.
    pub(crate) member_lag: i64,
}

/// How a page is requested.
#[derive(Clone, Copy)]
enum PageMode {
    Numbered {
        start: u64,
        size: u64,
    },
    /// Starts after the item with this number.
    Cursor(Option<u64>),
    All,
}

/// The listing that a call requests.
pub(crate) struct Listing<'a> {
    operation: &'a Operation,
    call: &'a Call,
    quirks: ListingQuirks,
    /// Name of the items in a page.
    name: &'a str,
    mode: PageMode,
}

impl<'a> Listing<'a> {
    /// `take` and `from` select cursors if the operation has both kinds of pages; `page` and `include_totals` are then ignored.
    pub(crate) fn new(
        operation: &'a Operation,
        call: &'a Call,
        quirks: ListingQuirks,
        name: &'a str,
    ) -> Result<Self, Problem> {
        let is_numbered = operation.has_parameter("page");
        let names_cursor = call.get("take").is_some() || call.get("from").is_some();
        let mode = match operation.has_parameter("take") {
            true if names_cursor || !is_numbered => {
                PageMode::Cursor(cursor_start(operation, call)?)
            }
            _ if is_numbered => numbered(call)?,
            _ => PageMode::All,
        };
        Ok(Self {
            operation,
            call,
            quirks,
            name,
            mode,
        })
    }

    /// The number of the last item of the previous page.
    pub(crate) fn start(&self) -> Option<u64> {
        match self.mode {
            PageMode::Cursor(start) => start,
            PageMode::Numbered { .. } | PageMode::All => None,
        }
    }

    /// The requested page of all items in ascending order of their numbers.
    pub(crate) fn page_of_all<T: Serialize>(&self, items: Vec<(u64, T)>) -> ApiResponse {
        let (total, start) = (items.len() as u64, self.start());
        let items = items.into_iter();
        let rest = items.filter(|(number, _)| start.is_none_or(|start| *number > start));
        self.page(|| Some(total), rest)
    }

    /// The requested page. The items start after the previous page. Listings without a total return `None`.
    pub(crate) fn page<T: Serialize>(
        &self,
        total: impl FnOnce() -> Option<u64>,
        items: impl Iterator<Item = (u64, T)>,
    ) -> ApiResponse {
        let mut body = PageBody {
            name: self.name,
            items: Vec::new(),
            numbers: None,
            next: None,
            count: None,
        };
        match self.mode {
            PageMode::All => body.items.extend(items.map(|(_, item)| item)),
            PageMode::Numbered { start, size } => {
                let count = |count| usize::try_from(count).unwrap_or(usize::MAX);
                let items = items.skip(count(start)).take(count(size));
                body.items.extend(items.map(|(_, item)| item));
                if !self.call.flag("include_totals") {
                    return ApiResponse::json(StatusCode::OK, &body.items);
                }
                body.numbers = Some((start, size, total()));
            }
            PageMode::Cursor(_) => {
                // Listings that also have numbered pages ignore the parameter in this mode.
                if self.call.flag("include_totals") && !self.operation.has_parameter("page") {
                    body.count = total();
                }
                let mut size = self.call.number("take").unwrap_or(DEFAULT_PAGE_SIZE);
                if self.quirks.short_pages {
                    size = size.div_ceil(2);
                }
                let mut items = items.peekable();
                let mut last = None;
                while (body.items.len() as u64) < size
                    && let Some((number, item)) = items.next()
                {
                    last = Some(number);
                    body.items.push(item);
                }
                // The last page has no `next`, so the listing must look one item ahead.
                if let Some(last) = last
                    && (items.peek().is_some() || self.quirks.empty_last_page)
                {
                    body.next = Some(cursor::encode(self.operation, self.call, last));
                }
            }
        }
        ApiResponse::json(StatusCode::OK, &body)
    }
}

fn cursor_start(operation: &Operation, call: &Call) -> Result<Option<u64>, Problem> {
    cursor::decode(operation, call).map_err(|cursor::UnknownCursor| {
        let title = "The cursor does not belong to this listing";
        let problem = Problem::not_found("CURSOR_NOT_FOUND", title);
        let problem = problem.details(
            "from: expected the `next` value of a page of the same listing with the same filters",
        );
        problem.with_documented_status(operation)
    })
}

/// Fails for pages that end beyond the first 1,000 records. Auth0 documents this 400 for invitations; the sandbox applies it to all
/// listings.
fn numbered(call: &Call) -> Result<PageMode, Problem> {
    let size = call.number("per_page").unwrap_or(DEFAULT_PAGE_SIZE);
    let start = call.number("page").unwrap_or(0).saturating_mul(size);
    if start.saturating_add(size) > MAX_NUMBERED_RECORDS {
        let rule = format!("expected a page within the first {MAX_NUMBERED_RECORDS} records");
        let mut problem = Problem::parameter(RequestPart::Query, "page", rule);
        problem.kind = "INVALID_PAGING";
        return Err(problem);
    }
    Ok(PageMode::Numbered { start, size })
}

/// An object with the items of a page.
struct PageBody<'a, T> {
    name: &'a str,
    items: Vec<T>,
    /// Start, size and total of a numbered page.
    numbers: Option<(u64, u64, Option<u64>)>,
    next: Option<String>,
    /// Number of all items, for a page with a cursor.
    count: Option<u64>,
}

impl<T: Serialize> Serialize for PageBody<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some((start, size, total)) = &self.numbers {
            map.serialize_entry("start", start)?;
            map.serialize_entry("limit", size)?;
            if let Some(total) = total {
                map.serialize_entry("total", total)?;
            }
        }
        map.serialize_entry(self.name, &self.items)?;
        if let Some(next) = &self.next {
            map.serialize_entry("next", next)?;
        }
        if let Some(count) = self.count {
            map.serialize_entry("total", &count.min(MAX_COUNT))?;
            map.serialize_entry("total_is_capped", &(count > MAX_COUNT))?;
        }
        map.end()
    }
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
