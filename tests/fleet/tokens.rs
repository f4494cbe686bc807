//! One token for several processes.

use std::sync::Arc;
use std::time::Duration;

use auth0_auth::redis::{EncryptionKey, Redis, RedisStore};
use auth0_auth::{DpopKey, StoredToken, TokenStore as _};
use auth0_core::TokenSource as _;
use auth0_core::time::{Clock as _, SystemTimer};
use auth0_sandbox::{Application, Fault, Sandbox};

use crate::process::{Process, Task, Told};
use crate::server::{Server, signal, wait_until};
use crate::support::{
    CLIENT_SECRET, KEY, now, redis, settings, source, text, token_key, token_requests,
};

fn asking(server: &Server, sandbox: &Sandbox, lock_expiry_ms: u64, callers: usize) -> Told {
    Told {
        redis: server.url(),
        lock_expiry_ms,
        task: Task::Ask {
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
async fn eight_processes_start_cold_then_there_is_one_token_request_for_all() {
    let server = Server::start();
    let sandbox = crate::support::sandbox().await;
    // Long enough for all to come while it is under way.
    let slowly = Fault::of("token").delay(Duration::from_millis(300));
    sandbox.fail(slowly).unwrap();
    let told = asking(&server, &sandbox, 5_000, 1_000);
    let mut fleet: Vec<_> = (0..8).map(|_| Process::start(&told)).collect();
    for process in &mut fleet {
        process.go();
    }
    let mut found: Vec<_> = fleet.iter_mut().map(Process::hear).collect();
    found.dedup();
    assert_eq!(found.len(), 1, "all have the same token");
    assert!(!found[0].contains(' '), "and no second one");
    assert_eq!(token_requests(&sandbox), 1);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "cargo xtask interop"]
async fn holder_is_killed_then_another_takes_over_within_the_expiry_of_the_lock() {
    const EXPIRY: u64 = 700;
    let server = Server::start();
    let sandbox = crate::support::sandbox().await;
    let never = Fault::of("token").call(1).delay(Duration::from_secs(600));
    sandbox.fail(never).unwrap();
    let told = asking(&server, &sandbox, EXPIRY, 10);
    let mut holder = Process::start(&told);
    let mut others: Vec<_> = (0..3).map(|_| Process::start(&told)).collect();
    holder.go();
    let holds = || server.ask::<Vec<String>>(&["KEYS", "*:lock"]).len() == 1;
    assert!(wait_until(Duration::from_secs(10), holds));
    for process in &mut others {
        process.go();
    }
    // It is renewed as long as its holder lives.
    std::thread::sleep(Duration::from_millis(2 * EXPIRY));
    assert!(holds());
    holder.kill();
    let killed_at = now();
    let mut found: Vec<_> = others.iter_mut().map(Process::hear).collect();
    let took = killed_at.elapsed();
    found.dedup();
    assert_eq!(found.len(), 1);
    // What it was killed with is recorded when the sandbox answers, which is never.
    assert_eq!(sandbox.tokens_granted(), 1, "one more");
    // The expiry, the wait of whoever takes over, and what the others need to hear of it on a machine with much to do.
    assert!(
        took < Duration::from_millis(EXPIRY + 250 + 1_000),
        "{took:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "cargo xtask interop"]
async fn holder_is_stopped_and_wakes_up_late_then_the_newer_token_stays() {
    const EXPIRY: u64 = 300;
    let server = Server::start();
    let told = |token: &str| Told {
        redis: server.url(),
        lock_expiry_ms: EXPIRY,
        task: Task::Replace {
            client: "client".to_owned(),
            token: token.to_owned(),
        },
    };
    let mut stale = Process::start(&told("older"));
    let mut next = Process::start(&told("newer"));
    stale.go();
    assert_eq!(stale.hear(), "locked");
    signal(stale.id(), "STOP");
    let stopped_at = now();
    next.go();
    assert_eq!(next.hear(), "locked");
    assert!(stopped_at.elapsed() < Duration::from_millis(EXPIRY + 1_000));
    next.go();
    assert_eq!(next.hear(), "saved");
    stale.go();
    signal(stale.id(), "CONT");
    assert_eq!(stale.hear(), "saved", "to it that is no error");
    let store = RedisStore::new(&redis(&server.url()));
    let found = store.load(&token_key("client")).await.unwrap().unwrap();
    assert_eq!(found.access_token.secret(), "newer");
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn holder_gave_its_lock_up_late_then_it_takes_nobody_elses() {
    let server = Server::start();
    let store = |_| RedisStore::new(&redis(&server.url()));
    let [one, two] = [0, 1].map(store);
    let key = token_key("client");
    let first = one.lock(&key).await.unwrap();
    let names: Vec<String> = server.ask(&["KEYS", "*:lock"]);
    // As if it had expired.
    server.ask::<i64>(&["DEL", &names[0]]);
    let second = two.lock(&key).await.unwrap();
    drop(first);
    let _third = one.lock(&token_key("another")).await.unwrap();
    assert_eq!(server.ask::<i64>(&["EXISTS", &names[0]]), 1);
    drop(second);
    let is_free = || server.ask::<i64>(&["EXISTS", &names[0]]) == 0;
    while !is_free() {
        crate::support::pass(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn all_that_is_in_redis_is_searched_then_no_secret_and_no_name_is_found() {
    let server = Server::start();
    let sandbox = Sandbox::builder()
        .application(Application::new("planted-client-id", CLIENT_SECRET))
        .start()
        .await
        .unwrap();
    let store = RedisStore::new(&redis(&server.url()));
    let source = settings(&sandbox)
        .client_id("planted-client-id")
        .client_secret(CLIENT_SECRET)
        .store(store.clone())
        .build()
        .unwrap();
    let token = text(&source).await;
    let key = token_key("planted-client-id");
    let _guard = store.lock(&key).await.unwrap();
    let mut session = StoredToken::new("planted-access-token", SystemTimer.now());
    session.refresh_token = Some("planted-refresh-token".into());
    store.save(&key, &session).await.unwrap();

    let content = server.content();
    let finds = |text: &str| {
        let text = text.as_bytes();
        content.windows(text.len()).any(|window| window == text)
    };
    assert!(finds("auth0:{") && finds(":token") && finds(":lock") && finds(":fence"));
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
        assert!(!finds(planted), "{planted}");
    }
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn tokens_are_bound_to_keys_then_they_are_shared_by_who_has_the_key() {
    let server = Server::start();
    let sandbox = crate::support::sandbox().await;
    let [one, two] = [0, 1].map(|_| DpopKey::generate().unwrap());
    let with = |key: &DpopKey| {
        let store = RedisStore::new(&redis(&server.url()));
        settings(&sandbox)
            .dpop(key.clone())
            .store(store)
            .build()
            .unwrap()
    };
    let first = text(&with(&one)).await;
    assert_eq!(text(&with(&one)).await, first, "it has the key");
    assert_ne!(text(&with(&two)).await, first, "it has another");
    assert_ne!(
        text(&source(&sandbox, &server.url())).await,
        first,
        "it has none"
    );
    assert_eq!(token_requests(&sandbox), 3);
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn refused_secret_then_each_process_hears_it_for_itself() {
    let server = Server::start();
    let sandbox = crate::support::sandbox().await;
    let store = || RedisStore::new(&redis(&server.url()));
    let wrong = settings(&sandbox).client_secret("wrong").store(store());
    let wrong = wrong.build().unwrap();
    for _ in 0..3 {
        assert!(wrong.token().await.is_err());
    }
    assert_eq!(token_requests(&sandbox), 1, "it is remembered there");
    text(&source(&sandbox, &server.url())).await;
    assert_eq!(token_requests(&sandbox), 2);
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn keys_are_replaced_step_by_step_then_no_token_is_lost() {
    let server = Server::start();
    let sandbox = crate::support::sandbox().await;
    let [old, new] = [KEY, [9; 32]].map(EncryptionKey::from_bytes);
    let with = |keys: &[&EncryptionKey]| {
        let builder = Redis::builder(server.url());
        let builder = keys
            .iter()
            .fold(builder, |builder, &key| builder.encryption_key(key.clone()));
        let store = RedisStore::new(&builder.build().unwrap());
        settings(&sandbox).store(store).build().unwrap()
    };
    let token = text(&with(&[&old])).await;
    for keys in [&[&old, &new][..], &[&new, &old]] {
        assert_eq!(text(&with(keys)).await, token);
    }
    // The next token is the new key's, and those that do not encrypt with it yet read it.
    server.ask::<String>(&["FLUSHALL"]);
    let token = text(&with(&[&new, &old])).await;
    for keys in [&[&old, &new][..], &[&new]] {
        assert_eq!(text(&with(keys)).await, token);
    }
    assert_eq!(token_requests(&sandbox), 2);
    assert_ne!(
        text(&with(&[&old])).await,
        token,
        "it does not know the key"
    );
}

/// A store with these keys, as another process has one.
fn store_with(server: &Server, keys: &[u8]) -> RedisStore {
    let builder = Redis::builder(server.url()).time_out(Duration::from_secs(10));
    let builder = keys.iter().fold(builder, |builder, &key| {
        builder.encryption_key(EncryptionKey::from_bytes([key; 32]))
    });
    RedisStore::new(&builder.build().unwrap())
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn processes_have_one_key_in_common_then_they_exclude_each_other() {
    let server = Server::start();
    let key = token_key("client");
    // Any two that meet while a key is replaced, twice over even.
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
        let late = crate::support::pass(Duration::from_millis(150));
        tokio::select! {
            _ = &mut waiting => panic!("both have the lock"),
            () = late => {}
        }
        drop(guard);
        drop(waiting.await.unwrap());
        while !server.ask::<Vec<String>>(&["KEYS", "*:lock"]).is_empty() {
            crate::support::pass(Duration::from_millis(5)).await;
        }
    }
    // Without a key in common each is a fleet of its own.
    let _guard = store_with(&server, &[1]).lock(&key).await.unwrap();
    let _other = store_with(&server, &[2]).lock(&key).await.unwrap();
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn processes_with_keys_in_another_order_cross_then_nobody_waits_for_ever() {
    let server = Server::start();
    let key = token_key("client");
    let lists: [&[u8]; 4] = [&[1, 2], &[2, 1], &[1], &[2]];
    let inside = Arc::new(std::sync::Mutex::new(Vec::<&[u8]>::new()));
    let tasks = lists.into_iter().cycle().take(12).map(|list| {
        let (store, key, inside) = (store_with(&server, list), key.clone(), inside.clone());
        tokio::spawn(async move {
            for _ in 0..3 {
                let guard = store.lock(&key).await.unwrap();
                {
                    let mut inside = inside.lock().unwrap();
                    let is_free = |other: &&[u8]| !other.iter().any(|key| list.contains(key));
                    assert!(inside.iter().all(is_free), "{list:?} beside {inside:?}");
                    inside.push(list);
                }
                crate::support::pass(Duration::from_millis(2)).await;
                inside.lock().unwrap().retain(|other| *other != list);
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
async fn token_is_saved_with_the_new_key_then_the_old_one_decrypts_nothing() {
    let server = Server::start();
    let key = token_key("client");
    let token = |text: &str| {
        let mut token = StoredToken::new(text, SystemTimer.now());
        token.refresh_token = Some("refresh".into());
        token
    };
    let text = async |keys: &[u8]| {
        let found = store_with(&server, keys).load(&key).await.unwrap();
        found.map(|token| token.access_token.secret().to_owned())
    };
    store_with(&server, &[1])
        .save(&key, &token("first"))
        .await
        .unwrap();
    assert_eq!(text(&[1]).await.as_deref(), Some("first"));
    store_with(&server, &[2, 1])
        .save(&key, &token("second"))
        .await
        .unwrap();
    assert_eq!(text(&[1]).await, None, "the replaced key");
    for keys in [&[2][..], &[1, 2], &[2, 1]] {
        assert_eq!(text(keys).await.as_deref(), Some("second"), "{keys:?}");
    }
    // One that encrypts with the old key still, as the second step begins.
    store_with(&server, &[1, 2])
        .save(&key, &token("third"))
        .await
        .unwrap();
    for keys in [&[1][..], &[1, 2], &[2, 1]] {
        assert_eq!(text(keys).await.as_deref(), Some("third"), "{keys:?}");
    }
    store_with(&server, &[2, 1])
        .save(&key, &token("fourth"))
        .await
        .unwrap();
    // Of what there is, one value has no expiry: the session.
    let names: Vec<String> = server.ask(&["KEYS", "*:token"]);
    let lasting = names
        .iter()
        .filter(|name| server.ask::<i64>(&["PTTL", name]) == -1);
    assert_eq!(lasting.count(), 1, "{names:?}");
    let values = names
        .iter()
        .filter(|name| server.ask::<i64>(&["HEXISTS", name, "value"]) == 1);
    assert_eq!(values.count(), 1, "{names:?}");
    store_with(&server, &[1, 2]).remove(&key).await.unwrap();
    for keys in [&[1][..], &[2], &[1, 2], &[2, 1]] {
        assert_eq!(text(keys).await, None, "{keys:?}");
    }
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn holder_with_another_list_of_keys_is_late_then_the_newer_token_stays() {
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
        // As if its locks had expired.
        for name in server.ask::<Vec<String>>(&["KEYS", "*:lock"]) {
            server.ask::<i64>(&["DEL", &name]);
        }
        let _newer = next.lock(&key).await.unwrap();
        next.save(&key, &token("newer")).await.unwrap();
        stale.save(&key, &token("older")).await.unwrap();
        let found = next.load(&key).await.unwrap().unwrap();
        assert_eq!(found.access_token.secret(), "newer");
        server.ask::<String>(&["FLUSHALL"]);
    }
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn expiry_of_the_lock_is_as_long_as_it_can_be_then_it_is_a_day() {
    let server = Server::start();
    let store = store_with(&server, &[1]).lock_expiry(Duration::MAX);
    let _guard = store.lock(&token_key("client")).await.unwrap();
    let names: Vec<String> = server.ask(&["KEYS", "*:lock"]);
    let left = server.ask::<i64>(&["PTTL", &names[0]]);
    assert!((86_000_000..=86_400_000).contains(&left), "{left}");
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn token_is_removed_then_whoever_began_before_does_not_bring_it_back() {
    let server = Server::start();
    let store = |_| RedisStore::new(&redis(&server.url()));
    let [one, two] = [0, 1].map(store);
    let key = token_key("client");
    let mut token = StoredToken::new("token", SystemTimer.now());
    token.refresh_token = Some("refresh".into());
    let stale = one.lock(&key).await.unwrap();
    one.save(&key, &token).await.unwrap();
    assert!(two.load(&key).await.unwrap().is_some());
    let names: Vec<String> = server.ask(&["KEYS", "*:lock"]);
    server.ask::<i64>(&["DEL", &names[0]]);
    let _guard = two.lock(&key).await.unwrap();
    two.remove(&key).await.unwrap();
    assert!(one.load(&key).await.unwrap().is_none());
    one.save(&key, &token).await.unwrap();
    assert!(two.load(&key).await.unwrap().is_none());
    // Who has the lock may put one there.
    two.save(&key, &token).await.unwrap();
    assert!(one.load(&key).await.unwrap().is_some());
    drop(stale);
}
