//! An edit that removes a rejected construct from a document.

use serde_json::{Map, Value, json};

use crate::extensions;
use crate::problem::Problem;
use crate::spec::walk::{Place, join};

/// An edit of a document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Edit {
    /// Removes a member that does not change what is sent and received, or a keyword of a schema.
    Remove {
        /// The location of the member.
        pointer: String,
        /// Whether the member restricts the values of a schema.
        restricts: bool,
    },
    /// Replaces a schema by one that accepts any value; that of a parameter by a string.
    Loosen {
        /// The location of the schema.
        pointer: String,
        /// Whether the schema belongs to a parameter.
        is_parameter: bool,
    },
    /// Removes an operation.
    Omit {
        /// The location of the operation.
        pointer: String,
        /// The method and the path.
        name: String,
    },
}

/// The members of objects other than schemas that describe without determining what is sent or received.
const DESCRIPTIVE: [&str; 13] = [
    "callbacks",
    "deprecated",
    "description",
    "example",
    "examples",
    "externalDocs",
    "links",
    "operationId",
    "summary",
    "tags",
    "title",
    "version",
    "webhooks",
];

/// The annotations of schemas.
const ANNOTATIONS: [&str; 8] = [
    "default",
    "deprecated",
    "description",
    "example",
    "examples",
    "externalDocs",
    "title",
    "xml",
];

impl Edit {
    pub(super) fn omission(path: &str, method: &str) -> Self {
        Self::Omit {
            pointer: join(&join("/paths", path), method),
            name: format!("{} {path}", method.to_uppercase()),
        }
    }

    /// The location that is edited.
    pub(super) fn pointer(&self) -> &str {
        match self {
            Self::Remove { pointer, .. }
            | Self::Loosen { pointer, .. }
            | Self::Omit { pointer, .. } => pointer,
        }
    }

    /// Whether the client accepts more values than the document allows.
    pub(super) fn loosens(&self) -> bool {
        match self {
            Self::Remove { restricts, .. } => *restricts,
            Self::Loosen { .. } => true,
            Self::Omit { .. } => false,
        }
    }

    /// Edits the document. Returns whether it changed.
    pub(super) fn apply(&self, document: &mut Value) -> bool {
        match self {
            Self::Remove { pointer, .. } | Self::Omit { pointer, .. } => {
                let Some((parent, key)) = pointer.rsplit_once('/') else {
                    return false;
                };
                let key = key.replace("~1", "/").replace("~0", "~");
                document
                    .pointer_mut(parent)
                    .and_then(Value::as_object_mut)
                    .is_some_and(|members| members.remove(&key).is_some())
            }
            Self::Loosen {
                pointer,
                is_parameter,
            } => {
                let Some(schema) = document.pointer_mut(pointer) else {
                    return false;
                };
                let mut loose = Map::new();
                for key in ["description", "readOnly", "writeOnly"] {
                    if let Some(kept) = schema.get(key)
                        && (kept.is_boolean() || key == "description" && kept.is_string())
                    {
                        loose.insert(key.to_owned(), kept.clone());
                    }
                }
                if *is_parameter {
                    loose.insert("type".to_owned(), json!("string"));
                }
                *schema = Value::Object(loose);
                true
            }
        }
    }

    /// The warning for the edit that a problem made necessary.
    pub(super) fn warning(&self, problem: &Problem) -> Problem {
        let consequence = match self {
            Self::Remove { pointer, .. } => {
                let key = pointer.rsplit('/').next().unwrap_or_default();
                format!("`{key}` is ignored")
            }
            Self::Loosen {
                is_parameter: true, ..
            } => "the parameter is a string".to_owned(),
            Self::Loosen { pointer, .. } if *pointer != problem.pointer => {
                format!("any value is accepted at {pointer}")
            }
            Self::Loosen { .. } => "any value is accepted".to_owned(),
            Self::Omit { name, .. } => format!("{name} is omitted"),
        };
        Problem {
            message: format!("{}: {consequence}", problem.message),
            ..problem.clone()
        }
    }
}

/// The edits that may avoid a problem at a location, the least costly first.
pub(super) fn candidates(pointer: &str, document: &Value) -> Vec<Edit> {
    let mut found = Vec::new();
    let mut schemas = Vec::new();
    let mut place = Place::Document;
    let mut value = document;
    let mut at = String::new();
    let mut is_parameter = false;
    for step in pointer.split('/').skip(1) {
        let key = step.replace("~1", "/").replace("~0", "~");
        let Some(next) = child(value, &key) else {
            break;
        };
        let within = place.child(&key);
        at = format!("{at}/{step}");
        if let Some(edit) = removal(place, within, &key, &at) {
            found.push(edit);
        }
        is_parameter |= within == Place::Parameter;
        if within == Place::Schema {
            schemas.push(Edit::Loosen {
                pointer: at.clone(),
                is_parameter,
            });
        }
        if within == Place::Data {
            break;
        }
        (place, value) = (within, next);
    }
    // What is removed or loosened outside of a construct costs more than the construct.
    found.reverse();
    found.extend(schemas.into_iter().rev());
    found
}

/// The removal of a member, if the meaning of its owner does not depend on it.
fn removal(place: Place, within: Place, key: &str, at: &str) -> Option<Edit> {
    let remove = |restricts| {
        Some(Edit::Remove {
            pointer: at.to_owned(),
            restricts,
        })
    };
    match (place, within) {
        (Place::Schema, Place::Data | Place::ExternalDocs) => {
            remove(!ANNOTATIONS.contains(&key) && !extensions::is_extension(key))
        }
        // A keyword whose value is not even of the right kind is removed with its schema.
        (Place::Map(_) | Place::List(_), _) | (Place::Schema, _) => None,
        _ if extensions::is_extension(key) || DESCRIPTIVE.contains(&key) => remove(false),
        (Place::Document, Place::Info | Place::List(_)) => remove(false),
        _ => None,
    }
}

fn child<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
    match value {
        Value::Object(members) => members.get(key),
        Value::Array(items) => items.get(key.parse::<usize>().ok()?),
        _ => None,
    }
}

/// Whether a location is `outer` or within it.
pub(super) fn is_within(pointer: &str, outer: &str) -> bool {
    pointer
        .strip_prefix(outer)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
