//! Several processes share one rate budget.

use std::io::Write as _;
use std::time::Duration;

use auth0_auth::ClientCredentials;
use auth0_core::time::{Clock as _, SystemTimer};
use auth0_core::{HttpClient, Limiter, Limits, Rate};
use auth0_fleet::{Redis, RedisBudget, RedisStore};
use auth0_sandbox::{RateLimits, Sandbox};
use auth0_teams::Client;
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};

use crate::process::{Process, ProcessConfig, Task, send, wait_for_step};
use crate::server::Server;
use crate::support::{now, redis, redis_builder, sleep};

/// The limits of the published plan `public-enterprise`. Higher limits would measure the machine.
const READS: u32 = 40;
const WRITES: u32 = 20;

/// Requests arrive less evenly than they are sent.
const HEADROOM: f64 = 0.03;

/// The number of concurrent callers that read, and that write.
const CALLERS: usize = 10;

/// Which server a process calls, and for how long.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct CallTask {
    url: String,
    token_url: String,
    domain: String,
    client_id: String,
    client_secret: String,
    audience: String,
    member: String,
    share: f64,
    duration_ms: u64,
}

/// The result of a [`CallTask`].
#[derive(Debug, Default, Serialize, Deserialize)]
struct CallReport {
    /// When successful calls ended, in seconds since the Unix epoch, which all processes share.
    reads: Vec<f64>,
    writes: Vec<f64>,
    failed: usize,
}

impl CallTask {
    fn new(sandbox: &Sandbox, processes: u32, duration: Duration) -> Self {
        Self {
            url: sandbox.url().to_owned(),
            token_url: sandbox.token_url(),
            domain: sandbox.domain(),
            client_id: sandbox.client_id().to_owned(),
            client_secret: sandbox.client_secret().to_owned(),
            audience: sandbox.audience().to_owned(),
            member: sandbox.first_member().id.clone(),
            share: 1.0 / f64::from(processes),
            duration_ms: duration.as_millis() as u64,
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
            .with_shared_budget(RedisBudget::new(redis), self.share)
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

    /// Reads and writes concurrently, and sends a [`CallReport`] to the test.
    pub(crate) async fn run(self, redis: &Redis) {
        let client = self.client(redis, None);
        send("ready");
        wait_for_step().await;
        let (reads, writes) = tokio::join!(
            call_repeatedly(&client, &self.member, false, self.duration_ms),
            call_repeatedly(&client, &self.member, true, self.duration_ms),
        );
        let report = CallReport {
            reads: reads.0,
            writes: writes.0,
            failed: reads.1 + writes.1,
        };
        send(&serde_json::to_string(&report).unwrap());
    }
}

/// Calls the server with [`CALLERS`] concurrent callers. Returns when successful calls ended, and how many failed.
async fn call_repeatedly(
    client: &Client,
    member: &str,
    is_write: bool,
    duration_ms: u64,
) -> (Vec<f64>, usize) {
    let end = now() + Duration::from_millis(duration_ms);
    let callers = (0..CALLERS).map(|_| {
        let (client, member) = (client.clone(), member.to_owned());
        tokio::spawn(async move {
            let (mut ends, mut failed) = (Vec::new(), 0);
            while now() < end {
                let is_success = match is_write {
                    false => client.members().get(&member).await.is_ok(),
                    // The member does not exist, but the request counts as a write.
                    true => {
                        let deleted = client.members().delete("auth0|nobody").await;
                        deleted.is_err_and(|error| error.is_not_found())
                    }
                };
                match is_success {
                    true => ends.push(epoch_seconds()),
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

fn epoch_seconds() -> f64 {
    let time = SystemTimer.now().duration_since(std::time::UNIX_EPOCH);
    time.unwrap().as_secs_f64()
}

async fn limited_sandbox() -> Sandbox {
    let limits = RateLimits::per_second(READS, WRITES);
    let sandbox = Sandbox::builder().members(3).rate_limits(limits).start();
    sandbox.await.unwrap()
}

/// The number of responses with status 429.
fn rate_limited_responses(sandbox: &Sandbox) -> usize {
    let requests = sandbox.requests();
    let limited = requests
        .iter()
        .filter(|request| request.status == Some(429));
    limited.count()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "cargo xtask interop"]
async fn four_processes_use_the_whole_rate_together_and_no_call_fails() {
    const DURATION: Duration = Duration::from_secs(5);
    let server = Server::start_exclusive();
    let sandbox = limited_sandbox().await;
    let config = ProcessConfig {
        redis_url: server.url(),
        lock_expiry_ms: 5_000,
        task: Task::Call(CallTask::new(&sandbox, 4, DURATION)),
    };
    let mut fleet: Vec<_> = (0..4).map(|_| Process::start(&config)).collect();
    fleet.iter_mut().for_each(Process::proceed);
    let reports: Vec<CallReport> = fleet
        .iter_mut()
        .map(|process| serde_json::from_str(&process.receive()).unwrap())
        .collect();
    let failed: usize = reports.iter().map(|report| report.failed).sum();
    assert_eq!(failed, 0);
    // Without the first second, which uses the burst, and without the end, when callers have stopped.
    let used = |ends: Vec<&f64>, rate: u32| {
        let first = ends.iter().fold(f64::MAX, |first, end| first.min(**end));
        let counted = |end: &&&f64| (first + 1.0..first + 5.0).contains(**end);
        ends.iter().filter(counted).count() as f64 / (4.0 * f64::from(rate))
    };
    let reads = used(
        reports.iter().flat_map(|report| &report.reads).collect(),
        READS,
    );
    let writes = used(
        reports.iter().flat_map(|report| &report.writes).collect(),
        WRITES,
    );
    let limited = rate_limited_responses(&sandbox);
    let summary =
        format!("used of the rate: reads {reads:.3}, writes {writes:.3}; 429 responses: {limited}");
    writeln!(std::io::stderr(), "{summary}").unwrap();
    assert!(reads >= 0.9 && writes >= 0.9, "{summary}");
    // They also share one token.
    assert_eq!(sandbox.requests_of("token").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "cargo xtask interop"]
async fn processes_use_their_share_during_an_outage_and_no_call_fails() {
    let mut server = Server::start();
    let sandbox = limited_sandbox().await;
    let task = CallTask::new(&sandbox, 4, Duration::from_millis(4_500));
    let callers = (0..2).map(|_| {
        let redis = redis_builder(&server.url()).build().unwrap();
        let task = task.clone();
        let client = task.client(&redis, None);
        tokio::spawn(async move {
            call_repeatedly(&client, &task.member, false, task.duration_ms).await
        })
    });
    let callers: Vec<_> = callers.collect();
    let started_at = epoch_seconds();
    sleep(Duration::from_millis(1_000)).await;
    server.stop();
    sleep(Duration::from_millis(1_000)).await;
    server.restart();
    sleep(Duration::from_millis(1_500)).await;
    server.signal("STOP");
    let mut ends = Vec::new();
    for caller in callers {
        let (caller_ends, failed) = caller.await.unwrap();
        assert_eq!(failed, 0);
        ends.extend(caller_ends);
    }
    server.signal("CONT");
    assert_eq!(rate_limited_responses(&sandbox), 0);
    // Two of four processes run here. The beginning of each outage, in which they detect it, is not counted.
    for (from, to) in [(1.2, 2.0), (3.8, 4.4)] {
        let counted = ends
            .iter()
            .filter(|&end| (from..to).contains(&(end - started_at)));
        let (counted, share) = (counted.count() as f64, f64::from(READS) / 2.0);
        assert!(
            counted >= 0.4 * share * (to - from),
            "{counted} from {from} s"
        );
        // Up to one burst was unused before.
        assert!(
            counted <= share * (to - from + 1.0),
            "{counted} from {from} s"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "cargo xtask interop"]
async fn processes_of_one_organization_stay_within_its_limit_together() {
    let server = Server::start();
    let sandbox = crate::support::sandbox().await;
    let task = CallTask::new(&sandbox, 2, Duration::from_millis(2_500));
    let callers = (0..2).map(|_| {
        let (task, redis) = (task.clone(), redis(&server.url()));
        let client = task.client(&redis, Some("org_planted"));
        tokio::spawn(async move {
            call_repeatedly(&client, &task.member, false, task.duration_ms).await
        })
    });
    let callers: Vec<_> = callers.collect();
    let mut ends = Vec::new();
    for caller in callers {
        let (caller_ends, failed) = caller.await.unwrap();
        assert_eq!(failed, 0);
        ends.extend(caller_ends);
    }
    ends.sort_by(f64::total_cmp);
    // The organization is allowed 20 requests per second, with a burst of 20.
    let allowed = |from: usize, to: usize| 20.0 * (1.0 + ends[to] - ends[from]);
    // Responses arrive less evenly than requests are sent.
    let most = allowed(0, ends.len() - 1) * 1.02;
    let used = ends.len() as f64 / allowed(0, ends.len() - 1);
    assert!((ends.len() as f64) <= most, "{used}");
    assert!(used >= 0.8, "{used}");

    let content = server.content();
    let contains = |text: &str| {
        content
            .windows(text.len())
            .any(|window| window == text.as_bytes())
    };
    assert!(contains("auth0:{budget}:"));
    assert!(!contains("org_planted") && !contains("127.0.0.1") && !contains("read"));
}
