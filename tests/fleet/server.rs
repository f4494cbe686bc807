//! A Redis or Valkey server for one test, on a random local port.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use redis::{Connection, Value};
use tempfile::TempDir;

/// The environment variable with the program to start. `cargo xtask interop` sets it to each one that is installed.
const PROGRAM: &str = "AUTH0_TEST_REDIS_SERVER";

/// A server, which ends with its test.
pub(crate) struct Server {
    folder: TempDir,
    port: u16,
    settings: Vec<String>,
    running: Option<Child>,
    _turn: Turn,
}

/// Locked for reading by tests that may run concurrently, for writing by a test that measures.
static TURNS: RwLock<()> = RwLock::new(());

enum Turn {
    Shared(#[allow(dead_code, reason = "held until it is dropped")] RwLockReadGuard<'static, ()>),
    Exclusive(
        #[allow(dead_code, reason = "held until it is dropped")] RwLockWriteGuard<'static, ()>,
    ),
}

impl Server {
    /// Starts an empty server.
    pub(crate) fn start() -> Self {
        Self::with_settings(&[])
    }

    /// Starts an empty server for a test that measures: no other test runs until it ends.
    pub(crate) fn start_exclusive() -> Self {
        let turn = TURNS.write().unwrap_or_else(PoisonError::into_inner);
        Self::new(&[], Turn::Exclusive(turn))
    }

    /// Starts an empty server with additional command-line settings.
    pub(crate) fn with_settings(settings: &[&str]) -> Self {
        let turn = TURNS.read().unwrap_or_else(PoisonError::into_inner);
        Self::new(settings, Turn::Shared(turn))
    }

    fn new(settings: &[&str], turn: Turn) -> Self {
        let mut server = Self {
            folder: tempfile::tempdir().unwrap(),
            port: 0,
            settings: settings.iter().map(|&text| text.to_owned()).collect(),
            running: None,
            _turn: turn,
        };
        // Another program may take the port before the server does.
        for _ in 0..5 {
            server.port = free_port();
            if server.launch() {
                return server;
            }
        }
        panic!("the server did not start: {}", server.log());
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Kills the server. Its data is lost.
    pub(crate) fn stop(&mut self) {
        if let Some(mut process) = self.running.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Starts the server again on the same port, empty.
    pub(crate) fn restart(&mut self) {
        self.stop();
        assert!(
            self.launch(),
            "the server did not start again: {}",
            self.log()
        );
    }

    /// Sends a signal to the server, for example `STOP` or `CONT`.
    pub(crate) fn signal(&self, name: &str) {
        signal(self.running.as_ref().unwrap().id(), name);
    }

    /// Opens a connection for the test.
    pub(crate) fn connection(&self) -> Connection {
        let client = redis::Client::open(self.url()).unwrap();
        client.get_connection().unwrap()
    }

    /// Runs a command as an administrator.
    pub(crate) fn query<T: redis::FromRedisValue>(&self, words: &[&str]) -> T {
        let mut command = redis::cmd(words[0]);
        command.arg(&words[1..]);
        command.query(&mut self.connection()).unwrap()
    }

    /// Dumps all keys and values.
    pub(crate) fn content(&self) -> Vec<u8> {
        let mut connection = self.connection();
        let names: Vec<Vec<u8>> = redis::cmd("KEYS").arg("*").query(&mut connection).unwrap();
        let mut content = Vec::new();
        for name in names {
            content.extend(&name);
            let kind: String = redis::cmd("TYPE")
                .arg(&name)
                .query(&mut connection)
                .unwrap();
            let read = if kind == "hash" { "HGETALL" } else { "GET" };
            let value: Value = redis::cmd(read).arg(&name).query(&mut connection).unwrap();
            append(&value, &mut content);
        }
        content
    }

    fn launch(&mut self) -> bool {
        let program = std::env::var(PROGRAM).unwrap_or_else(|_| "redis-server".to_owned());
        let folder = self.folder.path();
        let process = Command::new(&program)
            .args(["--bind", "127.0.0.1", "--port", &self.port.to_string()])
            .args(["--save", "", "--appendonly", "no"])
            .arg("--dir")
            .arg(folder)
            .arg("--logfile")
            .arg(folder.join("log"))
            .args(&self.settings)
            .stdout(Stdio::null())
            .spawn();
        let mut process = process.unwrap_or_else(|error| {
            panic!("running {program} failed ({error}): `cargo xtask interop` says what to install")
        });
        let is_up = wait_until(Duration::from_secs(10), || {
            process.try_wait().unwrap().is_some()
                || TcpStream::connect(("127.0.0.1", self.port)).is_ok()
        });
        let is_up = is_up && process.try_wait().unwrap().is_none();
        self.running = Some(process);
        is_up
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(process) = &mut self.running {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

fn append(value: &Value, content: &mut Vec<u8>) {
    match value {
        Value::BulkString(bytes) => content.extend(bytes),
        Value::Array(values) => values.iter().for_each(|value| append(value, content)),
        other => panic!("expected a string or an array of strings, found {other:?}"),
    }
    content.push(b'\n');
}

pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

pub(crate) fn signal(process: u32, name: &str) {
    let status = Command::new("kill")
        .args([&format!("-{name}"), &process.to_string()])
        .status();
    assert!(status.unwrap().success());
}

/// Polls `condition` until it is true. Returns whether that happened within `timeout`.
pub(crate) fn wait_until(timeout: Duration, mut condition: impl FnMut() -> bool) -> bool {
    const STEP: Duration = Duration::from_millis(5);
    for _ in 0..timeout.as_millis() / STEP.as_millis() {
        if condition() {
            return true;
        }
        std::thread::sleep(STEP);
    }
    condition()
}
