//! A program of a user, in a workspace of its own, builds against the crates by path.

use std::fs;
use std::path::Path;
use std::process::Command;

/// The versions of the workspace are the ones that were tested, and the ones that are there without a network.
#[test]
fn program_outside_the_workspace_then_it_builds_without_warnings() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let consumer = tests.join("consumer");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("consumer");
    fs::create_dir_all(&target).unwrap();
    fs::copy(tests.join("../Cargo.lock"), consumer.join("Cargo.lock")).unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["check", "--offline", "--quiet"])
        .current_dir(&consumer)
        .env("CARGO_TARGET_DIR", &target)
        .env("RUSTFLAGS", "-D warnings")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    assert_eq!(text, "");
}
