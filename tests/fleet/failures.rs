//! No call fails if Redis is unavailable, slow, misconfigured, or holds invalid values.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use auth0_auth::{ClientCredentials, StoredToken, TokenStore as _};
use auth0_core::TokenSource as _;
use auth0_core::time::{Clock, SystemTimer};
use auth0_fleet::{Redis, RedisStore};
use auth0_sandbox::Sandbox;

use crate::server::{Server, free_port, wait_until};
use crate::support::{
    Log, now, obtain, redis, redis_builder, sleep, source, source_builder, token_key,
    token_requests,
};

/// A clock that a test advances, so that it does not have to wait for the next probe of Redis.
#[derive(Debug, Default)]
struct AdvancedClock(Mutex<Duration>);

impl AdvancedClock {
    fn advance(&self, time: Duration) {
        *self.0.lock().unwrap() += time;
    }
}

impl Clock for AdvancedClock {
    fn now(&self) -> SystemTime {
        SystemTimer.now()
    }

    fn monotonic(&self) -> Duration {
        SystemTimer.monotonic() + *self.0.lock().unwrap()
    }
}

/// A new token source, without a cached token, that shares the connection of `redis`.
fn new_source(sandbox: &Sandbox, redis: &Redis) -> ClientCredentials {
    let store = RedisStore::new(redis);
    source_builder(sandbox).store(store).build().unwrap()
}

/// Longer than any pause between probes of Redis.
const PAUSE: Duration = Duration::from_secs(20);

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn outage_is_logged_once_and_redis_is_used_again_after_it() {
    let log = Log::collect();
    let mut server = Server::start();
    let sandbox = crate::support::sandbox().await;
    let clock = Arc::new(AdvancedClock::default());
    let builder = redis_builder(&server.url()).clock(clock.clone());
    let redis = builder.build().unwrap();
    let first = obtain(&new_source(&sandbox, &redis)).await;
    assert_eq!(obtain(&new_source(&sandbox, &redis)).await, first);

    server.stop();
    for _ in 0..3 {
        let source = new_source(&sandbox, &redis);
        assert_ne!(obtain(&source).await, first);
        let failure = source.store_failure().unwrap().to_string();
        assert!(failure.starts_with("redis is unavailable: "), "{failure}");
        clock.advance(PAUSE);
    }
    assert_eq!(token_requests(&sandbox), 4);
    let unavailable = "redis is unavailable, this process continues without it";
    assert_eq!(log.lines(unavailable).len(), 1, "{:?}", log.lines(""));
    assert_eq!(log.lines("WARN").len(), 1, "the source does not log it too");
    assert_eq!(log.lines("redis is available again").len(), 0);

    server.restart();
    clock.advance(PAUSE);
    let source = new_source(&sandbox, &redis);
    let shared = obtain(&source).await;
    assert!(source.store_failure().is_none());
    assert_eq!(obtain(&new_source(&sandbox, &redis)).await, shared);
    assert_eq!(token_requests(&sandbox), 5);
    assert_eq!(log.lines(unavailable).len(), 1);
    assert_eq!(log.lines("redis is available again").len(), 1);

    server.stop();
    obtain(&new_source(&sandbox, &redis)).await;
    assert_eq!(log.lines(unavailable).len(), 2, "this is another outage");
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn lost_connection_is_replaced_without_a_failure() {
    let log = Log::collect();
    let mut server = Server::start();
    let sandbox = crate::support::sandbox().await;
    let redis = redis(&server.url());
    obtain(&new_source(&sandbox, &redis)).await;
    // The lock is released in the background.
    let is_free = || server.query::<Vec<String>>(&["KEYS", "*:lock"]).is_empty();
    assert!(wait_until(Duration::from_secs(5), is_free));
    server.restart();
    let source = new_source(&sandbox, &redis);
    obtain(&source).await;
    assert!(source.store_failure().is_none());
    assert_eq!(log.lines("redis").len(), 0, "{:?}", log.lines(""));
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn slow_redis_delays_one_call_by_the_timeout_and_the_next_ones_not_at_all() {
    let server = Server::start();
    let sandbox = crate::support::sandbox().await;
    let clock = Arc::new(AdvancedClock::default());
    // Longer than a token request takes on a busy machine.
    let timeout = Duration::from_secs(1);
    let builder = redis_builder(&server.url()).timeout(timeout);
    let redis = builder.clock(clock.clone()).build().unwrap();
    let shared = obtain(&new_source(&sandbox, &redis)).await;
    server.signal("STOP");
    for is_delayed in [true, false, false] {
        let started_at = now();
        obtain(&new_source(&sandbox, &redis)).await;
        let took = started_at.elapsed();
        assert_eq!(took >= timeout, is_delayed, "{took:?}");
        assert!(took < 2 * timeout, "{took:?}");
    }
    server.signal("CONT");
    clock.advance(PAUSE);
    assert_eq!(obtain(&new_source(&sandbox, &redis)).await, shared);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "cargo xtask interop"]
async fn repeated_outages_under_load_fail_or_block_no_call() {
    let mut server = Server::start();
    let sandbox = crate::support::sandbox().await;
    let end = now() + Duration::from_secs(3);
    let callers = (0..4).map(|_| {
        let redis = redis_builder(&server.url()).build().unwrap();
        let sources = [new_source(&sandbox, &redis), new_source(&sandbox, &redis)];
        tokio::spawn(async move {
            let mut longest = Duration::ZERO;
            while now() < end {
                for source in &sources {
                    let started_at = now();
                    let token = source.token().await.unwrap();
                    longest = longest.max(started_at.elapsed());
                    // The next call needs a new token.
                    source.accepted(&token);
                    source.rejected(&token);
                }
                sleep(Duration::from_millis(5)).await;
            }
            longest
        })
    });
    let callers: Vec<_> = callers.collect();
    for _ in 0..2 {
        sleep(Duration::from_millis(300)).await;
        server.stop();
        sleep(Duration::from_millis(300)).await;
        server.restart();
        sleep(Duration::from_millis(300)).await;
        server.signal("STOP");
        sleep(Duration::from_millis(400)).await;
        server.signal("CONT");
    }
    for caller in callers {
        let longest = caller.await.unwrap();
        // Two sources of a process may wait for the lock one after the other, and for a timeout of Redis before.
        assert!(longest < Duration::from_secs(2), "{longest:?}");
    }
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn unreadable_value_is_treated_as_missing_and_logged_once() {
    let server = Server::start();
    let sandbox = crate::support::sandbox().await;
    obtain(&source(&sandbox, &server.url())).await;
    let name = server.query::<Vec<String>>(&["KEYS", "*:token"]).remove(0);
    let envelope: Vec<u8> = server.query(&["HGET", &name, "value"]);
    // The value of another token, under the name of this one.
    let store = RedisStore::new(&redis(&server.url()));
    let other = StoredToken::new("of another", SystemTimer.now());
    store.save(&token_key("another"), &other).await.unwrap();
    let names: Vec<String> = server.query(&["KEYS", "*:token"]);
    let other_name = names.iter().find(|other| **other != name).unwrap();
    let moved: Vec<u8> = server.query(&["HGET", other_name, "value"]);

    let with_changed_byte = |at: usize| {
        let mut value = envelope.clone();
        value[at] ^= 1;
        value
    };
    let cases = [
        (b"rubbish".to_vec(), "not written by this version"),
        (vec![], "not written by this version"),
        (with_changed_byte(0), "not written by this version"),
        (with_changed_byte(1), "a key that is not in the list"),
        (with_changed_byte(9), "decryption failed"),
        (with_changed_byte(envelope.len() - 1), "decryption failed"),
        (moved, "decryption failed"),
    ];
    for (number, (value, reason)) in cases.into_iter().enumerate() {
        let log = Log::collect();
        let mut set = redis::cmd("HSET");
        set.arg(&name).arg("value").arg(value);
        let _: i64 = set.query(&mut server.connection()).unwrap();
        let requests = token_requests(&sandbox);
        let source = source(&sandbox, &server.url());
        let token = obtain(&source).await;
        assert_eq!(token_requests(&sandbox), requests + 1, "case {number}");
        assert!(source.store_failure().is_none());
        let warnings = log.lines("cannot be read");
        assert_eq!(warnings.len(), 1, "case {number}: {warnings:?}");
        assert!(warnings[0].contains(reason), "case {number}: {warnings:?}");
        assert_eq!(
            obtain(&crate::support::source(&sandbox, &server.url())).await,
            token
        );
    }
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn keys_with_foreign_values_are_overwritten() {
    let server = Server::start();
    let sandbox = crate::support::sandbox().await;
    obtain(&source(&sandbox, &server.url())).await;
    let names: Vec<String> = server.query(&["KEYS", "*:token"]);
    let stem = names[0].strip_suffix(":token").unwrap();
    let cases: [&[&str]; 8] = [
        &["SET", "token", "rubbish"],
        &["RPUSH", "token", "rubbish"],
        &["HSET", "token", "fence", "1e300", "value", "rubbish"],
        &["HSET", "token", "fence", "nan", "value", "rubbish"],
        &["SET", "fence", "1e300"],
        &["RPUSH", "fence", "rubbish"],
        // A lock without an expiry or an owner would never be released.
        &["SET", "lock", "rubbish"],
        &["RPUSH", "lock", "rubbish"],
    ];
    for case in cases {
        let name = format!("{stem}:{}", case[1]);
        server.query::<i64>(&["DEL", &name]);
        let mut words = case.to_vec();
        words[1] = &name;
        server.query::<redis::Value>(&words);
        if case[1] != "token" {
            server.query::<i64>(&["DEL", &names[0]]);
        }
        let first = source(&sandbox, &server.url());
        let token = obtain(&first).await;
        assert!(
            first.store_failure().is_none(),
            "{case:?}: {:?}",
            first.store_failure()
        );
        assert_eq!(
            obtain(&source(&sandbox, &server.url())).await,
            token,
            "{case:?}"
        );
    }
}

fn openssl(folder: &Path, arguments: &str) {
    let output = Command::new("openssl")
        .args(arguments.split(' '))
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn tls_user_and_database_of_the_url_are_used() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let request = "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    openssl(
        folder.path(),
        &format!("{request} -x509 -days 2 -subj /CN=authority -keyout ca.key -out ca.pem"),
    );
    std::fs::write(path("names"), "subjectAltName=DNS:localhost,IP:127.0.0.1").unwrap();
    for name in ["server", "client"] {
        openssl(
            folder.path(),
            &format!("{request} -subj /CN={name} -keyout {name}.key -out {name}.csr"),
        );
        openssl(
            folder.path(),
            &format!(
                "x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out {name}.pem"
            ),
        );
    }
    let port = free_port().to_string();
    let server = Server::with_settings(&[
        "--tls-port",
        &port,
        "--tls-ca-cert-file",
        &path("ca.pem"),
        "--tls-cert-file",
        &path("server.pem"),
        "--tls-key-file",
        &path("server.key"),
    ]);
    // Exactly the permissions that `auth0_fleet::docs` lists.
    let permissions = "+eval +get +set +del +pttl +pexpire +hget +hmget +hset +time +select";
    let words: Vec<_> = ["ACL", "SETUSER", "fleet", "on", ">pl@nted", "~auth0:*"]
        .into_iter()
        .chain(permissions.split(' '))
        .collect();
    server.query::<String>(&words);

    let sandbox = crate::support::sandbox().await;
    let url =
        |scheme: &str, password: &str| format!("{scheme}://fleet:{password}@127.0.0.1:{port}/3");
    let root_certificates = std::fs::read(path("ca.pem")).unwrap();
    let pem = |name: &str| std::fs::read_to_string(path(name)).unwrap();
    let identity = pem("client.pem") + &pem("client.key");
    for scheme in ["rediss", "valkeys"] {
        let redis = redis_builder(&url(scheme, "pl%40nted"))
            .root_certificates(root_certificates.clone())
            .identity(identity.clone())
            .build()
            .unwrap();
        let source = new_source(&sandbox, &redis);
        obtain(&source).await;
        assert!(
            source.store_failure().is_none(),
            "{:?}",
            source.store_failure()
        );
    }
    assert_eq!(token_requests(&sandbox), 1);
    let databases: String = server.query(&["INFO", "keyspace"]);
    assert!(databases.contains("db3:"), "{databases}");

    let failure = async |redis: Redis| {
        let source = new_source(&sandbox, &redis);
        obtain(&source).await;
        let failure = source.store_failure().unwrap();
        let shown = format!("{failure} {failure:?} {redis:?}");
        assert!(
            !shown.contains("nted") && !shown.contains("fleet"),
            "{shown}"
        );
        failure.to_string()
    };
    let without_roots = redis_builder(&url("rediss", "pl%40nted")).identity(identity.clone());
    let found = failure(without_roots.build().unwrap()).await;
    assert!(found.contains("certificate is not trusted"), "{found}");
    let with_roots = |password| {
        redis_builder(&url("rediss", password)).root_certificates(root_certificates.clone())
    };
    let without_identity = with_roots("pl%40nted");
    let found = failure(without_identity.build().unwrap()).await;
    assert!(found.contains("another client certificate"), "{found}");
    let wrong_password = with_roots("wr0nted").identity(identity.clone());
    let found = failure(wrong_password.build().unwrap()).await;
    assert!(
        found.contains("the user name or password is wrong"),
        "{found}"
    );
    let without_tls = format!("redis://fleet:pl%40nted@127.0.0.1:{port}");
    failure(redis_builder(&without_tls).build().unwrap()).await;
    let tls_to_plain_port = server.url().replace("redis:", "rediss:");
    failure(redis_builder(&tls_to_plain_port).build().unwrap()).await;
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn errors_of_the_server_are_reported_with_advice() {
    let server = Server::start();
    let sandbox = crate::support::sandbox().await;
    server.query::<String>(&["ACL", "SETUSER", "fleet", "on", ">planted", "~*", "+get"]);
    let url = server.url().replace("//", "//fleet:planted@");
    let source = source(&sandbox, &url);
    obtain(&source).await;
    let failure = source.store_failure().unwrap().to_string();
    assert!(
        failure.contains("NOPERM: the user lacks a permission"),
        "{failure}"
    );

    server.query::<String>(&["CONFIG", "SET", "maxmemory", "1"]);
    let source = crate::support::source(&sandbox, &server.url());
    obtain(&source).await;
    let failure = source.store_failure().unwrap().to_string();
    assert!(failure.contains("OOM: it is out of memory"), "{failure}");
}
