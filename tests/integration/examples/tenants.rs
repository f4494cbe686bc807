//! `create-tenants`: every secret is stored and none is printed.

use std::fs;
use std::path::PathBuf;

use auth0_sandbox::{Effect, Fault, Reply, Sandbox};
use serde_json::Value;
use tempfile::TempDir;

use super::program::{Run, changes, command, live, run, start};

/// The arguments for tenants in the public cloud, and the path of the file with secrets.
fn tenants(folder: &TempDir, names: &[&str]) -> (Vec<String>, PathBuf) {
    let secrets = folder.path().join("secrets.jsonl");
    let mut arguments = vec!["--admin".to_owned(), "ada.lovelace@example.com".to_owned()];
    arguments.extend(["--secrets".to_owned(), secrets.to_str().unwrap().to_owned()]);
    for name in names {
        arguments.extend(["--public".to_owned(), format!("{name}:eu")]);
    }
    (arguments, secrets)
}

fn create(sandbox: &Sandbox, arguments: &[String]) -> Run {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    run(live(sandbox, "create-tenants", &arguments))
}

/// The parsed lines of a JSON lines file.
fn lines(path: &PathBuf) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn create_tenants_is_run_then_it_prints_the_path_of_the_secrets_only() {
    let folder = TempDir::new().unwrap();
    let mut command = command("create-tenants", &[]);
    command.env("TMPDIR", folder.path());
    let run = run(command).exits_with(0);
    let file = fs::read_dir(folder.path())
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    insta::assert_snapshot!(
        run.out.replace(file.to_str().unwrap(), "FILE"),
        @r"
    shop-staging: created, at shop-staging.eu.sandbox.test
    shop-internal: created, at shop-internal.private-1.sandbox.test
    the secrets are in FILE
    "
    );
    for line in lines(&file) {
        let secret = line["created"]["client_secret"].as_str().unwrap();
        assert_eq!(secret.len(), 64);
        assert!(!run.out.contains(secret) && !run.err.contains(secret));
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_stored_then_only_the_owner_can_read_them() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = start(Sandbox::builder()).await;
    let folder = TempDir::new().unwrap();
    let (arguments, secrets) = tenants(&folder, &["one"]);
    create(&sandbox, &arguments)
        .exits_with(0)
        .stdout_contains("one: created");
    assert_eq!(
        fs::metadata(&secrets).unwrap().permissions().mode() & 0o777,
        0o600
    );

    // Existing lines are kept.
    let (arguments, _) = tenants(&folder, &["two"]);
    create(&sandbox, &arguments).exits_with(0);
    assert_eq!(lines(&secrets).len(), 2);

    // If others can read the file, no tenant is created.
    fs::set_permissions(&secrets, fs::Permissions::from_mode(0o640)).unwrap();
    let (arguments, _) = tenants(&folder, &["three"]);
    create(&sandbox, &arguments)
        .exits_with(2)
        .stderr_contains("expected a regular file that only its owner can read");
    assert_eq!(changes(&sandbox).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn name_violates_a_rule_then_no_tenant_is_created() {
    let sandbox = start(Sandbox::builder()).await;
    let folder = TempDir::new().unwrap();
    let (arguments, secrets) = tenants(&folder, &["fine", "Not-fine"]);
    create(&sandbox, &arguments)
        .exits_with(2)
        .stderr_contains("`Not-fine`: tenant_name: does not match");
    assert_eq!(changes(&sandbox), [""; 0]);
    assert!(!secrets.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn response_is_lost_then_create_tenants_verifies_the_outcome() {
    let sandbox = start(Sandbox::builder()).await;
    let folder = TempDir::new().unwrap();
    let lost = |call, acted| {
        Fault::of("createTenant")
            .call(call)
            .then(Effect::Reset { acted })
    };
    sandbox.fail(lost(1, true)).unwrap();
    sandbox.fail(lost(2, false)).unwrap();
    let gateway = Effect::Response(Reply::new(502).html("<h1>Bad gateway</h1>").acted());
    sandbox
        .fail(Fault::of("createTenant").call(3).then(gateway))
        .unwrap();
    let (arguments, secrets) = tenants(&folder, &["there", "not-there", "also-there", "fine"]);
    create(&sandbox, &arguments)
        .exits_with(1)
        .stdout_contains("there: outcome unknown, verified with listTenants: the tenant exists")
        .stdout_contains(
            "not-there: outcome unknown, verified with listTenants: the tenant does not exist",
        )
        .stdout_contains(
            "also-there: outcome unknown, verified with listTenants: the tenant exists",
        )
        .stdout_contains("fine: created")
        .stderr_contains("3 tenants need attention");
    // No creation was retried.
    assert_eq!(sandbox.requests_of("createTenant").len(), 4);
    assert_eq!(lines(&secrets).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn response_is_truncated_then_create_tenants_stores_the_received_part() {
    let sandbox = start(Sandbox::builder()).await;
    let folder = TempDir::new().unwrap();
    sandbox
        .fail(Fault::of("createTenant").then(Effect::Truncate))
        .unwrap();
    let (arguments, secrets) = tenants(&folder, &["shop"]);
    create(&sandbox, &arguments).exits_with(1).stdout_contains(
        "shop: created, but the response could not be decoded; look for the secret in ",
    );
    let lines = lines(&secrets);
    assert_eq!(lines[0]["tenant"], "shop");
    let response = lines[0]["created"]["undecodable_response"]
        .as_str()
        .unwrap();
    assert!(response.starts_with('{'), "{response}");
    assert_eq!(sandbox.requests_of("createTenant").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn name_is_taken_then_create_tenants_reports_it_and_continues() {
    let sandbox = start(Sandbox::builder()).await;
    let folder = TempDir::new().unwrap();
    let (arguments, _) = tenants(&folder, &["acme-1", "shop"]);
    create(&sandbox, &arguments)
        .exits_with(1)
        .stdout_contains(
            "acme-1: the name belongs to a tenant or to a deleted one: choose another name\n",
        )
        .stdout_contains("shop: created");
}
