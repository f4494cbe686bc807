//! A rate budget in Redis.

use std::fmt;
use std::time::Duration;

use ::redis::from_redis_value;
use auth0_core::BoxFuture;
use auth0_core::limit::{Draw, Drawn, SharedBucket, SharedBudget};

use super::key::EncryptionKey;
use super::{Redis, script};

const DRAW: &str = include_str!("scripts/draw.lua");

/// A rate budget that the limiters of a fleet draw on together through Redis or Valkey. Clones are the same budget.
///
/// One script takes permits for some requests at a time, by the clock of the server, of the host's limit and of the
/// organization's at once. Names of hosts and organizations are keyed hashes. The keys of a [`Redis`] may be replaced while
/// it is in use: as long as there are two, both give names, and permits are taken under both.
///
/// ```
/// use auth0_auth::redis::{Redis, RedisBudget};
/// use auth0_core::{Limiter, Limits, Rate};
///
/// # fn example(redis: Redis) -> Result<(), Box<dyn std::error::Error>> {
/// let limits = Limits::new(Rate::per_second(40), Rate::per_second(20));
/// // Four processes: without Redis each of them takes a quarter.
/// let limiter = Limiter::new(limits)?.sharing(RedisBudget::new(&redis), 0.25)?;
/// # let _ = limiter;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RedisBudget(Redis);

impl RedisBudget {
    /// A budget in `redis`. Nothing is connected to.
    pub fn new(redis: &Redis) -> Self {
        Self(redis.clone())
    }

    fn name(&self, key: &EncryptionKey, bucket: &SharedBucket) -> String {
        let mut parts = vec![b"budget".as_slice(), bucket.host.as_bytes()];
        parts.push(bucket.class.as_bytes());
        parts.extend(bucket.organization.as_ref().map(|id| id.as_bytes()));
        // A script has to find all its buckets in one slot.
        self.0.key("budget", &key.name(&parts))
    }

    async fn take(&self, draw: &Draw) -> Option<Drawn> {
        let Redis(shared) = &self.0;
        let mut command = script(DRAW, draw.buckets.len() * shared.keys.iter().count());
        for bucket in &draw.buckets {
            for key in shared.keys.iter() {
                command.arg(self.name(key, bucket));
            }
        }
        command.arg(draw.permits).arg(micros(draw.horizon));
        for bucket in &draw.buckets {
            for _ in shared.keys.iter() {
                command
                    .arg(micros(bucket.interval))
                    .arg(bucket.burst)
                    .arg(bucket.spent);
            }
        }
        let answer = shared.link.ask(&command).await.ok()?;
        let times: Vec<u64> = from_redis_value(answer).ok()?;
        let mut times = times.into_iter().map(Duration::from_micros);
        Some(Drawn {
            next: times.next()?,
            waits: times.collect(),
        })
    }
}

impl SharedBudget for RedisBudget {
    fn draw<'a>(&'a self, draw: &'a Draw) -> BoxFuture<'a, Option<Drawn>> {
        Box::pin(self.take(draw))
    }
}

impl fmt::Debug for RedisBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RedisBudget").field(&self.0).finish()
    }
}

/// With what is left of a microsecond: at a thousand a second it would add up.
fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
