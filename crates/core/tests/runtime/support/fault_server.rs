//! A server that fails as it is told, on bare sockets: HTTP libraries are too polite for most of it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use auth0_core::time::{Sleeper as _, SystemTimer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use super::http2::{self, Reply};

/// What the server does with a connection. It takes one request of each; what is still in flight when it is done
/// counts as nothing.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// The connection is reset while the request waits to be read.
    ResetUnread,
    /// The connection is reset after the beginning of the request was read.
    ResetInHead,
    /// The connection is reset after the whole request was read.
    ResetAfterRequest,
    /// These bytes come, and then the end.
    Answer(Vec<u8>),
    /// These bytes come, and the connection stays open.
    Keep(Vec<u8>),
    /// The first bytes come at once, the others one by one, some milliseconds apart.
    Slow(Vec<u8>, Vec<u8>),
    /// These bytes come, and then spaces without an end.
    Endless(Vec<u8>),
    /// The server speaks HTTP/2, and replies to one request of the connection in this way.
    Http2(Reply),
    /// The server speaks HTTP/2, and gives the connection up before a request comes.
    Http2TurnedAway,
}

impl Fault {
    /// An answer of which everything is right. `headers` are whole lines.
    pub(crate) fn status(status: &str, headers: &str, body: &str) -> Self {
        Self::Answer(head(status, headers, body.len(), body))
    }

    /// An answer that promises `length` bytes of body, and holds `body`.
    pub(crate) fn promising(status: &str, length: usize, body: &str) -> Self {
        Self::Answer(head(status, "", length, body))
    }

    /// The member that all test operations answer with.
    pub(crate) fn fine() -> Self {
        Self::status("200 OK", "", MEMBER)
    }
}

/// The body of a fine answer.
pub(crate) const MEMBER: &str = r#"{"name":"Ann","age":41}"#;

/// An answer with a `Content-Length` of its own.
pub(crate) fn head(status: &str, headers: &str, length: usize, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{headers}content-length: {length}\r\n\r\n{body}")
        .into_bytes()
}

/// A server that does to each connection what its script says, and counts what arrived.
pub(crate) struct FaultServer {
    pub(crate) url: String,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    connections: AtomicUsize,
    /// Head and body of every request that was read to its end.
    requests: Mutex<Vec<String>>,
}

impl FaultServer {
    /// A server that plays `script`, one fault for each connection, and `rest` for all further ones.
    pub(crate) fn playing(script: impl IntoIterator<Item = Fault>, rest: Fault) -> Self {
        Deserted::new().settle(script, rest)
    }

    /// A server that fails once and is fine afterwards.
    pub(crate) fn once(fault: Fault) -> Self {
        Self::playing([fault], Fault::fine())
    }

    /// A server that does nothing else.
    pub(crate) fn always(fault: Fault) -> Self {
        Self::playing([], fault)
    }

    /// How many connections were made.
    pub(crate) fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::SeqCst)
    }

    /// The value of a header in each request that arrived whole, and how often it was there.
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

    /// The requests that arrived whole.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.seen.requests.lock().unwrap().clone()
    }
}

/// A port that is taken and on which nobody listens: connections to it are refused.
pub(crate) struct Deserted {
    pub(crate) url: String,
    socket: TcpSocket,
}

impl Deserted {
    pub(crate) fn new() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let url = format!("http://{}", socket.local_addr().unwrap());
        Self { url, socket }
    }

    /// From now on a server listens there.
    pub(crate) fn settle(
        self,
        script: impl IntoIterator<Item = Fault>,
        rest: Fault,
    ) -> FaultServer {
        let listener = self.socket.listen(256).unwrap();
        let seen = Arc::<Seen>::default();
        let script = Script {
            next: Arc::new(Mutex::new(script.into_iter().collect())),
            rest,
        };
        tokio::spawn(play(listener, script, Arc::clone(&seen)));
        FaultServer {
            url: self.url,
            seen,
        }
    }
}

/// What happens next.
#[derive(Clone)]
struct Script {
    next: Arc<Mutex<VecDeque<Fault>>>,
    rest: Fault,
}

impl Script {
    fn next(&self) -> Fault {
        let next = self.next.lock().unwrap().pop_front();
        next.unwrap_or_else(|| self.rest.clone())
    }
}

async fn play(listener: TcpListener, script: Script, seen: Arc<Seen>) {
    while let Ok((stream, _)) = listener.accept().await {
        seen.connections.fetch_add(1, Ordering::SeqCst);
        let fault = script.next();
        let (script, seen) = (script.clone(), Arc::clone(&seen));
        // The client may go away at any time: what cannot be written then is of no interest.
        tokio::spawn(async move {
            match fault {
                Fault::Http2TurnedAway => http2::turn_away(stream).await,
                Fault::Http2(first) => {
                    // A connection of HTTP/2 may have more than one request.
                    let mut first = Some(first);
                    let next = move || {
                        seen.requests.lock().unwrap().push(String::new());
                        first.take().unwrap_or_else(|| match script.next() {
                            Fault::Http2(reply) => reply,
                            fault => panic!("{fault:?} is none of HTTP/2"),
                        })
                    };
                    http2::serve(stream, next).await
                }
                fault => fault.befall(stream, &seen).await,
            }
        });
    }
}

impl Fault {
    async fn befall(self, mut stream: TcpStream, seen: &Seen) -> std::io::Result<()> {
        match self {
            Self::ResetUnread => {
                // A reset that comes earlier can meet the client while it still connects.
                // Readiness alone can be false, and the client would not have begun to write.
                stream.peek(&mut [0]).await?;
                return stream.set_zero_linger();
            }
            Self::ResetInHead => {
                stream.read_exact(&mut [0; 16]).await?;
                return stream.set_zero_linger();
            }
            _ => seen.read(&mut stream).await?,
        }
        match self {
            Self::Http2(_) | Self::Http2TurnedAway => unreachable!("not of HTTP/1"),
            Self::ResetUnread | Self::ResetInHead | Self::ResetAfterRequest => {
                stream.set_zero_linger()
            }
            Self::Answer(bytes) => {
                stream.write_all(&bytes).await?;
                stream.shutdown().await
            }
            Self::Keep(bytes) => {
                stream.write_all(&bytes).await?;
                seen.read(&mut stream).await
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

impl Seen {
    /// Reads one request to its end, and notes it.
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
