//! `openapi/sources.toml`: for each API, where its document is published and what is particular to its crate.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml_edit::DocumentMut;

use crate::crate_name;
use crate::diagnostic::Report;
use crate::problem::Problem;
use crate::source::{Format, Source};

/// The list of APIs.
#[derive(Debug, Clone)]
pub struct Sources {
    entries: BTreeMap<String, Entry>,
    source: Source,
}

/// One API.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Where the document is published.
    pub url: String,
    /// The paths that the crate has, by their beginnings; all where the list is empty.
    #[serde(default)]
    pub include: Vec<String>,
    /// The name of the crate.
    #[serde(rename = "crate")]
    pub crate_name: String,
    /// The version of the crate.
    pub version: String,
    /// The template of the base URL, such as `https://{team}.teams.auth0.com`. Where it is not given, the user of the
    /// crate gives the URL.
    pub base_url: Option<String>,
    /// What may stand for each name in braces.
    #[serde(default)]
    pub variables: BTreeMap<String, VariableKind>,
    /// The template of the audience of access tokens.
    pub audience: Option<String>,
    /// The rate limits of each plan.
    #[serde(default)]
    pub tiers: BTreeMap<String, Tier>,
    /// SHA-256 of the document that was fetched last.
    pub digest: Option<String>,
    /// The day on which that document was first fetched.
    pub date: Option<String>,
}

impl Entry {
    /// What the emitter writes into the crate.
    pub fn api(&self) -> ApiData {
        ApiData {
            base_url: self.base_url.clone(),
            variables: self.variables.clone(),
            audience: self.audience.clone(),
        }
    }
}

/// What is particular to one API and is written into its crate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApiData {
    /// The template of the base URL.
    pub base_url: Option<String>,
    /// What may stand for each name in braces.
    pub variables: BTreeMap<String, VariableKind>,
    /// The template of the audience of access tokens.
    pub audience: Option<String>,
}

/// What may stand for a variable of a URL template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VariableKind {
    /// One DNS label.
    Label,
    /// A host name.
    Host,
}

/// Requests that a plan allows.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// Reads per second.
    pub read: f64,
    /// Writes per second.
    pub write: f64,
}

impl Sources {
    /// The name of the file, from the root of the workspace.
    pub const FILE: &'static str = "openapi/sources.toml";

    /// Reads the list.
    pub fn parse(text: String) -> Result<Self, Box<Report>> {
        let source = Source {
            name: Self::FILE.to_owned(),
            text,
            format: Format::Toml,
        };
        let entries: BTreeMap<String, Entry> = toml::from_str(&source.text).map_err(|error| {
            let problem = Problem::at("", error.message().trim().replace('\n', "; "));
            Report::at_offset(problem, &source, error.span().map_or(0, |span| span.start))
        })?;
        for (name, entry) in &entries {
            check(name, entry).map_err(|problem| {
                let place = source.text.find(&format!("[{name}]")).unwrap_or_default();
                Report::at_offset(problem, &source, place)
            })?;
        }
        Ok(Self { entries, source })
    }

    /// The APIs that are named, or all where none is, in the order of their names.
    pub fn select<'a>(
        &'a self,
        names: &'a [String],
    ) -> Result<Vec<(&'a str, &'a Entry)>, Box<Report>> {
        if names.is_empty() {
            return Ok(self
                .entries
                .iter()
                .map(|(name, entry)| (name.as_str(), entry))
                .collect());
        }
        names
            .iter()
            .map(|name| Ok((name.as_str(), self.get(name)?)))
            .collect()
    }

    /// One API.
    pub fn get(&self, name: &str) -> Result<&Entry, Box<Report>> {
        self.entries.get(name).ok_or_else(|| {
            let known: Vec<String> = self
                .entries
                .keys()
                .map(|name| format!("`{name}`"))
                .collect();
            let problem = Problem::at("", format!("there is no API called `{name}`"))
                .expected(format!("one of {}", known.join(", ")))
                .help(format!(
                    "take one of these, or add `[{name}]` to {}",
                    Self::FILE
                ));
            Report::of_file(Self::FILE, problem).into()
        })
    }

    /// The text of the file after a fetch: with the digest and, where that is new, the date. Comments stay.
    pub fn with_fetch(&self, name: &str, digest: &str, date: &str) -> Result<String, Box<Report>> {
        if self.get(name)?.digest.as_deref() == Some(digest) {
            return Ok(self.source.text.clone());
        }
        let mut document: DocumentMut =
            self.source
                .text
                .parse()
                .map_err(|error: toml_edit::TomlError| {
                    let start = error.span().map_or(0, |span| span.start);
                    Report::at_offset(
                        Problem::at("", error.message().to_owned()),
                        &self.source,
                        start,
                    )
                })?;
        document[name]["digest"] = toml_edit::value(digest);
        document[name]["date"] = toml_edit::value(date);
        Ok(document.to_string())
    }
}

fn check(name: &str, entry: &Entry) -> Result<(), Problem> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || !name.chars().all(plain) {
        return Err(
            Problem::at("", format!("`{name}` cannot be the name of an API"))
                .expected("lower-case letters, digits and `-`: it is the name of a folder"),
        );
    }
    crate_name::check(&entry.crate_name)?;
    for (what, template) in [("base_url", &entry.base_url), ("audience", &entry.audience)] {
        for part in template.iter().flat_map(|text| text.split('{').skip(1)) {
            let variable = part.split('}').next().unwrap_or_default();
            if !entry.variables.contains_key(variable) {
                return Err(Problem::at(
                    "",
                    format!("{what} of `{name}` names an unknown variable"),
                )
                .expected("a name that stands in `variables`")
                .found(format!("`{{{variable}}}`"))
                .help(format!(
                    "add `{variable} = \"label\"` or `\"host\"` to `variables`"
                )));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"# What is published where.
[teams]
url = "https://example.com/teams.json" # the raw file
crate = "auth0-teams"
version = "0.1.0"
base_url = "https://{team}.teams.auth0.com"
variables = { team = "label" }
audience = "https://{team}.teams.auth0.com/api/"

[teams.tiers]
free = { read = 4, write = 2 }
"#;

    fn error(text: &str) -> String {
        Sources::parse(text.into())
            .expect_err("it is wrong")
            .to_string()
    }

    #[test]
    fn fetch_writes_digest_and_date_and_keeps_comments() {
        let sources = Sources::parse(TEXT.into()).expect("it is right");
        let text = sources
            .with_fetch("teams", "sha256:1", "2026-01-02")
            .expect("written");
        for (line, times) in [
            ("digest = \"sha256:1\"", 1),
            ("date = \"2026-01-02\"", 1),
            ("# the raw file", 1),
        ] {
            assert_eq!(text.matches(line).count(), times, "{text}");
        }
        let sources = Sources::parse(text.clone()).expect("it is right");
        let again = sources
            .with_fetch("teams", "sha256:1", "2026-03-04")
            .expect("written");
        assert_eq!(again, text);
        let entry = sources.get("teams").expect("it is there");
        assert_eq!(entry.variables["team"], VariableKind::Label);
        assert_eq!(entry.tiers["free"].write, 2.0);
    }

    #[test]
    fn unknown_key_and_unknown_variable_are_told() {
        let text = error(&TEXT.replace("version", "versoin"));
        assert!(
            text.contains("versoin") || text.contains("version"),
            "{text}"
        );
        let text = error(&TEXT.replace("team = \"label\"", "slug = \"label\""));
        assert!(text.contains("unknown variable"), "{text}");
        let text = error(&TEXT.replace("\"label\"", "\"port\""));
        assert!(text.contains("unknown variant"), "{text}");
        let sources = Sources::parse(TEXT.into()).expect("it is right");
        let text = sources.get("temas").expect_err("unknown").to_string();
        assert!(text.contains("`teams`"), "{text}");
    }
}
