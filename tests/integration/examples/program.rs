//! Runs an example as a process, also against a sandbox in place of a live team.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use auth0_auth::{ClientCredentials, ClientCredentialsBuilder};
use auth0_sandbox::{Sandbox, SandboxBuilder};

use crate::support::http_client;

/// The path of the example. Cargo builds the examples along with this test, unless only this test or tests with certain
/// names are selected.
pub(super) fn example_path(name: &str) -> PathBuf {
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

/// The command line of an example, without `AUTH0_*` variables of the environment.
pub(super) fn command(name: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(example_path(name));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("AUTH0_") {
            command.env_remove(name);
        }
    }
    // An unreachable proxy: local requests must not use it.
    command
        .envs(["HTTP_PROXY", "http_proxy", "ALL_PROXY"].map(|name| (name, "http://127.0.0.1:9")))
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .args(arguments)
        .stdin(Stdio::null());
    command
}

/// The example against a sandbox, as if it were a live team.
pub(super) fn live(sandbox: &Sandbox, name: &str, arguments: &[&str]) -> Command {
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

/// The output of an example.
pub(super) struct Run {
    pub(super) status: i32,
    pub(super) out: String,
    pub(super) err: String,
}

pub(super) fn run(mut command: Command) -> Run {
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
    pub(super) fn exits_with(self, status: i32) -> Self {
        assert_eq!(self.status, status, "{}{}", self.out, self.err);
        self
    }

    /// The standard error contains `text`.
    #[track_caller]
    pub(super) fn stderr_contains(self, text: &str) -> Self {
        assert!(self.err.contains(text), "{text}\nis not in\n{}", self.err);
        self
    }

    /// The standard output contains `text`.
    #[track_caller]
    pub(super) fn stdout_contains(self, text: &str) -> Self {
        assert!(self.out.contains(text), "{text}\nis not in\n{}", self.out);
        self
    }
}

/// Client secrets, secrets of new tenants and tokens are all longer than any word that an example prints.
#[track_caller]
pub(super) fn assert_no_secret(text: &str) {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let words = text.split(|c| !is_word(c));
    let longest = words.max_by_key(|word| word.len()).unwrap_or_default();
    assert!(longest.len() < 40, "`{longest}` may be a secret in {text}");
}

pub(super) async fn start(builder: SandboxBuilder) -> Sandbox {
    builder.check_responses().start().await.unwrap()
}

/// The write operations that the sandbox received.
pub(super) fn changes(sandbox: &Sandbox) -> Vec<String> {
    let requests = sandbox.requests().into_iter();
    requests
        .filter(|request| request.method != "GET")
        .filter_map(|request| request.operation)
        .filter(|operation| operation != "token")
        .collect()
}

/// A client of the sandbox's tenant with a token of the application.
pub(super) fn organizations_client(sandbox: &Sandbox) -> auth0_management::Client {
    let token = credentials(sandbox, sandbox.management_audience());
    auth0_management::Client::builder()
        .base_url(sandbox.management_url())
        .token_source(token.build().unwrap())
        .http_client(http_client())
        .build()
        .unwrap()
}

/// A client of the sandbox's first organization with a token of the application.
pub(super) fn my_organization_client(sandbox: &Sandbox) -> auth0_my_organization::Client {
    let token = credentials(sandbox, sandbox.my_organization_audience());
    let token = token.organization(sandbox.organization_id());
    auth0_my_organization::Client::builder()
        .base_url(sandbox.my_organization_url())
        .token_source(token.build().unwrap())
        .http_client(http_client())
        .build()
        .unwrap()
}

fn credentials(sandbox: &Sandbox, audience: &str) -> ClientCredentialsBuilder {
    ClientCredentials::builder(sandbox.domain())
        .client_id(sandbox.client_id())
        .client_secret(sandbox.client_secret())
        .audience(audience)
        .token_url(sandbox.token_url())
        .http_client(http_client())
}
