//! Calls of API operations.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::problem::Problem;
use crate::token::Caller;

/// An authorized call whose request conforms to the document.
#[derive(Debug)]
pub(crate) struct Call {
    /// Path, query and header parameters by name.
    pub(crate) parameters: BTreeMap<String, String>,
    /// List parameters by name.
    pub(crate) lists: BTreeMap<String, Vec<String>>,
    pub(crate) body: Value,
    pub(crate) caller: Caller,
    pub(crate) user_agent: String,
    pub(crate) now: DateTime<Utc>,
}

impl Call {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    /// A parameter that the document requires.
    pub(crate) fn required(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }

    /// A numeric parameter, if present.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.get(name)?.parse().ok()
    }

    /// Whether a parameter is `true`.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.get(name) == Some("true")
    }

    pub(crate) fn body<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        T::deserialize(&self.body).map_err(|error| Problem::internal(error.to_string()))
    }
}
