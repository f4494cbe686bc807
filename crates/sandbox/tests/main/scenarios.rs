//! Scenarios of requests and expected responses, as text: `tests/scenarios/*.txt`.
//!
//! | line | meaning |
//! | --- | --- |
//! | `## title` | a new scenario with its own sandbox |
//! | `sandbox members=3 short_pages` | its settings, named like those of the builder |
//! | `teams`, `management [scopes]`, `my-organization [organization] [scopes]` | the client of the following requests; without scopes, one with all |
//! | `METHOD path [body] => status [expectation]` | a request; `~` in a path is the first organization |
//! | `ADMIN METHOD path [body] => status [expectation]` | a request to `/_sandbox` |
//! | `PAGES path name => count [items]` | all items of a listing with cursors |
//! | `ADVANCE seconds` | moves the clock |
//! | `for $name in a b` | repeats the indented lines that follow; variables that they set are local |
//!
//! An expectation is the code of an error with parts of its body (`code part; part`), or a JSON value: of objects it lists some
//! members, where null is a missing one. `= value` lists all. `"#3"` is a list of three items, `"*"` any value. `$name` is replaced by
//! a variable (`$name.0.id` by a part of it), and in an expectation it sets a variable that has no value.

use std::collections::BTreeMap;
use std::time::Duration;

use auth0_sandbox::{Application, Sandbox, SandboxBuilder, User};
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::support::{TestResponse, TestSandbox, send_request};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios");

macro_rules! scenario_files {
    ($($name:ident)*) => {
        const FILES: &[&str] = &[$(concat!(stringify!($name), ".txt")),*];

        $(
            #[tokio::test]
            async fn $name() {
                run_file(concat!(stringify!($name), ".txt")).await;
            }
        )*
    };
}

#[test]
fn every_scenario_file_is_run() {
    let files = std::fs::read_dir(FOLDER).unwrap();
    let mut found: Vec<_> = files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    found.sort();
    assert_eq!(found, FILES);
}

scenario_files! {
    access activity connections domains invitations listings member_lists members my_organization
    organizations paging parameters providers roles team_invitations tenants validation
}

/// The lines of a file, with their numbers.
type Lines<'a> = Vec<(usize, &'a str)>;

async fn run_file(file: &'static str) {
    let text = std::fs::read_to_string(format!("{FOLDER}/{file}")).unwrap();
    let lines = text
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line));
    let is_content = |line: &str| !line.trim().is_empty() && !line.starts_with("# ");
    let lines: Lines<'_> = lines.filter(|(_, line)| is_content(line)).collect();
    let is_title = |(_, line): &(usize, &str)| line.starts_with("## ");
    for scenario in lines.chunk_by(|_, next| !is_title(next)) {
        assert!(is_title(&scenario[0]), "{file}: expected a title");
        let mut lines = &scenario[1..];
        let mut builder = Sandbox::builder();
        if let Some(settings) = lines
            .first()
            .and_then(|(_, line)| line.strip_prefix("sandbox "))
        {
            builder = settings.split(' ').fold(builder, set);
            lines = &lines[1..];
        }
        let sandbox = builder.check_responses().start().await.unwrap();
        let mut run = Run::new(file, TestSandbox::without_token(sandbox));
        run.block(lines).await;
    }
}

fn set(builder: SandboxBuilder, setting: &str) -> SandboxBuilder {
    let (name, value) = setting.split_once('=').unwrap_or((setting, ""));
    let number = || value.parse::<u64>().unwrap();
    match name {
        "accept_invitations" => builder.accept_invitations(),
        "activity" => builder.activity(number()),
        "allowed_strategies" => {
            builder.allowed_strategies(value.split(',').filter(|one| !one.is_empty()))
        }
        "application" => builder.application(Application::new(value, "s3cret").name("Robot")),
        "empty_last_pages" => builder.empty_last_pages(),
        "keep_used_connections" => builder.keep_used_connections(),
        "member_list_lag" => builder.member_list_lag(Duration::from_secs(number())),
        "members" => builder.members(number()),
        "organization_members" => builder.organization_members(number()),
        "organizations" => builder.organizations(number()),
        "private_cloud" => builder.private_cloud(value, "dublin"),
        "seed" => builder.seed(number()),
        "short_pages" => builder.short_pages(),
        "tenant_limit" => builder.tenant_limit(value.parse().unwrap()),
        "tenants" => builder.tenants(number()),
        "user" => builder.user(User::new(value, "eve@x.test", "Eve")),
        _ => panic!("unknown setting {setting}"),
    }
}

/// A running scenario.
struct Run {
    file: &'static str,
    sandbox: TestSandbox,
    variables: BTreeMap<String, Value>,
    /// Base URL, token and API of the client.
    client: (String, String, &'static str),
    line: usize,
}

impl Run {
    fn new(file: &'static str, sandbox: TestSandbox) -> Self {
        let variables = json!({
            "organization": sandbox.organization_id(),
            "organization_name": sandbox.organization_name(),
            "member": sandbox.organization_member().map(|member| &member.id),
            "my_organization_audience": sandbox.my_organization_audience(),
            "first": sandbox.first_member(),
        });
        Self {
            variables: serde_json::from_value(variables).unwrap(),
            client: Default::default(),
            file,
            sandbox,
            line: 0,
        }
    }

    async fn block(&mut self, lines: &[(usize, &str)]) {
        let mut rest = lines;
        while let Some(((number, line), after)) = rest.split_first() {
            rest = after;
            self.line = *number;
            let Some((name, values)) = line
                .trim_start()
                .strip_prefix("for $")
                .and_then(|line| line.split_once(" in "))
            else {
                self.run(line.trim_start()).await;
                continue;
            };
            let depth = |line: &str| line.len() - line.trim_start().len();
            let end = rest
                .iter()
                .position(|(_, next)| depth(next) <= depth(line))
                .unwrap_or(rest.len());
            let (body, after) = rest.split_at(end);
            rest = after;
            let outside = self.variables.clone();
            for value in values.split(' ') {
                let text = self.text(value);
                // Numbers such as `05` stay text.
                let parsed = serde_json::from_str::<Value>(&text).ok();
                let printed = parsed.as_ref().map(Value::to_string);
                let value = match parsed {
                    Some(value) if printed.as_ref() == Some(&text) => value,
                    _ => json!(text),
                };
                self.variables.insert(name.to_owned(), value);
                Box::pin(self.block(body)).await;
                self.variables.clone_from(&outside);
            }
        }
    }

    async fn run(&mut self, line: &str) {
        let (command, rest) = line.split_once(' ').unwrap_or((line, ""));
        match command {
            "teams" | "management" | "my-organization" => self.connect(command, rest).await,
            "ADVANCE" => self
                .sandbox
                .advance(Duration::from_secs(rest.parse().unwrap())),
            "PAGES" => self.pages(rest).await,
            _ => self.request(line).await,
        }
    }

    /// Uses the client of an API.
    async fn connect(&mut self, api: &str, rest: &str) {
        let sandbox = &self.sandbox;
        let (api, url, audience) = match api {
            "teams" => ("teams", sandbox.url().to_owned(), sandbox.audience()),
            "management" => (
                "management",
                sandbox.management_url(),
                sandbox.management_audience(),
            ),
            _ => (
                "my-organization",
                sandbox.my_organization_url(),
                sandbox.my_organization_audience(),
            ),
        };
        let mut words: Vec<String> = rest
            .split_whitespace()
            .map(|word| self.text(word))
            .collect();
        let mut organization = sandbox.organization_id().to_owned();
        if words.first().is_some_and(|word| word.starts_with("org_")) {
            organization = words.remove(0);
        }
        let scope = words.join(" ");
        let mut form = vec![
            ("grant_type", "client_credentials"),
            ("client_id", sandbox.client_id()),
            ("client_secret", sandbox.client_secret()),
            ("audience", audience),
            ("scope", &scope),
        ];
        if api == "my-organization" {
            form.push(("organization", &organization));
        }
        let token = sandbox.request_token(&form).await.expect(200);
        let token = token["access_token"].as_str().unwrap().to_owned();
        self.client = (url, token, api);
    }

    async fn request(&mut self, line: &str) {
        let (request, expected) = line
            .split_once(" => ")
            .unwrap_or_else(|| self.fail("expected =>"));
        let response = self.send(request).await;
        let (status, expected) = expected.split_once(' ').unwrap_or((expected, ""));
        if response.status.to_string() != self.text(status) {
            self.fail(&format!("expected {status}, found {response:?}"));
        }
        self.check(&response, expected);
    }

    async fn send(&self, request: &str) -> TestResponse {
        let (is_admin, request) = match request.strip_prefix("ADMIN ") {
            Some(request) => (true, request),
            None => (false, request),
        };
        let (method, rest) = request.split_once(' ').unwrap();
        let (path, body) = rest.split_once(' ').unwrap_or((rest, ""));
        let path = self.text(path).replace(
            '~',
            &format!("/organizations/{}", self.sandbox.organization_id()),
        );
        let path = path.replace('|', "%7C");
        let method: Method = self.text(method).parse().unwrap();
        let request = match is_admin {
            true => self.sandbox.admin(method, &path),
            false => {
                let (url, token, _) = &self.client;
                Client::request(&self.sandbox.http, method, format!("{url}{path}"))
                    .bearer_auth(token)
            }
        };
        send_request(match body {
            "" => request,
            body => request.json(&self.value(body)),
        })
        .await
    }

    async fn pages(&mut self, line: &str) {
        let (listing, expected) = line.split_once(" => ").unwrap();
        let (path, name) = listing.split_once(' ').unwrap();
        let (mut items, mut pages, mut from) = (Vec::new(), 0, String::new());
        loop {
            let response = self.send(&format!("GET {path}{from}")).await;
            let body = response.clone().expect(200);
            pages += 1;
            items.extend(body[name].as_array().unwrap().iter().cloned());
            match body["next"].as_str() {
                Some(next) => {
                    let separator = if path.contains('?') { '&' } else { '?' };
                    from = format!("{separator}from={next}");
                }
                None => break,
            }
        }
        let (count, expected) = expected.split_once(' ').unwrap_or((expected, ""));
        if count != pages.to_string() {
            self.fail(&format!("expected {count} pages, found {pages}"));
        }
        let found = json!(items);
        self.check_value(&found, expected);
    }

    fn check(&mut self, response: &TestResponse, expected: &str) {
        let is_code = expected.starts_with(|first: char| first.is_ascii_alphabetic());
        if !is_code {
            return self.check_value(&response.body, expected);
        }
        let code = match self.client.2 {
            "management" => &response.body["errorCode"],
            _ => &response.body["type"],
        };
        let code = code
            .as_str()
            .unwrap_or_default()
            .rsplit('#')
            .next()
            .unwrap_or_default();
        let (wanted, texts) = expected.split_once(' ').unwrap_or((expected, ""));
        let body = response.body.to_string();
        let texts = self.text(texts);
        if code != wanted || !texts.split("; ").all(|text| body.contains(text)) {
            self.fail(&format!("expected {expected}, found {response:?}"));
        }
    }

    fn check_value(&mut self, found: &Value, expected: &str) {
        let (expected, is_complete) = match expected.strip_prefix("= ") {
            Some(expected) => (expected, true),
            None => (expected, false),
        };
        let expected = match expected {
            "" => return,
            variable if variable.starts_with('$') => json!(variable),
            text => {
                serde_json::from_str(text).unwrap_or_else(|error| self.fail(&error.to_string()))
            }
        };
        if !self.matches(found, &expected, is_complete) {
            self.fail(&format!("expected {expected}, found {found}"));
        }
    }

    fn matches(&mut self, found: &Value, expected: &Value, is_complete: bool) -> bool {
        match expected {
            Value::String(text) if text == "*" => !found.is_null(),
            Value::String(text) if text.starts_with('#') && found.is_array() => {
                found.as_array().map(Vec::len) == text[1..].parse().ok()
            }
            Value::String(text) if text.starts_with('$') => match self.variable(&text[1..]) {
                Some(value) => *found == value,
                None if text.contains('.') => false,
                None => self
                    .variables
                    .insert(text[1..].to_owned(), found.clone())
                    .is_none(),
            },
            Value::Object(members) => {
                let same = !is_complete
                    || found.as_object().map(|found| found.len()) == Some(members.len());
                same && found.is_object()
                    && members
                        .iter()
                        .all(|(name, value)| self.matches(&found[name], value, is_complete))
            }
            Value::Array(items) => {
                let list = found.as_array().cloned().unwrap_or_default();
                let mut pairs = list.iter().zip(items);
                found.is_array()
                    && list.len() == items.len()
                    && pairs.all(|(found, expected)| self.matches(found, expected, is_complete))
            }
            other => found == other,
        }
    }

    /// A variable or a part of it.
    fn variable(&self, name: &str) -> Option<Value> {
        let mut parts = name.split('.');
        let value = self.variables.get(parts.next()?)?;
        let pointer: String = parts.map(|part| format!("/{part}")).collect();
        value.pointer(&pointer).cloned()
    }

    /// Replaces the variables in a text.
    fn text(&self, text: &str) -> String {
        let mut parts = text.split('$');
        let mut result = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let end = part
                .find(|c: char| !c.is_ascii_alphanumeric() && !"._".contains(c))
                .unwrap_or(part.len());
            match self.variable(&part[..end]) {
                Some(Value::String(value)) => result.push_str(&value),
                Some(value) => result.push_str(&value.to_string()),
                None => self.fail(&format!("unknown variable ${}", &part[..end])),
            }
            result.push_str(&part[end..]);
        }
        result
    }

    /// A JSON text with variables, which replace strings such as `"$name"` by their value.
    fn value(&self, text: &str) -> Value {
        fn replace(run: &Run, value: &mut Value) {
            match value {
                Value::String(text) if text.contains('$') => {
                    let whole = text.strip_prefix('$').and_then(|name| run.variable(name));
                    *value = whole.unwrap_or_else(|| json!(run.text(text)));
                }
                Value::Array(items) => items.iter_mut().for_each(|item| replace(run, item)),
                Value::Object(members) => {
                    members.values_mut().for_each(|member| replace(run, member))
                }
                _ => {}
            }
        }
        let mut value = match text.strip_prefix('$') {
            Some(_) => json!(text),
            None => {
                serde_json::from_str(text).unwrap_or_else(|error| self.fail(&error.to_string()))
            }
        };
        replace(self, &mut value);
        value
    }

    fn fail(&self, message: &str) -> ! {
        panic!("{}:{}: {message}", self.file, self.line)
    }
}
