//! The lock of a token in Redis: a lease that is renewed while it is held.

use std::sync::Arc;
use std::time::Duration;

use auth0_auth::StoreError;
use auth0_auth::runtime::{self, BackgroundTask};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use redis::{Cmd, FromRedisValue as _, Value};

use super::{millis, store_error, unavailable};
use crate::connection::SharedConnection;
use crate::failure::Failure;
use crate::handle::eval;

const LOCK: &str = include_str!("../scripts/lock.lua");
const RENEW: &str = include_str!("../scripts/renew.lua");

/// The first wait before the lock is requested again. A token request takes some hundred milliseconds.
const FIRST_WAIT: Duration = Duration::from_millis(25);
const MAX_WAIT: Duration = Duration::from_millis(250);

/// A lock under all names of a token, renewed until it is released or dropped.
pub(super) struct Lease {
    connection: Arc<SharedConnection>,
    lock_keys: Vec<String>,
    owner: String,
    fencing_token: String,
    /// Cancelled when the lease is dropped.
    renewal: BackgroundTask<()>,
}

impl Lease {
    /// Waits until no other owner holds any of the locks, and takes all of them at once. `keys` are the Redis keys of each
    /// lock and of its fencing token.
    pub(super) async fn acquire(
        connection: &Arc<SharedConnection>,
        keys: Vec<(String, String)>,
        expiry: Duration,
    ) -> Result<Self, StoreError> {
        let owner = random_id()?;
        let mut command = eval(LOCK, 2 * keys.len());
        for (lock, fence) in &keys {
            command.arg(lock).arg(fence);
        }
        command.arg(&owner).arg(millis(expiry));
        let mut wait = FIRST_WAIT;
        let fencing_token = loop {
            match connection.run(&command).await.map_err(store_error)? {
                Value::Nil => {}
                response => {
                    break String::from_redis_value(response)
                        .map_err(|_| unavailable(&Failure::unexpected_response()))?;
                }
            }
            let jittered_wait = wait.mul_f64(0.75 + fastrand::f64() / 2.0);
            connection.sleeper().sleep(jittered_wait).await;
            wait = (wait * 3 / 2).min(MAX_WAIT);
        };
        let lock_keys: Vec<String> = keys.into_iter().map(|(lock, _)| lock).collect();
        // The guard may be held on another runtime, or on one that is stopped.
        let renewal = runtime::spawn(renew(
            connection.clone(),
            renew_command(&lock_keys, &owner, Some(expiry)),
            expiry,
        ));
        let renewal = renewal.map_err(|error| StoreError::new(error.to_string()))?;
        Ok(Self {
            connection: connection.clone(),
            lock_keys,
            owner,
            fencing_token,
            renewal,
        })
    }

    pub(super) fn fencing_token(&self) -> &str {
        &self.fencing_token
    }

    /// Releases the locks that are still held. If that fails, they expire.
    pub(super) async fn release(self) {
        drop(self.renewal);
        let command = renew_command(&self.lock_keys, &self.owner, None);
        let _ = self.connection.run(&command).await;
    }
}

/// The command that renews locks, or releases them if `expiry` is `None`.
fn renew_command(lock_keys: &[String], owner: &str, expiry: Option<Duration>) -> Cmd {
    let mut command = eval(RENEW, lock_keys.len());
    command
        .arg(lock_keys)
        .arg(owner)
        .arg(expiry.map_or(0, millis));
    command
}

/// Renews locks with `command` until they belong to another owner.
async fn renew(connection: Arc<SharedConnection>, command: Cmd, expiry: Duration) {
    loop {
        connection.sleeper().sleep(expiry / 3).await;
        let response = connection.run(&command).await;
        if let Ok(response) = response
            && !bool::from_redis_value(response).unwrap_or(false)
        {
            return;
        }
    }
}

/// 256 random bits as base64url.
fn random_id() -> Result<String, StoreError> {
    let mut bytes = [0; 32];
    aws_lc_rs::rand::fill(&mut bytes)
        .map_err(|_| StoreError::new("the operating system returned no random bytes"))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}
