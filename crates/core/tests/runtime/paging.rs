//! Listings with checkpoint pagination.

use auth0_core::codegen::OperationFields;
use std::pin::Pin;

use auth0_core::codegen::{Listing, Page, Paged, Position, Transport, items, pages, resume};
use auth0_core::{
    BoxFuture, Error, HttpClient, MAX_EMPTY_PAGES, Operation, Response, StaticToken, TokenSource,
};
use serde_json::json;
use wiremock::matchers::{any, header, query_param, query_param_is_missing};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::*;

pub(crate) mod counted;
mod cursors;

static LIST: Operation = Operation::new(OperationFields {
    id: "listNumbers",
    method: "GET",
    path: "/numbers",
    success: &[200],
    ..OperationFields::DEFAULT
});

#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
pub(crate) struct Numbers {
    numbers: Vec<u32>,
    next: Option<String>,
}

impl Page for Numbers {
    type Item = u32;

    fn next(&self) -> Option<Position> {
        Position::of_checkpoint(self.next.as_deref())
    }

    fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    fn into_items(self) -> Vec<u32> {
        self.numbers
    }
}

/// A request like a generated one, with an optional cursor.
#[derive(Clone)]
pub(crate) struct List {
    transport: Transport,
    from: Option<String>,
    parity: Option<&'static str>,
}

impl List {
    pub(crate) fn new(transport: Transport) -> Self {
        Self {
            transport,
            from: None,
            parity: None,
        }
    }
}

impl Paged for List {
    type Page = Numbers;

    fn listing(&self) -> Listing {
        Listing::new(&self.transport, &LIST).with("parity", &self.parity)
    }

    fn position(&self) -> Position {
        Position::of_checkpoint(self.from.as_deref()).unwrap_or_default()
    }

    fn at(self, position: Position) -> Self {
        Self {
            from: position.into_checkpoint(),
            ..self
        }
    }

    fn fetch(self) -> BoxFuture<'static, Result<Response<Numbers>, Error>> {
        Box::pin(async move {
            let call = self
                .transport
                .call(&LIST, auth0_core::codegen::CallOptions::default());
            let request = self
                .transport
                .reqwest()
                .get(format!("{}/numbers", self.transport.base_url()));
            let request = request.query(&[("take", "2")]);
            let request = self
                .from
                .iter()
                .fold(request, |request, from| request.query(&[("from", from)]));
            call.receive(build(request)).await?.json()
        })
    }
}

/// A listing of pages `(cursor, numbers, next)`, and its server.
async fn listing(pages: &[(Option<&str>, &[u32], Option<&str>)]) -> (MockServer, List) {
    let server = serving(pages).await;
    let transport = transport(&server.uri(), StaticToken::new("t"));
    (server, List::new(transport))
}

async fn serving(pages: &[(Option<&str>, &[u32], Option<&str>)]) -> MockServer {
    let server = MockServer::start().await;
    for (cursor, numbers, next) in pages {
        let body = match next {
            Some(next) => json!({ "numbers": numbers, "next": next }),
            None => json!({ "numbers": numbers }),
        };
        let mock = match cursor {
            Some(cursor) => Mock::given(query_param("from", *cursor)),
            None => Mock::given(query_param_is_missing("from")),
        };
        mock.respond_with(ResponseTemplate::new(200).set_body_json(body))
            .mount(&server)
            .await;
    }
    Mock::given(any())
        .respond_with(ResponseTemplate::new(500))
        .with_priority(9)
        .mount(&server)
        .await;
    server
}

async fn requests(server: &MockServer) -> usize {
    server.received_requests().await.unwrap().len()
}

#[tokio::test]
async fn items_of_all_pages_are_returned_without_read_ahead() {
    let (server, list) = listing(&[
        (None, &[1, 2], Some("a")),
        (Some("a"), &[3, 4], Some("b")),
        (Some("b"), &[5], None),
    ])
    .await;
    let mut items = items(list);
    assert_eq!(requests(&server).await, 0);
    let mut found = Vec::new();
    while let Some(number) = items.try_next().await.unwrap() {
        found.push(number);
        if number == 2 {
            assert_eq!(requests(&server).await, 1);
        }
    }
    assert_eq!(found, [1, 2, 3, 4, 5]);
    assert_eq!(items.try_next().await.unwrap(), None);
    assert_eq!(requests(&server).await, 3);
    let sent = &server.received_requests().await.unwrap()[1].url;
    assert_eq!(sent.query(), Some("take=2&from=a"));
}

#[tokio::test]
async fn short_and_empty_pages_are_not_the_end() {
    let (_server, list) = listing(&[
        (None, &[], Some("a")),
        (Some("a"), &[1], Some("b")),
        (Some("b"), &[], Some("c")),
        (Some("c"), &[2], None),
    ])
    .await;
    let mut items = items(list);
    let mut found = Vec::new();
    while let Some(number) = items.try_next().await.unwrap() {
        found.push(number);
    }
    assert_eq!(found, [1, 2]);
}

#[tokio::test]
async fn endless_empty_pages_end_with_an_error_that_can_be_resumed() {
    let server = MockServer::start().await;
    // The last page, with an item, has a cursor longer than this.
    let end = 2 * MAX_EMPTY_PAGES as usize - 5;
    let response = move |request: &wiremock::Request| {
        let from = request.url.query_pairs().find(|(key, _)| key == "from");
        let from = from.map_or(String::new(), |(_, from)| from.into_owned());
        let body = match from.len() {
            length if length < end => json!({"numbers": [], "next": format!("{from}x")}),
            _ => json!({"numbers": [7]}),
        };
        ResponseTemplate::new(200).set_body_json(body)
    };
    Mock::given(any())
        .respond_with(response)
        .mount(&server)
        .await;
    let list = List::new(transport(&server.uri(), StaticToken::new("t")));
    for ahead in [false, true] {
        let before = requests(&server).await;
        let mut first = items(list.clone());
        if ahead {
            first = first.read_ahead();
        }
        let error = first.try_next().await.unwrap_err();
        assert!(error.is_stalled_listing() && !error.is_repeated_cursor());
        assert_eq!(
            error.to_string(),
            "listNumbers: the listing is stalled: expected an item, found 100 empty pages in succession; \
             resume from the cursor to read more"
        );
        assert_eq!(requests(&server).await - before, MAX_EMPTY_PAGES as usize);
        assert_eq!(first.try_next().await.unwrap(), None);
        let cursor = error.cursor().unwrap().clone();
        let mut rest = items(resume(list.clone(), cursor).unwrap());
        assert_eq!(rest.try_next().await.unwrap(), Some(7));
        assert_eq!(rest.try_next().await.unwrap(), None);
    }
}

#[tokio::test]
async fn item_resets_the_count_of_empty_pages() {
    let server = MockServer::start().await;
    let response = |request: &wiremock::Request| {
        let from = request.url.query_pairs().find(|(key, _)| key == "from");
        let from = from.map_or(0, |(_, from)| from.parse::<u32>().unwrap());
        let numbers = if from % 90 == 89 {
            vec![from]
        } else {
            Vec::new()
        };
        let mut body = json!({ "numbers": numbers });
        if from < 270 {
            body["next"] = json!((from + 1).to_string());
        }
        ResponseTemplate::new(200).set_body_json(body)
    };
    Mock::given(any())
        .respond_with(response)
        .mount(&server)
        .await;
    let mut items = items(List::new(transport(&server.uri(), StaticToken::new("t"))));
    let mut found = Vec::new();
    while let Some(number) = items.try_next().await.unwrap() {
        found.push(number);
    }
    assert_eq!(found, [89, 179, 269]);
}

#[test]
fn listings_are_send_and_sync() {
    fn is_shared<T: Send + Sync + 'static>() {}
    is_shared::<auth0_core::Items<Numbers>>();
    is_shared::<auth0_core::Pages<Numbers>>();
    is_shared::<std::sync::Arc<tokio::sync::Mutex<auth0_core::Items<u32>>>>();
}

/// A runtime that makes progress only within `block_on`.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

#[test]
fn stream_continues_on_another_runtime() {
    for ahead in [false, true] {
        for is_dropped in [false, true] {
            let (first, second) = (runtime(), runtime());
            let server_runtime = tokio::runtime::Runtime::new().unwrap();
            let (_server, list) = server_runtime.block_on(listing(&THREE));
            // A connection belongs to the runtime that opened it, so each page needs a new one.
            let http_client = auth0_core::reqwest::Client::builder()
                .no_proxy()
                .tls_certs_only([])
                .pool_max_idle_per_host(0);
            let list = List {
                transport: builder(StaticToken::new("t"))
                    .http_client(HttpClient::from_builder(http_client).unwrap())
                    .build(base(list.transport.base_url()))
                    .unwrap(),
                ..list
            };
            let mut items = items(list);
            if ahead {
                items = items.read_ahead();
            }
            first.block_on(async {
                assert_eq!(items.try_next().await.unwrap(), Some(1));
                // The second page is requested but never arrives.
                let mut next = std::pin::pin!(items.try_next());
                std::future::poll_fn(|cx| {
                    std::task::Poll::Ready(next.as_mut().poll(cx).is_pending())
                })
                .await;
            });
            let idle = (!is_dropped).then_some(first);
            let rest = second.block_on(async {
                let mut rest = Vec::new();
                while let Some(number) = within_timeout(items.try_next()).await.unwrap() {
                    rest.push(number);
                }
                rest
            });
            assert!(rest.ends_with(&[3]), "{rest:?}");
            drop(idle);
        }
    }
}

#[tokio::test]
async fn empty_cursor_is_the_end() {
    let (server, list) = listing(&[(None, &[1], Some(""))]).await;
    let mut items = items(list);
    assert_eq!(items.try_next().await.unwrap(), Some(1));
    assert_eq!(items.try_next().await.unwrap(), None);
    assert_eq!(requests(&server).await, 1);
}

#[tokio::test]
async fn repeated_cursor_is_an_error_after_the_items_of_its_page() {
    let (server, list) = listing(&[(None, &[1], Some("a")), (Some("a"), &[2], Some("a"))]).await;
    let mut items = items(list);
    assert_eq!(items.try_next().await.unwrap(), Some(1));
    assert_eq!(items.try_next().await.unwrap(), Some(2));
    let error = items.try_next().await.unwrap_err();
    assert!(error.is_repeated_cursor() && !error.is_undecodable());
    assert_eq!(
        error.to_string(),
        "listNumbers: the server returned the cursor of a page that was already read, the listing cannot continue"
    );
    assert_eq!(items.try_next().await.unwrap(), None);
    assert_eq!(requests(&server).await, 2);
}

#[tokio::test]
async fn failed_page_ends_the_stream_and_keeps_its_cursor() {
    let (server, list) = listing(&[(None, &[1, 2], Some("lost"))]).await;
    let mut items = items(list.clone());
    items.try_next().await.unwrap();
    items.try_next().await.unwrap();
    let error = items.try_next().await.unwrap_err();
    assert!(error.is_server_error());
    let cursor = items.cursor().unwrap();
    assert_eq!(cursor.position(), &Position::Checkpoint("lost".to_owned()));
    assert_eq!(error.cursor(), Some(&cursor));
    assert_eq!(items.try_next().await.unwrap(), None);
    assert_eq!(requests(&server).await, 2);

    // The server recovers, and the listing is resumed where it failed.
    server.reset().await;
    let body = json!({ "numbers": [3] });
    Mock::given(query_param("from", "lost"))
        .respond_with(ResponseTemplate::new(200).set_body_json(body))
        .mount(&server)
        .await;
    let mut rest = auth0_core::codegen::items(resume(list, cursor).unwrap());
    assert_eq!(rest.try_next().await.unwrap(), Some(3));
    assert_eq!(rest.try_next().await.unwrap(), None);
}

#[tokio::test]
async fn cursor_of_a_partially_read_page_is_that_page() {
    let (_server, list) = listing(&[(None, &[1], Some("a")), (Some("a"), &[2, 3], None)]).await;
    let mut items = items(list);
    items.try_next().await.unwrap();
    items.try_next().await.unwrap();
    let cursor = items.cursor().unwrap();
    assert_eq!(cursor.position(), &Position::Checkpoint("a".to_owned()));
    items.try_next().await.unwrap();
    assert_eq!(items.cursor(), None);
}

#[tokio::test]
async fn pages_are_returned_completely() {
    let (_server, list) = listing(&[(None, &[1, 2], Some("a")), (Some("a"), &[], None)]).await;
    let mut pages = pages(list);
    let first = pages.try_next().await.unwrap().unwrap();
    assert_eq!(
        first,
        Numbers {
            numbers: vec![1, 2],
            next: Some("a".to_owned())
        }
    );
    let cursor = pages.cursor().unwrap();
    assert_eq!(cursor.position(), &Position::Checkpoint("a".to_owned()));
    assert!(pages.try_next().await.unwrap().unwrap().numbers.is_empty());
    assert_eq!(pages.cursor(), None);
    assert_eq!(pages.try_next().await.unwrap(), None);
}

#[tokio::test]
async fn listing_started_at_a_cursor_keeps_it() {
    let (server, list) = listing(&[(Some("m"), &[7], None)]).await;
    let mut pages = pages(List {
        from: Some("m".to_owned()),
        ..list
    });
    assert_eq!(pages.try_next().await.unwrap().unwrap().numbers, [7]);
    assert_eq!(requests(&server).await, 1);
}

#[tokio::test]
async fn listings_are_send_streams() {
    fn is_stream<S: futures_core::Stream<Item = Result<T, Error>> + Send + Unpin + 'static, T>(
        stream: S,
    ) -> S {
        stream
    }
    let (_server, list) = listing(&[(None, &[1, 2], None)]).await;
    let _ = is_stream(pages(list.clone()));
    let mut stream = is_stream(items(list));
    let mut found = Vec::new();
    while let Some(number) =
        std::future::poll_fn(|cx| futures_core::Stream::poll_next(Pin::new(&mut stream), cx)).await
    {
        found.push(number.unwrap());
    }
    assert_eq!(found, [1, 2]);
}

#[tokio::test]
async fn dropped_try_next_loses_no_item() {
    let (server, list) = listing(&[(None, &[1], None)]).await;
    let mut items = items(list);
    // The first poll sends the request; dropping the future must not drop the page in flight.
    let pending = {
        let mut next = std::pin::pin!(items.try_next());
        std::future::poll_fn(|cx| std::task::Poll::Ready(next.as_mut().poll(cx).is_pending())).await
    };
    assert!(pending);
    assert_eq!(items.try_next().await.unwrap(), Some(1));
    assert_eq!(requests(&server).await, 1);
}

#[tokio::test]
async fn cursor_of_another_query_is_rejected_before_sending() {
    let (server, list) = listing(&[(None, &[1], Some("a")), (Some("a"), &[2], None)]).await;
    let mut all = items(list.clone());
    all.try_next().await.unwrap();
    let odd = List {
        parity: Some("odd"),
        ..list
    };
    let error = resume(odd, all.cursor().unwrap()).map(drop).unwrap_err();
    assert!(error.is_invalid_request() && error.attempts() == 0);
    assert_eq!(error.violations()[0].field(), "cursor");
    assert_eq!(requests(&server).await, 1);
}

/// The tokens that the server saw, in order.
async fn tokens_seen(server: &MockServer) -> Vec<String> {
    let requests = server.received_requests().await.unwrap();
    let token =
        |request: &wiremock::Request| request.headers["authorization"].to_str().map(String::from);
    requests
        .iter()
        .map(|request| token(request).unwrap())
        .collect()
}

/// Reads three pages of one number each, with tokens from `source`.
async fn read_three(server: &MockServer, source: impl TokenSource, ahead: bool) -> Vec<u32> {
    let mut items = items(List::new(transport(&server.uri(), source)));
    if ahead {
        items = items.read_ahead();
    }
    let mut found = Vec::new();
    while let Some(number) = items.try_next().await.unwrap() {
        found.push(number);
    }
    found
}

const THREE: [(Option<&str>, &[u32], Option<&str>); 3] = [
    (None, &[1], Some("a")),
    (Some("a"), &[2], Some("b")),
    (Some("b"), &[3], None),
];

#[tokio::test]
async fn every_page_is_requested_with_the_current_token() {
    for ahead in [false, true] {
        let server = serving(&THREE).await;
        assert_eq!(
            read_three(&server, Tokens::default(), ahead).await,
            [1, 2, 3]
        );
        assert_eq!(
            tokens_seen(&server).await,
            ["Bearer token-0", "Bearer token-1", "Bearer token-2"]
        );
    }
}

#[tokio::test]
async fn token_expired_within_a_listing_is_replaced_and_the_listing_continues() {
    for ahead in [false, true] {
        let server = serving(&THREE).await;
        Mock::given(header("authorization", "Bearer token-1"))
            .respond_with(ResponseTemplate::new(401))
            .with_priority(1)
            .mount(&server)
            .await;
        let tokens = Tokens::replacing();
        assert_eq!(read_three(&server, tokens.clone(), ahead).await, [1, 2, 3]);
        assert_eq!(
            tokens_seen(&server).await,
            [
                "Bearer token-0",
                "Bearer token-1",
                "Bearer token-2",
                "Bearer token-3"
            ]
        );
        assert_eq!(tokens.reports()[1], "rejected 1");
    }
}

#[tokio::test]
async fn error_of_a_collected_listing_has_the_cursor() {
    let (_server, list) = listing(&[(None, &[1, 2], Some("lost"))]).await;
    let mut stream = pages(list).read_ahead();
    // Like `try_collect`, which consumes the stream.
    let error = loop {
        match std::future::poll_fn(|cx| futures_core::Stream::poll_next(Pin::new(&mut stream), cx))
            .await
        {
            Some(Ok(_)) => {}
            Some(Err(error)) => break error,
            None => panic!("the second page fails"),
        }
    };
    drop(stream);
    let cursor = error.cursor().unwrap();
    assert_eq!(cursor.position(), &Position::Checkpoint("lost".to_owned()));
    assert!(!printed(&error).contains("lost"));
}
