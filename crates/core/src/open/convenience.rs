//! Conversions, comparisons and accessors that make [`Open`] as convenient as the plain type.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::ops::Deref;

use uuid::Uuid;

use super::Open;

/// Dereferences to the text; to the empty string if the value is not a string (see [`Open::is_null`] and [`Open::known`]).
///
/// ```
/// use auth0_core::Open;
///
/// let names: Vec<Open<String>> = serde_json::from_str(r#"["Jane", null]"#)?;
/// let greeting = |name: &str| format!("Hello {name}");
/// assert_eq!(greeting(&names[0]), "Hello Jane");
/// assert!(names[1].is_empty() && names[1].is_null());
/// # Ok::<(), serde_json::Error>(())
/// ```
impl Deref for Open<String> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Known(text) => text,
            Self::Other(value) => value.as_str().unwrap_or_default(),
        }
    }
}

impl AsRef<str> for Open<String> {
    fn as_ref(&self) -> &str {
        self
    }
}

impl From<&str> for Open<String> {
    fn from(text: &str) -> Self {
        Self::Known(text.to_owned())
    }
}

impl From<&String> for Open<String> {
    fn from(text: &String) -> Self {
        Self::Known(text.clone())
    }
}

impl From<&Open<String>> for Open<String> {
    fn from(text: &Open<String>) -> Self {
        text.clone()
    }
}

/// Parses a UUID. Any other text is kept as an unlisted value.
impl From<&str> for Open<Uuid> {
    fn from(text: &str) -> Self {
        Self::parse(text).unwrap_or_else(|_| Self::other(text))
    }
}

impl From<String> for Open<Uuid> {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl From<&Uuid> for Open<Uuid> {
    fn from(id: &Uuid) -> Self {
        Self::Known(*id)
    }
}

impl From<&Open<Uuid>> for Open<Uuid> {
    fn from(id: &Open<Uuid>) -> Self {
        id.clone()
    }
}

/// Converts into the text; into the empty string if the value is not a string.
impl From<Open<String>> for String {
    fn from(text: Open<String>) -> Self {
        match text {
            Open::Known(text) => text,
            other => (*other).to_owned(),
        }
    }
}

/// Converts into the text; into the empty string if the value is not a string.
impl From<&Open<String>> for String {
    fn from(text: &Open<String>) -> Self {
        (**text).to_owned()
    }
}

impl PartialEq<str> for Open<String> {
    fn eq(&self, other: &str) -> bool {
        self.known().is_some_and(|text| text == other)
    }
}

impl PartialEq<&str> for Open<String> {
    fn eq(&self, other: &&str) -> bool {
        *self == **other
    }
}

impl PartialEq<Open<String>> for str {
    fn eq(&self, other: &Open<String>) -> bool {
        other == self
    }
}

impl PartialEq<Open<String>> for &str {
    fn eq(&self, other: &Open<String>) -> bool {
        *other == **self
    }
}

impl PartialEq<Open<String>> for String {
    fn eq(&self, other: &Open<String>) -> bool {
        other == self
    }
}

impl<T: PartialEq> PartialEq<T> for Open<T> {
    fn eq(&self, other: &T) -> bool {
        self.known() == Some(other)
    }
}

/// Orders documented values as `T` does, followed by all others in the order of their JSON.
impl<T: Ord> Ord for Open<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Known(value), Self::Known(other)) => value.cmp(other),
            (Self::Known(_), Self::Other(_)) => Ordering::Less,
            (Self::Other(_), Self::Known(_)) => Ordering::Greater,
            (Self::Other(value), Self::Other(other)) => {
                value.value().to_string().cmp(&other.value().to_string())
            }
        }
    }
}

impl<T: Ord> PartialOrd for Open<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: Default> Default for Open<T> {
    fn default() -> Self {
        Self::Known(T::default())
    }
}

/// An unlisted value is neither less nor greater.
impl<T: PartialOrd> PartialOrd<T> for Open<T> {
    fn partial_cmp(&self, other: &T) -> Option<Ordering> {
        self.known()?.partial_cmp(other)
    }
}

impl Open<String> {
    /// Returns the text, or the JSON of a value that is not a string.
    ///
    /// ```
    /// use auth0_core::Open;
    ///
    /// let texts: Vec<Open<String>> = serde_json::from_str(r#"["a", {"b":1}]"#)?;
    /// assert_eq!([texts[0].text(), texts[1].text()], ["a", r#"{"b":1}"#]);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Known(text) => Cow::Borrowed(text),
            Self::Other(value) => Cow::Owned(value.to_string()),
        }
    }
}

impl Open<bool> {
    /// Whether the value is `true`. False for any value that is not a boolean.
    ///
    /// ```
    /// use auth0_core::Open;
    ///
    /// let flags: Vec<Open<bool>> = serde_json::from_str(r#"[true, "true", false, null]"#)?;
    /// assert_eq!(flags.iter().filter(|flag| flag.is_true()).count(), 2);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn is_true(&self) -> bool {
        *self == true
    }
}
