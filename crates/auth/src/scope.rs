//! Requested scopes, in the order in which they were added.

/// A list of scopes without duplicates (RFC 6749 §3.3).
#[derive(Debug, Clone, Default)]
pub(crate) struct Scope(String);

impl Scope {
    pub(crate) fn of(text: &str) -> Self {
        let mut scope = Self::default();
        scope.add(text);
        scope
    }

    /// Adds the scopes in `text` that are not in the list yet.
    pub(crate) fn add(&mut self, text: &str) {
        for scope in text.split_ascii_whitespace() {
            if self.0.split(' ').any(|known| known == scope) {
                continue;
            }
            if !self.0.is_empty() {
                self.0.push(' ');
            }
            self.0.push_str(scope);
        }
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.0
    }
}
