//! The streams that a user reads.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::vec;

use futures_core::Stream;

use super::Cursor;
use super::walk::Walk;
use crate::Error;

/// The items of a listing, page after page.
///
/// It gives all items. The page size ([`Items::page_size`], and `page_size`, `take` or `per_page` of the call) is how many
/// of them one request returns; to read only some of them, stop reading, or use `take` of `futures::StreamExt`.
///
/// ```
/// use auth0_core::{Cursor, Error, Items};
///
/// /// Reads to the end, or says where to go on.
/// async fn export<T: std::fmt::Debug + Send + 'static>(items: Items<T>) -> Result<(), Option<Cursor>> {
///     let mut items = items.read_ahead();
///     while let Some(item) = items.try_next().await.map_err(|error| error.cursor().cloned())? {
///         println!("{item:?}");
///     }
///     Ok(())
/// }
/// ```
#[must_use = "a listing does nothing until it is read"]
pub struct Items<T> {
    walk: Walk<Vec<T>>,
    /// What is left of the page under way.
    items: vec::IntoIter<T>,
}

impl<T> Items<T> {
    pub(super) fn new(walk: Walk<Vec<T>>) -> Self {
        Self {
            walk,
            items: Vec::new().into_iter(),
        }
    }

    /// Sets how many items one request returns at most, like `page_size` of the call. It does not limit how many items
    /// come. A size that the API does not take is reported by the first request.
    pub fn page_size(mut self, size: u32) -> Self {
        self.walk.page_size(size.into());
        self
    }

    /// Asks for the next page while the items of the one before are read. Until then a page is asked for when its first
    /// item is.
    ///
    /// At most one page is asked for ahead. What goes wrong with it is told in its turn, and dropping the stream drops it.
    ///
    /// The page ahead comes in a task of its own, so that it takes no time from the reader; the stream has to be read
    /// within a tokio runtime, as every call has.
    pub fn read_ahead(mut self) -> Self
    where
        T: Send + 'static,
    {
        self.walk.read_ahead();
        self
    }

    /// The next item; nothing at the end.
    ///
    /// # Errors
    ///
    /// What went wrong with the page that the item would have been on. The listing has ended with it;
    /// [`Error::cursor`] says where to go on.
    pub async fn try_next(&mut self) -> Result<Option<T>, Error> {
        // Most items are here already, and a future around each would only move it about.
        if let Some(item) = self.here() {
            return Ok(Some(item));
        }
        std::future::poll_fn(|cx| self.poll_item(cx))
            .await
            .transpose()
    }

    /// The cursor of the page that the next item is on, or of the page that failed; nothing once all items were read.
    ///
    /// It is the page and not the item: what was already taken of that page comes again.
    pub fn cursor(&self) -> Option<Cursor> {
        if self.items.len() > 0 {
            self.walk.here()
        } else {
            self.walk.next()
        }
    }

    /// The next item of the page at hand.
    fn here(&mut self) -> Option<T> {
        let item = self.items.next();
        if item.is_some() {
            self.walk.set_out();
        } else {
            // The memory of the page is free before the next one needs as much.
            self.items = Vec::new().into_iter();
        }
        item
    }

    fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, Error>>> {
        loop {
            if let Some(item) = self.here() {
                return Poll::Ready(Some(Ok(item)));
            }
            match ready!(self.walk.poll_page(cx)) {
                Some(Ok(items)) => self.items = items.into_iter(),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

/// The pages of a listing.
#[must_use = "a listing does nothing until it is read"]
pub struct Pages<P> {
    walk: Walk<P>,
}

impl<P> Pages<P> {
    pub(super) fn new(walk: Walk<P>) -> Self {
        Self { walk }
    }

    /// Sets how many items one request returns at most, like `page_size` of the call. It does not limit how many items
    /// come. A size that the API does not take is reported by the first request.
    pub fn page_size(mut self, size: u32) -> Self {
        self.walk.page_size(size.into());
        self
    }

    /// Asks for the next page as soon as one was given. Until then a page is asked for when it is wanted.
    ///
    /// At most one page is asked for ahead, in a task of its own. What goes wrong with it is told in its turn, and
    /// dropping the stream drops it.
    pub fn read_ahead(mut self) -> Self
    where
        P: Send + 'static,
    {
        self.walk.read_ahead();
        self
    }

    /// The next page; nothing at the end.
    ///
    /// # Errors
    ///
    /// What went wrong with that page. The listing has ended with it; [`Error::cursor`] says where to go on.
    pub async fn try_next(&mut self) -> Result<Option<P>, Error> {
        std::future::poll_fn(|cx| self.walk.poll_page(cx))
            .await
            .transpose()
    }

    /// The cursor of the next page, or of the page that failed; nothing once all pages were read.
    pub fn cursor(&self) -> Option<Cursor> {
        self.walk.next()
    }
}

impl<T> Stream for Items<T> {
    type Item = Result<T, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_item(cx)
    }
}

impl<P> Stream for Pages<P> {
    type Item = Result<P, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().walk.poll_page(cx)
    }
}

// What is polled is boxed, so neither is ever pinned in itself.
impl<T> Unpin for Items<T> {}
impl<P> Unpin for Pages<P> {}

impl<T> fmt::Debug for Items<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items")
            .field("left", &self.items.len())
            .field("walk", &self.walk)
            .finish()
    }
}

impl<P> fmt::Debug for Pages<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").field("walk", &self.walk).finish()
    }
}
