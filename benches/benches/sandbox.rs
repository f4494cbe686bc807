//! The performance of the sandbox as a server: authenticated reads compared with a bare axum handler that returns the
//! same bytes, and the memory for listing a million members compared with a thousand.

use std::error::Error;
use std::time::{Duration, Instant};

use auth0_auth::ClientCredentials;
use auth0_core::{HttpClient, TokenSource as _};
use auth0_sandbox::Sandbox;
use auth0_teams::Client;
use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use benches::memory::peak_memory;
use benches::pair::Pair;
use criterion::Criterion;
use futures_util::future::try_join_all;
use tokio::runtime::Runtime;

/// The argument with which this program lists the members of a sandbox and prints its peak memory.
const LIST: &str = "--list-members";

/// Requests per measurement.
const REQUESTS: usize = 1_600;

/// Concurrent requests.
const CONCURRENCY: usize = 16;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    if let [_, flag, members] = arguments.as_slice()
        && flag == LIST
    {
        let count = runtime.block_on(list(members.parse()?))?;
        println!("{count} {}", peak_memory()?);
        return Ok(());
    }
    let small = memory_of(1_000)?;
    let large = memory_of(1_000_000)?;
    let growth = large.saturating_sub(small) as f64 / 1024.0;
    println!(
        "memory: 1,000 members {small} KiB, 1,000,000 members {large} KiB: {growth:.1} MiB more (at most 16)\n"
    );

    // Both servers run on a thread of their own, like the client.
    let servers = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let sandbox = servers.block_on(Sandbox::builder().members(1_000).start())?;
    let token = runtime.block_on(source(&sandbox)?.token())?;
    let token = token.secret();
    let http = reqwest::Client::builder().no_proxy().build()?;
    let mut criterion = Criterion::default().sample_size(20).configure_from_args();
    let one = format!("/api/members/{}", sandbox.first_member().id);
    // The sandbox creates the members of a page on demand, so its limit for a page is higher.
    for (name, path, at_most) in [
        ("one member", one.as_str(), 1.5),
        ("page of 50", "/api/members?take=50", 3.5),
    ] {
        let ours = format!("{}{path}", sandbox.url());
        let response = runtime.block_on(read(&http, &ours, token))?;
        let bare = servers.block_on(bare(response.clone()))?;
        assert_eq!(runtime.block_on(read(&http, &bare, token))?, response);
        let pair = Pair {
            theirs: "bare-axum-handler",
            at_most,
        };
        let mut fastest = Duration::MAX;
        pair.measure(
            &mut criterion.benchmark_group(format!("sandbox/{name}")),
            || {
                let taken = time(&runtime, &http, &ours, token);
                fastest = fastest.min(taken);
                taken
            },
            || time(&runtime, &http, &bare, token),
        );
        let rate = REQUESTS as f64 / fastest.as_secs_f64();
        println!("sandbox/{name}: up to {rate:.0} reads per second, {CONCURRENCY} concurrently\n");
    }
    criterion.final_summary();
    Ok(())
}

fn source(sandbox: &Sandbox) -> Result<ClientCredentials, Box<dyn Error>> {
    Ok(ClientCredentials::builder(sandbox.domain())
        .token_url(sandbox.token_url())
        .client_id(sandbox.client_id())
        .client_secret(sandbox.client_secret())
        .audience(sandbox.audience())
        .http_client(HttpClient::direct()?)
        .build()?)
}

/// Starts a handler that only returns these bytes.
async fn bare(body: Vec<u8>) -> Result<String, Box<dyn Error>> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let body = axum::body::Bytes::from(body);
    let handler = get(move || async move { ([(CONTENT_TYPE, "application/json")], body) });
    let router = Router::new().route("/", handler);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(format!("http://{address}/"))
}

async fn read(http: &reqwest::Client, url: &str, token: &str) -> reqwest::Result<Vec<u8>> {
    let response = http.get(url).bearer_auth(token).send().await?;
    let body = response.error_for_status()?.bytes().await?;
    Ok(body.to_vec())
}

#[allow(clippy::disallowed_methods)] // A benchmark measures real time.
fn time(runtime: &Runtime, http: &reqwest::Client, url: &str, token: &str) -> Duration {
    runtime.block_on(async {
        let start = Instant::now();
        let workers = (0..CONCURRENCY).map(|_| async {
            for _ in 0..REQUESTS / CONCURRENCY {
                read(http, url, token).await?;
            }
            reqwest::Result::Ok(())
        });
        if let Err(error) = try_join_all(workers).await {
            eprintln!("a read failed, so this figure is invalid: {error}");
        }
        start.elapsed()
    })
}

/// Lists the members of a sandbox with `members` members.
async fn list(members: u64) -> Result<usize, Box<dyn Error>> {
    let sandbox = Sandbox::builder().members(members).start().await?;
    let client = Client::builder()
        .base_url(sandbox.url())
        .token_source(source(&sandbox)?)
        .http_client(HttpClient::direct()?)
        .build()?;
    let mut items = client.members().list().take(50).stream();
    let mut count = 0;
    while items.try_next().await?.is_some() {
        count += 1;
    }
    Ok(count)
}

/// Peak memory in KiB of a separate process that serves and reads such a listing.
fn memory_of(members: usize) -> Result<u64, Box<dyn Error>> {
    benches::memory::of_child(&[LIST, &members.to_string()], members)
}
