//! The configuration and client authentication that all flows share, and their token requests.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use auth0_core::RetryPolicy;
use auth0_core::time::{SharedClock, SharedSleeper, SystemTimer};
use auth0_core::{HttpClient, RetrySafety, Scopes, SecretString};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use crate::crypto;
use crate::discovery::{Endpoint, Server};
use crate::dpop::DpopKey;
use crate::error::{Error, Kind};
use crate::exchange::{Attempts, Exchange, Post, ReceivedResponse, SourceClient};
use crate::form::{Form, encode};
use crate::id_token::canonical_organization;
use crate::signing::{Signer, signed};
use crate::store::TokenKey;

mod token_request;

/// The lifetime of an assertion. Auth0 rejects assertions that are valid for more than five minutes. Each attempt makes a new
/// one, so it only has to cover network latency and clock skew.
const ASSERTION_LIFETIME: Duration = Duration::from_secs(120);

/// The iterations for the digest of extra parameters if there is no client secret to key it with: the OWASP recommendation for
/// PBKDF2 with HMAC-SHA256.
const ITERATIONS: NonZeroU32 = NonZeroU32::new(600_000).unwrap();

/// The `client_assertion_type` of a JWT (RFC 7523 §2.2).
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The parameters that the flows set themselves; extra parameters must not override them.
const RESERVED: [&str; 18] = [
    "audience",
    "client_assertion",
    "client_assertion_type",
    "client_id",
    "client_secret",
    "code",
    "code_challenge",
    "code_challenge_method",
    "code_verifier",
    "device_code",
    "grant_type",
    "nonce",
    "organization",
    "redirect_uri",
    "refresh_token",
    "response_type",
    "scope",
    "state",
];

/// How the client secret is sent (RFC 6749 §2.3.1).
///
/// ```
/// use auth0_auth::{ClientAuthentication, ClientCredentials};
///
/// let builder = ClientCredentials::builder("acme-auth.us.auth0.com")
///     .authentication(ClientAuthentication::SecretBasic);
/// # let _ = builder;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ClientAuthentication {
    /// `client_secret_post`: client ID and secret are in the request body.
    #[default]
    SecretPost,
    /// `client_secret_basic`: client ID and secret are in the Authorization header.
    SecretBasic,
}

/// The settings that all flows share.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) domain: String,
    pub(crate) issuer: Option<String>,
    pub(crate) token_url: Option<String>,
    pub(crate) client_id: String,
    pub(crate) client_secret: Option<SecretString>,
    pub(crate) authentication: ClientAuthentication,
    pub(crate) signer: Option<Arc<dyn Signer>>,
    pub(crate) mutual_tls: bool,
    pub(crate) dpop: Option<DpopKey>,
    pub(crate) parameters: Vec<(String, SecretString)>,
    pub(crate) http_client: Option<HttpClient>,
    pub(crate) clock: SharedClock,
    pub(crate) sleeper: SharedSleeper,
    pub(crate) timeout: Duration,
    pub(crate) retry: RetryPolicy,
}

/// The setters of [`Settings`] for the builders of the flows. The builder stores them in a field `settings`.
macro_rules! setters {
    () => {
        /// Sets the client ID. Required. Surrounding white space is removed.
        pub fn client_id(mut self, client_id: impl Into<String>) -> Self {
            self.settings.client_id = client_id.into();
            self
        }

        /// Sets the client secret. Surrounding white space is removed, such as a line break that an editor or a secret
        /// manager appends. A secret that contains a line break or another control character is an error.
        pub fn client_secret(mut self, client_secret: impl Into<auth0_core::SecretString>) -> Self {
            self.settings.client_secret = Some(client_secret.into());
            self
        }

        /// Sets how the secret is sent. Default:
        /// [`ClientAuthentication::SecretPost`](crate::ClientAuthentication::SecretPost).
        pub fn authentication(mut self, authentication: crate::ClientAuthentication) -> Self {
            self.settings.authentication = authentication;
            self
        }

        /// Authenticates with `private_key_jwt` instead of a secret: each attempt carries a new assertion that `signer`
        /// signs (RFC 7523). Accepts a [`PrivateKey`](crate::PrivateKey), or a [`Signer`](crate::Signer) for a key in an
        /// HSM or a KMS.
        pub fn private_key_jwt(mut self, signer: impl crate::Signer) -> Self {
            self.settings.signer = Some(std::sync::Arc::new(signer));
            self
        }

        /// Authenticates with a client certificate instead of a secret (RFC 8705). Set the certificate on the
        /// [HTTP client](Self::http_client) with `reqwest::ClientBuilder::identity`. Requests use the endpoint that the
        /// discovery document lists for such clients, unless [`token_url`](Self::token_url) is set.
        #[doc(alias = "mTLS")]
        #[doc(alias = "client certificate")]
        pub fn mutual_tls(mut self) -> Self {
            self.settings.mutual_tls = true;
            self
        }

        /// Binds tokens to this key, so that a stolen token cannot be used: see [`dpop`](crate::dpop).
        pub fn dpop(mut self, key: crate::DpopKey) -> Self {
            self.settings.dpop = Some(key);
            self
        }

        /// Adds a parameter to every token request, such as `resource` (RFC 8707).
        ///
        /// The value is treated as a secret. A store only contains a digest of the parameters, keyed with the client secret,
        /// so that the values cannot be guessed. For clients without a secret, the digest is PBKDF2 with 600,000 rounds,
        /// which [`build`](Self::build) computes as well.
        pub fn parameter(
            mut self,
            name: impl Into<String>,
            value: impl Into<auth0_core::SecretString>,
        ) -> Self {
            self.settings.parameters.push((name.into(), value.into()));
            self
        }

        /// Sets the HTTP client for token requests. Default: the client of the first API client that uses the source, or else
        /// a new one ([`HttpClient::new`](crate::HttpClient::new)). Layers are not applied.
        ///
        /// Set it for a proxy or a private certificate authority if there is no API client yet: a login runs before one exists.
        /// A server at a plain http URL is on this machine, so it never uses the client of an API client.
        #[doc(alias = "proxy")]
        pub fn http_client(mut self, http_client: auth0_core::HttpClient) -> Self {
            self.settings.http_client = Some(http_client);
            self
        }

        /// Sets the clock that decides when tokens expire. Default: the system clock.
        pub fn clock(mut self, clock: auth0_core::time::SharedClock) -> Self {
            self.settings.clock = clock;
            self
        }

        /// Sets the sleeper that waits between attempts. Default: tokio's timer.
        pub fn sleeper(mut self, sleeper: auth0_core::time::SharedSleeper) -> Self {
            self.settings.sleeper = sleeper;
            self
        }

        /// Sets the issuer of the server, exactly as its discovery document spells it: https, or http on a loopback host.
        /// The endpoints are taken from that document. Default: `https://{domain}/` with Auth0's paths, without discovery.
        #[doc(alias = "discovery")]
        #[doc(alias = "openid-configuration")]
        pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
            self.settings.issuer = Some(issuer.into());
            self
        }

        /// Sets the token endpoint: https, or http on a loopback host. Default: `https://{domain}/oauth/token`.
        pub fn token_url(mut self, url: impl Into<String>) -> Self {
            self.settings.token_url = Some(url.into());
            self
        }

        /// Sets the timeout of one attempt. Default: 30 s.
        pub fn timeout(mut self, timeout: std::time::Duration) -> Self {
            self.settings.timeout = timeout;
            self
        }

        /// Sets how often requests that are safe to retry are sent, and the backoff between attempts. Default: the policy of
        /// API calls. An exceeded quota is never waited for.
        pub fn retry(mut self, policy: auth0_core::RetryPolicy) -> Self {
            self.settings.retry = policy;
            self
        }
    };
}

pub(crate) use setters;

impl Settings {
    pub(crate) fn new(domain: String) -> Self {
        Self {
            domain,
            issuer: None,
            token_url: None,
            client_id: String::new(),
            client_secret: None,
            authentication: ClientAuthentication::default(),
            signer: None,
            mutual_tls: false,
            dpop: None,
            parameters: Vec::new(),
            http_client: None,
            clock: Arc::new(SystemTimer),
            sleeper: Arc::new(SystemTimer),
            timeout: Duration::from_secs(30),
            retry: RetryPolicy::default(),
        }
    }

    /// Validates the settings and builds the application. `problems` are the problems that the flow found itself.
    pub(crate) fn build(
        mut self,
        needs: Needs,
        mut problems: Vec<String>,
    ) -> Result<Application, Error> {
        for text in [&mut self.domain, &mut self.client_id] {
            *text = text.trim().to_owned();
        }
        for text in [&mut self.issuer, &mut self.token_url] {
            *text = text.as_deref().map(|text| text.trim().to_owned());
        }
        self.client_secret = self.client_secret.map(SecretString::trimmed);
        let of_flow = std::mem::take(&mut problems);
        let server = Server::new(
            &self.domain,
            self.issuer.as_deref(),
            self.token_url.as_deref(),
            self.mutual_tls,
            self.clock.clone(),
        )
        .map_err(|found| problems.extend(found));
        problems.extend(self.problems());
        let credentials = self
            .credentials(needs)
            .map_err(|problem| problems.push(problem));
        problems.extend(of_flow);
        // Plain http is for loopback only; a proxy would carry the secret to another machine.
        let is_plain = server.as_ref().is_ok_and(Server::is_plain);
        let default_client = match is_plain {
            true => HttpClient::direct,
            false => HttpClient::new,
        };
        let inherits = self.http_client.is_none() && !is_plain;
        let http_client = self
            .http_client
            .map_or_else(default_client, Ok)
            .map_err(|error| {
                problems.push(format!(
                    "http_client: creating the default client failed: {error}"
                ));
            });
        match (server, credentials, http_client) {
            (Ok(server), Ok(credentials), Ok(http_client)) if problems.is_empty() => {
                Ok(Application {
                    domain: self.domain,
                    client_id: self.client_id,
                    credentials,
                    dpop: self.dpop.map(|key| key.clock(self.clock.clone())),
                    parameters: self.parameters,
                    server,
                    exchange: Exchange {
                        http_client: Arc::new(SourceClient::new(http_client, inherits)),
                        clock: self.clock,
                        sleeper: self.sleeper,
                        timeout: self.timeout,
                        retry: self.retry,
                    },
                })
            }
            _ => Err(Error::configuration(problems)),
        }
    }

    fn credentials(&self, needs: Needs) -> Result<Credentials, String> {
        let secret = self
            .client_secret
            .clone()
            .filter(|secret| !secret.is_empty());
        let given = [
            ("client_secret", self.client_secret.is_some()),
            ("private_key_jwt", self.signer.is_some()),
            ("mutual_tls", self.mutual_tls),
        ];
        let given: Vec<&str> = given
            .iter()
            .filter(|(_, given)| *given)
            .map(|(name, _)| *name)
            .collect();
        if given.len() > 1 {
            return Err(format!(
                "expected one method of client authentication, found {}",
                given.join(" and ")
            ));
        }
        match (secret, &self.signer, self.mutual_tls, needs) {
            (Some(secret), ..) => Ok(match self.authentication {
                ClientAuthentication::SecretPost => Credentials::SecretPost(secret),
                ClientAuthentication::SecretBasic => Credentials::SecretBasic(secret),
            }),
            (None, Some(signer), ..) => Ok(Credentials::PrivateKeyJwt(Arc::clone(signer))),
            (None, None, true, _) => Ok(Credentials::MutualTls),
            (None, None, false, Needs::Nothing) if self.client_secret.is_none() => {
                Ok(Credentials::Public)
            }
            (None, None, false, _) => Err("client_secret is missing".into()),
        }
    }

    /// Returns the problems of the settings that are neither URLs nor credentials.
    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.client_id.is_empty() {
            problems.push("client_id is missing".to_owned());
        }
        let secret = self.client_secret.as_ref().map(SecretString::secret);
        for (name, text) in [
            ("client_id", Some(&*self.client_id)),
            ("client_secret", secret),
        ] {
            if text.is_some_and(|text| text.contains(char::is_control)) {
                problems.push(format!(
                    "{name}: expected no line break or other control character, found one; check that the value has one line"
                ));
            }
        }
        for (name, _) in &self.parameters {
            if name.is_empty() {
                problems.push("parameter: expected a name, found an empty string".into());
            } else if RESERVED.contains(&name.as_str()) {
                problems.push(format!(
                    "parameter: expected an extra parameter, found {name}, which the grant sets itself"
                ));
            }
        }
        if self.mutual_tls && self.http_client.is_none() {
            problems.push(
                "mutual_tls: expected an http_client with a client certificate, found none".into(),
            );
        }
        if self.timeout.is_zero() {
            problems.push("timeout: expected more than 0 s, found 0 s".into());
        }
        problems
    }

    /// Adds the settings that may be shown. Domain and URLs are left out: they are not validated yet and may contain a
    /// password.
    pub(crate) fn debug(&self, f: &mut fmt::DebugStruct<'_, '_>) {
        f.field("client_id", &self.client_id)
            .field("client_secret", &self.client_secret)
            .field("authentication", &self.authentication)
            .field("private_key_jwt", &self.signer.is_some())
            .field("mutual_tls", &self.mutual_tls)
            .field("dpop", &self.dpop);
    }
}

/// Whether a flow requires client authentication.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    /// The client has to authenticate.
    Proof,
    /// The client may be public, such as a native application.
    Nothing,
}

/// How the client authenticates.
enum Credentials {
    SecretPost(SecretString),
    SecretBasic(SecretString),
    PrivateKeyJwt(Arc<dyn Signer>),
    /// With the certificate of the TLS connection.
    MutualTls,
    /// Not at all: a native application.
    Public,
}

/// A configured application that sends requests to its server.
pub(crate) struct Application {
    pub(crate) domain: String,
    pub(crate) client_id: String,
    credentials: Credentials,
    /// The key that tokens are bound to.
    pub(crate) dpop: Option<DpopKey>,
    parameters: Vec<(String, SecretString)>,
    pub(crate) server: Server,
    pub(crate) exchange: Exchange,
}

/// The claims of an assertion (RFC 7523 §3).
#[derive(Serialize)]
struct Assertion<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    iat: u64,
    exp: u64,
    jti: String,
}

impl Application {
    /// Returns the key of this application's tokens in a store. It is canonical: scopes are sorted, and names of
    /// organizations are in lower case.
    pub(crate) fn token_key(
        &self,
        audience: Option<&str>,
        organization: Option<&str>,
        scope: &str,
    ) -> TokenKey {
        TokenKey {
            issuer: self.server.issuer().to_owned(),
            client_id: self.client_id.clone(),
            audience: audience.map(str::to_owned),
            organization: organization.map(|text| canonical_organization(text).into_owned()),
            scope: Scopes::parse(scope).to_string(),
            dpop_key: self.dpop.as_ref().map(|key| key.thumbprint().to_owned()),
            ..TokenKey::default()
        }
    }

    /// Returns a digest that identifies the extra parameters, or `None` if there are none. It is the same in all processes of
    /// the application.
    ///
    /// The values must not be guessable from it, so it is keyed with the client secret. Without a secret, each guess is made
    /// expensive.
    pub(crate) fn digest_of_parameters(&self) -> Option<String> {
        if self.parameters.is_empty() {
            return None;
        }
        let mut parameters: Vec<_> = self.parameters.iter().collect();
        // The sort is stable: the order of the values of one name may matter.
        parameters.sort_by_key(|(name, _)| name);
        let mut form = Form::default();
        for (name, value) in parameters {
            form = form.secret(name, value);
        }
        let application = Form::default()
            .field("issuer", self.server.granter())
            .field("client_id", &self.client_id);
        let (key, iterations) = match &self.credentials {
            // One iteration of PBKDF2 is an HMAC, and the secret has enough entropy as its key.
            Credentials::SecretPost(secret) | Credentials::SecretBasic(secret) => {
                (secret.clone(), NonZeroU32::MIN)
            }
            _ => (SecretString::default(), ITERATIONS),
        };
        let text = Form::default().secret("client_secret", &key).with(form);
        let digest = crypto::pbkdf2_hmac_sha256(
            iterations,
            application.encoded().as_bytes(),
            text.encoded().as_bytes(),
        );
        Some(URL_SAFE_NO_PAD.encode(digest))
    }

    /// Sends a form to an endpoint, with client authentication and the extra parameters.
    pub(crate) async fn post(
        &self,
        endpoint: Endpoint,
        form: &Form,
        safety: RetrySafety,
    ) -> Result<ReceivedResponse, Error> {
        self.send(endpoint, form, self.exchange.attempts(safety))
            .await
    }

    /// Sends a form once, without retries.
    pub(crate) async fn post_once(
        &self,
        endpoint: Endpoint,
        form: &Form,
    ) -> Result<ReceivedResponse, Error> {
        self.send(endpoint, form, self.exchange.one_attempt()).await
    }

    async fn send(
        &self,
        endpoint: Endpoint,
        form: &Form,
        mut attempts: Attempts<'_>,
    ) -> Result<ReceivedResponse, Error> {
        loop {
            let url = self.server.endpoint(endpoint, &self.exchange).await?;
            let post = Post {
                endpoint: endpoint.title(),
                url,
                form: form.clone(),
                basic: None,
                dpop: None,
                secrets: Vec::new(),
            };
            let result = self.attempt(endpoint, post).await;
            if let Some(end) = attempts.end(result).await {
                return end;
            }
        }
    }

    async fn with_proof(&self, mut post: Post) -> Result<Post, Error> {
        let id = &self.client_id;
        let proof = match &self.credentials {
            Credentials::SecretPost(secret) => Form::default()
                .field("client_id", id)
                .secret("client_secret", secret),
            Credentials::SecretBasic(secret) => {
                // RFC 6749 §2.3.1: both are form-encoded before they are joined with a colon.
                post.basic = Some((encode(id), encode(secret.secret()).into()));
                post.secrets.push(secret.clone());
                Form::default()
            }
            Credentials::PrivateKeyJwt(signer) => {
                let now = self.exchange.clock.now();
                let assertion = assertion(&**signer, id, self.server.issuer(), now).await?;
                Form::default()
                    .field("client_id", id)
                    .field("client_assertion_type", JWT_BEARER)
                    .secret("client_assertion", &assertion)
            }
            Credentials::MutualTls | Credentials::Public => Form::default().field("client_id", id),
        };
        post.form = post.form.with(proof);
        for (name, value) in &self.parameters {
            post.form = post.form.secret(name, value);
        }
        Ok(post)
    }
}

/// Creates an assertion for `private_key_jwt` (RFC 7523 §3), issued at `now` for `issuer`.
pub(crate) async fn assertion(
    signer: &dyn Signer,
    client_id: &str,
    issuer: &str,
    now: SystemTime,
) -> Result<SecretString, Error> {
    let iat = now
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |passed| passed.as_secs());
    let claims = Assertion {
        iss: client_id,
        sub: client_id,
        aud: issuer,
        iat,
        exp: iat.saturating_add(ASSERTION_LIFETIME.as_secs()),
        jti: crate::random::text()?,
    };
    signed(signer, "JWT", &claims)
        .await
        .map_err(|error| Error::of(Kind::Signing(error)))
}
