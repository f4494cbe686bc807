//! A local server that sends arbitrary bytes, including invalid responses.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// The response of the server to a request.
pub(crate) struct StubResponse {
    bytes: Vec<u8>,
    stalls: bool,
}

impl StubResponse {
    /// Sends these bytes and closes the connection.
    pub(crate) fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            bytes: bytes.into(),
            stalls: false,
        }
    }

    /// A response with status, headers, body and its length.
    pub(crate) fn new(status: &str, headers: &[&str], body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let mut bytes = format!(
            "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n",
            body.len()
        );
        for header in headers {
            bytes.push_str(&format!("{header}\r\n"));
        }
        bytes.push_str("\r\n");
        Self::raw([bytes.as_bytes(), body].concat())
    }

    /// A response with the document and a generic content type.
    pub(crate) fn document(body: impl AsRef<[u8]>) -> Self {
        Self::new("200 OK", &["Content-Type: text/plain"], body)
    }

    /// Keeps the connection open without sending more.
    pub(crate) fn then_nothing(mut self) -> Self {
        self.stalls = true;
        self
    }
}

/// The server. It runs until the end of the test.
pub(crate) struct Server {
    /// Its address, without a slash at the end.
    pub(crate) address: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Starts a server that passes each request head to `respond`.
    pub(crate) fn start(mut respond: impl FnMut(&str) -> StubResponse + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        thread::spawn(move || {
            let mut open = Vec::new();
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                let Some(request) = head(&mut stream) else {
                    continue;
                };
                seen.lock().expect("no panic").push(request.clone());
                let response = respond(&request);
                // The client may have closed the connection already.
                let _ = stream.write_all(&response.bytes);
                if response.stalls {
                    open.push(stream);
                }
            }
        });
        Self { address, requests }
    }

    /// Starts a server that always sends the same response.
    pub(crate) fn always(respond: impl Fn() -> StubResponse + Send + 'static) -> Self {
        Self::start(move |_| respond())
    }

    /// The heads of all requests, in lower case.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("no panic").clone()
    }
}

/// Reads the head of a request.
fn head(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        bytes.push(byte[0]);
    }
    Some(String::from_utf8_lossy(&bytes).to_lowercase())
}
