//! Walks that are polled by hand, over pages that come when the test says so.

use crate::operation::OperationFields;
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, LazyLock, Mutex};
use std::task::{Context, Poll, Waker};

use futures_core::Stream;

use super::walk::{Fetched, Fetching, Next, Step, Walk};
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

/// One for all tests, because the HTTP client of a transport takes long to make.
static LISTING: LazyLock<Listing> = LazyLock::new(|| {
    let base_url = BaseUrl::parse("http://127.0.0.1:1").unwrap();
    let transport = TransportBuilder::new().without_token().build(base_url);
    Listing::new(&transport.unwrap(), &LIST)
});

type Numbers = Vec<u32>;

/// Where pages come from, and what was asked of it.
#[derive(Clone, Default)]
struct Source(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    pages: HashMap<Position, Result<(Numbers, Option<Position>), Error>>,
    asked: Vec<Position>,
    dropped: usize,
    /// Those who wait for a page.
    waiting: Vec<Waker>,
    /// Whether a page that is not there is a panic.
    panics: bool,
}

/// A page on its way: it arrives once the source has it.
struct OnItsWay {
    source: Source,
    position: Position,
}

impl Source {
    fn has(&self, at: &str, numbers: &[u32], next: Option<&str>) {
        self.put(at, Ok((numbers.to_vec(), next.map(position))));
    }

    fn fails(&self, at: &str, error: Error) {
        self.put(at, Err(error));
    }

    fn put(&self, at: &str, page: Result<(Numbers, Option<Position>), Error>) {
        let mut state = self.0.lock().unwrap();
        state.pages.insert(position(at), page);
        state.waiting.drain(..).for_each(Waker::wake);
    }

    fn asked(&self) -> usize {
        self.0.lock().unwrap().asked.len()
    }

    fn dropped(&self) -> usize {
        self.0.lock().unwrap().dropped
    }

    fn walk(&self, start: &str) -> Walk<Numbers> {
        let source = self.clone();
        Walk::new(LISTING.clone(), position(start), move |step: Step| {
            let position = step.position;
            source.0.lock().unwrap().asked.push(position.clone());
            let source = source.clone();
            let page: Fetching<Numbers> = Box::pin(OnItsWay { source, position });
            page
        })
    }

    fn items(&self) -> Items<u32> {
        Items::new(self.walk(""))
    }

    fn pages(&self) -> Pages<Numbers> {
        Pages::new(self.walk(""))
    }
}

impl Future for OnItsWay {
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

impl Drop for OnItsWay {
    fn drop(&mut self) {
        self.source.0.lock().unwrap().dropped += 1;
    }
}

/// The position at a checkpoint; the empty one is the beginning.
fn position(checkpoint: &str) -> Position {
    Position::of_checkpoint(Some(checkpoint)).unwrap_or_default()
}

/// Lets the tasks run until each of them waits.
async fn settle() {
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
}

fn poll<S: Stream + Unpin>(stream: &mut S) -> Poll<Option<S::Item>> {
    Pin::new(stream).poll_next(&mut Context::from_waker(Waker::noop()))
}

/// What is there without waiting.
fn now<S: Stream<Item = Result<T, Error>> + Unpin, T>(stream: &mut S) -> Option<Result<T, Error>> {
    match poll(stream) {
        Poll::Ready(next) => next,
        Poll::Pending => panic!("expected something, found that it has to be waited for"),
    }
}

#[test]
fn nothing_is_read_ahead_then_a_page_is_asked_for_when_its_first_item_is() {
    let source = Source::default();
    source.has("", &[1, 2], Some("a"));
    let mut items = source.items();
    assert_eq!(source.asked(), 0);
    now(&mut items).unwrap().unwrap();
    now(&mut items).unwrap().unwrap();
    assert_eq!(source.asked(), 1);
    assert!(poll(&mut items).is_pending());
    assert_eq!(source.asked(), 2);
}

#[tokio::test]
async fn items_are_read_ahead_then_one_page_is_asked_for_when_the_one_before_arrives() {
    let source = Source::default();
    source.has("", &[1, 2], Some("a"));
    let mut items = source.items().read_ahead();
    assert_eq!(source.asked(), 0, "a stream that is not read asks");
    assert_eq!(now(&mut items).unwrap().unwrap(), 1);
    assert_eq!(source.asked(), 2);
    assert_eq!(now(&mut items).unwrap().unwrap(), 2);
    assert!(poll(&mut items).is_pending());

    source.has("a", &[3, 4], Some("b"));
    source.has("b", &[5], None);
    settle().await;
    // The first page, and this one though nobody has looked for it since.
    assert_eq!(source.dropped(), 2);
    assert_eq!(now(&mut items).unwrap().unwrap(), 3);
    assert_eq!(source.asked(), 3);
    assert_eq!(now(&mut items).unwrap().unwrap(), 4);
    settle().await;
    assert_eq!(now(&mut items).unwrap().unwrap(), 5);
    assert!(now(&mut items).is_none());
    assert_eq!(source.asked(), 3);
}

#[tokio::test]
async fn page_ahead_arrives_early_then_no_other_is_asked_for_before_it_is_read() {
    let source = Source::default();
    source.has("", &[1, 2], Some("a"));
    source.has("a", &[3], Some("b"));
    source.has("b", &[4], None);
    let mut items = source.items().read_ahead();
    now(&mut items).unwrap().unwrap();
    settle().await;
    now(&mut items).unwrap().unwrap();
    assert_eq!(source.asked(), 2);
    assert_eq!(items.cursor().unwrap().position(), &position("a"));
    now(&mut items).unwrap().unwrap();
    assert_eq!(source.asked(), 3);
}

#[tokio::test]
async fn pages_are_read_ahead_then_one_is_asked_for_when_the_one_before_is_given() {
    let source = Source::default();
    source.has("", &[1], Some("a"));
    source.has("a", &[2], Some("b"));
    let mut pages = source.pages().read_ahead();
    assert_eq!(now(&mut pages).unwrap().unwrap(), [1]);
    assert_eq!(source.asked(), 2);
    assert_eq!(pages.cursor().unwrap().position(), &position("a"));
    settle().await;
    assert_eq!(now(&mut pages).unwrap().unwrap(), [2]);
    assert_eq!(source.asked(), 3);
    assert!(poll(&mut pages).is_pending());
    source.has("b", &[], None);
    settle().await;
    assert!(now(&mut pages).unwrap().unwrap().is_empty());
    assert!(now(&mut pages).is_none());
    assert_eq!(source.asked(), 3);
}

#[tokio::test]
async fn page_ahead_fails_then_the_error_comes_in_its_turn_and_ends_the_stream() {
    let source = Source::default();
    source.has("", &[1, 2], Some("a"));
    source.fails("a", Error::configuration("it is down"));
    let mut items = source.items().read_ahead();
    assert_eq!(now(&mut items).unwrap().unwrap(), 1);
    assert_eq!(items.cursor().unwrap().position(), &Position::Start);
    assert_eq!(now(&mut items).unwrap().unwrap(), 2);
    settle().await;
    let error = now(&mut items).unwrap().unwrap_err();
    assert_eq!(error.cursor().unwrap().position(), &position("a"));
    assert_eq!(items.cursor().as_ref(), error.cursor());
    assert!(now(&mut items).is_none());
    assert_eq!(source.asked(), 2);
}

#[tokio::test]
async fn page_ahead_panics_then_the_panic_comes_in_its_turn() {
    let source = Source::default();
    source.has("", &[1], Some("a"));
    source.0.lock().unwrap().panics = true;
    let mut items = source.items().read_ahead();
    assert_eq!(now(&mut items).unwrap().unwrap(), 1);
    settle().await;
    let next = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| poll(&mut items)));
    assert_eq!(
        *next.unwrap_err().downcast::<&str>().unwrap(),
        "no such page"
    );
}

#[tokio::test]
async fn stream_is_dropped_then_the_page_ahead_is_dropped() {
    let source = Source::default();
    source.has("", &[1], Some("a"));
    let mut items = source.items().read_ahead();
    now(&mut items).unwrap().unwrap();
    settle().await;
    assert_eq!(source.dropped(), 1);
    drop(items);
    settle().await;
    assert_eq!(source.dropped(), 2);
}

#[tokio::test]
async fn reading_ahead_begins_in_the_middle_then_the_next_page_is_asked_for_with_the_next_item() {
    let source = Source::default();
    source.has("", &[1, 2], Some("a"));
    let mut items = source.items();
    now(&mut items).unwrap().unwrap();
    let mut items = items.read_ahead();
    assert_eq!(source.asked(), 1);
    now(&mut items).unwrap().unwrap();
    assert_eq!(source.asked(), 2);
}

#[tokio::test]
async fn server_sends_round_in_a_circle_then_every_page_comes_once_and_none_is_asked_for_twice() {
    for (start, ahead) in [("", false), ("0", false), ("0", true)] {
        for length in 1..=5 {
            for back_to in 0..length {
                let source = Source::default();
                source.has("", &[99], Some("0"));
                for page in 0..length {
                    let next = if page + 1 == length {
                        back_to
                    } else {
                        page + 1
                    };
                    source.has(&page.to_string(), &[page], Some(&next.to_string()));
                }
                let mut items = Items::new(source.walk(start));
                if ahead {
                    items = items.read_ahead();
                }
                let mut found: Vec<u32> = Vec::new();
                let error = loop {
                    settle().await;
                    match now(&mut items).expect("the circle is seen") {
                        Ok(number) => found.push(number),
                        Err(error) => break error,
                    }
                };
                let first = start.is_empty().then_some(99);
                let expected: Vec<u32> = first.into_iter().chain(0..length).collect();
                assert_eq!(found, expected);
                assert_eq!(source.asked(), expected.len());
                assert!(error.is_repeated_cursor());
                let place = position(&back_to.to_string());
                assert_eq!(error.cursor().unwrap().position(), &place);
                assert_eq!(items.cursor().as_ref(), error.cursor());
                assert!(now(&mut items).is_none());
            }
        }
    }
}

#[test]
fn cursor_is_nothing_exactly_when_all_was_read() {
    let source = Source::default();
    source.has("", &[1, 2], None);
    let mut items = source.items();
    assert_eq!(items.cursor().unwrap().position(), &Position::Start);
    now(&mut items).unwrap().unwrap();
    assert_eq!(items.cursor().unwrap().position(), &Position::Start);
    now(&mut items).unwrap().unwrap();
    assert_eq!(items.cursor(), None);
}

#[test]
fn debug_of_a_stream_shows_no_checkpoint() {
    let source = Source::default();
    source.has("secret-start", &[1, 2], Some("secret-next"));
    let mut items = Items::new(source.walk("secret-start"));
    now(&mut items).unwrap().unwrap();
    let text = format!("{items:?} {:?}", Pages::new(source.walk("secret-start")));
    assert!(!text.contains("secret"), "{text}");
    assert!(text.contains("listNumbers"), "{text}");
}

/// A walk over pages of which each names the next one by its number, as `next` says.
fn numbered(next: impl Fn(u32) -> u32 + Send + 'static) -> Items<u32> {
    Items::new(Walk::new(LISTING.clone(), position("0"), move |step| {
        let number: u32 = step.position.into_checkpoint().unwrap().parse().unwrap();
        let next = position(&next(number).to_string());
        let page: Fetching<Numbers> = Box::pin(std::future::ready(Ok(Fetched {
            value: vec![number],
            is_empty: false,
            next: Next::from(Some(next)),
        })));
        page
    }))
}

#[test]
fn circle_is_larger_than_what_is_remembered_then_it_is_found_all_the_same() {
    let remembered = 1 << 16;
    for (first, length) in [
        (0, 200_000),
        (10, 70_000),
        (remembered + 500, 1),
        (70_000, 5_000),
    ] {
        let last = first + length - 1;
        let mut items = numbered(move |number| if number == last { first } else { number + 1 });
        let mut read = 0;
        let error = loop {
            match now(&mut items).expect("the circle is found") {
                Ok(_) => read += 1,
                Err(error) => break error,
            }
            assert!(read <= first + 4 * length.max(first), "{first}, {length}");
        };
        assert!(error.is_repeated_cursor());
        if first < remembered {
            assert_eq!(read, first + length, "it is found when it closes");
        }
    }
}
