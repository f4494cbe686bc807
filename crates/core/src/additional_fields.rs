//! Fields of an object that the document does not describe.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

/// The fields of a JSON object, by name, that its Rust type does not have.
///
/// Types that are read, modified and sent back keep them, because many updates replace whole objects: the server would
/// delete a field that is missing. They are serialized with the documented fields. An empty value allocates nothing.
///
/// `Debug` shows names only, because a value may be a secret.
///
/// ```
/// use auth0_core::AdditionalFields;
///
/// #[derive(serde::Deserialize, serde::Serialize)]
/// struct Colors {
///     primary: String,
///     #[serde(flatten)]
///     additional_fields: AdditionalFields,
/// }
///
/// let mut colors: Colors = serde_json::from_str(r##"{"primary":"#fff","accent":"#0a0"}"##)?;
/// assert_eq!(colors.additional_fields.get("accent"), Some(&"#0a0".into()));
/// colors.additional_fields.set("shadow", "none");
/// assert_eq!(
///     serde_json::to_value(&colors)?,
///     serde_json::json!({"primary": "#fff", "accent": "#0a0", "shadow": "none"}),
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct AdditionalFields(Map<String, Value>);

impl AdditionalFields {
    /// Creates an empty set of fields.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether there is no field.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the number of fields.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns the value of a field. A `null` field is present, with the value [`Value::Null`].
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Sets a field and returns its previous value.
    ///
    /// A request whose additional field has the name of a documented property is rejected before it is sent.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<Value>) -> Option<Value> {
        self.0.insert(name.into(), value.into())
    }

    /// Removes a field and returns its value.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)
    }

    /// Iterates over names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Deserializes the fields except `tag`, which the type serializes itself. For generated code.
    #[doc(hidden)]
    pub fn deserialize_without<'de, D: Deserializer<'de>>(
        deserializer: D,
        tag: &str,
    ) -> Result<Self, D::Error> {
        let mut fields = Self::deserialize(deserializer)?;
        fields.remove(tag);
        Ok(fields)
    }
}

impl fmt::Debug for AdditionalFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl<N: Into<String>, V: Into<Value>> FromIterator<(N, V)> for AdditionalFields {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(fields: I) -> Self {
        let fields = fields.into_iter();
        Self(
            fields
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}

impl Serialize for AdditionalFields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for AdditionalFields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = AdditionalFields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = AdditionalFields::new();
                while let Some((name, value)) = map.next_entry::<String, Value>()? {
                    fields.0.insert(name, value);
                }
                Ok(fields)
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn debug_shows_names_and_no_value() {
        let fields: AdditionalFields = [
            ("key\n", json!("s3cr3t")),
            ("nested", json!({"inner-s3cr3t": ["s3cr3t"]})),
            ("number", json!(4711)),
        ]
        .into_iter()
        .collect();
        assert_eq!(
            format!("{fields:?} {fields:#?}"),
            "{\"key\\n\", \"nested\", \"number\"} {\n    \"key\\n\",\n    \"nested\",\n    \"number\",\n}"
        );
    }

    #[test]
    fn fields_are_read_set_and_removed() {
        let mut fields = AdditionalFields::new();
        assert!(fields.is_empty());
        assert_eq!(fields.set("a", 1), None);
        assert_eq!(fields.set("a", Value::Null), Some(json!(1)));
        assert_eq!(fields.get("a"), Some(&Value::Null));
        assert_eq!(fields.get("b"), None);
        assert_eq!(fields.iter().collect::<Vec<_>>(), [("a", &Value::Null)]);
        assert_eq!(fields.len(), 1);
        assert_eq!(fields.remove("a"), Some(Value::Null));
        assert!(fields.is_empty());
    }

    #[test]
    fn tag_is_left_to_the_type_that_writes_it() {
        #[derive(Deserialize, Serialize)]
        #[serde(tag = "kind", rename = "circle")]
        struct Circle {
            radius: u32,
            #[serde(flatten, deserialize_with = "without_tag")]
            additional_fields: AdditionalFields,
        }
        fn without_tag<'de, D: Deserializer<'de>>(
            deserializer: D,
        ) -> Result<AdditionalFields, D::Error> {
            AdditionalFields::deserialize_without(deserializer, "kind")
        }
        let text = r#"{"kind":"circle","radius":1,"color":null}"#;
        let circle: Circle = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&circle).unwrap(), text);
    }
}
