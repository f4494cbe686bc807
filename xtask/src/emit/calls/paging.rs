//! How an operation pages, as `x-paging` says it.

use serde_json::Value;

use crate::emit::model::text;

/// How an operation pages: in one of two ways at least.
#[derive(Debug, Clone)]
pub(crate) struct Paging {
    /// The property of the page that holds the items; nothing where the answer is the list itself.
    pub(crate) items: Option<String>,
    pub(crate) checkpoint: Option<Checkpoint>,
    pub(crate) counted: Option<Counted>,
    /// How many items a page holds where nothing is asked for, if that is known.
    pub(crate) size_default: Option<u64>,
}

/// Paging by a cursor that the page before names.
#[derive(Debug, Clone)]
pub(crate) struct Checkpoint {
    /// The query parameter that takes the cursor.
    pub(crate) cursor: String,
    /// The query parameter that says how large a page is; empty where there is none.
    pub(crate) size: String,
    /// The property of the page that names the next cursor.
    pub(crate) next: String,
}

/// Paging by the number of the page.
#[derive(Debug, Clone)]
pub(crate) struct Counted {
    /// The query parameter that takes the number.
    pub(crate) page: String,
    /// The query parameter that says how large a page is.
    pub(crate) per_page: String,
    /// The query parameter that asks for totals.
    pub(crate) totals: Option<String>,
    /// The property of the page with the total.
    pub(crate) total: Option<String>,
    /// The property of the page with the number of items before it.
    pub(crate) start: Option<String>,
    /// The property of the page with the page size that the server used.
    pub(crate) page_limit: Option<String>,
    /// How many items the server gives out at most.
    pub(crate) limit: Option<u64>,
}

impl Paging {
    pub(crate) fn read(paging: &Value) -> Self {
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
