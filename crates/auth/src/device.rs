//! The device authorization grant (RFC 8628).

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

mod authorization;
mod builder;

pub use builder::DeviceFlowBuilder;

use authorization::Authorization;

/// The amount that `slow_down` adds to the interval of this and all later requests (RFC 8628 §3.5).
const SLOW_DOWN: Duration = Duration::from_secs(5);

/// User logins on another device: the device authorization grant (RFC 8628).
///
/// # When to use it
///
/// Use this flow if the program and the browser are on different machines: a command-line program in a remote shell or a
/// container, or a device without a keyboard. The user opens a page elsewhere and confirms the code that the program shows. If
/// the browser is on the same machine, prefer an [`AuthorizationCode`](crate::AuthorizationCode) with a
/// [`Loopback`](crate::Loopback): it protects users from being tricked into confirming another person's code.
///
/// # Setup in Auth0
///
/// - Create an application of the type *Native* with the grant type *Device Code*.
/// - For sessions that outlive the access token, enable the grant type *Refresh Token*, preferably with rotation, enable *Allow
///   Offline Access* on the API, and add `offline_access` to the [`scope`](DeviceFlowBuilder::scope).
///
/// # Example
///
/// ```
/// use auth0_auth::{DeviceFlow, Error, Session};
///
/// async fn login() -> Result<Session, Error> {
///     let flow = DeviceFlow::builder("acme.us.auth0.com")
///         .client_id("YOUR_CLIENT_ID")
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
/// - The user denied access: [`is_access_denied`](Error::is_access_denied).
/// - The code expired: [`is_login_expired`](Error::is_login_expired). Start a new login.
/// - The application may not use the grant: [`is_unauthorized_client`](Error::is_unauthorized_client).
///
/// Network and server failures are retried with a longer interval until the code expires.
#[doc(alias = "device code")]
#[doc(alias = "device authorization")]
#[derive(Clone)]
pub struct DeviceFlow(Arc<Shared>);

struct Shared {
    application: Arc<Application>,
    scope: String,
    audience: Option<String>,
    verifier: Verifier,
}

impl DeviceFlow {
    /// Creates a builder. `domain` is the domain of the users' tenant: a bare host name such as `acme.us.auth0.com`.
    pub fn builder(domain: impl Into<String>) -> DeviceFlowBuilder {
        DeviceFlowBuilder::new(domain.into())
    }

    /// Starts a login: requests a code that the user confirms on another device.
    ///
    /// # Errors
    ///
    /// Returns an error if the server rejects the request or is unreachable, or if its response is invalid.
    pub async fn start(&self) -> Result<DeviceLogin, Error> {
        let application = &self.0.application;
        let form = Form::default()
            .optional("scope", Some(&self.0.scope))
            .optional("audience", self.0.audience.as_deref());
        // The lifetime counts from before the request, so that it never ends later here than at the server.
        let requested_at = application.exchange.clock.monotonic();
        // Safe to retry: an unused code expires.
        let response = application
            .post(Endpoint::DeviceAuthorization, &form, RetrySafety::Safe)
            .await?;
        let authorization = response.into_success(|body, _| Authorization::read(body))?;
        tracing::debug!(domain = application.domain, "device login started");
        Ok(DeviceLogin {
            flow: self.clone(),
            ends_at: requested_at.saturating_add(authorization.expires_in),
            authorization,
        })
    }

    /// Restores a session that was [saved](Session::keep_in) in `store` under `name`, or returns `None` if there is none. Sends
    /// no request: whether the session is still valid shows when its first token is requested.
    ///
    /// A session is found only with the same audience and set of scopes. The order of the scopes does not matter.
    ///
    /// # Errors
    ///
    /// Returns a [store error](Error::is_store).
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
            // This flow has no nonce: there is no redirect that could be swapped.
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

/// A login that waits for the user. `Display` writes the instruction for the user; `Debug` does not show the code.
///
/// ```
/// # use auth0_auth::{DeviceLogin, Error, Session};
/// # async fn example(login: DeviceLogin) -> Result<Session, Error> {
/// println!("Open {} and enter {}.", login.verification_uri(), login.user_code());
/// login.finish().await
/// # }
/// ```
pub struct DeviceLogin {
    flow: DeviceFlow,
    authorization: Authorization,
    /// When the code expires, on the monotonic clock.
    ends_at: Duration,
}

impl DeviceLogin {
    /// Returns the code that the user confirms or enters.
    pub fn user_code(&self) -> &str {
        &self.authorization.user_code
    }

    /// Returns the URL of the page that the user opens.
    pub fn verification_uri(&self) -> &Url {
        &self.authorization.verification_uri
    }

    /// Returns the URL of the page with the code filled in, for a link or a QR code, if the server sent one. Show the code as
    /// well: the user has to compare it.
    pub fn verification_uri_complete(&self) -> Option<&Url> {
        self.authorization.verification_uri_complete.as_ref()
    }

    /// Returns the lifetime of the code, counted from the request.
    pub fn expires_in(&self) -> Duration {
        self.authorization.expires_in
    }

    /// Polls the server, as often as it allows, until the user is done. Dropping the future cancels the login.
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
            // Polling earlier is not allowed, and later the code has expired.
            if wait >= self.time_left() {
                return Err(Failure::DeviceCodeExpired.into());
            }
            exchange.sleeper.sleep(wait).await;
            let error = match self.poll().await {
                Ok(grant) => return Ok(grant),
                Err(error) => error,
            };
            // Auth0 sends 403 for `authorization_pending` and 429 for `slow_down`, RFC 8628 specifies 400: check the code.
            match error.error() {
                Some("authorization_pending") => {}
                Some("slow_down") => interval = interval.saturating_add(SLOW_DOWN),
                Some("access_denied" | "expired_token") => return Err(error),
                // The code may have been spent by a request whose response was lost.
                Some("invalid_grant") if was_lost => return Err(error.with_unknown_outcome()),
                _ if error.is_transient() => interval = interval.saturating_mul(2),
                _ => return Err(error),
            }
            was_lost |= error.is_outcome_unknown();
            let retry_after = error.retry_after().unwrap_or_default();
            if retry_after >= self.time_left() {
                return Err(error);
            }
            wait = interval.max(retry_after);
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
        let requested_at = application.exchange.clock.now();
        let result = application.post_once(Endpoint::Token, &form).await;
        UserGrant::read(result, requested_at, &self.flow.0.scope)
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
