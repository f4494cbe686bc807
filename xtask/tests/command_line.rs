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
      summary: upstream's words
      x-operation-group: [things]
      x-operation-name: get
      parameters:
        - {name: id, in: path, required: true, schema: {type: string}}
      responses:
        "200":
          description: upstream's words
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
        name: {type: string, description: upstream's words}
"#;

const SOURCES: &str = r#"# A comment that stays.
[small]
url = "https://example.com/small.json"
crate = "small-api"
version = "0.1.0"
"#;

const OVERLAY: &str = "overlay: 1.0.0\ninfo: {title: Words, version: 1.0.0}\nactions:\n";

const WORDS: &str = r#"  - target: $.paths['/things/{id}'].get
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
struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    /// Creates a repository with one fully described API.
    fn with_api() -> Self {
        let desk = Self::new();
        desk.write("openapi/sources.toml", SOURCES);
        desk.write("small.yaml", GOOD);
        desk.write(
            "openapi/small/descriptions.overlay.yaml",
            format!("{OVERLAY}{WORDS}"),
        );
        desk.runs("fetch small --from small.yaml --root .");
        desk
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

    /// Runs a command with invalid input and returns its error.
    fn refuses(&self, name: &str, arguments: &str) {
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
    let desk = Desk::new();
    desk.refuses("missing_file", "normalize none.json");
    desk.write(
        "page.json",
        "<!DOCTYPE html>\n<html><title>Sign in</title></html>\n",
    );
    desk.refuses("web_page", "normalize page.json");
    desk.write(
        "cut.json",
        "{\n  \"openapi\": \"3.1.0\",\n  \"paths\": {\n    \"/a\":",
    );
    desk.refuses("truncated_json", "normalize cut.json");
    desk.write(
        "indent.yaml",
        "openapi: 3.1.0\npaths:\n  /a:\n   get: x\n  b: c: d\n",
    );
    desk.refuses("invalid_yaml", "normalize indent.yaml");
    desk.write("latin.yaml", b"openapi: 3.1.0\ninfo: {title: caf\xe9}\n");
    desk.refuses("not_utf8", "normalize latin.yaml");
    desk.write(
        "twice.json",
        GOOD.replace(
            "        id: {type",
            "        name: {type: string}\n        id: {type",
        ),
    );
    desk.refuses("duplicate_key", "normalize twice.json");
    desk.write(
        "old.json",
        "{\"swagger\": \"2.0\", \"info\": {}, \"paths\": {}}",
    );
    desk.refuses("swagger_2", "normalize old.json");
    desk.write("next.yaml", GOOD.replace("3.1.0", "3.2.0"));
    desk.refuses("openapi_3_2", "normalize next.yaml");
}

#[test]
fn document_with_unsupported_constructs_is_rejected() {
    let desk = Desk::new();
    let refuses = |name: &str, from: &str, to: &str, more: &str| {
        assert!(GOOD.contains(from));
        desk.write("api.yaml", GOOD.replace(from, to));
        desk.refuses(name, &format!("normalize api.yaml{more}"));
    };
    refuses(
        "dangling_reference",
        "#/components/schemas/Thing",
        "#/components/schemas/Think",
        "",
    );
    refuses(
        "invalid_pattern",
        "id: {type: string}",
        "id: {type: string, pattern: '^[a-'}",
        "",
    );
    refuses(
        "unknown_keyword_strict",
        "id: {type: string}",
        "id: {type: string, maxLenght: 3}",
        " --strict",
    );
    refuses(
        "parameter_style",
        "parameters:",
        "parameters:\n        - {name: filter, in: query, style: deepObject, schema: {type: object}}",
        "",
    );
    refuses(
        "include_without_match",
        "openapi",
        "openapi",
        " --include /nothing",
    );
}

#[test]
fn error_in_a_minified_document_shows_an_excerpt() {
    let desk = Desk::new();
    let filler: Vec<String> = (0..2000).map(|n| format!("\"/p{n}\":{{}}")).collect();
    let fault = "\"/bad\":{\"get\":{\"operationId\":\"a\",\"responses\":{\"200\":{\"$ref\":\"#/components/responses/None\"}}}}";
    let paths = format!(
        "{},{fault},{}",
        filler.join(","),
        filler.join(",").replace("/p", "/q")
    );
    desk.write("min.json", format!("{{\"openapi\":\"3.1.0\",\"info\":{{\"title\":\"t\",\"version\":\"1\"}},\"paths\":{{{paths}}}}}"));
    let (status, text) = desk.run("normalize min.json");
    assert_eq!(status, 2, "{text}");
    assert!(text.contains("min.json:1:") && text.len() < 1500, "{text}");
}

#[test]
fn invalid_arguments_are_rejected() {
    let desk = Desk::with_api();
    desk.write("notes/plan.txt", "mine");
    desk.refuses("crate_name", "emit small.yaml --out new --name 9lives");
    desk.refuses(
        "foreign_files",
        "emit small.yaml --out notes --name small-api",
    );
    assert_eq!(desk.read("notes/plan.txt"), "mine");
    desk.refuses("unknown_api", "regen teems --root .");
    desk.write(
        "openapi/sources.toml",
        format!("{SOURCES}\n[facts-only]\nurl = \"https://example.com/a.json\"\n"),
    );
    desk.refuses("api_without_crate", "regen facts-only --root .");
    desk.runs("regen --root .");
    desk.refuses(
        "fetch_from_for_two",
        "fetch small facts-only --from small.yaml --root .",
    );
    desk.refuses("unknown_option", "regen --chek");
    desk.refuses("empty_folder", "conformance notes");
}

#[test]
fn overlay_that_does_not_apply_is_rejected() {
    let desk = Desk::with_api();
    desk.write(
        "openapi/small/corrections.overlay.yaml",
        format!(
            "{OVERLAY}  - target: $.paths['/things/{{id}}'].put\n    description: It may be repeated.\n    \
             update: {{x-retry-safety: safe}}\n  - target: $.components.schemas.Thing\n    description: It is one.\n    \
             update: {{type: object}}\n  - target: $.info\n    update: {{title: Other}}\n"
        ),
    );
    desk.refuses("overlay", "regen --root .");
}

#[test]
fn overlay_of_the_user_corrects_a_document_before_the_passes() {
    let desk = Desk::new();
    desk.write("api.yaml", GOOD);
    desk.write(
        "mine.overlay.yaml",
        format!("{OVERLAY}  - target: $.info\n    update: {{title: Corrected}}\n"),
    );
    desk.runs("normalize api.yaml --overlay mine.overlay.yaml -o made.json");
    assert!(desk.read("made.json").contains("\"title\": \"Corrected\""));

    desk.write(
        "mine.overlay.yaml",
        format!("{OVERLAY}  - target: $.nowhere\n    update: {{title: Corrected}}\n"),
    );
    let (status, text) =
        desk.run("emit api.yaml --overlay mine.overlay.yaml --out made --name mine");
    assert_eq!(status, 2, "{text}");
    assert!(text.contains("mine.overlay.yaml"), "{text}");
    assert!(!desk.path("made").exists());
}

#[test]
fn invalid_sources_file_is_rejected() {
    let desk = Desk::with_api();
    desk.write(
        "openapi/sources.toml",
        SOURCES.replace("version", "versoin"),
    );
    desk.refuses("sources", "regen --root .");
}

#[test]
fn missing_description_is_derived_and_coverage_lists_the_action_to_fill_in() {
    let desk = Desk::with_api();
    let words = desk.read("openapi/small/descriptions.overlay.yaml");
    desk.write(
        "openapi/small/descriptions.overlay.yaml",
        words.replace("    update: {description: Its id.}", "    update: {x-a: 1}"),
    );
    let (status, text) = desk.run("regen --root .");
    assert_eq!(status, 0, "{text}");
    assert!(text.contains("1 description is derived"), "{text}");
    let (status, text) = desk.run("coverage --fail-under 100 --root .");
    assert_eq!(status, 1, "{text}");
    insta::assert_snapshot!("undescribed", text);
    assert_eq!(desk.run("coverage --fail-under 10 --root .").0, 0);
}

#[test]
fn fetched_facts_have_no_prose_and_are_reproducible() {
    let desk = Desk::with_api();
    let facts = desk.read("openapi/small/openapi.yaml");
    assert!(!facts.contains("upstream"), "{facts}");
    let sources = desk.read("openapi/sources.toml");
    assert!(sources.starts_with("# A comment that stays."), "{sources}");
    assert!(sources.contains("digest = \"sha256:"), "{sources}");

    desk.write("other.yaml", GOOD);
    assert!(
        desk.runs("fetch small --from other.yaml --root .")
            .contains("no facts changed")
    );
    assert_eq!(desk.read("openapi/small/openapi.yaml"), facts);
    assert_eq!(desk.read("openapi/sources.toml"), sources);
}

#[test]
fn changed_facts_are_shown_and_a_dry_run_writes_nothing() {
    let desk = Desk::with_api();
    let before = inputs(&desk);
    desk.write(
        "small.yaml",
        GOOD.replace("required: [name, id]", "required: [id]")
            .replace("upstream's", "other"),
    );
    insta::assert_snapshot!(
        "dry_run",
        desk.runs("fetch small --from small.yaml --dry-run --root .")
    );
    assert_eq!(inputs(&desk), before);
    desk.runs("fetch small --from small.yaml --root .");
    assert_ne!(inputs(&desk), before);
}

fn inputs(desk: &Desk) -> Vec<(String, String)> {
    contents(&desk.path("openapi"))
}

#[test]
fn changed_extra_and_missing_files_fail_the_check_until_regenerated() {
    let desk = Desk::with_api();
    desk.runs("regen --root .");
    let made = (contents(&desk.path("generated")), inputs(&desk));
    desk.runs("regen --check --root .");

    desk.write(
        "generated/small/src/extra.rs",
        "// @generated by `cargo xtask regen small`.\n",
    );
    desk.write(
        "generated/small/src/client.rs",
        "// @generated by `cargo xtask regen small`. Do not edit.\n",
    );
    fs::remove_file(desk.path("generated/small/src/types.rs")).expect("removed");
    desk.write("openapi/small/normalized.json", "{}\n");
    let (status, text) = desk.run("regen --check --root .");
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
    desk.runs("regen small --root .");
    assert_eq!((contents(&desk.path("generated")), inputs(&desk)), made);
}

#[test]
fn same_document_yields_the_same_crate_in_any_folder() {
    let (one, other) = (Desk::new(), Desk::new());
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
    let desk = Desk::new();
    desk.write("api.yaml", GOOD);
    let listing = desk.runs("normalize api.yaml -o made/normalized.json");
    assert!(listing.contains(" changes by "), "{listing}");
    let made = desk.read("made/normalized.json");
    assert!(made.contains("\"openapi\": \"3.0.3\""), "{made}");

    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["normalize", "api.yaml", "-o", "-"])
        .current_dir(desk.0.path())
        .output()
        .expect("run");
    assert_eq!(String::from_utf8_lossy(&output.stdout), made);

    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["normalize", "api.yaml", "--format", "json"])
        .current_dir(desk.0.path())
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
    let desk = Desk::new();
    desk.write(
        "documents/bad.yaml",
        GOOD.replace("schemas/Thing'", "schemas/Think'"),
    );
    desk.write("documents/page.json", "<html></html>");
    desk.write("documents/notes.txt", "no document");
    let (status, text) = desk.run("conformance documents --expect-failing bad.yaml");
    assert_eq!(status, 1, "{text}");
    insta::assert_snapshot!("conformance", text);
    let (status, _) = desk.run("conformance documents --expect-failing bad.yaml page.json");
    assert_eq!(status, 0);
    let (_, text) = desk.run("conformance documents --format json");
    let rows = text
        .split_once('\n')
        .and_then(|(_, rest)| rest.rsplit_once("exit"));
    let rows: serde_json::Value = serde_json::from_str(rows.expect("rows").0).expect("JSON");
    assert_eq!(rows[0]["document"], "bad.yaml");
    assert_eq!(rows[0]["normalize"], false);
    let (status, text) = desk.run("conformance documents --expect-failing gone.yaml");
    assert_eq!(status, 2, "{text}");
}

#[test]
fn missing_node_is_an_error_with_the_requirements_of_interop() {
    let desk = Desk::new();
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .arg("interop")
        .env("PATH", desk.0.path())
        .output()
        .expect("run");
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("node cannot be run"), "{told}");
    assert!(told.contains("install Node 20 or newer"), "{told}");
}
