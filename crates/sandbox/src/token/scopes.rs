//! Which scopes belong to which API.

use std::collections::BTreeSet;

use crate::api::Api;
use crate::document::Document;

/// The scopes of the APIs, in the order of [`Api::ALL`].
pub(crate) struct ApiScopes([BTreeSet<&'static str>; 3]);

impl ApiScopes {
    pub(crate) fn of(documents: &'static [Document; 3]) -> Self {
        Self(documents.each_ref().map(Document::scopes))
    }

    /// All of them, those of each API sorted.
    pub(crate) fn all(&self) -> Vec<&'static str> {
        let mut all: Vec<&str> = Vec::new();
        for scope in self.0.iter().flatten() {
            if !all.contains(scope) {
                all.push(scope);
            }
        }
        all
    }

    /// Whether tokens for this API can have the scope: one of its own, or one that no API knows.
    pub(crate) fn belongs(&self, scope: &str, api: Api) -> bool {
        self.0[api as usize].contains(scope) || !self.0.iter().any(|own| own.contains(scope))
    }
}
