//! Locks between processes: advisory file locks of the operating system, which end with the process that holds them.

use std::fs::{File, TryLockError};
use std::path::PathBuf;
use std::time::Duration;

use auth0_core::time::SharedSleeper;

use super::{blocking, disk};
use crate::store::StoreError;

/// The first wait between two attempts; it doubles each time.
const FIRST_WAIT: Duration = Duration::from_millis(5);

/// The longest wait between two attempts.
const MAX_WAIT: Duration = Duration::from_millis(100);

/// Acquires the lock at `path`, which is held until the file is dropped.
///
/// Polls instead of blocking: a blocked thread can be neither cancelled nor abandoned, and a runtime that shuts down would wait
/// for it.
pub(super) async fn acquire(
    path: PathBuf,
    sleeper: &SharedSleeper,
    limit: Option<Duration>,
) -> Result<File, StoreError> {
    let (mut wait, mut waited) = (FIRST_WAIT, Duration::ZERO);
    loop {
        let place = path.clone();
        if let Some(held) = blocking(move || attempt(place)).await? {
            return Ok(held);
        }
        if limit.is_some_and(|limit| waited >= limit) {
            return Err(StoreError::new(format!(
                "{}: another process has held the lock for {} s",
                path.display(),
                waited.as_secs()
            )));
        }
        // Jitter, so that waiting processes do not retry at the same time.
        let pause = wait.mul_f64(0.5 + fastrand::f64() / 2.0);
        sleeper.sleep(pause).await;
        waited += pause;
        wait = (wait * 2).min(MAX_WAIT);
    }
}

fn attempt(path: PathBuf) -> Result<Option<File>, StoreError> {
    let file = disk::open_lock(&path)?;
    match file.try_lock() {
        Ok(()) => Ok(disk::is_at(&file, &path).then_some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => {
            Err(StoreError::new(format!("{}: failed to lock", path.display())).with_source(error))
        }
    }
}
