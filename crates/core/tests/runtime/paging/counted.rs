//! Listings with counted pagination, on a server with a list of numbers.

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
/// The limit of a page is the number of its items.
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
        panic!("counted pagination does not use the cursor of the page")
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

/// A request like a generated one.
#[derive(Clone)]
pub(crate) struct Count {
    transport: Transport,
    operation: &'static Operation,
    page: Option<i64>,
    /// The position where it was resumed.
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
            let response = call.receive(build(request)).await?;
            #[derive(serde::Deserialize)]
            struct Object {
                numbers: Vec<u64>,
                total: Option<u64>,
                start: Option<u64>,
                limit: Option<u64>,
            }
            let response = response.json::<ListOr<Vec<u64>, Object>>()?;
            Ok(response.map(|response| match response {
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

/// The value of a number in the query of `request`.
fn number(request: &Request, name: &str) -> u64 {
    let mut pairs = request.url.query_pairs();
    let value = pairs.find_map(|(key, value)| (key == name).then_some(value));
    value.unwrap().parse().unwrap()
}

/// A server with `numbers`, whose responses `shape` creates from a page. Multiples of `hidden` are counted but not
/// returned, so that pages are short.
async fn server_with(
    numbers: u64,
    hidden: u64,
    shape: impl Fn(Vec<u64>) -> Value + Send + Sync + 'static,
) -> MockServer {
    let server = MockServer::start().await;
    let response = move |request: &Request| {
        let (page, size) = (number(request, "page"), number(request, "per_page"));
        let page =
            (page * size..numbers.min((page + 1) * size)).filter(|n| n % hidden != hidden - 1);
        ResponseTemplate::new(200).set_body_json(shape(page.collect()))
    };
    Mock::given(any())
        .respond_with(response)
        .mount(&server)
        .await;
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

/// All returned items, and the error that ends the listing.
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

async fn requested_pages(server: &MockServer) -> Vec<String> {
    let requests = server.received_requests().await.unwrap();
    let query = |request: &Request| request.url.query().unwrap().to_owned();
    requests.iter().map(query).collect()
}

#[tokio::test]
async fn known_total_ends_the_listing_without_another_request() {
    for total in 0..=9 {
        let server = server_with(total, NONE_HIDDEN, with_total(total)).await;
        let (found, error) = read(of(&server)).await;
        assert!(error.is_none(), "{total}: {error:?}");
        assert_eq!(found, (0..total).collect::<Vec<_>>());
        assert_eq!(
            requested_pages(&server).await.len() as u64,
            total.div_ceil(2).max(1)
        );
    }
}

#[tokio::test]
async fn without_a_total_an_empty_page_ends_the_listing() {
    for total in 0..=8 {
        let server = server_with(total, NONE_HIDDEN, bare).await;
        let (found, error) = read(of(&server)).await;
        assert!(error.is_none(), "{total}: {error:?}");
        assert_eq!(found, (0..total).collect::<Vec<_>>());
        // A short first page may be caused by a maximum of the server, so the page that would follow is requested too.
        let short_first = u64::from(total == 1);
        assert_eq!(
            requested_pages(&server).await.len() as u64,
            total.div_ceil(2) + 1 + short_first
        );
    }
}

#[tokio::test]
async fn missing_items_are_an_error_after_all_others() {
    for (hidden, gap, requests) in [(1, 0, 4), (2, 0, 5), (3, 2, 4)] {
        let server = server_with(7, hidden, with_total(7)).await;
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
        assert_eq!(requested_pages(&server).await.len(), requests, "{hidden}");
    }
}

/// A server with `numbers` that returns at most `most` of them per page. `shape` creates the response from the start of
/// the page, the requested size and its numbers.
async fn capped(
    numbers: u64,
    most: u64,
    shape: impl Fn(u64, u64, Vec<u64>) -> Value + Send + Sync + 'static,
) -> MockServer {
    let server = MockServer::start().await;
    let response = move |request: &Request| {
        let (page, size) = (number(request, "page"), number(request, "per_page"));
        let start = page * size;
        let page = start..numbers.min(start + size.min(most));
        ResponseTemplate::new(200).set_body_json(shape(start, size, page.collect()))
    };
    Mock::given(any())
        .respond_with(response)
        .mount(&server)
        .await;
    server
}

#[tokio::test]
async fn smaller_pages_than_requested_yield_all_items() {
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
async fn listing_started_within_a_page_skips_the_items_before() {
    let server = server_with(9, NONE_HIDDEN, with_total(9)).await;
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
        requested_pages(&server).await,
        ["page=1&per_page=3", "page=2&per_page=3"]
    );
}

#[tokio::test]
async fn server_that_ignores_the_page_number_is_an_error_without_duplicate_items() {
    let shape = |numbers: Vec<u64>| json!({"numbers": numbers, "start": 0, "total": 9});
    let server = server_with(9, NONE_HIDDEN, shape).await;
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
async fn total_without_items_ends_with_an_error() {
    let server = server_with(0, NONE_HIDDEN, with_total(1_000_000)).await;
    let transport = transport(&server.uri(), StaticToken::new("t"));
    let (found, error) = read(Count::new(transport, &UNLIMITED)).await;
    assert!(found.is_empty() && error.unwrap().is_stalled_listing());
    assert_eq!(
        requested_pages(&server).await.len(),
        MAX_EMPTY_PAGES as usize
    );
}

#[tokio::test]
async fn short_page_without_a_total_is_not_the_end() {
    let server = server_with(8, 2, bare).await;
    let (found, error) = read(of(&server)).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(found, [0, 2, 4, 6]);
}

#[tokio::test]
async fn items_beyond_the_paging_limit_are_an_error_after_all_others() {
    for (total, shape) in [(11, true), (25, true), (10, false), (25, false)] {
        let server = if shape {
            server_with(total, NONE_HIDDEN, with_total(total)).await
        } else {
            server_with(total, NONE_HIDDEN, bare).await
        };
        let (found, error) = read(of(&server)).await;
        let error = error.unwrap();
        assert!(error.is_paging_limit() && !error.is_repeated_cursor() && !error.is_retryable());
        assert_eq!(error.operation(), Some("countNumbers"));
        assert_eq!(error.cursor().unwrap().position(), &Position::Offset(10));
        assert_eq!(found, (0..10).collect::<Vec<_>>(), "{total}");
        assert_eq!(
            requested_pages(&server).await.len(),
            5,
            "a page beyond the limit was requested"
        );
    }
}

#[tokio::test]
async fn total_equal_to_the_paging_limit_is_not_an_error() {
    let server = server_with(10, NONE_HIDDEN, with_total(10)).await;
    let (found, error) = read(of(&server)).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(found.len(), 10);
}

#[tokio::test]
async fn last_page_truncated_by_the_paging_limit_is_an_error() {
    // Pages of 4 end at 12, which is beyond the total of 11, but the server stops at 10.
    let server = server_with(10, NONE_HIDDEN, with_total(11)).await;
    let (found, error) = read(Count {
        size: 4,
        ..of(&server)
    })
    .await;
    assert!(error.unwrap().is_paging_limit());
    assert_eq!(found.len(), 10);
}

#[tokio::test]
async fn listing_resumed_beyond_the_paging_limit_sends_no_request() {
    let server = server_with(25, NONE_HIDDEN, with_total(25)).await;
    let request = of(&server);
    let cursor = request.listing().cursor(Position::Offset(10));
    let (found, error) = read(resume(request, cursor).unwrap()).await;
    assert!(error.unwrap().is_paging_limit());
    assert!(found.is_empty() && requested_pages(&server).await.is_empty());
}

#[tokio::test]
async fn stored_cursor_resumed_with_another_page_size_yields_exactly_the_rest() {
    for total in [7, 9] {
        let server = server_with(total, NONE_HIDDEN, with_total(total)).await;
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
async fn listing_starts_at_the_requested_page_with_read_ahead() {
    let server = server_with(9, NONE_HIDDEN, with_total(9)).await;
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
async fn cursor_of_the_other_kind_is_rejected() {
    let transport = transport("https://acme.example", StaticToken::new("t"));
    let violation = |operation: &'static Operation, position: Position| {
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
        violation(&COUNTED, named()).unwrap(),
        "cursor: found a checkpoint, expected an item offset"
    );
    assert_eq!(
        violation(&NAMED, counted()).unwrap(),
        "cursor: found an item offset, expected a checkpoint"
    );
    for (operation, position) in [
        (&COUNTED, counted()),
        (&NAMED, named()),
        (&EITHER, counted()),
        (&EITHER, named()),
        (&COUNTED, Position::Start),
    ] {
        assert_eq!(violation(operation, position), None);
    }
}

/// A listing that reaches the paging limit, of an operation with and without checkpoint pagination.
pub(crate) async fn cut_off(transport: &Transport) -> [Error; 2] {
    let error = async |operation| {
        let request = Count::new(transport.clone(), operation);
        let cursor = request.listing().cursor(Position::Offset(10));
        let mut items = items(resume(request, cursor).unwrap());
        items.try_next().await.unwrap_err()
    };
    [error(&COUNTED).await, error(&EITHER).await]
}

/// The error that ends a listing with pages of two items.
pub(crate) async fn ended(transport: Transport) -> Error {
    let (_, error) = read(Count::new(transport, &UNLIMITED)).await;
    error.unwrap()
}
