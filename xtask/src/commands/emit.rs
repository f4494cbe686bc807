//! `emit`: generates a crate from any OpenAPI document.

use std::path::{Component, Path, PathBuf};

use serde_json::Value;

use crate::console::{CheckResult, Console, Failure};
use crate::crate_name;
use crate::diagnostic::Report;
use crate::emit::{self, CoreSource, Target};
use crate::files;
use crate::lower;
use crate::pipeline;
use crate::problem::Problem;
use crate::progress::Progress;
use crate::recovery;
use crate::selection::{self, Selector};
use crate::sources::ApiData;
use crate::spec::document::Document;
use crate::workspace::Workspace;

/// The arguments of `emit`.
#[derive(Debug, Clone)]
pub struct EmitOptions<'a> {
    /// The document.
    pub file: &'a Path,
    /// The folder that becomes the root of the crate.
    pub out: &'a Path,
    /// The name of the crate.
    pub name: &'a str,
    /// Overlays to apply to the document first.
    pub overlays: &'a [PathBuf],
    /// The operations to keep; empty for all.
    pub include: &'a [Selector],
    /// The version of `auth0-core` to depend on, instead of its folder in this repository.
    pub core_version: Option<&'a str>,
    /// Reject the document instead of omitting and loosening what cannot be expressed.
    pub strict: bool,
}

/// Normalizes the document, generates its crate and writes the crate to the folder.
pub fn run(
    workspace: &Workspace,
    options: &EmitOptions<'_>,
    console: &mut Console<'_>,
) -> Result<CheckResult, Failure> {
    crate_name::check(options.name).map_err(|problem| Box::new(Report::plain(problem)))?;
    let mut document = Document::load(options.file)?;
    pipeline::overlay(&mut document.value, options.overlays)?;
    let progress = Progress::start();
    progress.at(&format!("{}: generating", options.name));
    let lowering = lower::Options {
        include: options.include,
        strict: options.strict,
        ..lower::Options::default()
    };
    let core = match options.core_version {
        Some(version) => CoreSource::Version(version.to_owned()),
        None => CoreSource::Path(core_path(workspace, options.out)?),
    };
    let target = |normalized: &Value| Target {
        crate_name: options.name.to_owned(),
        version: "0.1.0".to_owned(),
        core: core.clone(),
        api: ApiData::of_document(normalized),
        command: command(options),
        member: false,
    };
    let unread = std::mem::take(&mut document.unread);
    let (files, warnings, summary) = if options.strict {
        if !unread.is_empty() {
            return Err(Failure(unread));
        }
        let normalized = pipeline::normalize(document.value, &document.source, &lowering)?;
        let name = format!("{} (normalized)", options.file.display());
        let target = target(&normalized.document);
        let files = pipeline::generate(&normalized.document, &name, &target)?;
        (files, normalized.warnings, String::new())
    } else {
        let generate = |normalized: &Value| emit::generate(normalized, &target(normalized));
        let done = recovery::generate(document.value, &document.source, &lowering, generate)?;
        let summary = done.summary();
        let unread = unread.into_iter().map(Report::as_warning);
        (done.output, unread.chain(done.warnings).collect(), summary)
    };
    let folder = options.out.display().to_string();
    let changed = files::write(options.out, &folder, &files)?;
    drop(progress);
    console.report(&warnings);
    console.result(&format!(
        "{}: {} files in {folder}, {changed} written or removed\n{summary}",
        options.name,
        files.len()
    ));
    Ok(CheckResult::Passed)
}

/// The command in the first lines of the files. It contains no folders, so that the same document yields the same bytes
/// wherever the document and the crate are.
fn command(options: &EmitOptions<'_>) -> String {
    let file = options
        .file
        .file_name()
        .unwrap_or_default()
        .to_string_lossy();
    let include: String = options
        .include
        .iter()
        .map(|selector| selection::argument(&plain(&selector.to_string())))
        .map(|selector| format!(" --include {selector}"))
        .collect();
    let file = plain(&file);
    format!("cargo xtask emit {file} --name {}{include}", options.name)
}

/// Escapes whatever could end a comment in Rust, TOML or Markdown.
fn plain(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "._-/+@,={} ".contains(c);
    let mut out = String::new();
    for c in text.chars() {
        match is_plain(c) {
            true => out.push(c),
            false => out.extend(c.escape_unicode()),
        }
    }
    out
}

/// Returns the path of `auth0-core` relative to `out`.
pub fn core_path(workspace: &Workspace, out: &Path) -> Result<String, Box<Report>> {
    let core = workspace.path("crates/core");
    let core = core
        .canonicalize()
        .map_err(|error| unresolved(&core, &error))?;
    let out = resolved(out).map_err(|error| unresolved(out, &error))?;
    let shared = core
        .components()
        .zip(out.components())
        .take_while(|(a, b)| a == b)
        .count();
    if shared == 0 {
        // There is no relative path to another drive.
        return Ok(core.display().to_string());
    }
    let up = out.components().skip(shared).map(|_| "..".to_owned());
    let down = core
        .components()
        .skip(shared)
        .map(|part| part.as_os_str().to_string_lossy().into_owned());
    Ok(up.chain(down).collect::<Vec<_>>().join("/"))
}

/// Returns the real path of a folder that may not exist yet. Symbolic links are followed, because `..` is resolved against
/// the real folders.
fn resolved(path: &Path) -> std::io::Result<PathBuf> {
    let absolute = std::path::absolute(path)?;
    let mut existing = absolute.as_path();
    let mut rest = Vec::new();
    while !existing.exists() {
        let (Some(parent), Some(last)) = (existing.parent(), existing.components().next_back())
        else {
            break;
        };
        rest.push(last);
        existing = parent;
    }
    let mut real = existing.canonicalize()?;
    for part in rest.into_iter().rev() {
        match part {
            Component::ParentDir => {
                real.pop();
            }
            part => real.push(part),
        }
    }
    Ok(real)
}

fn unresolved(path: &Path, error: &std::io::Error) -> Box<Report> {
    let problem = Problem::at("", "the folder cannot be resolved")
        .found(error.to_string())
        .help("without the repository of this program, depend on a published version with --core-version");
    Report::of_file(&path.display().to_string(), problem).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unusual_file_name_is_escaped_in_the_command() {
        let command = |file: &str| {
            command(&EmitOptions {
                file: Path::new(file),
                out: Path::new("out"),
                name: "acme",
                overlays: &[],
                include: &["/a\n{b}", "GET =/c"].map(|text| text.parse().expect("valid")),
                core_version: None,
                strict: false,
            })
        };
        for c in "\n\r\u{b}\u{c}\u{85}\u{2028}\u{202e}`<>!\\\"'*#$".chars() {
            let command = command(&format!("dir/a{c}b.yaml"));
            assert_eq!(
                command,
                format!(
                    "cargo xtask emit a\\u{{{:x}}}b.yaml --name acme --include /a\\u{{a}}{{b}} --include 'GET =/c'",
                    u32::from(c)
                )
            );
        }
        assert!(command("dir/Büro 1.yaml").starts_with("cargo xtask emit Büro 1.yaml --name"));
    }

    #[test]
    fn path_to_core_is_relative_to_the_crate() {
        let dir = tempfile::tempdir().expect("a folder");
        let root = dir.path().canonicalize().expect("a folder");
        std::fs::create_dir_all(root.join("repo/crates/core")).expect("a folder");
        let workspace = Workspace::at(Some(root.join("repo")));
        let path = |out: &str| core_path(&workspace, &root.join(out)).expect("resolved");
        assert_eq!(path("repo/generated/teams"), "../../crates/core");
        assert_eq!(path("elsewhere/a/b"), "../../../repo/crates/core");
        assert_eq!(path("elsewhere/a/../b"), "../../repo/crates/core");
        assert_eq!(path("repo/crates"), "core");
    }
}
