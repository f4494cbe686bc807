//! A Redis or Valkey of a test's own, at a random port of this machine.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use redis::{Connection, Value};
use tempfile::TempDir;

/// The program, which `cargo xtask interop` sets to each that is installed.
const PROGRAM: &str = "AUTH0_TEST_REDIS_SERVER";

/// A server, which ends with its test.
pub(crate) struct Server {
    folder: TempDir,
    port: u16,
    settings: Vec<String>,
    running: Option<Child>,
    /// Whether other tests run meanwhile.
    _turn: Turn,
}

/// Held by tests that may run side by side, and by those that measure, one at a time.
static TURNS: RwLock<()> = RwLock::new(());

enum Turn {
    Together(
        #[allow(dead_code, reason = "it is there to be dropped")] RwLockReadGuard<'static, ()>,
    ),
    Alone(#[allow(dead_code, reason = "it is there to be dropped")] RwLockWriteGuard<'static, ()>),
}

impl Server {
    /// A server that knows nothing and answers.
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    /// The same for a test that measures: no other one runs until it ends.
    pub(crate) fn alone() -> Self {
        let turn = TURNS.write().unwrap_or_else(PoisonError::into_inner);
        Self::new(&[], Turn::Alone(turn))
    }

    /// The same with settings of its own.
    pub(crate) fn with(settings: &[&str]) -> Self {
        let turn = TURNS.read().unwrap_or_else(PoisonError::into_inner);
        Self::new(settings, Turn::Together(turn))
    }

    fn new(settings: &[&str], turn: Turn) -> Self {
        let mut server = Self {
            folder: tempfile::tempdir().unwrap(),
            port: 0,
            settings: settings.iter().map(|&text| text.to_owned()).collect(),
            running: None,
            _turn: turn,
        };
        // Between here and the start somebody else may take the port.
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

    /// Ends the server at once, and all that it knew.
    pub(crate) fn stop(&mut self) {
        if let Some(mut process) = self.running.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Starts it anew at the same port.
    pub(crate) fn restart(&mut self) {
        self.stop();
        assert!(
            self.launch(),
            "the server did not start again: {}",
            self.log()
        );
    }

    /// Sends it a signal, such as `STOP` and `CONT`.
    pub(crate) fn signal(&self, name: &str) {
        signal(self.running.as_ref().unwrap().id(), name);
    }

    /// A connection of the test itself.
    pub(crate) fn connection(&self) -> Connection {
        let client = redis::Client::open(self.url()).unwrap();
        client.get_connection().unwrap()
    }

    /// What an administrator says to it.
    pub(crate) fn ask<T: redis::FromRedisValue>(&self, words: &[&str]) -> T {
        let mut command = redis::cmd(words[0]);
        command.arg(&words[1..]);
        command.query(&mut self.connection()).unwrap()
    }

    /// All names and values that are in it, as they are.
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
            flatten(&value, &mut content);
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
            panic!("{program} cannot be run ({error}): `cargo xtask interop` says what to install")
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

fn flatten(value: &Value, into: &mut Vec<u8>) {
    match value {
        Value::BulkString(bytes) => into.extend(bytes),
        Value::Array(values) => values.iter().for_each(|value| flatten(value, into)),
        other => panic!("{other:?} is no value of ours"),
    }
    into.push(b'\n');
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

/// Whether something becomes true in time.
pub(crate) fn wait_until(time: Duration, mut is_true: impl FnMut() -> bool) -> bool {
    const STEP: Duration = Duration::from_millis(5);
    for _ in 0..time.as_millis() / STEP.as_millis() {
        if is_true() {
            return true;
        }
        std::thread::sleep(STEP);
    }
    is_true()
}
