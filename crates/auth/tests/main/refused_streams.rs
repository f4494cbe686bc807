//! A token endpoint that guarantees that it did not process a request (RFC 9113 §8.7).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use auth0_core::{HttpClient, RetryPolicy};
use tokio::net::TcpListener;

use crate::provider::{Provider, callback_query};

/// A token endpoint that resets every stream with `reason`, and counts them.
async fn resetting(reason: h2::Reason) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/oauth/token", listener.local_addr().unwrap());
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let counted = Arc::clone(&counted);
            tokio::spawn(async move {
                let mut connection = h2::server::handshake(stream).await.unwrap();
                while let Some(Ok((_request, mut respond))) = connection.accept().await {
                    counted.fetch_add(1, Ordering::SeqCst);
                    respond.send_reset(reason);
                }
            });
        }
    });
    (url, count)
}

#[tokio::test]
async fn refused_stream_is_retried_with_a_known_outcome() {
    let provider = Provider::start().await;
    for (reason, attempts, outcome_unknown) in [
        (h2::Reason::REFUSED_STREAM, 3, false),
        (h2::Reason::INTERNAL_ERROR, 1, true),
    ] {
        let (url, count) = resetting(reason).await;
        let http2 = reqwest::Client::builder()
            .no_proxy()
            .http2_prior_knowledge();
        let flow = provider
            .builder()
            .token_url(url)
            .http_client(HttpClient::from_builder(http2).unwrap())
            .retry(RetryPolicy::default())
            .build()
            .unwrap();
        let pending = flow.start().await.unwrap();
        let query = callback_query(&pending);
        let error = flow.finish(pending, &query).await.unwrap_err();
        assert!(error.is_transport(), "{error}");
        assert_eq!(error.is_outcome_unknown(), outcome_unknown, "{error}");
        assert_eq!(count.load(Ordering::SeqCst), attempts, "{reason:?}");
    }
}
