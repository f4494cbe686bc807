//! `doctor`: each fault has advice of its own.

use std::net::TcpListener;

use auth0_sandbox::{Application, Effect, Fault, Reply, Sandbox};
use serde_json::{Value, json};

use super::program::{command, live, run, start};

#[tokio::test(flavor = "multi_thread")]
async fn secret_is_wrong_then_the_doctor_says_where_the_right_one_is() {
    let sandbox = start(Sandbox::builder()).await;
    let mut command = live(&sandbox, "doctor", &[]);
    command.env("AUTH0_CLIENT_SECRET", "another-secret");
    let run = run(command)
        .ends_with(1)
        .tells("token        FAILED")
        .tells("copy AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET anew from the application in the tenant acme-auth.sandbox.test")
        .tells("members      -       not looked at");
    assert!(!run.out.contains("another-secret"));
    // A wrong secret says nothing of the audience.
    assert_eq!(sandbox.requests().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn audience_is_another_then_the_doctor_names_the_one_that_works() {
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
            .ends_with(1)
            .tells("Service not found")
            .tells(&format!(
                "=> set AUTH0_AUDIENCE={audience}: tokens for it are granted and taken\n"
            ));

        let mut right = live(&sandbox, "doctor", &[]);
        right.env("AUTH0_AUDIENCE", audience);
        run(right).ends_with(0);
    }
    let sandbox = start(Sandbox::builder().audience("https://unheard.of/")).await;
    run(live(&sandbox, "doctor", &[]))
        .ends_with(1)
        .tells("authorize it for the Teams API; no other audience works either");
}

#[tokio::test(flavor = "multi_thread")]
async fn token_is_refused_then_the_doctor_tells_an_ended_one_from_another_one() {
    let sandbox = start(Sandbox::builder()).await;
    let ended = Effect::EarlyExpiry { seconds: 90_000 };
    sandbox.fail(Fault::of("token").then(ended)).unwrap();
    run(live(&sandbox, "doctor", &[]))
        .ends_with(1)
        .tells("token        ok")
        .tells("the token has expired")
        .tells("=> the token ended before it arrived: compare the clock")
        .tells("tenants      -       not looked at");

    // A token of another tenant, which grants one for any audience of this team.
    let both = Application::new("both", "their secret");
    let sandbox = start(Sandbox::builder().application(both.clone())).await;
    let other = start(Sandbox::builder().application(both)).await;
    let mut command = live(&sandbox, "doctor", &[]);
    command.env("AUTH0_TOKEN_URL", other.token_url());
    run(command)
        .ends_with(1)
        .tells("members      FAILED  members().list: 401 Unauthorized")
        .tells("check that AUTH0_DOMAIN is the tenant of AUTH0_TEAM");
}

#[tokio::test(flavor = "multi_thread")]
async fn scopes_are_missing_then_the_doctor_lists_them_by_call() {
    let application =
        Application::new("reader", "its secret").scopes(["read:members", "read:tenants"]);
    let sandbox = start(Sandbox::builder().application(application)).await;
    let run_all = run(live(&sandbox, "doctor", &[])).ends_with(1);
    let scopes: Vec<_> = run_all.out.lines().skip(2).take(9).collect();
    insta::assert_snapshot!(scopes.join("\n"), @r"
    scopes       FAILED  some are missing
                         create:invitations: members.invite
                         create:tenants: tenants.create
                         delete:members: members.delete
                         delete:tenants: tenants.delete
                         read:team_activity: activity.list
                         update:members: members.tenants.create, members.tenants.remove, members.update, members.tenants.update
                         => grant the application these scopes for the Teams API, or do without the calls (--read-only expects no others)
    members      ok      can be read
    ");

    run(live(&sandbox, "doctor", &["--read-only"]))
        .ends_with(1)
        .tells("read:team_activity: activity.list\n")
        .tells("activity     FAILED  activity().list: 403 Forbidden")
        .tells("=> grant the application the scope read:team_activity for the Teams API\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_listens_then_the_doctor_names_the_address() {
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
        .ends_with(1)
        .tells("token        ok")
        .tells(&format!("=> nobody answers at {nowhere}: check AUTH0_TEAM"))
        .tells("tenants      -       not looked at");

    let mut token = live(&sandbox, "doctor", &[]);
    token.env("AUTH0_TOKEN_URL", format!("{nowhere}/oauth/token"));
    run(token).ends_with(1).tells(&format!(
        "=> nobody answers at {nowhere}/oauth/token: check AUTH0_DOMAIN"
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_fails_then_the_doctor_has_advice_for_it() {
    let sandbox = start(Sandbox::builder()).await;
    for (fault, advice) in [
        (
            Fault::of("token").then(Effect::Quota { seconds: 3600 }),
            "=> the quota of tokens is used up: come back at 20",
        ),
        (
            Fault::of("token").then(Effect::Response(Reply::new(200).html("<h1>Welcome</h1>"))),
            "is no token endpoint: check AUTH0_DOMAIN",
        ),
        (
            Fault::of("listMembers").then(Effect::Response(
                Reply::new(404).html("<h1>No such team</h1>"),
            )),
            "=> there is no such team at http://127.0.0.1:",
        ),
        (
            Fault::of("listTenants")
                .then(Effect::Response(Reply::new(429).header("retry-after", "60"))),
            "=> too many calls were made: come back at 20",
        ),
        (
            Fault::of("getEnvironments")
                .then(Effect::Response(Reply::new(200).html("<h1>Welcome</h1>"))),
            "is not the Teams API: check AUTH0_BASE_URL and the proxy",
        ),
        (
            Fault::of("listActivityLogs").then(Effect::status(403)),
            "=> the scopes are enough, but the server does not allow it",
        ),
        (
            Fault::of("listActivityLogs").then(Effect::status(500)),
            "=> try again later",
        ),
    ] {
        sandbox.clear_faults();
        sandbox.fail(fault).unwrap();
        run(live(&sandbox, "doctor", &[]))
            .ends_with(1)
            .tells(advice);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn json_is_asked_for_then_programs_can_read_it() {
    let application = Application::new("reader", "its secret").scopes(["read:members"]);
    let sandbox = start(Sandbox::builder().application(application)).await;
    let run_ill = run(live(&sandbox, "doctor", &["--format", "json"])).ends_with(1);
    let report: Value = serde_json::from_str(&run_ill.out).unwrap();
    assert_eq!(report["well"], false);
    let results: Vec<_> = report["steps"].as_array().unwrap().iter().collect();
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

    let well = run(command("doctor", &["--format", "json"])).ends_with(0);
    let report: Value = serde_json::from_str(&well.out).unwrap();
    assert_eq!(report["well"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn domain_is_an_address_then_the_doctor_finds_the_settings_wrong() {
    let sandbox = start(Sandbox::builder()).await;
    let mut command = live(&sandbox, "doctor", &[]);
    command.env("AUTH0_DOMAIN", "https://acme-auth.us.auth0.com");
    run(command)
        .ends_with(1)
        .tells("settings     FAILED  invalid settings: domain: expected")
        .tells("token        -       not looked at");
    assert!(sandbox.requests().is_empty());
}
