//! A loopback server with prepared responses, so that benchmarks measure the client.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Starts a server on its own thread, which runs until the program ends. It returns `item` for `GET /api/members/…` and
/// `page` for everything else.
pub fn start(item: String, page: String) -> io::Result<SocketAddr> {
    let (item, page) = (ok(&item), ok(&page));
    start_with(move |head| {
        let is_item = head.starts_with("GET /api/members/");
        if is_item { item.clone() } else { page.clone() }
    })
}

/// Starts a server on its own thread that computes each response from the head of the request with `respond`.
pub fn start_with(
    respond: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static,
) -> io::Result<SocketAddr> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    let respond = Arc::new(respond);
    thread::spawn(move || {
        runtime.block_on(async move {
            let listener = TcpListener::from_std(listener)?;
            loop {
                let (stream, _) = listener.accept().await?;
                tokio::spawn(serve(stream, Arc::clone(&respond)));
            }
            #[allow(unreachable_code)]
            io::Result::Ok(())
        })
    });
    Ok(address)
}

/// A 200 response with this body.
pub fn ok(body: &str) -> Vec<u8> {
    response("200 OK", "", body)
}

/// A response with additional header lines, each with its line end.
pub fn response(status: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{headers}content-length: {length}\r\n\r\n{body}")
        .into_bytes()
}

async fn serve(
    mut stream: TcpStream,
    respond: Arc<impl Fn(&str) -> Vec<u8> + Send + Sync>,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut request = Vec::new();
    while stream.read_buf(&mut request).await? > 0 {
        // Request bodies are ignored; head and body are short enough to arrive together.
        if let Some(end) = request.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&request[..end]);
            let bytes = respond(&head);
            stream.write_all(&bytes).await?;
            request.clear();
        }
    }
    Ok(())
}
