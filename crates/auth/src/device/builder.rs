//! The settings of device logins.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{DeviceFlow, Shared};
use crate::application::{Needs, Settings, setters};
use crate::error::Error;
use crate::id_token::Verifier;
use crate::jwks::Jwks;
use crate::scope::Scope;
use crate::signing::SigningAlgorithm;

/// The settings of a [`DeviceFlow`]; made by [`DeviceFlow::builder`].
#[derive(Clone)]
#[must_use]
pub struct DeviceFlowBuilder {
    settings: Settings,
    scope: Scope,
    audience: Option<String>,
    algorithms: Vec<SigningAlgorithm>,
}

impl DeviceFlowBuilder {
    pub(super) fn new(domain: String) -> Self {
        Self {
            settings: Settings::new(domain),
            scope: Scope::default(),
            audience: None,
            algorithms: vec![SigningAlgorithm::Rs256],
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

    /// The algorithms with which an ID token may be signed; RS256 alone unless said otherwise.
    pub fn id_token_algorithms(
        mut self,
        algorithms: impl IntoIterator<Item = SigningAlgorithm>,
    ) -> Self {
        self.algorithms = algorithms.into_iter().collect();
        self
    }

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
        if self.algorithms.is_empty() {
            faults.push("id_token_algorithms: expected at least one, found none".into());
        }
        let application = Arc::new(self.settings.build(Needs::Nothing, faults)?);
        let verifier = Verifier {
            application: application.clone(),
            algorithms: self.algorithms,
            leeway: Duration::from_secs(60),
            keys: Jwks::default(),
        };
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
