//! How an operation is paged: the value of `x-paging`.

use serde_json::Value;

/// How an operation is paged: by cursor, by page number, or by either.
#[derive(Debug, Clone)]
pub(crate) struct Paging {
    /// The property of the page that holds the items; `None` if the response is the list itself.
    pub(crate) items: Option<String>,
    pub(crate) checkpoint: Option<CheckpointPaging>,
    pub(crate) counted: Option<CountedPaging>,
    /// The page size without a size parameter, if it is known.
    pub(crate) size_default: Option<u64>,
}

/// Paging by a cursor that the previous page returns.
#[derive(Debug, Clone)]
pub(crate) struct CheckpointPaging {
    /// The query parameter of the cursor.
    pub(crate) cursor: String,
    /// The query parameter of the page size.
    pub(crate) size: Option<String>,
    /// The property of the page with the next cursor.
    pub(crate) next: String,
}

/// Paging by page number.
#[derive(Debug, Clone)]
pub(crate) struct CountedPaging {
    /// The query parameter of the page number.
    pub(crate) page: String,
    /// The query parameter of the page size.
    pub(crate) per_page: String,
    /// The query parameter that requests totals.
    pub(crate) totals: Option<String>,
    /// The property of the page with the total.
    pub(crate) total: Option<String>,
    /// The property of the page with the number of items before it.
    pub(crate) start: Option<String>,
    /// The property of the page with the page size that the server used.
    pub(crate) page_limit: Option<String>,
    /// The maximum number of items that the server returns in all pages together.
    pub(crate) limit: Option<u64>,
}

impl Paging {
    pub(crate) fn read(paging: &Value) -> Self {
        let member = |key: &str| paging.get(key).and_then(Value::as_str).map(str::to_owned);
        Self {
            items: member("items"),
            checkpoint: member("cursor").map(|cursor| CheckpointPaging {
                cursor,
                size: member("size"),
                next: member("next").unwrap_or_default(),
            }),
            counted: member("page").map(|page| CountedPaging {
                page,
                per_page: member("per_page").unwrap_or_default(),
                totals: member("totals"),
                total: member("total"),
                start: member("start"),
                page_limit: member("page_limit"),
                limit: paging["limit"].as_u64(),
            }),
            size_default: paging["size_default"].as_u64(),
        }
    }

    /// The query parameters of the page size, one for each way of paging.
    pub(crate) fn size_parameters(&self) -> impl Iterator<Item = &str> {
        let checkpoint = self.checkpoint.as_ref().and_then(|by| by.size.as_deref());
        let counted = self.counted.as_ref().map(|by| by.per_page.as_str());
        [checkpoint, counted].into_iter().flatten()
    }

    /// The query parameters that select a page, its size included.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = &str> {
        let cursor = self.checkpoint.as_ref().map(|by| by.cursor.as_str());
        let page = self.counted.as_ref().map(|by| by.page.as_str());
        let totals = self.counted.as_ref().and_then(|by| by.totals.as_deref());
        [cursor, page, totals]
            .into_iter()
            .flatten()
            .chain(self.size_parameters())
    }
}
