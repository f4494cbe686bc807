//! The identity of a listing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use super::{Cursor, Position};
use crate::base_url::BaseUrl;
use crate::check::Checker;
use crate::problem::shortened;
use crate::transport::Transport;
use crate::{Error, Operation, Paging};

/// The identity of a listing: the API, the operation and its parameters. A [`Cursor`] belongs to exactly one listing.
///
/// `Debug` shows names only, no values.
///
/// ```
/// use std::sync::Arc;
///
/// use auth0_core::{Operation, StaticToken, codegen::{BaseUrl, Listing, OperationFields, Position, TransportBuilder}};
///
/// static LIST_TENANTS: Operation = Operation::new(OperationFields { id: "listTenants", method: "GET", path: "/tenants", ..OperationFields::DEFAULT });
///
/// let transport = TransportBuilder::new()
///     .token_source(Arc::new(StaticToken::new("eyJhbGciOi…")))
///     .build(BaseUrl::parse("https://acme.teams.auth0.com")?)?;
/// let american = Listing::new(&transport, &LIST_TENANTS).with("locality", "us");
/// let cursor = american.cursor(Position::Start);
/// assert!(american.position_of(cursor.clone()).is_ok());
///
/// let european = Listing::new(&transport, &LIST_TENANTS).with("locality", "eu");
/// let error = european.position_of(cursor).unwrap_err();
/// assert!(error.is_invalid_request());
/// # Ok::<(), auth0_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Listing {
    base_url: Arc<BaseUrl>,
    operation: &'static Operation,
    query: BTreeMap<String, Value>,
}

impl Listing {
    /// Creates a listing of `operation` without parameters.
    pub fn new(transport: &Transport, operation: &'static Operation) -> Self {
        Self {
            base_url: Arc::clone(&transport.0.base_url),
            operation,
            query: BTreeMap::new(),
        }
    }

    /// Adds a parameter. A null value is omitted.
    #[must_use]
    pub fn with<T: Serialize + ?Sized>(self, name: &str, value: &T) -> Self {
        // A value that cannot be serialized makes the request itself fail, so it never gets a cursor.
        self.with_value(name, serde_json::to_value(value).unwrap_or_default())
    }

    fn with_value(mut self, name: &str, value: Value) -> Self {
        if !value.is_null() {
            self.query.insert(name.to_owned(), value);
        }
        self
    }

    /// Returns the listing operation.
    pub fn operation(&self) -> &'static Operation {
        self.operation
    }

    /// Returns the cursor of a position in this listing.
    pub fn cursor(&self, position: Position) -> Cursor {
        Cursor::new(
            self.base_url.as_str().to_owned(),
            self.operation.id().to_owned(),
            self.query.clone(),
            position,
        )
    }

    /// Returns the position of `cursor` in this listing.
    ///
    /// # Errors
    ///
    /// Returns an invalid request error if the cursor belongs to another listing, or has a kind of position that the
    /// operation does not support. The violations name what differs, without the values of parameters.
    pub fn position_of(&self, cursor: Cursor) -> Result<Position, Error> {
        let mut check = Checker::new();
        for difference in self.differences(&cursor) {
            check.violation("cursor", difference);
        }
        let violations = check.into_violations();
        if violations.is_empty() {
            return Ok(cursor.position);
        }
        Err(Error::invalid_request(self.operation, violations))
    }

    fn differences(&self, cursor: &Cursor) -> Vec<String> {
        let mut differences = Vec::new();
        differences.extend(self.other_base_url(&cursor.base_url));
        if self.operation.id() != cursor.operation {
            let (expected, found) = (self.operation.id(), shortened(&cursor.operation));
            differences.push(format!("found operation `{found}`, expected `{expected}`"));
            // Comparing the parameters of different operations is meaningless.
            return differences;
        }
        match (&cursor.position, self.operation.paging()) {
            (Position::Offset(_), paging) if !paging.counts() => {
                differences.push("found an item offset, expected a checkpoint".to_owned())
            }
            (Position::Checkpoint(_), Paging::Offset) => {
                differences.push("found a checkpoint, expected an item offset".to_owned())
            }
            _ => {}
        }
        let names: BTreeSet<_> = self.query.keys().chain(cursor.query.keys()).collect();
        for name in names {
            let difference = match (self.query.get(name), cursor.query.get(name)) {
                (expected, found) if expected == found => continue,
                (Some(_), Some(_)) => "found another value, expected that of the request",
                (Some(_), None) => "found no value, expected that of the request",
                (None, _) => "found a value, expected none",
            };
            differences.push(format!("parameter `{}`: {difference}", shortened(name)));
        }
        differences
    }
}

impl Listing {
    /// Describes how a base URL differs from that of the listing. Paths other than that of the API are not shown.
    fn other_base_url(&self, found: &str) -> Option<String> {
        if self.base_url.as_str() == found {
            return None;
        }
        let expected = self.base_url.display();
        Some(match self.base_url.display_other(found) {
            None => {
                format!("found an invalid base URL, expected base URL `{expected}`")
            }
            Some(found) if found == expected => {
                format!("found base URL `{found}` with another path, expected `{expected}`")
            }
            Some(found) => format!("found base URL `{found}`, expected `{expected}`"),
        })
    }
}

impl fmt::Debug for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listing")
            .field("base_url", &self.base_url.display())
            .field("operation", &self.operation.id())
            .field("query", &self.query.keys().collect::<Vec<_>>())
            .finish()
    }
}
