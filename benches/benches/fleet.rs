//! The cost of a token that is shared through Redis: the cached token compared with a memory store; a new process that
//! finds the token in Redis, and one that stores a new token, compared with one plain round trip to the same Redis.

use std::error::Error;
use std::hint::black_box;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use auth0_auth::{
    ClientCredentials, ClientCredentialsBuilder, MemoryStore, StoredToken, TokenKey, TokenStore,
};
use auth0_core::{HttpClient, TokenSource as _};
use auth0_fleet::{EncryptionKey, Redis, RedisStore};
use benches::pair::Pair;
use benches::server;
use criterion::Criterion;
use futures_util::FutureExt as _;
use serde_json::json;

/// Cache hits per measurement, because a single hit takes less time than reading the clock.
const HITS: u32 = 1_000;

/// A Redis or Valkey server, which ends with the benchmark.
struct Server {
    process: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Server {
    fn start(program: &str) -> Result<Self, Box<dyn Error>> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let folder = tempfile::tempdir()?;
        let process = Command::new(program)
            .args(["--bind", "127.0.0.1", "--port", &port.to_string()])
            .args(["--save", "", "--dir"])
            .arg(folder.path())
            .stdout(Stdio::null())
            .spawn()?;
        let server = Self {
            process,
            port,
            _folder: folder,
        };
        for _ in 0..1_000 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Ok(server);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Err("the server does not accept connections".into())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[allow(clippy::disallowed_methods)] // A benchmark measures real time.
fn main() -> Result<(), Box<dyn Error>> {
    let is_installed = |program: &&str| Command::new(program).arg("--version").output().is_ok();
    let servers = ["redis-server", "valkey-server"];
    let Some(program) = servers.into_iter().find(is_installed) else {
        println!("skipped: neither redis-server nor valkey-server is installed");
        return Ok(());
    };
    let redis_server = Server::start(program)?;
    let url = format!("redis://127.0.0.1:{}", redis_server.port);
    let token = "t".repeat(700);
    let grant = json!({"access_token": token, "token_type": "Bearer", "expires_in": 86_400});
    let grant = server::ok(&grant.to_string());
    let token_url = format!(
        "http://{}/oauth/token",
        server::start_with(move |_| grant.clone())?
    );
    let http_client = HttpClient::direct()?;
    let source_builder = || -> ClientCredentialsBuilder {
        ClientCredentials::builder("acme-auth.us.auth0.com")
            .token_url(token_url.as_str())
            .client_id("id")
            .client_secret("secret")
            .audience("https://acme.teams.auth0.com/api/")
            .http_client(http_client.clone())
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let redis = Redis::builder(url.as_str())
        .encryption_key(EncryptionKey::from_bytes([7; 32]))
        .timeout(Duration::from_secs(5))
        .build()?;
    let store = RedisStore::new(&redis);
    let [shared, in_memory] = [
        source_builder().store(store.clone()).build()?,
        source_builder().store(MemoryStore::new()).build()?,
    ];
    runtime.block_on(async { tokio::try_join!(shared.token(), in_memory.token()) })?;
    let client = redis::Client::open(url)?;
    let mut connection = runtime.block_on(client.get_multiplexed_async_connection())?;
    let mut set = redis::cmd("SET");
    set.arg("plain").arg(&token);
    runtime.block_on(set.query_async::<()>(&mut connection))?;
    let mut get = redis::cmd("GET");
    get.arg("plain");
    let mut round_trip = || {
        let start = Instant::now();
        let value = runtime.block_on(get.query_async::<Vec<u8>>(&mut connection));
        assert!(black_box(value).is_ok());
        start.elapsed()
    };

    let mut criterion = Criterion::default().configure_from_args();
    let hits = |source: &ClientCredentials| {
        let start = Instant::now();
        for _ in 0..HITS {
            black_box(source.token().now_or_never());
        }
        start.elapsed() / HITS
    };
    let mut group = criterion.benchmark_group("fleet/cached token");
    Pair {
        theirs: "with a memory store",
        at_most: 1.1,
    }
    .measure(&mut group, || hits(&shared), || hits(&in_memory));
    group.finish();

    let mut group = criterion.benchmark_group("fleet/token of another process");
    Pair {
        theirs: "a plain round trip",
        at_most: 2.0,
    }
    .measure(
        &mut group,
        || {
            let source = source_builder().store(store.clone()).build();
            let Ok(source) = source else {
                panic!("the settings are valid");
            };
            let start = Instant::now();
            assert!(black_box(runtime.block_on(source.token())).is_ok());
            start.elapsed()
        },
        &mut round_trip,
    );
    group.finish();

    let stored = {
        let now = SystemTime::now();
        let mut stored = StoredToken::new(token, now);
        stored.expires_at = Some(now + Duration::from_secs(86_400));
        stored
    };
    let mut number = 0;
    let mut group = criterion.benchmark_group("fleet/new token without its request");
    Pair {
        theirs: "a plain round trip",
        // Four round trips.
        at_most: 6.0,
    }
    .measure(
        &mut group,
        || {
            number += 1;
            let key = json!({"issuer": "https://acme.test/", "client_id": number.to_string()});
            let Ok(key) = serde_json::from_value::<TokenKey>(key) else {
                panic!("the key is valid");
            };
            runtime.block_on(async {
                let start = Instant::now();
                // The steps of a token source: load, lock, load again, save.
                let loaded = store.load(&key).await;
                let guard = store.lock(&key).await;
                let reloaded = store.load(&key).await;
                let saved = store.save(&key, &stored).await;
                let took = start.elapsed();
                assert!(loaded.is_ok() && guard.is_ok() && reloaded.is_ok() && saved.is_ok());
                // The lock is released during this sleep, and not while the comparison is measured.
                drop(guard);
                tokio::time::sleep(Duration::from_millis(1)).await;
                took
            })
        },
        &mut round_trip,
    );
    group.finish();
    criterion.final_summary();
    Ok(())
}
