//! Listings that come in pages.
//!
//! - A listing whose pages name the next one ends where the server names none. A short or an empty page is not the end.
//! - A listing whose pages are counted ends where the total says so, and where no total is known with an empty page. A
//!   short page is not the end. Where the server stops giving out items before that, it is an error,
//!   [`Error::is_paging_limit`].
//! - Nothing is asked for before it is wanted, or at most one page before ([`Items::read_ahead`]). A page at a time is
//!   in memory, with that one two.
//! - Every page is a call of its own, with a token read anew.
//! - A server that names a page again which this listing was at before would send it round for ever. That is an error,
//!   [`Error::is_repeated_cursor`], after everything on the page at hand.
//! - An error ends the stream, so that a loop that logs errors and goes on does not hammer the server.
//! - Where to go on is said by the stream ([`Items::cursor`]) and by the error ([`Error::cursor`]), which is there
//!   when a combinator has consumed the stream. A [`Cursor`] can be stored. It remembers which listing it comes from,
//!   and [`resume`] refuses it in any other. Going on begins with the page that was not read to its end, so an item can
//!   come twice and none is left out.

use crate::{BoxFuture, Error, Response};

mod answer;
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

use walk::{Fetched, Walk};

/// A page of a listing.
pub trait Page {
    /// What is listed.
    type Item;

    /// Where the next page is, if the server names one. It is not asked where pages are counted.
    fn next(&self) -> Option<Position>;

    /// How many items the whole listing has, if the server says so.
    fn total(&self) -> Option<u64> {
        None
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

    /// The same request for the page at `position`.
    fn at(self, position: Position) -> Self;

    /// How many items its page may hold, where pages are counted; nothing where the server names the next one.
    fn counted(&self) -> Option<u64> {
        None
    }

    /// Gets the page.
    fn fetch(self) -> BoxFuture<'static, Result<Response<Self::Page>, Error>>;
}

/// The items of the listing that begins with `request`.
pub fn items<P: Paged>(request: P) -> Items<<P::Page as Page>::Item>
where
    <P::Page as Page>::Item: Send,
{
    Items::new(walk(request, Page::into_items))
}

/// The pages of the listing that begins with `request`.
pub fn pages<P: Paged>(request: P) -> Pages<P::Page> {
    Pages::new(walk(request, |page| page))
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

/// The walk that begins with `request` and takes `part` of every page.
fn walk<P: Paged, V: 'static>(request: P, part: fn(P::Page) -> V) -> Walk<V> {
    let listing = request.listing();
    let limit = listing.operation().paging_limit();
    Walk::new(listing, request.position(), move |position| {
        let request = request.clone().at(position.clone());
        let counted = request.counted();
        let page = request.fetch();
        Box::pin(async move {
            let page = page.await?.into_value();
            let next = match counted {
                None => page.next(),
                Some(size) => behind(&position, size, page.total(), page.is_empty(), limit),
            };
            Ok(Fetched {
                next,
                value: part(page),
            })
        })
    })
}

/// Where the page behind the one at `position` is, where pages are counted: whether it is there is said by the total,
/// and without one by this page being empty or not. Past `limit` the next page is named even where the total says that
/// it is not there, as long as the items up to the total were not all given out: the walk makes an error of it.
fn behind(
    position: &Position,
    size: u64,
    total: Option<u64>,
    is_empty: bool,
    limit: Option<u64>,
) -> Option<Position> {
    let here = match position {
        Position::Offset(items) => *items,
        Position::Start | Position::Checkpoint(_) => 0,
    };
    let next = here.saturating_add(size);
    let more = match total {
        Some(total) => {
            let cut_off = limit.is_some_and(|limit| total > limit && next > limit);
            next < total || cut_off
        }
        None => !is_empty,
    };
    (more && next > here).then_some(Position::Offset(next))
}
