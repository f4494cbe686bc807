//! End-to-end tests of the command line: output, written files and exit status.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

/// A small valid document.
const GOOD: &str = r#"openapi: 3.1.0
info: {title: Small, version: "1"}
paths:
  /things/{id}:
    get:
      operationId: getThing
      summary: upstream's text
      x-operation-group: [things]
      x-operation-name: get
      parameters:
        - {name: id, in: path, required: true, schema: {type: string}}
      responses:
        "200":
          description: upstream's text
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Thing'}
components:
  schemas:
    Thing:
      type: object
      required: [name, id]
      properties:
        id: {type: string}
        name: {type: string, description: upstream's text}
"#;

const SOURCES: &str = r#"# A comment that stays.
[small]
url = "https://example.com/small.json"
crate = "small-api"
version = "0.1.0"
"#;

const OVERLAY: &str = "overlay: 1.0.0\ninfo: {title: Descriptions, version: 1.0.0}\nactions:\n";

const DESCRIPTIONS: &str = r#"  - target: $.paths['/things/{id}'].get
    update: {summary: Returns a thing, description: A thing is what it is.}
  - target: $.paths['/things/{id}'].get.parameters[0]
    update: {description: Which thing.}
  - target: $.paths['/things/{id}'].get.responses['200']
    update: {description: The thing.}
  - target: $.components.schemas.Thing
    update: {description: A thing.}
  - target: $.components.schemas.Thing.properties.id
    update: {description: Its id.}
  - target: $.components.schemas.Thing.properties.name
    update: {description: Its name.}
"#;

/// A temporary folder in which commands run.
struct TestRepository(TempDir);

impl TestRepository {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    /// Creates a repository with one fully described API.
    fn with_api() -> Self {
        let repository = Self::new();
        repository.write("openapi/sources.toml", SOURCES);
        repository.write("small.yaml", GOOD);
        repository.write(
            "openapi/small/descriptions.overlay.yaml",
            format!("{OVERLAY}{DESCRIPTIONS}"),
        );
        repository.runs("fetch small --from small.yaml --root .");
        repository
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("written");
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("read")
    }

    /// Runs a command; returns its exit status and its output without colours.
    fn run(&self, arguments: &str) -> (i32, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .args(arguments.split(' '))
            .current_dir(self.0.path())
            .output()
            .expect("run");
        let status = output.status.code().expect("an exit status");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        (
            status,
            format!("$ cargo xtask {arguments}\n{out}{err}exit status {status}\n"),
        )
    }

    fn runs(&self, arguments: &str) -> String {
        let (status, text) = self.run(arguments);
        assert_eq!(status, 0, "{text}");
        text
    }

    /// Runs a command that exits with status 2 and compares its output with the snapshot `name`.
    fn rejects(&self, name: &str, arguments: &str) {
        let (status, text) = self.run(arguments);
        assert_eq!(status, 2, "{text}");
        insta::assert_snapshot!(name, text);
    }
}

/// Contents of all files in a folder by path.
fn contents(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path
                    .strip_prefix(folder)
                    .expect("inside")
                    .display()
                    .to_string();
                found.push((name, fs::read_to_string(path).expect("text")));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn file_that_is_not_a_document_is_rejected() {
    let repository = TestRepository::new();
    repository.rejects("missing_file", "normalize none.json");
    repository.write(
        "page.json",
        "<!DOCTYPE html>\n<html><title>Sign in</title></html>\n",
    );
    repository.rejects("web_page", "normalize page.json");
    repository.write(
        "cut.json",
        "{\n  \"openapi\": \"3.1.0\",\n  \"paths\": {\n    \"/a\":",
    );
    repository.rejects("truncated_json", "normalize cut.json");
    repository.write(
        "indent.yaml",
        "openapi: 3.1.0\npaths:\n  /a:\n   get: x\n  b: c: d\n",
    );
    repository.rejects("invalid_yaml", "normalize indent.yaml");
    repository.write("latin.yaml", b"openapi: 3.1.0\ninfo: {title: caf\xe9}\n");
    repository.rejects("not_utf8", "normalize latin.yaml");
    repository.write(
        "twice.json",
        GOOD.replace(
            "        id: {type",
            "        name: {type: string}\n        id: {type",
        ),
    );
    repository.rejects("duplicate_key", "normalize twice.json");
    repository.write(
        "old.json",
        "{\"swagger\": \"2.0\", \"info\": {}, \"paths\": {}}",
    );
    repository.rejects("swagger_2", "normalize old.json");
    repository.write("next.yaml", GOOD.replace("3.1.0", "3.2.0"));
    repository.rejects("openapi_3_2", "normalize next.yaml");
}

#[test]
fn document_with_unsupported_constructs_is_rejected() {
    let repository = TestRepository::new();
    let rejects = |name: &str, from: &str, to: &str, more: &str| {
        assert!(GOOD.contains(from));
        repository.write("api.yaml", GOOD.replace(from, to));
        repository.rejects(name, &format!("normalize api.yaml{more}"));
    };
    rejects(
        "dangling_reference",
        "#/components/schemas/Thing",
        "#/components/schemas/Think",
        "",
    );
    rejects(
        "invalid_pattern",
        "id: {type: string}",
        "id: {type: string, pattern: '^[a-'}",
        " --strict",
    );
    rejects(
        "unknown_keyword_strict",
        "id: {type: string}",
        "id: {type: string, maxLenght: 3}",
        " --strict",
    );
    rejects(
        "include_without_match",
        "openapi",
        "openapi",
        " --include /nothing",
    );
}

#[test]
fn error_in_a_minified_document_shows_an_excerpt() {
    let repository = TestRepository::new();
    let filler: Vec<String> = (0..2000).map(|n| format!("\"/p{n}\":{{}}")).collect();
    let broken_path = "\"/bad\":{\"get\":{\"operationId\":\"a\",\"responses\":{\"200\":{\"$ref\":\"#/components/responses/None\"}}}}";
    let paths = format!(
        "{},{broken_path},{}",
        filler.join(","),
        filler.join(",").replace("/p", "/q")
    );
    repository.write("min.json", format!("{{\"openapi\":\"3.1.0\",\"info\":{{\"title\":\"t\",\"version\":\"1\"}},\"paths\":{{{paths}}}}}"));
    let (status, text) = repository.run("normalize min.json");
    assert_eq!(status, 2, "{text}");
    assert!(text.contains("min.json:1:") && text.len() < 1500, "{text}");
}

#[test]
fn invalid_arguments_are_rejected() {
    let repository = TestRepository::with_api();
    repository.write("notes/plan.txt", "mine");
    repository.rejects("crate_name", "emit small.yaml --out new --name 9lives");
    repository.rejects(
        "foreign_files",
        "emit small.yaml --out notes --name small-api",
    );
    assert_eq!(repository.read("notes/plan.txt"), "mine");
    repository.rejects("unknown_api", "regen teems --root .");
    repository.write(
        "openapi/sources.toml",
        format!("{SOURCES}\n[facts-only]\nurl = \"https://example.com/a.json\"\n"),
    );
    repository.rejects("api_without_crate", "regen facts-only --root .");
    repository.runs("regen --root .");
    repository.rejects(
        "fetch_from_for_two",
        "fetch small facts-only --from small.yaml --root .",
    );
    repository.rejects("unknown_option", "regen --chek");
    repository.rejects("empty_folder", "conformance notes");
}

#[test]
fn overlay_that_does_not_apply_is_rejected() {
    let repository = TestRepository::with_api();
    repository.write(
        "openapi/small/corrections.overlay.yaml",
        format!(
            "{OVERLAY}  - target: $.paths['/things/{{id}}'].put\n    description: It may be repeated.\n    \
             update: {{x-retry-safety: safe}}\n  - target: $.components.schemas.Thing\n    description: It is one.\n    \
             update: {{type: object}}\n  - target: $.info\n    update: {{title: Other}}\n"
        ),
    );
    repository.rejects("overlay", "regen --root .");
}

#[test]
fn overlay_of_the_user_corrects_a_document_before_the_passes() {
    let repository = TestRepository::new();
    repository.write("api.yaml", GOOD);
    repository.write(
        "mine.overlay.yaml",
        format!("{OVERLAY}  - target: $.info\n    update: {{title: Corrected}}\n"),
    );
    repository.runs("normalize api.yaml --overlay mine.overlay.yaml -o made.json");
    assert!(
        repository
            .read("made.json")
            .contains("\"title\": \"Corrected\"")
    );

    repository.write(
        "mine.overlay.yaml",
        format!("{OVERLAY}  - target: $.nowhere\n    update: {{title: Corrected}}\n"),
    );
    let (status, text) =
        repository.run("emit api.yaml --overlay mine.overlay.yaml --out made --name mine");
    assert_eq!(status, 2, "{text}");
    assert!(text.contains("mine.overlay.yaml"), "{text}");
    assert!(!repository.path("made").exists());
}

#[test]
fn invalid_sources_file_is_rejected() {
    let repository = TestRepository::with_api();
    repository.write(
        "openapi/sources.toml",
        SOURCES.replace("version", "versoin"),
    );
    repository.rejects("sources", "regen --root .");
}

#[test]
fn missing_description_is_derived_and_coverage_lists_the_action_to_fill_in() {
    let repository = TestRepository::with_api();
    let overlay = repository.read("openapi/small/descriptions.overlay.yaml");
    repository.write(
        "openapi/small/descriptions.overlay.yaml",
        overlay.replace("    update: {description: Its id.}", "    update: {x-a: 1}"),
    );
    let (status, text) = repository.run("regen --root .");
    assert_eq!(status, 0, "{text}");
    assert!(text.contains("1 description is derived"), "{text}");
    let (status, text) = repository.run("coverage --fail-under 100 --root .");
    assert_eq!(status, 1, "{text}");
    insta::assert_snapshot!("undescribed", text);
    assert_eq!(repository.run("coverage --fail-under 10 --root .").0, 0);
}

#[test]
fn fetched_facts_have_no_prose_and_are_reproducible() {
    let repository = TestRepository::with_api();
    let facts = repository.read("openapi/small/openapi.yaml");
    assert!(!facts.contains("upstream"), "{facts}");
    let sources = repository.read("openapi/sources.toml");
    assert!(sources.starts_with("# A comment that stays."), "{sources}");
    assert!(sources.contains("digest = \"sha256:"), "{sources}");

    repository.write("other.yaml", GOOD);
    assert!(
        repository
            .runs("fetch small --from other.yaml --root .")
            .contains("no facts changed")
    );
    assert_eq!(repository.read("openapi/small/openapi.yaml"), facts);
    assert_eq!(repository.read("openapi/sources.toml"), sources);
}

#[test]
fn changed_facts_are_shown_and_left_to_bump() {
    let repository = TestRepository::with_api();
    let before = inputs(&repository);
    repository.write(
        "small.yaml",
        GOOD.replace("required: [name, id]", "required: [id]")
            .replace("upstream's", "other"),
    );
    insta::assert_snapshot!(
        "dry_run",
        repository.runs("fetch small --from small.yaml --dry-run --root .")
    );
    assert_eq!(inputs(&repository), before);
    // Facts that are ahead of the crate would hide the change of its version.
    let text = repository.runs("fetch small --from small.yaml --root .");
    assert!(text.contains("cargo xtask bump small"), "{text}");
    assert_eq!(inputs(&repository), before);
    repository.runs("bump small --from small.yaml --root .");
    assert_ne!(inputs(&repository), before);
    let text = repository.runs("fetch small --from small.yaml --root .");
    assert!(text.contains("no facts changed"), "{text}");
}

fn inputs(repository: &TestRepository) -> Vec<(String, String)> {
    contents(&repository.path("openapi"))
}

#[test]
fn changed_extra_and_missing_files_fail_the_check_until_regenerated() {
    let repository = TestRepository::with_api();
    repository.runs("regen --root .");
    let made = (contents(&repository.path("generated")), inputs(&repository));
    repository.runs("regen --check --root .");

    repository.write(
        "generated/small/src/extra.rs",
        "// @generated by `cargo xtask regen small`.\n",
    );
    repository.write(
        "generated/small/src/client.rs",
        "// @generated by `cargo xtask regen small`. Do not edit.\n",
    );
    fs::remove_file(repository.path("generated/small/src/types.rs")).expect("removed");
    repository.write("openapi/small/normalized.json", "{}\n");
    let (status, text) = repository.run("regen --check --root .");
    assert_eq!(status, 1, "{text}");
    for expected in [
        "extra: generated/small/src/extra.rs",
        "changed: generated/small/src/client.rs",
        "missing: generated/small/src/types.rs",
        "changed: openapi/small/normalized.json",
        "to update: cargo xtask regen small",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    repository.runs("regen small --root .");
    assert_eq!(
        (contents(&repository.path("generated")), inputs(&repository)),
        made
    );
}

#[test]
fn same_document_yields_the_same_crate_in_any_folder() {
    let (one, other) = (TestRepository::new(), TestRepository::new());
    one.write("api.yaml", GOOD);
    other.write("deep/er/api.yaml", GOOD);
    one.runs("emit api.yaml --out a --name small-api");
    one.runs("emit api.yaml --out b --name small-api");
    other.runs("emit deep/er/api.yaml --out a --name small-api");
    let made = contents(&one.path("a"));
    assert!(made.iter().any(|(name, _)| name == "src/lib.rs"));
    assert_eq!(contents(&one.path("b")), made);
    assert_eq!(contents(&other.path("a")), made);
    // Again over the existing files, with those that cargo creates.
    one.write("a/target/debug/x", "");
    assert!(
        one.runs("emit api.yaml --out a --name small-api")
            .contains("0 written or removed")
    );
}

#[test]
fn normalized_document_and_list_of_changes_go_to_the_requested_outputs() {
    let repository = TestRepository::new();
    repository.write("api.yaml", GOOD);
    let listing = repository.runs("normalize api.yaml -o made/normalized.json");
    assert!(listing.contains(" changes by "), "{listing}");
    let made = repository.read("made/normalized.json");
    assert!(made.contains("\"openapi\": \"3.0.3\""), "{made}");

    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["normalize", "api.yaml", "-o", "-"])
        .current_dir(repository.0.path())
        .output()
        .expect("run");
    assert_eq!(String::from_utf8_lossy(&output.stdout), made);

    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["normalize", "api.yaml", "--format", "json"])
        .current_dir(repository.0.path())
        .output()
        .expect("run");
    let listing: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert!(
        listing["changes"]
            .as_array()
            .is_some_and(|changes| !changes.is_empty())
    );
}

#[test]
fn failing_document_is_listed_and_only_expected_failures_pass() {
    let repository = TestRepository::new();
    repository.write(
        "documents/bad.yaml",
        GOOD.replace("schemas/Thing'", "schemas/Think'"),
    );
    repository.write("documents/page.json", "<html></html>");
    repository.write("documents/notes.txt", "no document");
    let (status, text) = repository.run("conformance documents --expect-failing bad.yaml");
    assert_eq!(status, 1, "{text}");
    insta::assert_snapshot!("conformance", text);
    let (status, _) = repository.run("conformance documents --expect-failing bad.yaml page.json");
    assert_eq!(status, 0);
    let (_, text) = repository.run("conformance documents --format json");
    let rows = text
        .split_once('\n')
        .and_then(|(_, rest)| rest.rsplit_once("exit"));
    let rows: serde_json::Value = serde_json::from_str(rows.expect("rows").0).expect("JSON");
    assert_eq!(rows[0]["document"], "bad.yaml");
    assert_eq!(rows[0]["normalize"], false);
    let (status, text) = repository.run("conformance documents --expect-failing gone.yaml");
    assert_eq!(status, 2, "{text}");
}

#[test]
fn missing_node_is_an_error_with_the_requirements_of_interop() {
    let repository = TestRepository::new();
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .arg("interop")
        .env("PATH", repository.0.path())
        .output()
        .expect("run");
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("node cannot be run"), "{error}");
    assert!(error.contains("install Node 20 or newer"), "{error}");
}
