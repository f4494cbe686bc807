//! The sandbox as a program of its own, for the time of a test.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use reqwest::{Client, RequestBuilder};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::console::Failure;
use crate::diagnostic::Report;
use crate::problem::Problem;
use crate::workspace::Workspace;

/// A sandbox, which is stopped when this is dropped.
pub(super) struct Sandbox {
    process: Child,
    connection: Value,
    client: Client,
    runtime: Runtime,
    log: PathBuf,
}

impl Sandbox {
    /// Builds and starts one whose every answer is held against its own document too.
    pub(super) fn start(workspace: &Workspace, scratch: &Path) -> Result<Self, Failure> {
        let log = scratch.join("sandbox.log");
        let file = File::create(&log)
            .map_err(|error| failed("its log cannot be written", &error.to_string()))?;
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut process = Command::new(cargo)
            .args(["run", "--quiet", "--package", "auth0-sandbox", "--"])
            .args(["--members", "12", "--tenants", "20", "--check-answers"])
            .current_dir(workspace.path("."))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(file)
            .spawn()
            .map_err(|error| failed("cargo cannot be run", &error.to_string()))?;
        let mut line = String::new();
        if let Some(out) = process.stdout.take() {
            // What cannot be read is an empty line, which is told below.
            let _ = BufReader::new(out).read_line(&mut line);
        }
        let connection = serde_json::from_str(&line);
        let client = Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(30))
            .build();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let (Ok(connection), Ok(client), Ok(runtime)) = (connection, client, runtime) else {
            let _ = process.kill();
            let _ = process.wait();
            let told = fs::read_to_string(&log).unwrap_or_default();
            return Err(failed("it did not start", &told));
        };
        Ok(Self {
            process,
            connection,
            client,
            runtime,
            log,
        })
    }

    pub(super) fn url(&self) -> &str {
        self.text("url")
    }

    /// An access token with all scopes.
    pub(super) fn token(&self) -> Result<String, Failure> {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", self.text("client_id")),
            ("client_secret", self.text("client_secret")),
            ("audience", self.text("audience")),
        ];
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let request = self
            .client
            .post(self.text("token_url"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        let grant = self.json(request)?;
        Ok(grant["access_token"]
            .as_str()
            .unwrap_or_default()
            .to_owned())
    }

    /// Values that the sandbox knows, by the names of dictionaries.
    pub(super) fn dictionaries(
        &self,
        token: &str,
    ) -> Result<[(&'static str, Vec<String>); 4], Failure> {
        let get = |path: &str| {
            let url = format!("{}{path}", self.url());
            self.json(self.client.get(url).bearer_auth(token))
        };
        let texts = |list: &Value, member: &str| {
            let items = list.as_array().into_iter().flatten();
            items
                .filter_map(|item| item[member].as_str().or(item.as_str()))
                .map(str::to_owned)
                .collect()
        };
        let members = &get("/api/members")?["members"];
        let tenants = &get("/api/tenants")?["tenants"];
        let environments = &get("/api/environments")?["environments"];
        Ok([
            ("members", texts(members, "id")),
            ("emails", texts(members, "email")),
            ("tenants", texts(tenants, "tenant_id")),
            ("environments", texts(environments, "")),
        ])
    }

    /// The requests that it saw.
    pub(super) fn requests(&self) -> Result<Vec<Value>, Failure> {
        let url = format!("{}/_sandbox/requests", self.url());
        let request = self.client.get(url).bearer_auth(self.text("admin_token"));
        let list = self.json(request)?;
        Ok(list.as_array().cloned().unwrap_or_default())
    }

    fn text(&self, name: &str) -> &str {
        self.connection[name].as_str().unwrap_or_default()
    }

    fn json(&self, request: RequestBuilder) -> Result<Value, Failure> {
        let answer = self.runtime.block_on(async {
            request
                .send()
                .await?
                .error_for_status()?
                .json::<Value>()
                .await
        });
        answer.map_err(|error| {
            let log = fs::read_to_string(&self.log).unwrap_or_default();
            failed(
                "it does not answer as it should",
                &format!("{error}\n{log}"),
            )
        })
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn failed(what: &str, told: &str) -> Failure {
    let problem = Problem::at("", format!("the sandbox: {what}")).found(told.trim().to_owned());
    Failure(vec![Report::plain(problem)])
}
