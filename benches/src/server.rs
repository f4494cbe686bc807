//! A server on loopback that answers from memory, so that what is measured is the client.

use std::io;
use std::net::SocketAddr;
use std::thread;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Starts a server on a thread of its own. It answers `GET /api/members/…` with `item` and everything else with `page`,
/// for as long as the program runs.
pub fn start(item: String, page: String) -> io::Result<SocketAddr> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    let answers: &'static [Vec<u8>; 2] = Box::leak(Box::new([answer(&item), answer(&page)]));
    thread::spawn(move || {
        runtime.block_on(async move {
            let listener = TcpListener::from_std(listener)?;
            loop {
                let (stream, _) = listener.accept().await?;
                tokio::spawn(serve(stream, answers));
            }
            #[allow(unreachable_code)]
            io::Result::Ok(())
        })
    });
    Ok(address)
}

fn answer(body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}")
        .into_bytes()
}

async fn serve(mut stream: TcpStream, answers: &[Vec<u8>; 2]) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut request = Vec::new();
    while stream.read_buf(&mut request).await? > 0 {
        // A request here has no body: its head is all of it.
        if request.ends_with(b"\r\n\r\n") {
            let of_item = request.starts_with(b"GET /api/members/");
            stream.write_all(&answers[usize::from(!of_item)]).await?;
            request.clear();
        }
    }
    Ok(())
}
