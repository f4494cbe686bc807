//! One connection of a browser: a request and the page that is sent in response.
//!
//! Written by hand because it needs one path, one method and no body. A web server would be a dependency of every program,
//! including those without logins.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// The maximum size of a request head, enough for a browser with many cookies.
const MAX_HEAD: usize = 16 * 1024;

/// The classification of a request.
#[derive(Debug, PartialEq, Eq)]
enum Classification {
    /// It is the authorization response of the login, with this query.
    Accepted(String),
    /// It is rejected with this status and this additional header.
    Rejected(&'static str, &'static str),
}

/// Reads a request and sends a page. Returns the query if the request is the authorization response of the login.
pub(super) async fn serve(
    mut stream: TcpStream,
    host: &str,
    is_expected: &(impl Fn(&str) -> bool + Sync),
) -> Option<String> {
    let head = head(&mut stream).await?;
    let classification = classify(&head, host, is_expected);
    // The response is valid even if the browser does not receive the page.
    let _ = stream.write_all(response(&classification).as_bytes()).await;
    let _ = stream.shutdown().await;
    match classification {
        Classification::Accepted(query) => Some(query),
        Classification::Rejected(..) => None,
    }
}

/// Reads the request line and the headers. Returns `None` if the connection ends early or the head is too large.
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

fn classify(head: &str, host: &str, is_expected: impl Fn(&str) -> bool) -> Classification {
    let mut lines = head.split("\r\n");
    let mut line = lines.next().unwrap_or_default().split(' ');
    let (Some(method), Some(target), Some("HTTP/1.1" | "HTTP/1.0"), None) =
        (line.next(), line.next(), line.next(), line.next())
    else {
        return Classification::Rejected("400 Bad Request", "");
    };
    let mut hosts = lines.filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("host").then(|| value.trim())
    });
    // DNS rebinding: a foreign page can send the browser here under its own host name, but not under the address.
    if (hosts.next(), hosts.next()) != (Some(host), None) {
        return Classification::Rejected("421 Misdirected Request", "");
    }
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    if path != "/callback" {
        return Classification::Rejected("404 Not Found", "");
    }
    if method != "GET" {
        return Classification::Rejected("405 Method Not Allowed", "allow: GET\r\n");
    }
    if !is_expected(query) {
        return Classification::Rejected("400 Bad Request", "");
    }
    Classification::Accepted(query.to_owned())
}

/// Returns the HTTP response. Its text never depends on the content of the request.
fn response(classification: &Classification) -> String {
    let (status, header, text) = match classification {
        Classification::Accepted(_) => (
            "200 OK",
            "",
            "The login response has been received. You can close this window and return to the program.",
        ),
        Classification::Rejected(status, header) => (
            *status,
            *header,
            "This is not the response to a pending login.",
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
