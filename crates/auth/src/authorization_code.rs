//! The authorization code grant of RFC 6749 §4.1 with PKCE (RFC 7636) and OpenID Connect.

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

/// Logins by way of a browser: the authorization code grant, always with PKCE.
///
/// # When to use it
///
/// Whenever a user acts and there is a browser: a web application, which keeps a secret (or a key, or a certificate), and
/// a native one, which has none and is set up without. A command-line program takes the answer with a
/// [`Loopback`](crate::Loopback); where there is no browser at hand, there is the [`DeviceFlow`](crate::DeviceFlow). For a
/// program that acts for itself there are [`ClientCredentials`](crate::ClientCredentials).
///
/// # What to set up in Auth0
///
/// - An application of the type *Regular Web Application* or *Native*, with the grant type *Authorization Code*.
/// - Under *Allowed Callback URLs* the [`redirect_uri`](AuthorizationCodeBuilder::redirect_uri), to the letter.
/// - For sessions that outlive the access token: the grant type *Refresh Token*, preferably with rotation, *Allow Offline
///   Access* on the API, and `offline_access` in the [`scope`](AuthorizationCodeBuilder::scope).
/// - For organizations: under *Organizations* what kind of users may log in, and that they may belong to one. Where names
///   are to be used instead of ids, *Allow Organization Names in Authentication API*.
///
/// # Example
///
/// A login takes two requests of the browser to a web application. What is between them, a [`PendingLogin`], is kept with
/// the browser's session.
///
/// ```
/// use auth0_auth::{AuthorizationCode, Error, PendingLogin, Session};
///
/// fn flow() -> Result<AuthorizationCode, Error> {
///     AuthorizationCode::builder("acme.us.auth0.com")
///         .client_id("the client's id")
///         .client_secret("the client's secret")
///         .redirect_uri("https://app.acme.com/callback")
///         .audience("https://acme.us.auth0.com/my-org/")
///         .scope("profile offline_access read:my_org:details")
///         .build()
/// }
///
/// /// GET /login: where the browser is sent.
/// async fn login(flow: &AuthorizationCode) -> Result<(String, PendingLogin), Error> {
///     let pending = flow.with_organization("org_4ndN6m5e").start().await?;
///     Ok((pending.url().to_owned(), pending))
/// }
///
/// /// GET /callback: `uri` is what the browser asked for.
/// async fn callback(flow: &AuthorizationCode, pending: PendingLogin, uri: &str) -> Result<Session, Error> {
///     let session = flow.finish(pending, uri).await?;
///     if let Some(id_token) = session.id_token() {
///         println!("{} of {:?} logged in", id_token.subject(), id_token.org_id());
///     }
///     // The session is a token source, which an API client takes.
///     Ok(session)
/// }
/// ```
///
/// # Errors to expect
///
/// - The user or a rule said no: [`is_access_denied`](Error::is_access_denied); with `prompt=none` the user has to do
///   something first: [`is_interaction_required`](Error::is_interaction_required).
/// - The answer belongs to another login, or was forged: [`callback_fault`](Error::callback_fault).
/// - The code was spent, or it expired: [`is_invalid_grant`](Error::is_invalid_grant). It is never sent twice: where the
///   answer was lost, the error is one with an [unknown outcome](Error::is_outcome_unknown), and the user has to log in
///   again.
/// - The ID token is not one for this login: [`id_token_fault`](Error::id_token_fault).
///
/// Clones are cheap and share the server's keys.
#[derive(Clone)]
pub struct AuthorizationCode {
    shared: Arc<Shared>,
    request: Request,
}

/// What all logins have in common.
struct Shared {
    application: Arc<Application>,
    redirect_uri: String,
    scope: String,
    audience: Option<String>,
    max_age: Option<Duration>,
    verifier: Verifier,
}

/// What may be another with each login.
#[derive(Clone, Default)]
struct Request {
    organization: Option<String>,
    /// Parameters of the authorization request.
    parameters: Vec<(String, SecretString)>,
}

impl AuthorizationCode {
    /// Starts with the domain of the tenant that knows the users: a bare host name, such as `acme.us.auth0.com`, or the
    /// custom domain of it.
    pub fn builder(domain: impl Into<String>) -> AuthorizationCodeBuilder {
        AuthorizationCodeBuilder::new(domain.into())
    }

    /// The same flow, for logins to another organization.
    #[must_use]
    pub fn with_organization(&self, organization: impl Into<String>) -> Self {
        let mut other = self.clone();
        other.request.organization =
            Some(organization.into().trim().to_owned()).filter(|text| !text.is_empty());
        other
    }

    /// The same flow, for the login of somebody whose address or name is known.
    #[must_use]
    pub fn with_login_hint(&self, hint: impl Into<SecretString>) -> Self {
        self.with_parameter("login_hint", hint.into())
    }

    /// The same flow, for somebody who was invited to an organization and brought the ticket along (`invitation`).
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

    /// Begins a login: draws its secrets and makes the URL that the browser has to open.
    ///
    /// Nothing is sent, unless an [`issuer`](AuthorizationCodeBuilder::issuer) is set: then its discovery document is
    /// asked.
    ///
    /// # Errors
    ///
    /// The discovery document cannot be had, or the system gives no random numbers.
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

    /// Ends a login with what the browser asked for after it: the URL of the callback, its path and query, or the query
    /// alone.
    ///
    /// `state` and `iss` are checked before anything else; a server whose metadata has
    /// `authorization_response_iss_parameter_supported` must send `iss` (RFC 9207). Then the code is exchanged, and the ID token is validated: its signature by the server's
    /// keys, issuer, audience, times, nonce and organization.
    ///
    /// # Errors
    ///
    /// See [above](Self#errors-to-expect). A login that failed is over; the next one starts anew.
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
        // Only a response to this login is worth a request to the server.
        callback.check_state(pending)?;
        let promised = application
            .server
            .promises_issuer(&application.exchange)
            .await?;
        let code = callback.code(pending, application.server.issuer(), promised)?;
        // Keys that cannot be had would come to light when the code is spent.
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

    /// Takes a session up again that was [kept](Session::keep_in) in `store` under `name`; nothing if there is none. Whether
    /// it still holds, the first token shows: no request is made here.
    ///
    /// Another audience, organization or set of scopes makes it another session. The order of the scopes does not matter,
    /// nor the case of an organization's name.
    ///
    /// # Errors
    ///
    /// The [store failed](Error::is_store).
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

    /// Where the browser brings the answer.
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
