//! Lists, maps and objects that a response must have.

use serde::de::{self, Unexpected};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Reads a required list or map. An explicit `null` is an empty one, which is how servers written in Go encode a list
/// without items; a missing one stays an error, because an empty list says that there are no items.
///
/// ```
/// #[derive(serde::Deserialize)]
/// struct Page {
///     #[serde(deserialize_with = "auth0_core::null_as_empty")]
///     members: Vec<String>,
/// }
///
/// let page: Page = serde_json::from_str(r#"{"members": null}"#)?;
/// assert!(page.members.is_empty());
/// let error = serde_json::from_str::<Page>("{}").err();
/// assert!(error.is_some_and(|error| error.to_string().starts_with("missing field `members`")));
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # Errors
///
/// What `C` reports for a value that is neither `null` nor a `C`.
pub fn null_as_empty<'de, C, D>(deserializer: D) -> Result<C, D::Error>
where
    C: Deserialize<'de> + Default,
    D: Deserializer<'de>,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Requires a value to be an object that has `fields`, whatever their values are. Generated unions call it before they
/// look for a variant, so that neither a `null` nor an error body is taken for a variant that is not known yet.
///
/// # Errors
///
/// The kind of a value that is not an object, or the first field that is missing.
pub fn require_object<E: de::Error>(value: &Value, fields: &[&'static str]) -> Result<(), E> {
    let found = match value {
        Value::Object(members) => {
            let missing = fields.iter().find(|field| !members.contains_key(**field));
            return missing.map_or(Ok(()), |field| Err(E::missing_field(field)));
        }
        Value::Null => Unexpected::Unit,
        Value::Bool(flag) => Unexpected::Bool(*flag),
        Value::Number(_) => Unexpected::Other("number"),
        Value::String(text) => Unexpected::Str(text),
        Value::Array(_) => Unexpected::Seq,
    };
    Err(E::invalid_type(found, &"an object"))
}
