//! Processes of a fleet: this test binary, started again with a task.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use auth0_auth::{ClientCredentials, StoredToken, TokenStore as _};
use auth0_core::TokenSource as _;
use auth0_core::time::{Clock as _, SystemTimer};
use auth0_fleet::RedisStore;
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};

use crate::support;

const CONFIG: &str = "AUTH0_TEST_FLEET_PROCESS";

/// The configuration of a process.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct ProcessConfig {
    pub(crate) redis_url: String,
    pub(crate) lock_expiry_ms: u64,
    pub(crate) task: Task,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) enum Task {
    /// Obtains a token, with this many concurrent callers.
    ObtainToken {
        token_url: String,
        domain: String,
        client_id: String,
        client_secret: String,
        audience: String,
        callers: usize,
    },
    /// Locks a token, and stores another one at the next step.
    ReplaceToken { client: String, token: String },
    /// Calls a server as fast as the limiter allows.
    Call(crate::budget::CallTask),
}

/// A process of the fleet. It is killed when it is dropped.
pub(crate) struct Process {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Process {
    /// Starts a process. Before each step it waits for [`proceed`](Self::proceed).
    pub(crate) fn start(config: &ProcessConfig) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "process::process_started_by_a_test"])
            .args(["--ignored", "--nocapture"])
            .env(CONFIG, serde_json::to_string(config).unwrap())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut process = Self {
            input: child.stdin.take().unwrap(),
            output: BufReader::new(child.stdout.take().unwrap()),
            child,
        };
        assert_eq!(process.receive(), "ready");
        process
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Lets the process take its next step.
    pub(crate) fn proceed(&mut self) {
        self.input.write_all(b"proceed\n").unwrap();
    }

    /// Returns the next message of the process. Blocks until there is one.
    pub(crate) fn receive(&mut self) -> String {
        let mut line = String::new();
        loop {
            line.clear();
            assert_ne!(
                self.output.read_line(&mut line).unwrap(),
                0,
                "the process ended"
            );
            // The test harness prints too.
            if let Some((_, message)) = line.split_once("fleet: ") {
                return message.trim_end().to_owned();
            }
        }
    }

    /// Kills the process immediately.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Not a test: the code that [`Process::start`] runs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "cargo xtask interop"]
async fn process_started_by_a_test() {
    let Ok(config) = std::env::var(CONFIG) else {
        return;
    };
    let ProcessConfig {
        redis_url,
        lock_expiry_ms,
        task,
    } = serde_json::from_str(&config).unwrap();
    let redis = support::redis(&redis_url);
    let store = RedisStore::new(&redis).lock_expiry(Duration::from_millis(lock_expiry_ms));
    match task {
        Task::ObtainToken {
            token_url,
            domain,
            client_id,
            client_secret,
            audience,
            callers,
        } => {
            let source = ClientCredentials::builder(domain)
                .token_url(token_url)
                .client_id(client_id)
                .client_secret(client_secret)
                .audience(audience)
                .store(store)
                .build()
                .unwrap();
            send("ready");
            wait_for_step().await;
            let source = Arc::new(source);
            let callers = (0..callers).map(|_| {
                let source = source.clone();
                tokio::spawn(async move { source.token().await.unwrap().secret().to_owned() })
            });
            let mut tokens: Vec<_> = join_all(callers)
                .await
                .into_iter()
                .map(Result::unwrap)
                .collect();
            tokens.sort();
            tokens.dedup();
            send(&tokens.join(" "));
        }
        Task::ReplaceToken { client, token } => {
            let key = support::token_key(&client);
            send("ready");
            wait_for_step().await;
            let guard = store.lock(&key).await.unwrap();
            send("locked");
            wait_for_step().await;
            let mut token = StoredToken::new(token, SystemTimer.now());
            token.expires_at = Some(token.obtained_at + Duration::from_secs(600));
            store.save(&key, &token).await.unwrap();
            drop(guard);
            send("saved");
        }
        Task::Call(task) => task.run(&redis).await,
    }
    // The test ends this process, so that its background work is not cut short.
    wait_for_step().await;
}

/// Sends a message to the test.
pub(crate) fn send(message: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "fleet: {message}").unwrap();
    out.flush().unwrap();
}

pub(crate) async fn wait_for_step() {
    let line = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).unwrap();
        line
    });
    if line.await.unwrap().is_empty() {
        // The test has ended.
        std::process::exit(1);
    }
}
