//! Ten thousand calls, 64 concurrently, to a server that enforces a rate limit: with and without the limiter.
//!
//! The rate is scaled up so that a run takes seconds. The server has its own token bucket implementation.

use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use auth0_core::StaticToken;
use auth0_teams::{Client, HttpClient, Limiter, Limits, Rate};
use benches::members::{TOKEN, member};
use benches::server;

const RATE: u32 = 1_000;
const BURST: u32 = 200;
const CALLS: usize = 10_000;
const IN_FLIGHT: u32 = 64;

/// Compensates for requests arriving less evenly than they are sent.
const HEADROOM: f64 = 0.03;

/// The token bucket of the server.
struct Bucket {
    tokens: f64,
    filled_at: Instant,
}

#[allow(clippy::disallowed_methods)] // A benchmark measures real time.
impl Bucket {
    fn full() -> Self {
        Self {
            tokens: f64::from(BURST),
            filled_at: Instant::now(),
        }
    }

    fn take(&mut self) -> bool {
        let now = Instant::now();
        let passed = now.duration_since(self.filled_at).as_secs_f64();
        self.tokens = (self.tokens + passed * f64::from(RATE)).min(f64::from(BURST));
        self.filled_at = now;
        let taken = self.tokens >= 1.0;
        if taken {
            self.tokens -= 1.0;
        }
        taken
    }
}

/// Starts a server with a full bucket. Also returns its counter of 429 responses.
#[allow(clippy::disallowed_methods)]
fn start_server() -> Result<(String, Arc<AtomicUsize>), Box<dyn Error>> {
    let bucket = Mutex::new(Bucket::full());
    let rejected = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&rejected);
    let success = server::ok(&member(0).to_string());
    let address = server::start_with(move |_| {
        let taken = bucket.lock().is_ok_and(|mut bucket| bucket.take());
        if taken {
            return success.clone();
        }
        counter.fetch_add(1, Ordering::Relaxed);
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let reset = now.map_or(0, |now| now.as_secs() + 1);
        let headers = format!(
            "retry-after: 1\r\nx-ratelimit-limit: {RATE}\r\nx-ratelimit-remaining: 0\r\nx-ratelimit-reset: {reset}\r\n"
        );
        server::response("429 Too Many Requests", &headers, "{}")
    })?;
    Ok((format!("http://{address}"), rejected))
}

#[allow(clippy::disallowed_methods)]
async fn run(limiter: Option<Limiter>) -> Result<Run, Box<dyn Error>> {
    let (base, rejected) = start_server()?;
    let mut builder = Client::builder()
        .base_url(base)
        .token_source(StaticToken::new(TOKEN))
        .http_client(HttpClient::direct()?);
    if let Some(limiter) = limiter {
        builder = builder.limiter(limiter);
    }
    let client = builder.build()?;
    let left = Arc::new(AtomicUsize::new(CALLS));
    let started_at = Instant::now();
    let mut callers = Vec::new();
    for _ in 0..IN_FLIGHT {
        let (client, left) = (client.clone(), Arc::clone(&left));
        callers.push(tokio::spawn(async move {
            let mut failed = 0;
            let one_less = |left: usize| left.checked_sub(1);
            while left
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less)
                .is_ok()
            {
                if client.members().get("0").await.is_err() {
                    failed += 1;
                }
            }
            failed
        }));
    }
    let mut failed = 0;
    for caller in callers {
        failed += caller.await?;
    }
    let elapsed = started_at.elapsed();
    let allowed = f64::from(BURST) + elapsed.as_secs_f64() * f64::from(RATE);
    Ok(Run {
        elapsed,
        rejected: rejected.load(Ordering::Relaxed),
        failed,
        used: (CALLS - failed) as f64 / allowed,
    })
}

struct Run {
    elapsed: Duration,
    rejected: usize,
    failed: usize,
    used: f64,
}

fn main() -> Result<(), Box<dyn Error>> {
    // In test mode criterion runs each benchmark once. This program does not use criterion, so it does nothing.
    if std::env::args().any(|argument| argument == "--test") {
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let rate = Rate::per_second(RATE).burst(BURST);
    let limits = Limits::new(rate, rate)
        .headroom(HEADROOM)
        .max_in_flight(IN_FLIGHT);
    println!(
        "{CALLS} calls, {IN_FLIGHT} concurrently; the server allows {RATE} per second with a burst of {BURST}"
    );
    println!("| | seconds | 429 responses | failed calls | used share of the allowed rate |");
    println!("| --- | --- | --- | --- | --- |");
    for (name, limiter) in [
        ("with the limiter", Some(Limiter::new(limits)?)),
        ("without the limiter, only retries", None),
    ] {
        let Run {
            elapsed,
            rejected,
            failed,
            used,
        } = runtime.block_on(run(limiter))?;
        let seconds = elapsed.as_secs_f64();
        println!("| {name} | {seconds:.1} | {rejected} | {failed} | {used:.3} |");
    }
    println!("required with the limiter: no failed calls, at least 0.95 of the rate used");
    Ok(())
}
