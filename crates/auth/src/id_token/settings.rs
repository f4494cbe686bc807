//! The settings of ID token validation.

use std::sync::Arc;
use std::time::Duration;

use super::Verifier;
use crate::application::Application;
use crate::jwks::Jwks;
use crate::signing::SigningAlgorithm;

/// The maximum leeway. Clock skew is smaller; a larger leeway would only accept expired tokens.
const MAX_LEEWAY: Duration = Duration::from_secs(300);

/// How ID tokens are validated.
#[derive(Debug, Clone)]
pub(crate) struct IdTokenSettings {
    pub(crate) algorithms: Vec<SigningAlgorithm>,
    pub(crate) leeway: Duration,
}

impl Default for IdTokenSettings {
    fn default() -> Self {
        Self {
            algorithms: vec![SigningAlgorithm::Rs256],
            leeway: Duration::from_secs(60),
        }
    }
}

/// The setters of [`IdTokenSettings`] for the builders of the flows. The builder stores them in a field `id_token`.
macro_rules! id_token_setters {
    () => {
        /// Sets the accepted signing algorithms of ID tokens. Default: RS256 only. Include the algorithm that is configured for
        /// the application in Auth0, and no other.
        pub fn id_token_algorithms(
            mut self,
            algorithms: impl IntoIterator<Item = crate::SigningAlgorithm>,
        ) -> Self {
            self.id_token.algorithms = algorithms.into_iter().collect();
            self
        }

        /// Sets the accepted clock skew between this machine and the server in the validation of ID tokens. Maximum: 300 s.
        /// Default: 60 s.
        pub fn id_token_leeway(mut self, leeway: std::time::Duration) -> Self {
            self.id_token.leeway = leeway;
            self
        }
    };
}

pub(crate) use id_token_setters;

impl IdTokenSettings {
    /// Returns the problems of the settings.
    pub(crate) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.algorithms.is_empty() {
            problems.push("id_token_algorithms: expected at least one, found none".to_owned());
        }
        if self.leeway > MAX_LEEWAY {
            let found = self.leeway.as_secs();
            problems.push(format!(
                "id_token_leeway: expected at most {} s, found {found} s",
                MAX_LEEWAY.as_secs()
            ));
        }
        problems
    }

    pub(crate) fn verifier(self, application: &Arc<Application>) -> Verifier {
        Verifier {
            application: application.clone(),
            algorithms: self.algorithms,
            leeway: self.leeway,
            keys: Jwks::default(),
        }
    }
}
