//! Pagination: listings as streams of items or pages.
//!
//! - **Checkpoint pagination** ends when the server returns no next cursor. A short or empty page is not the end.
//! - **Counted pagination** (page numbers or offsets) follows `start` and `limit` of the responses: if the server returns
//!   smaller pages than requested, further requests use that size and continue at the next item. A page without that item
//!   is an error, [`Error::is_incomplete_listing`].
//! - A counted listing ends at the `total` of the newest page; without a total, at an empty page. A short page is not the
//!   end. If fewer items than the total were returned, the listing ends with [`Error::is_incomplete_listing`]. If the
//!   server returns no items beyond a limit, it ends with [`Error::is_paging_limit`].
//! - A page is requested when it is read, or one page ahead ([`Items::read_ahead`]). One page is in memory, or two with
//!   read-ahead.
//! - Each page is a separate call that obtains its own token.
//! - A cursor of a page that was already read would cause an endless loop. It is an error,
//!   [`Error::is_repeated_cursor`], after the items of the current page. So are [`MAX_EMPTY_PAGES`] empty pages in
//!   succession, [`Error::is_stalled_listing`].
//! - An error ends the stream, so that a loop that logs errors and continues does not overload the server.
//! - The position to resume from is in the stream ([`Items::cursor`]) and in the error ([`Error::cursor`]), where it
//!   remains available if a combinator has consumed the stream. A [`Cursor`] can be stored. It belongs to one listing, and
//!   [`resume`] rejects it in any other. A resumed listing starts with the page that was not read completely: an item may
//!   be returned twice, and none is skipped. With counted pagination, the cursor is an item offset, so the page size may
//!   differ.
//! - The page size (`page_size` of a listing call, or `take` or `per_page`) is the number of items per request. It does
//!   not limit the number of items in the stream; use `take` of `futures::StreamExt` for that.
//! - A stream can be moved to another runtime. A page that was requested on the previous runtime is requested again.

use crate::{BoxFuture, Error, Response};

mod counted;
mod cursor;
mod fetcher;
mod list_or;
mod listing;
mod streams;
#[cfg(test)]
mod tests;

pub use cursor::{Cursor, Position};
pub use list_or::ListOr;
pub use listing::Listing;
pub use streams::{Items, Pages};

use counted::{CountedPage, PageDecision};
use fetcher::{Fetched, Next, PageFetcher, PageRequest};

/// The number of empty pages in succession after which a listing ends with [`Error::is_stalled_listing`]: 100. A listing
/// that is resumed from the error's cursor reads up to 100 empty pages again.
pub const MAX_EMPTY_PAGES: u32 = 100;

/// A page of a listing.
pub trait Page {
    /// The items of the listing.
    type Item;

    /// The position of the next page, if the response contains one. Not used with counted pagination.
    fn next(&self) -> Option<Position>;

    /// The number of items in the whole listing, if the response contains it.
    fn total(&self) -> Option<u64> {
        None
    }

    /// The number of items before this page, with counted pagination and if the response contains it.
    fn start(&self) -> Option<u64> {
        None
    }

    /// The page size of the server, with counted pagination and if the response contains it. It may be smaller than
    /// requested.
    fn limit(&self) -> Option<u64> {
        None
    }

    /// The number of items on this page, if it is known without consuming the page. The default knows it only for an
    /// empty page; any other counts as full.
    fn count(&self) -> Option<u64> {
        self.is_empty().then_some(0)
    }

    /// Removes the first items, because the listing was resumed within this page. The default keeps them, so they are
    /// returned again.
    fn skip(&mut self, items: usize) {
        let _ = items;
    }

    /// Whether this page has no item.
    fn is_empty(&self) -> bool;

    /// The items of this page.
    fn into_items(self) -> Vec<Self::Item>;
}

/// A page that consists of its items only.
impl<T> Page for Vec<T> {
    type Item = T;

    fn next(&self) -> Option<Position> {
        None
    }

    fn is_empty(&self) -> bool {
        Self::is_empty(self)
    }

    fn count(&self) -> Option<u64> {
        Some(self.len() as u64)
    }

    fn skip(&mut self, items: usize) {
        self.drain(..items.min(self.len()));
    }

    fn into_items(self) -> Self {
        self
    }
}

/// A request for a page of a listing.
pub trait Paged: Clone + Send + Sized + 'static {
    /// The page that the request returns.
    type Page: Page + Send;

    /// The listing: the operation and all parameters except position and size of the page.
    fn listing(&self) -> Listing;

    /// The position of the page.
    fn position(&self) -> Position;

    /// The same request for the page that contains `position`.
    fn at(self, position: Position) -> Self;

    /// The requested page size with counted pagination; otherwise `None`.
    fn counted(&self) -> Option<u64> {
        None
    }

    /// The same request for pages of `size` items. The default does not change the size; a counted listing then fails if
    /// it cannot continue with that size.
    fn sized(self, size: u64) -> Self {
        let _ = size;
        self
    }

    /// Fetches the page.
    fn fetch(self) -> BoxFuture<'static, Result<Response<Self::Page>, Error>>;
}

/// Returns a stream of the items from `request` on.
pub fn items<P: Paged>(request: P) -> Items<<P::Page as Page>::Item>
where
    <P::Page as Page>::Item: Send,
{
    let extract = Extract {
        of: Page::into_items,
        count: Page::count,
        skip: Page::skip,
    };
    Items::new(fetcher(request, extract))
}

/// Returns a stream of the pages from `request` on.
pub fn pages<P: Paged>(request: P) -> Pages<P::Page> {
    let extract = Extract {
        of: |page| page,
        count: Page::count,
        skip: Page::skip,
    };
    Pages::new(fetcher(request, extract))
}

/// Returns the same request for the page at `cursor`.
///
/// # Errors
///
/// Returns an invalid request error if the cursor belongs to another base URL, operation or query; see
/// [`Listing::position_of`].
pub fn resume<P: Paged>(request: P, cursor: Cursor) -> Result<P, Error> {
    let position = request.listing().position_of(cursor)?;
    Ok(request.at(position))
}

/// What a stream returns of a page: its items, or the page itself.
struct Extract<P, V> {
    of: fn(P) -> V,
    count: fn(&V) -> Option<u64>,
    skip: fn(&mut V, usize),
}

/// Creates a fetcher that begins with `request` and returns `extract` of every page.
fn fetcher<P: Paged, V: Send + 'static>(
    request: P,
    extract: Extract<P::Page, V>,
) -> PageFetcher<V> {
    let listing = request.listing();
    let operation = listing.operation();
    let paging_limit = operation.paging_limit();
    let Extract { of, count, skip } = extract;
    PageFetcher::new(
        listing,
        request.position(),
        move |mut page_request: PageRequest| {
            let request = request.clone();
            Box::pin(async move {
                loop {
                    let request = page_request.request(request.clone(), paging_limit);
                    let size = request.counted();
                    let page = request.fetch().await?.into_value();
                    let Some(size) = size else {
                        return Ok(Fetched {
                            is_empty: page.is_empty(),
                            next: Next::from(page.next()),
                            value: of(page),
                        });
                    };
                    let (start, limit, total) = (page.start(), page.limit(), page.total());
                    let mut value = of(page);
                    let counted = CountedPage {
                        wanted: page_request.position.offset(),
                        size,
                        count: count(&value).unwrap_or(size),
                        start,
                        limit,
                        total,
                        paging_limit,
                    };
                    match counted.decide(page_request.progress) {
                        PageDecision::Take { skip: items, next } => {
                            let is_empty = items == counted.count;
                            if items > 0 {
                                skip(&mut value, usize::try_from(items).unwrap_or(usize::MAX));
                            }
                            return Ok(Fetched {
                                value,
                                is_empty,
                                next,
                            });
                        }
                        PageDecision::Refetch(other) => page_request = other,
                        PageDecision::Failed(failure) => {
                            return Err(Error::listing(operation, failure));
                        }
                    }
                }
            })
        },
    )
}

impl PageRequest {
    /// `request` for this page.
    fn request<P: Paged>(&self, request: P, paging_limit: Option<u64>) -> P {
        let request = request.at(self.position.clone());
        let size = match request.counted() {
            Some(size) => self
                .progress
                .size_at(self.position.offset(), size, paging_limit),
            None => self.progress.size,
        };
        match size {
            Some(size) => request.sized(size).at(self.position.clone()),
            None => request,
        }
    }
}
