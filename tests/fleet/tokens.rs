//! Several processes share one token.

use std::sync::Arc;
use std::time::Duration;

use auth0_auth::{DpopKey, StoredToken, TokenStore as _};
use auth0_core::TokenSource as _;
use auth0_core::time::{Clock as _, SystemTimer};
use auth0_fleet::{EncryptionKey, Redis, RedisStore};
use auth0_sandbox::{Application, Fault, Sandbox};

use crate::process::{Process, ProcessConfig, Task};
use crate::server::{Server, signal, wait_until};
use crate::support::{
    CLIENT_SECRET, KEY, now, obtain, redis, sleep, source, source_builder, token_key,
    token_requests,
};

/// The configuration of a process that obtains a token.
fn obtain_config(
    server: &Server,
    sandbox: &Sandbox,
    lock_expiry_ms: u64,
    callers: usize,
) -> ProcessConfig {
    ProcessConfig {
        redis_url: server.url(),
        lock_expiry_ms,
        task: Task::ObtainToken {
            token_url: sandbox.token_url(),
            domain: sandbox.domain(),
            client_id: sandbox.client_id().to_owned(),
            client_secret: sandbox.client_secret().to_owned(),
            audience: sandbox.audience().to_owned(),
            callers,
        },
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "cargo xtask interop"]
async fn eight_processes_without_a_token_send_one_token_request() {
    let server = Server::start();
    let sandbox = crate::support::sandbox().await;
    // Long enough for all processes to ask while the request is in flight.
    let delay = Fault::of("token").delay(Duration::from_millis(300));
    sandbox.fail(delay).unwrap();
    let config = obtain_config(&server, &sandbox, 5_000, 1_000);
    let mut fleet: Vec<_> = (0..8).map(|_| Process::start(&config)).collect();
    for process in &mut fleet {
        process.proceed();
    }
    let mut found: Vec<_> = fleet.iter_mut().map(Process::receive).collect();
    found.dedup();
    assert_eq!(found.len(), 1, "all processes have the same token");
    assert!(
        !found[0].contains(' '),
        "all callers of a process have the same token"
    );
    assert_eq!(token_requests(&sandbox), 1);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "cargo xtask interop"]
async fn killed_lock_holder_is_replaced_when_its_lock_expires() {
    const EXPIRY: u64 = 700;
    let server = Server::start();
    let sandbox = crate::support::sandbox().await;
    let never = Fault::of("token").call(1).delay(Duration::from_secs(600));
    sandbox.fail(never).unwrap();
    let config = obtain_config(&server, &sandbox, EXPIRY, 10);
    let mut holder = Process::start(&config);
    let mut others: Vec<_> = (0..3).map(|_| Process::start(&config)).collect();
    holder.proceed();
    let is_locked = || server.query::<Vec<String>>(&["KEYS", "*:lock"]).len() == 1;
    assert!(wait_until(Duration::from_secs(10), is_locked));
    for process in &mut others {
        process.proceed();
    }
    // The lock is renewed while its holder runs.
    std::thread::sleep(Duration::from_millis(2 * EXPIRY));
    assert!(is_locked());
    holder.kill();
    let killed_at = now();
    let mut found: Vec<_> = others.iter_mut().map(Process::receive).collect();
    let took = killed_at.elapsed();
    found.dedup();
    assert_eq!(found.len(), 1);
    // The sandbox never responds to the killed process, so it grants one token only.
    assert_eq!(sandbox.tokens_granted(), 1);
    // The expiry, the longest wait between two attempts to lock, and some time for a busy machine.
    assert!(
        took < Duration::from_millis(EXPIRY + 250 + 1_000),
        "{took:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "cargo xtask interop"]
async fn suspended_lock_holder_does_not_overwrite_a_newer_token() {
    const EXPIRY: u64 = 300;
    let server = Server::start();
    let config = |token: &str| ProcessConfig {
        redis_url: server.url(),
        lock_expiry_ms: EXPIRY,
        task: Task::ReplaceToken {
            client: "client".to_owned(),
            token: token.to_owned(),
        },
    };
    let mut stale = Process::start(&config("older"));
    let mut next = Process::start(&config("newer"));
    stale.proceed();
    assert_eq!(stale.receive(), "locked");
    signal(stale.id(), "STOP");
    let stopped_at = now();
    next.proceed();
    assert_eq!(next.receive(), "locked");
    assert!(stopped_at.elapsed() < Duration::from_millis(EXPIRY + 1_000));
    next.proceed();
    assert_eq!(next.receive(), "saved");
    stale.proceed();
    signal(stale.id(), "CONT");
    assert_eq!(stale.receive(), "saved", "a late save is not an error");
    let store = RedisStore::new(&redis(&server.url()));
    let found = store.load(&token_key("client")).await.unwrap().unwrap();
    assert_eq!(found.access_token.secret(), "newer");
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn expired_lock_is_not_released_on_behalf_of_its_next_holder() {
    let server = Server::start();
    let store = |_| RedisStore::new(&redis(&server.url()));
    let [one, two] = [0, 1].map(store);
    let key = token_key("client");
    let first = one.lock(&key).await.unwrap();
    let names: Vec<String> = server.query(&["KEYS", "*:lock"]);
    // As if the lock had expired.
    server.query::<i64>(&["DEL", &names[0]]);
    let second = two.lock(&key).await.unwrap();
    drop(first);
    let _third = one.lock(&token_key("another")).await.unwrap();
    assert_eq!(server.query::<i64>(&["EXISTS", &names[0]]), 1);
    drop(second);
    let is_free = || server.query::<i64>(&["EXISTS", &names[0]]) == 0;
    while !is_free() {
        sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn redis_content_reveals_no_secret_and_no_name() {
    let server = Server::start();
    let sandbox = Sandbox::builder()
        .application(Application::new("planted-client-id", CLIENT_SECRET))
        .start()
        .await
        .unwrap();
    let store = RedisStore::new(&redis(&server.url()));
    let source = source_builder(&sandbox)
        .client_id("planted-client-id")
        .client_secret(CLIENT_SECRET)
        .store(store.clone())
        .build()
        .unwrap();
    let token = obtain(&source).await;
    let key = token_key("planted-client-id");
    let _guard = store.lock(&key).await.unwrap();
    let mut session = StoredToken::new("planted-access-token", SystemTimer.now());
    session.refresh_token = Some("planted-refresh-token".into());
    store.save(&key, &session).await.unwrap();

    let content = server.content();
    let contains = |text: &str| {
        let text = text.as_bytes();
        content.windows(text.len()).any(|window| window == text)
    };
    assert!(contains("auth0:{") && contains(":token") && contains(":lock") && contains(":fence"));
    for planted in [
        &*token,
        token.split('.').next_back().unwrap(),
        CLIENT_SECRET,
        "planted",
        "Bearer",
        "acme",
        "sandbox",
        &sandbox.domain(),
        sandbox.audience(),
        "127.0.0.1",
        "access_token",
    ] {
        assert!(!contains(planted), "{planted}");
    }
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn bound_token_is_shared_by_the_sources_with_its_key() {
    let server = Server::start();
    let sandbox = crate::support::sandbox().await;
    let [one, two] = [0, 1].map(|_| DpopKey::generate().unwrap());
    let with = |key: &DpopKey| {
        let store = RedisStore::new(&redis(&server.url()));
        source_builder(&sandbox)
            .dpop(key.clone())
            .store(store)
            .build()
            .unwrap()
    };
    let first = obtain(&with(&one)).await;
    assert_eq!(obtain(&with(&one)).await, first, "the same key");
    assert_ne!(obtain(&with(&two)).await, first, "another key");
    assert_ne!(
        obtain(&source(&sandbox, &server.url())).await,
        first,
        "no key"
    );
    assert_eq!(token_requests(&sandbox), 3);
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn rejected_secret_affects_only_the_source_that_uses_it() {
    let server = Server::start();
    let sandbox = crate::support::sandbox().await;
    let store = || RedisStore::new(&redis(&server.url()));
    let wrong = source_builder(&sandbox)
        .client_secret("wrong")
        .store(store());
    let wrong = wrong.build().unwrap();
    for _ in 0..3 {
        assert!(wrong.token().await.is_err());
    }
    assert_eq!(
        token_requests(&sandbox),
        1,
        "the source remembers the rejection"
    );
    obtain(&source(&sandbox, &server.url())).await;
    assert_eq!(token_requests(&sandbox), 2);
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn replacing_the_encryption_key_in_steps_loses_no_token() {
    let server = Server::start();
    let sandbox = crate::support::sandbox().await;
    let [old, new] = [KEY, [9; 32]].map(EncryptionKey::from_bytes);
    let with = |keys: &[&EncryptionKey]| {
        let builder = Redis::builder(server.url());
        let builder = keys
            .iter()
            .fold(builder, |builder, &key| builder.encryption_key(key.clone()));
        let store = RedisStore::new(&builder.build().unwrap());
        source_builder(&sandbox).store(store).build().unwrap()
    };
    let token = obtain(&with(&[&old])).await;
    for keys in [&[&old, &new][..], &[&new, &old]] {
        assert_eq!(obtain(&with(keys)).await, token);
    }
    // The next token is encrypted with the new key, and processes that still encrypt with the old one can read it.
    server.query::<String>(&["FLUSHALL"]);
    let token = obtain(&with(&[&new, &old])).await;
    for keys in [&[&old, &new][..], &[&new]] {
        assert_eq!(obtain(&with(keys)).await, token);
    }
    assert_eq!(token_requests(&sandbox), 2);
    assert_ne!(
        obtain(&with(&[&old])).await,
        token,
        "it does not have the new key"
    );
}

/// A store with its own connection and these encryption keys, like that of another process.
fn store_with(server: &Server, keys: &[u8]) -> RedisStore {
    let builder = Redis::builder(server.url()).timeout(Duration::from_secs(10));
    let builder = keys.iter().fold(builder, |builder, &key| {
        builder.encryption_key(EncryptionKey::from_bytes([key; 32]))
    });
    RedisStore::new(&builder.build().unwrap())
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn processes_with_one_common_key_exclude_each_other() {
    let server = Server::start();
    let key = token_key("client");
    // All combinations that occur while a key is replaced, even twice in a row.
    for (one, other) in [
        (&[1, 2][..], &[2, 1][..]),
        (&[2, 1], &[1, 2]),
        (&[1], &[1, 2]),
        (&[1], &[2, 1]),
        (&[1, 2], &[1]),
        (&[2, 1], &[2]),
        (&[1, 2], &[2, 3]),
        (&[3, 2], &[2, 1]),
        (&[1, 2, 3], &[3, 4]),
    ] {
        let [one, other] = [one, other].map(|keys| store_with(&server, keys));
        let guard = one.lock(&key).await.unwrap();
        let waiting = other.lock(&key);
        tokio::pin!(waiting);
        let elapsed = sleep(Duration::from_millis(150));
        tokio::select! {
            _ = &mut waiting => panic!("both processes hold the lock"),
            () = elapsed => {}
        }
        drop(guard);
        drop(waiting.await.unwrap());
        while !server.query::<Vec<String>>(&["KEYS", "*:lock"]).is_empty() {
            sleep(Duration::from_millis(5)).await;
        }
    }
    // Without a common key, the processes do not affect each other.
    let _guard = store_with(&server, &[1]).lock(&key).await.unwrap();
    let _other = store_with(&server, &[2]).lock(&key).await.unwrap();
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn processes_with_differently_ordered_keys_do_not_deadlock() {
    let server = Server::start();
    let key = token_key("client");
    let lists: [&[u8]; 4] = [&[1, 2], &[2, 1], &[1], &[2]];
    // The key lists of the current lock holders.
    let holders = Arc::new(std::sync::Mutex::new(Vec::<&[u8]>::new()));
    let tasks = lists.into_iter().cycle().take(12).map(|list| {
        let (store, key, holders) = (store_with(&server, list), key.clone(), holders.clone());
        tokio::spawn(async move {
            for _ in 0..3 {
                let guard = store.lock(&key).await.unwrap();
                {
                    let mut holders = holders.lock().unwrap();
                    let is_disjoint = |other: &&[u8]| !other.iter().any(|key| list.contains(key));
                    assert!(holders.iter().all(is_disjoint), "{list:?} and {holders:?}");
                    holders.push(list);
                }
                sleep(Duration::from_millis(2)).await;
                holders.lock().unwrap().retain(|other| *other != list);
                drop(guard);
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn saving_with_the_new_key_removes_what_the_old_key_encrypted() {
    let server = Server::start();
    let key = token_key("client");
    let token = |text: &str| {
        let mut token = StoredToken::new(text, SystemTimer.now());
        token.refresh_token = Some("refresh".into());
        token
    };
    let load = async |keys: &[u8]| {
        let found = store_with(&server, keys).load(&key).await.unwrap();
        found.map(|token| token.access_token.secret().to_owned())
    };
    store_with(&server, &[1])
        .save(&key, &token("first"))
        .await
        .unwrap();
    assert_eq!(load(&[1]).await.as_deref(), Some("first"));
    store_with(&server, &[2, 1])
        .save(&key, &token("second"))
        .await
        .unwrap();
    assert_eq!(load(&[1]).await, None, "the old key");
    for keys in [&[2][..], &[1, 2], &[2, 1]] {
        assert_eq!(load(keys).await.as_deref(), Some("second"), "{keys:?}");
    }
    // A process that still encrypts with the old key, while the keys are swapped.
    store_with(&server, &[1, 2])
        .save(&key, &token("third"))
        .await
        .unwrap();
    for keys in [&[1][..], &[1, 2], &[2, 1]] {
        assert_eq!(load(keys).await.as_deref(), Some("third"), "{keys:?}");
    }
    store_with(&server, &[2, 1])
        .save(&key, &token("fourth"))
        .await
        .unwrap();
    // One value has no expiry: the session.
    let names: Vec<String> = server.query(&["KEYS", "*:token"]);
    let without_expiry = names
        .iter()
        .filter(|name| server.query::<i64>(&["PTTL", name]) == -1);
    assert_eq!(without_expiry.count(), 1, "{names:?}");
    let values = names
        .iter()
        .filter(|name| server.query::<i64>(&["HEXISTS", name, "value"]) == 1);
    assert_eq!(values.count(), 1, "{names:?}");
    store_with(&server, &[1, 2]).remove(&key).await.unwrap();
    for keys in [&[1][..], &[2], &[1, 2], &[2, 1]] {
        assert_eq!(load(keys).await, None, "{keys:?}");
    }
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn late_lock_holder_with_other_keys_does_not_overwrite_a_newer_token() {
    let server = Server::start();
    let key = token_key("client");
    let token = |text: &str| StoredToken::new(text, SystemTimer.now());
    for (stale, next) in [
        (&[1, 2][..], &[2, 1][..]),
        (&[1], &[2, 1]),
        (&[2, 1], &[1, 2]),
    ] {
        let [stale, next] = [stale, next].map(|keys| store_with(&server, keys));
        let _guard = stale.lock(&key).await.unwrap();
        // As if the locks had expired.
        for name in server.query::<Vec<String>>(&["KEYS", "*:lock"]) {
            server.query::<i64>(&["DEL", &name]);
        }
        let _newer = next.lock(&key).await.unwrap();
        next.save(&key, &token("newer")).await.unwrap();
        stale.save(&key, &token("older")).await.unwrap();
        let found = next.load(&key).await.unwrap().unwrap();
        assert_eq!(found.access_token.secret(), "newer");
        server.query::<String>(&["FLUSHALL"]);
    }
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn lock_expiry_is_at_most_one_day() {
    let server = Server::start();
    let store = store_with(&server, &[1]).lock_expiry(Duration::MAX);
    let _guard = store.lock(&token_key("client")).await.unwrap();
    let names: Vec<String> = server.query(&["KEYS", "*:lock"]);
    let left = server.query::<i64>(&["PTTL", &names[0]]);
    assert!((86_000_000..=86_400_000).contains(&left), "{left}");
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn removed_token_is_not_stored_again_by_an_earlier_lock_holder() {
    let server = Server::start();
    let store = |_| RedisStore::new(&redis(&server.url()));
    let [one, two] = [0, 1].map(store);
    let key = token_key("client");
    let mut token = StoredToken::new("token", SystemTimer.now());
    token.refresh_token = Some("refresh".into());
    let stale = one.lock(&key).await.unwrap();
    one.save(&key, &token).await.unwrap();
    assert!(two.load(&key).await.unwrap().is_some());
    let names: Vec<String> = server.query(&["KEYS", "*:lock"]);
    server.query::<i64>(&["DEL", &names[0]]);
    let _guard = two.lock(&key).await.unwrap();
    two.remove(&key).await.unwrap();
    assert!(one.load(&key).await.unwrap().is_none());
    one.save(&key, &token).await.unwrap();
    assert!(two.load(&key).await.unwrap().is_none());
    // The lock holder can store a token again.
    two.save(&key, &token).await.unwrap();
    assert!(one.load(&key).await.unwrap().is_some());
    drop(stale);
}
