//! A rate budget in Redis.

use std::fmt;
use std::time::Duration;

use auth0_core::BoxFuture;
use auth0_core::{PermitGrant, PermitRequest, SharedBucket, SharedBudget};
use redis::from_redis_value;

use crate::encryption::EncryptionKey;
use crate::handle::{Redis, eval};

const ACQUIRE: &str = include_str!("scripts/acquire.lua");

/// A rate budget that the limiters of many processes share through Redis or Valkey. Clones share the same budget.
///
/// A script takes permits for several requests at once, from the bucket of the host and that of the organization together,
/// by the clock of the server. Host and organization names are hashed with a key. While a [`Redis`] has two encryption
/// keys, because one is being replaced, permits are taken from the buckets of both.
///
/// ```
/// use auth0_core::{Limiter, Limits, Rate};
/// use auth0_fleet::{Redis, RedisBudget};
///
/// # fn example(redis: Redis) -> Result<(), Box<dyn std::error::Error>> {
/// let limits = Limits::new(Rate::per_second(40), Rate::per_second(20));
/// // Without Redis, each of four processes takes a quarter.
/// let limiter = Limiter::new(limits)?.with_shared_budget(RedisBudget::new(&redis), 0.25)?;
/// # let _ = limiter;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[doc(alias = "valkey")]
#[doc(alias = "distributed rate limit")]
pub struct RedisBudget(Redis);

impl RedisBudget {
    /// Creates a budget in `redis`. Does not connect.
    pub fn new(redis: &Redis) -> Self {
        Self(redis.clone())
    }

    fn bucket_key(&self, key: &EncryptionKey, bucket: &SharedBucket) -> String {
        let mut parts = vec![b"budget".as_slice(), bucket.host.as_bytes()];
        parts.push(bucket.class.as_bytes());
        parts.extend(bucket.organization.as_ref().map(|id| id.as_bytes()));
        // One hash tag for all buckets, because all keys of a script have to be in one slot.
        self.0.key("budget", &key.hash(&parts))
    }

    async fn take_permits(&self, request: &PermitRequest) -> Option<PermitGrant> {
        let encryption_keys = self.0.encryption_keys();
        let mut command = eval(
            ACQUIRE,
            request.buckets.len() * encryption_keys.iter().count(),
        );
        for bucket in &request.buckets {
            for key in encryption_keys.iter() {
                command.arg(self.bucket_key(key, bucket));
            }
        }
        command.arg(request.permits).arg(micros(request.horizon));
        for bucket in &request.buckets {
            for _ in encryption_keys.iter() {
                command
                    .arg(micros(bucket.interval))
                    .arg(bucket.burst)
                    .arg(bucket.spent);
            }
        }
        let response = self.0.run(&command).await.ok()?;
        let times: Vec<u64> = from_redis_value(response).ok()?;
        let mut times = times.into_iter().map(Duration::from_micros);
        Some(PermitGrant {
            next: times.next()?,
            waits: times.collect(),
        })
    }
}

impl SharedBudget for RedisBudget {
    fn acquire<'a>(&'a self, request: &'a PermitRequest) -> BoxFuture<'a, Option<PermitGrant>> {
        Box::pin(self.take_permits(request))
    }
}

impl fmt::Debug for RedisBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RedisBudget").field(&self.0).finish()
    }
}

/// Microseconds with their fraction, which would add up at a thousand requests per second.
fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
