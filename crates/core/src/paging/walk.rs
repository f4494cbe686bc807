//! The way from page to page.

use std::collections::HashSet;
use std::fmt;
use std::hash::BuildHasher as _;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use sync_wrapper::SyncWrapper;
use tokio::runtime;
use tokio::task::JoinHandle;
use tracing::{Instrument as _, Span};

use super::counted::Progress;
use super::{Cursor, Listing, MAX_EMPTY_PAGES, Position};
use crate::error::ListingFault;
use crate::{BoxFuture, Error};

/// A page to fetch.
#[derive(Clone)]
pub(super) struct Step {
    pub(super) position: Position,
    /// What is known of the pages before, where pages are counted.
    pub(super) progress: Progress,
}

impl Step {
    /// The first page of a listing that begins at `position`.
    fn first(position: Position) -> Self {
        let progress = Progress::from(position.offset());
        Self { position, progress }
    }
}

/// What comes after a page.
pub(super) enum Next {
    End,
    Page(Step),
    /// The listing cannot continue. It can be resumed at this position.
    Failed(Position, ListingFault),
}

impl From<Option<Position>> for Next {
    fn from(position: Option<Position>) -> Self {
        position.map_or(Self::End, |position| Self::Page(Step::first(position)))
    }
}

/// What is taken of a page, and what comes after it.
pub(super) struct Fetched<V> {
    pub(super) value: V,
    pub(super) is_empty: bool,
    pub(super) next: Next,
}

/// A page that is being fetched.
pub(super) type Fetching<V> = BoxFuture<'static, Result<Fetched<V>, Error>>;

/// The way from page to page. It is generic over what is taken of a page only, not over the request, so that it is
/// compiled for few types.
///
/// What is only `Send` is reached through `&mut` alone, so the whole can be `Sync`.
pub(super) struct Walk<V> {
    fetch: SyncWrapper<Box<dyn FnMut(Step) -> Fetching<V> + Send>>,
    listing: Listing,
    visited: Visited,
    /// How many pages without an item came one after another.
    empty_pages: u32,
    /// The page size to ask for instead of the request's.
    page_size: Option<u64>,
    /// Starts fetching a page before it is waited for, where pages are read ahead.
    ahead: Option<fn(Fetching<V>) -> Task<V>>,
    /// Where the page given last is.
    here: Option<Position>,
    /// The page that is given next; none after the last one.
    next: Option<Step>,
    turn: Turn<V>,
}

/// How far the page is that is given next.
enum Turn<V> {
    /// It was not asked for.
    Due,
    /// It is fetched by whoever waits for it.
    Fetching(SyncWrapper<Fetching<V>>, Option<runtime::Id>),
    /// It is fetched ahead.
    Ahead(Task<V>, Option<runtime::Id>),
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
        fetch: impl FnMut(Step) -> Fetching<V> + Send + 'static,
    ) -> Self {
        let mut walk = Self {
            fetch: SyncWrapper::new(Box::new(fetch)),
            listing,
            visited: Visited::default(),
            empty_pages: 0,
            page_size: None,
            ahead: None,
            here: None,
            next: None,
            turn: Turn::Over,
        };
        walk.go_to(Next::from(Some(start)));
        walk
    }

    /// Asks for pages of `size` items from now on.
    pub(super) fn page_size(&mut self, size: u64) {
        self.page_size = Some(size);
        if let Some(next) = &mut self.next {
            next.progress.size = Some(size);
        }
    }

    /// From now on asks for a page as soon as the one before it is given.
    pub(super) fn read_ahead(&mut self)
    where
        V: Send + 'static,
    {
        self.ahead = Some(Task::spawn);
    }

    /// The cursor of the page given last.
    pub(super) fn here(&self) -> Option<Cursor> {
        Some(self.listing.cursor(self.here.clone()?))
    }

    /// The cursor of the page that is given next, or that failed.
    pub(super) fn next(&self) -> Option<Cursor> {
        let next = self.next.as_ref()?;
        Some(self.listing.cursor(next.position.clone()))
    }

    /// Gives the next page, or the error in its place, after which nothing comes.
    pub(super) fn poll_page(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<V, Error>>> {
        loop {
            match &mut self.turn {
                // Timers and sockets of the request belong to the runtime on which it was sent, which may stand still or
                // be gone. To fetch a page again changes nothing.
                Turn::Fetching(_, on) | Turn::Ahead(_, on)
                    if current_runtime().is_some_and(|here| *on != Some(here)) =>
                {
                    self.turn = Turn::Due;
                }
                Turn::Due => {
                    let page = self.fetch_next();
                    self.turn = page.map_or(Turn::Over, |page| {
                        Turn::Fetching(SyncWrapper::new(page), current_runtime())
                    });
                }
                Turn::Fetching(page, _) => {
                    self.turn = Turn::Arrived(ready!(page.get_mut().as_mut().poll(cx)));
                }
                Turn::Ahead(task, _) => {
                    // A task that was cancelled leaves the page to its reader.
                    self.turn = ready!(task.poll(cx)).map_or(Turn::Due, Turn::Arrived);
                }
                Turn::Arrived(_) | Turn::Over => break,
            }
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

    fn fetch_next(&mut self) -> Option<Fetching<V>> {
        let next = self.next.clone()?;
        Some((self.fetch.get_mut())(next))
    }

    /// Starts fetching the next page, if pages are read ahead. It is never more than one, for no other is asked for
    /// before that one was given.
    #[inline]
    pub(super) fn set_out(&mut self) {
        // Looked at first: it is asked with each item, and most walks have nothing to send.
        let Some(ahead) = self.ahead else { return };
        if matches!(self.turn, Turn::Due)
            && let Some(page) = self.fetch_next()
        {
            self.turn = Turn::Ahead(ahead(page), current_runtime());
        }
    }

    /// Moves on to `page` and gives what was taken of it.
    fn go_on(&mut self, page: Fetched<V>) -> V {
        self.empty_pages = if page.is_empty {
            self.empty_pages + 1
        } else {
            0
        };
        let next = match page.next {
            Next::Page(step) if self.empty_pages >= MAX_EMPTY_PAGES => {
                Next::Failed(step.position, ListingFault::EmptyPages(self.empty_pages))
            }
            next => next,
        };
        let here = self.go_to(next);
        self.here = here.map(|step| step.position);
        page.value
    }

    /// Makes `next` the page that is given next, and says which it was before. An error that keeps it from being asked
    /// for comes in its place, for what was given before is good.
    fn go_to(&mut self, next: Next) -> Option<Step> {
        let operation = self.listing.operation();
        let (next, fault) = match next {
            Next::End => (None, None),
            Next::Failed(position, fault) => (Some(Step::first(position)), Some(fault)),
            Next::Page(mut step) => {
                step.progress.size = step.progress.size.or(self.page_size);
                let fault = match (&step.position, operation.paging_limit()) {
                    (Position::Offset(offset), Some(limit)) if *offset >= limit => {
                        Some(ListingFault::PagingLimit(limit))
                    }
                    (Position::Checkpoint(_), _) if !self.visited.add(&step.position) => {
                        Some(ListingFault::RepeatedCursor)
                    }
                    _ => None,
                };
                (Some(step), fault)
            }
        };
        self.turn = match (&next, fault) {
            (None, _) => Turn::Over,
            (Some(_), None) => Turn::Due,
            (Some(_), Some(fault)) => Turn::Arrived(Err(Error::listing(operation, fault))),
        };
        mem::replace(&mut self.next, next)
    }
}

impl<V> fmt::Debug for Walk<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Walk")
            .field("listing", &self.listing)
            .field("next", &self.next.as_ref().map(|step| &step.position))
            .field("over", &matches!(self.turn, Turn::Over))
            .finish_non_exhaustive()
    }
}

/// A page that arrives whether it is waited for or not, and whose task ends with the walk. It has to be a task: a page
/// that only its reader polls would stand still between two items, with the place that it holds at a limiter, and its
/// timeout would run on.
struct Task<V>(JoinHandle<Result<Fetched<V>, Error>>);

impl<V> Task<V> {
    fn spawn(page: Fetching<V>) -> Self
    where
        V: Send + 'static,
    {
        Self(tokio::spawn(page.instrument(Span::current())))
    }

    /// The page, or nothing if the task was cancelled because its runtime is gone.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Fetched<V>, Error>>> {
        Poll::Ready(match ready!(Pin::new(&mut self.0).poll(cx)) {
            Ok(result) => Some(result),
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => None,
        })
    }
}

impl<V> Drop for Task<V> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn current_runtime() -> Option<runtime::Id> {
    let runtime = runtime::Handle::try_current().ok()?;
    Some(runtime.id())
}

/// The checkpoints that a walk was at or was sent to. A server that sends it to one of them again sends it round for
/// ever, in however large a circle.
///
/// Hashes of 64 bits are kept instead of the checkpoints. That two of a million are alike by chance is as likely as one
/// in thirty million. Of the first [`MAX_REMEMBERED`] all are kept, which is about a megabyte, and a circle that
/// touches one of them is found as soon as it closes. Of the later ones the newest whose number is a power of two is
/// kept (Brent's algorithm), so a circle of later pages alone is found before its fourth round.
#[derive(Default)]
struct Visited {
    first: HashSet<u64>,
    later: u64,
    mark: Option<u64>,
}

/// How many checkpoints of a listing are remembered: those of three million items, in pages of 50.
const MAX_REMEMBERED: usize = 1 << 16;

impl Visited {
    /// Adds a position, and says whether it is new as far as is known.
    fn add(&mut self, position: &Position) -> bool {
        let hash = self.first.hasher().hash_one(position);
        if self.first.len() < MAX_REMEMBERED {
            return self.first.insert(hash);
        }
        if self.mark == Some(hash) || self.first.contains(&hash) {
            return false;
        }
        self.later += 1;
        if self.later.is_power_of_two() {
            self.mark = Some(hash);
        }
        true
    }
}
