//! `onboard` and `offboard`: members join and leave.

use std::process::Stdio;

use auth0_sandbox::{Effect, Fault, Reply, Sandbox};
use serde_json::json;

use super::program::{changes, client, live, run, start};

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
                .then(Effect::Response(report)),
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
