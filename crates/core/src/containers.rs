//! Deserialization of required lists, maps and objects.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{Error, MapAccessDeserializer, MapDeserializer, SeqAccessDeserializer};
use serde::de::{self, Error as _, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, forward_to_deserialize_any};
use serde_json::Value;

/// Deserializes a required list or map. An explicit `null` becomes an empty one, because servers written in Go encode
/// empty lists that way. A missing field is an error: an empty list would claim that there are no items.
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
/// Returns the error of `C` for a value that is neither `null` nor a `C`.
pub fn null_as_empty<'de, C, D>(deserializer: D) -> Result<C, D::Error>
where
    C: Deserialize<'de> + Default,
    D: Deserializer<'de>,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Deserializes an optional object or map of a response. Any other value is treated like a missing field: one such record
/// must not fail a whole listing.
///
/// ```
/// #[derive(serde::Deserialize)]
/// struct Organization {
///     #[serde(default, deserialize_with = "auth0_core::codegen::optional_object")]
///     branding: Option<Branding>,
/// }
///
/// #[derive(serde::Deserialize)]
/// struct Branding {
///     logo_url: String,
/// }
///
/// let organization: Organization = serde_json::from_str(r#"{"branding": ""}"#)?;
/// assert!(organization.branding.is_none());
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # Errors
///
/// Returns the error of `T` for an object that is not a `T`.
pub fn optional_object<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_any(Container::<T, false>(PhantomData))
}

/// Deserializes an optional list of a response. Any other value is treated like a missing field, as by [`optional_object`].
///
/// # Errors
///
/// Returns the error of `T` for a list that is not a `T`.
pub fn optional_list<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_any(Container::<T, true>(PhantomData))
}

/// Deserializes a required object. An explicit `null` becomes an object whose values are all null (see
/// [`Open::is_null`](crate::Open::is_null)), so that one such record does not fail a whole listing. If the object has a
/// required secret, `null` is an error.
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
/// Returns the error of `T` for a value that is neither `null` nor a `T`.
pub fn null_as_unknown<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    match Option::deserialize(deserializer)? {
        Some(value) => Ok(value),
        None => null_object().ok_or_else(|| D::Error::invalid_type(Unexpected::Unit, &"an object")),
    }
}

/// Deserializes a `T` from a list if `LIST` is set, else from an object. Any other value is `None`.
struct Container<T, const LIST: bool>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const LIST: bool> Visitor<'de> for Container<T, LIST> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if LIST { "a list" } else { "an object" })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        if LIST {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(None);
        }
        T::deserialize(MapAccessDeserializer::new(map)).map(Some)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        if LIST {
            return T::deserialize(SeqAccessDeserializer::new(list)).map(Some);
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// Creates a `T` whose values are all null, if possible.
fn null_object<'de, T: Deserialize<'de>>() -> Option<T> {
    // A type that keeps additional fields does not announce its own fields, but reports them one by one as missing.
    let mut required = Vec::new();
    loop {
        let error = match T::deserialize(NullObject(&required)) {
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

/// Deserializes a required list of objects. A `null` list becomes an [empty list](null_as_empty), and a `null` item an
/// [object of null values](null_as_unknown).
///
/// # Errors
///
/// Returns the error of `T` for an item that is neither `null` nor a `T`.
pub fn null_as_unknown_items<'de, T, D>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    let items: Option<Vec<NullableItem<T>>> = Option::deserialize(deserializer)?;
    Ok(known_items(items.unwrap_or_default()))
}

/// Deserializes an optional list of objects. Anything but a list becomes `None`, and a `null` item an
/// [object of null values](null_as_unknown).
///
/// # Errors
///
/// Returns the error of `T` for an item that is neither `null` nor a `T`.
pub fn null_as_unknown_optional_items<'de, T, D>(
    deserializer: D,
) -> Result<Option<Vec<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    optional_list(deserializer).map(|items| items.map(known_items))
}

fn known_items<T>(items: Vec<NullableItem<T>>) -> Vec<T> {
    items.into_iter().map(|NullableItem(item)| item).collect()
}

#[derive(Deserialize)]
#[serde(bound = "T: Deserialize<'de>")]
struct NullableItem<T>(#[serde(deserialize_with = "null_as_unknown")] T);

/// Deserializes an object whose fields are all null: the fields that the type announces, or these.
struct NullObject<'n>(&'n [String]);

impl<'de> Deserializer<'de> for NullObject<'_> {
    type Error = Error;

    // Unions deserialize any JSON value first, then select the variant.
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

/// Checks that a value is an object with `fields`, whatever their values are. Generated unions call it before they select
/// a variant, so that neither `null` nor an error body is treated as an unknown variant.
///
/// # Errors
///
/// Returns an error if the value is not an object or a field is missing.
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
