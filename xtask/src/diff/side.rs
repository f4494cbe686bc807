//! One of the two documents: looking things up in it and following its references.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::lower::pointer_of;
use crate::spec::walk::join;

/// A document with its references.
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

    /// What stands at a pointer; null where nothing does.
    pub(super) fn get(self, pointer: &str) -> &'a Value {
        self.document.pointer(pointer).unwrap_or(&Value::Null)
    }

    /// Where the reference of a value leads to, if it is one into this document to something that is there.
    pub(super) fn target(self, value: &Value) -> Option<String> {
        let reference = value.get("$ref")?.as_str()?;
        let pointer = reference
            .strip_prefix('#')
            .filter(|rest| rest.starts_with('/'))?;
        // Only a percent sign makes the pointer differ from what is written.
        let pointer = match reference.contains('%') {
            true => pointer_of(reference),
            false => pointer.to_owned(),
        };
        self.document.pointer(&pointer).is_some().then_some(pointer)
    }

    /// The pointer of what stands at `pointer` once its references are followed. A reference with anything beside it is
    /// followed only if `beside` says so.
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

    /// What tells one parameter of a list from the others: its place and its name.
    pub(super) fn parameter(self, pointer: &str) -> (String, String) {
        let parameter = self.get(&self.resolve(pointer, true));
        let text = |key: &str| parameter[key].as_str().unwrap_or_default().to_owned();
        let (place, name) = (text("in"), text("name"));
        // Names of headers know no case.
        match place.as_str() {
            "header" => (place, name.to_lowercase()),
            _ => (place, name),
        }
    }

    /// The pointers of all that the references within a value lead to, and on from there.
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

    /// The pointers of the members of an object, in the order of their names.
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

    /// The pointers of the items of a list.
    pub(super) fn items(self, pointer: &str) -> Vec<String> {
        let count = self.get(pointer).as_array().map_or(0, Vec::len);
        (0..count)
            .map(|index| join(pointer, &index.to_string()))
            .collect()
    }
}

/// The component at or above a pointer: its kind, its name and the rest of the pointer.
pub(super) fn component(pointer: &str) -> Option<(&str, &str, &str)> {
    let rest = pointer.strip_prefix("/components/")?;
    let (kind, rest) = rest.split_once('/')?;
    let end = rest.find('/').unwrap_or(rest.len());
    Some((kind, &rest[..end], &rest[end..]))
}

/// Undoes the escapes of one step of a pointer.
pub(super) fn unescape(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}
