//! The examples, run as a newcomer runs them, and against a sandbox that stands for a live team.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use auth0_auth::ClientCredentials;
use auth0_sandbox::{Application, Effect, Fault, Reply, Sandbox, SandboxBuilder};
use auth0_teams::Client;
use auth0_teams::types::{InviteMembersRequestContent, TeamMemberRoleEnum};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::http_client;

const ALL: [&str; 7] = [
    "quickstart",
    "onboard",
    "offboard",
    "create-tenants",
    "export-activity",
    "follow-activity",
    "doctor",
];

/// The example, which cargo builds along with this test unless it is told to build this test alone, or to run tests
/// with a certain name.
fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().unwrap().parent().unwrap();
    let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let example = profile.join("examples").join(name);
    assert!(
        example.exists(),
        "{} is not built: cargo build --package integration-tests --examples",
        example.display()
    );
    example
}

/// The command line of an example, without what the environment of the tests may say of Auth0.
fn command(name: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(example(name));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("AUTH0_") {
            command.env_remove(name);
        }
    }
    // A proxy that nobody listens at: what goes to this machine must not go there.
    command
        .envs(["HTTP_PROXY", "http_proxy", "ALL_PROXY"].map(|name| (name, "http://127.0.0.1:9")))
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .args(arguments)
        .stdin(Stdio::null());
    command
}

/// The same against a sandbox, which the example takes for a live team.
fn live(sandbox: &Sandbox, name: &str, arguments: &[&str]) -> Command {
    let mut command = command(name, arguments);
    command
        .env("AUTH0_TEAM", sandbox.team())
        .env("AUTH0_DOMAIN", sandbox.domain())
        .env("AUTH0_CLIENT_ID", sandbox.client_id())
        .env("AUTH0_CLIENT_SECRET", sandbox.client_secret())
        .env("AUTH0_BASE_URL", sandbox.url())
        .env("AUTH0_TOKEN_URL", sandbox.token_url());
    command
}

/// What an example came to.
struct Run {
    status: i32,
    out: String,
    err: String,
}

fn run(mut command: Command) -> Run {
    let output = command.output().unwrap();
    let run = Run {
        status: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    };
    assert_no_secret(&run.out);
    assert_no_secret(&run.err);
    run
}

impl Run {
    #[track_caller]
    fn ends_with(self, status: i32) -> Self {
        assert_eq!(self.status, status, "{}{}", self.out, self.err);
        self
    }

    /// The standard error says this.
    #[track_caller]
    fn notes(self, text: &str) -> Self {
        assert!(self.err.contains(text), "{text}\nis not in\n{}", self.err);
        self
    }

    /// The standard output says this.
    #[track_caller]
    fn tells(self, text: &str) -> Self {
        assert!(self.out.contains(text), "{text}\nis not in\n{}", self.out);
        self
    }
}

/// Secrets of clients, secrets of new tenants and tokens are all longer than any word that an example has to say.
#[track_caller]
fn assert_no_secret(text: &str) {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let words = text.split(|c| !is_word(c));
    let longest = words.max_by_key(|word| word.len()).unwrap_or_default();
    assert!(longest.len() < 40, "`{longest}` may be a secret in {text}");
}

async fn start(builder: SandboxBuilder) -> Sandbox {
    builder.check_answers().start().await.unwrap()
}

/// A client of the sandbox.
fn client(sandbox: &Sandbox) -> Client {
    let token = ClientCredentials::builder(sandbox.domain())
        .client_id(sandbox.client_id())
        .client_secret(sandbox.client_secret())
        .audience(sandbox.audience())
        .token_url(sandbox.token_url())
        .http_client(http_client())
        .build()
        .unwrap();
    Client::builder()
        .base_url(sandbox.url())
        .token_source(token)
        .http_client(http_client())
        .build()
        .unwrap()
}

async fn invite(client: &Client, email: String) {
    let role = TeamMemberRoleEnum::TeamsContributor;
    let invitation = InviteMembersRequestContent::new(email, role);
    client.members().invite(invitation).await.unwrap();
}

/// The operations that the sandbox was asked for and that change something.
fn changes(sandbox: &Sandbox) -> Vec<String> {
    let requests = sandbox.requests().into_iter();
    requests
        .filter(|request| request.method != "GET")
        .filter_map(|request| request.operation)
        .filter(|operation| operation != "token")
        .collect()
}

// Without an account.

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

// The environment and the arguments.

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

// Joining and leaving.

const JO: [&str; 8] = [
    "--email",
    "jo@example.com",
    "--role",
    "teams_contributor",
    "--tenant",
    "acme-1",
    "--tenant-role",
    "viewer-users",
];

#[tokio::test(flavor = "multi_thread")]
async fn person_accepts_while_onboard_waits_then_they_get_access() {
    let sandbox = start(Sandbox::builder()).await;
    let arguments = [&JO[..], &["--every", "0", "--looks", "100000"]].concat();
    let mut command = live(&sandbox, "onboard", &arguments);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Two looks that find nobody have been taken when the fourth listing is asked for.
    while sandbox.requests_of("listMembers").len() < 4 {
        assert!(child.try_wait().unwrap().is_none(), "it waits no longer");
        tokio::task::yield_now().await;
    }
    sandbox
        .accept_invitation(&sandbox.invitations()[0].id)
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{told}");
    assert!(
        told.contains("jo@example.com is invited as teams_contributor\n"),
        "{told}"
    );
    assert!(told.contains("jo@example.com is a member now"), "{told}");
    assert!(
        told.contains("  JP-1: acme-1.jp.sandbox.test as viewer-users\n"),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn person_does_not_accept_then_onboard_says_how_to_go_on_and_can() {
    let sandbox = start(Sandbox::builder()).await;
    let arguments = [&JO[..], &["--every", "0", "--looks", "2"]].concat();
    run(live(&sandbox, "onboard", &arguments))
        .ends_with(1)
        .notes("jo@example.com has not accepted yet")
        .notes("with --invited");
    let again = [&arguments[..], &["--invited"]].concat();
    run(live(&sandbox, "onboard", &again)).ends_with(1);
    assert_eq!(changes(&sandbox), ["inviteMember"]);

    sandbox
        .accept_invitation(&sandbox.invitations()[0].id)
        .unwrap();
    run(live(&sandbox, "onboard", &again))
        .ends_with(0)
        .tells("acme-1.jp.sandbox.test");
    // Once more changes nothing, and is no failure.
    run(live(&sandbox, "onboard", &arguments))
        .ends_with(0)
        .tells("jo@example.com is a member already")
        .tells("was accessible before");
    assert_eq!(
        changes(&sandbox),
        ["inviteMember", "addMemberTenants", "addMemberTenants"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn tenant_is_not_there_then_onboard_invites_nobody() {
    let sandbox = start(Sandbox::builder()).await;
    let arguments = [&JO[..], &["--tenant", "acme-1000"]].concat();
    run(live(&sandbox, "onboard", &arguments))
        .ends_with(2)
        .notes("expected a tenant of the team by name or id, found `acme-1000`");
    assert_eq!(changes(&sandbox), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn dry_run_of_offboard_then_nothing_is_changed() {
    let sandbox = start(Sandbox::builder().tenants(23)).await;
    let id = &sandbox.first_member().id;
    run(live(
        &sandbox,
        "offboard",
        &["--member", id, "--delete", "--dry-run"],
    ))
    .ends_with(0)
    .tells("would take them off 23 tenants in 3 calls\n")
    .tells("would delete ada.lovelace@example.com\n");
    assert_eq!(changes(&sandbox), [""; 0]);
}

/// A report of two failures: one tenant that was gone, and one that stays.
async fn partial_removal(sandbox: &Sandbox) -> (String, Reply) {
    let tenants = client(sandbox).tenants().list().await.unwrap().tenants;
    let failure = |index: usize, status: u16, title: &str| json!({"tenant_id": tenants[index].tenant_id, "status": status, "title": title, "type": "A_TYPE"});
    let report = json!({
        "status_code": 200,
        "message": "finished with errors",
        "summary": {"total_count": 2, "success_count": 0, "failure_count": 2},
        "success": [],
        "failure": [failure(0, 404, "Gone"), failure(1, 403, "The last owner stays")],
    });
    (
        tenants[1].tenant_id.to_string(),
        Reply::new(200).json(report),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn some_tenants_stay_then_offboard_tells_which_and_deletes_nobody() {
    let sandbox = start(Sandbox::builder().tenants(12)).await;
    let (kept, report) = partial_removal(&sandbox).await;
    sandbox
        .fail(
            Fault::of("removeMemberTenant")
                .call(1)
                .then(Effect::Answer(report)),
        )
        .unwrap();
    run(live(
        &sandbox,
        "offboard",
        &["--member", "ada.lovelace@example.com", "--delete"],
    ))
    .ends_with(1)
    .tells("was gone already: Gone\n")
    .tells(&format!(
        "{kept} is still accessible: The last owner stays\n"
    ))
    .tells("12 of 12 tenants are done\n")
    .notes("ada.lovelace@example.com can still reach 1 tenants");
    // The second batch went out, and the deletion did not.
    assert_eq!(
        changes(&sandbox),
        ["removeMemberTenant", "removeMemberTenant"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn answer_to_the_deletion_is_lost_then_offboard_takes_the_404_of_the_repeat_for_done() {
    let sandbox = start(Sandbox::builder()).await;
    let lost = Effect::Reset { acted: true };
    sandbox
        .fail(Fault::of("deleteMember").call(1).then(lost))
        .unwrap();
    run(live(
        &sandbox,
        "offboard",
        &["--member", "ada.lovelace@example.com", "--delete"],
    ))
    .ends_with(0)
    .tells("ada.lovelace@example.com is no member any more\n");
    assert_eq!(sandbox.requests_of("deleteMember").len(), 2);
}

// Tenants and their secrets.

/// The arguments for tenants in the public cloud, and where their secrets go.
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

/// The lines of a file of JSON.
fn lines(path: &PathBuf) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn create_tenants_is_run_then_it_tells_where_the_secrets_are_and_not_what() {
    let folder = TempDir::new().unwrap();
    let mut command = command("create-tenants", &[]);
    command.env("TMPDIR", folder.path());
    let run = run(command).ends_with(0);
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
async fn secrets_are_kept_then_nobody_else_can_read_them() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = start(Sandbox::builder()).await;
    let folder = TempDir::new().unwrap();
    let (arguments, secrets) = tenants(&folder, &["one"]);
    create(&sandbox, &arguments)
        .ends_with(0)
        .tells("one: created");
    assert_eq!(
        fs::metadata(&secrets).unwrap().permissions().mode() & 0o777,
        0o600
    );

    // What is there stays.
    let (arguments, _) = tenants(&folder, &["two"]);
    create(&sandbox, &arguments).ends_with(0);
    assert_eq!(lines(&secrets).len(), 2);

    // A file that others can read gets no secret, and costs no tenant.
    fs::set_permissions(&secrets, fs::Permissions::from_mode(0o640)).unwrap();
    let (arguments, _) = tenants(&folder, &["three"]);
    create(&sandbox, &arguments)
        .ends_with(2)
        .notes("expected a regular file that only its owner can read");
    assert_eq!(changes(&sandbox).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn name_breaks_a_rule_then_no_tenant_is_created() {
    let sandbox = start(Sandbox::builder()).await;
    let folder = TempDir::new().unwrap();
    let (arguments, secrets) = tenants(&folder, &["fine", "Not-fine"]);
    create(&sandbox, &arguments)
        .ends_with(2)
        .notes("`Not-fine`: tenant_name: does not match");
    assert_eq!(changes(&sandbox), [""; 0]);
    assert!(!secrets.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn answer_is_lost_then_create_tenants_says_outcome_unknown_and_has_looked() {
    let sandbox = start(Sandbox::builder()).await;
    let folder = TempDir::new().unwrap();
    let lost = |call, acted| {
        Fault::of("createTenant")
            .call(call)
            .then(Effect::Reset { acted })
    };
    sandbox.fail(lost(1, true)).unwrap();
    sandbox.fail(lost(2, false)).unwrap();
    let gateway = Effect::Answer(Reply::new(502).html("<h1>Bad gateway</h1>").acted());
    sandbox
        .fail(Fault::of("createTenant").call(3).then(gateway))
        .unwrap();
    let (arguments, secrets) = tenants(&folder, &["there", "not-there", "also-there", "fine"]);
    create(&sandbox, &arguments)
        .ends_with(1)
        .tells("there: outcome unknown, looked at listTenants: it is there now")
        .tells("not-there: outcome unknown, looked at listTenants: it is not there")
        .tells("also-there: outcome unknown, looked at listTenants: it is there now")
        .tells("fine: created")
        .notes("3 tenants need a look");
    // None was sent twice.
    assert_eq!(sandbox.requests_of("createTenant").len(), 4);
    assert_eq!(lines(&secrets).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn answer_breaks_off_then_create_tenants_keeps_what_came_of_it() {
    let sandbox = start(Sandbox::builder()).await;
    let folder = TempDir::new().unwrap();
    sandbox
        .fail(Fault::of("createTenant").then(Effect::Truncate))
        .unwrap();
    let (arguments, secrets) = tenants(&folder, &["shop"]);
    create(&sandbox, &arguments)
        .ends_with(1)
        .tells("shop: created, but look for its secret in ");
    let lines = lines(&secrets);
    assert_eq!(lines[0]["tenant"], "shop");
    let answer = lines[0]["created"]["unreadable_answer"].as_str().unwrap();
    assert!(answer.starts_with('{'), "{answer}");
    assert_eq!(sandbox.requests_of("createTenant").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn name_is_taken_then_create_tenants_says_so_and_goes_on() {
    let sandbox = start(Sandbox::builder()).await;
    let folder = TempDir::new().unwrap();
    let (arguments, _) = tenants(&folder, &["acme-1", "shop"]);
    create(&sandbox, &arguments)
        .ends_with(1)
        .tells("acme-1: a tenant has this name, or had it before it was deleted: choose another name\n")
        .tells("shop: created");
}

// The activity log.

fn ids(run: &Run) -> Vec<String> {
    let id = |line: &str| {
        let entry: Value = serde_json::from_str(line).unwrap();
        entry["id"].as_str().unwrap().to_owned()
    };
    run.out.lines().map(id).collect()
}

#[test]
fn windows_are_laid_end_to_end_then_every_entry_is_exported_once() {
    let export = |arguments: &[&str]| ids(&run(command("export-activity", arguments)).ends_with(0));
    let all = export(&[]);
    assert_eq!(all.len(), 120);
    // The sandbox has an entry at this very instant.
    let edge = "2025-01-03T00:00:00Z";
    let before = export(&["--until", edge]);
    let after = export(&["--since", edge, "--take", "7"]);
    assert_eq!((before.len(), after.len()), (48, 72));
    assert_eq!([after, before].concat(), all);
}

#[tokio::test(flavor = "multi_thread")]
async fn export_is_cut_off_then_it_goes_on_from_the_stored_cursor() {
    let sandbox = start(Sandbox::builder().activity(130)).await;
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("cursor.json");
    let arguments = ["--take", "20", "--cursor-file", file.to_str().unwrap()];
    sandbox
        .fail(
            Fault::of("listActivityLogs")
                .call(4)
                .then(Effect::status(403)),
        )
        .unwrap();
    let first = run(live(&sandbox, "export-activity", &arguments))
        .ends_with(1)
        .notes("60 entries were exported before it failed")
        .notes("error: listActivityLogs: 403 Forbidden");
    assert_eq!(ids(&first).len(), 60);
    assert!(file.exists());

    // Another window is another listing.
    let other = [&arguments[..], &["--since", "2025-01-03T00:00:00Z"]].concat();
    run(live(&sandbox, "export-activity", &other))
        .ends_with(2)
        .notes("parameter `since`: found no value, expected that of the request");

    let second = run(live(&sandbox, "export-activity", &arguments))
        .ends_with(0)
        .notes("goes on where the last export stopped")
        .notes("70 entries were exported");
    let together = [ids(&first), ids(&second)].concat();
    assert_eq!(together.iter().collect::<BTreeSet<_>>().len(), 130);
    assert_eq!(together.len(), 130);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn cursor_file_is_something_else_then_it_is_named() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("cursor.json");
    fs::write(&file, "{}").unwrap();
    let file = file.to_str().unwrap();
    run(command("export-activity", &["--cursor-file", file]))
        .ends_with(2)
        .notes(&format!("{file}: expected a cursor of this program"));
}

#[test]
fn reader_has_gone_away_then_the_export_does_not_pass_what_was_not_read() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("cursor.json");
    let mut command = command(
        "export-activity",
        &["--cursor-file", file.to_str().unwrap()],
    );
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = command.stdout(writer).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(
        told.contains("error: the standard output cannot be written to: "),
        "{told}"
    );
    assert!(!file.exists());
}

/// The lines of a program that is under way. It is stopped when this is dropped.
struct Following {
    child: Child,
    lines: std::sync::mpsc::Receiver<String>,
}

impl Following {
    fn new(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Self { child, lines }
    }

    /// The next lines.
    fn take(&self, number: usize) -> Vec<String> {
        let next = |_| self.lines.recv_timeout(Duration::from_secs(60)).unwrap();
        (0..number).map(next).collect()
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_come_while_they_are_followed_then_each_is_shown_once_in_order() {
    let sandbox = start(Sandbox::builder().activity(9)).await;
    let client = client(&sandbox);
    let at_once = |from: usize, number: usize| {
        let invited = (from..from + number).map(|n| invite(&client, format!("n{n}@example.com")));
        futures_util::future::join_all(invited)
    };
    // The second look is held up until there are more entries than fit on a page; some have the same time.
    let pause = Duration::from_millis(700);
    sandbox
        .fail(Fault::of("listActivityLogs").call(2).delay(pause))
        .unwrap();
    // The look after that fails for good, each of its attempts.
    for call in 8..11 {
        let busy = Effect::Answer(Reply::new(503).header("retry-after", "0"));
        sandbox
            .fail(Fault::of("listActivityLogs").call(call).then(busy))
            .unwrap();
    }
    let following = Following::new(live(
        &sandbox,
        "follow-activity",
        &["--last", "3", "--every", "0", "--for", "120"],
    ));
    let mut shown = following.take(3);
    assert!(
        shown[0].starts_with("2025-01-01T06:00:00.000Z "),
        "{shown:?}"
    );
    at_once(0, 120).await;
    shown.extend(following.take(120));
    at_once(120, 30).await;
    shown.extend(following.take(30));
    // An entry that turns up late, with a time before others that were shown.
    sandbox.set_clock_offset(-30).unwrap();
    at_once(150, 1).await;
    shown.extend(following.take(1));
    sandbox.set_clock_offset(0).unwrap();
    at_once(151, 1).await;
    shown.extend(following.take(1));

    let times: Vec<&str> = shown.iter().map(|line| &line[..24]).collect();
    assert!(times[..153].is_sorted(), "{shown:#?}");
    assert!(times[153] < times[152]);
    let id = |line: &String| line.split(' ').nth(1).unwrap().to_owned();
    let ids: BTreeSet<_> = shown.iter().map(id).collect();
    assert_eq!(ids.len(), 3 + 152);
    let exported = run(live(&sandbox, "export-activity", &[]));
    let exported: BTreeSet<_> = self::ids(&exported).into_iter().collect();
    assert!(ids.is_subset(&exported));
}

#[test]
fn follow_is_run_on_a_sandbox_then_something_happens_and_it_ends() {
    for arguments in [&["--every", "0", "--rounds", "2"][..], &["--for", "0"]] {
        let run = run(command("follow-activity", arguments)).ends_with(0);
        let of_sandbox = run
            .out
            .lines()
            .filter(|line| line.ends_with("by Sandbox client"));
        let expected = if arguments.len() == 4 { 2 } else { 0 };
        assert_eq!(of_sandbox.count(), expected, "{}", run.out);
        assert_eq!(run.out.lines().count(), 5 + expected);
    }
}

// The doctor.

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
        .tells("members      FAILED  listMembers: 401 Unauthorized")
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
        .tells("activity     FAILED  listActivityLogs: 403 Forbidden")
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
            Fault::of("token").then(Effect::Answer(Reply::new(200).html("<h1>Welcome</h1>"))),
            "is no token endpoint: check AUTH0_DOMAIN",
        ),
        (
            Fault::of("listMembers").then(Effect::Answer(
                Reply::new(404).html("<h1>No such team</h1>"),
            )),
            "=> there is no such team at http://127.0.0.1:",
        ),
        (
            Fault::of("listTenants")
                .then(Effect::Answer(Reply::new(429).header("retry-after", "60"))),
            "=> too many calls were made: come back at 20",
        ),
        (
            Fault::of("getEnvironments")
                .then(Effect::Answer(Reply::new(200).html("<h1>Welcome</h1>"))),
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
        .tells("settings     FAILED  the settings cannot be used: domain: expected")
        .tells("token        -       not looked at");
    assert!(sandbox.requests().is_empty());
}
