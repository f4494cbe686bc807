//! The device authorization grant of RFC 8628.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use auth0_core::{RetrySafety, SecretString};
use url::Url;

use crate::application::Application;
use crate::discovery::Endpoint;
use crate::error::{Error, Failure};
use crate::form::Form;
use crate::id_token::{Expected, IdToken, Verifier};
use crate::session::Session;
use crate::store::{TokenKey, TokenStore};
use crate::user_grant::UserGrant;

mod answer;
mod builder;

pub use builder::DeviceFlowBuilder;

use answer::Authorization;

/// What `slow_down` adds to the interval, for this and all further requests (RFC 8628 §3.5).
const SLOW_DOWN: Duration = Duration::from_secs(5);

/// Logins on another device: the device authorization grant.
///
/// # When to use it
///
/// Where the program and the browser are on different machines: a command-line program in a remote shell or a container, a
/// device without a keyboard. The user opens a page elsewhere and confirms a code that the program shows. Where the browser
/// is on the same machine, an [`AuthorizationCode`](crate::AuthorizationCode) with a [`Loopback`](crate::Loopback) is the
/// better way: nobody can be talked into confirming somebody else's code there.
///
/// # What to set up in Auth0
///
/// - An application of the type *Native* with the grant type *Device Code*.
/// - For sessions that outlive the access token: the grant type *Refresh Token*, preferably with rotation, *Allow Offline
///   Access* on the API, and `offline_access` in the [`scope`](DeviceFlowBuilder::scope).
///
/// # Example
///
/// ```
/// use auth0_auth::{DeviceFlow, Error, Session};
///
/// async fn login() -> Result<Session, Error> {
///     let flow = DeviceFlow::builder("acme.us.auth0.com")
///         .client_id("the client's id")
///         .audience("https://acme.us.auth0.com/my-org/")
///         .scope("offline_access read:my_org:details")
///         .build()?;
///     let login = flow.start().await?;
///     // "Open https://acme.us.auth0.com/activate?user_code=WDJB-MJHT and confirm the code WDJB-MJHT."
///     println!("{login}");
///     login.finish().await
/// }
/// ```
///
/// # Errors to expect
///
/// - The user said no: [`is_access_denied`](Error::is_access_denied).
/// - The code expired: [`is_login_expired`](Error::is_login_expired). Start again.
/// - The application may not use the grant: [`is_unauthorized_client`](Error::is_unauthorized_client).
///
/// What the network or the server loses on the way is asked for again, more slowly, until the code expires.
#[derive(Clone)]
pub struct DeviceFlow(Arc<Shared>);

struct Shared {
    application: Arc<Application>,
    scope: String,
    audience: Option<String>,
    verifier: Verifier,
}

impl DeviceFlow {
    /// Starts with the domain of the tenant that knows the users: a bare host name, such as `acme.us.auth0.com`.
    pub fn builder(domain: impl Into<String>) -> DeviceFlowBuilder {
        DeviceFlowBuilder::new(domain.into())
    }

    /// Asks for a code that the user confirms elsewhere.
    ///
    /// # Errors
    ///
    /// The server refused, cannot be reached, or its answer cannot be used.
    pub async fn start(&self) -> Result<DeviceLogin, Error> {
        let application = &self.0.application;
        let form = Form::default()
            .optional("scope", Some(&self.0.scope))
            .optional("audience", self.0.audience.as_deref());
        // The time counts from before the request, so that it ends here before it ends there.
        let asked_at = application.exchange.clock.monotonic();
        // A second code does no harm: the first one expires unseen.
        let read = application
            .post(Endpoint::DeviceAuthorization, &form, RetrySafety::Safe)
            .await?;
        let authorization = read.into_success(|body, _| Authorization::read(body))?;
        tracing::debug!(domain = application.domain, "device login started");
        Ok(DeviceLogin {
            flow: self.clone(),
            ends_at: asked_at.saturating_add(authorization.expires_in),
            authorization,
        })
    }

    /// Takes a session up again that was [kept](Session::keep_in) in `store` under `name`; nothing if there is none. Whether
    /// it still holds, the first token shows: no request is made here.
    ///
    /// Another audience or set of scopes makes it another session. The order of the scopes does not matter.
    ///
    /// # Errors
    ///
    /// The [store failed](Error::is_store).
    pub async fn restore(
        &self,
        store: Arc<dyn TokenStore>,
        name: impl Into<String>,
    ) -> Result<Option<Session>, Error> {
        let key = self.key();
        let former = TokenKey {
            scope: self.0.scope.clone(),
            ..key.clone()
        };
        let application = self.0.application.clone();
        Session::restore(application, [key, former], store, name.into()).await
    }

    async fn session(&self, mut grant: UserGrant) -> Result<Session, Error> {
        let id_token = match grant.id_token.take() {
            Some(token) => Some(self.verified(token).await?),
            None => None,
        };
        Session::begin(self.0.application.clone(), self.key(), grant, id_token).await
    }

    async fn verified(&self, token: SecretString) -> Result<IdToken, Error> {
        let application = &self.0.application;
        let expected = Expected {
            issuer: application.server.issuer(),
            client_id: &application.client_id,
            // The request has none: no browser's redirect could be swapped for another.
            nonce: None,
            organization: None,
            max_age: None,
        };
        self.0.verifier.verify(Some(token), &expected).await
    }

    fn key(&self) -> TokenKey {
        self.0
            .application
            .token_key(self.0.audience.as_deref(), None, &self.0.scope)
    }
}

impl fmt::Debug for DeviceFlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceFlow")
            .field("domain", &self.0.application.domain)
            .field("client_id", &self.0.application.client_id)
            .field("audience", &self.0.audience)
            .finish_non_exhaustive()
    }
}

/// A login that waits for the user. It prints as one sentence for them to read; `Debug` shows no code.
pub struct DeviceLogin {
    flow: DeviceFlow,
    authorization: Authorization,
    /// When the code expires, by the monotonic clock.
    ends_at: Duration,
}

impl DeviceLogin {
    /// The code that the user confirms or types in.
    pub fn user_code(&self) -> &str {
        &self.authorization.user_code
    }

    /// The page that the user opens.
    pub fn verification_uri(&self) -> &Url {
        &self.authorization.verification_uri
    }

    /// The page with the code filled in, for a link or a QR code, where the server has one. Show the code as well: the user
    /// has to see that it is the same.
    pub fn verification_uri_complete(&self) -> Option<&Url> {
        self.authorization.verification_uri_complete.as_ref()
    }

    /// How long the code is valid, from when it was asked for.
    pub fn expires_in(&self) -> Duration {
        self.authorization.expires_in
    }

    /// Waits until the user is done, asking as often as the server allows. Dropping the future gives up.
    ///
    /// # Errors
    ///
    /// See [`DeviceFlow`](DeviceFlow#errors-to-expect).
    pub async fn finish(self) -> Result<Session, Error> {
        let domain = &self.flow.0.application.domain;
        let result = match self.granted().await {
            Ok(grant) => self.flow.session(grant).await,
            Err(error) => Err(error),
        };
        match &result {
            Ok(_) => tracing::debug!(domain, "device login finished"),
            Err(error) => tracing::debug!(domain, %error, "device login failed"),
        }
        result
    }

    async fn granted(&self) -> Result<UserGrant, Error> {
        let exchange = &self.flow.0.application.exchange;
        let mut interval = self.authorization.interval;
        let mut wait = interval;
        let mut was_lost = false;
        loop {
            // Nobody may ask sooner, and later is too late.
            if wait >= self.time_left() {
                return Err(Failure::DeviceCodeExpired.into());
            }
            exchange.sleeper.sleep(wait).await;
            let error = match self.poll().await {
                Ok(grant) => return Ok(grant),
                Err(error) => error,
            };
            // Auth0 answers 403 to the one and 429 to the other, RFC 8628 wants 400 for both: the value decides.
            match error.error() {
                Some("authorization_pending") => {}
                Some("slow_down") => interval = interval.saturating_add(SLOW_DOWN),
                Some("access_denied" | "expired_token") => return Err(error),
                // The code may have been spent on an answer that was lost.
                Some("invalid_grant") if was_lost => return Err(error.with_unknown_outcome()),
                _ if error.is_passing() => interval = interval.saturating_mul(2),
                _ => return Err(error),
            }
            was_lost |= error.is_outcome_unknown();
            let asked = error.retry_after().unwrap_or_default();
            if asked >= self.time_left() {
                return Err(error);
            }
            wait = interval.max(asked);
        }
    }

    fn time_left(&self) -> Duration {
        let clock = &self.flow.0.application.exchange.clock;
        self.ends_at.saturating_sub(clock.monotonic())
    }

    async fn poll(&self) -> Result<UserGrant, Error> {
        let application = &self.flow.0.application;
        let form = Form::of_grant("urn:ietf:params:oauth:grant-type:device_code")
            .secret("device_code", &self.authorization.device_code);
        let asked_at = application.exchange.clock.now();
        let result = application.post_once(Endpoint::Token, &form).await;
        UserGrant::read(result, asked_at, &self.flow.0.scope)
    }
}

impl fmt::Display for DeviceLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.user_code();
        match self.verification_uri_complete() {
            Some(page) => write!(f, "Open {page} and confirm the code {code}."),
            None => write!(
                f,
                "Open {} and enter the code {code}.",
                self.verification_uri()
            ),
        }
    }
}

impl fmt::Debug for DeviceLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceLogin")
            .field("flow", &self.flow)
            .field("expires_in", &self.authorization.expires_in)
            .finish_non_exhaustive()
    }
}
