//! Listings whose pages are counted, walked over a server that holds some numbers.

use auth0_core::codegen::OperationFields;
use auth0_core::codegen::{Listing, Page, Paged, Position, Transport, items, pages, resume};
use auth0_core::{
    BoxFuture, Cursor, Error, ListOr, MAX_EMPTY_PAGES, Operation, Paging, Response, StaticToken,
};
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::support::*;

static COUNTED: Operation = Operation::new(OperationFields {
    id: "countNumbers",
    method: "GET",
    path: "/numbers",
    success: &[200],
    paging: Paging::Offset,
    paging_limit: Some(10),
    ..OperationFields::DEFAULT
});
/// Whose pages reach as far as there are items.
static UNLIMITED: Operation = Operation::new(OperationFields {
    id: "countNumbers",
    method: "GET",
    path: "/numbers",
    success: &[200],
    paging: Paging::Offset,
    ..OperationFields::DEFAULT
});
static EITHER: Operation = Operation::new(OperationFields {
    id: "eitherNumbers",
    method: "GET",
    path: "/numbers",
    success: &[200],
    paging: Paging::CheckpointOrOffset,
    paging_limit: Some(10),
    ..OperationFields::DEFAULT
});

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Numbers {
    numbers: Vec<u64>,
    total: Option<u64>,
    start: Option<u64>,
    limit: Option<u64>,
}

impl Page for Numbers {
    type Item = u64;

    fn next(&self) -> Option<Position> {
        panic!("where pages are counted, the page is not asked")
    }

    fn total(&self) -> Option<u64> {
        self.total
    }

    fn start(&self) -> Option<u64> {
        self.start
    }

    fn limit(&self) -> Option<u64> {
        self.limit
    }

    fn count(&self) -> Option<u64> {
        Some(self.numbers.len() as u64)
    }

    fn skip(&mut self, items: usize) {
        self.numbers.drain(..items);
    }

    fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    fn into_items(self) -> Vec<u64> {
        self.numbers
    }
}

/// A generated request.
#[derive(Clone)]
pub(crate) struct Count {
    transport: Transport,
    operation: &'static Operation,
    page: Option<i64>,
    /// Where it was resumed.
    offset: Option<u64>,
    size: u64,
}

impl Count {
    pub(crate) fn new(transport: Transport, operation: &'static Operation) -> Self {
        Self {
            transport,
            operation,
            page: None,
            offset: None,
            size: 2,
        }
    }
}

impl Paged for Count {
    type Page = Numbers;

    fn listing(&self) -> Listing {
        Listing::new(&self.transport, self.operation)
    }

    fn position(&self) -> Position {
        match self.offset {
            Some(items) => Position::Offset(items),
            None => Position::of_page(self.page, self.size),
        }
    }

    fn at(self, position: Position) -> Self {
        let offset = match position {
            Position::Offset(items) => Some(items),
            _ => None,
        };
        Self { offset, ..self }
    }

    fn counted(&self) -> Option<u64> {
        Some(self.size)
    }

    fn sized(self, size: u64) -> Self {
        Self { size, ..self }
    }

    fn fetch(self) -> BoxFuture<'static, Result<Response<Numbers>, Error>> {
        Box::pin(async move {
            let call = self
                .transport
                .call(self.operation, auth0_core::codegen::CallOptions::default());
            let request = self
                .transport
                .reqwest()
                .get(format!("{}/numbers", self.transport.base_url()))
                .query(&[
                    ("page", self.position().page(self.size)),
                    ("per_page", self.size as i64),
                ]);
            let answer = call.receive(built(request)).await?;
            #[derive(serde::Deserialize)]
            struct Object {
                numbers: Vec<u64>,
                total: Option<u64>,
                start: Option<u64>,
                limit: Option<u64>,
            }
            let answer = answer.json::<ListOr<Vec<u64>, Object>>()?;
            Ok(answer.map(|answer| match answer {
                ListOr::List(numbers) => Numbers {
                    numbers,
                    total: None,
                    start: None,
                    limit: None,
                },
                ListOr::Object(Object {
                    numbers,
                    total,
                    start,
                    limit,
                }) => Numbers {
                    numbers,
                    total,
                    start,
                    limit,
                },
            }))
        })
    }
}

/// A number in the query of `request`.
fn number(request: &Request, name: &str) -> u64 {
    let mut pairs = request.url.query_pairs();
    let value = pairs.find_map(|(key, value)| (key == name).then_some(value));
    value.unwrap().parse().unwrap()
}

/// A server that holds `numbers` and answers in the shape that `shape` makes of a page. Numbers that are multiples of
/// `hidden` are counted and not given out, so that pages are short.
async fn holding(
    numbers: u64,
    hidden: u64,
    shape: impl Fn(Vec<u64>) -> Value + Send + Sync + 'static,
) -> MockServer {
    let server = MockServer::start().await;
    let answer = move |request: &Request| {
        let (page, size) = (number(request, "page"), number(request, "per_page"));
        let page =
            (page * size..numbers.min((page + 1) * size)).filter(|n| n % hidden != hidden - 1);
        ResponseTemplate::new(200).set_body_json(shape(page.collect()))
    };
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

const NONE_HIDDEN: u64 = u64::MAX;

fn with_total(total: u64) -> impl Fn(Vec<u64>) -> Value + Send + Sync + 'static {
    move |numbers| json!({ "numbers": numbers, "total": total })
}

fn bare(numbers: Vec<u64>) -> Value {
    json!(numbers)
}

fn of(server: &MockServer) -> Count {
    Count::new(transport(&server.uri(), StaticToken::new("t")), &COUNTED)
}

/// All that comes, and the error that ends it.
async fn read(request: Count) -> (Vec<u64>, Option<Error>) {
    let mut items = items(request);
    let mut found = Vec::new();
    loop {
        match items.try_next().await {
            Ok(Some(number)) => found.push(number),
            Ok(None) => {
                assert_eq!(items.cursor(), None);
                return (found, None);
            }
            Err(error) => {
                assert!(items.try_next().await.unwrap().is_none());
                assert_eq!(items.cursor().as_ref(), error.cursor());
                return (found, Some(error));
            }
        }
    }
}

async fn asked(server: &MockServer) -> Vec<String> {
    let requests = server.received_requests().await.unwrap();
    let query = |request: &Request| request.url.query().unwrap().to_owned();
    requests.iter().map(query).collect()
}

#[tokio::test]
async fn total_is_known_then_the_listing_ends_by_it_without_another_page() {
    for total in 0..=9 {
        let server = holding(total, NONE_HIDDEN, with_total(total)).await;
        let (found, error) = read(of(&server)).await;
        assert!(error.is_none(), "{total}: {error:?}");
        assert_eq!(found, (0..total).collect::<Vec<_>>());
        assert_eq!(asked(&server).await.len() as u64, total.div_ceil(2).max(1));
    }
}

#[tokio::test]
async fn no_total_is_known_then_the_listing_ends_with_an_empty_page() {
    for total in 0..=8 {
        let server = holding(total, NONE_HIDDEN, bare).await;
        let (found, error) = read(of(&server)).await;
        assert!(error.is_none(), "{total}: {error:?}");
        assert_eq!(found, (0..total).collect::<Vec<_>>());
        // A first page that is short may be due to a maximum of the server, so what would follow then is asked for too.
        let short_first = u64::from(total == 1);
        assert_eq!(
            asked(&server).await.len() as u64,
            total.div_ceil(2) + 1 + short_first
        );
    }
}

#[tokio::test]
async fn total_counts_items_that_never_come_then_all_others_come_before_an_error() {
    for (hidden, gap, requests) in [(1, 0, 4), (2, 0, 5), (3, 2, 4)] {
        let server = holding(7, hidden, with_total(7)).await;
        let (found, error) = read(of(&server)).await;
        let expected: Vec<u64> = (0..7).filter(|n| n % hidden != hidden - 1).collect();
        assert_eq!(found, expected);
        let error = error.unwrap();
        assert!(error.is_incomplete_listing() && !error.is_paging_limit());
        assert!(!error.is_repeated_cursor() && !error.is_retryable());
        assert_eq!(
            error.to_string(),
            format!(
                "countNumbers: the listing is incomplete: expected 7 items according to the total of the last page, found {}; \
                 resume from the cursor to read the first incomplete page again",
                expected.len()
            )
        );
        assert_eq!(error.cursor().unwrap().position(), &Position::Offset(gap));
        assert_eq!(asked(&server).await.len(), requests, "{hidden}");
    }
}

/// A server that holds `numbers`, returns at most `most` of them in a page, and says of a page what `shape` makes of its
/// start, the size that was asked for and its numbers.
async fn capped(
    numbers: u64,
    most: u64,
    shape: impl Fn(u64, u64, Vec<u64>) -> Value + Send + Sync + 'static,
) -> MockServer {
    let server = MockServer::start().await;
    let answer = move |request: &Request| {
        let (page, size) = (number(request, "page"), number(request, "per_page"));
        let start = page * size;
        let page = start..numbers.min(start + size.min(most));
        ResponseTemplate::new(200).set_body_json(shape(start, size, page.collect()))
    };
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

#[tokio::test]
async fn server_returns_fewer_items_than_asked_for_then_all_come_however_little_it_says() {
    type Shape = fn(u64, u64, Vec<u64>) -> Value;
    let shapes: [Shape; 6] = [
        |start, _, numbers| json!({"numbers": numbers, "start": start, "limit": 3, "total": 10}),
        |start, size, numbers| json!({"numbers": numbers, "start": start, "limit": size, "total": 10}),
        |_, _, numbers| json!({"numbers": numbers, "total": 10}),
        |start, _, numbers| json!({"numbers": numbers, "start": start, "limit": 3}),
        |_, _, numbers| json!({"numbers": numbers, "limit": 3}),
        |_, _, numbers| json!(numbers),
    ];
    for (index, shape) in shapes.into_iter().enumerate() {
        for size in [4, 5, 9, 10] {
            let server = capped(10, 3, shape).await;
            let transport = transport(&server.uri(), StaticToken::new("t"));
            let request = Count {
                size,
                ..Count::new(transport, &UNLIMITED)
            };
            let (found, error) = read(request).await;
            assert!(error.is_none(), "{index}, pages of {size}: {error:?}");
            assert_eq!(found, (0..10).collect::<Vec<_>>(), "{index}, {size}");
        }
    }
}

#[tokio::test]
async fn pages_are_read_from_within_one_then_the_items_before_are_left_out_of_it() {
    let server = holding(9, NONE_HIDDEN, with_total(9)).await;
    let request = of(&server);
    let cursor = request.listing().cursor(Position::Offset(4));
    let request = resume(request, cursor).unwrap();
    let mut pages = pages(Count { size: 3, ..request });
    let mut found = Vec::new();
    while let Some(page) = pages.try_next().await.unwrap() {
        found.push(page.numbers);
    }
    assert_eq!(found, [vec![4, 5], vec![6, 7, 8]]);
    assert_eq!(
        asked(&server).await,
        ["page=1&per_page=3", "page=2&per_page=3"]
    );
}

#[tokio::test]
async fn server_ignores_the_number_of_the_page_then_no_item_comes_twice_and_it_is_an_error() {
    let shape = |numbers: Vec<u64>| json!({"numbers": numbers, "start": 0, "total": 9});
    let server = holding(9, NONE_HIDDEN, shape).await;
    let (found, error) = read(of(&server)).await;
    assert_eq!(found, [0, 1]);
    let error = error.unwrap();
    assert!(error.is_incomplete_listing());
    assert_eq!(
        error.to_string(),
        "countNumbers: the listing cannot continue: expected a page with the item at offset 2, found one that \
         starts at offset 0"
    );
    assert_eq!(error.cursor().unwrap().position(), &Position::Offset(2));
}

#[tokio::test]
async fn server_counts_items_and_returns_none_then_the_listing_ends_with_an_error() {
    let server = holding(0, NONE_HIDDEN, with_total(1_000_000)).await;
    let transport = transport(&server.uri(), StaticToken::new("t"));
    let (found, error) = read(Count::new(transport, &UNLIMITED)).await;
    assert!(found.is_empty() && error.unwrap().is_stalled_listing());
    assert_eq!(asked(&server).await.len(), MAX_EMPTY_PAGES as usize);
}

#[tokio::test]
async fn short_page_without_a_total_is_not_the_end() {
    let server = holding(8, 2, bare).await;
    let (found, error) = read(of(&server)).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(found, [0, 2, 4, 6]);
}

#[tokio::test]
async fn more_than_the_limit_is_there_then_it_is_an_error_after_all_that_is_given_out() {
    for (total, shape) in [(11, true), (25, true), (10, false), (25, false)] {
        let server = if shape {
            holding(total, NONE_HIDDEN, with_total(total)).await
        } else {
            holding(total, NONE_HIDDEN, bare).await
        };
        let (found, error) = read(of(&server)).await;
        let error = error.unwrap();
        assert!(error.is_paging_limit() && !error.is_repeated_cursor() && !error.is_retryable());
        assert_eq!(error.operation(), Some("countNumbers"));
        assert_eq!(error.cursor().unwrap().position(), &Position::Offset(10));
        assert_eq!(found, (0..10).collect::<Vec<_>>(), "{total}");
        assert_eq!(
            asked(&server).await.len(),
            5,
            "a page past the limit was asked for"
        );
    }
}

#[tokio::test]
async fn exactly_the_limit_is_there_and_known_then_it_is_no_error() {
    let server = holding(10, NONE_HIDDEN, with_total(10)).await;
    let (found, error) = read(of(&server)).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(found.len(), 10);
}

#[tokio::test]
async fn last_page_reaches_over_the_limit_then_what_the_server_held_back_is_an_error() {
    // Pages of 4 end at 12, so the total of 11 is reached, and the server stopped at 10.
    let server = holding(10, NONE_HIDDEN, with_total(11)).await;
    let (found, error) = read(Count {
        size: 4,
        ..of(&server)
    })
    .await;
    assert!(error.unwrap().is_paging_limit());
    assert_eq!(found.len(), 10);
}

#[tokio::test]
async fn listing_is_resumed_past_the_limit_then_nothing_is_asked_for() {
    let server = holding(25, NONE_HIDDEN, with_total(25)).await;
    let request = of(&server);
    let cursor = request.listing().cursor(Position::Offset(10));
    let (found, error) = read(resume(request, cursor).unwrap()).await;
    assert!(error.unwrap().is_paging_limit());
    assert!(found.is_empty() && asked(&server).await.is_empty());
}

#[tokio::test]
async fn cursor_is_stored_and_resumed_with_another_size_then_exactly_the_rest_comes() {
    for total in [7, 9] {
        let server = holding(total, NONE_HIDDEN, with_total(total)).await;
        let mut listing = pages(of(&server));
        listing.try_next().await.unwrap();
        listing.try_next().await.unwrap();
        let stored = serde_json::to_string(&listing.cursor().unwrap()).unwrap();
        assert!(stored.contains(r#""position":{"offset":4}"#), "{stored}");
        let cursor: Cursor = serde_json::from_str(&stored).unwrap();
        for size in 1..=9 {
            let request = || Count {
                size,
                ..of(&server)
            };
            let resumed = resume(request(), cursor.clone()).unwrap();
            let sized_later = Count {
                size,
                ..resume(of(&server), cursor.clone()).unwrap()
            };
            for request in [resumed, sized_later] {
                let (found, error) = read(request).await;
                assert!(error.is_none(), "{error:?}");
                assert_eq!(found, (4..total).collect::<Vec<_>>(), "pages of {size}");
            }
        }
    }
}

#[tokio::test]
async fn page_is_chosen_then_the_listing_begins_there_and_reads_ahead() {
    let server = holding(9, NONE_HIDDEN, with_total(9)).await;
    let request = Count {
        page: Some(3),
        ..of(&server)
    };
    let mut items = items(request).read_ahead();
    let mut found = Vec::new();
    while let Some(number) = items.try_next().await.unwrap() {
        found.push(number);
    }
    assert_eq!(found, [6, 7, 8]);
}

#[tokio::test]
async fn cursor_is_of_the_other_kind_then_the_listing_refuses_it() {
    let transport = transport("https://acme.example", StaticToken::new("t"));
    let refused = |operation: &'static Operation, position: Position| {
        let listing = Listing::new(&transport, operation);
        let error = listing.position_of(listing.cursor(position)).err()?;
        Some(error.violations()[0].to_string())
    };
    static NAMED: Operation = Operation::new(OperationFields {
        id: "nameNumbers",
        method: "GET",
        path: "/numbers",
        paging: Paging::Checkpoint,
        ..OperationFields::DEFAULT
    });
    let named = || Position::Checkpoint("a".to_owned());
    let counted = || Position::Offset(4);
    assert_eq!(
        refused(&COUNTED, named()).unwrap(),
        "cursor: found a checkpoint, expected an item offset"
    );
    assert_eq!(
        refused(&NAMED, counted()).unwrap(),
        "cursor: found an item offset, expected a checkpoint"
    );
    for (operation, position) in [
        (&COUNTED, counted()),
        (&NAMED, named()),
        (&EITHER, counted()),
        (&EITHER, named()),
        (&COUNTED, Position::Start),
    ] {
        assert_eq!(refused(operation, position), None);
    }
}

/// A listing that is cut off, of an operation that knows no other way to page, and of one that does.
pub(crate) async fn cut_off(transport: &Transport) -> [Error; 2] {
    let error = async |operation| {
        let request = Count::new(transport.clone(), operation);
        let cursor = request.listing().cursor(Position::Offset(10));
        let mut items = items(resume(request, cursor).unwrap());
        items.try_next().await.unwrap_err()
    };
    [error(&COUNTED).await, error(&EITHER).await]
}

/// The error that ends a listing of pages of two.
pub(crate) async fn ended(transport: Transport) -> Error {
    let (_, error) = read(Count::new(transport, &UNLIMITED)).await;
    error.unwrap()
}
