//! The settings of flows that verify ID tokens.

use std::sync::Arc;
use std::time::Duration;

use super::Verifier;
use crate::application::Application;
use crate::jwks::Jwks;
use crate::signing::SigningAlgorithm;

/// Clocks differ by less; a larger leeway would only accept tokens that have expired.
const MAX_LEEWAY: Duration = Duration::from_secs(300);

/// How ID tokens are verified.
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

/// The setters of [`IdTokenSettings`], for the builder of each flow, which holds them in a field `id_token`.
macro_rules! id_token_setters {
    () => {
        /// The algorithms with which an ID token may be signed. Default: RS256 alone. The one that the application is set to
        /// in Auth0 has to be among them, and nothing else should be.
        pub fn id_token_algorithms(
            mut self,
            algorithms: impl IntoIterator<Item = crate::SigningAlgorithm>,
        ) -> Self {
            self.id_token.algorithms = algorithms.into_iter().collect();
            self
        }

        /// How much this machine's clock may differ from the server's when the times of an ID token are checked, at most
        /// 300 s. Default: 60 s.
        pub fn id_token_leeway(mut self, leeway: std::time::Duration) -> Self {
            self.id_token.leeway = leeway;
            self
        }
    };
}

pub(crate) use id_token_setters;

impl IdTokenSettings {
    /// What is wrong with them.
    pub(crate) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.algorithms.is_empty() {
            faults.push("id_token_algorithms: expected at least one, found none".to_owned());
        }
        if self.leeway > MAX_LEEWAY {
            let found = self.leeway.as_secs();
            faults.push(format!(
                "id_token_leeway: expected at most {} s, found {found} s",
                MAX_LEEWAY.as_secs()
            ));
        }
        faults
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
