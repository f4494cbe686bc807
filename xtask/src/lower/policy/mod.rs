//! Passes that decide how the client behaves: paging, retries and secrets.

pub(crate) mod listings;
pub(crate) mod page_items;
pub(crate) mod paging_styles;
pub(crate) mod retry_safety;
pub(crate) mod secrets;

use crate::lower::schema::{Object, type_of};
use crate::lower::shape::identifiers;

/// The array that a response of `path` lists: the only one, or of several the one that is named like the last segment of the path.
pub(crate) fn list_of<'o>(properties: &'o Object, path: &str) -> Option<&'o str> {
    let is_array =
        |(_, property): &(&String, &serde_json::Value)| type_of(property) == Some("array");
    let mut arrays = properties
        .iter()
        .filter(is_array)
        .map(|(name, _)| name.as_str());
    let (first, second) = (arrays.next()?, arrays.next());
    if second.is_none() {
        return Some(first);
    }
    list_named_like(properties, path)
}

/// The array that is named like the last segment of a path.
fn list_named_like<'o>(properties: &'o Object, path: &str) -> Option<&'o str> {
    let mut segments = path
        .rsplit('/')
        .filter(|segment| !segment.is_empty() && !segment.starts_with('{'));
    let (name, list) = properties.get_key_value(&identifiers::snake(segments.next()?))?;
    (type_of(list) == Some("array")).then_some(name)
}
