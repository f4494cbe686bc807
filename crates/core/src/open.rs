//! Values that the document lists, and values that it does not list yet.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::value::{Error as ValueError, MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::text::printable;

/// A value of the documented type `T`, or any other JSON value that came in its place.
///
/// A server grows new enum values and now and then sends an odd date; neither may fail the page that it is on. What
/// was not understood is kept as it came and serializes to the same again. An unlisted value can be sent, too, but
/// only by saying so: [`Open::other`].
///
/// ```
/// use auth0_core::Open;
/// use chrono::{DateTime, Utc};
///
/// let dates: Vec<Open<DateTime<Utc>>> = serde_json::from_str(r#"["2026-01-08T10:00:00Z", "yesterday", null]"#)?;
/// assert!(dates[0].known().is_some());
/// assert!(dates[1].is("yesterday"));
/// assert_eq!(dates[2].to_string(), "null");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
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

impl<T: PartialEq> PartialEq<T> for Open<T> {
    fn eq(&self, other: &T) -> bool {
        self.known() == Some(other)
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

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Open<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OpenVisitor(PhantomData))
    }
}

/// Tries `T` on a scalar as it stands, without a detour through [`Value`]. Nothing else is tried: the documented
/// values are scalars, and serde would take `{"owner": null}` for the variant `owner`.
struct OpenVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> OpenVisitor<T> {
    fn scalar<V>(value: V) -> Open<T>
    where
        V: IntoDeserializer<'de, ValueError> + Into<Value> + Copy,
    {
        match T::deserialize(value.into_deserializer()) {
            Ok(known) => Open::Known(known),
            Err(_) => Open::other(value),
        }
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for OpenVisitor<T> {
    type Value = Open<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Open<T>, E> {
        Ok(Self::scalar(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Open<T>, E> {
        Ok(Self::scalar(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Open<T>, E> {
        Ok(Self::scalar(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Open<T>, E> {
        Ok(Self::scalar(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Open<T>, E> {
        match T::deserialize(IntoDeserializer::<ValueError>::into_deserializer(value)) {
            Ok(known) => Ok(Open::Known(known)),
            Err(_) => Ok(Open::other(value)),
        }
    }

    fn visit_string<E>(self, value: String) -> Result<Open<T>, E> {
        match T::deserialize(IntoDeserializer::<ValueError>::into_deserializer(
            value.as_str(),
        )) {
            Ok(known) => Ok(Open::Known(known)),
            Err(_) => Ok(Open::other(value)),
        }
    }

    fn visit_unit<E>(self) -> Result<Open<T>, E> {
        Ok(Open::other(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Open<T>, E> {
        Ok(Open::other(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Open<T>, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Open<T>, A::Error> {
        Value::deserialize(SeqAccessDeserializer::new(items)).map(Open::other)
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Open<T>, A::Error> {
        Value::deserialize(MapAccessDeserializer::new(entries)).map(Open::other)
    }
}
