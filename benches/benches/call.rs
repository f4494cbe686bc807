//! The cost of a call, compared with handwritten code that uses reqwest and serde, to the same server on loopback. Our
//! calls pass a limiter that never delays them, have the default retry policy, and create spans; the handwritten ones
//! do not.

use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

use auth0_core::StaticToken;
use auth0_teams::{Client, HttpClient, Limiter, Limits, Rate};
use benches::members::{ByHand, TOKEN, fifty, member};
use benches::pair::Pair;
use benches::server;
use criterion::Criterion;
use serde_json::json;
use tokio::runtime::Runtime;

fn main() -> Result<(), Box<dyn Error>> {
    let page = json!({"members": fifty(member), "next": "a-cursor"});
    // A subscriber with a level as in production, so that spans are created.
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::INFO)
        .with_writer(std::io::sink)
        .init();
    let address = server::start(member(0).to_string(), page.to_string())?;
    let base = format!("http://{address}");

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let ours = Client::builder()
        .base_url(&base)
        .token_source(StaticToken::new(TOKEN))
        .http_client(HttpClient::direct()?)
        .limiter(Limiter::new(Limits::new(
            Rate::per_second(1_000_000),
            Rate::per_second(1_000_000),
        ))?)
        .build()?;
    let by_hand = ByHand {
        http: reqwest::Client::builder().no_proxy().build()?,
        base,
    };
    // Detect errors before anything is measured.
    runtime.block_on(async {
        assert_eq!(
            ours.members().get("0").await?.id,
            by_hand.member("0").await?.id
        );
        let (a, b) = (
            ours.members().list().take(50).await?,
            by_hand.members(50, None).await?,
        );
        assert_eq!(a.members.len(), b.members.len());
        assert_eq!(a.next.as_deref(), b.next.as_deref());
        Ok::<_, Box<dyn Error>>(())
    })?;

    let mut criterion = Criterion::default().configure_from_args();
    let pair = |at_most| Pair {
        theirs: "reqwest-and-serde",
        at_most,
    };
    pair(1.10).measure(
        &mut criterion.benchmark_group("call/one item"),
        || time(&runtime, async { ours.members().get("0").await }),
        || time(&runtime, by_hand.member("0")),
    );
    pair(1.05).measure(
        &mut criterion.benchmark_group("call/page of 50"),
        || time(&runtime, async { ours.members().list().take(50).await }),
        || time(&runtime, by_hand.members(50, None)),
    );
    criterion.final_summary();
    Ok(())
}

#[allow(clippy::disallowed_methods)] // A benchmark measures real time.
fn time<T>(runtime: &Runtime, call: impl Future<Output = T>) -> Duration {
    runtime.block_on(async {
        let start = Instant::now();
        black_box(call.await);
        start.elapsed()
    })
}
