//! Start, isolation and shutdown of sandboxes.

use std::time::Duration;

use auth0_sandbox::{Application, Effect, Error, Fault, Sandbox};
use serde_json::json;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

use crate::support::{TestSandbox, start, start_with};

fn address(sandbox: &Sandbox) -> String {
    sandbox.url().strip_prefix("http://").unwrap().to_owned()
}

async fn restart_on_same_port(times: usize) {
    let mut port = 0;
    for _ in 0..times {
        let sandbox = start_with(Sandbox::builder().port(port)).await;
        sandbox.get("/api/environments").await.expect(200);
        port = address(&sandbox)
            .rsplit(':')
            .next()
            .unwrap()
            .parse()
            .unwrap();
    }
}

#[tokio::test]
async fn dropped_sandbox_frees_its_port_immediately() {
    restart_on_same_port(20).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropped_sandbox_frees_its_port_immediately_on_several_threads() {
    restart_on_same_port(20).await;
}

#[tokio::test]
async fn dropped_sandbox_closes_its_connections() {
    let sandbox = start().await;
    sandbox
        .fail(Fault::of("listMembers").then(Effect::Silence { acted: false }))
        .unwrap();
    let mut idle = TcpStream::connect(address(&sandbox)).await.unwrap();
    // A connection with a pending response. The server knows both connections once this request is logged.
    let request = sandbox.request(reqwest::Method::GET, "/api/members");
    let waiting = tokio::spawn(request.send());
    while sandbox.requests_of("listMembers").is_empty() {
        tokio::task::yield_now().await;
    }
    let address = address(&sandbox);
    drop(sandbox);
    waiting.await.unwrap().unwrap_err();
    let end = tokio::time::timeout(Duration::from_secs(10), idle.read(&mut [0])).await;
    assert!(matches!(end.unwrap(), Ok(0) | Err(_)));
    TcpStream::connect(address).await.unwrap_err();
}

#[tokio::test]
async fn sandboxes_are_isolated() {
    let (first, second) = (start().await, start().await);
    assert_ne!(first.url(), second.url());
    assert_ne!(first.client_secret(), second.client_secret());
    assert_ne!(
        first.connection_info().admin_token,
        second.connection_info().admin_token
    );
    first
        .fail(Fault::of_any().then(Effect::status(503)))
        .unwrap();
    first.get("/api/members").await.expect(503);
    second.get("/api/members").await.expect(200);
    first.clear_faults();
    first.advance(Duration::from_secs(1_000_000));
    let body = json!({"email": "new@example.com", "role": "teams_contributor"});
    second.post("/api/members", body).await.expect(201);
    assert_eq!(
        (first.invitations().len(), second.invitations().len()),
        (0, 1)
    );
    assert!(first.requests_of("inviteMember").is_empty());
    assert_eq!(second.requests_of("listMembers").len(), 1);
}

#[tokio::test]
async fn port_in_use_is_named_in_the_error() {
    let sandbox = start().await;
    let port = address(&sandbox)
        .rsplit(':')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    let error = Sandbox::builder().port(port).start().await.unwrap_err();
    assert!(
        matches!(error, Error::Port { port: found, .. } if found == port),
        "{error}"
    );
    let text = error.to_string();
    assert!(
        text.starts_with(&format!("binding 127.0.0.1:{port} failed: ")),
        "{text}"
    );
}

#[tokio::test]
async fn invalid_setting_is_named_in_the_error() {
    let builder = Sandbox::builder;
    let twice = Application::new("one", "x");
    let mut errors = Vec::new();
    for builder in [
        builder().members(0),
        builder().members(u64::MAX),
        builder().tenants(u64::MAX),
        builder().activity(u64::MAX),
        builder().team(""),
        builder().team("two.labels"),
        builder().team("-begins"),
        builder().team("Upper"),
        builder().token_lifetime(Duration::from_millis(999)),
        builder().application(twice.clone()).application(twice),
        builder().private_cloud("Upper", "dublin"),
        builder().private_cloud("private-1", "dublin"),
        builder().clock_offset_seconds(i64::MAX),
        builder().fault(Fault::of("getTenants").then(Effect::Truncate)),
        builder().fault(Fault::of("getTenant")),
    ] {
        let error = builder.start().await.unwrap_err().to_string();
        // The names change with the documents.
        let error = match error.split_once("; similar names: getTenant, ") {
            Some((error, _)) => format!("{error}; similar names: getTenant, …"),
            None => error,
        };
        errors.push(error);
    }
    insta::assert_snapshot!(errors.join("\n"), @r"
    members: expected at least 1 (the owner), found 0
    members: expected at most 1000000000, found 18446744073709551615
    tenants: expected at most 1000000, found 18446744073709551615
    activity: expected at most 1000000, found 18446744073709551615
    team: expected a host name label: lower-case letters, digits and hyphens
    team: expected a host name label: lower-case letters, digits and hyphens
    team: expected a host name label: lower-case letters, digits and hyphens
    team: expected a host name label: lower-case letters, digits and hyphens
    token lifetime: expected at least 1 second, found less
    application: expected unique client ids, found a duplicate
    private cloud: expected an environment of at most 32 lower-case letters, digits and single hyphens
    private cloud: expected unique environments, found a duplicate
    clock offset: expected a valid clock offset in seconds, found 9223372036854775807
    fault: expected an operation, found `getTenants`; similar names: getTenant, …
    fault: expected `then` or `delay-ms`, found neither
    ");
}

#[tokio::test]
async fn longest_team_slug_leaves_room_for_tenant_names() {
    let slug = "a".repeat(63);
    let sandbox = start_with(Sandbox::builder().team(&slug).tenants(1000)).await;
    let tenants = sandbox.list_all("/api/tenants", "tenants", "").await;
    for tenant in tenants {
        let name = tenant["tenant_name"].as_str().unwrap().to_owned();
        assert!((3..=63).contains(&name.len()), "{name}");
    }
    assert_eq!(
        sandbox.audience(),
        format!("https://{slug}.teams.auth0.com/api/")
    );
}

#[tokio::test]
async fn configured_team_and_audience_are_reported() {
    let builder = Sandbox::builder()
        .team("globex")
        .audience("https://api.test/");
    let sandbox: TestSandbox = start_with(builder).await;
    assert_eq!(sandbox.team(), "globex");
    assert_eq!(sandbox.domain(), "globex-auth.sandbox.test");
    assert_eq!(sandbox.audience(), "https://api.test/");
    let connection = serde_json::to_value(sandbox.connection_info()).unwrap();
    assert_eq!(connection["url"], sandbox.url());
    assert_eq!(connection["token_url"], sandbox.token_url());
    assert_eq!(connection["admin_email"], sandbox.first_member().email);
    assert_eq!(connection["client_secret"], sandbox.client_secret());
    assert_eq!(connection["pid"], std::process::id());
}
