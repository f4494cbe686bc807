//! Runs the sandbox as a separate process for the duration of a test.

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

/// A running sandbox. It is stopped on drop.
pub(super) struct Sandbox {
    process: Child,
    connection: Value,
    client: Client,
    runtime: Runtime,
    log: PathBuf,
}

impl Sandbox {
    /// Builds and starts a sandbox that validates its own responses.
    pub(super) fn start(workspace: &Workspace, scratch: &Path) -> Result<Self, Failure> {
        let log = scratch.join("sandbox.log");
        let file = File::create(&log)
            .map_err(|error| failed("the log cannot be written", &error.to_string()))?;
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
            // A read error leaves an empty line, which is reported below.
            let _ = BufReader::new(out).read_line(&mut line);
        }
        let connection = serde_json::from_str(&line);
        let client = Client::builder()
            .no_proxy()
            // The sandbox closes idle connections during a test.
            .pool_max_idle_per_host(0)
            .timeout(Duration::from_secs(30))
            .build();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let (Ok(connection), Ok(client), Ok(runtime)) = (connection, client, runtime) else {
            let _ = process.kill();
            let _ = process.wait();
            let log = fs::read_to_string(&log).unwrap_or_default();
            return Err(failed("it did not start", &log));
        };
        Ok(Self {
            process,
            connection,
            client,
            runtime,
            log,
        })
    }

    /// Obtains an access token with all scopes for an audience, and optionally for an organization.
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

    /// Reads the request log.
    pub(super) fn requests(&self) -> Result<Vec<Value>, Failure> {
        let url = format!("{}/_sandbox/requests", self.text("url"));
        let request = self.client.get(url).bearer_auth(self.text("admin_token"));
        let list = self.json(request)?;
        Ok(list.as_array().cloned().unwrap_or_default())
    }

    /// A string member of the connection data that the sandbox printed on startup.
    pub(super) fn text(&self, name: &str) -> &str {
        self.connection[name].as_str().unwrap_or_default()
    }

    fn json(&self, request: RequestBuilder) -> Result<Value, Failure> {
        let response = self.runtime.block_on(async {
            request
                .send()
                .await?
                .error_for_status()?
                .json::<Value>()
                .await
        });
        response.map_err(|error| {
            let log = fs::read_to_string(&self.log).unwrap_or_default();
            failed("a request of the setup failed", &format!("{error}\n{log}"))
        })
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn failed(message: &str, output: &str) -> Failure {
    let problem = Problem::at("", format!("sandbox: {message}")).found(output.trim().to_owned());
    Failure(vec![Report::plain(problem)])
}
