//! Listings that come in pages.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::vec;

use futures_core::Stream;

use crate::{BoxFuture, Error, Operation, Response};

/// A page of a listing.
pub trait Page {
    /// What is listed.
    type Item;

    /// The cursor of the next page, if there is one.
    fn next(&self) -> Option<&str>;

    /// The items of this page.
    fn into_items(self) -> Vec<Self::Item>;
}

/// A request for a page of a listing.
pub trait Paged: Clone + Send + Sized + 'static {
    /// The page that it gets.
    type Page: Page + Send;

    /// The same request for the page at `cursor`.
    fn at(self, cursor: Option<String>) -> Self;

    /// Gets the page.
    fn fetch(self) -> BoxFuture<'static, Result<Response<Self::Page>, Error>>;
}

/// The items of a listing, page after page.
///
/// A short or an empty page is not the end: the end is where the server names no next page. After an error the
/// stream ends, and [`cursor`](Items::cursor) says where to go on.
#[must_use = "a listing does nothing until it is read"]
pub struct Items<T> {
    walk: Walk<Vec<T>>,
    /// What is left of the page under way.
    items: vec::IntoIter<T>,
}

/// The pages of a listing.
///
/// A short or an empty page is not the end: the end is where the server names no next page. After an error the
/// stream ends, and [`cursor`](Pages::cursor) says where to go on.
#[must_use = "a listing does nothing until it is read"]
pub struct Pages<P> {
    walk: Walk<P>,
}

/// The items of the listing that begins with `request`.
pub fn items<P: Paged>(request: P) -> Items<<P::Page as Page>::Item>
where
    <P::Page as Page>::Item: Send,
{
    let walk = Walk::new(move |cursor| {
        let request = at(&request, cursor);
        Box::pin(async move {
            let response = request.fetch().await?;
            let operation = response.row();
            let page = response.into_value();
            Ok(Fetched {
                next: page.next().map(str::to_owned),
                value: page.into_items(),
                operation,
            })
        })
    });
    Items {
        walk,
        items: Vec::new().into_iter(),
    }
}

/// The pages of the listing that begins with `request`.
pub fn pages<P: Paged>(request: P) -> Pages<P::Page> {
    let walk = Walk::new(move |cursor| {
        let request = at(&request, cursor);
        Box::pin(async move {
            let response = request.fetch().await?;
            Ok(Fetched {
                next: response.value().next().map(str::to_owned),
                operation: response.row(),
                value: response.into_value(),
            })
        })
    });
    Pages { walk }
}

/// The request at `cursor`. The first one is left as it is: it may have a cursor of its own.
fn at<P: Paged>(request: &P, cursor: Option<String>) -> P {
    let request = request.clone();
    if cursor.is_some() {
        request.at(cursor)
    } else {
        request
    }
}

impl<T> Items<T> {
    /// The next item; nothing at the end.
    pub async fn try_next(&mut self) -> Result<Option<T>, Error> {
        std::future::poll_fn(|cx| self.poll_item(cx))
            .await
            .transpose()
    }

    /// The cursor of the page that the next item is on, to go on from later; what was already taken of that page then
    /// comes again. Nothing before the first page and after the last one.
    pub fn cursor(&self) -> Option<&str> {
        if self.items.len() > 0 {
            self.walk.came_from.as_deref()
        } else {
            self.walk.cursor.as_deref()
        }
    }

    fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, Error>>> {
        loop {
            if let Some(item) = self.items.next() {
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

impl<P> Pages<P> {
    /// The next page; nothing at the end.
    pub async fn try_next(&mut self) -> Result<Option<P>, Error> {
        std::future::poll_fn(|cx| self.walk.poll_page(cx))
            .await
            .transpose()
    }

    /// The cursor of the next page, to go on from later. Nothing before the first page and after the last one.
    pub fn cursor(&self) -> Option<&str> {
        self.walk.cursor.as_deref()
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
            .field("ended", &self.walk.ended)
            .finish_non_exhaustive()
    }
}

impl<P> fmt::Debug for Pages<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages")
            .field("ended", &self.walk.ended)
            .finish_non_exhaustive()
    }
}

/// What is taken of a page, the cursor of the next page, and the operation that got it.
struct Fetched<V> {
    value: V,
    next: Option<String>,
    operation: &'static Operation,
}

type Fetching<V> = BoxFuture<'static, Result<Fetched<V>, Error>>;

/// The way from page to page. It is generic over what is taken of a page only, not over the request.
struct Walk<V> {
    fetch: Box<dyn FnMut(Option<String>) -> Fetching<V> + Send>,
    under_way: Option<Fetching<V>>,
    /// Where the last page came from.
    came_from: Option<String>,
    /// Where the next page comes from.
    cursor: Option<String>,
    /// The operation that named the page just got as the next one.
    repeated_by: Option<&'static Operation>,
    ended: bool,
}

impl<V> Walk<V> {
    fn new(fetch: impl FnMut(Option<String>) -> Fetching<V> + Send + 'static) -> Self {
        Self {
            fetch: Box::new(fetch),
            under_way: None,
            came_from: None,
            cursor: None,
            repeated_by: None,
            ended: false,
        }
    }

    fn poll_page(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<V, Error>>> {
        if let Some(operation) = self.repeated_by.take() {
            self.ended = true;
            return Poll::Ready(Some(Err(Error::repeated_cursor(operation))));
        }
        if self.ended {
            return Poll::Ready(None);
        }
        let future = self
            .under_way
            .get_or_insert_with(|| (self.fetch)(self.cursor.clone()));
        let result = ready!(future.as_mut().poll(cx));
        self.under_way = None;
        Poll::Ready(Some(
            result
                .map(|page| self.arrive(page))
                .inspect_err(|_| self.ended = true),
        ))
    }

    /// Takes a page and sets out for the next one.
    fn arrive(&mut self, page: Fetched<V>) -> V {
        // An empty cursor would be left out of the next request and begin the listing again.
        let next = page.next.filter(|next| !next.is_empty());
        self.ended = next.is_none();
        // The items of this page are good, so the error comes after them.
        if next.is_some() && next == self.cursor {
            self.repeated_by = Some(page.operation);
        }
        self.came_from = std::mem::replace(&mut self.cursor, next);
        page.value
    }
}
