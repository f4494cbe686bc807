//! `cargo xtask bump` on changed documents, in a copy of the repository.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use tempfile::TempDir;
use xtask::sources::Sources;
use xtask::spec::document::Document;

use crate::repository::{checkout, files, xtask};

/// A copy of the repository's documents and crates, and a document to bump to.
struct Checkout {
    folder: TempDir,
    api: &'static str,
    document: Value,
}

impl Checkout {
    fn of(api: &'static str) -> Self {
        let folder = checkout();
        let facts = folder.path().join(format!("openapi/{api}/openapi.yaml"));
        let document = Document::read(&facts).unwrap().value;
        Self {
            folder,
            api,
            document,
        }
    }

    fn schemas(&mut self) -> &mut Map<String, Value> {
        let schemas = &mut self.document["components"]["schemas"];
        schemas.as_object_mut().unwrap()
    }

    fn root(&self) -> &Path {
        self.folder.path()
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.root().join(file)).unwrap()
    }

    /// Runs `bump` with the document.
    fn bump(&self, arguments: &[&str]) -> (u8, String) {
        self.run("bump", arguments)
    }

    fn run(&self, command: &str, arguments: &[&str]) -> (u8, String) {
        // Outside of the files that are compared.
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("published.json");
        fs::write(&path, self.document.to_string()).unwrap();
        let mut all = vec![command, self.api, "--from", path.to_str().unwrap()];
        all.extend(arguments);
        xtask(self.root(), &all)
    }

    /// The version of the crate of the Teams API.
    fn version(&self) -> String {
        let sources = Sources::parse(self.read("openapi/sources.toml")).unwrap();
        sources.get("teams").unwrap().version.clone().unwrap()
    }

    fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        files(self.root())
    }

    #[track_caller]
    fn assert_consistent(&self) {
        let (status, text) = xtask(self.root(), &["regen", self.api, "--check"]);
        assert_eq!(status, 0, "{text}");
    }
}

/// The next patch version.
fn semver_patch(version: &str) -> String {
    let (rest, patch) = version.rsplit_once('.').unwrap();
    format!("{rest}.{}", patch.parse::<u64>().unwrap() + 1)
}

fn additive() -> Checkout {
    let mut checkout = Checkout::of("teams");
    let mut operation = checkout.document["paths"]["/api/tenants/{tenantId}"]["get"].clone();
    operation["operationId"] = json!("getSettingsOfTheTest");
    operation["x-operation-name"] = json!("get");
    operation["x-operation-group"] = json!(["tenants", "test_settings"]);
    operation["responses"]["200"]["content"]["application/json"]["schema"] =
        json!({"$ref": "#/components/schemas/SettingsOfTheTest"});
    checkout.document["paths"]["/api/tenants/{tenantId}/test-settings"] =
        json!({ "get": operation });
    checkout.schemas().insert(
        "SettingsOfTheTest".to_owned(),
        json!({"type": "object", "required": ["locked"], "properties": {
            "locked": {"type": "boolean"}, "level": {"type": "string", "enum": ["basic", "full"]},
        }}),
    );
    let roles = &mut checkout.schemas()["TeamMemberRoleEnum"]["enum"];
    roles
        .as_array_mut()
        .unwrap()
        .push("teams_role_of_the_test".into());
    checkout
}

#[test]
fn additive_document_is_taken_by_one_command_and_a_second_one_changes_nothing() {
    let checkout = additive();
    let before = checkout.files();
    let (status, text) = checkout.bump(&["--dry-run"]);
    assert_eq!(status, 0, "{text}");
    assert!(checkout.files() == before, "a dry run wrote files");
    let (status, text) = checkout.run("fetch", &[]);
    assert_eq!(status, 0, "{text}");
    assert!(text.contains("cargo xtask bump teams"), "{text}");
    assert!(
        checkout.files() == before,
        "the facts are ahead of the crate"
    );

    let current = checkout.version();
    let next = semver_patch(&current);
    let (status, text) = checkout.bump(&[]);
    assert_eq!(status, 0, "{text}");
    let title = format!("auth0-teams {next} (additive): 2 additions\n");
    assert!(text.starts_with(&title), "{text}");
    // An interrupted run is repeated as long as the facts are the old ones.
    let files: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("  ") && line.contains('/'))
        .collect();
    assert_eq!(
        files.last(),
        Some(&"  openapi/teams/openapi.yaml"),
        "{text}"
    );
    checkout.assert_consistent();
    assert_eq!(checkout.version(), next);
    let locked = format!("name = \"auth0-teams\"\nversion = \"{next}\"");
    assert!(checkout.read("Cargo.lock").contains(&locked));
    let changelog = checkout.read("CHANGELOG.md");
    let heading = format!("## auth0-teams {next} - ");
    assert!(changelog.contains(&heading), "{changelog}");
    assert!(
        changelog.contains("- `tenants().test_settings().get()`: operation added"),
        "{changelog}"
    );
    let inventory = checkout.read("generated/teams/inventory.txt");
    assert!(
        inventory.contains("call: tenants().test_settings().get"),
        "{inventory}"
    );

    let after = checkout.files();
    let (status, text) = checkout.bump(&[]);
    assert_eq!(status, 0, "{text}");
    assert!(text.contains("no change in meaning"), "{text}");
    assert!(checkout.files() == after, "the second bump wrote files");
}

#[test]
fn breaking_document_raises_the_version_and_removes_stale_descriptions() {
    let mut checkout = additive();
    let properties = checkout.schemas()["TeamMember"]["properties"]
        .as_object_mut()
        .unwrap();
    let renamed = properties.remove("family_name").unwrap();
    properties.insert("surname".to_owned(), renamed);
    let required = checkout.schemas()["TeamMember"]["required"]
        .as_array_mut()
        .unwrap();
    required.retain(|name| name != "family_name");
    required.push("surname".into());
    let stale = "$.components.schemas.TeamMember.properties.family_name";
    let overlay = "openapi/teams/descriptions.overlay.yaml";
    assert!(checkout.read(overlay).contains(stale));

    let (status, text) = checkout.bump(&["--format", "markdown"]);
    assert_eq!(status, 0, "{text}");
    let title = text.lines().next().unwrap();
    assert!(
        title.starts_with("auth0-teams ") && title.contains(" (breaking): "),
        "{title}"
    );
    assert!(!checkout.read(overlay).contains(stale));
    assert!(checkout.read("CHANGELOG.md").contains("**breaking:**"));
    checkout.assert_consistent();
}

/// Two additions of this test to the overlay of the Teams API, and the crate with them.
fn with_additions() -> Checkout {
    let checkout = additive();
    let action = |name: &str| {
        format!(
            "  - target: $.components.schemas.TeamMember.properties\n    x-source: {{repository: auth0/sdk, version: 1.0.0, \
             file: member.py, date: 2026-11-30}}\n    update: {{{name}: {{type: string}}}}\n"
        )
    };
    let overlay = format!(
        "overlay: 1.0.0\ninfo: {{title: Additions, version: 1.0.0}}\nactions:\n{}{}",
        action("first_of_the_test"),
        action("second_of_the_test")
    );
    fs::write(checkout.root().join(ADDITIONS), overlay).unwrap();
    let (status, text) = xtask(checkout.root(), &["regen", "teams"]);
    assert_eq!(status, 0, "{text}");
    checkout
}

const ADDITIONS: &str = "openapi/teams/additions.overlay.yaml";

#[test]
fn addition_is_generated_and_removed_once_the_document_has_caught_up() {
    let mut checkout = with_additions();
    checkout.assert_consistent();
    let inventory = |checkout: &Checkout| checkout.read("generated/teams/inventory.txt");
    assert!(inventory(&checkout).contains("first_of_the_test: Option<Open<String>>"));
    // The document is ahead of the facts, so the crate of the test is compared with the document as it was.
    let properties = &mut checkout.schemas()["TeamMember"]["properties"];
    properties["first_of_the_test"] = json!({"type": "integer"});

    let (status, text) = checkout.run("fetch", &["--dry-run"]);
    assert_eq!(status, 0, "{text}");
    let found = "additions.overlay.yaml:4: the document has caught up: it defines what the action adds, so remove the action, found \
                 `/components/schemas/TeamMember/properties/first_of_the_test`";
    assert!(text.contains(found), "{text}");
    assert!(
        text.contains("reason: auth0/sdk 1.0.0 has it in member.py (read on 2026-11-30)"),
        "{text}"
    );

    let (status, text) = checkout.bump(&[]);
    assert_eq!(status, 0, "{text}");
    assert!(
        text.contains(&format!("{ADDITIONS}: removed 1 stale action")),
        "{text}"
    );
    let overlay = checkout.read(ADDITIONS);
    assert!(
        !overlay.contains("first_of") && overlay.contains("second_of"),
        "{overlay}"
    );
    assert!(inventory(&checkout).contains("first_of_the_test: Option<Open<i64>>"));
    checkout.assert_consistent();

    let properties = &mut checkout.schemas()["TeamMember"]["properties"];
    properties["second_of_the_test"] = json!({"type": "string"});
    let (status, text) = checkout.bump(&[]);
    assert_eq!(status, 0, "{text}");
    assert!(!checkout.read(ADDITIONS).contains("target"));
    checkout.assert_consistent();
}

#[test]
fn addition_that_the_document_defines_is_reported_by_regen_until_it_is_removed() {
    let checkout = with_additions();
    let facts = checkout.root().join("openapi/teams/openapi.yaml");
    let mut document = Document::read(&facts).unwrap().value;
    document["components"]["schemas"]["TeamMember"]["properties"]["first_of_the_test"] =
        json!({"type": "integer"});
    fs::write(&facts, document.to_string()).unwrap();
    let (status, text) = xtask(checkout.root(), &["regen", "teams", "--check"]);
    assert_eq!(status, 2, "{text}");
    assert!(text.contains("the document has caught up"), "{text}");
    assert!(text.contains(&format!("{ADDITIONS}:4")), "{text}");
    assert!(text.contains("delete the action"), "{text}");
}

#[test]
fn correction_that_no_longer_applies_stops_the_bump_and_changes_nothing() {
    let mut checkout = additive();
    // A correction marks this property as a secret.
    let properties = &mut checkout.schemas()["ManagementClient"]["properties"];
    properties
        .as_object_mut()
        .unwrap()
        .remove("client_secret")
        .unwrap();
    let before = checkout.files();
    let (status, text) = checkout.bump(&[]);
    assert_eq!(status, 2, "{text}");
    assert!(text.contains("a correction no longer applies"), "{text}");
    assert!(
        text.contains("openapi/teams/corrections.overlay.yaml:"),
        "{text}"
    );
    assert!(checkout.files() == before, "a failed bump wrote files");
    let (_, text) = checkout.bump(&["--format", "markdown"]);
    assert!(text.contains("## `teams`: not updated"), "{text}");
}
