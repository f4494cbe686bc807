//! The examples, run as a newcomer runs them, and against a sandbox that stands for a live team.

use auth0_sandbox::{Application, Sandbox};
use tempfile::TempDir;

use program::{changes, command, live, run, start};

mod activity;
mod doctor;
mod members;
mod program;
mod tenants;

const ALL: [&str; 7] = [
    "quickstart",
    "onboard",
    "offboard",
    "create-tenants",
    "export-activity",
    "follow-activity",
    "doctor",
];

#[test]
fn quickstart_is_run_then_it_tells_its_story_and_no_secret() {
    let run = run(command("quickstart", &[])).ends_with(0);
    insta::assert_snapshot!("quickstart", run.out);
    assert_eq!(
        run.err,
        "note: this is a sandbox on this machine; --help says how to use a team of your own\n"
    );
}

#[test]
fn onboard_is_run_then_it_tells_its_story() {
    let run = run(command("onboard", &[])).ends_with(0);
    insta::assert_snapshot!("onboard", run.out);
}

#[test]
fn offboard_is_run_then_it_tells_its_story() {
    let run = run(command("offboard", &["--delete"])).ends_with(0);
    insta::assert_snapshot!("offboard", run.out);
}

#[test]
fn doctor_is_run_without_an_account_then_the_sandbox_is_well() {
    let run = run(command("doctor", &[])).ends_with(0);
    let found: Vec<_> = run.out.lines().map(|line| &line[..17]).collect();
    insta::assert_snapshot!(found.join("\n"), @r"
    settings     ok  
    token        ok  
    scopes       ok  
    members      ok  
    tenants      ok  
    environments ok  
    activity     ok
    ");
}

#[test]
fn help_is_asked_for_then_it_names_variables_scopes_and_changes() {
    for name in ALL {
        let run = run(command(name, &["--help"])).ends_with(0);
        for expected in [
            "AUTH0_TEAM ",
            "AUTH0_DOMAIN ",
            "AUTH0_CLIENT_ID ",
            "AUTH0_CLIENT_SECRET ",
            "AUTH0_AUDIENCE ",
            "AUTH0_BASE_URL ",
            "AUTH0_TOKEN_URL ",
            "\nChanges: ",
            "\nScopes: ",
            "needs no account",
            "\nExit status: ",
        ] {
            assert!(run.out.contains(expected), "{name}: no {expected:?}");
        }
    }
}

#[test]
fn team_is_set_alone_then_every_example_names_what_is_missing() {
    for name in ALL {
        let mut command = command(name, &[]);
        command.env("AUTH0_TEAM", "acme").env("AUTH0_DOMAIN", "");
        run(command).ends_with(2).notes(
            "error: with AUTH0_TEAM expected AUTH0_DOMAIN, AUTH0_CLIENT_ID, AUTH0_CLIENT_SECRET too; \
             without it the example runs against a sandbox",
        );
    }
}

#[test]
fn variables_are_set_without_a_team_then_no_live_team_is_touched_and_that_is_said() {
    let folder = TempDir::new().unwrap();
    for name in ALL {
        let mut command = match name {
            "follow-activity" => command(name, &["--for", "0"]),
            _ => command(name, &[]),
        };
        command
            .env("AUTH0_DOMAIN", "acme-auth.us.auth0.com")
            .env("AUTH0_CLIENT_SECRET", "a secret for other tools")
            .env("TMPDIR", folder.path());
        run(command).ends_with(0).notes(
            "note: this is a sandbox on this machine: AUTH0_DOMAIN, AUTH0_CLIENT_SECRET would be used only if \
             AUTH0_TEAM were set too",
        );
    }
}

#[test]
fn variable_is_wrong_then_it_is_told_without_its_value() {
    let mut of_team = command("export-activity", &[]);
    of_team
        .env("AUTH0_TEAM", "https://acme.teams.auth0.com")
        .env("AUTH0_DOMAIN", "acme.us.auth0.com")
        .env("AUTH0_CLIENT_ID", "id")
        .env("AUTH0_CLIENT_SECRET", "s3cr3t");
    let run_of_team = run(of_team)
        .ends_with(2)
        .notes("team: expected one DNS label");
    assert!(!run_of_team.err.contains("s3cr3t"));

    let mut of_domain = command("export-activity", &[]);
    of_domain
        .env("AUTH0_TEAM", "acme")
        .env("AUTH0_DOMAIN", "https://acme.us.auth0.com")
        .env("AUTH0_CLIENT_ID", "id")
        .env("AUTH0_CLIENT_SECRET", "s3cr3t");
    let run_of_domain = run(of_domain).ends_with(2).notes("domain: expected");
    assert!(!run_of_domain.err.contains("s3cr3t"));
}

#[tokio::test(flavor = "multi_thread")]
async fn live_team_is_named_and_nothing_else_then_nothing_is_changed() {
    let sandbox = start(Sandbox::builder()).await;
    for (name, missing) in [
        ("onboard", "expected --email, --role"),
        ("offboard", "expected --member"),
        (
            "create-tenants",
            "expected --public or --private, --admin, --secrets",
        ),
    ] {
        run(live(&sandbox, name, &[])).ends_with(2).notes(missing);
    }
    run(live(
        &sandbox,
        "follow-activity",
        &["--rounds", "2", "--every", "0"],
    ))
    .ends_with(0);
    for name in ["quickstart", "export-activity", "doctor"] {
        run(live(&sandbox, name, &[]))
            .ends_with(0)
            .notes("note: this is the live team acme\n");
    }
    assert_eq!(changes(&sandbox), [""; 0]);
    assert_eq!(sandbox.violations(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn application_has_the_scopes_that_help_names_then_each_example_runs_with_them() {
    let folder = TempDir::new().unwrap();
    let secrets = folder.path().join("secrets.jsonl");
    let secrets = secrets.to_str().unwrap();
    let ada = "ada.lovelace@example.com";
    let sophie = "sophie.hamilton.1@example.com";
    for (name, arguments) in [
        (
            "quickstart",
            &[
                "--invite",
                "kay@example.com",
                "--tenant",
                "shop",
                "--locality",
                "eu",
                "--admin",
                sophie,
                "--member",
                ada,
            ][..],
        ),
        (
            "onboard",
            &[
                "--email",
                "jo@example.com",
                "--role",
                "teams_contributor",
                "--tenant",
                "acme-1",
                "--tenant-role",
                "viewer-users",
            ],
        ),
        ("offboard", &["--member", ada, "--delete"]),
        (
            "create-tenants",
            &["--public", "shop:eu", "--admin", ada, "--secrets", secrets],
        ),
        ("export-activity", &[]),
        ("follow-activity", &["--rounds", "1", "--every", "0"]),
        ("doctor", &["--read-only"]),
    ] {
        let help = run(command(name, &["--help"]));
        let scopes = help
            .out
            .lines()
            .find_map(|line| line.strip_prefix("Scopes: "))
            .unwrap();
        let application =
            Application::new("an-application", "its secret").scopes(scopes.split(' '));
        let sandbox = start(
            Sandbox::builder()
                .application(application)
                .accept_invitations(),
        )
        .await;
        let run = run(live(&sandbox, name, arguments)).ends_with(0);
        assert!(!run.out.contains("its secret") && !run.err.contains("its secret"));
        assert_eq!(sandbox.violations(), [""; 0], "{name}");
    }
}
