//! The cost of reading a whole listing: memory for a million members compared with a thousand, and for each client the
//! time compared with a handwritten loop that uses reqwest and serde, to the same server on loopback.

use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

use auth0_core::{Items, StaticToken};
use auth0_teams::HttpClient;
use benches::members::{self, ByHand, OwnMember, TOKEN, TenantMember, fifty};
use benches::memory;
use benches::pair::Pair;
use benches::server;
use criterion::Criterion;
use serde::de::DeserializeOwned;
use tokio::runtime::Runtime;

/// Number of members of the timed listing.
const TIMED: usize = 20_000;

/// The argument with which this program reads a listing and prints its peak memory.
const READ: &str = "--read-listing";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    if let [_, flag, base] = arguments.as_slice()
        && flag == READ
    {
        let count = runtime.block_on(ours(team_members(&teams(base)?)))?;
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
    let base = base(TIMED);
    let by_hand = ByHand {
        http: reqwest::Client::builder().no_proxy().build()?,
        base: base.clone(),
    };
    let (team, own, tenant) = (teams(&base)?, organization(&base)?, organizations(&base)?);
    let measurements = Measurements { runtime, by_hand };
    let criterion = &mut criterion;
    measurements.measure::<members::Member, _>(criterion, "teams", "/api/members", || {
        team_members(&team)
    })?;
    let items = || own.organization().members().list().take(50).stream();
    measurements.measure::<OwnMember, _>(criterion, "my-organization", "/my-org/members", items)?;
    let path = format!("/api/v2/organizations/{ORGANIZATION}/members");
    let items = || {
        let members = tenant.organizations().members();
        members.list(ORGANIZATION).take(50).stream()
    };
    measurements.measure::<TenantMember, _>(criterion, "organizations", &path, items)?;
    criterion.final_summary();
    Ok(())
}

/// The organization whose members are listed.
const ORGANIZATION: &str = "org_zW1UHutvkVWSWdCC";

/// Shared by all measurements.
struct Measurements {
    runtime: Runtime,
    by_hand: ByHand,
}

impl Measurements {
    /// Measures a listing, with and without reading ahead, compared with a handwritten loop over the pages at `path`.
    fn measure<M: DeserializeOwned, T: Send + 'static>(
        &self,
        criterion: &mut Criterion,
        name: &str,
        path: &str,
        items: impl Fn() -> Items<T>,
    ) -> Result<(), Box<dyn Error>> {
        let Self { runtime, by_hand } = self;
        // Detect errors before anything is measured.
        assert_eq!(runtime.block_on(ours(items().read_ahead()))?, TIMED);
        assert_eq!(runtime.block_on(theirs::<M>(by_hand, path))?, TIMED);
        let pair = Pair {
            theirs: "reqwest-and-serde",
            at_most: 1.0 / 0.95,
        };
        for (how, ahead) in [("items", false), ("items, read ahead", true)] {
            pair.measure(
                &mut criterion.benchmark_group(format!("listing/{name}/{how}")),
                || {
                    let items = if ahead { items().read_ahead() } else { items() };
                    time(runtime, ours(items))
                },
                || time(runtime, theirs::<M>(by_hand, path)),
            );
        }
        Ok(())
    }
}

/// Starts a server. The first path segment is the number of members, the rest of the path selects their kind, and
/// cursors are page numbers.
fn start_server() -> Result<std::net::SocketAddr, Box<dyn Error>> {
    let of_team = serde_json::to_string(&fifty(members::member))?;
    let own = serde_json::to_string(&fifty(members::own_member))?;
    let of_tenant = serde_json::to_string(&fifty(members::tenant_member))?;
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
        let members = match path {
            path if path.contains("/my-org/") => &own,
            path if path.contains("/organizations/") => &of_tenant,
            _ => &of_team,
        };
        server::ok(&format!(r#"{{"members":{members}{next}}}"#))
    })?)
}

fn teams(base: &str) -> Result<auth0_teams::Client, Box<dyn Error>> {
    Ok(auth0_teams::Client::builder()
        .base_url(base)
        .token_source(StaticToken::new(TOKEN))
        .http_client(HttpClient::direct()?)
        .build()?)
}

fn organization(base: &str) -> Result<auth0_my_organization::Client, Box<dyn Error>> {
    Ok(auth0_my_organization::Client::builder()
        .base_url(format!("{base}/my-org"))
        .token_source(StaticToken::new(TOKEN))
        .http_client(HttpClient::direct()?)
        .build()?)
}

fn organizations(base: &str) -> Result<auth0_management::Client, Box<dyn Error>> {
    Ok(auth0_management::Client::builder()
        .base_url(format!("{base}/api/v2"))
        .token_source(StaticToken::new(TOKEN))
        .http_client(HttpClient::direct()?)
        .build()?)
}

fn team_members(client: &auth0_teams::Client) -> Items<auth0_teams::types::TeamMember> {
    client.members().list().take(50).stream()
}

async fn ours<T>(mut items: Items<T>) -> Result<usize, Box<dyn Error>> {
    let mut count = 0;
    while let Some(member) = items.try_next().await? {
        black_box(&member);
        count += 1;
    }
    Ok(count)
}

async fn theirs<M: DeserializeOwned>(
    by_hand: &ByHand,
    path: &str,
) -> Result<usize, Box<dyn Error>> {
    let (mut count, mut from) = (0, None);
    loop {
        let page = by_hand.page::<M>(path, 50, from.as_deref()).await?;
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

/// Peak memory in KiB of a separate process that reads the listing at `base`.
fn memory_of(base: &str, members: usize) -> Result<u64, Box<dyn Error>> {
    memory::of_child(&[READ, base], members)
}

#[allow(clippy::disallowed_methods)] // A benchmark measures real time.
fn time<T>(runtime: &Runtime, work: impl Future<Output = T>) -> Duration {
    runtime.block_on(async {
        let start = Instant::now();
        black_box(work.await);
        start.elapsed()
    })
}
