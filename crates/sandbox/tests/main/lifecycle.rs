//! Sandboxes that start, stand side by side, and end.

use std::time::Duration;

use auth0_sandbox::{Application, Effect, Error, Fault, Sandbox};
use serde_json::json;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

use crate::support::{Running, start, started};

fn address(sandbox: &Sandbox) -> String {
    sandbox.url().strip_prefix("http://").unwrap().to_owned()
}

async fn again_at_once(times: usize) {
    let mut port = 0;
    for _ in 0..times {
        let sandbox = started(Sandbox::builder().port(port)).await;
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
async fn sandbox_is_dropped_then_another_can_have_the_port_at_once() {
    again_at_once(20).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sandbox_is_dropped_on_several_threads_then_another_can_have_the_port_at_once() {
    again_at_once(20).await;
}

#[tokio::test]
async fn sandbox_is_dropped_then_its_connections_are_closed() {
    let sandbox = start().await;
    sandbox
        .fail(Fault::of("listMembers").then(Effect::Silence { acted: false }))
        .unwrap();
    let mut idle = TcpStream::connect(address(&sandbox)).await.unwrap();
    // One that waits for an answer as well; both are known to the server when this one is noted.
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
async fn two_sandboxes_run_then_neither_knows_of_the_other() {
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
async fn port_is_taken_then_the_error_names_it() {
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
        text.starts_with(&format!("port {port} of 127.0.0.1 cannot be used: ")),
        "{text}"
    );
}

#[tokio::test]
async fn setting_has_no_such_value_then_the_error_names_it() {
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
        errors.push(builder.start().await.unwrap_err().to_string());
    }
    insta::assert_snapshot!(errors.join("\n"), @r"
    members: expected at least 1, the owner; found 0
    members: expected at most 1000000000, found 18446744073709551615
    tenants: expected at most 1000000, found 18446744073709551615
    activity: expected at most 1000000, found 18446744073709551615
    team: expected one label of a host name: lower-case letters, digits and hyphens
    team: expected one label of a host name: lower-case letters, digits and hyphens
    team: expected one label of a host name: lower-case letters, digits and hyphens
    team: expected one label of a host name: lower-case letters, digits and hyphens
    token lifetime: expected at least 1 second
    application: expected client ids that differ
    private cloud: expected an environment of at most 32 lower-case letters, digits and single hyphens
    private cloud: expected environments that differ
    clock offset: expected seconds that a clock can be off by, found 9223372036854775807
    fault: expected an operation, found `getTenants`; there are getTenant, getEnvironments, getMember, get_discovery-domains, get_discovery-domains_by_discovery_domain_id
    fault: expected `then` or `delay-ms`, found neither
    ");
}

#[tokio::test]
async fn team_has_the_longest_name_then_its_tenants_still_have_names() {
    let slug = "a".repeat(63);
    let sandbox = started(Sandbox::builder().team(&slug).tenants(1000)).await;
    let tenants = sandbox.all("/api/tenants", "tenants", "").await;
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
async fn name_and_audience_are_given_then_they_are_shown() {
    let builder = Sandbox::builder()
        .team("globex")
        .audience("https://api.test/");
    let sandbox: Running = started(builder).await;
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
