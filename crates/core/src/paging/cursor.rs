//! Positions in a listing, and cursors that can be stored.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// The position of a page in a listing.
///
/// `Debug` does not show the text of a checkpoint.
#[derive(Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Position {
    /// The start of the listing.
    #[default]
    Start,
    /// The opaque cursor that the server returned with the previous page.
    Checkpoint(String),
    /// After this number of items. Unlike a page number, it does not depend on the page size.
    Offset(u64),
}

impl Position {
    /// Returns the position at a checkpoint, if there is one. An empty text counts as none, because sending it would start
    /// the listing again.
    pub fn of_checkpoint(checkpoint: Option<&str>) -> Option<Self> {
        checkpoint
            .filter(|text| !text.is_empty())
            .map(|text| Self::Checkpoint(text.to_owned()))
    }

    /// Returns the checkpoint, if the position is one.
    pub fn into_checkpoint(self) -> Option<String> {
        match self {
            Self::Checkpoint(text) => Some(text),
            Self::Start | Self::Offset(_) => None,
        }
    }

    /// Returns the position of a page by its number, counted from 0, with `size` items per page.
    pub fn of_page<N: TryInto<u64>>(number: Option<N>, size: u64) -> Self {
        match number {
            None => Self::Start,
            Some(number) => match number.try_into() {
                Ok(number) => Self::Offset(number.saturating_mul(size)),
                Err(_) => Self::Start,
            },
        }
    }

    /// The number of items before the position; 0 if unknown.
    pub(super) fn offset(&self) -> u64 {
        match self {
            Self::Offset(items) => *items,
            Self::Start | Self::Checkpoint(_) => 0,
        }
    }

    /// Returns the number of the page that contains this position, with `size` items per page. The page starts earlier if
    /// the position is not a multiple of `size`; [`Items`](crate::Items) and [`Pages`](crate::Pages) skip the items before
    /// the position. Returns 0 for a position that is not an offset.
    pub fn page<N: TryFrom<u64> + Default>(&self, size: u64) -> N {
        match self {
            Self::Offset(items) => N::try_from(items / size.max(1)).unwrap_or_default(),
            Self::Start | Self::Checkpoint(_) => N::default(),
        }
    }
}

impl fmt::Debug for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start => f.write_str("Start"),
            Self::Checkpoint(_) => f.write_str("Checkpoint(…)"),
            Self::Offset(items) => write!(f, "Offset({items})"),
        }
    }
}

/// A position in a listing that can be stored, to resume the listing later or in another process. It contains the query,
/// because it is valid in the same listing only.
///
/// [`Items::cursor`](crate::Items::cursor), [`Pages::cursor`](crate::Pages::cursor) and
/// [`Error::cursor`](crate::Error::cursor) return it; the method `resume` of a generated listing accepts it.
///
/// The serialized form is stable, in any self-describing format such as JSON. An unknown version or kind of position is a
/// deserialization error:
///
/// ```
/// use auth0_core::Cursor;
///
/// let stored = r#"{
///     "version": 1,
///     "base_url": "https://acme.teams.auth0.com",
///     "operation": "listTenants",
///     "query": {"locality": "us"},
///     "position": {"checkpoint": "eyJpZCI6Ij…"}
/// }"#;
/// let cursor: Cursor = serde_json::from_str(stored)?;
/// assert_eq!(cursor.operation(), "listTenants");
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// `query` contains every parameter that was set, including those of the path, except cursor and page size. `position` is
/// `"start"` at the start of the listing and, with counted pagination, the item offset: `{"offset": 150}`.
///
/// A cursor contains ids and the values of filters, so store it where these may be stored. `Debug` shows the names of
/// parameters only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[doc(alias = "page token")]
#[doc(alias = "pagination")]
pub struct Cursor {
    version: Version,
    pub(super) base_url: String,
    pub(super) operation: String,
    pub(super) query: BTreeMap<String, Value>,
    pub(super) position: Position,
}

impl Cursor {
    pub(super) fn new(
        base_url: String,
        operation: String,
        query: BTreeMap<String, Value>,
        position: Position,
    ) -> Self {
        Self {
            version: Version,
            base_url,
            operation,
            query,
            position,
        }
    }

    /// Returns the id of the listing operation.
    pub fn operation(&self) -> &str {
        &self.operation
    }

    /// Returns the position in the listing.
    pub fn position(&self) -> &Position {
        &self.position
    }
}

impl fmt::Debug for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cursor")
            .field("operation", &self.operation)
            .field("query", &self.query.keys().collect::<Vec<_>>())
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}

/// The version of the serialized form.
#[derive(Clone, PartialEq, Eq)]
struct Version;

impl Version {
    const NUMBER: u64 = 1;
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(Self::NUMBER)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u64::deserialize(deserializer)? {
            Self::NUMBER => Ok(Self),
            found => Err(D::Error::custom(format_args!(
                "found a cursor of version {found}, expected version {}",
                Self::NUMBER
            ))),
        }
    }
}
