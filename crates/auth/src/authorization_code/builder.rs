//! The builder of the authorization code flow and its validation.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use auth0_core::SecretString;
use url::Url;

use super::{AuthorizationCode, Request, Shared};
use crate::application::{Needs, Settings, setters};
use crate::discovery::{EXPECTED_HOST, has_unfit_host, is_loopback};
use crate::error::Error;
use crate::id_token::{IdTokenSettings, id_token_setters};
use crate::scope::Scope;

/// The parameters that the flow sets itself; extra parameters must not override them.
pub(super) const RESERVED: [&str; 14] = [
    "audience",
    "client_id",
    "client_secret",
    "code_challenge",
    "code_challenge_method",
    "max_age",
    "nonce",
    "organization",
    "redirect_uri",
    "request",
    "request_uri",
    "response_type",
    "scope",
    "state",
];

/// A builder of [`AuthorizationCode`], created by [`AuthorizationCode::builder`].
///
/// With a secret, a key or a certificate, the application is a web application; without, it is a native application.
///
/// ```
/// use std::time::Duration;
///
/// use auth0_auth::AuthorizationCode;
///
/// # fn example() -> Result<(), auth0_auth::Error> {
/// let flow = AuthorizationCode::builder("acme.us.auth0.com")
///     .client_id("YOUR_CLIENT_ID")
///     .redirect_uri("com.acme.app:/callback")
///     .scope("profile offline_access")
///     .max_age(Duration::from_secs(3600))
///     .authorize_parameter("screen_hint", "signup")
///     .build()?;
/// # let _ = flow;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use]
pub struct AuthorizationCodeBuilder {
    settings: Settings,
    redirect_uri: String,
    scope: Scope,
    audience: Option<String>,
    max_age: Option<Duration>,
    id_token: IdTokenSettings,
    request: Request,
}

impl AuthorizationCodeBuilder {
    pub(super) fn new(domain: String) -> Self {
        Self {
            settings: Settings::new(domain),
            redirect_uri: String::new(),
            // Without `openid` there is no ID token, so nonce and organization could not be checked.
            scope: Scope::of("openid"),
            audience: None,
            max_age: None,
            id_token: IdTokenSettings::default(),
            request: Request::default(),
        }
    }

    setters!();

    /// Sets the redirect URI, where the browser delivers the authorization response. Required: https, http on a loopback
    /// host, or a private-use scheme with a dot, such as `com.acme.app:/callback` (RFC 8252 §7.1).
    pub fn redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.redirect_uri = uri.into();
        self
    }

    /// Adds scopes to request, separated by spaces. `openid` is always included. Add `offline_access` for a refresh token.
    #[doc(alias = "refresh token")]
    pub fn scope(mut self, scope: impl AsRef<str>) -> Self {
        self.scope.add(scope.as_ref());
        self
    }

    /// Sets the identifier of the API that the access token is for. Default: the tenant's default API, or else the token only
    /// gives access to the user's profile.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self
    }

    /// Sets the organization that users log in to, by ID or name. The ID token must confirm it. To use a different one for
    /// each login, see [`with_organization`](AuthorizationCode::with_organization).
    pub fn organization(mut self, organization: impl Into<String>) -> Self {
        self.request.organization = Some(organization.into());
        self
    }

    /// Sets the `login_hint`: the email address or name of the user, if it is known.
    pub fn login_hint(self, hint: impl Into<SecretString>) -> Self {
        self.authorize_parameter("login_hint", hint)
    }

    /// Sets the maximum time since the user's last login, in whole seconds. If it is exceeded, the user has to log in again.
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = Some(age);
        self
    }

    /// Adds a parameter to every authorization request, such as `prompt`, `connection` or `screen_hint`. The value is treated
    /// as a secret, although the browser sees it.
    pub fn authorize_parameter(
        mut self,
        name: impl Into<String>,
        value: impl Into<SecretString>,
    ) -> Self {
        self.request.parameters.push((name.into(), value.into()));
        self
    }

    id_token_setters!();

    /// Validates the settings and builds the flow. No request is sent.
    ///
    /// # Errors
    ///
    /// Returns a [configuration error](Error::is_configuration) that names every missing or invalid setting.
    pub fn build(mut self) -> Result<AuthorizationCode, Error> {
        for text in [&mut self.audience, &mut self.request.organization] {
            *text = text.as_deref().map(|text| text.trim().to_owned());
        }
        self.redirect_uri = self.redirect_uri.trim().to_owned();
        let problems = self.problems();
        let application = Arc::new(self.settings.build(Needs::Nothing, problems)?);
        let verifier = self.id_token.verifier(&application);
        Ok(AuthorizationCode {
            shared: Arc::new(Shared {
                application,
                redirect_uri: self.redirect_uri,
                scope: self.scope.into(),
                audience: self.audience,
                max_age: self.max_age,
                verifier,
            }),
            request: self.request,
        })
    }

    /// Returns the problems of the settings that are specific to this flow.
    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        problems.extend(redirect_fault(&self.redirect_uri));
        for (name, value) in [
            ("audience", &self.audience),
            ("organization", &self.request.organization),
        ] {
            if value.as_ref().is_some_and(String::is_empty) {
                problems.push(format!("{name}: expected a name, found an empty string"));
            }
        }
        for (name, _) in &self.request.parameters {
            if name.is_empty() {
                problems.push("authorize_parameter: expected a name, found an empty string".into());
            } else if RESERVED.contains(&name.as_str()) {
                problems.push(format!(
                    "authorize_parameter: expected an extra parameter, found {name}, which the flow sets itself"
                ));
            }
        }
        problems.extend(self.id_token.problems());
        problems
    }
}

/// Returns the problem of a redirect URI, if there is one. The text does not contain the URI, which may hold a password.
fn redirect_fault(uri: &str) -> Option<String> {
    if uri.is_empty() {
        return Some("redirect_uri is missing".to_owned());
    }
    let problem = match Url::parse(uri) {
        Err(error) => format!("expected a URL, found {error}"),
        Ok(url) if has_unfit_host(&url) => EXPECTED_HOST.to_owned(),
        Ok(url) if url.fragment().is_some() => "expected no fragment, found one".into(),
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            "expected no user name or password, found one".into()
        }
        Ok(url) => match url.scheme() {
            "https" => return None,
            "http" if is_loopback(&url) => return None,
            "http" => "expected https, found http to a host that is not loopback".into(),
            scheme if scheme.contains('.') => return None,
            _ => "expected https or a scheme with a dot, found another scheme".into(),
        },
    };
    Some(format!("redirect_uri: {problem}"))
}

impl fmt::Debug for AuthorizationCodeBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut f = f.debug_struct("AuthorizationCodeBuilder");
        self.settings.debug(&mut f);
        f.field("audience", &self.audience)
            .field("scope", &self.scope)
            .field("organization", &self.request.organization)
            .field("id_token_algorithms", &self.id_token.algorithms)
            .finish_non_exhaustive()
    }
}
