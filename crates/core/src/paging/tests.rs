//! Streams that are polled manually, over pages that the test makes available.

use crate::operation::OperationFields;
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, LazyLock, Mutex};
use std::task::{Context, Poll, Waker};

use futures_core::Stream;

use super::fetcher::{FetchFuture, Fetched, Next, PageFetcher, PageRequest};
use super::{Items, Listing, Pages, Position};
use crate::base_url::BaseUrl;
use crate::transport::TransportBuilder;
use crate::{Error, Operation};

static LIST: Operation = Operation::new(OperationFields {
    id: "listNumbers",
    method: "GET",
    path: "/numbers",
    ..OperationFields::DEFAULT
});

/// Shared by all tests, because creating the HTTP client of a transport is slow.
static LISTING: LazyLock<Listing> = LazyLock::new(|| {
    let base_url = BaseUrl::parse("http://127.0.0.1:1").unwrap();
    let transport = TransportBuilder::new().without_token().build(base_url);
    Listing::new(&transport.unwrap(), &LIST)
});

type Numbers = Vec<u32>;

/// A source of pages that records the requests.
#[derive(Clone, Default)]
struct Source(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    pages: HashMap<Position, Result<(Numbers, Option<Position>), Error>>,
    requests: Vec<Position>,
    dropped: usize,
    /// The wakers of pending pages.
    waiting: Vec<Waker>,
    /// Whether a missing page panics.
    panics: bool,
}

/// A requested page, which is ready once the source has it.
struct PendingPage {
    source: Source,
    position: Position,
}

impl Source {
    fn add_page(&self, at: &str, numbers: &[u32], next: Option<&str>) {
        self.put(at, Ok((numbers.to_vec(), next.map(position))));
    }

    fn add_error(&self, at: &str, error: Error) {
        self.put(at, Err(error));
    }

    fn put(&self, at: &str, page: Result<(Numbers, Option<Position>), Error>) {
        let mut state = self.0.lock().unwrap();
        state.pages.insert(position(at), page);
        state.waiting.drain(..).for_each(Waker::wake);
    }

    fn requests(&self) -> usize {
        self.0.lock().unwrap().requests.len()
    }

    fn dropped(&self) -> usize {
        self.0.lock().unwrap().dropped
    }

    fn fetcher(&self, start: &str) -> PageFetcher<Numbers> {
        let source = self.clone();
        PageFetcher::new(
            LISTING.clone(),
            position(start),
            move |page_request: PageRequest| {
                let position = page_request.position;
                source.0.lock().unwrap().requests.push(position.clone());
                let source = source.clone();
                let page: FetchFuture<Numbers> = Box::pin(PendingPage { source, position });
                page
            },
        )
    }

    fn items(&self) -> Items<u32> {
        Items::new(self.fetcher(""))
    }

    fn pages(&self) -> Pages<Numbers> {
        Pages::new(self.fetcher(""))
    }
}

impl Future for PendingPage {
    type Output = Result<Fetched<Numbers>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.source.0.lock().unwrap();
        match state.pages.remove(&self.position) {
            Some(page) => Poll::Ready(page.map(|(value, next)| Fetched {
                is_empty: value.is_empty(),
                next: Next::from(next),
                value,
            })),
            None if state.panics => {
                drop(state);
                std::panic::panic_any("no such page")
            }
            None => {
                state.waiting.push(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Drop for PendingPage {
    fn drop(&mut self) {
        self.source.0.lock().unwrap().dropped += 1;
    }
}

/// The position at a checkpoint; the empty text is the start.
fn position(checkpoint: &str) -> Position {
    Position::of_checkpoint(Some(checkpoint)).unwrap_or_default()
}

/// Lets all tasks run until they wait.
async fn settle() {
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
}

fn poll<S: Stream + Unpin>(stream: &mut S) -> Poll<Option<S::Item>> {
    Pin::new(stream).poll_next(&mut Context::from_waker(Waker::noop()))
}

/// The next value of the stream, which must be ready.
fn ready<S: Stream<Item = Result<T, Error>> + Unpin, T>(
    stream: &mut S,
) -> Option<Result<T, Error>> {
    match poll(stream) {
        Poll::Ready(next) => next,
        Poll::Pending => panic!("expected a value, found a pending stream"),
    }
}

#[test]
fn without_read_ahead_a_page_is_requested_with_its_first_item() {
    let source = Source::default();
    source.add_page("", &[1, 2], Some("a"));
    let mut items = source.items();
    assert_eq!(source.requests(), 0);
    ready(&mut items).unwrap().unwrap();
    ready(&mut items).unwrap().unwrap();
    assert_eq!(source.requests(), 1);
    assert!(poll(&mut items).is_pending());
    assert_eq!(source.requests(), 2);
}

#[tokio::test]
async fn items_read_ahead_then_the_next_page_is_requested_when_a_page_arrives() {
    let source = Source::default();
    source.add_page("", &[1, 2], Some("a"));
    let mut items = source.items().read_ahead();
    assert_eq!(
        source.requests(),
        0,
        "a stream that is not read sends a request"
    );
    assert_eq!(ready(&mut items).unwrap().unwrap(), 1);
    assert_eq!(source.requests(), 2);
    assert_eq!(ready(&mut items).unwrap().unwrap(), 2);
    assert!(poll(&mut items).is_pending());

    source.add_page("a", &[3, 4], Some("b"));
    source.add_page("b", &[5], None);
    settle().await;
    // The second page completes although the stream is not polled.
    assert_eq!(source.dropped(), 2);
    assert_eq!(ready(&mut items).unwrap().unwrap(), 3);
    assert_eq!(source.requests(), 3);
    assert_eq!(ready(&mut items).unwrap().unwrap(), 4);
    settle().await;
    assert_eq!(ready(&mut items).unwrap().unwrap(), 5);
    assert!(ready(&mut items).is_none());
    assert_eq!(source.requests(), 3);
}

#[tokio::test]
async fn at_most_one_page_is_read_ahead() {
    let source = Source::default();
    source.add_page("", &[1, 2], Some("a"));
    source.add_page("a", &[3], Some("b"));
    source.add_page("b", &[4], None);
    let mut items = source.items().read_ahead();
    ready(&mut items).unwrap().unwrap();
    settle().await;
    ready(&mut items).unwrap().unwrap();
    assert_eq!(source.requests(), 2);
    assert_eq!(items.cursor().unwrap().position(), &position("a"));
    ready(&mut items).unwrap().unwrap();
    assert_eq!(source.requests(), 3);
}

#[tokio::test]
async fn pages_read_ahead_then_the_next_page_is_requested_when_a_page_is_returned() {
    let source = Source::default();
    source.add_page("", &[1], Some("a"));
    source.add_page("a", &[2], Some("b"));
    let mut pages = source.pages().read_ahead();
    assert_eq!(ready(&mut pages).unwrap().unwrap(), [1]);
    assert_eq!(source.requests(), 2);
    assert_eq!(pages.cursor().unwrap().position(), &position("a"));
    settle().await;
    assert_eq!(ready(&mut pages).unwrap().unwrap(), [2]);
    assert_eq!(source.requests(), 3);
    assert!(poll(&mut pages).is_pending());
    source.add_page("b", &[], None);
    settle().await;
    assert!(ready(&mut pages).unwrap().unwrap().is_empty());
    assert!(ready(&mut pages).is_none());
    assert_eq!(source.requests(), 3);
}

#[tokio::test]
async fn error_of_a_page_read_ahead_is_returned_in_order_and_ends_the_stream() {
    let source = Source::default();
    source.add_page("", &[1, 2], Some("a"));
    source.add_error("a", Error::configuration("it is down"));
    let mut items = source.items().read_ahead();
    assert_eq!(ready(&mut items).unwrap().unwrap(), 1);
    assert_eq!(items.cursor().unwrap().position(), &Position::Start);
    assert_eq!(ready(&mut items).unwrap().unwrap(), 2);
    settle().await;
    let error = ready(&mut items).unwrap().unwrap_err();
    assert_eq!(error.cursor().unwrap().position(), &position("a"));
    assert_eq!(items.cursor().as_ref(), error.cursor());
    assert!(ready(&mut items).is_none());
    assert_eq!(source.requests(), 2);
}

#[tokio::test]
async fn panic_of_a_page_read_ahead_is_resumed_in_order() {
    let source = Source::default();
    source.add_page("", &[1], Some("a"));
    source.0.lock().unwrap().panics = true;
    let mut items = source.items().read_ahead();
    assert_eq!(ready(&mut items).unwrap().unwrap(), 1);
    settle().await;
    let next = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| poll(&mut items)));
    assert_eq!(
        *next.unwrap_err().downcast::<&str>().unwrap(),
        "no such page"
    );
}

#[tokio::test]
async fn dropped_stream_drops_the_page_read_ahead() {
    let source = Source::default();
    source.add_page("", &[1], Some("a"));
    let mut items = source.items().read_ahead();
    ready(&mut items).unwrap().unwrap();
    settle().await;
    assert_eq!(source.dropped(), 1);
    drop(items);
    settle().await;
    assert_eq!(source.dropped(), 2);
}

#[tokio::test]
async fn read_ahead_enabled_within_a_page_then_the_next_page_is_requested_with_the_next_item() {
    let source = Source::default();
    source.add_page("", &[1, 2], Some("a"));
    let mut items = source.items();
    ready(&mut items).unwrap().unwrap();
    let mut items = items.read_ahead();
    assert_eq!(source.requests(), 1);
    ready(&mut items).unwrap().unwrap();
    assert_eq!(source.requests(), 2);
}

#[tokio::test]
async fn cycle_of_cursors_is_detected_and_no_page_is_requested_twice() {
    for (start, ahead) in [("", false), ("0", false), ("0", true)] {
        for length in 1..=5 {
            for back_to in 0..length {
                let source = Source::default();
                source.add_page("", &[99], Some("0"));
                for page in 0..length {
                    let next = if page + 1 == length {
                        back_to
                    } else {
                        page + 1
                    };
                    source.add_page(&page.to_string(), &[page], Some(&next.to_string()));
                }
                let mut items = Items::new(source.fetcher(start));
                if ahead {
                    items = items.read_ahead();
                }
                let mut found: Vec<u32> = Vec::new();
                let error = loop {
                    settle().await;
                    match ready(&mut items).expect("the cycle is detected") {
                        Ok(number) => found.push(number),
                        Err(error) => break error,
                    }
                };
                let first = start.is_empty().then_some(99);
                let expected: Vec<u32> = first.into_iter().chain(0..length).collect();
                assert_eq!(found, expected);
                assert_eq!(source.requests(), expected.len());
                assert!(error.is_repeated_cursor());
                let place = position(&back_to.to_string());
                assert_eq!(error.cursor().unwrap().position(), &place);
                assert_eq!(items.cursor().as_ref(), error.cursor());
                assert!(ready(&mut items).is_none());
            }
        }
    }
}

#[test]
fn cursor_is_none_only_after_all_items_were_read() {
    let source = Source::default();
    source.add_page("", &[1, 2], None);
    let mut items = source.items();
    assert_eq!(items.cursor().unwrap().position(), &Position::Start);
    ready(&mut items).unwrap().unwrap();
    assert_eq!(items.cursor().unwrap().position(), &Position::Start);
    ready(&mut items).unwrap().unwrap();
    assert_eq!(items.cursor(), None);
}

#[test]
fn debug_of_a_stream_shows_no_checkpoint() {
    let source = Source::default();
    source.add_page("secret-start", &[1, 2], Some("secret-next"));
    let mut items = Items::new(source.fetcher("secret-start"));
    ready(&mut items).unwrap().unwrap();
    let text = format!("{items:?} {:?}", Pages::new(source.fetcher("secret-start")));
    assert!(!text.contains("secret"), "{text}");
    assert!(text.contains("listNumbers"), "{text}");
}

/// A stream over numbered pages; `next` returns the number of the next page.
fn numbered_pages(next: impl Fn(u32) -> u32 + Send + 'static) -> Items<u32> {
    Items::new(PageFetcher::new(
        LISTING.clone(),
        position("0"),
        move |page_request| {
            let number: u32 = page_request
                .position
                .into_checkpoint()
                .unwrap()
                .parse()
                .unwrap();
            let next = position(&next(number).to_string());
            let page: FetchFuture<Numbers> = Box::pin(std::future::ready(Ok(Fetched {
                value: vec![number],
                is_empty: false,
                next: Next::from(Some(next)),
            })));
            page
        },
    ))
}

#[test]
fn cycle_larger_than_the_remembered_checkpoints_is_detected() {
    let remembered = 1 << 16;
    for (first, length) in [
        (0, 200_000),
        (10, 70_000),
        (remembered + 500, 1),
        (70_000, 5_000),
    ] {
        let last = first + length - 1;
        let mut items =
            numbered_pages(move |number| if number == last { first } else { number + 1 });
        let mut read = 0;
        let error = loop {
            match ready(&mut items).expect("the cycle is detected") {
                Ok(_) => read += 1,
                Err(error) => break error,
            }
            assert!(read <= first + 4 * length.max(first), "{first}, {length}");
        };
        assert!(error.is_repeated_cursor());
        if first < remembered {
            assert_eq!(read, first + length, "it is detected as soon as it closes");
        }
    }
}
