//! One rate budget for several processes.

use std::io::Write as _;
use std::time::Duration;

use auth0_auth::ClientCredentials;
use auth0_auth::redis::{Redis, RedisBudget, RedisStore};
use auth0_core::time::{Clock as _, SystemTimer};
use auth0_core::{HttpClient, Limiter, Limits, Rate};
use auth0_sandbox::{RateLimits, Sandbox};
use auth0_teams::Client;
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};

use crate::process::{Process, Task, Told, say, told_to_go};
use crate::server::Server;
use crate::support::{builder, now, pass, redis};

/// A plan that Auth0 publishes the limits of: `public-enterprise`. A faster one would measure the machine.
const READS: u32 = 40;
const WRITES: u32 = 20;

/// Requests arrive less evenly than they leave.
const HEADROOM: f64 = 0.03;

/// What a process calls, and for how long.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Calls {
    url: String,
    token_url: String,
    domain: String,
    client_id: String,
    client_secret: String,
    audience: String,
    member: String,
    share: f64,
    time_ms: u64,
}

/// What came of them.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Outcome {
    /// When calls ended that went well, in seconds of the clock that all processes have.
    reads: Vec<f64>,
    writes: Vec<f64>,
    failed: usize,
}

impl Calls {
    fn of(sandbox: &Sandbox, processes: u32, time: Duration) -> Self {
        Self {
            url: sandbox.url().to_owned(),
            token_url: sandbox.token_url(),
            domain: sandbox.domain(),
            client_id: sandbox.client_id().to_owned(),
            client_secret: sandbox.client_secret().to_owned(),
            audience: sandbox.audience().to_owned(),
            member: sandbox.first_member().id.clone(),
            share: 1.0 / f64::from(processes),
            time_ms: time.as_millis() as u64,
        }
    }

    fn client(&self, redis: &Redis, organization: Option<&str>) -> Client {
        let source = ClientCredentials::builder(&self.domain)
            .token_url(&self.token_url)
            .client_id(&self.client_id)
            .client_secret(self.client_secret.as_str())
            .audience(&self.audience)
            .store(RedisStore::new(redis));
        let limits = Limits::new(Rate::per_second(READS), Rate::per_second(WRITES))
            .organization(Rate::per_second(20), Rate::per_second(10))
            .headroom(HEADROOM);
        let limiter = Limiter::new(limits).unwrap();
        let mut limiter = limiter
            .sharing(RedisBudget::new(redis), self.share)
            .unwrap();
        if let Some(id) = organization {
            limiter = limiter.for_organization(id);
        }
        Client::builder()
            .base_url(&self.url)
            .token_source(source.build().unwrap())
            .http_client(HttpClient::direct().unwrap())
            .limiter(limiter)
            .build()
            .unwrap()
    }

    /// What a process does: reads and writes by ten callers each.
    pub(crate) async fn run(self, redis: &Redis) {
        let client = self.client(redis, None);
        say("ready");
        told_to_go().await;
        let (reads, writes) = tokio::join!(
            calls(&client, &self.member, false, 10, self.time_ms),
            calls(&client, &self.member, true, 10, self.time_ms),
        );
        let outcome = Outcome {
            reads: reads.0,
            writes: writes.0,
            failed: reads.1 + writes.1,
        };
        say(&serde_json::to_string(&outcome).unwrap());
    }
}

/// When calls ended that went well, and how many failed.
async fn calls(
    client: &Client,
    member: &str,
    are_writes: bool,
    callers: usize,
    time_ms: u64,
) -> (Vec<f64>, usize) {
    let end = now() + Duration::from_millis(time_ms);
    let callers = (0..callers).map(|_| {
        let (client, member) = (client.clone(), member.to_owned());
        tokio::spawn(async move {
            let (mut ends, mut failed) = (Vec::new(), 0);
            while now() < end {
                let went_well = match are_writes {
                    false => client.members().get(&member).await.is_ok(),
                    // There is no such member, and this is a write all the same.
                    true => {
                        let deleted = client.members().delete("auth0|nobody").await;
                        deleted.is_err_and(|error| error.is_not_found())
                    }
                };
                match went_well {
                    true => ends.push(seconds()),
                    false => failed += 1,
                }
            }
            (ends, failed)
        })
    });
    let mut all = (Vec::new(), 0);
    for caller in join_all(callers).await {
        let (ends, failed) = caller.unwrap();
        all.0.extend(ends);
        all.1 += failed;
    }
    all
}

fn seconds() -> f64 {
    let time = SystemTimer.now().duration_since(std::time::UNIX_EPOCH);
    time.unwrap().as_secs_f64()
}

async fn sandbox() -> Sandbox {
    let limits = RateLimits::per_second(READS, WRITES);
    let sandbox = Sandbox::builder().members(3).rate_limits(limits).start();
    sandbox.await.unwrap()
}

fn refusals(sandbox: &Sandbox) -> usize {
    let requests = sandbox.requests();
    let refused = requests
        .iter()
        .filter(|request| request.status == Some(429));
    refused.count()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "cargo xtask interop"]
async fn four_processes_call_then_they_use_the_rate_together_and_no_429_reaches_a_caller() {
    const TIME: Duration = Duration::from_secs(5);
    let server = Server::alone();
    let sandbox = sandbox().await;
    let told = Told {
        redis: server.url(),
        lock_expiry_ms: 5_000,
        task: Task::Call(Calls::of(&sandbox, 4, TIME)),
    };
    let mut fleet: Vec<_> = (0..4).map(|_| Process::start(&told)).collect();
    fleet.iter_mut().for_each(Process::go);
    let outcomes: Vec<Outcome> = fleet
        .iter_mut()
        .map(|process| serde_json::from_str(&process.hear()).unwrap())
        .collect();
    let failed: usize = outcomes.iter().map(|outcome| outcome.failed).sum();
    assert_eq!(failed, 0);
    // Between the first second, in which the burst is used, and the end, when callers have nothing more to do.
    let used = |ends: Vec<&f64>, rate: u32| {
        let first = ends.iter().fold(f64::MAX, |first, end| first.min(**end));
        let counted = |end: &&&f64| (first + 1.0..first + 5.0).contains(**end);
        ends.iter().filter(counted).count() as f64 / (4.0 * f64::from(rate))
    };
    let reads = used(
        outcomes.iter().flat_map(|outcome| &outcome.reads).collect(),
        READS,
    );
    let writes = used(
        outcomes
            .iter()
            .flat_map(|outcome| &outcome.writes)
            .collect(),
        WRITES,
    );
    let refused = refusals(&sandbox);
    let told = format!("of the rate used: reads {reads:.3}, writes {writes:.3}; refused {refused}");
    writeln!(std::io::stderr(), "{told}").unwrap();
    assert!(reads >= 0.9 && writes >= 0.9, "{told}");
    // And one token for all of them.
    assert_eq!(sandbox.requests_of("token").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "cargo xtask interop"]
async fn redis_comes_and_goes_then_each_process_takes_its_share_meanwhile_and_no_call_fails() {
    let mut server = Server::start();
    let sandbox = sandbox().await;
    let told = Calls::of(&sandbox, 4, Duration::from_millis(4_500));
    let callers = (0..2).map(|_| {
        let redis = builder(&server.url()).build().unwrap();
        let told = told.clone();
        let client = told.client(&redis, None);
        tokio::spawn(async move { calls(&client, &told.member, false, 10, told.time_ms).await })
    });
    let callers: Vec<_> = callers.collect();
    let began_at = seconds();
    pass(Duration::from_millis(1_000)).await;
    server.stop();
    pass(Duration::from_millis(1_000)).await;
    server.restart();
    pass(Duration::from_millis(1_500)).await;
    server.signal("STOP");
    let mut ends = Vec::new();
    for caller in callers {
        let (of_one, failed) = caller.await.unwrap();
        assert_eq!(failed, 0);
        ends.extend(of_one);
    }
    server.signal("CONT");
    assert_eq!(refusals(&sandbox), 0);
    // Half of the fleet is here. In the first of this time it has to find out.
    for (from, to) in [(1.2, 2.0), (3.8, 4.4)] {
        let counted = ends
            .iter()
            .filter(|&end| (from..to).contains(&(end - began_at)));
        let (counted, share) = (counted.count() as f64, f64::from(READS) / 2.0);
        assert!(
            counted >= 0.4 * share * (to - from),
            "{counted} from {from} s"
        );
        // What was not used before may come on top, up to the burst.
        assert!(
            counted <= share * (to - from + 1.0),
            "{counted} from {from} s"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "cargo xtask interop"]
async fn processes_act_for_one_organization_then_its_limit_holds_for_them_together() {
    let server = Server::start();
    let sandbox = crate::support::sandbox().await;
    let told = Calls::of(&sandbox, 2, Duration::from_millis(2_500));
    let callers = (0..2).map(|_| {
        let (told, redis) = (told.clone(), redis(&server.url()));
        let client = told.client(&redis, Some("org_planted"));
        tokio::spawn(async move { calls(&client, &told.member, false, 10, told.time_ms).await })
    });
    let callers: Vec<_> = callers.collect();
    let mut ends = Vec::new();
    for caller in callers {
        let (of_one, failed) = caller.await.unwrap();
        assert_eq!(failed, 0);
        ends.extend(of_one);
    }
    ends.sort_by(f64::total_cmp);
    // The organization's rate is 20 a second and at once.
    let allowed = |from: usize, to: usize| 20.0 * (1.0 + ends[to] - ends[from]);
    // Answers come less evenly than requests leave.
    let most = allowed(0, ends.len() - 1) * 1.02;
    let used = ends.len() as f64 / allowed(0, ends.len() - 1);
    assert!((ends.len() as f64) <= most, "{used}");
    assert!(used >= 0.8, "{used}");

    let content = server.content();
    let finds = |text: &str| {
        content
            .windows(text.len())
            .any(|window| window == text.as_bytes())
    };
    assert!(finds("auth0:{budget}:"));
    assert!(!finds("org_planted") && !finds("127.0.0.1") && !finds("read"));
}
