//! The authorization code grant (RFC 6749 §4.1) with PKCE (RFC 7636) and OpenID Connect.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use auth0_core::SecretString;
use url::Url;

use crate::application::Application;
use crate::discovery::Endpoint;
use crate::error::Error;
use crate::form::Form;
use crate::id_token::{Expected, Verifier};
use crate::session::Session;
use crate::store::{TokenKey, TokenStore};
use crate::user_grant::UserGrant;

mod builder;
mod callback;
mod pending;

pub use builder::AuthorizationCodeBuilder;
pub use pending::PendingLogin;

pub(crate) use callback::Callback;

/// User logins with a browser: the authorization code grant, always with PKCE (RFC 6749 §4.1, RFC 7636).
///
/// # When to use it
///
/// Use this flow whenever a user acts and a browser is available. A web application is a confidential client with a secret, a
/// key or a certificate. A native application is a public client and has none. A command-line program receives the
/// authorization response with a [`Loopback`](crate::Loopback). If no browser is available, use the
/// [`DeviceFlow`](crate::DeviceFlow). For an application without a user, use
/// [`ClientCredentials`](crate::ClientCredentials).
///
/// # Setup in Auth0
///
/// - Create an application of the type *Regular Web Application* or *Native* with the grant type *Authorization Code*.
/// - Add the [`redirect_uri`](AuthorizationCodeBuilder::redirect_uri) to *Allowed Callback URLs*. It must match exactly.
/// - For sessions that outlive the access token, enable the grant type *Refresh Token*, preferably with rotation, enable *Allow
///   Offline Access* on the API, and add `offline_access` to the [`scope`](AuthorizationCodeBuilder::scope).
/// - For organizations, choose under *Organizations* which users may log in, and allow them to belong to one. To use
///   names instead of IDs, enable *Allow Organization Names in Authentication API*.
///
/// # Example
///
/// A login of a web application takes two requests of the browser. Keep the [`PendingLogin`] with the browser's session
/// between them.
///
/// ```
/// use auth0_auth::{AuthorizationCode, Error, PendingLogin, Session};
///
/// fn flow() -> Result<AuthorizationCode, Error> {
///     AuthorizationCode::builder("acme.us.auth0.com")
///         .client_id("YOUR_CLIENT_ID")
///         .client_secret("YOUR_CLIENT_SECRET")
///         .redirect_uri("https://app.acme.com/callback")
///         .audience("https://acme.us.auth0.com/my-org/")
///         .scope("profile offline_access read:my_org:details")
///         .build()
/// }
///
/// /// `GET /login`: redirects the browser to the returned URL.
/// async fn login(flow: &AuthorizationCode) -> Result<(String, PendingLogin), Error> {
///     let pending = flow.with_organization("org_4ndN6m5e").start().await?;
///     Ok((pending.url().to_owned(), pending))
/// }
///
/// /// `GET /callback`: `uri` is the URI that the browser requested.
/// async fn callback(flow: &AuthorizationCode, pending: PendingLogin, uri: &str) -> Result<Session, Error> {
///     let session = flow.finish(pending, uri).await?;
///     if let Some(id_token) = session.id_token() {
///         println!("{} of {:?} logged in", id_token.subject(), id_token.org_id());
///     }
///     // The session is a token source for an API client.
///     Ok(session)
/// }
/// ```
///
/// # Errors to expect
///
/// - The user or a rule denied access: [`is_access_denied`](Error::is_access_denied). With `prompt=none`, the user has to
///   interact first: [`is_interaction_required`](Error::is_interaction_required).
/// - The response belongs to another login or was forged: [`callback_error_kind`](Error::callback_error_kind).
/// - The code was used before or expired: [`is_invalid_grant`](Error::is_invalid_grant). A code is never sent twice. If the
///   response is lost, the error has an [unknown outcome](Error::is_outcome_unknown), and the user has to log in again.
/// - The ID token is not valid for this login: [`id_token_error_kind`](Error::id_token_error_kind).
///
/// Cloning is cheap; clones share the keys of the server.
#[doc(alias = "PKCE")]
#[doc(alias = "OpenID Connect")]
#[doc(alias = "login")]
#[doc(alias = "authorize")]
#[derive(Clone)]
pub struct AuthorizationCode {
    shared: Arc<Shared>,
    request: Request,
}

/// The configuration that all logins share.
struct Shared {
    application: Arc<Application>,
    redirect_uri: String,
    scope: String,
    audience: Option<String>,
    max_age: Option<Duration>,
    verifier: Verifier,
}

/// The parameters that can differ between logins.
#[derive(Clone, Default)]
struct Request {
    organization: Option<String>,
    /// Extra parameters of the authorization request.
    parameters: Vec<(String, SecretString)>,
}

impl AuthorizationCode {
    /// Creates a builder. `domain` is the domain of the users' tenant: a bare host name such as `acme.us.auth0.com`, or its custom
    /// domain.
    pub fn builder(domain: impl Into<String>) -> AuthorizationCodeBuilder {
        AuthorizationCodeBuilder::new(domain.into())
    }

    /// Returns the flow for logins to another organization, by ID or name.
    #[must_use]
    pub fn with_organization(&self, organization: impl Into<String>) -> Self {
        let mut other = self.clone();
        other.request.organization =
            Some(organization.into().trim().to_owned()).filter(|text| !text.is_empty());
        other
    }

    /// Returns the flow with a `login_hint`: the email address or name of the user, if it is known.
    #[must_use]
    pub fn with_login_hint(&self, hint: impl Into<SecretString>) -> Self {
        self.with_parameter("login_hint", hint.into())
    }

    /// Returns the flow for a user with an `invitation` ticket to an organization.
    #[must_use]
    pub fn with_invitation(&self, ticket: impl Into<SecretString>) -> Self {
        self.with_parameter("invitation", ticket.into())
    }

    fn with_parameter(&self, name: &str, value: SecretString) -> Self {
        let mut other = self.clone();
        let parameters = &mut other.request.parameters;
        parameters.retain(|(known, _)| known != name);
        parameters.push((name.to_owned(), value));
        other
    }

    /// Starts a login: generates `state`, nonce and PKCE verifier, and builds the URL that the browser has to open.
    ///
    /// Sends no request, except for the discovery document if an [`issuer`](AuthorizationCodeBuilder::issuer) is set.
    ///
    /// # Errors
    ///
    /// Returns an error if the discovery document cannot be fetched, or if the system's random number generator fails.
    pub async fn start(&self) -> Result<PendingLogin, Error> {
        let application = &self.shared.application;
        let endpoint = application
            .server
            .endpoint(Endpoint::Authorization, &application.exchange)
            .await?;
        let mut pending = PendingLogin::draw(self.request.organization.clone())?;
        pending.url = self.url(endpoint, &pending).into();
        tracing::debug!(domain = application.domain, "login started");
        Ok(pending)
    }

    fn url(&self, mut endpoint: Url, pending: &PendingLogin) -> String {
        let Shared {
            application,
            redirect_uri,
            scope,
            ..
        } = &*self.shared;
        {
            let mut query = endpoint.query_pairs_mut();
            query
                .append_pair("response_type", "code")
                .append_pair("client_id", &application.client_id)
                .append_pair("redirect_uri", redirect_uri)
                .append_pair("scope", scope)
                .append_pair("state", pending.state.secret())
                .append_pair("nonce", pending.nonce.secret())
                .append_pair("code_challenge", &pending.code_challenge())
                .append_pair("code_challenge_method", "S256");
            if let Some(audience) = &self.shared.audience {
                query.append_pair("audience", audience);
            }
            if let Some(organization) = &self.request.organization {
                query.append_pair("organization", organization);
            }
            if let Some(max_age) = self.shared.max_age {
                query.append_pair("max_age", &max_age.as_secs().to_string());
            }
            for (name, value) in &self.request.parameters {
                query.append_pair(name, value.secret());
            }
        }
        endpoint.into()
    }

    /// Finishes a login with the callback that the browser requested: its URL, its path and query, or the query alone.
    ///
    /// First, `state` and `iss` are checked. A server whose metadata sets `authorization_response_iss_parameter_supported`
    /// must send `iss` (RFC 9207). Then the code is exchanged, and the ID token is validated: signature, issuer, audience,
    /// times, nonce and organization.
    ///
    /// # Errors
    ///
    /// See [above](Self#errors-to-expect). A failed login cannot be continued; start a new one.
    pub async fn finish(&self, pending: PendingLogin, callback: &str) -> Result<Session, Error> {
        let result = self.session(&pending, callback).await;
        let domain = &self.shared.application.domain;
        match &result {
            Ok(_) => tracing::debug!(domain, "login finished"),
            Err(error) => tracing::debug!(domain, %error, "login failed"),
        }
        result
    }

    async fn session(&self, pending: &PendingLogin, callback: &str) -> Result<Session, Error> {
        let Shared {
            application,
            verifier,
            scope,
            ..
        } = &*self.shared;
        let callback = Callback::parse(callback)?;
        // No request is sent before the response is known to belong to this login.
        callback.check_state(pending)?;
        let promised = application
            .server
            .promises_issuer(&application.exchange)
            .await?;
        let code = callback.code(pending, application.server.issuer(), promised)?;
        // The keys are fetched first: a failure after the exchange would waste the code.
        verifier.prepare().await?;
        let form = Form::of_grant("authorization_code")
            .secret("code", &code)
            .field("redirect_uri", &self.shared.redirect_uri)
            .secret("code_verifier", &pending.verifier);
        // The server knows these from the authorization request.
        let hidden = [pending.state.clone(), pending.nonce.clone()];
        let mut grant = UserGrant::request(application, &form, &hidden, scope).await?;
        let expected = Expected {
            issuer: application.server.issuer(),
            client_id: &application.client_id,
            nonce: Some(&pending.nonce),
            organization: pending.organization.as_deref(),
            max_age: self.shared.max_age,
        };
        let id_token = verifier.verify(grant.id_token.take(), &expected).await?;
        let key = self.key(pending.organization.as_deref());
        Session::begin(application.clone(), key, grant, Some(id_token)).await
    }

    /// Restores a session that was [saved](Session::keep_in) in `store` under `name`, or returns `None` if there is none. Sends
    /// no request: whether the session is still valid shows when its first token is requested.
    ///
    /// A session is found only with the same audience, organization and set of scopes. The order of the scopes and the case of
    /// an organization's name do not matter.
    ///
    /// # Errors
    ///
    /// Returns a [store error](Error::is_store).
    #[doc(alias = "refresh token")]
    pub async fn restore(
        &self,
        store: Arc<dyn TokenStore>,
        name: impl Into<String>,
    ) -> Result<Option<Session>, Error> {
        let organization = self.request.organization.as_deref();
        let key = self.key(organization);
        let former = TokenKey {
            organization: organization.map(str::to_owned),
            scope: self.shared.scope.clone(),
            ..key.clone()
        };
        let application = self.shared.application.clone();
        Session::restore(application, [key, former], store, name.into()).await
    }

    /// Returns the redirect URI.
    pub fn redirect_uri(&self) -> &str {
        &self.shared.redirect_uri
    }

    pub(crate) fn application(&self) -> &Application {
        &self.shared.application
    }

    fn key(&self, organization: Option<&str>) -> TokenKey {
        let audience = self.shared.audience.as_deref();
        self.shared
            .application
            .token_key(audience, organization, &self.shared.scope)
    }
}

impl fmt::Debug for AuthorizationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationCode")
            .field("domain", &self.shared.application.domain)
            .field("client_id", &self.shared.application.client_id)
            .field("audience", &self.shared.audience)
            .field("organization", &self.request.organization)
            .finish_non_exhaustive()
    }
}
