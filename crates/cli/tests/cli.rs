//! The tool as a process, against a sandbox: snapshots of the terminal output, secrets, signals.
//!
//! `TRYCMD=overwrite` accepts new output.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test that waits for real processes"
)]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

use auth0_sandbox::{Effect, Fault, Sandbox, SandboxBuilder, Script};

#[path = "cli/doctor.rs"]
mod doctor;

/// The sandboxes run here, while the tests wait for processes.
static RUNTIME: LazyLock<tokio::runtime::Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
});

const BINARY: &str = env!("CARGO_BIN_EXE_auth0-teams");

/// A sandbox and an empty configuration.
struct Fixture {
    sandbox: Sandbox,
    directory: tempfile::TempDir,
}

impl Fixture {
    fn start(faults: Option<&Path>) -> Self {
        let mut builder = Sandbox::builder().members(6).tenants(5).activity(8);
        if let Some(path) = faults {
            let text = std::fs::read_to_string(path).unwrap();
            builder = builder.script(Script::parse("faults", &text).unwrap());
        }
        Self::with(builder)
    }

    fn with(builder: SandboxBuilder) -> Self {
        Self {
            sandbox: RUNTIME.block_on(builder.start()).unwrap(),
            directory: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn variables(&self) -> Vec<(&'static str, String)> {
        let sandbox = &self.sandbox;
        vec![
            ("AUTH0_TEAM", sandbox.team().to_owned()),
            ("AUTH0_DOMAIN", sandbox.domain()),
            ("AUTH0_CLIENT_ID", sandbox.client_id().to_owned()),
            ("AUTH0_CLIENT_SECRET", sandbox.client_secret().to_owned()),
            ("AUTH0_BASE_URL", sandbox.url().to_owned()),
            ("AUTH0_TOKEN_URL", sandbox.token_url()),
            (
                "AUTH0_TEAMS_CONFIG_DIR",
                self.path("config").display().to_string(),
            ),
        ]
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(BINARY);
        command
            .args(arguments)
            .envs(self.variables())
            .current_dir(self.directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    #[track_caller]
    fn succeed(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs the commands of a file of snapshots.
    fn snapshots(&self, file: &Path, width: &str) {
        let cases = trycmd::TestCases::new();
        cases.env("COLUMNS", width).env("NO_COLOR", "1");
        for (name, value) in self.variables() {
            cases.env(name, value);
        }
        let config = self.path("config").display().to_string();
        cases.insert_var("[CONFIG]", config).unwrap();
        cases
            .insert_var("[URL]", self.sandbox.url().to_owned())
            .unwrap();
        cases.case(file);
        cases.run();
    }
}

/// Each file has a sandbox of its own, with the faults of the file beside it.
#[track_caller]
fn snapshots(name: &str, width: &str) {
    let file = PathBuf::from(format!("tests/cmd/{name}.trycmd"));
    let faults = file.with_extension("faults.toml");
    Fixture::start(faults.exists().then_some(&*faults)).snapshots(&file, width);
}

#[test]
fn help() {
    snapshots("help", "100");
}

#[test]
fn reading_commands() {
    snapshots("read", "120");
}

#[test]
fn narrow_terminal() {
    snapshots("narrow", "50");
}

#[test]
fn changing_commands() {
    snapshots("change", "120");
}

#[test]
fn roster_commands() {
    snapshots("roster", "100");
}

#[test]
fn invalid_input() {
    snapshots("invalid", "100");
}

#[test]
fn failing_calls() {
    snapshots("failures", "120");
}

#[test]
fn walk_through() {
    Fixture::start(None).snapshots(Path::new("../../docs/walk-through.md"), "100");
}

#[test]
fn profile_stores_the_secret_in_a_private_file() {
    let fixture = Fixture::start(None);
    let (url, token_url) = (
        fixture.sandbox.url().to_owned(),
        fixture.sandbox.token_url(),
    );
    let domain = fixture.sandbox.domain();
    let mut add = fixture.command(&[
        "profile",
        "add",
        "one",
        "--secret-store",
        "file",
        "--team",
        "acme",
        "--domain",
        &domain,
        "--client-id",
        "sandbox",
        "--base-url",
        &url,
        "--token-url",
        &token_url,
    ]);
    let mut child = add.stdin(Stdio::piped()).spawn().unwrap();
    let secret = fixture.sandbox.client_secret();
    writeln!(child.stdin.take().unwrap(), "{secret}").unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(!String::from_utf8(output.stderr).unwrap().contains(secret));

    let stored = fixture.path("config/secrets/one");
    assert_eq!(std::fs::read_to_string(&stored).unwrap(), secret);
    let profiles = std::fs::read_to_string(fixture.path("config/profiles.toml")).unwrap();
    assert!(
        !profiles.contains(secret) && profiles.contains("current = \"one\""),
        "{profiles}"
    );

    // The profile suffices, and an explicit one comes before the environment.
    let without = |arguments: &[&str]| {
        let mut command = fixture.command(arguments);
        command
            .env_remove("AUTH0_CLIENT_SECRET")
            .env("AUTH0_TEAM", "other");
        command.output().unwrap()
    };
    let output = without(&["--profile", "one", "member", "list"]);
    assert!(output.status.success(), "{output:?}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&stored).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        std::fs::set_permissions(&stored, std::fs::Permissions::from_mode(0o644)).unwrap();
        let output = without(&["--profile", "one", "member", "list"]);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(
            String::from_utf8(output.stderr)
                .unwrap()
                .contains("chmod 600")
        );
    }
    fixture.succeed(&["profile", "remove", "one"]);
    assert!(!stored.exists());
}

#[test]
fn secret_of_a_new_tenant_is_stored_or_its_fallback_reported() {
    let fixture = Fixture::start(None);
    let admin = fixture.sandbox.first_member().email.clone();
    let create = |name: &str, sink: &[&str]| {
        let base = [
            "tenant",
            "create",
            name,
            "--locality",
            "eu",
            "--admin",
            &admin,
        ];
        let arguments: Vec<&str> = base.iter().chain(sink).copied().collect();
        fixture.run(&arguments)
    };
    let output = create("new-file", &["--secret-file", "secret.json"]);
    assert!(output.status.success(), "{output:?}");
    let stored = std::fs::read_to_string(fixture.path("secret.json")).unwrap();
    let stored: serde_json::Value = serde_json::from_str(&stored).unwrap();
    let secret = stored["client_secret"].as_str().unwrap();
    assert!(!secret.is_empty());
    assert!(!String::from_utf8(output.stdout).unwrap().contains(secret));

    // An existing file is rejected before anything is created.
    let output = create("not-created", &["--secret-file", "secret.json"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert_eq!(fixture.sandbox.requests_of("createTenant").len(), 1);

    // Without a tenant there is no secret, and the file is not in the way of another try.
    let other = ["--secret-file", "other.json"];
    let output = create("Not-fine", &other);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert_eq!(create("new-file", &other).status.code(), Some(1));
    assert!(!fixture.path("other.json").exists());

    let output = create("new-command", &["--secret-command", "cat > piped.json"]);
    assert!(output.status.success(), "{output:?}");
    assert!(
        std::fs::read_to_string(fixture.path("piped.json"))
            .unwrap()
            .contains("client_secret")
    );

    let output = create("new-fallback", &["--secret-command", "exit 7"]);
    assert_eq!(output.status.code(), Some(4), "{output:?}");
    let message = String::from_utf8(output.stderr).unwrap();
    let (_, path) = message.trim_end().rsplit_once("the secret is in ").unwrap();
    assert!(
        std::fs::read_to_string(path)
            .unwrap()
            .contains("client_secret")
    );
    std::fs::remove_file(path).unwrap();
}

#[test]
fn lost_response_to_the_creation_of_a_tenant_is_verified() {
    let fixture = Fixture::start(None);
    let admin = fixture.sandbox.first_member().email.clone();
    for (call, acted) in [(1, true), (2, false)] {
        let fault = Fault::of("createTenant").call(call);
        fixture
            .sandbox
            .fail(fault.then(Effect::Reset { acted }))
            .unwrap();
    }
    for (name, code, expected) in [
        ("there", 4, "there exists although the creation failed"),
        ("not-there", 1, "not-there is not in the list of tenants"),
    ] {
        let create = [
            "tenant",
            "create",
            name,
            "--locality",
            "eu",
            "--admin",
            &admin,
        ];
        let output = fixture.run(&[&create[..], &["--secret-file", "secret.json"]].concat());
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{text}");
        assert!(text.contains(expected), "{text}");
    }
    assert_eq!(fixture.sandbox.requests_of("createTenant").len(), 2);
}

#[test]
fn truncated_response_to_the_creation_of_a_tenant_is_stored() {
    let fixture = Fixture::start(None);
    let admin = fixture.sandbox.first_member().email.clone();
    fixture
        .sandbox
        .fail(Fault::of("createTenant").then(Effect::Truncate))
        .unwrap();
    let create = [
        "tenant",
        "create",
        "shop",
        "--locality",
        "eu",
        "--admin",
        &admin,
    ];
    let output = fixture.run(&[&create[..], &["--secret-file", "secret.json"]].concat());
    assert_eq!(output.status.code(), Some(4), "{output:?}");
    let stored = std::fs::read_to_string(fixture.path("secret.json")).unwrap();
    assert!(stored.starts_with('{'), "{stored}");
}

#[test]
fn windows_of_the_log_that_share_a_time_have_no_entry_in_common() {
    let fixture = Fixture::with(Sandbox::builder().activity(120));
    let export = |arguments: &[&str]| -> Vec<String> {
        let text = fixture.succeed(&[&["activity", "export"], arguments].concat());
        text.lines().map(str::to_owned).collect()
    };
    let all = export(&[]);
    assert_eq!(all.len(), 120);
    // The sandbox has an entry with exactly this timestamp.
    let edge = "2025-01-03T00:00:00Z";
    let (before, after) = (export(&["--until", edge]), export(&["--since", edge]));
    assert_eq!((before.len(), after.len()), (48, 72));
    assert_eq!([after, before].concat(), all);
}

#[test]
fn interrupted_invitations_continue_and_invite_nobody_twice() {
    let fixture = Fixture::start(None);
    let member = fixture.sandbox.first_member().email.clone();
    let people = format!(
        "email,role,tenants,tenant_roles\na@new.com,teams_contributor,acme-1 acme-2,viewer-users\n\
         b@new.com,teams_contributor,,\nc@new.com,teams_contributor,,\n{member},teams_contributor,,\n"
    );
    std::fs::write(fixture.path("people.csv"), people).unwrap();
    // The first invitation is rejected, the response of the second one is lost.
    let faults = [
        Fault::of("inviteMember").call(1).then(Effect::status(403)),
        {
            let lost = Effect::Reset { acted: true };
            Fault::of("inviteMember").call(2).then(lost)
        },
    ];
    for fault in faults {
        fixture.sandbox.fail(fault).unwrap();
    }
    let columns = ["-o", "csv", "--columns", "email,result"];
    let invite: Vec<&str> = ["member", "invite", "--file", "people.csv"]
        .into_iter()
        .chain(columns)
        .collect();
    let output = fixture.run(&invite);
    assert_eq!(output.status.code(), Some(4), "{output:?}");
    let rows = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        rows,
        format!(
            "email,result\na@new.com,failed\nb@new.com,unknown\nc@new.com,invited\n{member},member\n"
        )
    );
    fixture.sandbox.clear_faults();
    let output = fixture.run(&invite);
    let rows = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        rows,
        format!(
            "email,result\na@new.com,invited\nb@new.com,unknown\nc@new.com,invited\n{member},member\n"
        )
    );
    let mut emails: Vec<String> = fixture
        .sandbox
        .invitations()
        .into_iter()
        .map(|invitation| invitation.email)
        .collect();
    emails.sort();
    assert_eq!(emails, ["a@new.com", "b@new.com", "c@new.com"]);
    // The record belongs to the team: other files and a roster invite nobody again either.
    std::fs::rename(fixture.path("people.csv"), fixture.path("others.csv")).unwrap();
    fixture.run(&["member", "invite", "--file", "others.csv"]);
    let roster = fixture.succeed(&["roster", "pull"])
        + "- email: c@new.com\n  role: teams_contributor\n  access: []\n";
    std::fs::write(fixture.path("roster.yaml"), roster).unwrap();
    let output = fixture.run(&["roster", "plan"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(fixture.sandbox.invitations().len(), 3);
}

#[test]
fn export_continues_after_a_restart_and_writes_every_entry() {
    let fixture = Fixture::start(None);
    let export = ["activity", "export", "--cursor", "cursor.json"];
    let ids = |text: &str| -> Vec<String> {
        let entries = text
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        entries
            .map(|entry| entry["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let first = ids(&fixture.succeed(&export));
    assert_eq!(first.len(), 8);
    assert_eq!(ids(&fixture.succeed(&export)).len(), 0);
    fixture.succeed(&[
        "member",
        "invite",
        "n@new.com",
        "--role",
        "teams_contributor",
    ]);
    // The token is revoked meanwhile.
    fixture.sandbox.revoke_tokens();
    let later = fixture.succeed(&export);
    assert_eq!(ids(&later).len(), 1, "{later}");
    assert!(later.contains("team_invitation_created"), "{later}");
    std::fs::remove_file(fixture.path("cursor.json")).unwrap();
    let again = ids(&fixture.succeed(&export));
    assert!(first.iter().all(|id| again.contains(id)), "ids are stable");
    let events = fixture.succeed(&["activity", "export", "--format", "ocsf"]);
    for event in events.lines() {
        let event: serde_json::Value = serde_json::from_str(event).unwrap();
        assert_eq!(event["class_uid"], 3001);
        assert!(again.contains(&event["metadata"]["uid"].as_str().unwrap().to_owned()));
    }
}

#[test]
fn follow_continues_after_failures_and_writes_new_entries() {
    let fixture = Fixture::start(None);
    let cursor = ["--cursor", "cursor.json", "--every", "0"];
    let follow = |rounds: &str| {
        let arguments = ["activity", "follow", "--rounds", rounds];
        fixture.succeed(&arguments.into_iter().chain(cursor).collect::<Vec<_>>())
    };
    assert_eq!(follow("2").lines().count(), 8);
    fixture.succeed(&[
        "member",
        "invite",
        "n@new.com",
        "--role",
        "teams_contributor",
    ]);
    // All attempts of the first round fail.
    let fault = Fault::of("listActivityLogs")
        .times(3)
        .then(Effect::status(503));
    fixture.sandbox.fail(fault).unwrap();
    let entries = follow("3");
    assert_eq!(entries.lines().count(), 1, "{entries}");
    assert!(entries.contains("team_invitation_created"), "{entries}");
}

/// Kills the process while a call is in flight.
#[cfg(unix)]
#[test]
fn killed_apply_continues() {
    let fixture = Fixture::start(None);
    let roster = fixture.succeed(&["roster", "pull"]);
    let changed = roster
        .replace("viewer-config", "support-access")
        .replace("viewer-users", "support-access");
    assert_ne!(roster, changed);
    std::fs::write(fixture.path("roster.yaml"), changed).unwrap();
    let output = fixture.run(&["roster", "plan", "--save", "plan.json"]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let slow = Fault::of("updateMemberTenants")
        .times(1)
        .delay(Duration::from_secs(30));
    fixture.sandbox.fail(slow).unwrap();
    let mut child = fixture
        .command(&["roster", "apply", "plan.json"])
        .spawn()
        .unwrap();
    let journal = fixture.path("plan.json.journal.ndjson");
    let has_started =
        || std::fs::read_to_string(&journal).is_ok_and(|text| text.contains("\"start\""));
    while !has_started() {
        assert!(child.try_wait().unwrap().is_none(), "ended too early");
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    fixture.sandbox.clear_faults();
    let output = fixture.run(&["roster", "apply", "plan.json"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let output = fixture.run(&["roster", "plan"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    // The plan was applied: its journal makes another run a no-op.
    let output = fixture.run(&["roster", "apply", "plan.json"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

/// Ctrl-C finishes the call in flight.
#[cfg(unix)]
#[test]
fn interrupted_apply_ends_cleanly_and_continues() {
    let fixture = Fixture::start(None);
    let roster = fixture.succeed(&["roster", "pull"]);
    let changed = roster
        .replace("viewer-config", "support-access")
        .replace("viewer-users", "support-access");
    std::fs::write(fixture.path("roster.yaml"), changed).unwrap();
    fixture.run(&["roster", "plan", "--save", "plan.json"]);
    let slow = Fault::of("updateMemberTenants")
        .times(1)
        .delay(Duration::from_secs(2));
    fixture.sandbox.fail(slow).unwrap();
    let mut child = fixture
        .command(&["roster", "apply", "plan.json"])
        .spawn()
        .unwrap();
    let journal = fixture.path("plan.json.journal.ndjson");
    let text = || std::fs::read_to_string(&journal).unwrap_or_default();
    while !text().contains("\"start\"") {
        assert!(child.try_wait().unwrap().is_none(), "ended too early");
        std::thread::sleep(Duration::from_millis(20));
    }
    let pid = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .unwrap()
            .success()
    );
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(4), "{output:?}");
    let entries = text();
    assert_eq!(entries.matches("\"start\"").count(), 1, "{entries}");
    assert_eq!(entries.matches("\"done\"").count(), 1, "{entries}");
    let output = fixture.run(&["roster", "apply", "plan.json"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

/// Ctrl-C waits for the tenant and its secret.
#[cfg(unix)]
#[test]
fn interrupted_creation_of_a_tenant_keeps_the_secret() {
    let fixture = Fixture::start(None);
    let slow = Fault::of("createTenant")
        .times(1)
        .delay(Duration::from_secs(2));
    fixture.sandbox.fail(slow).unwrap();
    let mut child = fixture
        .command(&[
            "tenant",
            "create",
            "acme-new",
            "--locality",
            "us",
            "--admin",
            "ada.lovelace@example.com",
            "--secret-file",
            "secret.json",
        ])
        .spawn()
        .unwrap();
    // The file is opened before the call.
    while !fixture.path("secret.json").exists() {
        assert!(child.try_wait().unwrap().is_none(), "ended too early");
        std::thread::sleep(Duration::from_millis(20));
    }
    let pid = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .unwrap()
            .success()
    );
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let secret = std::fs::read_to_string(fixture.path("secret.json")).unwrap();
    assert!(secret.contains("client_secret"));
}

#[test]
fn difference_that_comes_back_is_repaired_again() {
    let fixture = Fixture::start(None);
    let roster = fixture.succeed(&["roster", "pull"]);
    std::fs::write(fixture.path("roster.yaml"), roster).unwrap();
    for _ in 0..2 {
        fixture.succeed(&[
            "member",
            "role",
            "tim.zuse.4@example.com",
            "teams_report_viewer",
        ]);
        fixture.succeed(&[
            "roster",
            "apply",
            "--roster",
            "roster.yaml",
            "--confirm",
            "acme",
        ]);
        let member = fixture.succeed(&["member", "get", "tim.zuse.4@example.com"]);
        assert!(member.contains("teams_contributor"), "{member}");
    }
}

#[test]
fn too_few_owners_would_be_left_then_nothing_is_changed() {
    let fixture = Fixture::start(None);
    let owner = "ada.lovelace@example.com";
    for arguments in [
        &["offboard", owner, "--confirm", owner][..],
        &["offboard", owner, "--dry-run"],
        &["member", "remove", owner, "--confirm", owner],
        &["member", "role", owner, "teams_contributor"],
    ] {
        let output = fixture.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains("(--min-owners 1)"), "{error}");
    }
    for operation in ["removeMemberTenant", "deleteMember", "updateMemberRole"] {
        let requests = fixture.sandbox.requests_of(operation);
        assert!(requests.is_empty(), "{requests:?}");
    }
}

#[test]
fn saved_plan_is_applied_then_flags_of_planning_are_rejected() {
    let fixture = Fixture::start(None);
    for flag in ["--ignore-member", "--ignore-tenant"] {
        let output = fixture.run(&["roster", "apply", "plan.json", flag, "x"]);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains("cannot be used with"), "{error}");
    }
}

#[test]
fn reader_stops_then_the_plan_is_saved_and_the_exit_code_stays() {
    let fixture = Fixture::start(None);
    let roster = fixture.succeed(&["roster", "pull"]);
    let changed = roster.replace("viewer-config", "support-access");
    std::fs::write(fixture.path("roster.yaml"), changed).unwrap();
    for format in ["table", "json", "ndjson", "csv"] {
        let path = format!("{format}.json");
        let mut child = fixture
            .command(&["roster", "plan", "--save", &path, "-o", format])
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{format}: {output:?}");
        assert!(fixture.path(&path).exists(), "{format}");
    }
    // What nobody read is exported again.
    let mut child = fixture
        .command(&[
            "activity",
            "follow",
            "--cursor",
            "cursor.json",
            "--every",
            "0",
        ])
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let entries = fixture.succeed(&["activity", "export", "--cursor", "cursor.json"]);
    assert_eq!(entries.lines().count(), 8, "{entries}");
}

#[test]
fn secrets_and_tokens_are_not_printed() {
    let fixture = Fixture::start(None);
    let secret = fixture.sandbox.client_secret().to_owned();
    for arguments in [
        &["token", "show", "--log", "trace"][..],
        &["doctor", "--log", "trace"],
        &["member", "get", "nobody@example.com", "--log", "trace"],
    ] {
        let output = fixture.run(arguments);
        for text in [output.stdout, output.stderr] {
            let text = String::from_utf8(text).unwrap();
            assert!(!text.contains(&secret), "{arguments:?}");
            assert!(!text.contains("eyJ"), "{arguments:?}: {text}");
        }
    }
}

#[test]
fn interrupted_review_continues_and_has_the_same_rows() {
    let fixture = Fixture::with(Sandbox::builder().members(70).tenants(5).activity(8));
    let review = |json: &str| fixture.run(&["access", "review", "--json", json]);
    assert_eq!(review("whole.json").status.code(), Some(0));
    let rows = |name: &str| {
        let text = std::fs::read_to_string(fixture.path(name)).unwrap();
        serde_json::from_str::<serde_json::Value>(&text).unwrap()["rows"].clone()
    };
    let calls = fixture
        .sandbox
        .requests_of("listTenantAccessByEnvironment")
        .len();
    // The activity log and the first page of members are read, then a call fails.
    let fault = Fault::of("listTenantAccessByEnvironment").call(calls as u64 - 10);
    fixture
        .sandbox
        .fail(fault.then(Effect::status(403)))
        .unwrap();
    let output = review("part.json");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(!fixture.path("part.json").exists());
    assert!(fixture.path("access-review.work").exists());
    fixture.sandbox.clear_faults();
    fixture.sandbox.forget_requests();
    let output = review("part.json");
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("continuing the review in access-review.work that began at 20")
    );
    let again = fixture
        .sandbox
        .requests_of("listTenantAccessByEnvironment")
        .len();
    assert_eq!(again, calls / 70 * 20);
    assert!(fixture.sandbox.requests_of("listActivityLogs").is_empty());
    assert_eq!(rows("part.json"), rows("whole.json"));
    assert!(!fixture.path("access-review.work").exists());
}

#[test]
fn review_with_a_wrong_or_used_file_is_rejected_before_the_first_call() {
    let fixture = Fixture::start(None);
    std::fs::write(fixture.path("old.json"), "{}").unwrap();
    let begun =
        r#"{"record":"begin","team":"TEAM","at":"2020-01-01T00:00:00Z","activity_since":null}"#;
    let begun = begun.replace("TEAM", fixture.sandbox.team()) + "\n";
    std::fs::write(fixture.path("old.work"), &begun).unwrap();
    std::fs::write(fixture.path("used.work"), begun.replace("2020", "2100")).unwrap();
    let used = std::fs::File::open(fixture.path("used.work")).unwrap();
    used.lock().unwrap();
    for (arguments, code, expected) in [
        (["--since", "old.json"], 2, "old.json: expected"),
        (["--since", "none.json"], 2, "none.json"),
        (
            ["--work", "old.work"],
            2,
            "old.work: expected a review that began in the last 24 hours",
        ),
        (
            ["--work", "used.work"],
            1,
            "used.work: another process uses this file",
        ),
    ] {
        let output = fixture.run(&["access", "review", arguments[0], arguments[1]]);
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{text}");
        assert!(text.contains(expected), "{text}");
    }
    assert!(fixture.sandbox.requests().is_empty());
    assert_eq!(
        std::fs::read_to_string(fixture.path("old.work")).unwrap(),
        begun
    );
}

#[test]
fn plan_and_drift_run_while_another_process_records_invitations() {
    let fixture = Fixture::start(None);
    let roster = fixture.succeed(&["roster", "pull"]);
    std::fs::write(fixture.path("roster.yaml"), roster).unwrap();
    let person = [
        "member",
        "invite",
        "jo@x.test",
        "--role",
        "teams_contributor",
    ];
    fixture.succeed(&person);
    let record = format!("config/invitations/{}.ndjson", fixture.sandbox.team());
    let record = fixture.path(&record);
    let other = std::fs::File::open(record).unwrap();
    other.lock().unwrap();
    for command in ["plan", "drift"] {
        fixture.succeed(&["roster", command, "roster.yaml"]);
    }
    assert_eq!(fixture.run(&person).status.code(), Some(1));
}

#[test]
fn review_marks_what_changed_since_an_earlier_one() {
    let fixture = Fixture::start(None);
    fixture.succeed(&["access", "review", "--json", "old.json"]);
    fixture.succeed(&[
        "access",
        "grant",
        "tim.zuse.4@example.com",
        "acme-3",
        "--role",
        "owner",
    ]);
    let listed = fixture.succeed(&[
        "access",
        "list",
        "--tenant",
        "acme-1",
        "-o",
        "csv",
        "--columns",
        "email",
    ]);
    // With access to acme-1, acme-4 and acme-5.
    let gone = listed.lines().nth(1).unwrap();
    assert_eq!(gone, "ada.lovelace.3@example.com");
    fixture.succeed(&["access", "revoke", gone, "acme-1"]);
    let outputs = [
        "--json", "new.json", "--csv", "new.csv", "--html", "new.html",
    ];
    let arguments = ["access", "review", "--since", "old.json"];
    fixture.succeed(&arguments.into_iter().chain(outputs).collect::<Vec<_>>());
    let text = std::fs::read_to_string(fixture.path("new.json")).unwrap();
    let review: serde_json::Value = serde_json::from_str(&text).unwrap();
    let changed: Vec<(&str, &str, &str)> = review["rows"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row.get("change").is_some())
        .map(|row| {
            let text = |name: &str| row[name].as_str().unwrap();
            (text("email"), text("tenant"), text("change"))
        })
        .collect();
    let expected = [
        ("tim.zuse.4@example.com", "acme-3", "added"),
        (gone, "acme-1", "removed"),
    ];
    assert_eq!(changed, expected);
    // A review that is compared with itself has no changes, and the removed row is not repeated.
    let same = fixture.succeed(&[
        "access",
        "review",
        "--since",
        "new.json",
        "-o",
        "ndjson",
        "--columns",
        "change",
    ]);
    assert!(
        same.lines().all(|line| line == "{\"change\":null}"),
        "{same}"
    );
    assert!(
        std::fs::read_to_string(fixture.path("new.html"))
            .unwrap()
            .contains("acme-3")
    );
    assert!(
        std::fs::read_to_string(fixture.path("new.csv"))
            .unwrap()
            .contains(",added,")
    );
    // Other roles, of a tenant and of the team, are shown with those before.
    fixture.succeed(&["access", "review", "--json", "before.json"]);
    fixture.succeed(&[
        "access",
        "change",
        gone,
        "acme-4",
        "--role",
        "support-access",
    ]);
    fixture.succeed(&[
        "member",
        "role",
        "sophie.hamilton.1@example.com",
        "teams_contributor",
        "--min-owners",
        "1",
    ]);
    fixture.succeed(&[
        "access",
        "review",
        "--since",
        "before.json",
        "--csv",
        "changed.csv",
    ]);
    let csv = std::fs::read_to_string(fixture.path("changed.csv")).unwrap();
    let changed: Vec<&str> = csv
        .lines()
        .filter(|row| row.contains(",changed,"))
        .collect();
    assert_eq!(changed.len(), 2, "{csv}");
    assert!(changed[0].ends_with(",changed,teams_owner,"), "{csv}");
    assert!(changed[1].ends_with(",changed,,editor-kms"), "{csv}");
    // Whoever loses the last access, or gets the first one, has no other change.
    fixture.succeed(&["access", "review", "--json", "with.json"]);
    fixture.succeed(&["access", "revoke", gone, "acme-4", "acme-5"]);
    fixture.succeed(&["access", "review", "--json", "without.json"]);
    let changes = |since: &str| {
        let arguments = [
            "access",
            "review",
            "--since",
            since,
            "-o",
            "csv",
            "--columns",
            "tenant,change",
        ];
        let rows = fixture.succeed(&arguments);
        rows.lines()
            .filter(|row| !row.ends_with(','))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        changes("with.json"),
        ["tenant,change", "acme-4,removed", "acme-5,removed"]
    );
    fixture.succeed(&[
        "access",
        "grant",
        gone,
        "acme-4",
        "acme-5",
        "--role",
        "viewer-users",
    ]);
    assert_eq!(
        changes("without.json"),
        ["tenant,change", "acme-4,added", "acme-5,added"]
    );
}

#[test]
fn completions_and_man_pages_are_generated() {
    let fixture = Fixture::start(None);
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(
            fixture
                .succeed(&["completions", shell])
                .contains("auth0-teams"),
            "{shell}"
        );
    }
    fixture.succeed(&["man", "man1"]);
    let page = std::fs::read_to_string(fixture.path("man1/auth0-teams-roster-plan.1")).unwrap();
    assert!(page.contains("roster"), "{page}");
}

/// Uses the page in a browser: search, filters, sorting, changes.
#[test]
#[ignore = "needs Chromium; CHROMIUM names another program"]
fn review_page_works_in_a_browser() {
    let fixture = Fixture::start(None);
    fixture.succeed(&["access", "review", "--json", "old.json"]);
    fixture.succeed(&[
        "access",
        "grant",
        "tim.zuse.4@example.com",
        "acme-3",
        "--role",
        "owner",
    ]);
    fixture.succeed(&["access", "revoke", "tim.zuse.4@example.com", "acme-2"]);
    fixture.succeed(&[
        "access",
        "review",
        "--since",
        "old.json",
        "--html",
        "page.html",
    ]);
    let page = std::fs::read_to_string(fixture.path("page.html")).unwrap();
    let script = r##"<script>{
        const results = [];
        const rows = () => [...document.querySelectorAll("#body tr")];
        const set = (id, value) => {
          const control = document.getElementById(id);
          if (control.type === "checkbox") control.checked = value; else control.value = value;
          control.dispatchEvent(new Event("input", { bubbles: true }));
          results.push(`${id}: ${rows().length}`);
        };
        results.push(`all: ${rows().length}`);
        set("search", "tim ACME-3"); set("search", "");
        set("role", "owner"); set("role", "");
        set("tenant", "acme-2"); set("tenant", "");
        set("tag", "production"); set("tag", "");
        set("changes", true);
        results.push(rows().map((row) => row.className).join(","));
        set("changes", false); set("flagged", true); set("flagged", false);
        document.querySelectorAll("#head button")[3].click();
        results.push(`first: ${rows()[0].children[3].textContent}`);
        document.documentElement.replaceChildren(results.join("\n"));
    }</script>"##;
    std::fs::write(
        fixture.path("page.html"),
        page.replace("</body>", &format!("{script}</body>")),
    )
    .unwrap();
    let browser = std::env::var("CHROMIUM").unwrap_or_else(|_| "chromium".to_owned());
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"])
        .arg(format!("file://{}", fixture.path("page.html").display()))
        .output()
        .unwrap();
    let found = String::from_utf8(output.stdout).unwrap();
    let expected = "all: 16\nsearch: 1\nsearch: 16\nrole: 6\nrole: 16\ntenant: 3\ntenant: 16\ntag: 3\ntag: 16\n\
                    changes: 2\nremoved,flagged added\nchanges: 16\nflagged: 5\nflagged: 16\nfirst: no tenant";
    assert!(found.contains(expected), "{found}");
}
