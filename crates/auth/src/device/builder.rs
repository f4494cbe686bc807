//! The builder of the device flow.

use std::fmt;
use std::sync::Arc;

use super::{DeviceFlow, Shared};
use crate::application::{Needs, Settings, setters};
use crate::error::Error;
use crate::id_token::{IdTokenSettings, id_token_setters};
use crate::scope::Scope;

/// A builder of [`DeviceFlow`], created by [`DeviceFlow::builder`].
///
/// ```
/// use auth0_auth::DeviceFlow;
///
/// # fn example() -> Result<(), auth0_auth::Error> {
/// let flow = DeviceFlow::builder("acme.us.auth0.com")
///     .client_id("YOUR_CLIENT_ID")
///     .scope("openid offline_access")
///     .build()?;
/// # let _ = flow;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use]
pub struct DeviceFlowBuilder {
    settings: Settings,
    scope: Scope,
    audience: Option<String>,
    id_token: IdTokenSettings,
}

impl DeviceFlowBuilder {
    pub(super) fn new(domain: String) -> Self {
        Self {
            settings: Settings::new(domain),
            scope: Scope::default(),
            audience: None,
            id_token: IdTokenSettings::default(),
        }
    }

    setters!();

    /// Adds scopes to request, separated by spaces. Add `openid` for an [ID token](crate::IdToken) and `offline_access` for
    /// a refresh token.
    #[doc(alias = "refresh token")]
    pub fn scope(mut self, scope: impl AsRef<str>) -> Self {
        self.scope.add(scope.as_ref());
        self
    }

    /// Sets the identifier of the API that the access token is for.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self
    }

    id_token_setters!();

    /// Validates the settings and builds the flow. No request is sent.
    ///
    /// # Errors
    ///
    /// Returns a [configuration error](Error::is_configuration) that names every missing or invalid setting.
    pub fn build(mut self) -> Result<DeviceFlow, Error> {
        self.audience = self.audience.map(|text| text.trim().to_owned());
        let mut problems = Vec::new();
        if self.audience.as_ref().is_some_and(String::is_empty) {
            problems.push("audience: expected a name, found an empty string".to_owned());
        }
        problems.extend(self.id_token.problems());
        let application = Arc::new(self.settings.build(Needs::Nothing, problems)?);
        let verifier = self.id_token.verifier(&application);
        Ok(DeviceFlow(Arc::new(Shared {
            application,
            scope: self.scope.into(),
            audience: self.audience,
            verifier,
        })))
    }
}

impl fmt::Debug for DeviceFlowBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut f = f.debug_struct("DeviceFlowBuilder");
        self.settings.debug(&mut f);
        f.field("audience", &self.audience)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}
