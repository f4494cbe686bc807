//! Reading and writing a private file.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use crate::store::StoreError;

/// The maximum size of a token file, enough for thousands of tokens.
const MAX_SIZE: u64 = 16 * 1024 * 1024;

/// How often reading is retried if the file is replaced meanwhile.
const TRIES: usize = 100;

/// Reads the file. Returns `None` if it does not exist.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    let failed = |error| failed("read", path, error);
    for _ in 0..TRIES {
        let Some(seen) = inspect(path)? else {
            return Ok(None);
        };
        let file = match File::open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            opened => opened.map_err(failed)?,
        };
        let opened = file.metadata().map_err(failed)?;
        // Between check and open, the file may have been replaced by another process or by an attacker's link.
        if !is_same(&seen, &opened) {
            continue;
        }
        check(path, &opened)?;
        let mut bytes = Vec::new();
        let limited = file.take(MAX_SIZE + 1).read_to_end(&mut bytes);
        limited.map_err(failed)?;
        if bytes.len() as u64 > MAX_SIZE {
            return Err(StoreError::new(format!(
                "{}: expected a token file of at most {MAX_SIZE} bytes, found more",
                path.display()
            )));
        }
        return Ok(Some(bytes));
    }
    Err(StoreError::new(format!(
        "{}: the file was replaced repeatedly while it was read",
        path.display()
    )))
}

/// Replaces the file at `path`, or creates it. The caller holds the lock.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let written = beside(path, "tmp")?;
    // A leftover of a process that ended while it wrote; the lock excludes other writers.
    match fs::remove_file(&written) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(failed("remove", &written, error));
        }
        _ => {}
    }
    let result = write(&written, bytes)
        .and_then(|()| fs::rename(&written, path))
        .map_err(|error| failed("write", path, error));
    if result.is_err() {
        let _ = fs::remove_file(&written);
    }
    result?;
    sync_directory(path);
    Ok(())
}

/// Opens a lock file, and creates it and its directory if they are missing.
pub(super) fn open_lock(path: &Path) -> Result<File, StoreError> {
    let directory = directory(path);
    create_private(directory).map_err(|error| failed("create", directory, error))?;
    inspect(path)?;
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    private(&mut options)
        .open(path)
        .map_err(|error| failed("open", path, error))
}

/// Returns whether the file is still the one at `path`. A lock on a deleted file excludes nobody.
pub(super) fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::symlink_metadata(path)) {
        (Ok(file), Ok(found)) => is_same(&file, &found),
        _ => false,
    }
}

/// Returns the path of the file beside `path` with this suffix.
pub(super) fn beside(path: &Path, outcome: &str) -> Result<PathBuf, StoreError> {
    let Some(name) = path.file_name() else {
        return Err(StoreError::new(format!(
            "{}: expected the path of a file, found none",
            path.display()
        )));
    };
    let mut name = name.to_owned();
    name.push(".");
    name.push(outcome);
    Ok(path.with_file_name(name))
}

/// Returns the metadata of `path` if the file may be used, or `None` if it does not exist.
fn inspect(path: &Path) -> Result<Option<Metadata>, StoreError> {
    match fs::symlink_metadata(path) {
        Ok(found) => check(path, &found).map(|()| Some(found)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("inspect", path, error)),
    }
}

/// Checks that the file is a regular file of this user that nobody else can read or write.
fn check(path: &Path, found: &Metadata) -> Result<(), StoreError> {
    let kind = found.file_type();
    if !kind.is_file() {
        let kind = match (kind.is_symlink(), kind.is_dir()) {
            (true, _) => "a symbolic link",
            (_, true) => "a directory",
            _ => "another kind of file",
        };
        return Err(StoreError::new(format!(
            "{}: expected a regular file, found {kind}",
            path.display()
        )));
    }
    check_owner(path, found, user())?;
    check_mode(path, found)
}

/// Returns the effective user ID of this process.
#[cfg(unix)]
fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// The owner of a file controls the tokens in it: tokens of another user would act in that user's name.
#[cfg(unix)]
fn check_owner(path: &Path, found: &Metadata, user: u32) -> Result<(), StoreError> {
    use std::os::unix::fs::MetadataExt as _;

    if found.uid() == user {
        return Ok(());
    }
    Err(StoreError::new(format!(
        "{}: expected a file of this user (uid {user}), found one of uid {}; use another path, or remove it",
        path.display(),
        found.uid()
    )))
}

#[cfg(not(unix))]
fn user() -> u32 {
    0
}

#[cfg(not(unix))]
fn check_owner(_: &Path, _: &Metadata, _: u32) -> Result<(), StoreError> {
    Ok(())
}

#[cfg(unix)]
fn check_mode(path: &Path, found: &Metadata) -> Result<(), StoreError> {
    use std::os::unix::fs::PermissionsExt as _;

    let mode = found.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(StoreError::new(format!(
        "{}: expected a file that only its owner can read or write, found mode {mode:03o}; fix it with `chmod 600 \
         {}`",
        path.display(),
        quoted(path)
    )))
}

#[cfg(not(unix))]
fn check_mode(_: &Path, _: &Metadata) -> Result<(), StoreError> {
    Ok(())
}

/// Quotes a path for a shell.
pub(super) fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+=:,@%".contains(&byte);
    if text.bytes().all(plain) && !text.starts_with('-') {
        return text.into_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(unix)]
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn is_same(_: &Metadata, _: &Metadata) -> bool {
    true
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    let mut file = private(&mut options).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Sets the mode at creation, so that it is never wider, not even for a moment.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

fn create_private(directory: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Flushes the directory, after which the rename survives a power failure. Ignored where directories cannot be flushed.
fn sync_directory(path: &Path) {
    #[cfg(unix)]
    if let Ok(directory) = File::open(directory(path)) {
        let _ = directory.sync_all();
    }
    #[cfg(not(unix))]
    let _ = path;
}

fn failed(action: &str, path: &Path, error: io::Error) -> StoreError {
    StoreError::new(format!("{}: failed to {action}", path.display())).with_source(error)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn file_of_another_user_is_rejected() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let found = file.as_file().metadata().unwrap();
        check_owner(file.path(), &found, user()).unwrap();
        let other = user() + 1;
        let error = check_owner(file.path(), &found, other).unwrap_err();
        let expected = format!(
            "expected a file of this user (uid {other}), found one of uid {}",
            user()
        );
        assert!(error.to_string().contains(&expected), "{error}");
    }
}
