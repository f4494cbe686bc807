//! A server on loopback that answers from memory, so that what is measured is the client.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Starts a server on a thread of its own. It answers `GET /api/members/…` with `item` and everything else with `page`,
/// for as long as the program runs.
pub fn start(item: String, page: String) -> io::Result<SocketAddr> {
    let (item, page) = (ok(&item), ok(&page));
    start_with(move |head| {
        let of_item = head.starts_with("GET /api/members/");
        if of_item { item.clone() } else { page.clone() }
    })
}

/// Starts a server on a thread of its own that gives to each head of a request what `answer` makes of it.
pub fn start_with(
    answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static,
) -> io::Result<SocketAddr> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    let answer = Arc::new(answer);
    thread::spawn(move || {
        runtime.block_on(async move {
            let listener = TcpListener::from_std(listener)?;
            loop {
                let (stream, _) = listener.accept().await?;
                tokio::spawn(serve(stream, Arc::clone(&answer)));
            }
            #[allow(unreachable_code)]
            io::Result::Ok(())
        })
    });
    Ok(address)
}

/// A success with this body.
pub fn ok(body: &str) -> Vec<u8> {
    answer("200 OK", "", body)
}

/// An answer with further headers, each with its line's end.
pub fn answer(status: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{headers}content-length: {length}\r\n\r\n{body}")
        .into_bytes()
}

async fn serve(
    mut stream: TcpStream,
    answer: Arc<impl Fn(&str) -> Vec<u8> + Send + Sync>,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut request = Vec::new();
    while stream.read_buf(&mut request).await? > 0 {
        // A request here has no body that is looked at: its head and a short body come in one piece.
        if let Some(end) = request.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&request[..end]);
            let bytes = answer(&head);
            stream.write_all(&bytes).await?;
            request.clear();
        }
    }
    Ok(())
}
