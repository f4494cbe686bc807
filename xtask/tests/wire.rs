//! Two programs that use generated crates talk to a server of this test, which records what arrives on the wire.

#![forbid(unsafe_code)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc;

use xtask::emit::{CoreSource, Target};
use xtask::lower::Options;
use xtask::pipeline;
use xtask::sources::ApiData;
use xtask::spec::document::Document;

/// A request as it arrived.
#[derive(Debug)]
struct Request {
    /// Method and target.
    line: String,
    /// In lower case, without those of the connection.
    headers: Vec<String>,
    body: String,
}

impl Request {
    fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find_map(|header| header.strip_prefix(name)?.strip_prefix(": "))
    }

    fn read(connection: &mut BufReader<TcpStream>) -> Option<Self> {
        let mut line = || {
            let mut line = String::new();
            connection
                .read_line(&mut line)
                .ok()
                .filter(|read| *read > 0)?;
            Some(line.trim_end().to_owned())
        };
        let first = line()?;
        let mut headers = Vec::new();
        loop {
            match line()? {
                end if end.is_empty() => break,
                header => {
                    let (name, value) = header.split_once(": ")?;
                    headers.push(format!("{}: {value}", name.to_ascii_lowercase()));
                }
            }
        }
        let mut request = Self {
            line: first.trim_end_matches(" HTTP/1.1").to_owned(),
            headers,
            body: String::new(),
        };
        let mut body = Vec::new();
        if request.header("transfer-encoding").is_some() {
            loop {
                let mut size = String::new();
                connection.read_line(&mut size).ok()?;
                let size = usize::from_str_radix(size.trim_end(), 16).ok()?;
                let mut chunk = vec![0; size + 2];
                connection.read_exact(&mut chunk).ok()?;
                body.extend_from_slice(&chunk[..size]);
                if size == 0 {
                    break;
                }
            }
        } else if let Some(length) = request.header("content-length") {
            body = vec![0; length.parse().ok()?];
            connection.read_exact(&mut body).ok()?;
        }
        request.body = String::from_utf8_lossy(&body).into_owned();
        Some(request)
    }
}

/// A server that responds with what `respond` returns, and closes each connection.
fn serve(respond: fn(usize, &Request) -> String) -> (String, mpsc::Receiver<Request>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let (sender, requests) = mpsc::channel();
    std::thread::spawn(move || {
        for (number, connection) in listener.incoming().flatten().enumerate() {
            let mut connection = BufReader::new(connection);
            if let Some(request) = Request::read(&mut connection) {
                let response = respond(number, &request);
                // The program may have closed the connection already.
                let _ = connection.get_mut().write_all(response.as_bytes());
                let _ = sender.send(request);
            }
        }
    });
    (url, requests)
}

fn response(status: &str, media_type: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: {media_type}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

/// The end of a body in chunks. Without it, the connection is lost.
const LAST_CHUNK: &str = "0\r\n\r\n";

/// A success with the first chunk of its body.
fn chunk(media_type: &str, chunk: &str) -> String {
    let length = chunk.len();
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: {media_type}\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n{length:x}\r\n{chunk}\r\n"
    )
}

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn write(path: PathBuf, text: &str) {
    std::fs::create_dir_all(path.parent().expect("a parent")).expect("a new folder");
    std::fs::write(path, text).expect("a new file");
}

/// Builds the programs, each with the crate of its document, and returns the folder with them.
fn build(names: &[&str]) -> PathBuf {
    let scratch = tempfile::tempdir().expect("a temporary folder");
    for name in names {
        let document = package().join(format!("tests/wire/{name}.yaml"));
        let document = Document::read_as(&document, "document").and_then(Document::checked);
        let document = document.expect("a valid document");
        let normalized = pipeline::normalize(document.value, &document.source, &Options::default())
            .expect("a document that can be normalized");
        let core = package().join("../crates/core");
        let target = Target {
            crate_name: format!("wire-{name}"),
            version: "0.0.0".to_owned(),
            core: CoreSource::Path(core.to_str().expect("a path in UTF-8").to_owned()),
            api: ApiData::of_document(&normalized.document),
            command: "cargo test".to_owned(),
            member: false,
        };
        let files = pipeline::generate(&normalized.document, "normalized", &target);
        for (path, mut text) in files.expect("a crate") {
            if path == "Cargo.toml" {
                let own_workspace = text.find("\n[workspace]").expect("a crate of its own");
                text.truncate(own_workspace);
            }
            write(scratch.path().join(name).join(path), &text);
        }
        let program = package().join(format!("tests/wire/{name}.rs"));
        let program = std::fs::read_to_string(program).expect("a program");
        write(
            scratch.path().join(format!("programs/src/bin/{name}.rs")),
            &program,
        );
    }
    let crates: String = names
        .iter()
        .map(|name| format!("wire-{name} = {{ path = \"../{name}\" }}\n"))
        .collect();
    let manifest = format!(
        "[package]\nname = \"programs\"\nedition = \"2024\"\n\n[dependencies]\nfutures-util = {{ version = \"0.3\", default-features = false }}\n\
         serde_json = \"1\"\ntokio = {{ version = \"1\", features = [\"macros\", \"rt-multi-thread\"] }}\n{crates}"
    );
    write(scratch.path().join("programs/Cargo.toml"), &manifest);
    let workspace = format!(
        "[workspace]\nresolver = \"3\"\nmembers = [\"programs\", {}]\n",
        {
            let members: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
            members.join(", ")
        }
    );
    write(scratch.path().join("Cargo.toml"), &workspace);
    // The versions of the workspace, which are downloaded already.
    std::fs::copy(
        package().join("../Cargo.lock"),
        scratch.path().join("Cargo.lock"),
    )
    .expect("a lock file");
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| package().join("../target"), PathBuf::from)
        .join("conformance");
    let output = Command::new(env!("CARGO"))
        .args(["build", "--package", "programs", "--quiet", "--offline"])
        .current_dir(scratch.path())
        .env("CARGO_TARGET_DIR", &target)
        .output()
        .expect("cargo runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    target.join("debug")
}

fn run(program: &Path, url: &str) {
    let output = Command::new(program)
        .arg(url)
        .output()
        .expect("the program runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {errors}", program.display());
}

#[test]
fn programs_send_and_read_what_their_documents_say() {
    let programs = build(&["files", "events"]);
    files(&programs.join("files"));
    events(&programs.join("events"));
}

fn files(program: &Path) {
    let (url, requests) = serve(|number, request| match (number, request.line.as_str()) {
        (0 | 2, _) => response("429 Too Many Requests", "text/plain", "later"),
        (_, "POST /v1/files") => response("201 Created", "application/json", r#"{"id":"f1"}"#),
        (_, line) if line.contains("later") => response(
            "202 Accepted",
            "application/json; charset=utf-8",
            r#"{"job":"j1"}"#,
        ),
        (_, line) if line.starts_with("GET") => response("200 OK", "image/png", "png"),
        (_, line) if line.starts_with("PATCH") || line.ends_with("/choices") => {
            "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n".to_owned()
        }
        _ => response("200 OK", "text/plain", "thanks"),
    });
    run(program, &format!("{url}/v1"));

    let requests: Vec<Request> = requests.try_iter().collect();
    let [
        _,
        upload,
        stream,
        read,
        _,
        change,
        form,
        json,
        tags,
        map,
        csv,
    ] = requests.as_slice()
    else {
        panic!("{} requests", requests.len());
    };
    assert_eq!(upload.line, "POST /v1/files");
    assert_eq!(upload.header("x-api-key"), Some("k3y-of-header"));
    assert_eq!(upload.header("accept"), Some("application/json"));
    assert_eq!(upload.header("auth0-client"), None);
    assert_eq!(upload.header("authorization"), None);
    let boundary = upload
        .header("content-type")
        .and_then(|value| value.strip_prefix("multipart/form-data; boundary="))
        .expect("a boundary");
    let file = "\u{7}".repeat(100_000);
    let parts = [
        "Content-Disposition: form-data; name=\"name\"\r\n\r\nAda".to_owned(),
        format!(
            "Content-Disposition: form-data; name=\"picture\"; filename=\"a \\\"b\\\".png\"\r\nContent-Type: image/png\r\nx-kind: photo\r\n\r\n{file}"
        ),
        "Content-Disposition: form-data; name=\"settings\"\r\nContent-Type: application/json\r\n\r\n{\"size\":3}".to_owned(),
        "Content-Disposition: form-data; name=\"tags\"\r\n\r\nx".to_owned(),
        "Content-Disposition: form-data; name=\"tags\"\r\n\r\ny".to_owned(),
    ];
    let parts: String = parts
        .iter()
        .map(|part| format!("--{boundary}\r\n{part}\r\n"))
        .collect();
    assert!(
        upload.body == format!("{parts}--{boundary}--\r\n"),
        "{}",
        upload.body.replace(&file, "…")
    );
    assert_eq!(stream.header("transfer-encoding"), Some("chunked"));
    assert!(
        stream.body.contains("\r\n\r\none, two\r\n"),
        "{}",
        stream.body
    );

    assert_eq!(
        read.line,
        "GET /v1/files/;path=a%20b,c%2Fd?filter=%7B%22of%22%3A%5B1%2C2%5D%7D&formats=png,jpg\
         &since=2026-01-02T03%3A04%3A05Z&size%5Bheight%5D=4&size%5Bwidth%5D=3"
    );
    assert_eq!(read.header("cookie"), Some("session=a%3Bb; theme=dark"));
    assert_eq!(read.header("x-range"), Some("5,6"));
    assert_eq!(read.header("accept"), Some("image/png, application/json"));
    assert_eq!(read.header("x-api-key"), Some("k3y-of-header"));
    assert_eq!(read.header("authorization"), Some("Basic YWRhOnMzY3IzdA=="));

    assert_eq!(change.line, "PATCH /v1/files/.x.y?key=k3y+of+query");
    assert_eq!(
        change.header("content-type"),
        Some("application/merge-patch+json")
    );
    assert_eq!(change.header("x-api-key"), None);
    assert_eq!(change.body, r#"{"name":null}"#);

    assert_eq!(
        form.header("content-type"),
        Some("application/x-www-form-urlencoded")
    );
    assert_eq!(form.header("accept"), Some("text/plain"));
    assert_eq!(form.header("x-api-key"), None);
    assert_eq!(
        form.body,
        "amount=5&meta%5Bk%5D=v&place=%7B%22x%22%3A1%7D&rows=%5B%5D&tags=a+b&tags=c%26d"
    );

    for (request, media_type, body) in [
        (json, "application/json", r#"{"id":"a"}"#),
        (tags, "application/x-www-form-urlencoded", "tags=x&tags=y"),
        (csv, "text/csv", "a,b"),
    ] {
        assert_eq!(request.header("content-type"), Some(media_type));
        assert_eq!(request.body, body);
    }
    let sent = &map.body;
    assert!(sent.contains("name=\"k\"\r\n\r\nv\r\n"), "{sent}");
}

fn events(program: &Path) {
    let (url, requests) = serve(|_, request| {
        match (request.line.as_str(), request.body.as_str()) {
            ("GET /events", _) => chunk(
                "text/event-stream",
                ": hello\n\nevent: tick\nid: 42\ndata: {\"count\":\ndata: 1}\n\ndata: oops\n\ndata: {\"count\":3}\n\ndata: lost",
            ),
            ("GET /lines", _) => {
                chunk("application/x-ndjson", "{\"count\":1}\n\n{\"count\":2}") + LAST_CHUNK
            }
            (_, r#"{"stream":true}"#) => {
                let events = "data: a\n\ndata: b\n\ndata: [DONE]\n\n";
                chunk("text/event-stream; charset=utf-8", events) + LAST_CHUNK
            }
            _ => response("200 OK", "application/json", r#"{"text":"ab"}"#),
        }
    });
    run(program, &url);

    let requests: Vec<Request> = requests.try_iter().collect();
    let [events, lines, whole, streamed] = requests.as_slice() else {
        panic!("{} requests", requests.len());
    };
    assert_eq!(events.header("accept"), Some("text/event-stream"));
    assert_eq!(events.header("last-event-id"), Some("41"));
    assert_eq!(lines.header("accept"), Some("application/x-ndjson"));
    assert_eq!(
        whole.header("accept"),
        Some("application/json, text/event-stream")
    );
    assert_eq!(streamed.body, r#"{"stream":true}"#);
}
