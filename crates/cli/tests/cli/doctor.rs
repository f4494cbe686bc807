//! `doctor`: a remedy for each kind of failure.

use std::net::TcpListener;

use auth0_sandbox::{Application, Effect, Fault, Reply, Sandbox};
use serde_json::Value;

use super::{Fixture, RUNTIME};

/// A check: name, result, detail, remedy.
type Check = (String, String, String, String);

/// Runs the doctor with changed variables. Returns its exit code and its checks.
fn doctor(
    fixture: &Fixture,
    variables: &[(&str, &str)],
    arguments: &[&str],
) -> (Option<i32>, Vec<Check>) {
    let mut command = fixture.command(&["doctor", "-o", "json"]);
    let output = command
        .args(arguments)
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.contains(fixture.sandbox.client_secret()), "{text}");
    let checks: Vec<Value> = serde_json::from_str(&text).unwrap();
    let checks = checks.iter().map(|check| {
        let text = |name: &str| check[name].as_str().unwrap_or_default().to_owned();
        (
            text("check"),
            text("result"),
            text("detail"),
            text("remedy"),
        )
    });
    (output.status.code(), checks.collect())
}

/// The failed check with this name: detail and remedy.
#[track_caller]
fn failed(fixture: &Fixture, variables: &[(&str, &str)], name: &str) -> (String, String) {
    let (code, checks) = doctor(fixture, variables, &[]);
    assert_eq!(code, Some(1), "{checks:?}");
    let check = checks.iter().find(|check| check.0 == name).unwrap();
    assert_eq!(check.1, "failed", "{checks:?}");
    (check.2.clone(), check.3.clone())
}

#[test]
fn wrong_secret_names_the_application_and_tries_no_other_audience() {
    let fixture = Fixture::start(None);
    let variables = [("AUTH0_CLIENT_SECRET", "another-secret")];
    let (_, remedy) = failed(&fixture, &variables, "token");
    assert!(
        remedy.contains(
            "client id and secret of the application in the tenant acme-auth.sandbox.test"
        ),
        "{remedy}"
    );
    assert_eq!(fixture.sandbox.requests().len(), 1);
}

#[test]
fn wrong_audience_names_one_that_works() {
    for audience in [
        "https://acme.teams.auth0.com/api/",
        "https://acme.teams.auth0.com/api",
        "https://acme-auth.sandbox.test/api/v2/",
        "https://acme-auth.sandbox.test/api/",
    ] {
        let fixture = Fixture::with(Sandbox::builder().audience(audience));
        let variables = [("AUTH0_AUDIENCE", "https://acme.example.com/")];
        let (_, remedy) = failed(&fixture, &variables, "token");
        let expected =
            format!("set --audience {audience}, for which tokens are granted and accepted");
        assert_eq!(remedy, expected);
        let (code, _) = doctor(&fixture, &[("AUTH0_AUDIENCE", audience)], &[]);
        assert_eq!(code, Some(0));
    }
    let fixture = Fixture::with(Sandbox::builder().audience("https://unheard.of/"));
    let (_, remedy) = failed(&fixture, &[], "token");
    assert!(
        remedy.contains("authorize it for the Teams API"),
        "{remedy}"
    );
}

#[test]
fn expired_and_foreign_tokens_are_distinguished() {
    let fixture = Fixture::start(None);
    let ended = Effect::EarlyExpiry { seconds: 90_000 };
    fixture
        .sandbox
        .fail(Fault::of("token").then(ended))
        .unwrap();
    let (detail, remedy) = failed(&fixture, &[], "members");
    assert!(detail.contains("the token has expired"), "{detail}");
    assert!(remedy.contains("check the clock"), "{remedy}");

    // A token of another tenant, which issues tokens for any audience of this team.
    let both = Application::new("both", "their secret");
    let fixture = Fixture::with(Sandbox::builder().application(both.clone()));
    let other = RUNTIME.block_on(Sandbox::builder().application(both).start());
    let token_url = other.as_ref().unwrap().token_url();
    let (detail, remedy) = failed(&fixture, &[("AUTH0_TOKEN_URL", &token_url)], "members");
    assert!(detail.contains("401 Unauthorized"), "{detail}");
    assert!(
        remedy.contains("check that --domain is the tenant of the team"),
        "{remedy}"
    );
}

#[test]
fn missing_scopes_are_listed_with_the_calls_that_need_them() {
    let application =
        Application::new("reader", "its secret").scopes(["read:members", "read:tenants"]);
    let fixture = Fixture::with(Sandbox::builder().application(application));
    let (detail, remedy) = failed(&fixture, &[], "scopes");
    assert_eq!(
        detail,
        "missing: create:invitations (members.invite), create:tenants (tenants.create), delete:members (members.delete), \
         delete:tenants (tenants.delete), read:team_activity (activity.list), update:members (members.tenants.create, \
         members.tenants.remove, members.update, members.tenants.update)"
    );
    assert!(
        remedy.ends_with("; --read-only expects no scopes of calls that write"),
        "{remedy}"
    );

    let (code, checks) = doctor(&fixture, &[], &["--read-only"]);
    assert_eq!(code, Some(1));
    assert_eq!(checks[2].2, "missing: read:team_activity (activity.list)");
    let (_, _, detail, remedy) = checks.last().unwrap();
    assert!(detail.contains("403 Forbidden"), "{detail}");
    assert_eq!(
        remedy,
        "grant the application the scope read:team_activity for the Teams API"
    );
}

#[test]
fn unreachable_server_is_named() {
    let fixture = Fixture::start(None);
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let nowhere = format!("http://{free}");
    let (_, remedy) = failed(&fixture, &[("AUTH0_BASE_URL", &nowhere)], "members");
    assert!(
        remedy.contains(&format!("cannot reach {nowhere}")),
        "{remedy}"
    );
    let token_url = format!("{nowhere}/oauth/token");
    let (detail, remedy) = failed(&fixture, &[("AUTH0_TOKEN_URL", &token_url)], "token");
    assert!(
        detail.contains(&token_url) && remedy.contains("cannot reach"),
        "{detail} {remedy}"
    );
}

#[test]
fn each_failure_of_a_call_has_a_remedy() {
    let fixture = Fixture::start(None);
    let page = |status: u16| Effect::Response(Reply::new(status).html("<h1>Welcome</h1>"));
    let busy = Effect::Response(Reply::new(429).header("retry-after", "60"));
    for (operation, check, effect, expected) in [
        (
            "token",
            "token",
            Effect::Quota { seconds: 3600 },
            "the token quota is exhausted: try again at 20",
        ),
        ("token", "token", page(200), "has no token endpoint"),
        (
            "listMembers",
            "members",
            page(404),
            "does not know the team: check --team",
        ),
        (
            "listTenants",
            "tenants",
            busy,
            "the rate limit is exceeded: try again at 20",
        ),
        (
            "getEnvironments",
            "environments",
            page(200),
            "is not the Teams API",
        ),
        (
            "listActivityLogs",
            "activity",
            Effect::status(403),
            "the scopes suffice, but the server forbids the call",
        ),
        (
            "listActivityLogs",
            "activity",
            Effect::status(500),
            "try again later",
        ),
    ] {
        fixture.sandbox.clear_faults();
        fixture
            .sandbox
            .fail(Fault::of(operation).then(effect))
            .unwrap();
        let (_, remedy) = failed(&fixture, &[], check);
        assert!(remedy.contains(expected), "{remedy}");
    }
}
