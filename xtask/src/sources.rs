//! `openapi/sources.toml`: for each API, the address of its document and the settings of its crate.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use toml_edit::DocumentMut;

use crate::crate_name;
use crate::diagnostic::Report;
use crate::fetch::address;
use crate::problem::Problem;
use crate::rate_limit_plans::{PlanName, RateLimitPlan};
use crate::selection::Selector;
use crate::spec::source::{Format, Source};

/// The first version of a crate.
pub(crate) const FIRST_VERSION: &str = "0.1.0";

/// The parsed file.
#[derive(Debug, Clone)]
pub struct Sources {
    entries: BTreeMap<String, ApiSource>,
    source: Source,
}

/// The settings of one API.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiSource {
    /// The URL of the published document. Without it, each `fetch` and `bump` names the document.
    pub url: Option<String>,
    /// The operations to include; empty for all.
    #[serde(default)]
    pub include: Vec<Selector>,
    /// The name of the crate. Without it, the facts of the API are kept but no crate is generated.
    #[serde(rename = "crate")]
    pub crate_name: Option<String>,
    /// The version of the crate; set if and only if `crate_name` is.
    pub version: Option<String>,
    /// The template of the base URL, such as `https://{team}.teams.auth0.com`. Without it, the user of the crate passes
    /// the URL.
    pub base_url: Option<String>,
    /// The kind of each variable of the templates.
    #[serde(default)]
    pub variables: BTreeMap<String, VariableKind>,
    /// The template of the audience of access tokens.
    pub audience: Option<String>,
    /// The rate limit plans by name.
    #[serde(default)]
    pub plans: BTreeMap<PlanName, RateLimitPlan>,
    /// Whether the sandbox serves the API; `regen` then writes its document for the sandbox.
    #[serde(default)]
    pub sandbox: bool,
    /// SHA-256 digest of the last fetched document.
    pub digest: Option<String>,
    /// The day on which this version of the document was first fetched.
    pub date: Option<String>,
    /// The entity tag of its response.
    pub etag: Option<String>,
    /// A digest of what the entity tag applies to: the URL, the included paths and the resulting facts.
    pub etag_of: Option<String>,
}

/// The settings of an API that is added.
#[derive(Debug, Clone)]
pub(crate) struct NewEntry {
    pub(crate) url: Option<String>,
    pub(crate) include: Vec<Selector>,
    pub(crate) crate_name: String,
    pub(crate) version: String,
    pub(crate) base_url: Option<String>,
    pub(crate) variables: BTreeMap<String, VariableKind>,
    pub(crate) audience: Option<String>,
}

/// What `fetch` records about a document.
#[derive(Debug, Clone, Copy)]
pub struct FetchRecord<'a> {
    /// Its SHA-256 digest.
    pub digest: &'a str,
    /// The day of the fetch.
    pub date: &'a str,
    /// Its entity tag and the digest of what the tag applies to. `None` if the server sent none, or if the
    /// document did not come from its published URL.
    pub etag: Option<(&'a str, &'a str)>,
}

impl ApiSource {
    /// Name and version of the crate, if one is generated.
    pub fn package(&self) -> Option<(&str, &str)> {
        self.crate_name.as_deref().zip(self.version.as_deref())
    }

    /// The settings that the emitter writes into the crate.
    pub fn api(&self) -> ApiData {
        ApiData {
            base_url: self.base_url.clone(),
            variables: self.variables.clone(),
            audience: self.audience.clone(),
            plans: self.plans.clone(),
            ..ApiData::default()
        }
    }
}

/// The settings of an API that are written into its crate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApiData {
    /// The template of the base URL.
    pub base_url: Option<String>,
    /// The kind of each variable of the templates.
    pub variables: BTreeMap<String, VariableKind>,
    /// The variables of the base URL that the document declares.
    pub server_variables: BTreeMap<String, ServerVariable>,
    /// The path of the API, if the document has it without a host: the user of the crate passes the URL.
    pub base_path: Option<String>,
    /// The template of the audience of access tokens.
    pub audience: Option<String>,
    /// The rate limit plans by name.
    pub plans: BTreeMap<PlanName, RateLimitPlan>,
}

/// A variable of a server URL in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerVariable {
    /// The value if none is set.
    pub default: String,
    /// The allowed values; empty if any is.
    pub values: Vec<String>,
    /// The description in the document.
    pub description: String,
}

impl ApiData {
    /// The settings that a document itself provides: the URL of its first server, if it is an https URL, with the variables of the URL.
    pub fn of_document(document: &Value) -> Self {
        let server = &document["servers"][0];
        let Some(url) = server["url"].as_str() else {
            return Self::default();
        };
        let mut url = url.to_owned();
        // A server that is a path is below the host of the document, which is not known.
        if url.starts_with('/') && !url.starts_with("//") && !url.contains('{') {
            let path = url.trim_end_matches('/');
            return Self {
                base_path: (!path.is_empty()).then(|| path.to_owned()),
                ..Self::default()
            };
        }
        let mut variables = BTreeMap::new();
        for (name, variable) in server["variables"].as_object().into_iter().flatten() {
            let placeholder = format!("{{{name}}}");
            let default = text_of(&variable["default"]);
            // The name of a variable becomes that of a setter.
            if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
                url = url.replace(&placeholder, &default);
            } else if url.contains(&placeholder) {
                let values = variable["enum"].as_array().into_iter().flatten();
                let variable = ServerVariable {
                    default,
                    values: values.map(text_of).collect(),
                    description: text_of(&variable["description"]),
                };
                variables.insert(name.clone(), variable);
            }
        }
        let scheme = url.split("://").next().unwrap_or_default();
        let scheme = variables
            .get(scheme.trim_matches(['{', '}']))
            .map_or(scheme, |variable| &variable.default);
        let is_complete = scheme.eq_ignore_ascii_case("https")
            && url.matches('{').count()
                == variables
                    .keys()
                    .map(|name| url.matches(&format!("{{{name}}}")).count())
                    .sum::<usize>()
            && url.matches('{').count() == url.matches('}').count();
        match is_complete {
            true => Self {
                base_url: Some(url),
                server_variables: variables,
                ..Self::default()
            },
            false => Self::default(),
        }
    }
}

/// A scalar as text. Some documents write ports as numbers.
fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// The kind of a variable of a URL template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VariableKind {
    /// One DNS label.
    Label,
    /// A host name.
    Host,
}

impl VariableKind {
    /// The name in the file.
    fn name(self) -> &'static str {
        match self {
            Self::Label => "label",
            Self::Host => "host",
        }
    }
}

impl Sources {
    /// The path of the file, relative to the root of the workspace.
    pub const FILE: &'static str = "openapi/sources.toml";

    /// Parses and validates the file.
    pub fn parse(text: String) -> Result<Self, Box<Report>> {
        let source = Source {
            name: Self::FILE.to_owned(),
            text,
            format: Format::Toml,
        };
        let entries: BTreeMap<String, ApiSource> =
            toml::from_str(&source.text).map_err(|error| {
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

    /// Returns the named APIs in the order given, or all in alphabetical order if `names` is empty.
    pub fn select<'a>(
        &'a self,
        names: &'a [String],
    ) -> Result<Vec<(&'a str, &'a ApiSource)>, Box<Report>> {
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

    /// Returns one API. It is an error if there is none of this name.
    pub fn get(&self, name: &str) -> Result<&ApiSource, Box<Report>> {
        self.entries.get(name).ok_or_else(|| {
            let known: Vec<String> = self
                .entries
                .keys()
                .map(|name| format!("`{name}`"))
                .collect();
            let problem = Problem::at("", format!("there is no API called `{name}`"))
                .expected(format!("one of {}", known.join(", ")))
                .help(format!(
                    "use one of these, or add `[{name}]` to {}",
                    Self::FILE
                ));
            Report::of_file(Self::FILE, problem).into()
        })
    }

    /// Returns the file with the result of a fetch: the digest, the date if the digest is new, and the entity tag.
    /// Comments are kept.
    pub fn with_fetch(&self, name: &str, fetched: &FetchRecord<'_>) -> Result<Self, Box<Report>> {
        let mut document = self.editable()?;
        let known = self.get(name)?;
        let mut set = |key: &str, old: Option<&String>, new: Option<&str>| {
            if old.map(String::as_str) == new {
                return;
            }
            match new {
                Some(new) => document[name][key] = toml_edit::value(new),
                None => {
                    if let Some(entry) = document[name].as_table_like_mut() {
                        entry.remove(key);
                    }
                }
            }
        };
        set("digest", known.digest.as_ref(), Some(fetched.digest));
        if known.digest.as_deref() != Some(fetched.digest) {
            set("date", known.date.as_ref(), Some(fetched.date));
        }
        let (tag, of) = fetched.etag.unzip();
        set("etag", known.etag.as_ref(), tag);
        set("etag_of", known.etag_of.as_ref(), of);
        Self::parse(document.to_string())
    }

    /// The list with another version of the crate of an API. Comments stay.
    pub fn with_version(&self, name: &str, version: &str) -> Result<Self, Box<Report>> {
        let mut document = self.editable()?;
        self.get(name)?;
        document[name]["version"] = toml_edit::value(version);
        Self::parse(document.to_string())
    }

    /// The list with a new API at its end. Comments stay.
    pub(crate) fn with_entry(&self, name: &str, entry: &NewEntry) -> Result<Self, Box<Report>> {
        let mut document = self.editable()?;
        let mut table = toml_edit::Table::new();
        table.decor_mut().set_prefix("\n");
        let mut set = |key: &str, text: Option<&String>| {
            if let Some(text) = text {
                table[key] = toml_edit::value(text);
            }
        };
        set("url", entry.url.as_ref());
        set("crate", Some(&entry.crate_name));
        set("version", Some(&entry.version));
        set("base_url", entry.base_url.as_ref());
        set("audience", entry.audience.as_ref());
        if !entry.include.is_empty() {
            let selectors = entry.include.iter().map(Selector::to_string);
            table["include"] = toml_edit::value(toml_edit::Array::from_iter(selectors));
        }
        if !entry.variables.is_empty() {
            let mut kinds = toml_edit::InlineTable::new();
            for (variable, kind) in &entry.variables {
                kinds.insert(variable, kind.name().into());
            }
            table["variables"] = toml_edit::value(kinds);
        }
        document[name] = toml_edit::Item::Table(table);
        Self::parse(document.to_string())
    }

    /// The name of the API whose crate has this name.
    pub(crate) fn with_crate(&self, crate_name: &str) -> Option<&str> {
        let plain = |name: &str| name.replace('_', "-");
        let found = self
            .entries
            .iter()
            .find(|(_, entry)| entry.crate_name.as_deref().map(plain) == Some(plain(crate_name)));
        found.map(|(name, _)| name.as_str())
    }

    fn editable(&self) -> Result<DocumentMut, Box<Report>> {
        let parsed = self.source.text.parse();
        parsed.map_err(|error: toml_edit::TomlError| {
            let start = error.span().map_or(0, |span| span.start);
            let problem = Problem::at("", error.message().to_owned());
            Report::at_offset(problem, &self.source, start).into()
        })
    }

    /// The text of the file.
    pub fn text(&self) -> &str {
        &self.source.text
    }
}

/// Checks the name of an API.
pub(crate) fn check_name(name: &str) -> Result<(), Problem> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || !name.chars().all(plain) {
        return Err(
            Problem::at("", format!("`{name}` is not a valid API name")).expected(
                "lower-case letters, digits and `-`, because it is also the name of a folder",
            ),
        );
    }
    Ok(())
}

fn check(name: &str, entry: &ApiSource) -> Result<(), Problem> {
    check_name(name)?;
    if let Some(url) = &entry.url {
        address::parse(url)?;
    }
    match (&entry.crate_name, &entry.version) {
        (Some(crate_name), Some(_)) => crate_name::check(crate_name)?,
        (None, None) => {}
        _ => {
            return Err(Problem::at(
                "",
                format!("`{name}` has one of `crate` and `version` without the other"),
            )
            .expected("both, or neither if no crate is generated"));
        }
    }
    for (what, template) in [("base_url", &entry.base_url), ("audience", &entry.audience)] {
        for part in template.iter().flat_map(|text| text.split('{').skip(1)) {
            let variable = part.split('}').next().unwrap_or_default();
            if !entry.variables.contains_key(variable) {
                return Err(Problem::at(
                    "",
                    format!("{what} of `{name}` contains an unknown variable"),
                )
                .expected("a variable that is declared in `variables`")
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

[teams.plans.free]
tenant = { read = 4, write = 2 }
"#;

    fn error(text: &str) -> String {
        Sources::parse(text.into())
            .expect_err("it is invalid")
            .to_string()
    }

    #[test]
    fn fetch_record_is_written_and_comments_are_kept() {
        let fetched = |digest, date, etag| FetchRecord { digest, date, etag };
        let recorded = |sources: &Sources, fetched: &FetchRecord<'_>| {
            sources.with_fetch("teams", fetched).expect("written")
        };
        let sources = Sources::parse(TEXT.into()).expect("it is valid");
        let first = recorded(
            &sources,
            &fetched("sha256:1", "2026-01-02", Some((r#"W/"a\b""#, "k"))),
        );
        insta::assert_snapshot!(first.text(), @r#"
        # What is published where.
        [teams]
        url = "https://example.com/teams.json" # the raw file
        crate = "auth0-teams"
        version = "0.1.0"
        base_url = "https://{team}.teams.auth0.com"
        variables = { team = "label" }
        audience = "https://{team}.teams.auth0.com/api/"
        digest = "sha256:1"
        date = "2026-01-02"
        etag = 'W/"a\b"'
        etag_of = "k"

        [teams.plans.free]
        tenant = { read = 4, write = 2 }
        "#);
        let again = fetched("sha256:1", "2026-03-04", Some((r#"W/"a\b""#, "k")));
        assert_eq!(recorded(&first, &again).text(), first.text());
        let entry = first.get("teams").expect("it is there");
        assert_eq!(entry.variables["team"], VariableKind::Label);
        assert_eq!(entry.api().plans.len(), 1);
        assert_eq!(entry.etag.as_deref(), Some(r#"W/"a\b""#));

        let text = recorded(&first, &fetched("sha256:2", "2026-03-04", None));
        let entry = text.get("teams").expect("it is there");
        assert_eq!((&entry.etag, &entry.etag_of), (&None, &None));
        assert_eq!(entry.date.as_deref(), Some("2026-03-04"));
    }

    #[test]
    fn crate_without_version_is_an_error_and_neither_is_valid() {
        let without = |line: &str| TEXT.replace(line, "");
        let text = error(&without("version = \"0.1.0\"\n"));
        assert!(text.contains("one of `crate` and `version`"), "{text}");
        let text = without("version = \"0.1.0\"\n").replace("crate = \"auth0-teams\"\n", "");
        let sources = Sources::parse(text).expect("it is valid");
        assert_eq!(sources.get("teams").expect("it is there").package(), None);
    }

    #[test]
    fn unknown_key_variable_or_api_is_an_error() {
        let text = error(&TEXT.replace("version", "versoin"));
        assert!(
            text.contains("versoin") || text.contains("version"),
            "{text}"
        );
        let text = error(&TEXT.replace("team = \"label\"", "slug = \"label\""));
        assert!(text.contains("unknown variable"), "{text}");
        let text = error(&TEXT.replace("\"label\"", "\"port\""));
        assert!(text.contains("unknown variant"), "{text}");
        let sources = Sources::parse(TEXT.into()).expect("it is valid");
        let text = sources.get("temas").expect_err("unknown").to_string();
        assert!(text.contains("`teams`"), "{text}");
    }

    #[test]
    fn invalid_plan_is_an_error_with_its_position_and_the_expected_value() {
        // The replacement for `read = 4`, the text at the reported position, and the message.
        for (wrong, place, expected) in [
            ("read = 0", "0,", "from 1 to 1000000, found 0"),
            ("read = -4", "-4,", "from 1 to 1000000, found -4"),
            (
                "read = 1000001",
                "1000001,",
                "from 1 to 1000000, found 1000001",
            ),
            ("read = nan", "nan,", "NaN"),
            ("read = 0.5", "0.5,", "`0.5`"),
            ("read = 4, burst = 0", "0,", "from 1 to 1000000, found 0"),
            ("raed = 4", "raed", "unknown field `raed`"),
            (
                "both = 4",
                "{ both",
                "expected `read` and `write`, or `both` if they are counted together",
            ),
        ] {
            let text = TEXT.replace("read = 4", wrong);
            let report = Sources::parse(text.clone()).expect_err("it is invalid");
            assert!(report.to_string().contains(expected), "{report}");
            let shown = &text[report.offset().expect("a place")..];
            assert!(shown.starts_with(place), "{wrong}: {shown}");
        }
        for name in ["Free", "free_trial", "-free", "3-free"] {
            let text = TEXT.replace("plans.free", &format!("plans.{name}"));
            let report = Sources::parse(text.clone()).expect_err("it is invalid");
            let found = format!("found `{name}`");
            assert!(report.to_string().contains(&found), "{report}");
            let shown = &text[report.offset().expect("a place")..];
            assert!(shown.starts_with(name), "{shown}");
        }
        let both = "tenant = { both = 4 }\norganization = { both = 2";
        let text = error(&TEXT.replace("tenant = { read = 4, write = 2", both));
        assert!(text.contains("unknown field `both`"), "{text}");
        let text = error(&TEXT.replace("tenant =", "organization ="));
        assert!(text.contains("missing field `tenant`"), "{text}");
    }
}
