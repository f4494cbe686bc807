//! `export-activity` and `follow-activity`.

use crate::bodies::invitation;
use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use auth0_sandbox::{Effect, Fault, Reply, Sandbox};
use auth0_teams::Client;
use auth0_teams::types::TeamMemberRoleEnum;
use serde_json::Value;
use tempfile::TempDir;

use super::program::{Run, client, command, live, run, start};

async fn invite(client: &Client, email: String) {
    let role = TeamMemberRoleEnum::TeamsContributor;
    let invitation = invitation(email, role);
    client.members().invite(invitation).await.unwrap();
}

fn ids(run: &Run) -> Vec<String> {
    let id = |line: &str| {
        let entry: Value = serde_json::from_str(line).unwrap();
        entry["id"].as_str().unwrap().to_owned()
    };
    run.out.lines().map(id).collect()
}

#[test]
fn time_windows_are_consecutive_then_every_entry_is_exported_once() {
    let export =
        |arguments: &[&str]| ids(&run(command("export-activity", arguments)).exits_with(0));
    let all = export(&[]);
    assert_eq!(all.len(), 120);
    // The sandbox has an entry with exactly this timestamp.
    let edge = "2025-01-03T00:00:00Z";
    let before = export(&["--until", edge]);
    let after = export(&["--since", edge, "--take", "7"]);
    assert_eq!((before.len(), after.len()), (48, 72));
    assert_eq!([after, before].concat(), all);
}

#[tokio::test(flavor = "multi_thread")]
async fn export_is_interrupted_then_it_continues_from_the_stored_cursor() {
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
        .exits_with(1)
        .stderr_contains("exported 60 entries before the failure")
        .stderr_contains("error: activity().list: 403 Forbidden");
    assert_eq!(ids(&first).len(), 60);
    assert!(file.exists());

    // A different time window is a different listing.
    let other = [&arguments[..], &["--since", "2025-01-03T00:00:00Z"]].concat();
    run(live(&sandbox, "export-activity", &other))
        .exits_with(2)
        .stderr_contains("parameter `since`: found no value, expected that of the request");

    let second = run(live(&sandbox, "export-activity", &arguments))
        .exits_with(0)
        .stderr_contains("continuing where the last export stopped")
        .stderr_contains("exported 70 entries");
    let together = [ids(&first), ids(&second)].concat();
    assert_eq!(together.iter().collect::<BTreeSet<_>>().len(), 130);
    assert_eq!(together.len(), 130);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn cursor_file_is_invalid_then_the_error_names_it() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("cursor.json");
    fs::write(&file, "{}").unwrap();
    let file = file.to_str().unwrap();
    run(command("export-activity", &["--cursor-file", file]))
        .exits_with(2)
        .stderr_contains(&format!(
            "{file}: expected a cursor that this program stored"
        ));
}

#[test]
fn standard_output_is_closed_then_no_cursor_is_stored() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("cursor.json");
    let mut command = command(
        "export-activity",
        &["--cursor-file", file.to_str().unwrap()],
    );
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = command.stdout(writer).output().unwrap();
    let expected = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{expected}");
    assert!(
        expected.contains("error: cannot write to standard output: "),
        "{expected}"
    );
    assert!(!file.exists());
}

/// A running example and its output lines. Dropping it stops the process.
struct FollowProcess {
    child: Child,
    lines: std::sync::mpsc::Receiver<String>,
}

impl FollowProcess {
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

    /// The next lines of the output.
    fn take(&self, number: usize) -> Vec<String> {
        let next = |_| self.lines.recv_timeout(Duration::from_secs(60)).unwrap();
        (0..number).map(next).collect()
    }
}

impl Drop for FollowProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_are_added_while_following_then_each_is_printed_once_in_order() {
    let sandbox = start(Sandbox::builder().activity(9)).await;
    let client = client(&sandbox);
    let invite_many = |from: usize, number: usize| {
        let invited = (from..from + number).map(|n| invite(&client, format!("n{n}@example.com")));
        futures_util::future::join_all(invited)
    };
    // The second poll is delayed until there are more entries than fit on a page; some have the same timestamp.
    let pause = Duration::from_millis(700);
    sandbox
        .fail(Fault::of("listActivityLogs").call(2).delay(pause))
        .unwrap();
    // A later poll fails, including its retries.
    for call in 8..11 {
        let busy = Effect::Response(Reply::new(503).header("retry-after", "0"));
        sandbox
            .fail(Fault::of("listActivityLogs").call(call).then(busy))
            .unwrap();
    }
    let following = FollowProcess::new(live(
        &sandbox,
        "follow-activity",
        &["--last", "3", "--every", "0", "--for", "120"],
    ));
    let mut shown = following.take(3);
    assert!(
        shown[0].starts_with("2025-01-01T06:00:00.000Z "),
        "{shown:?}"
    );
    invite_many(0, 120).await;
    shown.extend(following.take(120));
    invite_many(120, 30).await;
    shown.extend(following.take(30));
    // An entry that appears late, with a timestamp before entries that were already printed.
    sandbox.set_clock_offset(-30).unwrap();
    invite_many(150, 1).await;
    shown.extend(following.take(1));
    sandbox.set_clock_offset(0).unwrap();
    invite_many(151, 1).await;
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
fn follow_is_run_with_a_sandbox_then_new_entries_appear_and_it_ends() {
    for arguments in [&["--every", "0", "--rounds", "2"][..], &["--for", "0"]] {
        let run = run(command("follow-activity", arguments)).exits_with(0);
        let of_sandbox = run
            .out
            .lines()
            .filter(|line| line.ends_with("by Sandbox client"));
        let expected = if arguments.len() == 4 { 2 } else { 0 };
        assert_eq!(of_sandbox.count(), expected, "{}", run.out);
        assert_eq!(run.out.lines().count(), 5 + expected);
    }
}
