//! A string that is never printed.

use std::fmt;

use secrecy::ExposeSecret as _;
use serde::de::Unexpected;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// A secret, such as a client secret, a token or an assertion.
///
/// `Debug` prints a placeholder, and the memory is overwritten when the value is dropped. There is no `Display`,
/// `PartialEq` or `Deref`: only [`SecretString::secret`] returns the text.
///
/// It deserializes from a string, a 64-bit integer or a boolean; the error for any other value does not quote it. It
/// serializes to the text, because requests contain it: do not serialize a value with a secret to a log.
///
/// ```
/// use auth0_core::SecretString;
///
/// let secret = SecretString::from("s3cr3t");
/// assert_eq!(secret.secret(), "s3cr3t");
/// assert_eq!(format!("{secret:?}"), "SecretString(…)");
/// ```
#[derive(Clone, Default)]
#[doc(alias = "password")]
#[doc(alias = "redacted")]
pub struct SecretString(secrecy::SecretString);

impl SecretString {
    /// Returns the text. Do not pass it to logs, errors or `Debug` output.
    pub fn secret(&self) -> &str {
        self.0.expose_secret()
    }

    /// Whether the text is empty.
    pub fn is_empty(&self) -> bool {
        self.secret().is_empty()
    }

    /// Removes surrounding white space, such as the line break that editors and secret managers append, and the byte order
    /// mark that some editors prepend.
    ///
    /// [`AccessToken::new`](crate::AccessToken::new) does this with tokens.
    ///
    /// ```
    /// use auth0_core::SecretString;
    ///
    /// assert_eq!(SecretString::from("\u{feff}s3cr3t\r\n").trimmed().secret(), "s3cr3t");
    /// ```
    #[must_use]
    pub fn trimmed(self) -> Self {
        let around = |c: char| c.is_whitespace() || c == '\u{feff}';
        let trimmed = self.secret().trim_matches(around);
        match trimmed.len() == self.secret().len() {
            true => self,
            false => trimmed.into(),
        }
    }
}

impl fmt::Debug for SecretString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretString(…)")
    }
}

impl From<String> for SecretString {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<&str> for SecretString {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl Serialize for SecretString {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.secret())
    }
}

impl<'de> Deserialize<'de> for SecretString {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The message of serde would quote a value of the wrong type, which may be a secret.
        let found = match Value::deserialize(deserializer)? {
            Value::String(text) => return Ok(text.into()),
            Value::Number(number) if !number.is_f64() => return Ok(number.to_string().into()),
            // Its text may differ from the one that the server sent.
            Value::Number(_) => Unexpected::Other("number that is not a 64-bit integer"),
            Value::Bool(value) => return Ok(value.to_string().into()),
            Value::Null => Unexpected::Unit,
            Value::Array(_) => Unexpected::Seq,
            Value::Object(_) => Unexpected::Map,
        };
        Err(serde::de::Error::invalid_type(found, &"a string"))
    }
}
