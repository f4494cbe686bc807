//! Lists, maps and objects that a response must have.

use serde::de::value::{Error, MapDeserializer};
use serde::de::{self, Error as _, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, forward_to_deserialize_any};
use serde_json::Value;

/// Reads a required list or map. An explicit `null` is an empty one, which is how servers written in Go encode a list
/// without items; a missing one stays an error, because an empty list says that there are no items.
///
/// ```
/// #[derive(serde::Deserialize)]
/// struct Page {
///     #[serde(deserialize_with = "auth0_core::codegen::null_as_empty")]
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

/// Reads a required object. An explicit `null` is an object whose values are all unknown (see
/// [`Open::is_null`](crate::Open::is_null)), so that one record without it does not end a listing. An object that has to
/// hold a secret cannot be unknown: there `null` stays an error.
///
/// ```
/// use auth0_core::Open;
///
/// #[derive(serde::Deserialize)]
/// struct Entry {
///     #[serde(deserialize_with = "auth0_core::codegen::null_as_unknown")]
///     actor: Actor,
/// }
///
/// #[derive(serde::Deserialize)]
/// struct Actor {
///     name: Open<String>,
/// }
///
/// let entry: Entry = serde_json::from_str(r#"{"actor": null}"#)?;
/// assert!(entry.actor.name.is_null());
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # Errors
///
/// What `T` reports for a value that is neither `null` nor a `T`.
pub fn null_as_unknown<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    match Option::deserialize(deserializer)? {
        Some(value) => Ok(value),
        None => unknown().ok_or_else(|| D::Error::invalid_type(Unexpected::Unit, &"an object")),
    }
}

/// A `T` whose values are all unknown, if it can be one.
fn unknown<'de, T: Deserialize<'de>>() -> Option<T> {
    // A type that keeps unknown fields does not tell its own ones, but one that is missing.
    let mut required = Vec::new();
    loop {
        let error = match T::deserialize(Unknown(&required)) {
            Ok(value) => return Some(value),
            Err(error) => error,
        };
        let text = error.to_string();
        let missing = text.strip_prefix("missing field `");
        match missing.and_then(|text| text.split('`').next()) {
            Some(name) if !required.iter().any(|known| known == name) => {
                required.push(name.to_owned());
            }
            _ => return None,
        }
    }
}

/// Reads a required list of objects. A `null` in place of the list is an [empty list](null_as_empty), and one in place of
/// an item an [unknown object](null_as_unknown).
///
/// # Errors
///
/// What `T` reports for an item that is neither `null` nor a `T`.
pub fn null_as_unknown_items<'de, T, D>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    null_as_unknown_optional_items(deserializer).map(Option::unwrap_or_default)
}

/// Reads an optional list of objects. A `null` in place of the list is `None`, and one in place of an item an
/// [unknown object](null_as_unknown).
///
/// # Errors
///
/// What `T` reports for an item that is neither `null` nor a `T`.
pub fn null_as_unknown_optional_items<'de, T, D>(
    deserializer: D,
) -> Result<Option<Vec<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    let items: Option<Vec<Item<T>>> = Option::deserialize(deserializer)?;
    Ok(items.map(|items| items.into_iter().map(|Item(item)| item).collect()))
}

#[derive(Deserialize)]
#[serde(bound = "T: Deserialize<'de>")]
struct Item<T>(#[serde(deserialize_with = "null_as_unknown")] T);

/// An object whose fields are null: those that the type tells, or these.
struct Unknown<'n>(&'n [String]);

impl<'de> Deserializer<'de> for Unknown<'_> {
    type Error = Error;

    // Unions read any JSON value first, then select the variant.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_map(MapDeserializer::new(
            fields.iter().map(|field| (*field, ())),
        ))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let fields = self.0.iter().map(|field| (field.as_str(), ()));
        visitor.visit_map(MapDeserializer::new(fields))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct enum identifier ignored_any
    }
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
