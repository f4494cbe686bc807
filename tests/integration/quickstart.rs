//! The example that a newcomer runs first.

use std::path::PathBuf;
use std::process::Command;

/// The example, which cargo builds along with this test unless it is told to build this test alone.
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

#[test]
fn quickstart_is_run_then_it_tells_its_story_and_no_secret() {
    // A proxy that nobody listens at: what goes to this machine must not go there.
    let output = Command::new(example("quickstart"))
        .envs(["HTTP_PROXY", "http_proxy", "ALL_PROXY"].map(|name| (name, "http://127.0.0.1:9")))
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .output()
        .unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{told}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert!(!told.contains("a-secret-that-is-shown-once") && !told.contains("an-access-token"));
    insta::assert_snapshot!("quickstart", told);
}
