//! A program in a workspace of its own builds against the crates by path.

use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn program_is_outside_the_workspace_then_it_builds_without_warnings() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let consumer = tests.join("consumer");
    // Use the tested versions of the dependencies, which are also available offline.
    fs::copy(tests.join("../Cargo.lock"), consumer.join("Cargo.lock")).unwrap();
    // Reuse what the workspace has already built: cargo's directory for tests is inside its target directory.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["check", "--offline", "--quiet"])
        .current_dir(&consumer)
        .env("CARGO_TARGET_DIR", target)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    assert_eq!(text, "");
}
