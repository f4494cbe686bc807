//! The settings of device logins.

use std::fmt;
use std::sync::Arc;

use super::{DeviceFlow, Shared};
use crate::application::{Needs, Settings, setters};
use crate::error::Error;
use crate::id_token::{IdTokenSettings, id_token_setters};
use crate::scope::Scope;

/// The settings of a [`DeviceFlow`]; made by [`DeviceFlow::builder`].
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

    /// Scopes to ask for, separated by spaces; a second call adds to the first. With `openid` there is an
    /// [ID token](crate::IdToken), with `offline_access` a refresh token.
    pub fn scope(mut self, scope: impl AsRef<str>) -> Self {
        self.scope.add(scope.as_ref());
        self
    }

    /// The API that the access token is for, by its identifier.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self
    }

    id_token_setters!();

    /// Checks the settings. No request is made.
    ///
    /// # Errors
    ///
    /// A [configuration error](Error::is_configuration) that names every setting that is missing or wrong.
    pub fn build(mut self) -> Result<DeviceFlow, Error> {
        self.audience = self.audience.map(|text| text.trim().to_owned());
        let mut faults = Vec::new();
        if self.audience.as_ref().is_some_and(String::is_empty) {
            faults.push("audience: expected a name, found an empty text".to_owned());
        }
        faults.extend(self.id_token.faults());
        let application = Arc::new(self.settings.build(Needs::Nothing, faults)?);
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
