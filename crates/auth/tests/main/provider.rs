//! An OpenID provider for tests: discovery, keys that are generated at run time, and a scripted token endpoint.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, SystemTime};

use auth0_auth::{AuthorizationCode, AuthorizationCodeBuilder, Error, PendingLogin, Session};
use auth0_core::time::{Clock, Sleeper};
use auth0_core::{BoxFuture, RetryPolicy};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
    RsaEncoding,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use url::Url;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::support::FakeClock;

pub(crate) const CLIENT: &str = "client";
pub(crate) const REDIRECT: &str = "https://app.test/callback";

/// A sleeper that advances the clock instead of waiting, and records the requested durations.
#[derive(Debug)]
pub(crate) struct FakeSleeper {
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) slept: Mutex<Vec<Duration>>,
}

impl FakeSleeper {
    pub(crate) fn new(clock: &Arc<FakeClock>) -> Arc<Self> {
        Arc::new(Self {
            clock: clock.clone(),
            slept: Mutex::default(),
        })
    }

    pub(crate) fn seconds(&self) -> Vec<u64> {
        let slept = self.slept.lock().unwrap();
        slept.iter().map(Duration::as_secs).collect()
    }
}

impl Sleeper for FakeSleeper {
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.slept.lock().unwrap().push(duration);
        self.clock.advance(duration.as_secs());
        Box::pin(tokio::task::yield_now())
    }
}

/// A key pair and its published ID.
pub(crate) enum Key {
    Rsa(KeyPair, &'static str),
    Ec(EcdsaKeyPair, &'static str),
}

impl Key {
    pub(crate) fn rsa(id: &'static str) -> Self {
        Self::Rsa(KeyPair::generate(KeySize::Rsa2048).unwrap(), id)
    }

    pub(crate) fn ec(id: &'static str) -> Self {
        Self::Ec(
            EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(),
            id,
        )
    }

    pub(crate) fn id(&self) -> &'static str {
        match self {
            Self::Rsa(_, id) | Self::Ec(_, id) => id,
        }
    }

    /// The public JWK.
    pub(crate) fn jwk(&self) -> Value {
        match self {
            Self::Rsa(pair, id) => {
                // RSAPublicKey of RFC 8017: two headers, a zero, 256 bytes of modulus, the exponent.
                let der = pair.public_key().as_ref();
                json!({"kty": "RSA", "use": "sig", "kid": id, "n": base64(&der[9..265]), "e": "AQAB"})
            }
            Self::Ec(pair, id) => {
                let point = pair.public_key().as_ref();
                json!({"kty": "EC", "crv": "P-256", "kid": id, "x": base64(&point[1..33]), "y": base64(&point[33..])})
            }
        }
    }

    /// The text that a confused client would use as the secret of an HMAC.
    pub(crate) fn public_bytes(&self) -> Vec<u8> {
        match self {
            Self::Rsa(pair, _) => pair.public_key().as_ref().to_vec(),
            Self::Ec(pair, _) => pair.public_key().as_ref().to_vec(),
        }
    }

    fn signature(&self, algorithm: &str, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(pair, _) => {
                let encoding: &'static dyn RsaEncoding = match algorithm {
                    "PS256" => &RSA_PSS_SHA256,
                    _ => &RSA_PKCS1_SHA256,
                };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(encoding, &random, message, &mut signature)
                    .unwrap();
                signature
            }
            Self::Ec(pair, _) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
        }
    }

    /// Signs the claims with a given header.
    pub(crate) fn signed(&self, header: &Value, claims: &Value) -> String {
        let message = unsigned(header, claims);
        let algorithm = header["alg"].as_str().unwrap_or_default();
        let signature = self.signature(algorithm, message.as_bytes());
        format!("{message}.{}", base64(&signature))
    }
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Encodes header and claims, without a signature.
pub(crate) fn unsigned(header: &Value, claims: &Value) -> String {
    format!(
        "{}.{}",
        base64(header.to_string().as_bytes()),
        base64(claims.to_string().as_bytes())
    )
}

/// The provider.
pub(crate) struct Provider {
    pub(crate) server: MockServer,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) sleeper: Arc<FakeSleeper>,
    pub(crate) key: &'static Key,
    priority: AtomicU8,
}

impl Provider {
    pub(crate) async fn start() -> Self {
        // Generated once, because generating an RSA key is slow.
        static KEY: OnceLock<Key> = OnceLock::new();
        let clock = FakeClock::new();
        let provider = Self {
            server: MockServer::start().await,
            sleeper: FakeSleeper::new(&clock),
            clock,
            key: KEY.get_or_init(|| Key::rsa("key-1")),
            priority: AtomicU8::new(250),
        };
        provider.reset().await;
        provider
    }

    pub(crate) fn issuer(&self) -> String {
        self.server.uri()
    }

    /// Removes all responses except for discovery and keys.
    pub(crate) async fn reset(&self) {
        self.server.reset().await;
        self.describe(json!({})).await;
        self.publish(&[self.key]).await;
    }

    /// Replaces members of the discovery document.
    pub(crate) async fn describe(&self, more: Value) {
        let issuer = self.issuer();
        let mut document = json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/oauth/token"),
            "device_authorization_endpoint": format!("{issuer}/oauth/device/code"),
            "revocation_endpoint": format!("{issuer}/oauth/revoke"),
            "jwks_uri": format!("{issuer}/jwks"),
        });
        for (name, value) in more.as_object().unwrap() {
            document[name] = value.clone();
        }
        Mock::given(path("/.well-known/openid-configuration"))
            .respond_with(ResponseTemplate::new(200).set_body_json(document))
            .with_priority(self.priority.fetch_sub(1, Ordering::Relaxed))
            .mount(&self.server)
            .await;
    }

    /// Replaces the published keys.
    pub(crate) async fn publish(&self, keys: &[&Key]) {
        let keys: Vec<Value> = keys.iter().map(|key| key.jwk()).collect();
        self.publish_raw(json!({ "keys": keys })).await;
    }

    pub(crate) async fn publish_raw(&self, set: Value) {
        Mock::given(path("/jwks"))
            .respond_with(ResponseTemplate::new(200).set_body_json(set))
            // Mocks with a lower priority number take precedence.
            .with_priority(self.priority.fetch_sub(1, Ordering::Relaxed))
            .mount(&self.server)
            .await;
    }

    /// Responds to POST requests to `at` with `template`, for a limited number of times.
    pub(crate) async fn on(&self, at: &str, template: impl Respond + 'static) {
        Mock::given(method("POST"))
            .and(path(at))
            .respond_with(template)
            .mount(&self.server)
            .await;
    }

    /// Responds to the next POST request to `at`, after the responses that were set before.
    pub(crate) async fn once(&self, at: &str, template: ResponseTemplate) {
        Mock::given(method("POST"))
            .and(path(at))
            .respond_with(template)
            .up_to_n_times(1)
            .mount(&self.server)
            .await;
    }

    pub(crate) async fn requests(&self, at: &str) -> Vec<Request> {
        let all = self.server.received_requests().await.unwrap_or_default();
        all.into_iter()
            .filter(|request| request.url.path() == at)
            .collect()
    }

    pub(crate) fn builder(&self) -> AuthorizationCodeBuilder {
        AuthorizationCode::builder("acme.us.auth0.com")
            .issuer(self.issuer())
            .client_id(CLIENT)
            .redirect_uri(REDIRECT)
            .audience("https://api.test/")
            .scope("offline_access read:a")
            .clock(self.clock.clone())
            .sleeper(self.sleeper.clone())
            .retry(RetryPolicy::never())
    }

    pub(crate) fn flow(&self) -> AuthorizationCode {
        self.builder().build().unwrap()
    }

    /// The claims of an ID token for a login with this nonce.
    pub(crate) fn claims(&self, nonce: &str) -> Value {
        let now = seconds(self.clock.now());
        json!({
            "iss": self.issuer(), "sub": "auth0|1", "aud": CLIENT, "iat": now, "exp": now + 36_000, "nonce": nonce,
        })
    }

    pub(crate) fn id_token(&self, claims: &Value) -> String {
        let header = json!({"alg": "RS256", "typ": "JWT", "kid": self.key.id()});
        self.key.signed(&header, claims)
    }

    /// Starts a login; the token endpoint grants the result of `token` for the nonce.
    pub(crate) async fn pending(
        &self,
        flow: &AuthorizationCode,
        token: impl FnOnce(&str) -> String,
    ) -> PendingLogin {
        let pending = flow.start().await.unwrap();
        let id_token = token(&parameter(pending.url(), "nonce").unwrap());
        self.once("/oauth/token", grant(1, json!({ "id_token": id_token })))
            .await;
        pending
    }

    /// Logs in with an ID token that is the result of `token` for the nonce.
    pub(crate) async fn login_with(
        &self,
        flow: &AuthorizationCode,
        token: impl FnOnce(&str) -> String,
    ) -> Result<Session, Error> {
        let pending = self.pending(flow, token).await;
        let query = callback_query(&pending);
        flow.finish(pending, &query).await
    }

    /// Logs in successfully.
    pub(crate) async fn login(&self, flow: &AuthorizationCode) -> Session {
        self.login_with(flow, |nonce| self.id_token(&self.claims(nonce)))
            .await
            .unwrap()
    }
}

pub(crate) fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

/// A token response with `access-{number}` and `refresh-{number}`, valid for an hour.
pub(crate) fn grant(number: u32, more: Value) -> ResponseTemplate {
    let mut body = json!({
        "access_token": format!("access-{number}"), "token_type": "Bearer", "expires_in": 3600,
        "refresh_token": format!("refresh-{number}"),
    });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    ResponseTemplate::new(200).set_body_json(body)
}

/// The authorization response of a successful login.
pub(crate) fn callback_query(pending: &PendingLogin) -> String {
    format!("code=c0de&state={}", pending.state())
}

/// Returns a query parameter of a URL.
pub(crate) fn parameter(url: &str, name: &str) -> Option<String> {
    let url = Url::parse(url).unwrap();
    let found = url.query_pairs().find(|(found, _)| found == name);
    found.map(|(_, value)| value.into_owned())
}

/// Returns a field of a form.
pub(crate) fn field(request: &Request, name: &str) -> Option<String> {
    url::form_urlencoded::parse(&request.body)
        .find(|(found, _)| found == name)
        .map(|(_, value)| value.into_owned())
}
