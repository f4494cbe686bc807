//! The lock of a token in Redis.

use std::sync::Arc;
use std::time::Duration;

use ::redis::{Cmd, FromRedisValue as _, Value};
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

/// A lock in Redis under all names of a token, renewed until this is dropped.
pub(super) struct Lease {
    link: Arc<Link>,
    locks: Vec<String>,
    owner: String,
    fence: String,
    /// It ends with the lease.
    renewal: JoinSet<()>,
}

impl Lease {
    /// Waits until nobody holds any of the locks, and takes them all at once. `names` are the places of each lock and of
    /// its fencing token.
    pub(super) async fn acquire(
        link: &Arc<Link>,
        names: Vec<(String, String)>,
        expiry: Duration,
    ) -> Result<Self, Trouble> {
        let owner = random::id().map_err(|error| Trouble::new(error.to_string()))?;
        let mut command = script(LOCK, 2 * names.len());
        for (lock, fence) in &names {
            command.arg(lock).arg(fence);
        }
        command.arg(&owner).arg(millis(expiry));
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
        let locks: Vec<String> = names.into_iter().map(|(lock, _)| lock).collect();
        // In the background: whoever holds the guard may do so on another runtime, or on one that idles.
        let renewal = renew(link.clone(), keep(&locks, &owner, Some(expiry)), expiry);
        let renewal = background::task(renewal).map_err(|error| Trouble::new(error.to_string()))?;
        Ok(Self {
            link: link.clone(),
            locks,
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
        let command = keep(&self.locks, &self.owner, None);
        let _ = self.link.ask(&command).await;
    }
}

/// The command that renews locks, or gives them back.
fn keep(locks: &[String], owner: &str, expiry: Option<Duration>) -> Cmd {
    let mut command = script(RENEW, locks.len());
    command.arg(locks).arg(owner).arg(expiry.map_or(0, millis));
    command
}

/// Renews locks with `command` until they are no longer this owner's.
async fn renew(link: Arc<Link>, command: Cmd, expiry: Duration) {
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
