//! Values that the document lists, and values that it does not list yet.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::text::printable;

mod convenience;
mod decode;

/// A scalar of the documented type `T`, or any other JSON value that a server sent in its place.
///
/// Every scalar of a response has this type, so that one unexpected value does not fail the page that contains it: a
/// new enum value, a malformed date, a `null` where the document requires a string. Decoding takes the documented type
/// as it is and converts where nothing is lost:
///
/// | `T` | is also read from |
/// | --- | --- |
/// | an integer | a float without a fraction (`3.0`) below 2⁵³, a numeric string (`"3"`) |
/// | a number | a numeric string |
/// | a boolean | `"true"` and `"false"` |
/// | a string | a number or a boolean, as its text |
///
/// Everything else is kept in [`Other`](Self::Other) and serializes to the same JSON again. To send a value that the
/// document does not list, use [`Open::other`].
///
/// An `Open<String>` dereferences to `str`, and compares with text; an open number or boolean compares with a plain one.
/// [`known`](Self::known) returns the documented value, [`is_null`](Self::is_null) tells an explicit `null`.
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
pub enum Open<T> {
    /// A documented value.
    Known(T),
    /// Anything else.
    Other(Unlisted),
}

/// A JSON value that is not one of the documented ones.
///
/// `Debug` shows scalars and, of an object or an array, only that it is one: nobody knows what it holds.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Unlisted(Box<Value>);

impl Unlisted {
    /// The value as it came.
    pub fn value(&self) -> &Value {
        &self.0
    }

    /// The text, where the value is a string.
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
            // JSON escapes control characters, and no others that are not printed.
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
    /// A value that the document does not list.
    pub fn other(value: impl Into<Value>) -> Self {
        Self::Other(Unlisted(Box::new(value.into())))
    }

    /// The text as a documented value.
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

    /// The documented value, if it is one.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Other(_) => None,
        }
    }

    /// The documented value itself, if it is one.
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

    /// Whether the value reads `text`, documented or not.
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
