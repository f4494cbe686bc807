//! Processes of the fleet: this program once more, told what to do.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use auth0_auth::redis::RedisStore;
use auth0_auth::{ClientCredentials, StoredToken, TokenStore as _};
use auth0_core::TokenSource as _;
use auth0_core::time::{Clock as _, SystemTimer};
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};

use crate::support;

const TOLD: &str = "AUTH0_TEST_FLEET_PROCESS";

/// What a process needs to know.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Told {
    pub(crate) redis: String,
    pub(crate) lock_expiry_ms: u64,
    pub(crate) task: Task,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) enum Task {
    /// Asks for a token, with so many callers at once.
    Ask {
        token_url: String,
        domain: String,
        client_id: String,
        client_secret: String,
        audience: String,
        callers: usize,
    },
    /// Locks a token, and saves another when it is told to.
    Replace { client: String, token: String },
    /// Calls a server as fast as its limiter lets it.
    Call(crate::budget::Calls),
}

/// A process of the fleet, which does not outlive its test.
pub(crate) struct Process {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Process {
    /// Starts one. It waits before each step until it is told to [`go`](Self::go) on.
    pub(crate) fn start(told: &Told) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "process::process_started_by_a_test"])
            .args(["--ignored", "--nocapture"])
            .env(TOLD, serde_json::to_string(told).unwrap())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut process = Self {
            input: child.stdin.take().unwrap(),
            output: BufReader::new(child.stdout.take().unwrap()),
            child,
        };
        assert_eq!(process.hear(), "ready");
        process
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Lets it take the next step.
    pub(crate) fn go(&mut self) {
        self.input.write_all(b"go\n").unwrap();
    }

    /// What it says next. This blocks.
    pub(crate) fn hear(&mut self) -> String {
        let mut line = String::new();
        loop {
            line.clear();
            assert_ne!(self.output.read_line(&mut line).unwrap(), 0, "it ended");
            // The test harness talks as well.
            if let Some((_, said)) = line.split_once("fleet: ") {
                return said.trim_end().to_owned();
            }
        }
    }

    /// Ends it at once, in the middle of whatever it does.
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

/// No test by itself: what [`Process::start`] runs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "cargo xtask interop"]
async fn process_started_by_a_test() {
    let Ok(told) = std::env::var(TOLD) else {
        return;
    };
    let Told {
        redis,
        lock_expiry_ms,
        task,
    } = serde_json::from_str(&told).unwrap();
    let redis = support::redis(&redis);
    let store = RedisStore::new(&redis).lock_expiry(Duration::from_millis(lock_expiry_ms));
    match task {
        Task::Ask {
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
            say("ready");
            told_to_go().await;
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
            say(&tokens.join(" "));
        }
        Task::Replace { client, token } => {
            let key = support::token_key(&client);
            say("ready");
            told_to_go().await;
            let guard = store.lock(&key).await.unwrap();
            say("locked");
            told_to_go().await;
            let mut token = StoredToken::new(token, SystemTimer.now());
            token.expires_at = Some(token.obtained_at + Duration::from_secs(600));
            store.save(&key, &token).await.unwrap();
            drop(guard);
            say("saved");
        }
        Task::Call(calls) => calls.run(&redis).await,
    }
    // It is the test that ends this, so that nothing is cut short.
    told_to_go().await;
}

pub(crate) fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "fleet: {text}").unwrap();
    out.flush().unwrap();
}

pub(crate) async fn told_to_go() {
    let line = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).unwrap();
        line
    });
    if line.await.unwrap().is_empty() {
        // The test is gone.
        std::process::exit(1);
    }
}
