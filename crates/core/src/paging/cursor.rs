//! A place in a listing that can be stored.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// Where in a listing a page is.
///
/// `Debug` names the kind of position and keeps its value to itself.
#[derive(Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Position {
    /// At the beginning.
    #[default]
    Start,
    /// Where the server said, in a page before, that the next one is. The text is opaque.
    Checkpoint(String),
    /// Behind so many items. It is no number of a page, so that it stays the same place whatever the size of a page.
    Offset(u64),
}

impl Position {
    /// The position at a checkpoint, if there is one. An empty text is none: sent back, it would begin the listing
    /// again.
    pub fn of_checkpoint(checkpoint: Option<&str>) -> Option<Self> {
        checkpoint
            .filter(|text| !text.is_empty())
            .map(|text| Self::Checkpoint(text.to_owned()))
    }

    /// The checkpoint, where there is one to send.
    pub fn into_checkpoint(self) -> Option<String> {
        match self {
            Self::Checkpoint(text) => Some(text),
            Self::Start | Self::Offset(_) => None,
        }
    }

    /// The position of the page with this number, the first of which is 0, where pages hold `size` items.
    pub fn of_page<N: TryInto<u64>>(number: Option<N>, size: u64) -> Self {
        match number {
            None => Self::Start,
            Some(number) => match number.try_into() {
                Ok(number) => Self::Offset(number.saturating_mul(size)),
                Err(_) => Self::Start,
            },
        }
    }

    /// How many items precede it; 0 where that is not known.
    pub(super) fn offset(&self) -> u64 {
        match self {
            Self::Offset(items) => *items,
            Self::Start | Self::Checkpoint(_) => 0,
        }
    }

    /// The number of the page that holds this position, where pages hold `size` items. The page begins earlier where
    /// the position is no multiple of `size`; [`Items`](crate::Items) and [`Pages`](crate::Pages) leave out the items
    /// before the position. It is 0 for a position that is not counted.
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

/// A place in a listing, with the query that the listing comes from, so that it can be stored and go on later: in
/// another process too, and only in the same listing.
///
/// It is taken from [`Items::cursor`](crate::Items::cursor), [`Pages::cursor`](crate::Pages::cursor) or
/// [`Error::cursor`](crate::Error::cursor), and handed to the method `resume` of a generated listing.
///
/// Its serialized form is stable. A version or a kind of position that this release does not know is an error of the
/// deserializer. Any format that describes itself will do, such as JSON:
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
/// `query` holds every parameter that was set, those of the path included, but for the cursor and the size of a page.
/// At the beginning of the listing `position` is the text `start`, and in a listing whose pages are counted it is
/// `{"offset": 150}`, the number of items before it.
///
/// It holds the values of filters and ids, so it is stored where those may be. `Debug` shows the names alone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
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

    /// The id of the operation that lists.
    pub fn operation(&self) -> &str {
        &self.operation
    }

    /// Where in the listing it is.
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

/// The version of the serialized form. There is one so far.
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
