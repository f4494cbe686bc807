//! API calls with DPoP tokens.

use auth0_core::codegen::OperationFields;
use std::sync::atomic::{AtomicUsize, Ordering};

use auth0_core::codegen::{BaseUrl, CallOptions, RawResponse, Transport, TransportBuilder};
use auth0_core::{Error, Operation, RetrySafety};

use super::*;

static LIST: Operation = Operation::new(OperationFields {
    id: "list",
    method: "GET",
    path: "/items",
    retry_safety: RetrySafety::Safe,
    success: &[200],
    ..OperationFields::DEFAULT
});
static CREATE: Operation = Operation::new(OperationFields {
    id: "create",
    method: "POST",
    path: "/items",
    success: &[201],
    ..OperationFields::DEFAULT
});

fn client(server: &MockServer, source: ClientCredentials) -> Transport {
    TransportBuilder::new()
        .token_source(Arc::new(source))
        .http_client(plain_client())
        .retry(RetryPolicy::default().base(std::time::Duration::ZERO))
        .build(BaseUrl::parse(&server.uri()).unwrap())
        .unwrap()
}

async fn call(
    client: &Transport,
    operation: &'static Operation,
    path: &str,
) -> Result<RawResponse, Error> {
    let method = operation.method().parse().unwrap();
    let url = format!("{}{path}", client.base_url());
    let request = client.reqwest().request(method, url).build();
    let call = client.call(operation, CallOptions::default());
    call.receive(Ok(request.unwrap().into())).await
}

/// The response of an API that requires DPoP, or `None` if the request is valid. `nonce` is the required nonce.
fn error_response(request: &Request, nonce: Option<&str>) -> Option<ResponseTemplate> {
    let token = header(request, "authorization").strip_prefix("DPoP ");
    let proof = Proof::verified(header(request, "dpop"));
    let url = format!("http://{}{}", header(request, "host"), request.url.path());
    let is_right = proof.method() == request.method.as_str()
        && proof.url() == url
        && token.is_some_and(|token| proof.is_for(token));
    if !is_right {
        return Some(
            ResponseTemplate::new(401)
                .insert_header("www-authenticate", "DPoP error=\"invalid_dpop_proof\""),
        );
    }
    (nonce.is_some() && proof.nonce() != nonce).then(|| {
        ResponseTemplate::new(401)
            .insert_header(
                "www-authenticate",
                "Bearer, DPoP error=\"use_dpop_nonce\", algs=\"ES256\"",
            )
            .insert_header("dpop-nonce", nonce.unwrap())
    })
}

#[tokio::test]
async fn proof_matches_the_call_and_its_token() {
    let endpoint = responding_with(granted("Kz~8mXK1", "DPoP")).await;
    let api = responding_with(|request: &Request| {
        error_response(request, None).unwrap_or_else(|| ResponseTemplate::new(200))
    })
    .await;
    let key = DpopKey::generate().unwrap();
    let client = client(&api, source(&endpoint, &key));
    for path in [
        "/items",
        "/items?take=50&q=a%20b",
        "/items/a%2Fb%20c%7Cd/e?f=g%26",
        "/items/%C3%A4?x=https://a.test/?y",
        "/items/auth0%7C1;v=1",
    ] {
        for operation in [&LIST, &CREATE] {
            let received = call(&client, operation, path).await.unwrap();
            received.empty().unwrap();
        }
    }
    let received = api.received_requests().await.unwrap();
    assert_eq!(received.len(), 10);
    let proofs: Vec<_> = received
        .iter()
        .map(|request| Proof::verified(header(request, "dpop")))
        .collect();
    let ids: HashSet<_> = proofs
        .iter()
        .map(|proof| proof.claims["jti"].to_string())
        .collect();
    assert_eq!(ids.len(), 10);
    assert!(
        proofs
            .iter()
            .all(|proof| proof.thumbprint == key.thumbprint())
    );
    assert_eq!(
        proofs[4].url(),
        format!("{}/items/a%2Fb%20c%7Cd/e", api.uri())
    );
}

#[tokio::test]
async fn nonce_request_of_an_api_is_retried_with_the_same_token() {
    let endpoint = responding_with(granted("t", "DPoP")).await;
    let api = responding_with(|request: &Request| {
        error_response(request, Some("n1")).unwrap_or_else(|| ResponseTemplate::new(200))
    })
    .await;
    let client = client(&api, source(&endpoint, &DpopKey::generate().unwrap()));
    for operation in [&CREATE, &LIST] {
        call(&client, operation, "/items")
            .await
            .unwrap()
            .empty()
            .unwrap();
    }
    assert_eq!((requests(&endpoint).await, requests(&api).await), (1, 3));
}

#[tokio::test]
async fn each_retry_has_its_own_proof() {
    let endpoint = responding_with(granted("t", "DPoP")).await;
    let count = AtomicUsize::new(0);
    let api = responding_with(move |request: &Request| {
        error_response(request, None).unwrap_or_else(|| {
            let is_early = count.fetch_add(1, Ordering::SeqCst) < 2;
            ResponseTemplate::new(if is_early { 503 } else { 200 })
        })
    })
    .await;
    let client = client(&api, source(&endpoint, &DpopKey::generate().unwrap()));
    call(&client, &LIST, "/items")
        .await
        .unwrap()
        .empty()
        .unwrap();
    let received = api.received_requests().await.unwrap();
    let proofs: HashSet<_> = received
        .iter()
        .map(|request| header(request, "dpop"))
        .collect();
    assert_eq!(proofs.len(), 3);
}

#[tokio::test]
async fn nonce_of_the_token_endpoint_is_tried_at_an_api_of_the_same_origin() {
    let server = responding_with(|request: &Request| {
        let proof = Proof::verified(header(request, "dpop"));
        match (request.url.path(), proof.nonce()) {
            ("/oauth/token", Some("n1")) => granted("t", "DPoP"),
            ("/oauth/token", _) => challenge("n1"),
            _ => error_response(request, Some("n1")).unwrap_or_else(|| ResponseTemplate::new(200)),
        }
    })
    .await;
    let client = client(&server, source(&server, &DpopKey::generate().unwrap()));
    call(&client, &CREATE, "/items")
        .await
        .unwrap()
        .empty()
        .unwrap();
    let received = server.received_requests().await.unwrap();
    let paths: Vec<_> = received.iter().map(|request| request.url.path()).collect();
    assert_eq!(paths, ["/oauth/token", "/oauth/token", "/items"]);
}

#[tokio::test]
async fn token_endpoint_and_api_of_one_host_have_separate_nonces() {
    let (granted_tokens, calls) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let server = responding_with(move |request: &Request| {
        let proof = Proof::verified(header(request, "dpop"));
        if request.url.path() == "/oauth/token" {
            return match proof.nonce() {
                Some("t1") => {
                    let number = granted_tokens.fetch_add(1, Ordering::SeqCst);
                    granted(&format!("token-{number}"), "DPoP")
                }
                _ => challenge("t1"),
            };
        }
        error_response(request, Some("n1")).unwrap_or_else(|| {
            // The second valid call finds that the token is no longer valid.
            match calls.fetch_add(1, Ordering::SeqCst) {
                1 => ResponseTemplate::new(401)
                    .insert_header("www-authenticate", "DPoP error=\"invalid_token\""),
                _ => ResponseTemplate::new(200),
            }
        })
    })
    .await;
    let client = client(&server, source(&server, &DpopKey::generate().unwrap()));
    for _ in 0..2 {
        let received = call(&client, &CREATE, "/items").await.unwrap();
        received.empty().unwrap();
    }
    let received = server.received_requests().await.unwrap();
    let paths: Vec<_> = received.iter().map(|request| request.url.path()).collect();
    let (token, items) = ("/oauth/token", "/items");
    // Each nonce costs one retry. Neither the new token nor its call needs another one.
    assert_eq!(paths, [token, token, items, items, items, token, items]);
}

#[tokio::test]
async fn granted_bearer_token_uses_the_bearer_scheme_without_a_proof() {
    let endpoint = responding_with(granted("t", "Bearer")).await;
    let api = responding_with(ResponseTemplate::new(200)).await;
    let client = client(&api, source(&endpoint, &DpopKey::generate().unwrap()));
    call(&client, &LIST, "/items").await.unwrap();
    let received = api.received_requests().await.unwrap();
    assert_eq!(header(&received[0], "authorization"), "Bearer t");
    assert!(!received[0].headers.contains_key("dpop"));
}

#[tokio::test]
async fn rejected_token_is_replaced_once_with_the_same_key() {
    let count = AtomicUsize::new(0);
    let endpoint = responding_with(move |_: &Request| {
        granted(
            &format!("token-{}", count.fetch_add(1, Ordering::SeqCst)),
            "DPoP",
        )
    })
    .await;
    let rejected = || {
        ResponseTemplate::new(401).insert_header("www-authenticate", "DPoP error=\"invalid_token\"")
    };
    let api = responding_with(move |request: &Request| {
        error_response(request, None).unwrap_or_else(|| match header(request, "authorization") {
            "DPoP token-0" if request.url.path() == "/first" => ResponseTemplate::new(200),
            "DPoP token-1" => ResponseTemplate::new(200),
            _ => rejected(),
        })
    })
    .await;
    let key = DpopKey::generate().unwrap();
    let client = client(&api, source(&endpoint, &key));
    // A token that an API accepted before is replaced.
    call(&client, &LIST, "/first")
        .await
        .unwrap()
        .empty()
        .unwrap();
    call(&client, &CREATE, "/items")
        .await
        .unwrap()
        .empty()
        .unwrap();
    assert_eq!((requests(&endpoint).await, requests(&api).await), (2, 3));
    let proofs = proofs(&endpoint).await;
    assert!(
        proofs
            .iter()
            .all(|proof| proof.thumbprint == key.thumbprint())
    );
}

#[tokio::test]
async fn rejected_proof_keeps_the_token() {
    let endpoint = responding_with(granted("t", "DPoP")).await;
    let api = responding_with(
        ResponseTemplate::new(401)
            .insert_header("www-authenticate", "DPoP error=\"invalid_dpop_proof\""),
    )
    .await;
    let source = source(&endpoint, &DpopKey::generate().unwrap());
    let client = client(&api, source.clone());
    let received = call(&client, &LIST, "/items").await.unwrap();
    assert!(received.empty().unwrap_err().is_invalid_dpop_proof());
    token(&source).await;
    assert_eq!((requests(&endpoint).await, requests(&api).await), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_calls_share_one_token_and_retry_at_most_once() {
    let endpoint = responding_with(|request: &Request| {
        match Proof::verified(header(request, "dpop")).nonce() {
            None => challenge("t1"),
            Some(_) => granted("t", "DPoP"),
        }
    })
    .await;
    let api = responding_with(|request: &Request| {
        error_response(request, Some("n1")).unwrap_or_else(|| ResponseTemplate::new(200))
    })
    .await;
    let client = client(&api, source(&endpoint, &DpopKey::generate().unwrap()));
    let mut calls = tokio::task::JoinSet::new();
    for number in 0..64 {
        let client = client.clone();
        calls.spawn(async move { call(&client, &CREATE, &format!("/items/{number}")).await });
    }
    for received in calls.join_all().await {
        received.unwrap().empty().unwrap();
    }
    assert_eq!(requests(&endpoint).await, 2);
    let received = api.received_requests().await.unwrap();
    for number in 0..64 {
        let path = format!("/items/{number}");
        let sent = received.iter().filter(|request| request.url.path() == path);
        assert!(sent.count() <= 2, "{path}");
    }
}
