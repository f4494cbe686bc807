//! `create-organizations`: repeatable, verified after lost responses, and within the rate limits of the plan.

use std::fs;
use std::process::Command;
use std::time::Duration;

use auth0_sandbox::{Application, Effect, Fault, Reply, Sandbox, SandboxBuilder};
use tempfile::TempDir;

use super::program::{Run, changes, command, run, start};

const NAME: &str = "create-organizations";

/// The example against the tenant of the sandbox, as if it were a live one.
fn live(sandbox: &Sandbox, arguments: &[&str]) -> Command {
    let mut command = command(NAME, arguments);
    command
        .env("AUTH0_TENANT", sandbox.domain())
        .env("AUTH0_CLIENT_ID", sandbox.client_id())
        .env("AUTH0_CLIENT_SECRET", sandbox.client_secret())
        .env("AUTH0_BASE_URL", sandbox.management_url())
        .env("AUTH0_TOKEN_URL", sandbox.token_url());
    command
}

/// Runs the example with a file of these lines.
fn create(sandbox: &Sandbox, lines: &[&str]) -> Run {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("organizations.jsonl");
    fs::write(&file, lines.join("\n")).unwrap();
    let file = file.to_str().unwrap();
    run(live(
        sandbox,
        &["--file", file, "--plan", "production", "--at-once", "2"],
    ))
}

fn builder() -> SandboxBuilder {
    let plan: auth0_sandbox::RateLimitPlan = "public-enterprise".parse().unwrap();
    Sandbox::builder().rate_limit_plan(plan.production())
}

/// The number of requests of an operation.
fn request_count(sandbox: &Sandbox, operation: &str) -> usize {
    sandbox.requests_of(operation).len()
}

/// The id of a connection of the tenant.
async fn connection(sandbox: &Sandbox) -> String {
    let client = super::program::organizations_client(sandbox);
    let id = sandbox.organization_id();
    let listing = client.organizations().enabled_connections().list(id);
    let page = listing.await.unwrap();
    sandbox.forget_requests();
    let first = page.enabled_connections[0].connection_id.as_deref();
    first.unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_organizations_are_created_then_no_call_gets_a_429() {
    let sandbox = start(builder()).await;
    let lines: Vec<_> = (1..=50)
        .map(|n| format!("{{\"name\": \"shop-{n:02}\"}}"))
        .collect();
    let lines: Vec<_> = lines.iter().map(String::as_str).collect();
    let run = create(&sandbox, &lines).exits_with(0);
    assert_eq!(run.out.matches(": created\n").count(), 50);
    // The table has all of them, although they exceed the first page of the listing.
    let table = run
        .out
        .split("organizations, connections, members:\n")
        .nth(1)
        .unwrap();
    assert_eq!(table.lines().count(), 50);
    assert!(
        sandbox
            .requests()
            .iter()
            .all(|request| request.status != Some(429))
    );
    assert_eq!(sandbox.violations(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn command_is_repeated_then_nothing_is_created_twice() {
    let sandbox = start(builder()).await;
    let (id, member) = (
        connection(&sandbox).await,
        &sandbox.organization_member().unwrap().id,
    );
    let line = format!(
        r#"{{"name": "shop", "display_name": "Shop", "connections": ["{id}"], "members": ["{member}"]}}"#
    );
    create(&sandbox, &[&line])
        .exits_with(0)
        .stdout_contains("shop: created, 1 members added\n")
        .stdout_contains("shop  Username-Password-Authentication  ada.lovelace@example.org\n");
    assert_eq!(changes(&sandbox), ["post_organizations", "post_members"]);
    sandbox.forget_requests();
    create(&sandbox, &[&line])
        .exits_with(0)
        .stdout_contains("shop: exists already\n")
        .stdout_contains("shop  Username-Password-Authentication  ada.lovelace@example.org\n");
    assert_eq!(changes(&sandbox), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn organization_is_incomplete_then_the_missing_parts_are_added() {
    let sandbox = start(builder()).await;
    create(&sandbox, &[r#"{"name": "shop"}"#])
        .exits_with(0)
        .stdout_contains("shop: created\n");
    let (id, member) = (
        connection(&sandbox).await,
        &sandbox.organization_member().unwrap().id,
    );
    let line = format!(r#"{{"name": "shop", "connections": ["{id}"], "members": ["{member}"]}}"#);
    create(&sandbox, &[&line])
        .exits_with(0)
        .stdout_contains("shop: exists already, 1 connections enabled, 1 members added\n");
    assert_eq!(
        changes(&sandbox),
        ["post_enabled_connections", "post_members"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn member_list_is_eventually_consistent_then_the_table_shows_pending_members() {
    let sandbox = start(builder().member_list_lag(Duration::from_secs(3600))).await;
    let member = &sandbox.organization_member().unwrap().id;
    let line = format!(r#"{{"name": "shop", "members": ["{member}"]}}"#);
    create(&sandbox, &[&line])
        .exits_with(0)
        .stdout_contains("shop  -  1 pending\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn response_is_lost_then_the_organization_is_looked_up_and_not_created_again() {
    let sandbox = start(builder()).await;
    let lost = |call, acted| {
        Fault::of("post_organizations")
            .call(call)
            .then(Effect::Reset { acted })
    };
    sandbox.fail(lost(1, true)).unwrap();
    sandbox.fail(lost(2, false)).unwrap();
    let gateway = Effect::Response(Reply::new(502).html("<h1>Bad gateway</h1>").acted());
    sandbox
        .fail(Fault::of("post_organizations").call(3).then(gateway))
        .unwrap();
    let member = &sandbox.organization_member().unwrap().id;
    let line = |name| format!(r#"{{"name": "{name}", "members": ["{member}"]}}"#);
    for (name, expected) in [
        (
            "there",
            "there: created, though the response was lost, 1 members added\n",
        ),
        (
            "not-there",
            "not-there: outcome unknown, the organization does not exist: run the command again (",
        ),
        (
            "also-there",
            "also-there: created, though the response was lost, 1 members added\n",
        ),
    ] {
        let status = if name == "not-there" { 1 } else { 0 };
        create(&sandbox, &[&line(name)])
            .exits_with(status)
            .stdout_contains(expected);
    }
    assert_eq!(request_count(&sandbox, "post_organizations"), 3);
    create(&sandbox, &[&line("not-there")])
        .exits_with(0)
        .stdout_contains("not-there: created, 1 members added\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_organization_fails_then_the_others_are_created_and_the_failure_is_printed() {
    let sandbox = start(builder()).await;
    create(
        &sandbox,
        &[
            r#"{"name": "first"}"#,
            r#"{"name": "second", "connections": ["con_0000000000000000"]}"#,
            r#"{"name": "third"}"#,
        ],
    )
    .exits_with(1)
    .stdout_contains("first: created\n")
    .stdout_contains("second: organizations().create: ")
    .stdout_contains("no connection has this connection_id")
    .stdout_contains("third: created\n")
    .stderr_contains("error: 1 organizations need attention, see above");
}

#[tokio::test(flavor = "multi_thread")]
async fn organization_is_created_concurrently_then_the_existing_one_is_used() {
    let sandbox = start(builder()).await;
    create(&sandbox, &[r#"{"name": "shop"}"#]).exits_with(0);
    let unseen = Effect::Response(Reply::new(404).json(serde_json::json!({"statusCode": 404})));
    sandbox
        .fail(Fault::of("get_name_by_name").call(1).then(unseen))
        .unwrap();
    create(&sandbox, &[r#"{"name": "shop"}"#])
        .exits_with(0)
        .stdout_contains("shop: created by someone else meanwhile\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn file_is_invalid_then_the_error_names_the_line_and_nothing_is_created() {
    let sandbox = start(builder()).await;
    let fine = r#"{"name": "fine"}"#;
    for (line, expected) in [
        ("{\"name\": 7}", "organizations.jsonl, line 2: invalid type"),
        (
            r#"{"name": "shop", "member": []}"#,
            "organizations.jsonl, line 2: unknown field `member`",
        ),
        (fine, "line 2: duplicate name `fine`"),
        (r#"{"name": ""}"#, "``: name: "),
        (
            r#"{"name": "shop", "display_name": ""}"#,
            "`shop`: display_name: ",
        ),
    ] {
        create(&sandbox, &[fine, line])
            .exits_with(2)
            .stderr_contains(expected);
    }
    run(live(
        &sandbox,
        &["--file", "/nowhere/at.all", "--plan", "other"],
    ))
    .exits_with(2)
    .stderr_contains("/nowhere/at.all: cannot read the file");
    run(live(&sandbox, &["--count", "3"]))
        .exits_with(2)
        .stderr_contains("a live tenant requires explicit values: expected --file, --plan");
    run(live(&sandbox, &["--at-once", "0"]))
        .exits_with(2)
        .stderr_contains("expected a number, at least 1");
    assert_eq!(changes(&sandbox), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn application_has_the_scopes_that_help_names_then_every_call_succeeds() {
    let help = run(command(NAME, &["--help"]));
    let scopes = help
        .out
        .lines()
        .find_map(|line| line.strip_prefix("Scopes: "));
    let application =
        Application::new("an-application", "its secret").scopes(scopes.unwrap().split(' '));
    let sandbox = start(builder().application(application)).await;
    let (id, member) = (
        connection(&sandbox).await,
        &sandbox.organization_member().unwrap().id,
    );
    create(&sandbox, &[r#"{"name": "shop"}"#]).exits_with(0);
    let line =
        |name| format!(r#"{{"name": "{name}", "connections": ["{id}"], "members": ["{member}"]}}"#);
    let run = create(&sandbox, &[&line("shop"), &line("other")]).exits_with(0);
    assert!(!run.out.contains("its secret") && !run.err.contains("its secret"));
}
