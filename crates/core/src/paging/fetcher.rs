//! Fetches one page after another.

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
use crate::error::ListingFailure;
use crate::{BoxFuture, Error};

/// A page to fetch.
#[derive(Clone)]
pub(super) struct PageRequest {
    pub(super) position: Position,
    /// What is known from the previous pages, with counted pagination.
    pub(super) progress: Progress,
}

impl PageRequest {
    /// The first page of a listing that starts at `position`.
    fn first(position: Position) -> Self {
        let progress = Progress::from(position.offset());
        Self { position, progress }
    }
}

/// What follows a page.
pub(super) enum Next {
    End,
    Page(PageRequest),
    /// The listing fails. It can be resumed at this position.
    Failed(Position, ListingFailure),
}

impl From<Option<Position>> for Next {
    fn from(position: Option<Position>) -> Self {
        position.map_or(Self::End, |position| {
            Self::Page(PageRequest::first(position))
        })
    }
}

/// The value of a page, and what follows it.
pub(super) struct Fetched<V> {
    pub(super) value: V,
    pub(super) is_empty: bool,
    pub(super) next: Next,
}

/// The future of a page.
pub(super) type FetchFuture<V> = BoxFuture<'static, Result<Fetched<V>, Error>>;

/// Fetches one page after another. Generic over the value of a page only, not over the request, so that it is compiled
/// for few types.
///
/// Fields that are only `Send` are wrapped in `SyncWrapper`, so that the fetcher is `Sync`.
pub(super) struct PageFetcher<V> {
    fetch: SyncWrapper<Box<dyn FnMut(PageRequest) -> FetchFuture<V> + Send>>,
    listing: Listing,
    visited: VisitedCheckpoints,
    /// The number of empty pages in succession.
    empty_pages: u32,
    /// The page size to request instead of that of the request.
    page_size: Option<u64>,
    /// Spawns a task that fetches a page, if pages are read ahead.
    ahead: Option<fn(FetchFuture<V>) -> ReadAheadTask<V>>,
    /// The position of the page that was returned last.
    current: Option<Position>,
    /// The next page; `None` after the last one.
    next: Option<PageRequest>,
    state: FetchState<V>,
}

/// The state of the next page.
enum FetchState<V> {
    /// Not requested.
    NotStarted,
    /// Fetched by the caller that polls the stream, on this runtime.
    InFlight(SyncWrapper<FetchFuture<V>>, Option<runtime::Id>),
    /// Fetched ahead by a task on this runtime.
    ReadAhead(ReadAheadTask<V>, Option<runtime::Id>),
    /// Fetched, or failed.
    Ready(Result<Fetched<V>, Error>),
    /// There is no next page, or the listing has failed.
    Finished,
}

impl<V> PageFetcher<V> {
    /// Creates a fetcher that begins with the page at `start`.
    pub(super) fn new(
        listing: Listing,
        start: Position,
        fetch: impl FnMut(PageRequest) -> FetchFuture<V> + Send + 'static,
    ) -> Self {
        let mut fetcher = Self {
            fetch: SyncWrapper::new(Box::new(fetch)),
            listing,
            visited: VisitedCheckpoints::default(),
            empty_pages: 0,
            page_size: None,
            ahead: None,
            current: None,
            next: None,
            state: FetchState::Finished,
        };
        fetcher.set_next(Next::from(Some(start)));
        fetcher
    }

    /// Requests pages of `size` items from now on.
    pub(super) fn page_size(&mut self, size: u64) {
        self.page_size = Some(size);
        if let Some(next) = &mut self.next {
            next.progress.size = Some(size);
        }
    }

    /// From now on requests a page as soon as the previous one is returned.
    pub(super) fn read_ahead(&mut self)
    where
        V: Send + 'static,
    {
        self.ahead = Some(ReadAheadTask::spawn);
    }

    /// The cursor of the page that was returned last.
    pub(super) fn current(&self) -> Option<Cursor> {
        Some(self.listing.cursor(self.current.clone()?))
    }

    /// The cursor of the next page, or of the page that failed.
    pub(super) fn next(&self) -> Option<Cursor> {
        let next = self.next.as_ref()?;
        Some(self.listing.cursor(next.position.clone()))
    }

    /// Polls the next page. After an error, the fetcher returns `None`.
    pub(super) fn poll_page(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<V, Error>>> {
        loop {
            match &mut self.state {
                // Timers and sockets of a request belong to the runtime that sent it, which may be idle or gone. Listings
                // only read, so the page is fetched again.
                FetchState::InFlight(_, on) | FetchState::ReadAhead(_, on)
                    if current_runtime().is_some_and(|here| *on != Some(here)) =>
                {
                    self.state = FetchState::NotStarted;
                }
                FetchState::NotStarted => {
                    let page = self.fetch_next();
                    self.state = page.map_or(FetchState::Finished, |page| {
                        FetchState::InFlight(SyncWrapper::new(page), current_runtime())
                    });
                }
                FetchState::InFlight(page, _) => {
                    self.state = FetchState::Ready(ready!(page.get_mut().as_mut().poll(cx)));
                }
                FetchState::ReadAhead(task, _) => {
                    // If the task was cancelled, the page is fetched again.
                    self.state =
                        ready!(task.poll(cx)).map_or(FetchState::NotStarted, FetchState::Ready);
                }
                FetchState::Ready(_) | FetchState::Finished => break,
            }
        }
        let FetchState::Ready(result) = mem::replace(&mut self.state, FetchState::Finished) else {
            return Poll::Ready(None);
        };
        Poll::Ready(Some(match result {
            Ok(page) => {
                let value = self.advance(page);
                self.start_read_ahead();
                Ok(value)
            }
            Err(error) => Err(error.at_cursor(self.next())),
        }))
    }

    fn fetch_next(&mut self) -> Option<FetchFuture<V>> {
        let next = self.next.clone()?;
        Some((self.fetch.get_mut())(next))
    }

    /// Starts fetching the next page, if pages are read ahead. At most one page is fetched ahead, because the state holds
    /// only one.
    #[inline]
    pub(super) fn start_read_ahead(&mut self) {
        // Checked first because this runs for each item, mostly without read-ahead.
        let Some(ahead) = self.ahead else { return };
        if matches!(self.state, FetchState::NotStarted)
            && let Some(page) = self.fetch_next()
        {
            self.state = FetchState::ReadAhead(ahead(page), current_runtime());
        }
    }

    /// Makes `page` the current page and returns its value.
    fn advance(&mut self, page: Fetched<V>) -> V {
        self.empty_pages = if page.is_empty {
            self.empty_pages + 1
        } else {
            0
        };
        let next = match page.next {
            Next::Page(page_request) if self.empty_pages >= MAX_EMPTY_PAGES => Next::Failed(
                page_request.position,
                ListingFailure::EmptyPages(self.empty_pages),
            ),
            next => next,
        };
        let previous = self.set_next(next);
        self.current = previous.map(|page_request| page_request.position);
        page.value
    }

    /// Sets the next page and returns the previous one. If the page must not be requested, its error is returned in its
    /// place, after the items of the current page.
    fn set_next(&mut self, next: Next) -> Option<PageRequest> {
        let operation = self.listing.operation();
        let (next, failure) = match next {
            Next::End => (None, None),
            Next::Failed(position, failure) => (Some(PageRequest::first(position)), Some(failure)),
            Next::Page(mut page_request) => {
                page_request.progress.size = page_request.progress.size.or(self.page_size);
                let failure = match (&page_request.position, operation.paging_limit()) {
                    (Position::Offset(offset), Some(limit)) if *offset >= limit => {
                        Some(ListingFailure::PagingLimit(limit))
                    }
                    (Position::Checkpoint(_), _) if !self.visited.add(&page_request.position) => {
                        Some(ListingFailure::RepeatedCursor)
                    }
                    _ => None,
                };
                (Some(page_request), failure)
            }
        };
        self.state = match (&next, failure) {
            (None, _) => FetchState::Finished,
            (Some(_), None) => FetchState::NotStarted,
            (Some(_), Some(failure)) => FetchState::Ready(Err(Error::listing(operation, failure))),
        };
        mem::replace(&mut self.next, next)
    }
}

impl<V> fmt::Debug for PageFetcher<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageFetcher")
            .field("listing", &self.listing)
            .field(
                "next",
                &self
                    .next
                    .as_ref()
                    .map(|page_request| &page_request.position),
            )
            .field("over", &matches!(self.state, FetchState::Finished))
            .finish_non_exhaustive()
    }
}

/// A page that is fetched in a task, which is aborted when the fetcher is dropped. A future that only the reader polls
/// would make no progress between two items, while it holds a slot of the limiter and its timeout runs.
struct ReadAheadTask<V>(JoinHandle<Result<Fetched<V>, Error>>);

impl<V> ReadAheadTask<V> {
    fn spawn(page: FetchFuture<V>) -> Self
    where
        V: Send + 'static,
    {
        Self(tokio::spawn(page.instrument(Span::current())))
    }

    /// Polls the page. Returns `None` if the task was cancelled because its runtime is gone.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Fetched<V>, Error>>> {
        Poll::Ready(match ready!(Pin::new(&mut self.0).poll(cx)) {
            Ok(result) => Some(result),
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => None,
        })
    }
}

impl<V> Drop for ReadAheadTask<V> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn current_runtime() -> Option<runtime::Id> {
    let runtime = runtime::Handle::try_current().ok()?;
    Some(runtime.id())
}

/// The checkpoints of a listing so far, to detect cycles.
///
/// They are kept as 64-bit hashes. The probability of a collision among a million checkpoints is about one in thirty
/// million. The first [`MAX_REMEMBERED`] are all kept, in about one megabyte, and a cycle that contains one of them is
/// detected as soon as it closes. Of the later ones, only the newest whose number is a power of two is kept (Brent's
/// algorithm), so a cycle of later pages is detected before its fourth round.
#[derive(Default)]
struct VisitedCheckpoints {
    first: HashSet<u64>,
    later: u64,
    mark: Option<u64>,
}

/// The number of checkpoints that are all remembered: those of three million items in pages of 50.
const MAX_REMEMBERED: usize = 1 << 16;

impl VisitedCheckpoints {
    /// Adds a position. Returns whether it is new, as far as is known.
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
