//! Creates the state in which the test of an API starts: base URL, access tokens, and dictionaries with values that exist in
//! the sandbox, because random ids would only yield 404.
//!
//! `xtask/contract/<api>.setup.toml` describes it as requests to send, and values to capture from their responses.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;
use serde_json_path::JsonPath;

use super::FOLDER;
use super::sandbox::Sandbox;
use crate::console::Failure;
use crate::diagnostic::Report;
use crate::problem::Problem;
use crate::spec::source::{Format, Source};
use crate::workspace::Workspace;

/// The variable with the access token that the requests of the setup use, as do the generated ones by default.
const TOKEN: &str = "SANDBOX_TOKEN";

/// The parameters of schemathesis for the test of one API.
pub(super) struct ContractSetup {
    /// The base URL of the API.
    pub(super) url: String,
    /// Access tokens by environment variable.
    pub(super) tokens: BTreeMap<String, String>,
    /// Values by the name of their dictionary.
    pub(super) dictionaries: BTreeMap<String, Vec<String>>,
}

impl ContractSetup {
    /// Brings the sandbox into the state that `<api>.setup.toml` describes.
    pub(super) fn create(
        workspace: &Workspace,
        api: &str,
        sandbox: &Sandbox,
    ) -> Result<Self, Failure> {
        let plan = SetupPlan::read(workspace, api)?;
        let mut state = match &plan.after {
            Some(other) => {
                let first = SetupPlan::read(workspace, other)?;
                if first.after.is_some() {
                    let problem =
                        Problem::at("", format!("the setup of `{api}` is nested too deeply"))
                            .expected("`after` to name an API whose setup has no `after` itself")
                            .found(format!("`{other}`"));
                    return Err(Failure(vec![Report::of_file(&file(api), problem)]));
                }
                first.run(other, sandbox, SetupState::default())?
            }
            None => SetupState::default(),
        };
        state = plan.run(api, sandbox, state)?;
        Ok(Self {
            url: sandbox.text(&plan.url).to_owned(),
            tokens: state.tokens,
            dictionaries: state.dictionaries,
        })
    }
}

/// The path of a setup file, from the root of the workspace.
fn file(api: &str) -> String {
    format!("{FOLDER}/{api}.setup.toml")
}

/// The contents of a setup file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct SetupPlan {
    /// An API whose setup runs first; its captured values and dictionaries are kept.
    after: Option<String>,
    /// The member of the sandbox's connection data that holds the base URL.
    url: String,
    /// Access tokens by environment variable.
    tokens: BTreeMap<String, TokenPlan>,
    /// Sent in this order.
    #[serde(default)]
    requests: Vec<SetupRequest>,
    /// Dictionaries by name; each takes its values from one captured list.
    #[serde(default)]
    dictionaries: BTreeMap<String, Selection>,
}

/// How to obtain an access token. It has all scopes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenPlan {
    /// The member of the sandbox's connection data that holds the audience.
    audience: String,
    /// The organization of the token: the first of these values.
    organization: Option<Selection>,
}

/// A request, or several of the same kind.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct SetupRequest {
    #[serde(default)]
    method: SetupMethod,
    /// Path and query below the base URL. In it and in the strings of the body, `{each}` stands for the current value of
    /// `for-each`, `{number}` for the repetition, counted from 0, and `{NAME}` for the first value captured as NAME.
    path: String,
    body: Option<Value>,
    /// Whether the path is one of the sandbox's own administration, below its root.
    #[serde(default)]
    admin: bool,
    /// Sends the request once for each of these values.
    for_each: Option<Selection>,
    /// The number of repetitions, for each value.
    #[serde(default = "once")]
    count: usize,
    /// The strings that a JSONPath selects in the response are added to the list of this name; duplicates are dropped.
    #[serde(default)]
    capture: BTreeMap<String, JsonPath>,
}

fn once() -> usize {
    1
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum SetupMethod {
    #[default]
    Get,
    Post,
}

/// A part of a captured list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Selection {
    /// The name of the list.
    values: String,
    /// The number of values to skip.
    #[serde(default)]
    skip: usize,
    /// The maximum number of values; all by default.
    take: Option<usize>,
}

/// The results of the requests so far.
#[derive(Debug, Default)]
struct SetupState {
    captured: BTreeMap<String, Vec<String>>,
    tokens: BTreeMap<String, String>,
    dictionaries: BTreeMap<String, Vec<String>>,
}

impl SetupPlan {
    fn read(workspace: &Workspace, api: &str) -> Result<Self, Failure> {
        let name = file(api);
        let text = std::fs::read_to_string(workspace.path(&name)).map_err(|error| {
            let problem = Problem::at("", format!("there is no contract setup for the API `{api}`"))
                .expected("a file that says how to bring the sandbox into the state to test")
                .found(error.to_string())
                .help(format!(
                    "write {name} after the example of the other files in {FOLDER}, or set `sandbox = false` in {}",
                    crate::sources::Sources::FILE
                ));
            Failure(vec![Report::of_file(&name, problem)])
        })?;
        Self::parse(&name, text)
    }

    fn parse(name: &str, text: String) -> Result<Self, Failure> {
        toml::from_str(&text).map_err(|error| {
            let source = Source {
                name: name.to_owned(),
                text,
                format: Format::Toml,
            };
            let problem = Problem::at("", error.message().trim().replace('\n', "; "));
            let offset = error.span().map_or(0, |span| span.start);
            Failure(vec![Report::at_offset(problem, &source, offset)])
        })
    }

    /// Sends the requests for `api` and returns the updated state.
    fn run(
        &self,
        api: &str,
        sandbox: &Sandbox,
        mut state: SetupState,
    ) -> Result<SetupState, Failure> {
        let rejected = |problem| Failure(vec![Report::of_file(&file(api), problem)]);
        state.tokens.clear();
        // All tokens are obtained before the requests are sent, so the organization of a token has to be captured by the
        // setup in `after`.
        for (variable, token) in &self.tokens {
            let organization = match &token.organization {
                Some(selection) => selection.of(&state).map_err(rejected)?.first().cloned(),
                None => None,
            };
            let audience = sandbox.text(&token.audience);
            let value = sandbox.token(audience, organization.as_deref())?;
            state.tokens.insert(variable.clone(), value);
        }
        let token = state.tokens.get(TOKEN).cloned().ok_or_else(|| {
            let problem = Problem::at("", "the requests have no access token");
            rejected(problem.expected(format!("`{TOKEN}` in `tokens`")))
        })?;
        let base = sandbox.text(&self.url);
        for request in &self.requests {
            let (base, token) = if request.admin {
                (sandbox.text("url"), sandbox.text("admin_token"))
            } else {
                (base, token.as_str())
            };
            for (path, body) in request.expand(&state).map_err(rejected)? {
                let method = match request.method {
                    SetupMethod::Get => Method::GET,
                    SetupMethod::Post => Method::POST,
                };
                let response =
                    sandbox.send(method, &format!("{base}{path}"), token, body.as_ref())?;
                request.capture(&response, &mut state);
            }
        }
        for (name, selection) in &self.dictionaries {
            let values = selection.of(&state).map_err(rejected)?.to_vec();
            state.dictionaries.insert(name.clone(), values);
        }
        Ok(state)
    }
}

impl SetupRequest {
    /// Returns path and body of each request to send.
    fn expand(&self, state: &SetupState) -> Result<Vec<(String, Option<Value>)>, Problem> {
        let values = match &self.for_each {
            Some(selection) => selection.of(state)?.iter().map(Some).collect(),
            None => vec![None],
        };
        let mut requests = Vec::new();
        for each in values {
            for number in 0..self.count {
                let value = |name: &str| match name {
                    "number" => Ok(number.to_string()),
                    "each" => each.cloned().ok_or_else(|| {
                        Problem::at("", format!("`{{each}}` in `{}` has no value", self.path))
                            .expected("a request with `for-each`")
                    }),
                    name => Ok(state.list(name)?[0].clone()),
                };
                let encoded = |name: &str| Ok(percent_encoded(&value(name)?));
                let path = filled(&self.path, &encoded)?;
                let body = match &self.body {
                    Some(body) => Some(filled_json(body, &value)?),
                    None => None,
                };
                requests.push((path, body));
            }
        }
        Ok(requests)
    }

    fn capture(&self, response: &Value, state: &mut SetupState) {
        for (name, path) in &self.capture {
            let list = state.captured.entry(name.clone()).or_default();
            let mut known: BTreeSet<String> = list.iter().cloned().collect();
            for value in path
                .query(response)
                .iter()
                .filter_map(|value| value.as_str())
            {
                if known.insert(value.to_owned()) {
                    list.push(value.to_owned());
                }
            }
        }
    }
}

impl Selection {
    /// Returns the selected values. It is an error if there are none, because the test would then use random ones.
    fn of<'a>(&self, state: &'a SetupState) -> Result<&'a [String], Problem> {
        let list = state.list(&self.values)?;
        let start = self.skip.min(list.len());
        let end = self
            .take
            .map_or(list.len(), |take| (start + take).min(list.len()));
        if start == end {
            return Err(Problem::at(
                "",
                format!("too few values were captured as `{}`", self.values),
            )
            .expected(format!("more than {}", self.skip))
            .found(list.len().to_string()));
        }
        Ok(&list[start..end])
    }
}

impl SetupState {
    /// Returns the values captured under a name. It is an error if there are none.
    fn list(&self, name: &str) -> Result<&[String], Problem> {
        match self.captured.get(name) {
            Some(list) if !list.is_empty() => Ok(list),
            _ => Err(Problem::at("", format!("nothing was captured as `{name}`"))
                .expected("an earlier request whose `capture` yields at least one string for it")),
        }
    }
}

/// Replaces each `{name}` of a template.
fn filled(
    template: &str,
    value: &dyn Fn(&str) -> Result<String, Problem>,
) -> Result<String, Problem> {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else {
            break;
        };
        text.push_str(before);
        text.push_str(&value(name)?);
        rest = after;
    }
    text.push_str(rest);
    Ok(text)
}

/// Replaces each `{name}` in the strings of a JSON value.
fn filled_json(
    template: &Value,
    value: &dyn Fn(&str) -> Result<String, Problem>,
) -> Result<Value, Problem> {
    Ok(match template {
        Value::String(text) => filled(text, value)?.into(),
        Value::Array(items) => items
            .iter()
            .map(|item| filled_json(item, value))
            .collect::<Result<Vec<Value>, Problem>>()?
            .into(),
        Value::Object(members) => members
            .iter()
            .map(|(name, member)| Ok((name.clone(), filled_json(member, value)?)))
            .collect::<Result<serde_json::Map<String, Value>, Problem>>()?
            .into(),
        other => other.clone(),
    })
}

/// Encodes a value as a path segment.
fn percent_encoded(value: &str) -> String {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    value
        .bytes()
        .map(|byte| match byte {
            byte if unreserved(byte) => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(text: &str) -> SetupRequest {
        toml::from_str(text).expect("a valid request")
    }

    fn state(lists: &[(&str, &[&str])]) -> SetupState {
        let captured = lists.iter().map(|(name, values)| {
            let values = values.iter().map(|value| (*value).to_owned()).collect();
            ((*name).to_owned(), values)
        });
        SetupState {
            captured: captured.collect(),
            ..SetupState::default()
        }
    }

    fn message<T: std::fmt::Debug>(result: Result<T, Problem>) -> String {
        Report::plain(result.expect_err("an error")).to_string()
    }

    #[test]
    fn api_without_a_setup_file_is_an_error_that_names_api_and_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let workspace = Workspace::at(Some(folder.path().to_owned()));
        let Failure(reports) = SetupPlan::read(&workspace, "payments").expect_err("an error");
        let text = reports[0].to_string();
        assert!(
            text.contains("no contract setup for the API `payments`"),
            "{text}"
        );
        assert!(
            text.contains("in xtask/contract/payments.setup.toml"),
            "{text}"
        );
        let help = reports[0].problem().help.clone().expect("a help text");
        assert!(
            help.contains("write xtask/contract/payments.setup.toml"),
            "{help}"
        );
    }

    #[test]
    fn every_api_of_the_sandbox_has_a_valid_setup_file() {
        let workspace = Workspace::at(None);
        let sources = workspace.sources().expect("the list of APIs");
        for (api, entry) in sources.select(&[]).expect("all APIs") {
            if entry.sandbox {
                let plan = SetupPlan::read(&workspace, api).expect("a valid setup file");
                assert!(plan.tokens.contains_key(TOKEN), "{api}");
            }
        }
    }

    #[test]
    fn unknown_key_is_an_error_with_its_place() {
        let text = "url = 'url'\ntokens = {}\nrequest = []\n".to_owned();
        let Failure(reports) = SetupPlan::parse("x.setup.toml", text).expect_err("an error");
        assert!(reports[0].to_string().contains("unknown field `request`"));
        assert_eq!(
            reports[0].offset(),
            Some("url = 'url'\ntokens = {}\n".len())
        );
    }

    #[test]
    fn request_is_sent_for_each_value_and_count_times() {
        let request = request(
            "method = 'POST'\npath = '/o/{first}/m/{each}'\ncount = 2\n\
             for-each = { values = 'members', skip = 1 }\nbody = { name = ['{each}-{number}'], fixed = 1 }",
        );
        let state = state(&[("first", &["a", "b"]), ("members", &["x", "x|1"])]);
        let requests = request.expand(&state).expect("requests");
        let bodies: Vec<String> = requests
            .iter()
            .flat_map(|(_, body)| body)
            .map(Value::to_string)
            .collect();
        assert_eq!(requests[0].0, "/o/a/m/x%7C1");
        assert_eq!(
            bodies,
            [
                r#"{"name":["x|1-0"],"fixed":1}"#,
                r#"{"name":["x|1-1"],"fixed":1}"#
            ]
            .map(|text| serde_json::from_str::<Value>(text)
                .expect("JSON")
                .to_string())
        );
    }

    #[test]
    fn captured_strings_are_added_once() {
        let request = request("path = '/'\ncapture = { ids = '$.items[*].id' }");
        let mut state = state(&[("ids", &["a"])]);
        let response = serde_json::json!({"items": [{"id": "a"}, {"id": "b"}, {"id": 3}]});
        request.capture(&response, &mut state);
        assert_eq!(state.captured["ids"], ["a", "b"]);
    }

    #[test]
    fn value_that_was_not_captured_is_an_error_that_names_it() {
        let state = state(&[("ids", &["a"])]);
        let text = message(request("path = '/{missing}'").expand(&state));
        assert!(text.contains("nothing was captured as `missing`"), "{text}");
        let text = message(request("path = '/{each}'").expand(&state));
        assert!(
            text.contains("`{each}` in `/{each}` has no value"),
            "{text}"
        );
        let too_many = "path = '/'\nfor-each = { values = 'ids', skip = 1 }";
        let text = message(request(too_many).expand(&state));
        assert!(
            text.contains("too few values were captured as `ids`"),
            "{text}"
        );
    }
}
