//! The signing keys of a server: its JSON Web Key Set (RFC 7517).

use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::DecodingKey;
use serde::Deserialize;
use serde_json::Value;

use crate::application::Application;
use crate::discovery::Endpoint;
use crate::document_cache::{DocumentCache, Version};
use crate::error::{Error, Failure, IdTokenErrorKind};
use crate::signing::SigningAlgorithm;

/// The maximum age of cached keys, so that a revoked key is not accepted forever.
const MAX_AGE: Duration = Duration::from_secs(60 * 60);

/// The minimum age at which an unknown key ID triggers a new fetch: anybody can make up a key ID.
const MIN_AGE: Duration = Duration::from_secs(60);

/// The keys of a server, fetched on demand by one request for all waiting logins.
#[derive(Default)]
pub(crate) struct Jwks(DocumentCache<Vec<Key>>);

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

/// The relevant members of a public JWK.
#[derive(Deserialize)]
pub(crate) struct Key {
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
    /// Fetches the keys unless they are cached.
    pub(crate) async fn prepare(&self, application: &Arc<Application>) -> Result<(), Error> {
        self.keys(application, MAX_AGE).await.map(|_| ())
    }

    /// Returns the key for a signature. An unknown key ID triggers one new fetch.
    pub(crate) async fn key(
        &self,
        application: &Arc<Application>,
        id: Option<&str>,
        algorithm: SigningAlgorithm,
    ) -> Result<DecodingKey, Error> {
        for age in [MAX_AGE, MIN_AGE] {
            let keys = self.keys(application, age).await?;
            if let Some(key) = find(&keys, id, algorithm) {
                return key.decoding().ok_or_else(unknown);
            }
        }
        Err(unknown())
    }

    /// Returns the keys. Fetches them unless they are younger than `age`.
    async fn keys(
        &self,
        application: &Arc<Application>,
        age: Duration,
    ) -> Result<Arc<Vec<Key>>, Error> {
        let fetching = application.clone();
        let now = application.exchange.clock.monotonic();
        let fetch = |_| async move {
            let Application {
                server, exchange, ..
            } = &*fetching;
            let url = server.endpoint(Endpoint::Jwks, exchange).await?;
            let set: KeySet = exchange.get(Endpoint::Jwks.title(), url).await?;
            tracing::debug!(keys = set.keys.len(), "signing keys fetched");
            // Keys of unknown types are skipped.
            let keys = set.keys.into_iter();
            let keys = keys.filter_map(|key| serde_json::from_value(key).ok());
            Ok(Version {
                document: Arc::new(keys.collect()),
                fetched_at: now,
            })
        };
        self.0.get(now, age, fetch).await
    }
}

fn unknown() -> Error {
    Failure::IdToken(IdTokenErrorKind::UnknownKey.into()).into()
}

/// Returns the key with this ID, or without an ID the only suitable key (OpenID Connect Core 1.0 §10.1).
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
