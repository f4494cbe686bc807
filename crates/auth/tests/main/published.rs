//! Keys and discovery documents are fetched by one request for all waiting callers.

use auth0_auth::Error;
use futures_util::future::join_all;
use serde_json::json;
use wiremock::matchers::path;
use wiremock::{Mock, Respond, ResponseTemplate};

use crate::provider::{Provider, callback_query};
use crate::support::{Gate, on_new_runtime, runtime};

const DISCOVERY: &str = "/.well-known/openid-configuration";

/// Responds at `place` with `respond` instead of the document.
async fn publish(provider: &Provider, place: &str, respond: impl Respond + 'static) {
    Mock::given(path(place))
        .respond_with(respond)
        .with_priority(1)
        .mount(&provider.server)
        .await;
}

#[tokio::test]
async fn failed_key_fetch_fails_all_waiting_logins_with_one_request() {
    let provider = Provider::start().await;
    let flow = provider.flow();
    let mut logins = Vec::new();
    for _ in 0..10 {
        logins.push(flow.start().await.unwrap());
    }
    let (mut gate, respond) = Gate::new();
    publish(&provider, "/jwks", respond).await;
    let finishing = logins.into_iter().map(|pending| {
        let query = callback_query(&pending);
        let flow = flow.clone();
        async move { flow.finish(pending, &query).await.unwrap_err() }
    });
    let responding = async {
        gate.arrival().await;
        gate.release(ResponseTemplate::new(503));
    };
    let (errors, ()) = tokio::join!(join_all(finishing), responding);
    assert_eq!(errors.len(), 10);
    assert!(errors.iter().all(|error| error.status() == Some(503)));
    assert_eq!(provider.requests("/jwks").await.len(), 1);
    assert!(provider.requests("/oauth/token").await.is_empty());
}

#[tokio::test]
async fn hanging_key_fetch_costs_ten_logins_one_timeout() {
    let provider = Provider::start().await;
    let timeout = std::time::Duration::from_millis(300);
    let flow = provider.builder().timeout(timeout).build().unwrap();
    let mut logins = Vec::new();
    for _ in 0..10 {
        logins.push(flow.start().await.unwrap());
    }
    let hanging = ResponseTemplate::new(200).set_delay(timeout * 100);
    publish(&provider, "/jwks", hanging).await;
    let finishing = logins.into_iter().map(|pending| {
        let query = callback_query(&pending);
        let flow = flow.clone();
        async move { flow.finish(pending, &query).await.unwrap_err() }
    });
    let errors = join_all(finishing).await;
    assert!(errors.iter().all(Error::is_timeout));
    assert_eq!(provider.requests("/jwks").await.len(), 1);

    // A failure is not cached.
    provider.reset().await;
    provider.login(&flow).await;
}

#[tokio::test]
async fn failed_discovery_fails_all_waiting_logins_with_one_request() {
    let provider = Provider::start().await;
    let flow = provider.flow();
    let (mut gate, respond) = Gate::new();
    publish(&provider, DISCOVERY, respond).await;
    let starting = join_all((0..10).map(|_| flow.start()));
    let responding = async {
        gate.arrival().await;
        gate.release(ResponseTemplate::new(503));
    };
    let (results, ()) = tokio::join!(starting, responding);
    for result in results {
        assert_eq!(result.unwrap_err().status(), Some(503));
    }
    assert_eq!(provider.requests(DISCOVERY).await.len(), 1);
}

#[test]
fn idle_or_ended_runtime_of_the_first_login_does_not_block_others() {
    for ends in [false, true] {
        for place in [DISCOVERY, "/jwks"] {
            let servers = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .unwrap();
            let (mut gate, respond) = Gate::new();
            let provider = servers.block_on(Provider::start());
            let flow = provider.flow();
            let pending = match place {
                DISCOVERY => None,
                _ => Some(servers.block_on(flow.start()).unwrap()),
            };
            servers.block_on(publish(&provider, place, respond));
            let first = runtime();
            first.block_on(async {
                let login = async {
                    match pending {
                        None => flow.start().await.map(|_| ()),
                        Some(pending) => {
                            let query = callback_query(&pending);
                            flow.finish(pending, &query).await.map(|_| ())
                        }
                    }
                };
                tokio::select! {
                    biased;
                    _ = login => unreachable!("the response is held back"),
                    () = gate.arrival() => {}
                }
            });
            let idle = (!ends).then_some(first);
            let issuer = provider.issuer();
            gate.release(ResponseTemplate::new(200).set_body_json(match place {
                DISCOVERY => json!({
                    "issuer": issuer,
                    "authorization_endpoint": format!("{issuer}/authorize"),
                    "token_endpoint": format!("{issuer}/oauth/token"),
                    "jwks_uri": format!("{issuer}/jwks"),
                }),
                _ => json!({ "keys": [provider.key.jwk()] }),
            }));
            let status = on_new_runtime(async move {
                let pending = flow.start().await.unwrap();
                let query = callback_query(&pending);
                flow.finish(pending, &query).await.unwrap_err().status()
            });
            // It continued to the exchange of the code, which the server rejects.
            assert_eq!(status, Some(404), "{place}");
            assert_eq!(servers.block_on(provider.requests(place)).len(), 1);
            drop(idle);
        }
    }
}
