//! What a call costs, against one that is written by hand with reqwest and serde, to the same server on loopback.

use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

use auth0_core::StaticToken;
use auth0_teams::{Client, HttpClient};
use benches::pair::Pair;
use benches::server;
use criterion::Criterion;
use serde::Deserialize;
use serde_json::json;
use tokio::runtime::Runtime;

const TOKEN: &str = "a-token-of-the-usual-length-is-longer-than-this";

/// What somebody would write who needs these two calls.
struct ByHand {
    http: reqwest::Client,
    base: String,
}

#[derive(Debug, Deserialize)]
#[allow(dead_code)] // Decoded to be used, though not here.
struct Member {
    email: String,
    family_name: String,
    given_name: String,
    id: String,
    name: String,
    nickname: String,
    role: String,
}

#[derive(Debug, Deserialize)]
#[allow(dead_code)]
struct Page {
    members: Vec<Member>,
    next: Option<String>,
}

impl ByHand {
    async fn member(&self, id: &str) -> Result<Member, reqwest::Error> {
        let request = self.http.get(format!("{}/api/members/{id}", self.base));
        let response = request.bearer_auth(TOKEN).send().await?;
        response.error_for_status()?.json().await
    }

    async fn members(&self, take: u32) -> Result<Page, reqwest::Error> {
        let request = self.http.get(format!("{}/api/members", self.base));
        let request = request.query(&[("take", take)]).bearer_auth(TOKEN);
        request.send().await?.error_for_status()?.json().await
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let member = |number: usize| {
        json!({
            "id": format!("auth0|65a1f0c2b7d4e900{number:08}"),
            "email": format!("jane.{number}@example.com"),
            "name": "Jane Doe",
            "given_name": "Jane",
            "family_name": "Doe",
            "nickname": "jane",
            "role": "teams_owner",
        })
    };
    let members: Vec<_> = (0..50).map(member).collect();
    let page = json!({"members": members, "next": "a-cursor"});
    let address = server::start(member(0).to_string(), page.to_string())?;
    let base = format!("http://{address}");

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let ours = Client::builder()
        .base_url(&base)
        .token_source(StaticToken::new(TOKEN))
        .http_client(HttpClient::direct()?)
        .build()?;
    let by_hand = ByHand {
        http: reqwest::Client::builder().no_proxy().build()?,
        base,
    };
    // Whatever is wrong shows here, before anything is measured.
    runtime.block_on(async {
        assert_eq!(
            ours.members().get("0").await?.id,
            by_hand.member("0").await?.id
        );
        let (a, b) = (
            ours.members().list().take(50).await?,
            by_hand.members(50).await?,
        );
        assert_eq!((a.members.len(), a.next), (b.members.len(), b.next));
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
        || time(&runtime, by_hand.members(50)),
    );
    criterion.final_summary();
    Ok(())
}

#[allow(clippy::disallowed_methods)] // A benchmark is about the real clock.
fn time<T>(runtime: &Runtime, call: impl Future<Output = T>) -> Duration {
    runtime.block_on(async {
        let start = Instant::now();
        black_box(call.await);
        start.elapsed()
    })
}
