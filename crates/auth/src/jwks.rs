//! The keys that a server signs with, as it publishes them (RFC 7517).

use std::time::Duration;

use jsonwebtoken::DecodingKey;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;

use crate::application::Application;
use crate::discovery::Endpoint;
use crate::error::{Error, Failure, IdTokenFault};
use crate::signing::SigningAlgorithm;

/// How long keys are used without asking again, so that one that was withdrawn does not count for ever.
const FRESH: Duration = Duration::from_secs(60 * 60);

/// Keys that are no older than this are not fetched again for the sake of an unknown one: anybody can make up a key id.
const COOL_DOWN: Duration = Duration::from_secs(60);

/// The keys of a server, fetched when they are needed.
#[derive(Default)]
pub(crate) struct Jwks {
    /// Held while they are fetched, so that many logins make one request.
    known: Mutex<Option<Known>>,
}

struct Known {
    keys: Vec<Key>,
    fetched_at: Duration,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

/// The members of a public JWK that are read.
#[derive(Deserialize)]
struct Key {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl Jwks {
    /// Fetches the keys, if there are none that are fresh.
    pub(crate) async fn prepare(&self, application: &Application) -> Result<(), Error> {
        let mut known = self.known.lock().await;
        ensure(&mut known, application, FRESH).await.map(|_| ())
    }

    /// The key by which a signature is checked. An unknown one has the keys fetched once more.
    pub(crate) async fn key(
        &self,
        application: &Application,
        id: Option<&str>,
        algorithm: SigningAlgorithm,
    ) -> Result<DecodingKey, Error> {
        let mut known = self.known.lock().await;
        for age in [FRESH, COOL_DOWN] {
            let keys = &ensure(&mut known, application, age).await?.keys;
            if let Some(key) = find(keys, id, algorithm) {
                return key.decoding().ok_or_else(unknown);
            }
        }
        Err(unknown())
    }
}

/// The keys, fetched unless they are younger than `age`.
async fn ensure<'a>(
    known: &'a mut Option<Known>,
    application: &Application,
    age: Duration,
) -> Result<&'a Known, Error> {
    let exchange = &application.exchange;
    let now = exchange.clock.monotonic();
    let is_fresh = known
        .as_ref()
        .is_some_and(|known| now.saturating_sub(known.fetched_at) < age);
    if !is_fresh {
        let url = application
            .server
            .endpoint(Endpoint::Jwks, exchange)
            .await?;
        let set: KeySet = exchange.get(url).await?;
        tracing::debug!(keys = set.keys.len(), "signing keys fetched");
        // A key of a kind that nobody here knows does no harm to the others.
        let keys = set.keys.into_iter();
        *known = Some(Known {
            keys: keys
                .filter_map(|key| serde_json::from_value(key).ok())
                .collect(),
            fetched_at: now,
        });
    }
    known.as_ref().ok_or_else(unknown)
}

fn unknown() -> Error {
    Failure::IdToken(IdTokenFault::UnknownKey.into()).into()
}

/// The key with this id; without an id the only one that fits (OpenID Connect Core 1.0 §10.1).
fn find<'k>(keys: &'k [Key], id: Option<&str>, algorithm: SigningAlgorithm) -> Option<&'k Key> {
    let mut fitting = keys
        .iter()
        .filter(|key| key.fits(algorithm) && id.is_none_or(|id| key.kid.as_deref() == Some(id)));
    let found = fitting.next()?;
    fitting.next().is_none().then_some(found)
}

impl Key {
    fn fits(&self, algorithm: SigningAlgorithm) -> bool {
        let of_kind = match algorithm {
            SigningAlgorithm::Es256 => self.kty == "EC" && self.crv.as_deref() == Some("P-256"),
            SigningAlgorithm::Es384 => self.kty == "EC" && self.crv.as_deref() == Some("P-384"),
            _ => self.kty == "RSA",
        };
        of_kind
            && self.usage.as_deref().is_none_or(|usage| usage == "sig")
            && self
                .alg
                .as_deref()
                .is_none_or(|alg| alg == algorithm.name())
    }

    fn decoding(&self) -> Option<DecodingKey> {
        match self.kty.as_str() {
            "EC" => DecodingKey::from_ec_components(self.x.as_deref()?, self.y.as_deref()?),
            _ => DecodingKey::from_rsa_components(self.n.as_deref()?, self.e.as_deref()?),
        }
        .ok()
    }
}
