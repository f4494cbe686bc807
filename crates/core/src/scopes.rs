//! Scopes that are granted to tokens and required by operations.

use std::collections::BTreeSet;
use std::fmt;

use crate::Operation;

/// A set of scopes. `Display` separates them with spaces (RFC 6749 §3.3).
///
/// ```
/// use auth0_core::Scopes;
///
/// let granted = Scopes::parse("read:tenants read:members");
/// assert!(granted.contains("read:members"));
/// assert_eq!(granted.to_string(), "read:members read:tenants");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scopes(BTreeSet<String>);

impl Scopes {
    /// Parses scopes that are separated by spaces.
    pub fn parse(text: &str) -> Self {
        text.split_ascii_whitespace().collect()
    }

    /// Whether the set contains `scope`.
    pub fn contains(&self, scope: &str) -> bool {
        self.0.contains(scope)
    }

    /// Iterates over the scopes in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Returns the number of scopes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the set is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the scopes are sufficient for `operation`: all scopes of one of its alternatives. Always true if the
    /// operation documents no scopes, or only as hints.
    ///
    /// ```
    /// use auth0_core::codegen::OperationFields;
    /// use auth0_core::{Operation, Scopes};
    ///
    /// static GET_MEMBER: Operation =
    ///     Operation::new(OperationFields { id: "getMember", method: "GET", path: "/members/{id}", scopes: &[&["read:members"]], ..OperationFields::DEFAULT });
    /// assert!(!Scopes::parse("read:tenants").allow(&GET_MEMBER));
    /// ```
    pub fn allow(&self, operation: &Operation) -> bool {
        operation.scopes_are_hints() || self.cover(operation)
    }

    /// Whether the set contains the documented scopes, even if they are only hints.
    pub(crate) fn cover(&self, operation: &Operation) -> bool {
        let alternatives = operation.scopes();
        alternatives.is_empty()
            || alternatives
                .iter()
                .any(|alternative| alternative.iter().all(|scope| self.contains(scope)))
    }

    /// Returns the scopes that `operations` require, to request a token for all of them.
    ///
    /// If an operation has alternatives, the one that adds the fewest scopes is used.
    ///
    /// ```
    /// use auth0_core::codegen::OperationFields;
    /// use auth0_core::{Operation, Scopes};
    ///
    /// static GET_MEMBER: Operation =
    ///     Operation::new(OperationFields { id: "getMember", method: "GET", path: "/members/{id}", scopes: &[&["read:members"]], ..OperationFields::DEFAULT });
    /// static GET_TENANT: Operation = Operation::new(OperationFields { id: "getTenant", method: "GET", path: "/tenants/{id}", scopes: &[&["read:tenants"], &["read:members"]], ..OperationFields::DEFAULT });
    /// assert_eq!(Scopes::needed_by([&GET_TENANT, &GET_MEMBER]).to_string(), "read:members");
    /// ```
    pub fn needed_by<'o>(operations: impl IntoIterator<Item = &'o Operation>) -> Self {
        let mut operations: Vec<&Operation> = operations.into_iter().collect();
        // Operations without alternatives first, so that the others can reuse their scopes.
        operations.sort_by_key(|operation| operation.scopes().len());
        let mut needed = Self::default();
        for operation in operations {
            let missing = |alternative: &&&[&str]| {
                alternative
                    .iter()
                    .filter(|scope| !needed.contains(scope))
                    .count()
            };
            if let Some(alternative) = operation.scopes().iter().min_by_key(missing) {
                needed
                    .0
                    .extend(alternative.iter().map(|scope| (*scope).to_owned()));
            }
        }
        needed
    }
}

impl<S: Into<String>> FromIterator<S> for Scopes {
    fn from_iter<I: IntoIterator<Item = S>>(scopes: I) -> Self {
        Self(scopes.into_iter().map(Into::into).collect())
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.iter().enumerate() {
            let separator = if index == 0 { "" } else { " " };
            write!(f, "{separator}{scope}")?;
        }
        Ok(())
    }
}

/// Displays the alternatives of an operation: `read:members`, or `a and b, or c`.
pub(crate) struct Alternatives(pub(crate) &'static [&'static [&'static str]]);

impl fmt::Display for Alternatives {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, alternative) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", or " };
            write!(f, "{separator}{}", alternative.join(" and "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::OperationFields;

    const TABLE: [Operation; 4] = [
        Operation::new(OperationFields {
            id: "none",
            method: "GET",
            path: "/",
            ..OperationFields::DEFAULT
        }),
        Operation::new(OperationFields {
            id: "one",
            method: "GET",
            path: "/",
            scopes: &[&["a"]],
            ..OperationFields::DEFAULT
        }),
        Operation::new(OperationFields {
            id: "both",
            method: "GET",
            path: "/",
            scopes: &[&["a", "b"]],
            ..OperationFields::DEFAULT
        }),
        Operation::new(OperationFields {
            id: "choice",
            method: "GET",
            path: "/",
            scopes: &[&["c", "d"], &["b"], &["a"]],
            ..OperationFields::DEFAULT
        }),
    ];

    #[test]
    fn one_complete_alternative_is_sufficient() {
        let allows =
            |granted: &str| TABLE.map(|operation| Scopes::parse(granted).allow(&operation));
        assert_eq!(allows(""), [true, false, false, false]);
        assert_eq!(allows("a"), [true, true, false, true]);
        assert_eq!(allows("b"), [true, false, false, true]);
        assert_eq!(allows("b  a"), [true, true, true, true]);
        assert_eq!(allows("c"), [true, false, false, false]);
        assert_eq!(allows("d c"), [true, false, false, true]);
    }

    #[test]
    fn needed_scopes_are_minimal() {
        let [none, one, both, choice] = &TABLE;
        let needed =
            |operations: &[&Operation]| Scopes::needed_by(operations.iter().copied()).to_string();
        assert_eq!(needed(&[none]), "");
        assert_eq!(needed(&[choice]), "b");
        assert_eq!(needed(&[choice, one]), "a");
        assert_eq!(needed(&[choice, both, none]), "a b");
    }

    #[test]
    fn alternatives_are_displayed_as_text() {
        assert_eq!(
            Alternatives(TABLE[3].scopes()).to_string(),
            "c and d, or b, or a"
        );
    }
}
