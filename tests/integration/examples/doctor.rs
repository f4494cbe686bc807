//! `doctor`: advice for each kind of failure.

use std::net::TcpListener;

use auth0_sandbox::{Application, Effect, Fault, Reply, Sandbox};
use serde_json::{Value, json};

use super::program::{command, live, run, start};

#[tokio::test(flavor = "multi_thread")]
async fn secret_is_wrong_then_the_doctor_names_the_application() {
    let sandbox = start(Sandbox::builder()).await;
    let mut command = live(&sandbox, "doctor", &[]);
    command.env("AUTH0_CLIENT_SECRET", "another-secret");
    let run = run(command)
        .exits_with(1)
        .stdout_contains("token        FAILED")
        .stdout_contains("set AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET to those of the application in the tenant acme-auth.sandbox.test")
        .stdout_contains("members      -       not checked");
    assert!(!run.out.contains("another-secret"));
    // With a wrong secret, other audiences are not tried.
    assert_eq!(sandbox.requests().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn audience_is_wrong_then_the_doctor_names_one_that_works() {
    for audience in [
        "https://acme.teams.auth0.com/api/",
        "https://acme.teams.auth0.com/api",
        "https://acme-auth.sandbox.test/api/v2/",
        "https://acme-auth.sandbox.test/api/",
    ] {
        let sandbox = start(Sandbox::builder().audience(audience)).await;
        let mut wrong = live(&sandbox, "doctor", &[]);
        wrong.env("AUTH0_AUDIENCE", "https://acme.example.com/");
        run(wrong)
            .exits_with(1)
            .stdout_contains("Service not found")
            .stdout_contains(&format!(
                "=> set AUTH0_AUDIENCE={audience}: tokens for it are granted and accepted\n"
            ));

        let mut right = live(&sandbox, "doctor", &[]);
        right.env("AUTH0_AUDIENCE", audience);
        run(right).exits_with(0);
    }
    let sandbox = start(Sandbox::builder().audience("https://unheard.of/")).await;
    run(live(&sandbox, "doctor", &[]))
        .exits_with(1)
        .stdout_contains("authorize it for the Teams API; no other known audience works either");
}

#[tokio::test(flavor = "multi_thread")]
async fn token_is_rejected_then_the_doctor_distinguishes_expired_from_foreign_tokens() {
    let sandbox = start(Sandbox::builder()).await;
    let ended = Effect::EarlyExpiry { seconds: 90_000 };
    sandbox.fail(Fault::of("token").then(ended)).unwrap();
    run(live(&sandbox, "doctor", &[]))
        .exits_with(1)
        .stdout_contains("token        ok")
        .stdout_contains("the token has expired")
        .stdout_contains("=> the token expired before it was used: check the clock")
        .stdout_contains("tenants      -       not checked");

    // A token of another tenant, which issues tokens for any audience of this team.
    let both = Application::new("both", "their secret");
    let sandbox = start(Sandbox::builder().application(both.clone())).await;
    let other = start(Sandbox::builder().application(both)).await;
    let mut command = live(&sandbox, "doctor", &[]);
    command.env("AUTH0_TOKEN_URL", other.token_url());
    run(command)
        .exits_with(1)
        .stdout_contains("members      FAILED  members().list: 401 Unauthorized")
        .stdout_contains("check that AUTH0_DOMAIN is the tenant of AUTH0_TEAM");
}

#[tokio::test(flavor = "multi_thread")]
async fn scopes_are_missing_then_the_doctor_lists_them_by_call() {
    let application =
        Application::new("reader", "its secret").scopes(["read:members", "read:tenants"]);
    let sandbox = start(Sandbox::builder().application(application)).await;
    let run_all = run(live(&sandbox, "doctor", &[])).exits_with(1);
    let scopes: Vec<_> = run_all.out.lines().skip(2).take(9).collect();
    insta::assert_snapshot!(scopes.join("\n"), @r"
    scopes       FAILED  some scopes are missing
                         create:invitations: members.invite
                         create:tenants: tenants.create
                         delete:members: members.delete
                         delete:tenants: tenants.delete
                         read:team_activity: activity.list
                         update:members: members.tenants.create, members.tenants.remove, members.update, members.tenants.update
                         => grant the application these scopes for the Teams API, or do not use these calls (--read-only skips the scopes of calls that write)
    members      ok      readable
    ");

    run(live(&sandbox, "doctor", &["--read-only"]))
        .exits_with(1)
        .stdout_contains("read:team_activity: activity.list\n")
        .stdout_contains("activity     FAILED  activity().list: 403 Forbidden")
        .stdout_contains(
            "=> grant the application the scope read:team_activity for the Teams API\n",
        );
}

#[tokio::test(flavor = "multi_thread")]
async fn server_is_unreachable_then_the_doctor_names_the_url() {
    let sandbox = start(Sandbox::builder()).await;
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let nowhere = format!("http://127.0.0.1:{port}");

    let mut api = live(&sandbox, "doctor", &[]);
    api.env("AUTH0_BASE_URL", &nowhere);
    run(api)
        .exits_with(1)
        .stdout_contains("token        ok")
        .stdout_contains(&format!("=> cannot reach {nowhere}: check AUTH0_TEAM"))
        .stdout_contains("tenants      -       not checked");

    let mut token = live(&sandbox, "doctor", &[]);
    token.env("AUTH0_TOKEN_URL", format!("{nowhere}/oauth/token"));
    run(token).exits_with(1).stdout_contains(&format!(
        "=> cannot reach {nowhere}/oauth/token: check AUTH0_DOMAIN"
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn call_fails_then_the_doctor_has_advice_for_it() {
    let sandbox = start(Sandbox::builder()).await;
    for (fault, advice) in [
        (
            Fault::of("token").then(Effect::Quota { seconds: 3600 }),
            "=> the token quota is exhausted: try again at 20",
        ),
        (
            Fault::of("token").then(Effect::Response(Reply::new(200).html("<h1>Welcome</h1>"))),
            "is not a token endpoint: check AUTH0_DOMAIN",
        ),
        (
            Fault::of("listMembers").then(Effect::Response(
                Reply::new(404).html("<h1>No such team</h1>"),
            )),
            " does not know the team: check AUTH0_TEAM (or AUTH0_BASE_URL)",
        ),
        (
            Fault::of("listTenants").then(Effect::Response(
                Reply::new(429).header("retry-after", "60"),
            )),
            "=> the rate limit is exceeded: try again at 20",
        ),
        (
            Fault::of("getEnvironments")
                .then(Effect::Response(Reply::new(200).html("<h1>Welcome</h1>"))),
            "is not the Teams API: check AUTH0_BASE_URL and the proxy",
        ),
        (
            Fault::of("listActivityLogs").then(Effect::status(403)),
            "=> the scopes suffice, but the server forbids the call",
        ),
        (
            Fault::of("listActivityLogs").then(Effect::status(500)),
            "=> try again later",
        ),
    ] {
        sandbox.clear_faults();
        sandbox.fail(fault).unwrap();
        run(live(&sandbox, "doctor", &[]))
            .exits_with(1)
            .stdout_contains(advice);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn json_format_is_set_then_the_output_parses() {
    let application = Application::new("reader", "its secret").scopes(["read:members"]);
    let sandbox = start(Sandbox::builder().application(application)).await;
    let failing_run = run(live(&sandbox, "doctor", &["--format", "json"])).exits_with(1);
    let report: Value = serde_json::from_str(&failing_run.out).unwrap();
    assert_eq!(report["passed"], false);
    let results: Vec<_> = report["checks"].as_array().unwrap().iter().collect();
    let found: Vec<_> = results
        .iter()
        .map(|step| {
            (
                step["name"].as_str().unwrap(),
                step["result"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("settings", "ok"),
            ("token", "ok"),
            ("scopes", "failed"),
            ("members", "ok"),
            ("tenants", "failed"),
            ("environments", "ok"),
            ("activity", "failed"),
        ]
    );
    assert_eq!(
        results[2]["missing_scopes"]["delete:members"],
        json!(["members.delete"])
    );
    assert!(
        results[4]["advice"]
            .as_str()
            .unwrap()
            .contains("read:tenants")
    );

    let passing_run = run(command("doctor", &["--format", "json"])).exits_with(0);
    let report: Value = serde_json::from_str(&passing_run.out).unwrap();
    assert_eq!(report["passed"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn domain_is_a_url_then_the_settings_check_fails() {
    let sandbox = start(Sandbox::builder()).await;
    let mut command = live(&sandbox, "doctor", &[]);
    command.env("AUTH0_DOMAIN", "https://acme-auth.us.auth0.com");
    run(command)
        .exits_with(1)
        .stdout_contains("settings     FAILED  invalid settings: domain: expected")
        .stdout_contains("token        -       not checked");
    assert!(sandbox.requests().is_empty());
}
