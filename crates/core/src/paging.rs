//! Listings that come in pages.
//!
//! - A listing by checkpoints ends where the server names no next page. A short or an empty page is not the end.
//! - A listing whose pages are counted is read by the response's own `start` and `limit`: a server that returns fewer
//!   items per page than asked for is asked for such pages from then on, from the item that is due. A page that does
//!   not hold that item is an error, [`Error::is_incomplete_listing`].
//! - Such a listing ends where the `total` of the newest page says so, and where no total is known with an empty page. A
//!   short page is not the end. The total may change while the listing is read, and the newest one counts; if fewer items
//!   than that were returned, the listing ends with [`Error::is_incomplete_listing`]. Where the server returns no items
//!   beyond a number, it ends with [`Error::is_paging_limit`].
//! - A page is requested when it is read, or one page ahead ([`Items::read_ahead`]). One page is in memory, with that
//!   one two.
//! - Every page is a call of its own, with a token obtained anew.
//! - A server that names a page again that was read before would send the listing round for ever. That is an error,
//!   [`Error::is_repeated_cursor`], after everything on the page at hand. So are [`MAX_EMPTY_PAGES`] pages without an
//!   item one after another, [`Error::is_stalled_listing`].
//! - An error ends the stream, so that a loop that logs errors and continues does not hammer the server.
//! - The place to continue from is in the stream ([`Items::cursor`]) and in the error ([`Error::cursor`]), which is there
//!   when a combinator has consumed the stream. A [`Cursor`] can be stored. It remembers which listing it comes from,
//!   and [`resume`] rejects it in any other. A resumed listing begins with the page that was not read to its end, so an
//!   item can come twice and none is left out. Where pages are counted, the cursor holds the number of items before that
//!   page, so the page size may differ.
//! - The page size (`page_size` of a call that lists, also `take` or `per_page`) is how many items a request returns. It
//!   does not limit how many items a stream gives; `take` of `futures::StreamExt` does.
//! - A stream can move to another runtime. A page that was requested on the former one is requested again.

use crate::{BoxFuture, Error, Response};

mod answer;
mod counted;
mod cursor;
mod listing;
mod streams;
#[cfg(test)]
mod tests;
mod walk;

pub use answer::ListOr;
pub use cursor::{Cursor, Position};
pub use listing::Listing;
pub use streams::{Items, Pages};

use counted::{Counted, Reading};
use walk::{Fetched, Next, Step, Walk};

/// How many pages without an item are read one after another before a listing ends with
/// [`Error::is_stalled_listing`]: 100. Resumed from the error's cursor, it reads as many again.
pub const MAX_EMPTY_PAGES: u32 = 100;

/// A page of a listing.
pub trait Page {
    /// What is listed.
    type Item;

    /// Where the next page is, if the server names one. It is not asked where pages are counted.
    fn next(&self) -> Option<Position>;

    /// How many items the whole listing has, if the response says so.
    fn total(&self) -> Option<u64> {
        None
    }

    /// How many items precede this page, where pages are counted and the response says so.
    fn start(&self) -> Option<u64> {
        None
    }

    /// How many items a page holds, where pages are counted and the response says so. It may be fewer than the request
    /// asked for.
    fn limit(&self) -> Option<u64> {
        None
    }

    /// How many items this page has, where that is known without taking it apart. By default it is known only of an empty
    /// page, and any other counts as full.
    fn count(&self) -> Option<u64> {
        self.is_empty().then_some(0)
    }

    /// Removes the first items: a listing was resumed within this page. By default it keeps them, and they come again.
    fn skip(&mut self, items: usize) {
        let _ = items;
    }

    /// Whether this page has no item.
    fn is_empty(&self) -> bool;

    /// The items of this page.
    fn into_items(self) -> Vec<Self::Item>;
}

/// A page that is nothing but its items.
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
    /// The page that it gets.
    type Page: Page + Send;

    /// What it lists: the operation and all parameters but those that say where and how large the page is.
    fn listing(&self) -> Listing;

    /// Where its page is.
    fn position(&self) -> Position;

    /// The same request for the page that holds `position`.
    fn at(self, position: Position) -> Self;

    /// How many items it asks for, where pages are counted; nothing where the server names the next one.
    fn counted(&self) -> Option<u64> {
        None
    }

    /// The same request for pages of `size` items. By default the size stays; a listing whose pages are counted then
    /// fails where it cannot be continued with that size.
    fn sized(self, size: u64) -> Self {
        let _ = size;
        self
    }

    /// Gets the page.
    fn fetch(self) -> BoxFuture<'static, Result<Response<Self::Page>, Error>>;
}

/// The items of the listing that begins with `request`.
pub fn items<P: Paged>(request: P) -> Items<<P::Page as Page>::Item>
where
    <P::Page as Page>::Item: Send,
{
    let part = Part {
        of: Page::into_items,
        count: Page::count,
        skip: Page::skip,
    };
    Items::new(walk(request, part))
}

/// The pages of the listing that begins with `request`.
pub fn pages<P: Paged>(request: P) -> Pages<P::Page> {
    let part = Part {
        of: |page| page,
        count: Page::count,
        skip: Page::skip,
    };
    Pages::new(walk(request, part))
}

/// The same request for the page at `cursor`.
///
/// # Errors
///
/// An invalid request where the cursor comes from another base URL, another operation or another query; see
/// [`Listing::position_of`].
pub fn resume<P: Paged>(request: P, cursor: Cursor) -> Result<P, Error> {
    let position = request.listing().position_of(cursor)?;
    Ok(request.at(position))
}

/// What a walk gives of a page.
struct Part<P, V> {
    of: fn(P) -> V,
    count: fn(&V) -> Option<u64>,
    skip: fn(&mut V, usize),
}

/// The walk that begins with `request` and gives `part` of every page.
fn walk<P: Paged, V: Send + 'static>(request: P, part: Part<P::Page, V>) -> Walk<V> {
    let listing = request.listing();
    let operation = listing.operation();
    let paging_limit = operation.paging_limit();
    let Part { of, count, skip } = part;
    Walk::new(listing, request.position(), move |mut step: Step| {
        let request = request.clone();
        Box::pin(async move {
            loop {
                let request = step.request(request.clone(), paging_limit);
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
                let counted = Counted {
                    wanted: step.position.offset(),
                    size,
                    count: count(&value).unwrap_or(size),
                    start,
                    limit,
                    total,
                    paging_limit,
                };
                match counted.read(step.progress) {
                    Reading::Take { skip: items, next } => {
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
                    Reading::Instead(other) => step = other,
                    Reading::Failed(fault) => return Err(Error::listing(operation, fault)),
                }
            }
        })
    })
}

impl Step {
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
