//! Reads input documents. Each way in which a file can fail to be an OpenAPI document has its own error.

use std::io::Read;
use std::path::Path;

use serde_json::Value;

use crate::diagnostic::Report;
use crate::problem::Problem;
use crate::spec::external;
use crate::spec::parse::parse;
use crate::spec::source::{Format, Source};

/// Maximum size of a document in bytes. The largest published one has less than 4 MiB.
pub const LIMIT: u64 = 64 * 1024 * 1024;

/// A document and the text that it was read from.
#[derive(Debug, Clone)]
pub struct Document {
    /// The parsed document.
    pub value: Value,
    /// The text and name of its file.
    pub source: Source,
    /// The errors of files that the document refers to.
    pub unread: Vec<Report>,
}

impl Document {
    /// Reads an OpenAPI 3.0 or 3.1 document in JSON or YAML, and the files in its folder that it refers to.
    pub fn load(path: &Path) -> Result<Self, Box<Report>> {
        Self::load_as(path, &path.display().to_string())
    }

    /// As [`Document::load`]. Errors call the document `name`.
    pub fn load_as(path: &Path, name: &str) -> Result<Self, Box<Report>> {
        let mut document = Self::read_as(path, name)?.checked()?;
        document.unread = external::resolve(&mut document.value, path);
        Ok(document)
    }

    /// Returns the document if it is an OpenAPI document of a supported version.
    pub fn checked(self) -> Result<Self, Box<Report>> {
        match check_version(&self.value) {
            Ok(()) => Ok(self),
            Err(problem) => Err(Report::new(problem, &self.source).into()),
        }
    }

    /// Reads any document in JSON or YAML.
    pub fn read(path: &Path) -> Result<Self, Box<Report>> {
        Self::read_as(path, &path.display().to_string())
    }

    /// Reads any document in JSON or YAML. Errors call it `name`.
    pub fn read_as(path: &Path, name: &str) -> Result<Self, Box<Report>> {
        let bytes = read_bytes(path).map_err(|report| Box::new(report.renamed(name)))?;
        Self::from_bytes(name.to_owned(), &bytes)
    }

    /// Parses a document from the bytes of a file.
    pub fn from_bytes(name: String, bytes: &[u8]) -> Result<Self, Box<Report>> {
        let text = decode(&name, bytes)?;
        let source = Source {
            format: format_of(&name, &text),
            text,
            name,
        };
        if source.text.trim().is_empty() {
            return Err(Report::of_file(
                &source.name,
                Problem::at("", "the file is empty").expected("a document in JSON or YAML"),
            )
            .into());
        }
        if source.text.trim_start().starts_with('<') {
            let problem = Problem::at("", "the file is a web page or XML")
                .expected("a document in JSON or YAML")
                .help(
                    "this is a page that displays the document or a login page; use the raw file instead",
                );
            return Err(Report::at_offset(problem, &source, first_visible(&source.text)).into());
        }
        let value = parse(&source)?;
        Ok(Self {
            value,
            source,
            unread: Vec::new(),
        })
    }
}

/// Reads a file of at most [`LIMIT`] bytes.
pub fn read_bytes(path: &Path) -> Result<Vec<u8>, Box<Report>> {
    let name = path.display().to_string();
    let fail = |problem: Problem| Box::new(Report::of_file(&name, problem));
    let unreadable = |error: std::io::Error| {
        let problem = Problem::at("", "the file cannot be read").found(error.to_string());
        fail(if error.kind() == std::io::ErrorKind::NotFound {
            problem.help("check the path; it is relative to the current folder")
        } else {
            problem
        })
    };
    let file = std::fs::File::open(path).map_err(unreadable)?;
    if file.metadata().map_err(unreadable)?.is_dir() {
        return Err(fail(
            Problem::at("", "the path names a folder").expected("a file"),
        ));
    }
    let mut bytes = Vec::new();
    file.take(LIMIT + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > LIMIT {
        return Err(fail(
            Problem::at("", "the file is too large")
                .expected(format!("at most {} MiB", LIMIT / 1024 / 1024)),
        ));
    }
    Ok(bytes)
}

fn decode(name: &str, bytes: &[u8]) -> Result<String, Box<Report>> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let problem = Problem::at("", "the file is not UTF-8 text")
        .expected("UTF-8")
        .help("save the file as UTF-8");
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        return Err(Report::of_file(name, problem.found("a UTF-16 byte order mark")).into());
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(error) => {
            let source = Source {
                name: name.to_owned(),
                text: String::from_utf8_lossy(bytes).into_owned(),
                format: Format::Yaml,
            };
            let byte = bytes.get(error.valid_up_to()).copied().unwrap_or_default();
            let problem = problem.found(format!("the byte 0x{byte:02x}"));
            Err(Report::at_offset(problem, &source, error.valid_up_to()).into())
        }
    }
}

/// Detects the format by the content, so that a `.txt` or a download without an extension works. The extension decides
/// only for YAML files that begin with a brace.
fn format_of(name: &str, text: &str) -> Format {
    let lower = name.to_ascii_lowercase();
    let yaml = lower.ends_with(".yaml") || lower.ends_with(".yml");
    if text.trim_start().starts_with(['{', '[']) && !yaml {
        Format::Json
    } else {
        Format::Yaml
    }
}

fn first_visible(text: &str) -> usize {
    text.len() - text.trim_start().len()
}

fn check_version(value: &Value) -> Result<(), Problem> {
    let Some(members) = value.as_object() else {
        return Err(Problem::at("", "this is not an OpenAPI document")
            .expected("an object with `openapi`, `info` and `paths`")
            .found(kind(value)));
    };
    if let Some(version) = members.get("swagger") {
        return Err(Problem::at("/swagger", "Swagger 2.0 is not supported")
            .expected("`openapi: 3.0.x` or `3.1.x`")
            .found(format!("`swagger: {version}`"))
            .help("convert the document to OpenAPI 3 first, for example with `npx swagger2openapi FILE`"));
    }
    let version = match members.get("openapi") {
        Some(Value::String(version)) => version.as_str(),
        Some(other) => {
            return Err(
                Problem::at("/openapi", "the version of OpenAPI is not a string")
                    .expected("a string such as \"3.1.0\"")
                    .found(kind(other))
                    .help("put the version in quotation marks"),
            );
        }
        None => {
            return Err(Problem::at("", "this is not an OpenAPI document")
                .expected("`openapi: 3.0.x` or `3.1.x` at the top")
                .found(format!("no `openapi` among {}", names(members.keys()))));
        }
    };
    let minor = version
        .strip_prefix("3.")
        .and_then(|rest| rest.split('.').next());
    match minor {
        Some("0" | "1") => {}
        Some("2") => {
            return Err(Problem::at("/openapi", "OpenAPI 3.2 is not supported yet")
                .expected("3.0.x or 3.1.x")
                .found(version)
                .help("if the document uses no feature of 3.2, set its version to 3.1.0"));
        }
        _ => {
            return Err(Problem::at("/openapi", "unknown version of OpenAPI")
                .expected("3.0.x or 3.1.x")
                .found(version));
        }
    }
    match members.get("paths") {
        Some(Value::Object(_)) => Ok(()),
        Some(other) => Err(Problem::at("/paths", "`paths` is not an object")
            .expected("an object of path items by path")
            .found(kind(other))),
        None => Err(Problem::at("", "the document has no `paths`")
            .expected("an object with `openapi`, `info` and `paths`")
            .found(names(members.keys()))),
    }
}

fn names<'a>(keys: impl Iterator<Item = &'a String>) -> String {
    let mut keys: Vec<String> = keys.map(|key| format!("`{key}`")).collect();
    if keys.is_empty() {
        return "an empty object".to_owned();
    }
    keys.sort();
    let more = keys.len().saturating_sub(8);
    keys.truncate(8);
    let shown = keys.join(", ");
    if more > 0 {
        format!("{shown} and {more} more")
    } else {
        shown
    }
}

/// Describes a value for people.
pub fn kind(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "a boolean".to_owned(),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) => format!("the string \"{}\"", shortened(text)),
        Value::Array(items) => format!("a list of {}", items.len()),
        Value::Object(_) => "an object".to_owned(),
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(60) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}...", &text[..at]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(bytes: &[u8]) -> String {
        let read = Document::from_bytes("a".into(), bytes).and_then(Document::checked);
        read.expect_err("it is invalid").to_string()
    }

    #[test]
    fn each_kind_of_invalid_file_has_its_own_error() {
        for (bytes, expected) in [
            (&b""[..], "the file is empty"),
            (b"  \n", "the file is empty"),
            (b"<!DOCTYPE html><html>", "the file is a web page or XML"),
            (b"\xFF\xFE{\0", "the file is not UTF-8 text"),
            (b"a: \xC3(", "the file is not UTF-8 text"),
            (b"{\"openapi\": \"3.1.0\",", "the document ends too early"),
            (b"[1]", "this is not an OpenAPI document"),
            (b"a: 1", "this is not an OpenAPI document"),
            (b"swagger: '2.0'", "Swagger 2.0 is not supported"),
            (b"openapi: 3.1", "the version of OpenAPI is not a string"),
            (b"openapi: 3.2.0", "OpenAPI 3.2 is not supported yet"),
            (b"openapi: 4.0.0", "unknown version of OpenAPI"),
            (b"openapi: 3.1.0", "the document has no `paths`"),
            (b"openapi: 3.1.0\npaths: []", "`paths` is not an object"),
        ] {
            let text = error(bytes);
            assert!(text.starts_with(expected), "{expected}: {text}");
        }
    }

    #[test]
    fn format_is_detected_by_content() {
        let json = b"\xEF\xBB\xBF{\"a\": 1}";
        let document = Document::from_bytes("a.txt".into(), json).expect("it is JSON");
        assert_eq!(document.source.format, Format::Json);
        let document = Document::from_bytes("a.json".into(), b"a: 1").expect("it is YAML");
        assert_eq!(document.source.format, Format::Yaml);
        let document = Document::from_bytes("a.yml".into(), b"{a: 1}").expect("it is YAML");
        assert_eq!(document.source.format, Format::Yaml);
    }
}
