//! The sandbox as a program of its own, for the time of a test.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder};
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
            .args(["--organizations", "100", "--organization-members", "60"])
            .args(["--connections", "80"])
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
            // The sandbox closes what is idle for as long as a test takes.
            .pool_max_idle_per_host(0)
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

    /// An access token with all scopes for an audience, and for an organization if one is named.
    pub(super) fn token(
        &self,
        audience: &str,
        organization: Option<&str>,
    ) -> Result<String, Failure> {
        let mut form = vec![
            ("grant_type", "client_credentials"),
            ("client_id", self.text("client_id")),
            ("client_secret", self.text("client_secret")),
            ("audience", audience),
        ];
        form.extend(organization.map(|id| ("organization", id)));
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

    /// Sends a request with a token and returns the JSON of the response.
    pub(super) fn send(
        &self,
        method: Method,
        url: &str,
        token: &str,
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        let mut request = self.client.request(method, url).bearer_auth(token);
        if let Some(body) = body {
            request = request.json(body);
        }
        self.json(request)
    }

    /// The requests that it saw.
    pub(super) fn requests(&self) -> Result<Vec<Value>, Failure> {
        let url = format!("{}/_sandbox/requests", self.text("url"));
        let request = self.client.get(url).bearer_auth(self.text("admin_token"));
        let list = self.json(request)?;
        Ok(list.as_array().cloned().unwrap_or_default())
    }

    /// A text of the line that it printed.
    pub(super) fn text(&self, name: &str) -> &str {
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
