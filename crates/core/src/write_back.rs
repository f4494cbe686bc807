//! Conversion of a response into an update request of the same resource.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{Undecodable, Unlisted};

/// Why a response cannot be converted into an update request: a required field is missing, or has a value that the request
/// cannot contain.
///
/// ```
/// use auth0_core::codegen::into_update;
///
/// #[derive(Debug, serde::Deserialize)]
/// struct Update {
///     options: Options,
/// }
///
/// #[derive(Debug, serde::Deserialize)]
/// struct Options {
///     client_secret: String,
/// }
///
/// let response = serde_json::json!({"id": "con_1", "options": {}});
/// let error = into_update::<_, Update>(&response, "Update", &["options"], &[]).unwrap_err();
/// assert_eq!(error.field(), "options.client_secret");
/// assert_eq!(
///     error.to_string(),
///     "the response cannot be converted into `Update`: options.client_secret: required by the request, absent from the response",
/// );
/// ```
#[derive(Debug)]
pub struct ConversionError {
    into: &'static str,
    field: String,
    problem: String,
}

impl ConversionError {
    fn unserializable(into: &'static str, error: &serde_json::Error) -> Self {
        Self {
            into,
            field: String::new(),
            // The error of serde may quote a value.
            problem: format!("the response cannot be serialized ({:?})", error.classify()),
        }
    }

    /// Returns the invalid field, such as `options.client_secret`; empty for the whole response.
    pub fn field(&self) -> &str {
        &self.field
    }

    /// Returns the reason, without a value.
    pub fn problem(&self) -> &str {
        &self.problem
    }
}

impl fmt::Display for ConversionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the response cannot be converted into `{}`: ", self.into)?;
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        f.write_str(&self.problem)
    }
}

impl std::error::Error for ConversionError {}

/// Converts a response into the update request `into`. Generated code calls this; programs use `try_from` of the request.
///
/// Only the properties in `accepted` are kept, each completely: nested objects with their additional fields and explicit
/// nulls. A null that the request does not allow is omitted. Properties in `renamed` get their name in requests.
///
/// # Errors
///
/// Returns an error if a required field is missing, or has a value that the request cannot contain.
pub fn into_update<R: Serialize, U: DeserializeOwned>(
    response: &R,
    into: &'static str,
    accepted: &[&str],
    renamed: &[Renamed],
) -> Result<U, ConversionError> {
    let mut draft = UpdateDraft::new(serde_json::to_value(response), into, accepted, renamed)?;
    loop {
        let body = draft.body()?;
        match serde_json::from_slice(&body) {
            Ok(update) => return Ok(update),
            Err(error) => draft.correct(&body, &error)?,
        }
    }
}

/// An unfinished update request. Not generic, so that it is compiled once.
struct UpdateDraft {
    into: &'static str,
    value: Value,
}

impl UpdateDraft {
    fn new(
        response: serde_json::Result<Value>,
        into: &'static str,
        accepted: &[&str],
        renamed: &[Renamed],
    ) -> Result<Self, ConversionError> {
        let response = response.map_err(|error| ConversionError::unserializable(into, &error))?;
        let mut value = retain_accepted(response, accepted);
        for renamed in renamed {
            renamed.apply(&mut value, renamed.parent);
        }
        Ok(Self { into, value })
    }

    fn body(&self) -> Result<Vec<u8>, ConversionError> {
        serde_json::to_vec(&self.value)
            .map_err(|error| ConversionError::unserializable(self.into, &error))
    }

    /// Removes a null that the request does not allow; any other error is final.
    fn correct(&mut self, body: &[u8], error: &serde_json::Error) -> Result<(), ConversionError> {
        let error = Undecodable::new(body, error);
        if remove_null(&mut self.value, error.path()) {
            return Ok(());
        }
        let (mut field, mut problem) = (error.path().to_owned(), error.what());
        if let Some(missing) = problem
            .strip_prefix("missing field `")
            .and_then(|name| name.strip_suffix('`'))
        {
            let separator = if field.is_empty() { "" } else { "." };
            field.push_str(separator);
            field.push_str(missing);
            problem = "required by the request, absent from the response";
        }
        Err(ConversionError {
            into: self.into,
            field,
            problem: problem.to_owned(),
        })
    }
}

/// A property with different names in responses and update requests. Generated code passes it to [`into_update`].
#[derive(Debug, Clone, Copy)]
pub struct Renamed {
    /// The path of property names to the object. Lists are not part of the path: the property is renamed in every item.
    pub parent: &'static [&'static str],
    /// The name in responses.
    pub response: &'static str,
    /// The name in update requests.
    pub request: &'static str,
}

impl Renamed {
    /// Renames the property in every object at `parent` below `value`, unless the object already has the request's name.
    fn apply(&self, value: &mut Value, parent: &[&str]) {
        match (value, parent) {
            (Value::Array(items), _) => items.iter_mut().for_each(|item| self.apply(item, parent)),
            (Value::Object(members), [first, rest @ ..]) => {
                if let Some(member) = members.get_mut(*first) {
                    self.apply(member, rest);
                }
            }
            (Value::Object(members), []) if !members.contains_key(self.request) => {
                if let Some(member) = members.remove(self.response) {
                    members.insert(self.request.to_owned(), member);
                }
            }
            _ => {}
        }
    }
}

/// Removes the property at `path`, if it is null.
fn remove_null(value: &mut Value, path: &str) -> bool {
    let (parent, name) = path.rsplit_once('.').unwrap_or(("", path));
    let mut pointer = String::new();
    for segment in parent
        .split(['.', '['])
        .filter(|segment| !segment.is_empty())
    {
        pointer.push('/');
        pointer.push_str(segment.trim_end_matches(']'));
    }
    let Some(parent) = value.pointer_mut(&pointer).and_then(Value::as_object_mut) else {
        return false;
    };
    parent.get(name).is_some_and(Value::is_null) && parent.remove(name).is_some()
}

/// Converts an unlisted response into an unlisted update request with the properties in `accepted`. Generated code calls
/// this.
pub fn into_unlisted<R: Serialize>(
    response: &R,
    into: &'static str,
    accepted: &[&str],
) -> Result<Unlisted, ConversionError> {
    into_update::<R, Value>(response, into, accepted, &[]).map(Unlisted::from)
}

/// The properties of an object that are in `accepted`.
fn retain_accepted(value: Value, accepted: &[&str]) -> Value {
    match value {
        Value::Object(properties) => properties
            .into_iter()
            .filter(|(name, _)| accepted.contains(&name.as_str()))
            .collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::AdditionalFields;

    #[derive(Debug, serde::Deserialize, Serialize)]
    struct Update {
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        options: Option<Options>,
    }

    #[derive(Debug, serde::Deserialize, Serialize)]
    struct Options {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<u32>,
        #[serde(flatten)]
        additional_fields: AdditionalFields,
    }

    fn update(response: Value) -> Result<Value, ConversionError> {
        into_update::<_, Update>(&response, "Update", &["name", "options"], &[])
            .map(|update| serde_json::to_value(&update).unwrap())
    }

    #[test]
    fn accepted_properties_are_taken_as_a_whole() {
        let options = json!({"limit": 1, "unknown": {"a": [null]}, "null": null});
        let response = json!({"id": "1", "strategy": "x", "name": "n", "options": options});
        assert_eq!(
            update(response).unwrap(),
            json!({"name": "n", "options": options})
        );
    }

    #[test]
    fn null_that_the_request_does_not_allow_is_omitted() {
        #[derive(Debug, serde::Deserialize, Serialize)]
        struct Strict {
            #[serde(default, deserialize_with = "crate::nullable::deserialize_present")]
            #[serde(skip_serializing_if = "Option::is_none")]
            name: Option<String>,
            required: String,
        }
        let update = |response: Value| {
            into_update::<_, Vec<Strict>>(&response, "Update", &[], &[])
                .map(|update| serde_json::to_value(&update).unwrap())
        };
        assert_eq!(
            update(json!([{"name": "n", "required": "r"}, {"name": null, "required": "r"}]))
                .unwrap(),
            json!([{"name": "n", "required": "r"}, {"required": "r"}])
        );
        let error = update(json!([{"required": null}])).unwrap_err();
        assert_eq!(error.field(), "[0].required");
    }

    #[test]
    fn value_that_the_request_cannot_carry_is_named_and_not_shown() {
        let error = update(json!({"options": {"limit": "s3cr3t"}})).unwrap_err();
        assert_eq!(error.field(), "options.limit");
        assert!(!format!("{error} {error:?}").contains("s3cr3t"));
    }

    #[test]
    fn response_of_an_unknown_kind_keeps_what_the_request_accepts() {
        let response = json!({"kind": "new", "name": null, "options": {"a": 1}});
        let unlisted = into_unlisted(&response, "Update", &["name", "options"]).unwrap();
        assert_eq!(
            *unlisted.value(),
            json!({"name": null, "options": {"a": 1}})
        );
    }
    #[test]
    fn renamed_property_is_renamed_in_every_object_at_its_path() {
        let renamed = |parent| Renamed {
            parent,
            response: "cert",
            request: "signingCert",
        };
        let update = |response: &Value| {
            let renamed = [renamed(&[]), renamed(&["options", "keys"])];
            into_update::<_, Value>(
                response,
                "Update",
                &["cert", "signingCert", "options"],
                &renamed,
            )
            .unwrap()
        };
        assert_eq!(
            update(&json!({"cert": "a", "options": {"cert": "b", "keys": [{"cert": "c"}, 1, {}]}})),
            json!({"signingCert": "a", "options": {"cert": "b", "keys": [{"signingCert": "c"}, 1, {}]}})
        );
        // The name of the request wins, and nothing is lost.
        let both = json!({"cert": "a", "signingCert": "b"});
        assert_eq!(update(&both), both);
    }
}
