//! Tokens in a file, for programs that are run again and again, and several at once.

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

/// Reading and writing take milliseconds. Whoever holds the lock for longer is stopped or hangs.
const MAX_WRITE: Duration = Duration::from_secs(10);

/// Tokens in a file that several programs may share: command-line programs, or the workers of one machine. Clones share
/// it.
///
/// - **Only its owner can read it.** The file is created with mode 0600, in a directory that is created with mode 0700
///   if it is missing. A file that others can read or write is refused, and the error has the command that mends it;
///   so is a file of another user, a symbolic link, and whatever else is no regular file.
/// - **It is never half written.** A new version is written beside it, flushed to the disk and renamed.
/// - **Nobody loses a token.** Whoever changes the file holds a lock on a file beside it, and whoever replaces a token
///   holds one for that token, so that one process fetches it and the others wait. The locks are the operating
///   system's: they end with the process that holds them. The empty `.lock` files stay.
/// - **What it does not understand stays.** Entries and members that a later version wrote are kept. A file that is
///   damaged, or of a later format, is an error and is not overwritten.
///
/// ```
/// use auth0_auth::{ClientCredentials, FileStore};
///
/// # fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let home = std::env::home_dir().ok_or("there is no home directory")?;
/// let source = ClientCredentials::builder("acme-auth.us.auth0.com")
///     .client_id("the client's id")
///     .client_secret("the client's secret")
///     .audience("https://acme.teams.auth0.com/api/")
///     .store(FileStore::new(home.join(".cache/acme/tokens.json")))
///     .build()?;
/// # let _ = source;
/// # Ok(())
/// # }
/// ```
///
/// # Elsewhere than on Unix
///
/// There are no modes: who can read the file follows from its directory, which should be one of the user's own. A
/// symbolic link is refused there too.
#[derive(Clone)]
pub struct FileStore(Arc<Shared>);

struct Shared {
    path: PathBuf,
    sleeper: SharedSleeper,
}

impl FileStore {
    /// The store in the file at `path`, which need not be there yet. Nothing is read or written here.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(Arc::new(Shared {
            path: path.into(),
            sleeper: Arc::new(SystemTimer),
        }))
    }

    /// What waits while another process holds a lock, instead of tokio's timer.
    #[must_use]
    pub fn sleeper(self, sleeper: SharedSleeper) -> Self {
        let path = self.0.path.clone();
        Self(Arc::new(Shared { path, sleeper }))
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// Changes the file, alone. `change` says whether there is anything to write.
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
            // It belongs to the work and not to the caller, who may be gone by now.
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
        // A rename is all that ever happens to the file, so no lock is needed to read it.
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

/// Runs work on files where it may block.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work)
        .await
        // The text of a panic is nobody's to repeat.
        .unwrap_or_else(|_| Err(StoreError::new("the work on the token file broke off")))
}
