//! A temporary repository in which documents are fetched.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;
use xtask::commands::cli::ReportFormat;
use xtask::console::{CheckResult, Console, Failure};
use xtask::diagnostic::{Style, render};
use xtask::fetch::{self, download::Limits};
use xtask::workspace::Workspace;

/// A small valid document.
pub(crate) const GOOD: &str = r#"openapi: 3.1.0
info: {title: Small, version: "1"}
paths:
  /things/{id}:
    get:
      operationId: getThing
      summary: upstream's text
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
      required: [name]
      properties:
        name: {type: string, description: upstream's text}
"#;

/// A temporary folder in which commands run.
pub(crate) struct TestRepository(TempDir);

impl TestRepository {
    /// Creates a repository whose API `small` is published at `url`.
    pub(crate) fn new(url: &str) -> Self {
        let repository = Self(tempfile::tempdir().expect("a folder"));
        repository.publish("small", url);
        repository
    }

    /// Adds an API to `sources.toml`.
    pub(crate) fn publish(&self, api: &str, url: &str) {
        let list = self.path("openapi/sources.toml");
        let before = fs::read_to_string(&list).unwrap_or_default();
        let entry = format!("# A comment that stays.\n[{api}]\nurl = \"{url}\"\n");
        self.write("openapi/sources.toml", &format!("{before}{entry}"));
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("written");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("read")
    }

    /// Contents of all files in the folder by path.
    pub(crate) fn contents(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        let mut open = vec![self.0.path().to_owned()];
        while let Some(next) = open.pop() {
            for entry in fs::read_dir(next).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    open.push(path);
                } else {
                    found.insert(path.clone(), fs::read(path).expect("read"));
                }
            }
        }
        found
    }

    /// Fetches; returns the output and the result.
    pub(crate) fn fetch(
        &self,
        options: &fetch::FetchOptions<'_>,
    ) -> (String, Result<CheckResult, String>) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut console = Console {
            out: &mut out,
            err: &mut err,
            style: Style::Plain,
        };
        let workspace = Workspace::at(Some(self.0.path().to_owned()));
        let result = fetch::run(&workspace, options, &mut console)
            .map_err(|Failure(reports)| render(&reports, Style::Plain));
        assert!(err.is_empty(), "{}", String::from_utf8_lossy(&err));
        (String::from_utf8(out).expect("text"), result)
    }

    /// Fetches successfully; returns the output.
    pub(crate) fn fetches(&self, options: &fetch::FetchOptions<'_>) -> String {
        let (out, result) = self.fetch(options);
        assert_eq!(result, Ok(CheckResult::Passed));
        out
    }

    /// Fetches with an error and without changes; returns the error with placeholders for ports.
    pub(crate) fn rejected(&self, options: &fetch::FetchOptions<'_>) -> String {
        let before = self.contents();
        let (_, result) = self.fetch(options);
        let problem = result.expect_err("it is rejected");
        assert_eq!(self.contents(), before, "{problem}");
        without_ports(&problem)
    }
}

/// Default options.
pub(crate) fn options<'a>() -> fetch::FetchOptions<'a> {
    fetch::FetchOptions {
        apis: &[],
        from: None,
        dry_run: false,
        updates_crate: false,
        keep_prose: false,
        today: "2026-01-02",
        limits: Limits::default(),
        format: ReportFormat::Text,
    }
}

/// Replaces ports of this machine by `PORT`.
pub(crate) fn without_ports(text: &str) -> String {
    let mut parts = text.split("127.0.0.1:");
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        shown.push_str("127.0.0.1:PORT");
        shown.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    shown
}
