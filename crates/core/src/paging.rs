//! Listings that come in pages.
//!
//! - A listing ends where the server names no next page. A short or an empty page is not the end.
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

mod cursor;
mod listing;
mod streams;
#[cfg(test)]
mod tests;
mod walk;

pub use cursor::{Cursor, Position};
pub use listing::Listing;
pub use streams::{Items, Pages};

use walk::{Fetched, Walk};

/// A page of a listing.
pub trait Page {
    /// What is listed.
    type Item;

    /// Where the next page is, if there is one.
    fn next(&self) -> Option<Position>;

    /// The items of this page.
    fn into_items(self) -> Vec<Self::Item>;
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
    Walk::new(request.listing(), request.position(), move |position| {
        let page = request.clone().at(position).fetch();
        Box::pin(async move {
            let page = page.await?.into_value();
            Ok(Fetched {
                next: page.next(),
                value: part(page),
            })
        })
    })
}
