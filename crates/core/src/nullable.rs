//! Explicit `null`, as distinct from a missing field.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Open, SecretString};

/// A value, or an explicit `null`.
///
/// An optional, nullable field of a request is an `Option<Nullable<T>>`, which has three states:
///
/// | state | sent as | effect of a PATCH |
/// | --- | --- | --- |
/// | `None` | nothing | keeps the field |
/// | `Some(Nullable::Null)` | `null` | clears the field |
/// | `Some(Nullable::Value(v))` | `v` | sets the field |
///
/// ```
/// use auth0_core::Nullable;
///
/// #[derive(serde::Serialize)]
/// struct Update {
///     #[serde(skip_serializing_if = "Option::is_none")]
///     name: Option<Nullable<String>>,
/// }
///
/// let cleared = Update { name: Some(Nullable::Null) };
/// assert_eq!(serde_json::to_string(&cleared)?, r#"{"name":null}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[doc(alias = "null")]
pub enum Nullable<T> {
    /// An explicit `null`.
    Null,
    /// A value.
    Value(T),
}

impl<T> Nullable<T> {
    /// Returns a reference to the value, unless it is `null`.
    pub fn as_value(&self) -> Option<&T> {
        match self {
            Self::Null => None,
            Self::Value(value) => Some(value),
        }
    }

    /// Returns the value, unless it is `null`.
    pub fn into_option(self) -> Option<T> {
        match self {
            Self::Null => None,
            Self::Value(value) => Some(value),
        }
    }

    /// Deserializes a field that is present, so that `null` becomes [`Nullable::Null`]. By default, serde deserializes both
    /// `null` and a missing field as `None`:
    ///
    /// ```
    /// use auth0_core::Nullable;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Update {
    ///     #[serde(default, deserialize_with = "Nullable::deserialize_present")]
    ///     name: Option<Nullable<String>>,
    /// }
    ///
    /// let update: Update = serde_json::from_str(r#"{"name":null}"#)?;
    /// assert_eq!(update.name, Some(Nullable::Null));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn deserialize_present<'de, D>(deserializer: D) -> Result<Option<Self>, D::Error>
    where
        D: Deserializer<'de>,
        T: Deserialize<'de>,
    {
        Self::deserialize(deserializer).map(Some)
    }
}

/// Deserializes an optional field that is present, for `#[serde(default, deserialize_with = …)]`. A `null` is passed to `T`
/// and never treated as a missing field: JSON values and [`Open`] keep it, any other type rejects it.
///
/// # Errors
///
/// Returns the error of `T`.
pub fn deserialize_present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

impl<T> From<T> for Nullable<T> {
    fn from(value: T) -> Self {
        Self::Value(value)
    }
}

impl<T> From<T> for Nullable<Open<T>> {
    fn from(value: T) -> Self {
        Self::Value(Open::Known(value))
    }
}

impl From<&str> for Nullable<Open<String>> {
    fn from(text: &str) -> Self {
        Self::Value(text.into())
    }
}

impl<T> From<Option<T>> for Nullable<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::Value)
    }
}

impl From<&str> for Nullable<String> {
    fn from(text: &str) -> Self {
        Self::Value(text.to_owned())
    }
}

impl From<&str> for Nullable<SecretString> {
    fn from(text: &str) -> Self {
        Self::Value(text.into())
    }
}

impl<T: Serialize> Serialize for Nullable<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_none(),
            Self::Value(value) => value.serialize(serializer),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Nullable<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(Self::from)
    }
}
