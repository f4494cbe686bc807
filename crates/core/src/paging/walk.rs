//! The way from page to page.

use std::collections::HashSet;
use std::fmt;
use std::hash::BuildHasher as _;
use std::mem;
use std::task::{Context, Poll, ready};

use tokio::task::JoinHandle;
use tracing::{Instrument as _, Span};

use super::{Cursor, Listing, Position};
use crate::{BoxFuture, Error};

/// What is taken of a page, and where the next page is.
pub(super) struct Fetched<V> {
    pub(super) value: V,
    pub(super) next: Option<Position>,
}

/// A page on its way.
pub(super) type Fetching<V> = BoxFuture<'static, Result<Fetched<V>, Error>>;

/// The way from page to page. It is generic over what is taken of a page only, not over the request, so that it is
/// compiled for few types.
pub(super) struct Walk<V> {
    fetch: Box<dyn FnMut(Position) -> Fetching<V> + Send>,
    listing: Listing,
    visited: Visited,
    /// What sends a page on its way before it is waited for, where pages are read ahead.
    ahead: Option<fn(Fetching<V>) -> Fetching<V>>,
    /// Where the page given last is.
    here: Option<Position>,
    /// Where the page that is given next is; nowhere after the last one.
    next: Option<Position>,
    turn: Turn<V>,
}

/// How far the page is that is given next.
enum Turn<V> {
    /// It was not asked for.
    Due,
    /// It is on its way.
    UnderWay(Fetching<V>),
    /// It is here, or the error in its place.
    Arrived(Result<Fetched<V>, Error>),
    /// There is none, or the walk has failed.
    Over,
}

impl<V> Walk<V> {
    /// A walk from the page at `start`.
    pub(super) fn new(
        listing: Listing,
        start: Position,
        fetch: impl FnMut(Position) -> Fetching<V> + Send + 'static,
    ) -> Self {
        let mut walk = Self {
            fetch: Box::new(fetch),
            listing,
            visited: Visited::default(),
            ahead: None,
            here: None,
            next: None,
            turn: Turn::Over,
        };
        walk.go_to(Some(start));
        walk
    }

    /// From now on asks for a page as soon as the one before it is given.
    pub(super) fn read_ahead(&mut self)
    where
        V: Send + 'static,
    {
        self.ahead = Some(spawned);
    }

    /// The cursor of the page given last.
    pub(super) fn here(&self) -> Option<Cursor> {
        Some(self.listing.cursor(self.here.clone()?))
    }

    /// The cursor of the page that is given next, or that failed.
    pub(super) fn next(&self) -> Option<Cursor> {
        Some(self.listing.cursor(self.next.clone()?))
    }

    /// Gives the next page, or the error in its place, after which nothing comes.
    pub(super) fn poll_page(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<V, Error>>> {
        if let (Turn::Due, Some(next)) = (&self.turn, &self.next) {
            self.turn = Turn::UnderWay((self.fetch)(next.clone()));
        }
        if let Turn::UnderWay(page) = &mut self.turn {
            self.turn = Turn::Arrived(ready!(page.as_mut().poll(cx)));
        }
        let Turn::Arrived(result) = mem::replace(&mut self.turn, Turn::Over) else {
            return Poll::Ready(None);
        };
        Poll::Ready(Some(match result {
            Ok(page) => {
                let value = self.go_on(page);
                self.set_out();
                Ok(value)
            }
            Err(error) => Err(error.at_cursor(self.next())),
        }))
    }

    /// Sends the next page on its way, if pages are read ahead. It is never more than one, for no other is asked for
    /// before that one was given.
    #[inline]
    pub(super) fn set_out(&mut self) {
        // Looked at first: it is asked with each item, and most walks have nothing to send.
        let Some(ahead) = self.ahead else { return };
        if let (Turn::Due, Some(next)) = (&self.turn, &self.next) {
            self.turn = Turn::UnderWay(ahead((self.fetch)(next.clone())));
        }
    }

    /// Moves on to `page` and gives what was taken of it.
    fn go_on(&mut self, page: Fetched<V>) -> V {
        self.here = self.go_to(page.next);
        page.value
    }

    /// Makes the page at `next` the one that is given next, and says which it was before. An error that keeps it from
    /// being asked for comes in its place, for what was given before is good.
    fn go_to(&mut self, next: Option<Position>) -> Option<Position> {
        let operation = self.listing.operation();
        self.turn = match (&next, operation.paging_limit()) {
            (None, _) => Turn::Over,
            (Some(Position::Offset(items)), Some(limit)) if *items >= limit => {
                Turn::Arrived(Err(Error::paging_limit(operation, limit)))
            }
            (Some(next), _) if self.visited.add(next) => Turn::Due,
            (Some(_), _) => Turn::Arrived(Err(Error::repeated_cursor(operation))),
        };
        mem::replace(&mut self.next, next)
    }
}

impl<V> fmt::Debug for Walk<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Walk")
            .field("listing", &self.listing)
            .field("next", &self.next)
            .field("over", &matches!(self.turn, Turn::Over))
            .finish_non_exhaustive()
    }
}

/// A page that comes whether it is waited for or not. It has to be a task: a page that only its reader polls would stand
/// still between two items, with the place that it holds at a limiter, and its time-out would run on.
fn spawned<V: Send + 'static>(page: Fetching<V>) -> Fetching<V> {
    /// A task that ends with whoever waits for it.
    struct Task<T>(JoinHandle<T>);

    impl<T> Drop for Task<T> {
        fn drop(&mut self) {
            self.0.abort();
        }
    }

    let mut task = Task(tokio::spawn(page.instrument(Span::current())));
    Box::pin(async move {
        match (&mut task.0).await {
            Ok(result) => result,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            // The runtime is being shut down, and nothing comes of anything any more.
            Err(_) => std::future::pending().await,
        }
    })
}

/// The positions that a walk was at or was sent to. A server that sends it to one of them again sends it round for
/// ever, in however large a circle.
///
/// Hashes of 64 bits are kept instead of the positions: a million members in pages of 50 are 20,000 of them, which is a
/// few hundred kilobytes whatever the length of the checkpoints. That two of so many are alike by chance is as likely
/// as one in a hundred thousand million.
#[derive(Default)]
struct Visited(HashSet<u64>);

impl Visited {
    /// Adds a position, and says whether it is new.
    fn add(&mut self, position: &Position) -> bool {
        let hash = self.0.hasher().hash_one(position);
        self.0.insert(hash)
    }
}
