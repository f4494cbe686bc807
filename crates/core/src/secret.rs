//! A string that never prints.

use std::fmt;

use secrecy::ExposeSecret as _;
use serde::de::Unexpected;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// A secret: a client secret, a token, an assertion.
///
/// `Debug` prints a placeholder, there is no `Display`, no `PartialEq` and no `Deref`, and the memory is
/// overwritten when the value is dropped. The text is read with [`SecretString::secret`] alone.
///
/// It is also read from an integer of 64 bits or a boolean, as its text; anything else is an error that does not quote it.
///
/// It serializes to the text itself, because requests have to carry it: do not serialize a value that
/// holds one to a log.
///
/// ```
/// use auth0_core::SecretString;
///
/// let secret = SecretString::from("s3cr3t");
/// assert_eq!(secret.secret(), "s3cr3t");
/// assert_eq!(format!("{secret:?}"), "SecretString(…)");
/// ```
#[derive(Clone, Default)]
pub struct SecretString(secrecy::SecretString);

impl SecretString {
    /// The text. Keep it out of logs, errors and `Debug` output.
    pub fn secret(&self) -> &str {
        self.0.expose_secret()
    }

    /// Whether the text is empty.
    pub fn is_empty(&self) -> bool {
        self.secret().is_empty()
    }

    /// The same secret without white space around it, such as the line break that editors and secret managers append,
    /// and without the byte order mark that some editors put in front.
    ///
    /// Settings and tokens go through this before they are sent: see [`AccessToken::new`](crate::AccessToken::new).
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
        // Serde's own message would quote a value of the wrong type, and a mistyped secret is still one.
        let found = match Value::deserialize(deserializer)? {
            Value::String(text) => return Ok(text.into()),
            Value::Number(number) if !number.is_f64() => return Ok(number.to_string().into()),
            // Its text may not be the one that was sent.
            Value::Number(_) => Unexpected::Other("number that is no 64-bit integer"),
            Value::Bool(value) => return Ok(value.to_string().into()),
            Value::Null => Unexpected::Unit,
            Value::Array(_) => Unexpected::Seq,
            Value::Object(_) => Unexpected::Map,
        };
        Err(serde::de::Error::invalid_type(found, &"a string"))
    }
}
