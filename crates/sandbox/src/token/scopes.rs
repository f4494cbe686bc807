//! The scopes of the APIs.

use std::collections::BTreeSet;

use crate::api::Api;
use crate::document::Document;

/// The scopes of the APIs, in the order of [`Api::ALL`].
pub(crate) struct ApiScopes([BTreeSet<&'static str>; 3]);

impl ApiScopes {
    pub(crate) fn of(documents: &'static [Document; 3]) -> Self {
        Self(documents.each_ref().map(Document::scopes))
    }

    /// All scopes, sorted within each API.
    pub(crate) fn all(&self) -> Vec<&'static str> {
        let mut all: Vec<&str> = Vec::new();
        for scope in self.0.iter().flatten() {
            if !all.contains(scope) {
                all.push(scope);
            }
        }
        all
    }

    /// Whether a token for this API can have the scope: a scope of the API, or one that no API defines.
    pub(crate) fn belongs(&self, scope: &str, api: Api) -> bool {
        self.0[api as usize].contains(scope) || !self.0.iter().any(|own| own.contains(scope))
    }
}
