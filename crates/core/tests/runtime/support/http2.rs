//! A minimal HTTP/2 server (RFC 9113 §6) on a raw socket, to reset streams and close connections.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::MEMBER;

/// Error codes of RFC 9113 §7.
pub(crate) const NO_ERROR: u32 = 0;
pub(crate) const INTERNAL_ERROR: u32 = 2;
pub(crate) const REFUSED_STREAM: u32 = 7;
pub(crate) const CANCEL: u32 = 8;
pub(crate) const ENHANCE_YOUR_CALM: u32 = 11;

/// What the server does after it has read a request.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Reply {
    /// 200 with the member.
    Success,
    /// `RST_STREAM` with this code.
    Reset(u32),
    /// `GOAWAY` with this code and a last stream below that of the request, then closes the connection.
    GoAwayBelow(u32),
    /// `GOAWAY` with this code that includes the request, then closes the connection.
    GoAwayIncluding(u32),
}

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;
/// `:status: 200` in the static table of HPACK (RFC 7541).
const STATUS_200: u8 = 0x88;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

fn go_away(last_stream: u32, code: u32) -> Vec<u8> {
    let payload = [last_stream.to_be_bytes(), code.to_be_bytes()].concat();
    frame(GOAWAY, 0, 0, &payload)
}

/// Serves a connection; `next` returns the reply to each request.
pub(super) async fn serve(
    mut stream: TcpStream,
    mut next: impl FnMut() -> Reply,
) -> std::io::Result<()> {
    stream.read_exact(&mut [0; 24]).await?;
    stream.write_all(&frame(SETTINGS, 0, 0, &[])).await?;
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await?;
        let [a, b, c, kind, flags, id @ ..] = head;
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        stream.read_exact(&mut payload).await?;
        let id = u32::from_be_bytes(id);
        let reply = match kind {
            SETTINGS if flags & ACK == 0 => frame(SETTINGS, ACK, 0, &[]),
            DATA | HEADERS if flags & END_STREAM != 0 => match next() {
                Reply::Success => {
                    let mut reply = frame(HEADERS, END_HEADERS, id, &[STATUS_200]);
                    reply.extend(frame(DATA, END_STREAM, id, MEMBER.as_bytes()));
                    reply
                }
                Reply::Reset(code) => frame(RST_STREAM, 0, id, &code.to_be_bytes()),
                Reply::GoAwayBelow(code) => return end(stream, go_away(id - 1, code)).await,
                Reply::GoAwayIncluding(code) => return end(stream, go_away(id, code)).await,
            },
            _ => continue,
        };
        stream.write_all(&reply).await?;
    }
}

/// Closes a connection with `GOAWAY` before anything is read.
pub(super) async fn go_away_immediately(stream: TcpStream) -> std::io::Result<()> {
    let mut bytes = frame(SETTINGS, 0, 0, &[]);
    bytes.extend(go_away(0, NO_ERROR));
    end(stream, bytes).await
}

/// Sends the last bytes and closes. Remaining input is read, because closing with unread input would reset the connection.
async fn end(mut stream: TcpStream, bytes: Vec<u8>) -> std::io::Result<()> {
    stream.write_all(&bytes).await?;
    stream.shutdown().await?;
    tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
    Ok(())
}
