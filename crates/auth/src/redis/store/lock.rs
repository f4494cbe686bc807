//! The lock of a token in Redis.

use std::sync::Arc;
use std::time::Duration;

use ::redis::{FromRedisValue as _, Value};
use tokio::task::JoinSet;

use super::millis;
use crate::background;
use crate::random;
use crate::redis::link::Link;
use crate::redis::script;
use crate::redis::trouble::Trouble;

const LOCK: &str = include_str!("../scripts/lock.lua");
const RENEW: &str = include_str!("../scripts/renew.lua");

/// How long to wait before the lock is asked for again. A token takes some hundred milliseconds.
const FIRST_WAIT: Duration = Duration::from_millis(25);
const MAX_WAIT: Duration = Duration::from_millis(250);

/// A lock in Redis, renewed until this is dropped.
pub(super) struct Lease {
    link: Arc<Link>,
    lock: String,
    owner: String,
    fence: String,
    /// It ends with the lease.
    renewal: JoinSet<()>,
}

impl Lease {
    /// Waits until nobody holds the lock at `lock`, and takes it.
    pub(super) async fn acquire(
        link: &Arc<Link>,
        lock: String,
        fence: String,
        expiry: Duration,
    ) -> Result<Self, Trouble> {
        let owner = random::id().map_err(|error| Trouble::new(error.to_string()))?;
        let mut command = script(LOCK, 2);
        command
            .arg(&lock)
            .arg(&fence)
            .arg(&owner)
            .arg(millis(expiry));
        let mut wait = FIRST_WAIT;
        let fence = loop {
            match link.ask(&command).await? {
                Value::Nil => {}
                answer => {
                    break String::from_redis_value(answer)
                        .map_err(|_| Trouble::new("it answers in another way than Redis does"))?;
                }
            }
            let by_lot = wait.mul_f64(0.75 + fastrand::f64() / 2.0);
            link.sleeper().sleep(by_lot).await;
            wait = (wait * 3 / 2).min(MAX_WAIT);
        };
        // In the background: whoever holds the guard may do so on another runtime, or on one that idles.
        let renewal = renew(link.clone(), lock.clone(), owner.clone(), expiry);
        let renewal = background::task(renewal).map_err(|error| Trouble::new(error.to_string()))?;
        Ok(Self {
            link: link.clone(),
            lock,
            owner,
            fence,
            renewal,
        })
    }

    pub(super) fn fence(&self) -> &str {
        &self.fence
    }

    /// Gives the lock back, if it is still this one's. Where that fails it expires.
    pub(super) async fn release(mut self) {
        self.renewal.abort_all();
        let mut command = script(RENEW, 1);
        command.arg(&self.lock).arg(&self.owner).arg(0);
        let _ = self.link.ask(&command).await;
    }
}

/// Renews a lock until it is somebody else's.
async fn renew(link: Arc<Link>, lock: String, owner: String, expiry: Duration) {
    let mut command = script(RENEW, 1);
    command.arg(lock).arg(owner).arg(millis(expiry));
    loop {
        link.sleeper().sleep(expiry / 3).await;
        let answer = link.ask(&command).await;
        if let Ok(answer) = answer
            && !bool::from_redis_value(answer).unwrap_or(false)
        {
            return;
        }
    }
}
