//! Streams of items and pages.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::vec;

use futures_core::Stream;

use super::Cursor;
use super::fetcher::PageFetcher;
use crate::Error;

/// A stream of all items of a listing, across pages.
///
/// The page size ([`Items::page_size`], or `page_size`, `take` or `per_page` of the call) is the number of items per
/// request and does not limit the stream. To read only some items, stop reading, or use `take` of `futures::StreamExt`.
///
/// ```
/// use auth0_core::{Cursor, Error, Items};
///
/// /// Reads all items. If a page fails, returns the cursor to resume from.
/// async fn export<T: std::fmt::Debug + Send + 'static>(items: Items<T>) -> Result<(), Option<Cursor>> {
///     let mut items = items.read_ahead();
///     while let Some(item) = items.try_next().await.map_err(|error| error.cursor().cloned())? {
///         println!("{item:?}");
///     }
///     Ok(())
/// }
/// ```
#[must_use = "a listing does nothing until it is read"]
#[doc(alias = "pagination")]
#[doc(alias = "paginate")]
#[doc(alias = "iterator")]
pub struct Items<T> {
    fetcher: PageFetcher<Vec<T>>,
    /// The remaining items of the current page.
    items: vec::IntoIter<T>,
}

impl<T> Items<T> {
    pub(super) fn new(fetcher: PageFetcher<Vec<T>>) -> Self {
        Self {
            fetcher,
            items: Vec::new().into_iter(),
        }
    }

    /// Sets the maximum number of items per request, like `page_size` of the call. It does not limit the stream. If the API
    /// rejects the size, the first request fails.
    pub fn page_size(mut self, size: u32) -> Self {
        self.fetcher.page_size(size.into());
        self
    }

    /// Requests the next page while the items of the current page are read. Default: a page is requested when its first
    /// item is.
    ///
    /// At most one page is requested ahead. Its error is returned after the items before it, and dropping the stream
    /// cancels it.
    ///
    /// The page is fetched in a separate tokio task, so the stream has to be polled within a tokio runtime.
    #[doc(alias = "prefetch")]
    pub fn read_ahead(mut self) -> Self
    where
        T: Send + 'static,
    {
        self.fetcher.read_ahead();
        self
    }

    /// Returns the next item; `None` at the end.
    ///
    /// # Errors
    ///
    /// Returns the error of the page with the item. It ends the stream; [`Error::cursor`] is the position to resume from.
    pub async fn try_next(&mut self) -> Result<Option<T>, Error> {
        // Most items are buffered and need no polling.
        if let Some(item) = self.next_buffered() {
            return Ok(Some(item));
        }
        std::future::poll_fn(|cx| self.poll_item(cx))
            .await
            .transpose()
    }

    /// Returns the cursor of the page with the next item, or of the page that failed; `None` after all items were read.
    ///
    /// A resumed listing returns the whole page, including items of it that were already read.
    pub fn cursor(&self) -> Option<Cursor> {
        if self.items.len() > 0 {
            self.fetcher.current()
        } else {
            self.fetcher.next()
        }
    }

    /// The next item of the current page.
    fn next_buffered(&mut self) -> Option<T> {
        let item = self.items.next();
        if item.is_some() {
            self.fetcher.start_read_ahead();
        } else {
            // Frees the memory of the page before the next one is decoded.
            self.items = Vec::new().into_iter();
        }
        item
    }

    fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, Error>>> {
        loop {
            if let Some(item) = self.next_buffered() {
                return Poll::Ready(Some(Ok(item)));
            }
            match ready!(self.fetcher.poll_page(cx)) {
                Some(Ok(items)) => self.items = items.into_iter(),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

/// A stream of the pages of a listing.
///
/// ```
/// use auth0_core::{Error, Pages};
///
/// async fn count_pages<P: Send + 'static>(mut pages: Pages<P>) -> Result<usize, Error> {
///     let mut count = 0;
///     while pages.try_next().await?.is_some() {
///         count += 1;
///     }
///     Ok(count)
/// }
/// ```
#[doc(alias = "pagination")]
#[must_use = "a listing does nothing until it is read"]
pub struct Pages<P> {
    fetcher: PageFetcher<P>,
}

impl<P> Pages<P> {
    pub(super) fn new(fetcher: PageFetcher<P>) -> Self {
        Self { fetcher }
    }

    /// Sets the maximum number of items per request, like `page_size` of the call. It does not limit the stream. If the API
    /// rejects the size, the first request fails.
    pub fn page_size(mut self, size: u32) -> Self {
        self.fetcher.page_size(size.into());
        self
    }

    /// Requests the next page as soon as a page is returned. Default: a page is requested when it is read.
    ///
    /// At most one page is requested ahead, in a separate tokio task. Its error is returned in its place, and dropping the
    /// stream cancels it.
    pub fn read_ahead(mut self) -> Self
    where
        P: Send + 'static,
    {
        self.fetcher.read_ahead();
        self
    }

    /// Returns the next page; `None` at the end.
    ///
    /// # Errors
    ///
    /// Returns the error of the page. It ends the stream; [`Error::cursor`] is the position to resume from.
    pub async fn try_next(&mut self) -> Result<Option<P>, Error> {
        std::future::poll_fn(|cx| self.fetcher.poll_page(cx))
            .await
            .transpose()
    }

    /// Returns the cursor of the next page, or of the page that failed; `None` after all pages were read.
    pub fn cursor(&self) -> Option<Cursor> {
        self.fetcher.next()
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
        self.get_mut().fetcher.poll_page(cx)
    }
}

// The futures inside are boxed, so neither type relies on being pinned.
impl<T> Unpin for Items<T> {}
impl<P> Unpin for Pages<P> {}

impl<T> fmt::Debug for Items<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items")
            .field("left", &self.items.len())
            .field("fetcher", &self.fetcher)
            .finish()
    }
}

impl<P> fmt::Debug for Pages<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages")
            .field("fetcher", &self.fetcher)
            .finish()
    }
}
