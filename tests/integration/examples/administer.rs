//! `administer-organization`: a login without a browser, and the changes of the administrator.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

use auth0_sandbox::{Application, Sandbox, SandboxBuilder};

use super::program::{Run, assert_no_secret, changes, command, run, start};

const NAME: &str = "administer-organization";

/// The example against the organization of the sandbox, as if it were a live one.
fn live(sandbox: &Sandbox, arguments: &[&str]) -> Command {
    let mut command = command(NAME, arguments);
    command
        .env("AUTH0_ORGANIZATION", sandbox.organization_id())
        .env("AUTH0_DOMAIN", sandbox.domain())
        .env("AUTH0_CLIENT_ID", sandbox.native_client_id().unwrap())
        .env("AUTH0_BASE_URL", sandbox.my_organization_url())
        .env("AUTH0_ISSUER", format!("{}/", sandbox.url()));
    command
}

/// Runs the example and opens the login URL that it prints, in place of a browser.
async fn log_in_and_run(mut command: Command, user: &str) -> Run {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut expected = BufReader::new(child.stderr.take().unwrap());
    let mut err = String::new();
    let mut line = String::new();
    while expected.read_line(&mut line).unwrap() > 0 {
        if line.starts_with("http://") {
            let user = reqwest::Url::parse_with_params(line.trim(), [("login_hint", user)]);
            let browser = reqwest::Client::builder().no_proxy().build().unwrap();
            browser.get(user.unwrap()).send().await.unwrap();
            // The login URL is only for the user, so it must not be elsewhere in the output.
            err.push_str("(login URL)\n");
        } else {
            err.push_str(&line);
        }
        line.clear();
    }
    let mut out = String::new();
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_to_string(&mut out).unwrap();
    assert_no_secret(&out);
    assert_no_secret(&err);
    let status = child.wait().unwrap().code().unwrap();
    Run { status, out, err }
}

fn builder() -> SandboxBuilder {
    Sandbox::builder().login_at_once()
}

/// Runs the example with a login of the first member.
async fn administer(sandbox: &Sandbox, arguments: &[&str]) -> Run {
    let member = &sandbox.organization_member().unwrap().id;
    log_in_and_run(live(sandbox, arguments), member).await
}

/// All arguments.
const ALL: [&str; 16] = [
    "--display-name",
    "Acme",
    "--provider",
    "acme-login",
    "--discovery-url",
    "https://login.acme.test/.well-known/openid-configuration",
    "--provider-client",
    "auth0",
    "--domain",
    "acme.test",
    "--invite",
    "jo@acme.test",
    "--member",
    "ada.lovelace@example.org",
    "--role",
    "Billing",
];

#[test]
fn dpop_is_requested_then_the_output_is_the_same() {
    let bearer = run(command(NAME, &[])).exits_with(0).out;
    let bound = run(command(NAME, &["--dpop"])).exits_with(0).out;
    let suffix = ", with tokens bound to a DPoP key";
    assert!(bound.contains(suffix));
    assert_eq!(bound.replace(suffix, ""), bearer);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_change_is_requested_then_it_only_prints_the_organization() {
    let sandbox = start(builder()).await;
    administer(&sandbox, &[])
        .await
        .exits_with(0)
        .stderr_contains("note: using the live organization org_")
        .stderr_contains("note: open this URL in a browser to log in:\n(login URL)\n")
        .stdout_contains("Northwind Traders (northwind)\n");
    assert_eq!(changes(&sandbox), [""; 0]);
    assert_eq!(sandbox.violations(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn command_is_repeated_then_nothing_changes() {
    let sandbox = start(builder()).await;
    let first = administer(&sandbox, &ALL).await.exits_with(0);
    assert_eq!(
        changes(&sandbox),
        [
            "UpdateOrganizationDetails",
            "CreateOrganizationIdentityProvider",
            "CreateOrganizationDomain",
            "CreateOrganizationDomainVerification",
            "CreateInvitations",
            "AssignOrganizationMemberRoles",
        ]
    );
    // For a live domain the owner has to publish the printed record and run the command again.
    assert!(
        first
            .out
            .contains("domain acme.test: pending; publish this TXT record")
    );
    let record = first
        .out
        .lines()
        .find_map(|line| line.strip_prefix("  _verification."));
    let (host, text) = record.unwrap().split_once(' ').unwrap();
    sandbox.publish_dns_record(&format!("_verification.{host}"), text);
    sandbox.forget_requests();
    administer(&sandbox, &ALL)
        .await
        .exits_with(0)
        .stdout_contains("domain acme.test: verified\n")
        .stdout_contains("domain acme.test: assigned to the identity provider\n");
    assert_eq!(
        changes(&sandbox),
        [
            "CreateOrganizationDomainVerification",
            "CreateOrganizationIdentityProviderDomain",
        ]
    );

    sandbox.forget_requests();
    let last = administer(&sandbox, &ALL)
        .await
        .exits_with(0)
        .stdout_contains("display name: already Acme\n")
        .stdout_contains("identity provider acme-login: exists already\n")
        .stdout_contains("domain acme.test: already verified\n")
        .stdout_contains("jo@acme.test: already invited\n")
        .stdout_contains("ada.lovelace@example.org: already has the role Billing\n");
    assert!(!last.out.contains("assigned to"));
    assert_eq!(changes(&sandbox), [""; 0]);
    assert_eq!(sandbox.violations(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn invited_person_has_accepted_then_they_are_not_invited_again() {
    let sandbox = start(builder()).await;
    let invite = ["--invite", "jo@acme.test", "--invite", "kay@acme.test"];
    administer(&sandbox, &invite).await.exits_with(0);
    let client = super::program::my_organization_client(&sandbox);
    let page = client.organization().invitations().list().await.unwrap();
    let invitations = page.invitations;
    let of = |email| {
        let mut all = invitations.iter();
        let found = all.find(|one| one.invitee.as_ref().unwrap().email.as_deref() == Some(email));
        found.unwrap().id.clone().unwrap()
    };
    sandbox
        .accept_organization_invitation(&of("jo@acme.test"))
        .unwrap();
    sandbox.forget_requests();
    administer(&sandbox, &invite)
        .await
        .exits_with(0)
        .stdout_contains("jo@acme.test: already a member\n")
        .stdout_contains("kay@acme.test: already invited\n");
    assert_eq!(changes(&sandbox), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn member_or_role_does_not_exist_then_nothing_is_changed() {
    let sandbox = start(builder()).await;
    for (member, role, expected) in [
        (
            "nobody@acme.test",
            "Billing",
            "expected a member of the organization by e-mail address or id, found `nobody@acme.test`",
        ),
        (
            "ada.lovelace@example.org",
            "Emperor",
            "expected a role by name or id, found `Emperor`",
        ),
    ] {
        let arguments = ["--member", member, "--role", role, "--display-name", "Acme"];
        administer(&sandbox, &arguments)
            .await
            .exits_with(2)
            .stderr_contains(expected);
    }
    assert_eq!(changes(&sandbox), [""; 0]);
}

#[test]
fn arguments_require_each_other_then_one_alone_is_rejected() {
    for arguments in [
        ["--provider", "acme-login"],
        ["--discovery-url", "https://login.acme.test/"],
        ["--member", "ada.lovelace@example.org"],
        ["--role", "Billing"],
        ["--port", "70000"],
    ] {
        run(command(NAME, &arguments)).exits_with(2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn user_is_in_another_organization_then_the_login_fails_and_no_call_is_sent() {
    let sandbox = start(builder().organizations(2)).await;
    let tenant_client = super::program::organizations_client(&sandbox);
    let mut others = tenant_client.organizations().list().take(50).stream();
    let first = others.try_next().await.unwrap().unwrap();
    assert_eq!(first.id.as_deref(), Some(sandbox.organization_id()));
    let second = others.try_next().await.unwrap().unwrap().id.unwrap();
    let member = tenant_client
        .organizations()
        .members()
        .list(&second)
        .await
        .unwrap();
    let member = member.members[0].user_id.clone().unwrap();
    sandbox.forget_requests();
    log_in_and_run(live(&sandbox, &ALL), &member)
        .await
        .exits_with(1)
        .stderr_contains("access_denied");
    let requests = sandbox.requests();
    assert!(
        !requests
            .iter()
            .any(|request| request.path.starts_with("/my-org/"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn application_has_the_scopes_that_help_names_then_every_change_succeeds() {
    let help = run(command(NAME, &["--help"]));
    let scopes = help
        .out
        .lines()
        .find_map(|line| line.strip_prefix("Scopes: "));
    let program = Application::native("program")
        .scopes(scopes.unwrap().split(' '))
        .any_organization();
    let sandbox = start(builder().application(program)).await;
    administer(&sandbox, &ALL).await.exits_with(0);
    assert_eq!(sandbox.violations(), [""; 0]);
}
