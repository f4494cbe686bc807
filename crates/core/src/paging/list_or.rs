//! Responses that are either a list or an object with a list.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// A list, or an object that contains a list. Some operations return one or the other, depending on the parameters of
/// the request.
///
/// ```
/// use auth0_core::ListOr;
///
/// #[derive(serde::Deserialize)]
/// struct Page { numbers: Vec<u32>, total: u64 }
///
/// let alone: ListOr<Vec<u32>, Page> = serde_json::from_str("[1, 2]")?;
/// assert!(matches!(alone, ListOr::List(numbers) if numbers == [1, 2]));
/// let page: ListOr<Vec<u32>, Page> = serde_json::from_str(r#"{"numbers": [1], "total": 7}"#)?;
/// assert!(matches!(page, ListOr::Object(page) if page.total == 7 && page.numbers == [1]));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "there is no third JSON container")]
pub enum ListOr<L, O> {
    /// The list.
    List(L),
    /// The object.
    Object(O),
}

impl<'de, L: Deserialize<'de>, O: Deserialize<'de>> Deserialize<'de> for ListOr<L, O> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Shape<L, O>(PhantomData<(L, O)>);

        impl<'de, L: Deserialize<'de>, O: Deserialize<'de>> Visitor<'de> for Shape<L, O> {
            type Value = ListOr<L, O>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list, or an object with one")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Self::Value, A::Error> {
                L::deserialize(SeqAccessDeserializer::new(items)).map(ListOr::List)
            }

            fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
                O::deserialize(MapAccessDeserializer::new(members)).map(ListOr::Object)
            }
        }

        deserializer.deserialize_any(Shape(PhantomData))
    }
}
