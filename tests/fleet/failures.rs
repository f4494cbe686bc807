//! Redis is away, slow, full of rubbish, or asks for what it is not given: no call fails for it.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use auth0_auth::redis::{Redis, RedisStore};
use auth0_auth::{ClientCredentials, StoredToken, TokenStore as _};
use auth0_core::TokenSource as _;
use auth0_core::time::{Clock, SystemTimer};
use auth0_sandbox::Sandbox;

use crate::server::{Server, free_port, wait_until};
use crate::support::{
    Log, builder, now, pass, redis, settings, source, text, token_key, token_requests,
};

/// A clock that is ahead of the system's, so that nobody has to wait until Redis is asked again.
#[derive(Debug, Default)]
struct Ahead(Mutex<Duration>);

impl Ahead {
    fn skip(&self, time: Duration) {
        *self.0.lock().unwrap() += time;
    }
}

impl Clock for Ahead {
    fn now(&self) -> SystemTime {
        SystemTimer.now()
    }

    fn monotonic(&self) -> Duration {
        SystemTimer.monotonic() + *self.0.lock().unwrap()
    }
}

/// A source that knows nothing, in the process that has `redis`.
fn cold(sandbox: &Sandbox, redis: &Redis) -> ClientCredentials {
    let store = RedisStore::new(redis);
    settings(sandbox).store(store).build().unwrap()
}

/// How long Redis is not asked at the most.
const PAUSE: Duration = Duration::from_secs(20);

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn redis_is_stopped_and_started_empty_then_it_is_told_once_each_and_used_again() {
    let log = Log::collect();
    let mut server = Server::start();
    let sandbox = crate::support::sandbox().await;
    let clock = Arc::new(Ahead::default());
    let redis = builder(&server.url()).clock(clock.clone()).build().unwrap();
    let first = text(&cold(&sandbox, &redis)).await;
    assert_eq!(text(&cold(&sandbox, &redis)).await, first);

    server.stop();
    for _ in 0..3 {
        let source = cold(&sandbox, &redis);
        assert_ne!(text(&source).await, first);
        let failure = source.store_failure().unwrap().to_string();
        assert!(failure.starts_with("redis cannot be used: "), "{failure}");
        clock.skip(PAUSE);
    }
    assert_eq!(token_requests(&sandbox), 4);
    assert_eq!(log.of("redis is away").len(), 1, "{:?}", log.of(""));
    assert_eq!(log.of("store fails").len(), 0, "nor by another name");
    assert_eq!(log.of("redis is back").len(), 0);

    server.restart();
    clock.skip(PAUSE);
    let source = cold(&sandbox, &redis);
    let shared = text(&source).await;
    assert!(source.store_failure().is_none());
    assert_eq!(text(&cold(&sandbox, &redis)).await, shared);
    assert_eq!(token_requests(&sandbox), 5);
    assert_eq!(log.of("redis is away").len(), 1);
    assert_eq!(log.of("redis is back").len(), 1);

    server.stop();
    text(&cold(&sandbox, &redis)).await;
    assert_eq!(log.of("redis is away").len(), 2, "this is another outage");
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn connection_was_lost_meanwhile_then_nobody_notices() {
    let log = Log::collect();
    let mut server = Server::start();
    let sandbox = crate::support::sandbox().await;
    let redis = redis(&server.url());
    text(&cold(&sandbox, &redis)).await;
    // The lock is released in the background.
    let is_free = || server.ask::<Vec<String>>(&["KEYS", "*:lock"]).is_empty();
    assert!(wait_until(Duration::from_secs(5), is_free));
    server.restart();
    let source = cold(&sandbox, &redis);
    text(&source).await;
    assert!(source.store_failure().is_none());
    assert_eq!(log.of("redis").len(), 0, "{:?}", log.of(""));
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn redis_answers_slowly_then_one_call_waits_its_time_and_the_next_none() {
    let server = Server::start();
    let sandbox = crate::support::sandbox().await;
    let clock = Arc::new(Ahead::default());
    // Longer than a token takes on a machine with much to do.
    let time_out = Duration::from_secs(1);
    let builder = builder(&server.url()).time_out(time_out);
    let redis = builder.clock(clock.clone()).build().unwrap();
    let shared = text(&cold(&sandbox, &redis)).await;
    server.signal("STOP");
    for waits in [true, false, false] {
        let asked_at = now();
        text(&cold(&sandbox, &redis)).await;
        let took = asked_at.elapsed();
        assert_eq!(took >= time_out, waits, "{took:?}");
        assert!(took < 2 * time_out, "{took:?}");
    }
    server.signal("CONT");
    clock.skip(PAUSE);
    assert_eq!(text(&cold(&sandbox, &redis)).await, shared);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "cargo xtask interop"]
async fn redis_comes_and_goes_under_load_then_no_call_fails_or_hangs() {
    let mut server = Server::start();
    let sandbox = crate::support::sandbox().await;
    let ended_at = now() + Duration::from_secs(3);
    let callers = (0..4).map(|_| {
        let redis = builder(&server.url()).build().unwrap();
        let sources = [cold(&sandbox, &redis), cold(&sandbox, &redis)];
        tokio::spawn(async move {
            let mut longest = Duration::ZERO;
            while now() < ended_at {
                for source in &sources {
                    let asked_at = now();
                    let token = source.token().await.unwrap();
                    longest = longest.max(asked_at.elapsed());
                    // The next call needs another.
                    source.accepted(&token);
                    source.rejected(&token);
                }
                pass(Duration::from_millis(5)).await;
            }
            longest
        })
    });
    let callers: Vec<_> = callers.collect();
    for _ in 0..2 {
        pass(Duration::from_millis(300)).await;
        server.stop();
        pass(Duration::from_millis(300)).await;
        server.restart();
        pass(Duration::from_millis(300)).await;
        server.signal("STOP");
        pass(Duration::from_millis(400)).await;
        server.signal("CONT");
    }
    for caller in callers {
        let longest = caller.await.unwrap();
        // Two sources of a process may wait for the lock one after the other, and some of them for Redis before.
        assert!(longest < Duration::from_secs(2), "{longest:?}");
    }
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn value_is_rubbish_then_it_is_as_good_as_absent_and_told_once() {
    let server = Server::start();
    let sandbox = crate::support::sandbox().await;
    text(&source(&sandbox, &server.url())).await;
    let name = server.ask::<Vec<String>>(&["KEYS", "*:token"]).remove(0);
    let sealed: Vec<u8> = server.ask(&["HGET", &name, "value"]);
    // The token of somebody else, in its place.
    let store = RedisStore::new(&redis(&server.url()));
    let other = StoredToken::new("of another", SystemTimer.now());
    store.save(&token_key("another"), &other).await.unwrap();
    let names: Vec<String> = server.ask(&["KEYS", "*:token"]);
    let moved = names.iter().find(|other| **other != name).unwrap();
    let moved: Vec<u8> = server.ask(&["HGET", moved, "value"]);

    let change = |at: usize| {
        let mut value = sealed.clone();
        value[at] ^= 1;
        value
    };
    let cases = [
        (b"rubbish".to_vec(), "nothing that this version"),
        (vec![], "nothing that this version"),
        (change(0), "nothing that this version"),
        (change(1), "a key that is not in the list"),
        (change(9), "does not decrypt"),
        (change(sealed.len() - 1), "does not decrypt"),
        (moved, "does not decrypt"),
    ];
    for (number, (value, why)) in cases.into_iter().enumerate() {
        let log = Log::collect();
        let mut put = redis::cmd("HSET");
        put.arg(&name).arg("value").arg(value);
        let _: i64 = put.query(&mut server.connection()).unwrap();
        let requests = token_requests(&sandbox);
        let source = source(&sandbox, &server.url());
        let token = text(&source).await;
        assert_eq!(token_requests(&sandbox), requests + 1, "case {number}");
        assert!(source.store_failure().is_none());
        let told = log.of("cannot be read");
        assert_eq!(told.len(), 1, "case {number}: {told:?}");
        assert!(told[0].contains(why), "case {number}: {told:?}");
        assert_eq!(
            text(&crate::support::source(&sandbox, &server.url())).await,
            token
        );
    }
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn names_hold_something_else_then_they_are_used_all_the_same() {
    let server = Server::start();
    let sandbox = crate::support::sandbox().await;
    text(&source(&sandbox, &server.url())).await;
    let names: Vec<String> = server.ask(&["KEYS", "*:token"]);
    let stem = names[0].strip_suffix(":token").unwrap();
    type Rubbish<'r> = &'r [&'r str];
    let cases: [Rubbish<'_>; 8] = [
        &["SET", "token", "rubbish"],
        &["RPUSH", "token", "rubbish"],
        &["HSET", "token", "fence", "1e300", "value", "rubbish"],
        &["HSET", "token", "fence", "nan", "value", "rubbish"],
        &["SET", "fence", "1e300"],
        &["RPUSH", "fence", "rubbish"],
        // Such a lock would be held for ever, by nobody.
        &["SET", "lock", "rubbish"],
        &["RPUSH", "lock", "rubbish"],
    ];
    for case in cases {
        let name = format!("{stem}:{}", case[1]);
        server.ask::<i64>(&["DEL", &name]);
        let mut words = case.to_vec();
        words[1] = &name;
        server.ask::<redis::Value>(&words);
        if case[1] != "token" {
            server.ask::<i64>(&["DEL", &names[0]]);
        }
        let one = source(&sandbox, &server.url());
        let token = text(&one).await;
        assert!(
            one.store_failure().is_none(),
            "{case:?}: {:?}",
            one.store_failure()
        );
        assert_eq!(
            text(&source(&sandbox, &server.url())).await,
            token,
            "{case:?}"
        );
    }
}

fn openssl(folder: &Path, words: &str) {
    let output = Command::new("openssl")
        .args(words.split(' '))
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
async fn server_has_tls_users_and_databases_then_the_url_says_which() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let new = "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    openssl(
        folder.path(),
        &format!("{new} -x509 -days 2 -subj /CN=authority -keyout ca.key -out ca.pem"),
    );
    std::fs::write(path("names"), "subjectAltName=DNS:localhost,IP:127.0.0.1").unwrap();
    for name in ["server", "client"] {
        openssl(
            folder.path(),
            &format!("{new} -subj /CN={name} -keyout {name}.key -out {name}.csr"),
        );
        openssl(
            folder.path(),
            &format!(
                "x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out {name}.pem"
            ),
        );
    }
    let port = free_port().to_string();
    let server = Server::with(&[
        "--tls-port",
        &port,
        "--tls-ca-cert-file",
        &path("ca.pem"),
        "--tls-cert-file",
        &path("server.pem"),
        "--tls-key-file",
        &path("server.key"),
    ]);
    // What the page says that a user needs, and no more.
    let allowed = "+eval +get +set +del +pttl +pexpire +hget +hmget +hset +time +select";
    let words: Vec<_> = ["ACL", "SETUSER", "fleet", "on", ">pl@nted", "~auth0:*"]
        .into_iter()
        .chain(allowed.split(' '))
        .collect();
    server.ask::<String>(&words);

    let sandbox = crate::support::sandbox().await;
    let url =
        |scheme: &str, password: &str| format!("{scheme}://fleet:{password}@127.0.0.1:{port}/3");
    let authorities = std::fs::read(path("ca.pem")).unwrap();
    let pem = |name: &str| std::fs::read_to_string(path(name)).unwrap();
    let identity = pem("client.pem") + &pem("client.key");
    for scheme in ["rediss", "valkeys"] {
        let redis = builder(&url(scheme, "pl%40nted"))
            .authorities(authorities.clone())
            .identity(identity.clone())
            .build()
            .unwrap();
        let source = cold(&sandbox, &redis);
        text(&source).await;
        assert!(
            source.store_failure().is_none(),
            "{:?}",
            source.store_failure()
        );
    }
    assert_eq!(token_requests(&sandbox), 1);
    let databases: String = server.ask(&["INFO", "keyspace"]);
    assert!(databases.contains("db3:"), "{databases}");

    let failure = async |redis: Redis| {
        let source = cold(&sandbox, &redis);
        text(&source).await;
        let failure = source.store_failure().unwrap();
        let shown = format!("{failure} {failure:?} {redis:?}");
        assert!(
            !shown.contains("nted") && !shown.contains("fleet"),
            "{shown}"
        );
        failure.to_string()
    };
    let tls = || builder(&url("rediss", "pl%40nted")).identity(identity.clone());
    let found = failure(tls().build().unwrap()).await;
    assert!(
        found.contains("the certificate is not valid here"),
        "{found}"
    );
    let tls = |password| builder(&url("rediss", password)).authorities(authorities.clone());
    let found = failure(tls("pl%40nted").build().unwrap()).await;
    assert!(
        found.contains("another certificate of the client"),
        "{found}"
    );
    let found = failure(tls("wr0nted").identity(identity.clone()).build().unwrap()).await;
    assert!(found.contains("user or password is wrong"), "{found}");
    let plain = format!("redis://fleet:pl%40nted@127.0.0.1:{port}");
    failure(builder(&plain).build().unwrap()).await;
    let not_tls = server.url().replace("redis:", "rediss:");
    failure(builder(&not_tls).build().unwrap()).await;
}

#[tokio::test]
#[ignore = "cargo xtask interop"]
async fn user_may_not_do_it_or_server_cannot_then_the_error_says_what_to_do() {
    let server = Server::start();
    let sandbox = crate::support::sandbox().await;
    server.ask::<String>(&["ACL", "SETUSER", "fleet", "on", ">planted", "~*", "+get"]);
    let url = server.url().replace("//", "//fleet:planted@");
    let source = source(&sandbox, &url);
    text(&source).await;
    let failure = source.store_failure().unwrap().to_string();
    assert!(
        failure.contains("NOPERM: the user may not do this"),
        "{failure}"
    );

    server.ask::<String>(&["CONFIG", "SET", "maxmemory", "1"]);
    let source = crate::support::source(&sandbox, &server.url());
    text(&source).await;
    let failure = source.store_failure().unwrap().to_string();
    assert!(failure.contains("OOM: it has no memory left"), "{failure}");
}
