//! The settings of logins, and what can be wrong with them.

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

/// What an authorization request consists of, so that an extra parameter can contradict none of it.
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

/// The settings of an [`AuthorizationCode`]; made by [`AuthorizationCode::builder`].
///
/// With a secret, a key or a certificate it is a web application, without any a native one.
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
            // Without it there would be no ID token, and nothing to hold nonce and organization against.
            scope: Scope::of("openid"),
            audience: None,
            max_age: None,
            id_token: IdTokenSettings::default(),
            request: Request::default(),
        }
    }

    setters!();

    /// Where the browser brings the answer. Required: https, http on a loopback host, or a scheme of the program's own
    /// with a dot in it, such as `com.acme.app:/callback` (RFC 8252 §7.1).
    pub fn redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.redirect_uri = uri.into();
        self
    }

    /// Scopes to ask for, separated by spaces; a second call adds to the first. `openid` is always among them. With
    /// `offline_access` there is a refresh token.
    pub fn scope(mut self, scope: impl AsRef<str>) -> Self {
        self.scope.add(scope.as_ref());
        self
    }

    /// The API that the access token is for, by its identifier. Without it, Auth0 takes the tenant's default one, or the
    /// token is for the user's profile alone.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self
    }

    /// The organization that users log in to, by its id or name, which the ID token has to confirm. Where it is another
    /// with each login, there is [`with_organization`](AuthorizationCode::with_organization).
    pub fn organization(mut self, organization: impl Into<String>) -> Self {
        self.request.organization = Some(organization.into());
        self
    }

    /// The address or name of the user, where it is known.
    pub fn login_hint(self, hint: impl Into<SecretString>) -> Self {
        self.authorize_parameter("login_hint", hint)
    }

    /// How long ago the user may have logged in, in whole seconds; who did before has to do it again.
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = Some(age);
        self
    }

    /// Adds a parameter to every authorization request, such as `prompt`, `connection` or `screen_hint`. The value is
    /// treated as a secret, though the browser sees it.
    pub fn authorize_parameter(
        mut self,
        name: impl Into<String>,
        value: impl Into<SecretString>,
    ) -> Self {
        self.request.parameters.push((name.into(), value.into()));
        self
    }

    id_token_setters!();

    /// Checks the settings. No request is made.
    ///
    /// # Errors
    ///
    /// A [configuration error](Error::is_configuration) that names every setting that is missing or wrong.
    pub fn build(mut self) -> Result<AuthorizationCode, Error> {
        for text in [&mut self.audience, &mut self.request.organization] {
            *text = text.as_deref().map(|text| text.trim().to_owned());
        }
        self.redirect_uri = self.redirect_uri.trim().to_owned();
        let faults = self.faults();
        let application = Arc::new(self.settings.build(Needs::Nothing, faults)?);
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

    /// What is wrong with the settings that are this flow's own.
    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        faults.extend(redirect_fault(&self.redirect_uri));
        for (name, value) in [
            ("audience", &self.audience),
            ("organization", &self.request.organization),
        ] {
            if value.as_ref().is_some_and(String::is_empty) {
                faults.push(format!("{name}: expected a name, found an empty text"));
            }
        }
        for (name, _) in &self.request.parameters {
            if name.is_empty() {
                faults.push("authorize_parameter: expected a name, found an empty text".into());
            } else if RESERVED.contains(&name.as_str()) {
                faults.push(format!(
                    "authorize_parameter: expected an extra one, found {name}, which the flow sets itself"
                ));
            }
        }
        faults.extend(self.id_token.faults());
        faults
    }
}

/// What is wrong with a redirect URI. It is not repeated: nobody knows yet that it holds no password.
fn redirect_fault(uri: &str) -> Option<String> {
    if uri.is_empty() {
        return Some("redirect_uri is missing".to_owned());
    }
    let fault = match Url::parse(uri) {
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
            _ => "expected https or a scheme with a dot in it, found another scheme".into(),
        },
    };
    Some(format!("redirect_uri: {fault}"))
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
