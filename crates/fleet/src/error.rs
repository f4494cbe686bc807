//! Configuration errors.

use std::fmt;

/// The configuration of a [`Redis`](crate::Redis) or an [`EncryptionKey`](crate::EncryptionKey) is invalid.
///
/// The message names every setting that is missing or invalid. It contains no secret and no part of the URL.
///
/// ```
/// use auth0_fleet::Redis;
///
/// let error = Redis::builder("redis://localhost").build().unwrap_err();
/// assert_eq!(error.to_string(), "invalid configuration: encryption_key is missing");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigurationError {
    problems: Vec<String>,
}

impl ConfigurationError {
    pub(crate) fn new(problems: Vec<String>) -> Self {
        Self { problems }
    }
}

impl fmt::Display for ConfigurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid configuration: {}", self.problems.join("; "))
    }
}

impl std::error::Error for ConfigurationError {}
