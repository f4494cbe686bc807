//! What a token costs that is there already, and how many are fetched when ten thousand callers need one at once.

use std::error::Error;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use auth0_auth::ClientCredentials;
use auth0_core::{HttpClient, TokenSource};
use benches::server;
use criterion::Criterion;
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use serde_json::json;

const CALLERS: usize = 10_000;

fn main() -> Result<(), Box<dyn Error>> {
    let fetched = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&fetched);
    let grant =
        json!({"access_token": "t".repeat(700), "token_type": "Bearer", "expires_in": 86_400});
    let grant = server::ok(&grant.to_string());
    let address = server::start_with(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
        grant.clone()
    })?;
    let source = ClientCredentials::builder("acme-auth.us.auth0.com")
        .token_url(format!("http://{address}/oauth/token"))
        .client_id("id")
        .client_secret("secret")
        .audience("https://acme.teams.auth0.com/api/")
        .http_client(HttpClient::direct()?)
        .build()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let tokens = runtime.block_on(join_all((0..CALLERS).map(|_| source.token())));
    assert!(tokens.iter().all(Result::is_ok), "every caller has a token");
    let fetched = fetched.load(Ordering::Relaxed);
    assert_eq!(fetched, 1, "requests for {CALLERS} callers");
    println!("{CALLERS} callers at once: {fetched} token request\n");

    let mut criterion = Criterion::default().configure_from_args();
    criterion.bench_function("token/cache hit (at most 200 ns)", |bencher| {
        bencher.iter(|| black_box(source.token().now_or_never()));
    });
    criterion.final_summary();
    Ok(())
}
