//! What a token costs that is there already, how many are fetched when ten thousand callers need one at once, and what a
//! proof of a DPoP key costs against the JOSE crate's bare signature of a text of the same length.

use std::error::Error;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use auth0_auth::{ClientCredentials, DpopKey};
use auth0_core::http::Method;
use auth0_core::{HttpClient, ProofOfPossession as _, ProofRequest, SecretString, TokenSource};
use benches::pair::Pair;
use benches::server;
use criterion::Criterion;
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use jsonwebtoken::{Algorithm, EncodingKey};
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
    proof(&mut criterion)?;
    criterion.final_summary();
    Ok(())
}

fn proof(criterion: &mut Criterion) -> Result<(), Box<dyn Error>> {
    let key = DpopKey::generate()?;
    let same = EncodingKey::from_ec_pem(key.to_pem()?.secret().as_bytes())?;
    let url = "https://acme.teams.auth0.com/api/v1/teams/members?take=50".parse()?;
    let token = SecretString::from("t".repeat(700));
    let request = ProofRequest::new(&Method::GET, &url).with_access_token(&token);
    // A nonce makes a proof as long as it gets.
    key.nonce(&url, "eyJ7S_zG.eyJH0-Z.HX4w-7v");
    let proof = key.proof(request)?;
    let (message, _) = proof.secret().rsplit_once('.').ok_or("no proof")?;

    let pair = Pair {
        theirs: "jsonwebtoken-sign",
        at_most: 1.2,
    };
    pair.measure(
        &mut criterion.benchmark_group("token/DPoP proof"),
        || time(|| key.proof(black_box(request))),
        || {
            let message = black_box(message).as_bytes();
            time(|| jsonwebtoken::crypto::sign(message, &same, Algorithm::ES256))
        },
    );
    Ok(())
}

#[allow(clippy::disallowed_methods)] // A benchmark is about the real clock.
fn time<T>(work: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    black_box(work());
    start.elapsed()
}
