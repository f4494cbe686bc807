//! `onboard` and `offboard`.

use std::process::Stdio;

use auth0_sandbox::{Effect, Fault, Reply, Sandbox};
use serde_json::json;

use super::program::{changes, client, live, run, start};

const JO_ARGUMENTS: [&str; 8] = [
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
    let arguments = [&JO_ARGUMENTS[..], &["--every", "0", "--looks", "100000"]].concat();
    let mut command = live(&sandbox, "onboard", &arguments);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // When the fourth listing is requested, two polls have found no member.
    while sandbox.requests_of("listMembers").len() < 4 {
        assert!(
            child.try_wait().unwrap().is_none(),
            "the example stopped waiting"
        );
        tokio::task::yield_now().await;
    }
    sandbox
        .accept_invitation(&sandbox.invitations()[0].id)
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let expected = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{expected}");
    assert!(
        expected.contains("invited jo@example.com as teams_contributor\n"),
        "{expected}"
    );
    assert!(
        expected.contains("jo@example.com is now a member with id "),
        "{expected}"
    );
    assert!(
        expected.contains("  JP-1: acme-1.jp.sandbox.test as viewer-users\n"),
        "{expected}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn person_does_not_accept_then_onboard_names_the_command_to_continue() {
    let sandbox = start(Sandbox::builder()).await;
    let arguments = [&JO_ARGUMENTS[..], &["--every", "0", "--looks", "2"]].concat();
    run(live(&sandbox, "onboard", &arguments))
        .exits_with(1)
        .stderr_contains("jo@example.com has not accepted the invitation yet")
        .stderr_contains("with --invited");
    let again = [&arguments[..], &["--invited"]].concat();
    run(live(&sandbox, "onboard", &again)).exits_with(1);
    assert_eq!(changes(&sandbox), ["inviteMember"]);

    sandbox
        .accept_invitation(&sandbox.invitations()[0].id)
        .unwrap();
    run(live(&sandbox, "onboard", &again))
        .exits_with(0)
        .stdout_contains("acme-1.jp.sandbox.test");
    // Repeating the command succeeds without a change.
    run(live(&sandbox, "onboard", &arguments))
        .exits_with(0)
        .stdout_contains("jo@example.com is already a member")
        .stdout_contains("access existed already");
    assert_eq!(
        changes(&sandbox),
        ["inviteMember", "addMemberTenants", "addMemberTenants"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn tenant_does_not_exist_then_onboard_invites_nobody() {
    let sandbox = start(Sandbox::builder()).await;
    let arguments = [&JO_ARGUMENTS[..], &["--tenant", "acme-1000"]].concat();
    run(live(&sandbox, "onboard", &arguments))
        .exits_with(2)
        .stderr_contains("expected a tenant of the team by name or id, found `acme-1000`");
    assert_eq!(changes(&sandbox), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn offboard_is_a_dry_run_then_nothing_is_changed() {
    let sandbox = start(Sandbox::builder().tenants(23)).await;
    let id = &sandbox.first_member().id;
    run(live(
        &sandbox,
        "offboard",
        &["--member", id, "--delete", "--dry-run"],
    ))
    .exits_with(0)
    .stdout_contains("would remove access to 23 tenants in 3 calls\n")
    .stdout_contains("would delete ada.lovelace@example.com\n");
    assert_eq!(changes(&sandbox), [""; 0]);
}

/// A report with two failures: one access that was removed before, and one that remains.
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
async fn some_access_remains_then_offboard_names_it_and_deletes_nobody() {
    let sandbox = start(Sandbox::builder().tenants(12)).await;
    let (kept, report) = partial_removal(&sandbox).await;
    sandbox
        .fail(
            Fault::of("removeMemberTenant")
                .call(1)
                .then(Effect::Response(report)),
        )
        .unwrap();
    run(live(
        &sandbox,
        "offboard",
        &["--member", "ada.lovelace@example.com", "--delete"],
    ))
    .exits_with(1)
    .stdout_contains(": access was already removed: Gone\n")
    .stdout_contains(&format!("{kept}: access remains: The last owner stays\n"))
    .stdout_contains("processed 12 of 12 tenants\n")
    .stderr_contains("ada.lovelace@example.com still has access to 1 tenants and was not deleted");
    // The second batch was sent, and the deletion was not.
    assert_eq!(
        changes(&sandbox),
        ["removeMemberTenant", "removeMemberTenant"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn response_to_the_deletion_is_lost_then_offboard_treats_the_404_of_the_retry_as_success() {
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
    .exits_with(0)
    .stdout_contains("deleted ada.lovelace@example.com\n");
    assert_eq!(sandbox.requests_of("deleteMember").len(), 2);
}
