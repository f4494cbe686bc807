//! Scalars of responses that may have undocumented values.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::text::printable;

mod convenience;
mod decode;

/// A scalar of the documented type `T`, or any other JSON value that a server sent in its place.
///
/// Every scalar of a response has this type, so that one unexpected value does not fail the whole response: a new enum
/// value, a malformed date, a `null` where the document requires a string. Lossless conversions to the documented type are
/// applied:
///
/// | `T` | also decoded from |
/// | --- | --- |
/// | integer | a float without a fraction (`3.0`) below 2⁵³, a numeric string (`"3"`) |
/// | number | a numeric string |
/// | boolean | `"true"` and `"false"` |
/// | string | a number or boolean, as text |
///
/// Any other value is kept in [`Other`](Self::Other) and serializes to the same JSON. To send a value that the document does
/// not list, use [`Open::other`].
///
/// `Open<String>` dereferences to `str` and compares with strings; open numbers and booleans compare with plain ones.
/// [`known`](Self::known) returns the documented value, and [`is_null`](Self::is_null) is true for an explicit `null`.
///
/// ```
/// use auth0_core::Open;
/// use chrono::{DateTime, Utc};
///
/// let dates: Vec<Open<DateTime<Utc>>> = serde_json::from_str(r#"["2026-01-08T10:00:00Z", "yesterday", null]"#)?;
/// assert!(dates[0].known().is_some());
/// assert!(dates[1].is("yesterday"));
/// assert!(dates[2].is_null());
///
/// let counts: Vec<Open<i64>> = serde_json::from_str(r#"[3, 3.0, "3", null]"#)?;
/// assert!(counts[..3].iter().all(|count| *count == 3));
/// assert_eq!(counts[3].known(), None);
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// `Debug` shows a documented value like `T` itself, and anything else like [`Unlisted`].
#[derive(Clone, PartialEq, Eq, Hash)]
#[doc(alias = "unknown enum variant")]
#[doc(alias = "forward compatibility")]
pub enum Open<T> {
    /// A documented value.
    Known(T),
    /// Any other value.
    Other(Unlisted),
}

/// A JSON value that the document does not list.
///
/// `Debug` shows scalars, but not the content of objects and arrays, which may contain secrets.
///
/// ```
/// use auth0_core::Open;
///
/// let size: Open<u32> = serde_json::from_str(r#""large""#)?;
/// if let Open::Other(unlisted) = size {
///     assert_eq!(unlisted.as_str(), Some("large"));
///     assert_eq!(format!("{unlisted:?}"), r#"Unlisted("large")"#);
/// }
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Unlisted(Box<Value>);

impl Unlisted {
    /// Returns the JSON value.
    pub fn value(&self) -> &Value {
        &self.0
    }

    /// Returns the text, if the value is a string.
    pub fn as_str(&self) -> Option<&str> {
        self.0.as_str()
    }
}

impl From<Value> for Unlisted {
    fn from(value: Value) -> Self {
        Self(Box::new(value))
    }
}

impl<'de> Deserialize<'de> for Unlisted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(Self::from)
    }
}

impl Serialize for Unlisted {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl fmt::Debug for Unlisted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Value::Object(_) => f.write_str("Unlisted({…})"),
            Value::Array(_) => f.write_str("Unlisted([…])"),
            // JSON escapes control characters, but no other non-printable ones.
            scalar => write!(f, "Unlisted({})", printable(&scalar.to_string())),
        }
    }
}

impl fmt::Display for Unlisted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.as_str() {
            Some(text) => f.write_str(text),
            None => fmt::Display::fmt(&self.0, f),
        }
    }
}

impl<T> Open<T> {
    /// Creates a value that the document does not list.
    ///
    /// ```
    /// use auth0_core::Open;
    ///
    /// let size: Open<u32> = Open::other("large");
    /// assert_eq!(serde_json::to_string(&size)?, r#""large""#);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn other(value: impl Into<Value>) -> Self {
        Self::Other(Unlisted(Box::new(value.into())))
    }

    /// Parses a documented value.
    ///
    /// ```
    /// use auth0_core::Open;
    /// use uuid::Uuid;
    ///
    /// let id: Open<Uuid> = Open::parse("4b4ea5a8-5b8e-4d0c-9d8d-0d2b6a2a6f5e")?;
    /// assert!(id.known().is_some());
    /// # Ok::<(), uuid::Error>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, T::Err>
    where
        T: FromStr,
    {
        text.parse().map(Self::Known)
    }

    /// Returns a reference to the documented value, if it is one.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Other(_) => None,
        }
    }

    /// Returns the documented value, if it is one.
    pub fn into_known(self) -> Option<T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Other(_) => None,
        }
    }

    /// Whether the value is an explicit `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Other(value) if value.0.is_null())
    }

    /// Whether the value is the string `text`, documented or not.
    pub fn is(&self, text: &str) -> bool
    where
        T: fmt::Display,
    {
        match self {
            Self::Known(value) => value.to_string() == text,
            Self::Other(value) => value.as_str() == Some(text),
        }
    }
}

impl<T> From<T> for Open<T> {
    fn from(value: T) -> Self {
        Self::Known(value)
    }
}

impl<T: fmt::Debug> fmt::Debug for Open<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(value) => value.fmt(f),
            Self::Other(value) => value.fmt(f),
        }
    }
}

impl<T: fmt::Display> fmt::Display for Open<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(value) => value.fmt(f),
            Self::Other(value) => value.fmt(f),
        }
    }
}

impl<T: Serialize> Serialize for Open<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Known(value) => value.serialize(serializer),
            Self::Other(value) => value.value().serialize(serializer),
        }
    }
}
