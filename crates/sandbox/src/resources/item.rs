//! Resources as JSON objects.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::collection::{Collection, Record};
use super::kind::Kind;

/// A resource: its fields, and the collections that belong to it.
#[derive(Clone, Default)]
pub(crate) struct Item {
    pub(crate) fields: Map<String, Value>,
    children: BTreeMap<&'static str, Collection<Item>>,
}

impl Item {
    /// An item with the members of a JSON object.
    pub(crate) fn new(fields: Value) -> Self {
        let fields = match fields {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        Self {
            fields,
            children: BTreeMap::new(),
        }
    }

    /// A text field; empty if the item has no such field.
    pub(crate) fn text(&self, field: &str) -> &str {
        self.value(field).as_str().unwrap_or_default()
    }

    /// Whether a field is true.
    pub(crate) fn flag(&self, field: &str) -> bool {
        *self.value(field) == true
    }

    pub(crate) fn value(&self, field: &str) -> &Value {
        self.fields.get(field).unwrap_or(&Value::Null)
    }

    /// The texts of a list field.
    pub(crate) fn texts(&self, field: &str) -> Vec<String> {
        texts(self.value(field))
    }

    pub(crate) fn set(&mut self, field: &str, value: impl Into<Value>) {
        self.fields.insert(field.to_owned(), value.into());
    }

    /// The empty collection.
    pub(crate) fn none() -> &'static Collection<Self> {
        static NONE: Collection<Item> = Collection::new();
        &NONE
    }

    pub(crate) fn children(&self, kind: &Kind) -> &Collection<Self> {
        self.children.get(kind.name).unwrap_or(Self::none())
    }

    pub(crate) fn children_mut(&mut self, kind: &Kind) -> &mut Collection<Item> {
        self.children
            .entry(kind.name)
            .or_insert_with(Collection::new)
    }
}

impl Record for Item {
    fn text(&self, field: &str) -> &str {
        self.text(field)
    }
}

/// The texts in a JSON list.
pub(crate) fn texts(list: &Value) -> Vec<String> {
    let list = list.as_array().into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}
