#![cfg(unix)]

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::time::UNIX_EPOCH;

use futures_util::FutureExt as _;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;

fn key(name: &str) -> TokenKey {
    TokenKey {
        issuer: "https://acme.us.auth0.com/".into(),
        client_id: name.into(),
        ..TokenKey::default()
    }
}

fn token(text: &str) -> StoredToken {
    StoredToken::new(text, UNIX_EPOCH + Duration::from_millis(1_800_000_000_250))
}

/// A store in a directory that does not exist yet.
fn store() -> (TempDir, FileStore) {
    let directory = tempfile::tempdir().unwrap();
    let store = FileStore::new(directory.path().join("made/for it/tokens.json"));
    (directory, store)
}

/// A store that holds `text` under `client`.
async fn filled() -> (TempDir, FileStore) {
    let (directory, store) = store();
    store.save(&key("client"), &token("token")).await.unwrap();
    (directory, store)
}

async fn text(store: &FileStore, client: &str) -> Option<String> {
    let stored = store.load(&key(client)).await.unwrap();
    stored.map(|stored| stored.access_token.secret().to_owned())
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// The names of all files in the store's directory.
fn names(store: &FileStore) -> Vec<String> {
    let entries = fs::read_dir(store.path().parent().unwrap()).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Asserts that every operation of the store fails with `expected` and does not change the file.
async fn assert_rejected(store: &FileStore, expected: &str) {
    let before = fs::read(store.path()).ok();
    for result in [
        store.load(&key("client")).await.map(|_| ()),
        store.save(&key("client"), &token("new")).await,
        store.remove(&key("client")).await,
    ] {
        let error = result.unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(text.contains(expected), "{expected} not in {text}");
        assert!(!text.contains("pl4nted"), "{text}");
    }
    assert_eq!(fs::read(store.path()).ok(), before);
}

#[tokio::test]
async fn loading_from_a_missing_file_creates_none() {
    let (directory, store) = store();
    assert_eq!(text(&store, "client").await, None);
    assert!(!directory.path().join("made").exists());
}

#[tokio::test]
async fn token_with_all_members_round_trips() {
    let (_directory, store) = store();
    let mut full = token("token");
    full.token_type = "DPoP".into();
    full.expires_at = Some(full.obtained_at + Duration::from_secs(3600));
    full.scope = Some("read:a read:b".into());
    full.refresh_token = Some("refresh".into());
    store.save(&key("client"), &full).await.unwrap();
    let found = FileStore::new(store.path()).load(&key("client")).await;
    let found = found.unwrap().unwrap();
    let json = |token: &StoredToken| serde_json::to_value(token).unwrap();
    assert_eq!(json(&found), json(&full));
    assert_eq!(found.obtained_at, full.obtained_at);
}

#[tokio::test]
async fn other_tokens_are_kept_by_save_and_remove() {
    let (_directory, store) = store();
    for name in ["one", "two", "three"] {
        store.save(&key(name), &token(name)).await.unwrap();
    }
    store.save(&key("two"), &token("newer")).await.unwrap();
    store.remove(&key("one")).await.unwrap();
    store.remove(&key("unknown")).await.unwrap();
    assert_eq!(text(&store, "one").await, None);
    assert_eq!(text(&store, "two").await.as_deref(), Some("newer"));
    assert_eq!(text(&store, "three").await.as_deref(), Some("three"));
}

#[tokio::test]
async fn created_files_and_directories_are_private() {
    let (directory, store) = filled().await;
    let guard = store.lock(&key("client")).await.unwrap();
    assert_eq!(mode(store.path()), 0o600);
    assert_eq!(mode(&directory.path().join("made")), 0o700);
    assert_eq!(mode(&directory.path().join("made/for it")), 0o700);
    for name in names(&store) {
        assert_eq!(mode(&store.path().with_file_name(&name)), 0o600, "{name}");
    }
    assert_eq!(names(&store).len(), 3, "{:?}", names(&store));
    drop(guard);
}

#[tokio::test]
async fn file_is_replaced_atomically_without_leftovers() {
    let (_directory, store) = filled().await;
    let before = fs::metadata(store.path()).unwrap().ino();
    // A concurrent reader reads the old file to its end.
    let reader = fs::File::open(store.path()).unwrap();
    // A leftover of a process that was killed while it wrote.
    let left_over = disk::beside(store.path(), "tmp").unwrap();
    fs::write(&left_over, "half of a tok").unwrap();
    fs::set_permissions(&left_over, Permissions::from_mode(0o644)).unwrap();

    store.save(&key("client"), &token("newer")).await.unwrap();
    assert_ne!(fs::metadata(store.path()).unwrap().ino(), before);
    assert_eq!(mode(store.path()), 0o600);
    assert!(
        std::io::read_to_string(reader)
            .unwrap()
            .contains("\"token\"")
    );
    assert_eq!(names(&store), ["tokens.json", "tokens.json.lock"]);
}

#[test]
fn failed_write_leaves_no_leftovers() {
    let directory = tempfile::tempdir().unwrap();
    // A file cannot replace a directory.
    let path = directory.path().join("tokens.json");
    fs::create_dir(&path).unwrap();
    let error = disk::replace(&path, b"token").unwrap_err();
    assert!(error.to_string().ends_with("failed to write"), "{error}");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn file_open_to_others_is_rejected_with_the_command_to_fix_it() {
    let (_directory, store) = filled().await;
    for wide in [0o640, 0o604, 0o620, 0o602, 0o601, 0o644, 0o666, 0o777] {
        fs::set_permissions(store.path(), Permissions::from_mode(wide)).unwrap();
        assert_rejected(&store, &format!("found mode {wide:03o}")).await;
    }
    let error = store.load(&key("client")).await.unwrap_err().to_string();
    let (_, command) = error.split_once("fix it with `").unwrap();
    let command = command.trim_end_matches('`');
    assert!(command.contains("for it"), "{command}");
    let status = std::process::Command::new("sh")
        .args(["-c", command])
        .status();
    assert!(status.unwrap().success());
    assert_eq!(text(&store, "client").await.as_deref(), Some("token"));
}

#[tokio::test]
async fn irregular_file_is_rejected() {
    let (directory, store) = filled().await;
    let elsewhere = directory.path().join("elsewhere.json");
    fs::rename(store.path(), &elsewhere).unwrap();
    symlink(&elsewhere, store.path()).unwrap();
    assert_rejected(&store, "expected a regular file, found a symbolic link").await;

    // Writing through a dangling link would create a file at its target.
    fs::remove_file(&elsewhere).unwrap();
    assert_rejected(&store, "found a symbolic link").await;
    assert!(!elsewhere.exists());

    fs::remove_file(store.path()).unwrap();
    fs::create_dir(store.path()).unwrap();
    assert_rejected(&store, "found a directory").await;

    fs::remove_dir(store.path()).unwrap();
    let _socket = UnixListener::bind(store.path()).unwrap();
    assert_rejected(&store, "found another kind of file").await;
}

#[tokio::test]
async fn linked_lock_file_is_rejected() {
    let (directory, store) = filled().await;
    let lock = disk::beside(store.path(), "lock").unwrap();
    fs::remove_file(&lock).unwrap();
    let elsewhere = directory.path().join("elsewhere");
    symlink(&elsewhere, &lock).unwrap();
    let error = store.save(&key("client"), &token("new")).await.unwrap_err();
    assert!(
        error.to_string().contains("found a symbolic link"),
        "{error}"
    );
    assert!(!elsewhere.exists());
}

#[tokio::test]
async fn path_without_file_name_is_rejected() {
    for path in ["/", "..", ""] {
        let store = FileStore::new(path);
        let error = store.save(&key("client"), &token("new")).await.unwrap_err();
        assert!(
            error.to_string().contains("expected the path of a file"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn damaged_file_is_rejected_and_unchanged() {
    let (_directory, store) = filled().await;
    let whole = fs::read(store.path()).unwrap();
    for damaged in [
        whole[..whole.len() / 2].to_vec(),
        b"pl4nted".to_vec(),
        b"[\"pl4nted\"]".to_vec(),
        b"{\"tokens\": []}".to_vec(),
        b"{\"version\": \"pl4nted\"}".to_vec(),
        b"{\"version\": 1, \"tokens\": [\"pl4nted\"]}".to_vec(),
        b"{\"version\": 1, \"tokens\": [{\"token\": \"pl4nted\"}]}".to_vec(),
        b"\xff\xfe".to_vec(),
    ] {
        fs::write(store.path(), damaged).unwrap();
        assert_rejected(&store, "it is not overwritten: remove it with `rm '").await;
    }
    fs::write(store.path(), b"{\"version\": 2, \"new\": \"pl4nted\"}").unwrap();
    assert_rejected(
        &store,
        "expected a token file of version 1, found version 2",
    )
    .await;

    let sparse = fs::OpenOptions::new()
        .write(true)
        .open(store.path())
        .unwrap();
    sparse.set_len(17 * 1024 * 1024).unwrap();
    let error = store.load(&key("client")).await.unwrap_err();
    assert!(
        error.to_string().contains("at most 16777216 bytes"),
        "{error}"
    );
}

#[tokio::test]
async fn empty_file_is_used() {
    let (_directory, store) = filled().await;
    fs::write(store.path(), " \n").unwrap();
    assert_eq!(text(&store, "client").await, None);
    store.save(&key("client"), &token("new")).await.unwrap();
    assert_eq!(text(&store, "client").await.as_deref(), Some("new"));
}

#[tokio::test]
async fn damaged_token_is_rejected_until_it_is_replaced() {
    let (_directory, store) = filled().await;
    store.save(&key("other"), &token("other")).await.unwrap();
    let mut document: Value = serde_json::from_slice(&fs::read(store.path()).unwrap()).unwrap();
    document["tokens"][0]["token"]["access_token"] = json!(["pl4nted"]);
    fs::write(store.path(), document.to_string()).unwrap();
    let error = store.load(&key("client")).await.unwrap_err();
    assert!(
        error.to_string().contains("found damaged content"),
        "{error}"
    );
    assert!(!format!("{error} {error:?}").contains("pl4nted"));
    assert_eq!(text(&store, "other").await.as_deref(), Some("other"));
    store.save(&key("client"), &token("new")).await.unwrap();
    assert_eq!(text(&store, "client").await.as_deref(), Some("new"));
}

#[tokio::test]
async fn unknown_members_are_kept_and_distinguish_keys() {
    let (_directory, store) = filled().await;
    let mut document: Value = serde_json::from_slice(&fs::read(store.path()).unwrap()).unwrap();
    document["new"] = json!({"a": 1});
    document["tokens"][0]["new"] = json!("b");
    let mut other = document["tokens"][0].clone();
    other["key"]["new"] = json!("c");
    other["token"]["access_token"] = json!("somebody else's");
    document["tokens"] = json!([other, document["tokens"][0]]);
    fs::write(store.path(), document.to_string()).unwrap();

    assert_eq!(text(&store, "client").await.as_deref(), Some("token"));
    store.save(&key("client"), &token("newer")).await.unwrap();
    document["tokens"][1]["token"]["access_token"] = json!("newer");
    let found: Value = serde_json::from_slice(&fs::read(store.path()).unwrap()).unwrap();
    assert_eq!(found, document);
}

#[tokio::test]
async fn lock_only_blocks_its_own_token() {
    let (_directory, store) = store();
    let other = FileStore::new(store.path());
    let guard = store.lock(&key("one")).await.unwrap();
    let _another = other.lock(&key("two")).await.unwrap();
    let one = key("one");
    let mut waiting = other.lock(&one);
    for _ in 0..50 {
        assert!((&mut waiting).now_or_never().is_none());
        tokio::task::yield_now().await;
    }
    // The holder of the lock can use the store.
    store.save(&key("one"), &token("token")).await.unwrap();
    drop(guard);
    waiting.await.unwrap();
}

#[tokio::test]
async fn replaced_lock_file_is_held_by_its_creator() {
    let (_directory, store) = store();
    let _guard = store.lock(&key("one")).await.unwrap();
    let name = names(&store).remove(0);
    fs::remove_file(store.path().with_file_name(name)).unwrap();
    let _new = store.lock(&key("one")).await.unwrap();
    assert!(store.lock(&key("one")).now_or_never().is_none());
}

#[test]
fn lock_on_a_removed_file_does_not_count() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.lock");
    let opened = disk::open_lock(&path).unwrap();
    assert!(disk::is_at(&opened, &path));
    fs::remove_file(&path).unwrap();
    assert!(!disk::is_at(&opened, &path));
    let newer = disk::open_lock(&path).unwrap();
    assert!(!disk::is_at(&opened, &path) && disk::is_at(&newer, &path));
}

#[tokio::test]
async fn file_lock_held_too_long_is_an_error() {
    #[derive(Debug)]
    struct NoTime;
    impl auth0_core::time::Sleeper for NoTime {
        fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
            Box::pin(std::future::ready(()))
        }
    }
    let (_directory, store) = filled().await;
    let lock = disk::beside(store.path(), "lock").unwrap();
    let held = fs::File::open(&lock).unwrap();
    held.try_lock().unwrap();
    let store = store.sleeper(Arc::new(NoTime));
    let error = store.save(&key("client"), &token("new")).await.unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("another process has held the lock for 10 s"),
        "{error}"
    );
    drop(held);
    store.save(&key("client"), &token("new")).await.unwrap();
}

#[test]
fn concurrent_saves_of_many_stores_lose_no_token() {
    let (_directory, store) = store();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let store = FileStore::new(store.path());
            scope.spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .unwrap();
                runtime.block_on(async {
                    for number in 0..10 {
                        let name = format!("{thread}-{number}");
                        store.save(&key(&name), &token(&name)).await.unwrap();
                    }
                });
            });
        }
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        for (thread, number) in
            (0..8).flat_map(|thread| (0..10).map(move |number| (thread, number)))
        {
            let name = format!("{thread}-{number}");
            assert_eq!(text(&store, &name).await, Some(name));
        }
    });
}

#[test]
fn quoted_path_is_one_shell_word() {
    for (path, expected) in [
        ("/home/a/tokens.json", "/home/a/tokens.json"),
        ("/home/a b/tokens.json", "'/home/a b/tokens.json'"),
        ("-rf", "'-rf'"),
        ("/a'b;$(c)", r"'/a'\''b;$(c)'"),
    ] {
        assert_eq!(disk::quoted(Path::new(path)), expected);
    }
}

#[test]
fn debug_shows_the_path() {
    assert_eq!(
        format!("{:?}", FileStore::new("tokens.json")),
        "FileStore { path: \"tokens.json\", .. }"
    );
}
