//! The `Host` check, which protects against DNS rebinding by web pages.

use auth0_sandbox::Sandbox;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::start;

/// Sends `GET path` with these raw header lines and returns the status.
async fn status(sandbox: &Sandbox, path: &str, head: &str) -> String {
    let address = sandbox.url().strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\n{head}connection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    response.split(' ').nth(1).unwrap().to_owned()
}

#[tokio::test]
async fn local_host_is_accepted() {
    let sandbox = start().await;
    let port = sandbox.url().rsplit(':').next().unwrap();
    for host in ["127.0.0.1", "localhost", "[::1]", "LocalHost"] {
        let head = format!("host: {host}:{port}\r\n");
        let found = status(&sandbox, "/.well-known/jwks.json", &head).await;
        assert_eq!(found, "200", "{host}");
    }
}

#[tokio::test]
async fn other_host_is_rejected_on_every_path() {
    let sandbox = start().await;
    let port: u16 = sandbox.url().rsplit(':').next().unwrap().parse().unwrap();
    let other = port ^ 1;
    let local_host = format!("host: 127.0.0.1:{port}\r\n");
    for head in [
        format!("host: evil.test:{port}\r\n"),
        format!("host: 127.0.0.1.evil.test:{port}\r\n"),
        format!("host: localhost.evil.test:{port}\r\n"),
        format!("host: evil.test@127.0.0.1:{port}\r\n"),
        format!("host: 127.0.0.2:{port}\r\n"),
        format!("host: 0.0.0.0:{port}\r\n"),
        format!("host: 192.168.0.1:{port}\r\n"),
        format!("host: 127.0.0.1:{other}\r\n"),
        format!("host: localhost:{other}\r\n"),
        "host: 127.0.0.1\r\n".to_owned(),
        "host: localhost\r\n".to_owned(),
        "host: 127.0.0.1:\r\n".to_owned(),
        "host: \r\n".to_owned(),
        "host: http://127.0.0.1/\r\n".to_owned(),
        String::new(),
        format!("{local_host}host: evil.test\r\n"),
        format!("{local_host}{local_host}"),
        format!("x-forwarded-host: 127.0.0.1:{port}\r\nhost: evil.test\r\n"),
    ] {
        for path in [
            "/.well-known/jwks.json",
            "/oauth/token",
            "/api/members",
            "/_sandbox/requests",
            "/nothing",
        ] {
            assert_eq!(status(&sandbox, path, &head).await, "421", "{path} {head}");
        }
    }
    let rejected = sandbox.requests().pop().unwrap();
    assert_eq!((rejected.status, rejected.acted), (Some(421), false));
}
