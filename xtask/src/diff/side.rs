//! Access to one of the two documents: looks up values and follows references.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::lower::pointer_of;
use crate::spec::walk::join;

/// One of the two compared documents.
#[derive(Debug, Clone, Copy)]
pub(super) struct Side<'a> {
    document: &'a Value,
}

impl<'a> Side<'a> {
    pub(super) fn new(document: &'a Value) -> Self {
        Self { document }
    }

    pub(super) fn document(self) -> &'a Value {
        self.document
    }

    /// Returns the value at a pointer; null if there is none.
    pub(super) fn get(self, pointer: &str) -> &'a Value {
        self.document.pointer(pointer).unwrap_or(&Value::Null)
    }

    /// Returns the target of a reference, if the value is a reference to an existing value of this document.
    pub(super) fn target(self, value: &Value) -> Option<String> {
        let reference = value.get("$ref")?.as_str()?;
        let pointer = reference
            .strip_prefix('#')
            .filter(|rest| rest.starts_with('/'))?;
        // Only percent-encoding makes the pointer differ from the fragment.
        let pointer = match reference.contains('%') {
            true => pointer_of(reference),
            false => pointer.to_owned(),
        };
        self.document.pointer(&pointer).is_some().then_some(pointer)
    }

    /// Follows the references of the value at `pointer`, and returns the final pointer. References with siblings are followed
    /// only if `beside` is true.
    pub(super) fn resolve(self, pointer: &str, beside: bool) -> String {
        let mut pointer = pointer.to_owned();
        let mut seen = BTreeSet::new();
        loop {
            let value = self.get(&pointer);
            let alone = value.as_object().is_some_and(|members| members.len() == 1);
            match self.target(value) {
                Some(target) if (alone || beside) && seen.insert(target.clone()) => {
                    pointer = target;
                }
                _ => return pointer,
            }
        }
    }

    /// Returns location and name of a parameter, which identify it.
    pub(super) fn parameter(self, pointer: &str) -> (String, String) {
        let parameter = self.get(&self.resolve(pointer, true));
        let text = |key: &str| parameter[key].as_str().unwrap_or_default().to_owned();
        let (place, name) = (text("in"), text("name"));
        // Header names are case-insensitive.
        match place.as_str() {
            "header" => (place, name.to_lowercase()),
            _ => (place, name),
        }
    }

    /// Returns the pointers of everything that a value references, directly and indirectly.
    pub(super) fn reach(self, value: &Value) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut waiting = vec![value];
        while let Some(value) = waiting.pop() {
            match value {
                Value::Object(members) => {
                    if let Some(target) = self.target(value)
                        && found.insert(target.clone())
                    {
                        waiting.push(self.get(&target));
                    }
                    waiting.extend(members.values());
                }
                Value::Array(items) => waiting.extend(items),
                _ => {}
            }
        }
        found
    }

    /// Returns names and pointers of the members of an object, sorted by name.
    pub(super) fn members(self, pointer: &str) -> Vec<(&'a str, String)> {
        let mut members: Vec<_> = self
            .get(pointer)
            .as_object()
            .into_iter()
            .flat_map(|members| members.keys())
            .map(|key| (key.as_str(), join(pointer, key)))
            .collect();
        members.sort();
        members
    }

    /// Returns the pointers of the items of a list.
    pub(super) fn items(self, pointer: &str) -> Vec<String> {
        let count = self.get(pointer).as_array().map_or(0, Vec::len);
        (0..count)
            .map(|index| join(pointer, &index.to_string()))
            .collect()
    }
}

/// Splits a pointer into the kind and name of a component, and the rest.
pub(super) fn component(pointer: &str) -> Option<(&str, &str, &str)> {
    let rest = pointer.strip_prefix("/components/")?;
    let (kind, rest) = rest.split_once('/')?;
    let end = rest.find('/').unwrap_or(rest.len());
    Some((kind, &rest[..end], &rest[end..]))
}

/// Unescapes one step of a pointer.
pub(super) fn unescape(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}
