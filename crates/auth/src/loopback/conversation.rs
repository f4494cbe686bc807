//! One connection of a browser: a request, and the page that answers it.
//!
//! It is written by hand because it is one path, one method and no body; a web server would be a dependency of every
//! program that never logs anybody in.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A request of a browser with many cookies fits into this; nothing of them is wanted.
const MAX_HEAD: usize = 16 * 1024;

/// What becomes of a request.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// It is the answer to the login.
    Taken(String),
    /// It is answered with this status, and this header besides.
    Refused(&'static str, &'static str),
}

/// Reads a request and answers it. Gives back the query, if it is the answer to the login.
pub(super) async fn converse(
    mut stream: TcpStream,
    host: &str,
    is_ours: &(impl Fn(&str) -> bool + Sync),
) -> Option<String> {
    let head = head(&mut stream).await?;
    let verdict = judge(&head, host, is_ours);
    // The answer counts, whether or not the browser hears that it arrived.
    let _ = stream.write_all(page(&verdict).as_bytes()).await;
    let _ = stream.shutdown().await;
    match verdict {
        Verdict::Taken(query) => Some(query),
        Verdict::Refused(..) => None,
    }
}

/// The request line and the headers; nothing if the connection ends first or there is too much of them.
async fn head(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    let mut buffer = [0; 2048];
    loop {
        let read = stream.read(&mut buffer).await.ok()?;
        head.extend_from_slice(buffer.get(..read)?);
        if let Some(end) = head.windows(4).position(|four| four == b"\r\n\r\n") {
            head.truncate(end);
            return String::from_utf8(head).ok();
        }
        if read == 0 || head.len() > MAX_HEAD {
            return None;
        }
    }
}

fn judge(head: &str, host: &str, is_ours: impl Fn(&str) -> bool) -> Verdict {
    let mut lines = head.split("\r\n");
    let mut line = lines.next().unwrap_or_default().split(' ');
    let (Some(method), Some(target), Some("HTTP/1.1" | "HTTP/1.0"), None) =
        (line.next(), line.next(), line.next(), line.next())
    else {
        return Verdict::Refused("400 Bad Request", "");
    };
    let mut hosts = lines.filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("host").then(|| value.trim())
    });
    // A page elsewhere can send the browser here under a name of its own (DNS rebinding), but not by number.
    if (hosts.next(), hosts.next()) != (Some(host), None) {
        return Verdict::Refused("421 Misdirected Request", "");
    }
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    if path != "/callback" {
        return Verdict::Refused("404 Not Found", "");
    }
    if method != "GET" {
        return Verdict::Refused("405 Method Not Allowed", "allow: GET\r\n");
    }
    if !is_ours(query) {
        return Verdict::Refused("400 Bad Request", "");
    }
    Verdict::Taken(query.to_owned())
}

/// The answer: the same few words each time, whatever the request said.
fn page(verdict: &Verdict) -> String {
    let (status, header, text) = match verdict {
        Verdict::Taken(_) => (
            "200 OK",
            "",
            "The answer has arrived. You can close this window and go back to the program.",
        ),
        Verdict::Refused(status, header) => (
            *status,
            *header,
            "This is not the answer to a login that is under way.",
        ),
    };
    let body = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Login</title><p>{text}</p></html>\n"
    );
    format!(
        "HTTP/1.1 {status}\r\n\
         {header}\
         content-type: text/html; charset=utf-8\r\n\
         content-length: {}\r\n\
         cache-control: no-store\r\n\
         content-security-policy: default-src 'none'; frame-ancestors 'none'\r\n\
         referrer-policy: no-referrer\r\n\
         x-content-type-options: nosniff\r\n\
         connection: close\r\n\
         \r\n\
         {body}",
        body.len()
    )
}
