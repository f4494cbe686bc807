//! A token store in a file, shared by several processes.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use auth0_core::BoxFuture;
use auth0_core::time::{SharedSleeper, SystemTimer};

use super::{StoreError, StoreGuard, StoredToken, TokenKey, TokenStore};
use document::Document;

mod disk;
pub(crate) mod document;
mod lock;
#[cfg(test)]
mod tests;

/// The timeout for the file lock. Reading and writing take milliseconds; a process that holds it longer is suspended or hangs.
const MAX_WRITE: Duration = Duration::from_secs(10);

/// A token store in a file that several processes can share: command-line programs, or the workers of one machine. Clones
/// share it.
///
/// - **Private.** The file is created with mode 0600, and a missing directory with mode 0700. The store rejects files that
///   others can read or write (the error contains the command to fix it), files of another user, symbolic links, and
///   everything else that is not a regular file.
/// - **Atomic.** A new version is written to a temporary file beside it, flushed to disk and renamed.
/// - **Locked.** Every change holds a lock on a file beside it, and every refresh holds a lock for its token, so that one process
///   fetches the token and the others wait. The locks belong to the operating system and end with the process that holds
///   them. The empty `.lock` files remain.
/// - **Forward compatible.** Entries and members written by a later version are kept. A damaged file, or one of a later format, is
///   an error and is not overwritten.
///
/// ```
/// use auth0_auth::{ClientCredentials, FileStore};
///
/// # fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let home = std::env::home_dir().ok_or("there is no home directory")?;
/// let source = ClientCredentials::builder("acme-auth.us.auth0.com")
///     .client_id("YOUR_CLIENT_ID")
///     .client_secret("YOUR_CLIENT_SECRET")
///     .audience("https://acme.teams.auth0.com/api/")
///     .store(FileStore::new(home.join(".cache/acme/tokens.json")))
///     .build()?;
/// # let _ = source;
/// # Ok(())
/// # }
/// ```
///
/// # Platforms other than Unix
///
/// File modes are not checked: the directory determines who can read the file, so use a directory that belongs to the user.
/// Symbolic links are rejected there too.
#[derive(Clone)]
pub struct FileStore(Arc<Shared>);

struct Shared {
    path: PathBuf,
    sleeper: SharedSleeper,
}

impl FileStore {
    /// Creates a store for the file at `path`, which does not have to exist yet. Does no I/O.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(Arc::new(Shared {
            path: path.into(),
            sleeper: Arc::new(SystemTimer),
        }))
    }

    /// Sets the sleeper that waits while another process holds a lock. Default: tokio's timer.
    #[must_use]
    pub fn sleeper(self, sleeper: SharedSleeper) -> Self {
        let path = self.0.path.clone();
        Self(Arc::new(Shared { path, sleeper }))
    }

    /// Returns the path of the file.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// Changes the file while holding its lock. `change` returns whether the file has to be written.
    async fn change(
        &self,
        change: impl FnOnce(&mut Document) -> Result<bool, StoreError> + Send + 'static,
    ) -> Result<(), StoreError> {
        let lock = disk::beside(self.path(), "lock")?;
        let held = lock::acquire(lock, &self.0.sleeper, Some(MAX_WRITE)).await?;
        let path = self.0.path.clone();
        blocking(move || {
            let mut document = Document::read(&path)?;
            if change(&mut document)? {
                disk::replace(&path, &document.to_bytes()?)?;
            }
            // Held until the write is done, even if the caller was cancelled.
            drop(held);
            Ok(())
        })
        .await
    }
}

impl TokenStore for FileStore {
    fn load<'a>(
        &'a self,
        key: &'a TokenKey,
    ) -> BoxFuture<'a, Result<Option<StoredToken>, StoreError>> {
        let (path, key) = (self.0.path.clone(), key.clone());
        // The file only changes by renames, so reading needs no lock.
        Box::pin(blocking(move || Document::read(&path)?.token(&path, &key)))
    }

    fn save<'a>(
        &'a self,
        key: &'a TokenKey,
        token: &'a StoredToken,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        let (key, token) = (key.clone(), token.clone());
        Box::pin(self.change(move |document| document.put(&key, &token).map(|()| true)))
    }

    fn remove<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<(), StoreError>> {
        let key = key.clone();
        Box::pin(self.change(move |document| document.remove(&key)))
    }

    fn lock<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, Result<StoreGuard, StoreError>> {
        Box::pin(async move {
            let lock = disk::beside(self.path(), &format!("{}.lock", document::digest(key)?))?;
            let held = lock::acquire(lock, &self.0.sleeper, None).await?;
            Ok(StoreGuard::new(held))
        })
    }
}

impl fmt::Debug for FileStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileStore")
            .field("path", &self.0.path)
            .finish_non_exhaustive()
    }
}

/// Runs file operations on tokio's blocking threads.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work)
        .await
        // The text of a panic may contain secrets.
        .unwrap_or_else(|_| {
            Err(StoreError::new(
                "the task that accesses the token file failed",
            ))
        })
}
