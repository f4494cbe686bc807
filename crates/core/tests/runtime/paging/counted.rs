//! Listings whose pages are counted, walked over a server that holds some numbers.

use auth0_core::{
    BoxFuture, Cursor, Error, ListOr, Listing, Operation, Page, Paged, Paging, Position, Response,
    StaticToken, Transport, items, pages, resume,
};
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::support::*;

static COUNTED: Operation = Operation::new("countNumbers", "GET", "/numbers")
    .with_success(&[200])
    .with_paging(Paging::Offset)
    .with_paging_limit(10);
static EITHER: Operation = Operation::new("eitherNumbers", "GET", "/numbers")
    .with_success(&[200])
    .with_paging(Paging::CheckpointOrOffset)
    .with_paging_limit(10);

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Numbers {
    numbers: Vec<u64>,
    total: Option<u64>,
}

impl Page for Numbers {
    type Item = u64;

    fn next(&self) -> Option<Position> {
        panic!("where pages are counted, the page is not asked")
    }

    fn total(&self) -> Option<u64> {
        self.total
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
    size: u64,
}

impl Count {
    pub(crate) fn new(transport: Transport, operation: &'static Operation) -> Self {
        Self {
            transport,
            operation,
            page: None,
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
        Position::of_page(self.page, self.size)
    }

    fn at(self, position: Position) -> Self {
        Self {
            page: Some(position.page(self.size)),
            ..self
        }
    }

    fn counted(&self) -> Option<u64> {
        Some(self.size)
    }

    fn fetch(self) -> BoxFuture<'static, Result<Response<Numbers>, Error>> {
        Box::pin(async move {
            let call = self
                .transport
                .call(self.operation, auth0_core::CallOptions::default());
            let request = self
                .transport
                .reqwest()
                .get(format!("{}/numbers", self.transport.base_url()))
                .query(&[
                    ("page", self.page.unwrap_or(0)),
                    ("per_page", self.size as i64),
                ]);
            let answer = call.receive(built(request)).await?;
            #[derive(serde::Deserialize)]
            struct Object {
                numbers: Vec<u64>,
                total: Option<u64>,
            }
            let answer = answer.json::<ListOr<Vec<u64>, Object>>()?;
            Ok(answer.map(|answer| match answer {
                ListOr::List(numbers) => Numbers {
                    numbers,
                    total: None,
                },
                ListOr::Object(Object { numbers, total }) => Numbers { numbers, total },
            }))
        })
    }
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
        let number = |name: &str| -> u64 {
            let mut pairs = request.url.query_pairs();
            let value = pairs.find_map(|(key, value)| (key == name).then_some(value));
            value.unwrap().parse().unwrap()
        };
        let (page, size) = (number("page"), number("per_page"));
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
        assert_eq!(asked(&server).await.len() as u64, total.div_ceil(2) + 1);
    }
}

#[tokio::test]
async fn pages_are_short_or_empty_then_the_total_is_the_end_and_nothing_is_left_out() {
    // Every page but the last is short, whatever the server leaves out.
    for hidden in [1, 2, 3] {
        let server = holding(7, hidden, with_total(7)).await;
        let (found, error) = read(of(&server)).await;
        assert!(error.is_none(), "{error:?}");
        let expected: Vec<u64> = (0..7).filter(|n| n % hidden != hidden - 1).collect();
        assert_eq!(found, expected);
        assert_eq!(
            asked(&server).await,
            [
                "page=0&per_page=2",
                "page=1&per_page=2",
                "page=2&per_page=2",
                "page=3&per_page=2"
            ]
        );
    }
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
async fn cursor_is_stored_and_resumed_with_another_size_then_no_number_is_left_out() {
    for total in [7, 9] {
        let server = holding(total, NONE_HIDDEN, with_total(total)).await;
        let mut listing = pages(of(&server));
        listing.try_next().await.unwrap();
        listing.try_next().await.unwrap();
        let stored = serde_json::to_string(&listing.cursor().unwrap()).unwrap();
        assert!(stored.contains(r#""position":{"offset":4}"#), "{stored}");
        let cursor: Cursor = serde_json::from_str(&stored).unwrap();
        for (size, first) in [(1, 4), (2, 4), (3, 3), (4, 4), (9, 0)] {
            let request = Count {
                size,
                ..of(&server)
            };
            let (found, error) = read(resume(request, cursor.clone()).unwrap()).await;
            assert!(error.is_none(), "{error:?}");
            assert_eq!(found, (first..total).collect::<Vec<_>>(), "pages of {size}");
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
    static NAMED: Operation =
        Operation::new("nameNumbers", "GET", "/numbers").with_paging(Paging::Checkpoint);
    let named = || Position::Checkpoint("a".to_owned());
    let counted = || Position::Offset(4);
    assert_eq!(
        refused(&COUNTED, named()).unwrap(),
        "cursor: found a place that the server named, expected one that is counted"
    );
    assert_eq!(
        refused(&NAMED, counted()).unwrap(),
        "cursor: found a place that is counted, expected one that the server named"
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
