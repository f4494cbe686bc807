//! How an operation pages, as `x-paging` says it.

use serde_json::Value;

use super::model::text;

/// How an operation pages: in one of two ways at least.
#[derive(Debug, Clone)]
pub(super) struct Paging {
    /// The property of the page that holds the items; nothing where the answer is the list itself.
    pub(super) items: Option<String>,
    pub(super) checkpoint: Option<Checkpoint>,
    pub(super) counted: Option<Counted>,
    /// How many items a page holds where nothing is asked for, if that is known.
    pub(super) size_default: Option<u64>,
}

/// Paging by a cursor that the page before names.
#[derive(Debug, Clone)]
pub(super) struct Checkpoint {
    /// The query parameter that takes the cursor.
    pub(super) cursor: String,
    /// The query parameter that says how large a page is; empty where there is none.
    pub(super) size: String,
    /// The property of the page that names the next cursor.
    pub(super) next: String,
}

/// Paging by the number of the page.
#[derive(Debug, Clone)]
pub(super) struct Counted {
    /// The query parameter that takes the number.
    pub(super) page: String,
    /// The query parameter that says how large a page is.
    pub(super) per_page: String,
    /// The query parameter that asks for totals.
    pub(super) totals: Option<String>,
    /// The property of the page with the total.
    pub(super) total: Option<String>,
    /// The property of the page with the number of items before it.
    pub(super) start: Option<String>,
    /// The property of the page with the page size that the server used.
    pub(super) page_limit: Option<String>,
    /// How many items the server gives out at most.
    pub(super) limit: Option<u64>,
}

impl Paging {
    pub(super) fn read(paging: &Value) -> Self {
        let has = |key: &str| paging.get(key).and_then(Value::as_str).map(str::to_owned);
        Self {
            items: has("items"),
            checkpoint: has("cursor").map(|cursor| Checkpoint {
                cursor,
                size: text(paging, "size"),
                next: text(paging, "next"),
            }),
            counted: has("page").map(|page| Counted {
                page,
                per_page: text(paging, "per_page"),
                totals: has("totals"),
                total: has("total"),
                start: has("start"),
                page_limit: has("page_limit"),
                limit: paging["limit"].as_u64(),
            }),
            size_default: paging["size_default"].as_u64(),
        }
    }
}
