//! Who asks for tokens, how it proves who it is, and whom it asks: what all flows have in common.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use auth0_core::RetryPolicy;
use auth0_core::time::{SharedClock, SharedSleeper, SystemTimer};
use auth0_core::{HttpClient, RetrySafety, Scopes, SecretString};
use aws_lc_rs::pbkdf2::{self, PBKDF2_HMAC_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use crate::discovery::{Endpoint, Server};
use crate::dpop::DpopKey;
use crate::error::{Error, Kind};
use crate::exchange::{Attempts, Exchange, Post, Read, SourceClient};
use crate::form::{Form, encode};
use crate::id_token::canonical_organization;
use crate::signing::{Signer, signed};
use crate::store::TokenKey;

mod possession;

/// How long an assertion is valid. Auth0 takes none that lives longer than five minutes; one that is made for each
/// attempt needs to live as long as its way takes and clocks differ.
const ASSERTION_LIFETIME: Duration = Duration::from_secs(120);

/// How often the digest of extra parameters is iterated if no secret goes into it: what OWASP recommends for PBKDF2 with
/// HMAC-SHA256.
const ITERATIONS: NonZeroU32 = NonZeroU32::new(600_000).unwrap();

/// What `client_assertion_type` says of a JWT (RFC 7523 §2.2).
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What the requests of all flows consist of, so that an extra parameter can contradict none of it.
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

/// How a client that has a secret sends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ClientAuthentication {
    /// `client_secret_post`: id and secret are fields of the form.
    #[default]
    SecretPost,
    /// `client_secret_basic`: id and secret are in the Authorization header.
    SecretBasic,
}

/// The settings that all flows have.
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

/// The setters of [`Settings`], for the builder of each flow, which holds them in a field `settings`.
macro_rules! setters {
    () => {
        /// The client's id. Required. White space around it is removed.
        pub fn client_id(mut self, client_id: impl Into<String>) -> Self {
            self.settings.client_id = client_id.into();
            self
        }

        /// The client's secret. White space around it is removed, such as the line break that editors and secret
        /// managers append to a file; a secret with a line break or another control character inside is an error.
        pub fn client_secret(mut self, client_secret: impl Into<auth0_core::SecretString>) -> Self {
            self.settings.client_secret = Some(client_secret.into());
            self
        }

        /// How the secret is sent; [`ClientAuthentication::SecretPost`](crate::ClientAuthentication::SecretPost)
        /// unless said otherwise.
        pub fn authentication(mut self, authentication: crate::ClientAuthentication) -> Self {
            self.settings.authentication = authentication;
            self
        }

        /// `private_key_jwt` instead of a secret: each request carries an assertion that this signs (RFC 7523), made
        /// anew for each attempt. Takes a [`PrivateKey`](crate::PrivateKey), or a [`Signer`](crate::Signer) whose key
        /// is elsewhere.
        pub fn private_key_jwt(mut self, signer: impl crate::Signer) -> Self {
            self.settings.signer = Some(std::sync::Arc::new(signer));
            self
        }

        /// A client certificate instead of a secret (RFC 8705). The certificate is the HTTP client's:
        /// `reqwest::ClientBuilder::identity`. The endpoint is the one that the server's discovery document has for
        /// such clients, unless [`token_url`](Self::token_url) is given.
        pub fn mutual_tls(mut self) -> Self {
            self.settings.mutual_tls = true;
            self
        }

        /// Has tokens bound to this key, so that a stolen one is of no use: see [`dpop`](crate::dpop).
        pub fn dpop(mut self, key: crate::DpopKey) -> Self {
            self.settings.dpop = Some(key);
            self
        }

        /// Adds a parameter to every token request, such as a `resource` of RFC 8707. The value is treated as a
        /// secret: of a token in a store only a digest says with which parameters it was requested, and it cannot be
        /// reversed by trying values without the client secret. For clients without one each try costs 600,000 rounds
        /// of PBKDF2, as does [`build`](Self::build).
        pub fn parameter(
            mut self,
            name: impl Into<String>,
            value: impl Into<auth0_core::SecretString>,
        ) -> Self {
            self.settings.parameters.push((name.into(), value.into()));
            self
        }

        /// The HTTP client for these requests. Default: the one that was set on the first API client that uses the source, else
        /// a new one ([`HttpClient::new`](auth0_core::HttpClient::new)). Layers are not used.
        ///
        /// A proxy or a private certificate authority has to be set here too where there is no API client yet: a login runs
        /// before one exists. Nothing is taken from an API client for a server at a plain http URL, which is on this machine.
        pub fn http_client(mut self, http_client: auth0_core::HttpClient) -> Self {
            self.settings.http_client = Some(http_client);
            self
        }

        /// The clock that decides what has expired, instead of the system's.
        pub fn clock(mut self, clock: auth0_core::time::SharedClock) -> Self {
            self.settings.clock = clock;
            self
        }

        /// What waits between two attempts, instead of tokio's timer.
        pub fn sleeper(mut self, sleeper: auth0_core::time::SharedSleeper) -> Self {
            self.settings.sleeper = sleeper;
            self
        }

        /// The server, by what its discovery document calls it, instead of `https://{domain}/` with Auth0's paths:
        /// https, or http on a loopback host. Its endpoints are those that the document names.
        pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
            self.settings.issuer = Some(issuer.into());
            self
        }

        /// The token endpoint, instead of `https://{domain}/oauth/token`: https, or http on a loopback host.
        pub fn token_url(mut self, url: impl Into<String>) -> Self {
            self.settings.token_url = Some(url.into());
            self
        }

        /// The longest that one attempt of a request may take; 30 s unless said otherwise.
        pub fn timeout(mut self, timeout: std::time::Duration) -> Self {
            self.settings.timeout = timeout;
            self
        }

        /// How often a request that may be repeated is sent, and how long it waits in between; as API calls do it
        /// unless said otherwise. Nothing ever waits for a used-up quota.
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

    /// The application, once everything is known to be right. `faults` are those that the flow found by itself.
    pub(crate) fn build(
        mut self,
        needs: Needs,
        mut faults: Vec<String>,
    ) -> Result<Application, Error> {
        for text in [&mut self.domain, &mut self.client_id] {
            *text = text.trim().to_owned();
        }
        for text in [&mut self.issuer, &mut self.token_url] {
            *text = text.as_deref().map(|text| text.trim().to_owned());
        }
        self.client_secret = self.client_secret.map(SecretString::trimmed);
        let of_flow = std::mem::take(&mut faults);
        let server = Server::new(
            &self.domain,
            self.issuer.as_deref(),
            self.token_url.as_deref(),
            self.mutual_tls,
            self.clock.clone(),
        )
        .map_err(|found| faults.extend(found));
        faults.extend(self.faults());
        let credentials = self.credentials(needs).map_err(|fault| faults.push(fault));
        faults.extend(of_flow);
        // Plain http is for this machine only, and a proxy would carry the secret to another.
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
                faults.push(format!(
                    "http_client: the default one cannot be made: {error}"
                ));
            });
        match (server, credentials, http_client) {
            (Ok(server), Ok(credentials), Ok(http_client)) if faults.is_empty() => {
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
            _ => Err(Error::configuration(faults)),
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
                "expected one way of client authentication, found {}",
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

    /// What is wrong with the settings that are neither addresses nor credentials.
    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.client_id.is_empty() {
            faults.push("client_id is missing".to_owned());
        }
        let secret = self.client_secret.as_ref().map(SecretString::secret);
        for (name, text) in [
            ("client_id", Some(&*self.client_id)),
            ("client_secret", secret),
        ] {
            if text.is_some_and(|text| text.contains(char::is_control)) {
                faults.push(format!(
                    "{name}: expected no line break or other control character, found one; is it a file with more in it?"
                ));
            }
        }
        for (name, _) in &self.parameters {
            if name.is_empty() {
                faults.push("parameter: expected a name, found an empty text".into());
            } else if RESERVED.contains(&name.as_str()) {
                faults.push(format!(
                    "parameter: expected an extra one, found {name}, which the grant sets itself"
                ));
            }
        }
        if self.mutual_tls && self.http_client.is_none() {
            faults.push(
                "mutual_tls: expected an http_client that has the certificate, found none".into(),
            );
        }
        if self.timeout.is_zero() {
            faults.push("timeout: expected more than 0 s, found 0 s".into());
        }
        faults
    }

    /// What may be shown of the settings. Domain and URLs are left out because nobody has checked yet that they hold no
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

/// What a flow needs of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    /// It has to prove who it is.
    Proof,
    /// It may be a public client, such as a native application.
    Nothing,
}

/// How the client proves who it is.
enum Credentials {
    SecretPost(SecretString),
    SecretBasic(SecretString),
    PrivateKeyJwt(Arc<dyn Signer>),
    /// By the certificate of the connection.
    MutualTls,
    /// It cannot prove it: a native application.
    Public,
}

/// An application that can ask its server.
pub(crate) struct Application {
    pub(crate) domain: String,
    pub(crate) client_id: String,
    credentials: Credentials,
    /// The key that tokens shall be bound to.
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
    /// The key of this application's tokens in a store, in the one form that every spelling of the same request has: scopes
    /// in the order of their names, names of organizations in lower case.
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

    /// What tells requests with these extra parameters from others; `None` if there are none.
    ///
    /// Whoever reads it in a store must not find the values by trying. So it is keyed with the client secret, and where
    /// there is none, each try is made expensive. It is the same in all processes of one application.
    pub(crate) fn digest_of_parameters(&self) -> Option<String> {
        if self.parameters.is_empty() {
            return None;
        }
        let mut parameters: Vec<_> = self.parameters.iter().collect();
        // Stable: the order among values of one name may have a meaning.
        parameters.sort_by_key(|(name, _)| name);
        let mut form = Form::default();
        for (name, value) in parameters {
            form = form.secret(name, value);
        }
        let application = Form::default()
            .field("issuer", self.server.granter())
            .field("client_id", &self.client_id);
        let (key, iterations) = match &self.credentials {
            // One iteration of PBKDF2 is an HMAC, and the secret has entropy enough as its key.
            Credentials::SecretPost(secret) | Credentials::SecretBasic(secret) => {
                (secret.clone(), NonZeroU32::MIN)
            }
            _ => (SecretString::default(), ITERATIONS),
        };
        let text = Form::default().secret("client_secret", &key).with(form);
        let mut digest = [0; 32];
        pbkdf2::derive(
            PBKDF2_HMAC_SHA256,
            iterations,
            application.encoded().as_bytes(),
            text.encoded().as_bytes(),
            &mut digest,
        );
        Some(URL_SAFE_NO_PAD.encode(digest))
    }

    /// Sends a form to an endpoint, with the proof of who asks and the extra parameters.
    pub(crate) async fn post(
        &self,
        endpoint: Endpoint,
        form: &Form,
        safety: RetrySafety,
    ) -> Result<Read, Error> {
        self.send(endpoint, form, self.exchange.attempts(safety))
            .await
    }

    /// Sends a form once, whatever comes of it.
    pub(crate) async fn post_once(&self, endpoint: Endpoint, form: &Form) -> Result<Read, Error> {
        self.send(endpoint, form, self.exchange.one_attempt()).await
    }

    async fn send(
        &self,
        endpoint: Endpoint,
        form: &Form,
        mut attempts: Attempts<'_>,
    ) -> Result<Read, Error> {
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
                // RFC 6749 §2.3.1 wants both encoded before they are joined with a colon.
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

/// An assertion of `private_key_jwt`: the client says who it is, to the issuer, at `now`.
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
