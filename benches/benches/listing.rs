//! What reading a whole listing costs: memory for a million members against a thousand, and time against a loop that is
//! written by hand with reqwest and serde, to the same server on loopback.

use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

use auth0_core::StaticToken;
use auth0_teams::{Client, HttpClient};
use benches::members::{ByHand, TOKEN, fifty};
use benches::memory;
use benches::pair::Pair;
use benches::server;
use criterion::Criterion;
use tokio::runtime::Runtime;

/// Members of the listing that is timed.
const TIMED: usize = 20_000;

/// What makes this program read a listing and tell its memory.
const READ: &str = "--read-listing";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    if let [_, flag, base] = arguments.as_slice()
        && flag == READ
    {
        let count = runtime.block_on(ours(&client(base)?, false))?;
        println!("{count} {}", memory::peak_memory()?);
        return Ok(());
    }
    let address = start_server()?;
    let base = |members: usize| format!("http://{address}/{members}");

    let small = memory_of(&base(1_000), 1_000)?;
    let large = memory_of(&base(1_000_000), 1_000_000)?;
    let growth = large.saturating_sub(small) as f64 / 1024.0;
    println!(
        "memory: 1,000 members {small} KiB, 1,000,000 members {large} KiB: {growth:.1} MiB more (at most 16)\n"
    );

    let mut criterion = Criterion::default().sample_size(20).configure_from_args();
    let client = client(&base(TIMED))?;
    let by_hand = ByHand {
        http: reqwest::Client::builder().no_proxy().build()?,
        base: base(TIMED),
    };
    // Whatever is wrong shows here, before anything is measured.
    assert_eq!(runtime.block_on(ours(&client, true))?, TIMED);
    assert_eq!(runtime.block_on(theirs(&by_hand))?, TIMED);
    let pair = Pair {
        theirs: "reqwest-and-serde",
        at_most: 1.0 / 0.95,
    };
    for (name, ahead) in [("items", false), ("items, read ahead", true)] {
        pair.measure(
            &mut criterion.benchmark_group(format!("listing/{name}")),
            || time(&runtime, ours(&client, ahead)),
            || time(&runtime, theirs(&by_hand)),
        );
    }
    criterion.final_summary();
    Ok(())
}

/// A server that takes the number of members from the beginning of the path, and the number of the page as cursor.
fn start_server() -> Result<std::net::SocketAddr, Box<dyn Error>> {
    let members = serde_json::to_string(&fifty())?;
    Ok(server::start_with(move |head| {
        let path = head.split(' ').nth(1).unwrap_or_default();
        let count: usize = path
            .split('/')
            .nth(1)
            .and_then(|text| text.parse().ok())
            .unwrap_or(0);
        let page = path
            .split("from=")
            .nth(1)
            .and_then(|text| text.split('&').next());
        let page: usize = page.and_then(|text| text.parse().ok()).unwrap_or(0);
        let next = match (page + 1) * 50 < count {
            true => format!(r#","next":"{}""#, page + 1),
            false => String::new(),
        };
        server::ok(&format!(r#"{{"members":{members}{next}}}"#))
    })?)
}

fn client(base: &str) -> Result<Client, Box<dyn Error>> {
    Ok(Client::builder()
        .base_url(base)
        .token_source(StaticToken::new(TOKEN))
        .http_client(HttpClient::direct()?)
        .build()?)
}

async fn ours(client: &Client, ahead: bool) -> Result<usize, Box<dyn Error>> {
    let mut items = client.members().list().take(50).stream();
    if ahead {
        items = items.read_ahead();
    }
    let mut count = 0;
    while let Some(member) = items.try_next().await? {
        black_box(&member);
        count += 1;
    }
    Ok(count)
}

async fn theirs(by_hand: &ByHand) -> Result<usize, Box<dyn Error>> {
    let (mut count, mut from) = (0, None);
    loop {
        let page = by_hand.members(50, from.as_deref()).await?;
        for member in page.members {
            black_box(&member);
            count += 1;
        }
        match page.next {
            Some(next) => from = Some(next),
            None => return Ok(count),
        }
    }
}

/// The most memory, in KiB, that a process of its own holds while it reads the listing at `base`.
fn memory_of(base: &str, members: usize) -> Result<u64, Box<dyn Error>> {
    memory::of_child(&[READ, base], members)
}

#[allow(clippy::disallowed_methods)] // A benchmark is about the real clock.
fn time<T>(runtime: &Runtime, work: impl Future<Output = T>) -> Duration {
    runtime.block_on(async {
        let start = Instant::now();
        black_box(work.await);
        start.elapsed()
    })
}
