//! The oidc-provider process, shared by all tests of this binary. Its clients and accounts are in `clients.mjs` and
//! `accounts.mjs`.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::Value;

/// The provider, started by the first test that needs it. It stops when its standard input is closed, which happens
/// when this process ends for any reason.
pub(crate) fn provider() -> &'static Provider {
    static RUNNING: OnceLock<(Provider, Child)> = OnceLock::new();
    &RUNNING.get_or_init(start).0
}

/// URLs and clients of the provider.
#[derive(Debug, Deserialize)]
pub(crate) struct Provider {
    /// The issuer, with a trailing slash like those of Auth0.
    pub(crate) issuer: String,
    pub(crate) discovery: String,
    pub(crate) token_endpoint: String,
    /// URL prefix of the number of token requests with a proof, by thumbprint of the DPoP key.
    pub(crate) token_requests: String,
    /// URL prefix of an API that accepts Bearer and DPoP tokens.
    pub(crate) api: String,
    /// The `audience` or `resource` of tokens for the API.
    pub(crate) audience: String,
    /// The scopes of the API.
    pub(crate) scopes: Vec<String>,
    pub(crate) mtls: MtlsEndpoints,
    clients: BTreeMap<String, RegisteredClient>,
}

/// The https endpoints, which request client certificates.
#[derive(Debug, Deserialize)]
pub(crate) struct MtlsEndpoints {
    pub(crate) token_endpoint: String,
    /// The same API.
    pub(crate) api: String,
    /// The certificate authority of the server certificate, as PEM.
    pub(crate) ca: PathBuf,
}

/// A registered client. Fields that do not apply to its kind are empty.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RegisteredClient {
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    /// The signing algorithm of its assertions, such as `PS256`.
    pub(crate) algorithm: String,
    /// The private key of assertions as PKCS #8, and as JWK with a key id.
    pub(crate) pem: String,
    pub(crate) jwk: Value,
    /// The client certificate and its private key, as PEM.
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
    pub(crate) redirect_uris: Vec<String>,
}

impl Provider {
    /// The client with this name in `clients.mjs`.
    pub(crate) fn client(&self, name: &str) -> &RegisteredClient {
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
