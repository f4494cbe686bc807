//! A server on this machine that gives any answer, also those that no HTTP library would give.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// What the server does with a request.
pub(crate) struct Answer {
    bytes: Vec<u8>,
    stalls: bool,
}

impl Answer {
    /// These bytes, and the end of the connection.
    pub(crate) fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            bytes: bytes.into(),
            stalls: false,
        }
    }

    /// A status, headers and a body of the length that is told.
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

    /// The document, with a type that says nothing of it.
    pub(crate) fn document(body: impl AsRef<[u8]>) -> Self {
        Self::new("200 OK", &["Content-Type: text/plain"], body)
    }

    /// The same, but the connection stays open and nothing more comes.
    pub(crate) fn then_nothing(mut self) -> Self {
        self.stalls = true;
        self
    }
}

/// The server; it runs until the test ends.
pub(crate) struct Server {
    /// Its address, without a slash at the end.
    pub(crate) address: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// A server that gives each request head to `answer`.
    pub(crate) fn start(mut answer: impl FnMut(&str) -> Answer + Send + 'static) -> Self {
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
                let answer = answer(&request);
                // A client that has seen enough closes the connection.
                let _ = stream.write_all(&answer.bytes);
                if answer.stalls {
                    open.push(stream);
                }
            }
        });
        Self { address, requests }
    }

    /// A server that always gives the same answer.
    pub(crate) fn always(answer: impl Fn() -> Answer + Send + 'static) -> Self {
        Self::start(move |_| answer())
    }

    /// The heads of the requests that came, in lower case.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("no panic").clone()
    }
}

/// What a request says before its body, which it does not have.
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
