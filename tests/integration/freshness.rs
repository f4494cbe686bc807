//! What is committed is what `cargo xtask regen` makes: here, and in a copy with faults put in.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use xtask::cli::Cli;
use xtask::console::Console;
use xtask::diagnostic::Style;

/// The root of the repository.
fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// Runs xtask in `root`: exit status, and all that it printed.
fn xtask(root: &Path, arguments: &[&str]) -> (u8, String) {
    let root = root.to_str().unwrap();
    let arguments = ["xtask", "--root", root]
        .into_iter()
        .chain(arguments.iter().copied());
    let cli = <Cli as clap::Parser>::parse_from(arguments);
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut console = Console {
        out: &mut out,
        err: &mut err,
        style: Style::Plain,
    };
    let status = xtask::cli::run(&cli, &mut console);
    out.extend(err);
    (status, String::from_utf8(out).unwrap())
}

/// A copy of what regen reads and writes.
fn copy() -> TempDir {
    let copy = TempDir::new().unwrap();
    for folder in ["openapi", "generated"] {
        for (path, text) in files(&repository().join(folder)) {
            let path = copy.path().join(folder).join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }
    copy
}

/// All files below `folder`, by their path in it.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(current) = folders.pop() {
        for entry in fs::read_dir(current).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_owned();
                found.insert(name, fs::read(path).unwrap());
            }
        }
    }
    found
}

#[test]
fn nothing_was_touched_then_the_committed_files_are_fresh() {
    let (status, text) = xtask(&repository(), &["regen", "--check"]);
    assert_eq!(status, 0, "{text}");
}

#[test]
fn generated_files_are_changed_extra_and_missing_then_each_is_named_with_the_command_that_mends_it()
{
    let copy = copy();
    let root = copy.path();
    let changed = root.join("generated/teams/src/operations.rs");
    let text = fs::read_to_string(&changed).unwrap();
    fs::write(&changed, text.replace("createTenant", "createTenants")).unwrap();
    fs::write(
        root.join("generated/teams/src/resources/stale.rs"),
        "// @generated\n",
    )
    .unwrap();
    fs::remove_file(root.join("generated/teams/src/types.rs")).unwrap();

    let before = files(root);
    let (status, text) = xtask(root, &["regen", "--check"]);
    assert_eq!(status, 1, "{text}");
    for name in [
        "src/operations.rs",
        "src/resources/stale.rs",
        "src/types.rs",
    ] {
        assert!(
            text.contains(&format!("generated/teams/{name}")),
            "{name} is not named:\n{text}"
        );
    }
    assert!(text.contains("cargo xtask regen teams"), "{text}");
    assert!(
        text.contains("-/// `createTenants`:") && text.contains("+/// `createTenant`:"),
        "{text}"
    );
    assert!(!text.contains("resources/members.rs"), "{text}");
    assert_eq!(files(root), before, "--check wrote something");

    let (status, text) = xtask(root, &["regen"]);
    assert_eq!(status, 0, "{text}");
    assert_eq!(
        files(&root.join("generated")),
        files(&repository().join("generated"))
    );
}

#[test]
fn one_generated_file_is_at_fault_then_the_check_finds_it() {
    type Fault = (&'static str, fn(&Path));
    let faults: [Fault; 5] = [
        ("generated/teams/Cargo.toml", |path| {
            fs::write(path, fs::read_to_string(path).unwrap() + "\n").unwrap()
        }),
        ("generated/teams/src/lib.rs", |path| {
            fs::remove_file(path).unwrap()
        }),
        ("generated/teams/src/extra/deep.rs", |path| {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }),
        ("openapi/teams/normalized.json", |path| {
            fs::write(path, "{}").unwrap()
        }),
        ("openapi/teams/normalized.json", |path| {
            fs::remove_file(path).unwrap()
        }),
    ];
    for (name, fault) in faults {
        let copy = copy();
        fault(&copy.path().join(name));
        let (status, text) = xtask(copy.path(), &["regen", "--check"]);
        assert_eq!(status, 1, "{name}: {text}");
        assert!(text.contains(name), "{name} is not named:\n{text}");
        assert!(text.contains("cargo xtask regen teams"), "{text}");
    }
}

#[test]
fn input_is_changed_then_the_check_finds_what_would_follow() {
    let copy = copy();
    let words = copy.path().join("openapi/teams/descriptions.overlay.yaml");
    let text = fs::read_to_string(&words).unwrap();
    let edited = text.replacen(
        "Lists the members of the team",
        "Lists all members of the team",
        1,
    );
    assert_ne!(text, edited);
    fs::write(words, edited).unwrap();
    let (status, text) = xtask(copy.path(), &["regen", "--check"]);
    assert_eq!(status, 1, "{text}");
    assert!(text.contains("Lists all members of the team"), "{text}");
}

#[test]
fn files_are_made_twice_and_on_another_path_then_they_are_the_same_bytes() {
    let (first, second) = (copy(), copy());
    for root in [first.path(), second.path()] {
        fs::remove_dir_all(root.join("generated/teams")).unwrap();
        fs::remove_file(root.join("openapi/teams/normalized.json")).unwrap();
        let (status, text) = xtask(root, &["regen"]);
        assert_eq!(status, 0, "{text}");
    }
    assert_eq!(files(first.path()), files(second.path()));
    let (status, text) = xtask(first.path(), &["regen"]);
    assert_eq!(status, 0, "{text}");
    assert_eq!(files(first.path()), files(second.path()));
    for folder in ["generated/teams", "openapi/teams"] {
        assert_eq!(
            files(&first.path().join(folder)),
            files(&repository().join(folder)),
            "{folder}"
        );
    }
}
