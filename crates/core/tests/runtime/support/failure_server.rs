//! A server on raw sockets that fails in scripted ways, which HTTP libraries do not support.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use auth0_core::time::{Sleeper as _, SystemTimer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use super::http2::{self, Reply};

/// What the server does with a connection, from which it reads one request.
#[derive(Debug, Clone)]
pub(crate) enum Behavior {
    /// Resets the connection before the request is read.
    ResetUnread,
    /// Resets the connection after the beginning of the request was read.
    ResetInHead,
    /// Resets the connection after the whole request was read.
    ResetAfterRequest,
    /// Sends these bytes and closes the connection.
    Respond(Vec<u8>),
    /// Sends these bytes and keeps the connection open.
    KeepOpen(Vec<u8>),
    /// Sends the first bytes at once, and the others one by one, some milliseconds apart.
    Slow(Vec<u8>, Vec<u8>),
    /// Sends these bytes, followed by endless spaces.
    Endless(Vec<u8>),
    /// Replies to one request with HTTP/2.
    Http2(Reply),
    /// Sends an HTTP/2 `GOAWAY` before any request.
    Http2GoAwayFirst,
}

impl Behavior {
    /// A valid response. `headers` are complete lines.
    pub(crate) fn status(status: &str, headers: &str, body: &str) -> Self {
        Self::Respond(head(status, headers, body.len(), body))
    }

    /// A response that declares `length` bytes of body, and contains `body`.
    pub(crate) fn promising(status: &str, length: usize, body: &str) -> Self {
        Self::Respond(head(status, "", length, body))
    }

    /// The success of all test operations.
    pub(crate) fn success() -> Self {
        Self::status("200 OK", "", MEMBER)
    }
}

/// The body of a success.
pub(crate) const MEMBER: &str = r#"{"name":"Ann","age":41}"#;

/// A response with an explicit `Content-Length`.
pub(crate) fn head(status: &str, headers: &str, length: usize, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{headers}content-length: {length}\r\n\r\n{body}")
        .into_bytes()
}

/// A server that follows a script for each connection and records the requests.
pub(crate) struct FailureServer {
    pub(crate) url: String,
    received: Arc<Received>,
}

#[derive(Default)]
struct Received {
    connections: AtomicUsize,
    /// Head and body of every complete request.
    requests: Mutex<Vec<String>>,
}

impl FailureServer {
    /// A server that follows `script` with one behavior per connection, and repeats `rest` afterwards.
    pub(crate) fn with_script(script: impl IntoIterator<Item = Behavior>, rest: Behavior) -> Self {
        UnusedPort::new().listen(script, rest)
    }

    /// A server with `behavior` for the first connection that succeeds afterwards.
    pub(crate) fn once(behavior: Behavior) -> Self {
        Self::with_script([behavior], Behavior::success())
    }

    /// A server with the same behavior for all connections.
    pub(crate) fn always(behavior: Behavior) -> Self {
        Self::with_script([], behavior)
    }

    /// The number of connections.
    pub(crate) fn connections(&self) -> usize {
        self.received.connections.load(Ordering::SeqCst)
    }

    /// The value of a header in each complete request, and the number of its occurrences.
    pub(crate) fn header(&self, name: &str) -> Vec<(String, usize)> {
        let value = |request: &String| {
            let lines = request.lines().filter_map(|line| line.split_once(": "));
            let values: Vec<_> = lines
                .filter(|(found, _)| found.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.to_owned())
                .collect();
            (values.join(", "), values.len())
        };
        self.requests().iter().map(value).collect()
    }

    /// The complete requests.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.received.requests.lock().unwrap().clone()
    }
}

/// A reserved port without a listener: connections to it are refused.
pub(crate) struct UnusedPort {
    pub(crate) url: String,
    socket: TcpSocket,
}

impl UnusedPort {
    pub(crate) fn new() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let url = format!("http://{}", socket.local_addr().unwrap());
        Self { url, socket }
    }

    /// Starts a server on the port.
    pub(crate) fn listen(
        self,
        script: impl IntoIterator<Item = Behavior>,
        rest: Behavior,
    ) -> FailureServer {
        let listener = self.socket.listen(256).unwrap();
        let received = Arc::<Received>::default();
        let script = Script {
            next: Arc::new(Mutex::new(script.into_iter().collect())),
            rest,
        };
        tokio::spawn(run(listener, script, Arc::clone(&received)));
        FailureServer {
            url: self.url,
            received,
        }
    }
}

/// The remaining behaviors.
#[derive(Clone)]
struct Script {
    next: Arc<Mutex<VecDeque<Behavior>>>,
    rest: Behavior,
}

impl Script {
    fn next(&self) -> Behavior {
        let next = self.next.lock().unwrap().pop_front();
        next.unwrap_or_else(|| self.rest.clone())
    }
}

async fn run(listener: TcpListener, script: Script, received: Arc<Received>) {
    while let Ok((stream, _)) = listener.accept().await {
        received.connections.fetch_add(1, Ordering::SeqCst);
        let behavior = script.next();
        let (script, received) = (script.clone(), Arc::clone(&received));
        // The client may close the connection at any time, so write errors are ignored.
        tokio::spawn(async move {
            match behavior {
                Behavior::Http2GoAwayFirst => http2::go_away_immediately(stream).await,
                Behavior::Http2(first) => {
                    // An HTTP/2 connection may have several requests.
                    let mut first = Some(first);
                    let next = move || {
                        received.requests.lock().unwrap().push(String::new());
                        first.take().unwrap_or_else(|| match script.next() {
                            Behavior::Http2(reply) => reply,
                            behavior => panic!("{behavior:?} is not an HTTP/2 behavior"),
                        })
                    };
                    http2::serve(stream, next).await
                }
                behavior => behavior.perform(stream, &received).await,
            }
        });
    }
}

impl Behavior {
    async fn perform(self, mut stream: TcpStream, received: &Received) -> std::io::Result<()> {
        match self {
            Self::ResetUnread => {
                // An earlier reset could reach the client while it still connects. Readiness may be spurious, so wait for
                // a byte.
                stream.peek(&mut [0]).await?;
                return stream.set_zero_linger();
            }
            Self::ResetInHead => {
                stream.read_exact(&mut [0; 16]).await?;
                return stream.set_zero_linger();
            }
            _ => received.read(&mut stream).await?,
        }
        match self {
            Self::Http2(_) | Self::Http2GoAwayFirst => unreachable!("HTTP/2 only"),
            Self::ResetUnread | Self::ResetInHead | Self::ResetAfterRequest => {
                stream.set_zero_linger()
            }
            Self::Respond(bytes) => {
                stream.write_all(&bytes).await?;
                stream.shutdown().await
            }
            Self::KeepOpen(bytes) => {
                stream.write_all(&bytes).await?;
                received.read(&mut stream).await
            }
            Self::Slow(at_once, bytes) => {
                stream.write_all(&at_once).await?;
                for byte in bytes {
                    stream.write_all(&[byte]).await?;
                    SystemTimer.sleep(Duration::from_millis(5)).await;
                }
                Ok(())
            }
            Self::Endless(bytes) => {
                stream.write_all(&bytes).await?;
                loop {
                    stream.write_all(&[b' '; 1024]).await?;
                }
            }
        }
    }
}

impl Received {
    /// Reads and records one complete request.
    async fn read(&self, stream: &mut TcpStream) -> std::io::Result<()> {
        let mut bytes = Vec::new();
        loop {
            let text = String::from_utf8_lossy(&bytes);
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = head
                    .lines()
                    .find_map(|line| line.strip_prefix("content-length: "));
                let whole = match length {
                    Some(length) => body.len() >= length.parse().unwrap(),
                    None => !head.contains("chunked") || body.ends_with("0\r\n\r\n"),
                };
                if whole {
                    self.requests.lock().unwrap().push(text.into_owned());
                    return Ok(());
                }
            }
            if stream.read_buf(&mut bytes).await? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}
