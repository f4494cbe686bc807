//! oidc-provider as a program of its own, one for all tests of this binary. What it knows is in `clients.mjs` and
//! `accounts.mjs` beside this file.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::Value;

/// The provider, started by the first test that asks for it. It ends when its standard input is closed, which happens
/// when this program ends in whatever way.
pub(crate) fn provider() -> &'static Provider {
    static RUNNING: OnceLock<(Provider, Child)> = OnceLock::new();
    &RUNNING.get_or_init(start).0
}

/// Where things are and who is known.
#[derive(Debug, Deserialize)]
pub(crate) struct Provider {
    /// The issuer, with a slash at the end as Auth0's have.
    pub(crate) issuer: String,
    pub(crate) discovery: String,
    pub(crate) token_endpoint: String,
    /// Below this, by the thumbprint of a DPoP key, how often the token endpoint was asked with a proof of it.
    pub(crate) token_requests: String,
    /// An API that takes the tokens, Bearer and DPoP, at this address and below it.
    pub(crate) api: String,
    /// What tokens for that API are asked for with, as `audience` or as `resource`.
    pub(crate) audience: String,
    /// The scopes that the API has.
    pub(crate) scopes: Vec<String>,
    pub(crate) mtls: Mtls,
    clients: BTreeMap<String, Client>,
}

/// The second door: https, where client certificates are asked for.
#[derive(Debug, Deserialize)]
pub(crate) struct Mtls {
    pub(crate) token_endpoint: String,
    /// The API, once more.
    pub(crate) api: String,
    /// The authority that signed the server's certificate, as PEM.
    pub(crate) ca: PathBuf,
}

/// A registered client. What its kind does not have is empty.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Client {
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    /// How its assertions are signed, such as `PS256`.
    pub(crate) algorithm: String,
    /// The private key for that, as PKCS #8 and as a JWK with its id.
    pub(crate) pem: String,
    pub(crate) jwk: Value,
    /// The client's certificate and the key that belongs to it, as PEM.
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
    pub(crate) redirect_uris: Vec<String>,
}

impl Provider {
    /// The client of this name in `clients.mjs`.
    pub(crate) fn client(&self, name: &str) -> &Client {
        &self.clients[name]
    }
}

fn start() -> (Provider, Child) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("interop");
    assert!(
        folder.join("node_modules").exists(),
        "oidc-provider is not installed: `cargo xtask interop` does that"
    );
    let mut process = Command::new("node")
        .arg("server.mjs")
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut out = BufReader::new(process.stdout.take().unwrap());
    out.read_line(&mut line).unwrap();
    let provider = serde_json::from_str(&line)
        .unwrap_or_else(|error| panic!("server.mjs did not start: {error}\n{line}"));
    (provider, process)
}
