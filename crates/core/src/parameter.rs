//! Parameters of operations, converted from the types that callers have.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use serde::{Serialize, Serializer};
use serde_json::Value;
use uuid::Uuid;

use crate::Open;
use crate::check::{Check, Checker, Rules};

/// A parameter of an operation: an id in a path, or a string in a query.
///
/// Methods take `impl Into<Parameter<T>>`, so they accept strings, UUIDs and fields of responses, by value or by reference:
///
/// ```
/// use auth0_core::{Open, Parameter};
/// use uuid::Uuid;
///
/// fn get(tenant_id: impl Into<Parameter<Open<Uuid>>>) -> String {
///     tenant_id.into().to_string()
/// }
///
/// let text = "4b4ea5a8-5b8e-4d0c-9d8d-0d2b6a2a6f5e";
/// let uuid = Uuid::parse_str(text)?;
/// let received: Open<Uuid> = uuid.into();
/// for id in [get(text), get(text.to_owned()), get(uuid), get(&received), get(received)] {
///     assert_eq!(id, text);
/// }
/// # Ok::<(), uuid::Error>(())
/// ```
///
/// There is no conversion from an `Option`: handle `None` first, for example with `id.as_deref().ok_or("no id")?`.
///
/// A string that is not a value of the type, and a JSON value of a response that cannot be a parameter (such as `null`),
/// make the call fail before a request is sent: [`Error::is_invalid_request`](crate::Error::is_invalid_request). An unlisted
/// id of a response, which is kept as [`Open::Other`], is sent unchanged.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Parameter<T> {
    value: T,
    /// What was found and expected, if the value is invalid.
    invalid: Option<Cow<'static, str>>,
}

impl<T> Parameter<T> {
    fn valid(value: T) -> Self {
        let invalid = None;
        Self { value, invalid }
    }

    pub(crate) fn invalid(&self) -> Option<&str> {
        self.invalid.as_deref()
    }
}

impl<T> Deref for Parameter<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: fmt::Debug> fmt::Debug for Parameter<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

impl<T: Serialize> Serialize for Parameter<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

impl<T: Check> Check for Parameter<T> {
    fn check(&self, rules: &Rules, at: &mut Checker) {
        match self.invalid() {
            Some(invalid) => at.broken(invalid),
            None => self.value.check(rules, at),
        }
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for String {}
    impl Sealed for crate::Open<uuid::Uuid> {}
}

/// A type of a [`Parameter`]: `String` or `Open<Uuid>`. Sealed.
pub trait ParameterValue: sealed::Sealed + Sized {
    /// The name of the type in an error.
    #[doc(hidden)]
    const EXPECTED: &'static str;

    /// Parses `text`.
    #[doc(hidden)]
    fn from_text(text: Cow<'_, str>) -> Parameter<Self>;

    /// Converts an unlisted value of a response.
    #[doc(hidden)]
    fn from_unlisted(text: String) -> Self;
}

impl ParameterValue for String {
    const EXPECTED: &'static str = "a string";

    fn from_text(text: Cow<'_, str>) -> Parameter<Self> {
        Parameter::valid(text.into_owned())
    }

    fn from_unlisted(text: String) -> Self {
        text
    }
}

impl ParameterValue for Open<Uuid> {
    const EXPECTED: &'static str = "a UUID";

    fn from_text(text: Cow<'_, str>) -> Parameter<Self> {
        match Self::parse(&text) {
            Ok(value) => Parameter::valid(value),
            Err(_) => {
                // Violations do not quote values.
                let found = match text.chars().count() {
                    1 => "a string of 1 character".to_owned(),
                    length => format!("a string of {length} characters"),
                };
                Parameter {
                    value: Self::other(text.into_owned()),
                    invalid: Some(format!("found {found}, expected {}", Self::EXPECTED).into()),
                }
            }
        }
    }

    fn from_unlisted(text: String) -> Self {
        Self::other(text)
    }
}

/// Conversions from the string types.
macro_rules! from_texts {
    ($($text:ty),*) => {$(
        impl<P: ParameterValue> From<$text> for Parameter<P> {
            fn from(text: $text) -> Self {
                P::from_text(text.into())
            }
        }
    )*};
}

from_texts!(&str, String, &String, Cow<'_, str>);

impl<P: ParameterValue> From<Box<str>> for Parameter<P> {
    fn from(text: Box<str>) -> Self {
        P::from_text(String::from(text).into())
    }
}

impl<P: ParameterValue> From<Uuid> for Parameter<P> {
    fn from(id: Uuid) -> Self {
        P::from_text(id.to_string().into())
    }
}

impl<P: ParameterValue> From<&Uuid> for Parameter<P> {
    fn from(id: &Uuid) -> Self {
        (*id).into()
    }
}

impl<P: ParameterValue, T: fmt::Display> From<&Open<T>> for Parameter<P> {
    fn from(value: &Open<T>) -> Self {
        let other = match value {
            Open::Known(value) => return P::from_text(value.to_string().into()),
            Open::Other(other) => other,
        };
        let found = match other.value() {
            Value::String(_) | Value::Number(_) => None,
            Value::Null => Some("null"),
            Value::Bool(_) => Some("a boolean"),
            Value::Array(_) => Some("an array"),
            Value::Object(_) => Some("an object"),
        };
        Self {
            value: P::from_unlisted(other.to_string()),
            invalid: found.map(|found| format!("found {found}, expected {}", P::EXPECTED).into()),
        }
    }
}

impl<T: fmt::Display> From<Open<T>> for Parameter<String> {
    fn from(value: Open<T>) -> Self {
        (&value).into()
    }
}

// Not generic, so that the type of the argument `Open::other("…")` can be inferred.
impl From<Open<Uuid>> for Parameter<Open<Uuid>> {
    fn from(value: Open<Uuid>) -> Self {
        (&value).into()
    }
}

/// Collects the values of a list parameter.
impl<P, I: Into<Parameter<P>>> FromIterator<I> for Parameter<Vec<P>> {
    fn from_iter<L: IntoIterator<Item = I>>(items: L) -> Self {
        let mut list = Self::valid(Vec::new());
        for (index, item) in items.into_iter().enumerate() {
            let Parameter { value, invalid } = item.into();
            list.value.push(value);
            if let Some(invalid) = invalid {
                let at = || format!("item {index}: {invalid}").into();
                list.invalid.get_or_insert_with(at);
            }
        }
        list
    }
}

#[cfg(test)]
#[allow(
    clippy::needless_borrows_for_generic_args,
    reason = "a reference is one of the forms"
)]
mod tests {
    use super::*;

    const ID: &str = "4b4ea5a8-5b8e-4d0c-9d8d-0d2b6a2a6f5e";

    /// The value that is sent, or why the parameter is invalid.
    fn shown<P: fmt::Display>(parameter: Parameter<P>) -> String {
        match parameter.invalid() {
            Some(invalid) => format!("invalid: {invalid}"),
            None => parameter.to_string(),
        }
    }

    fn text(value: impl Into<Parameter<String>>) -> String {
        shown(value.into())
    }

    fn id(value: impl Into<Parameter<Open<Uuid>>>) -> String {
        shown(value.into())
    }

    #[test]
    fn strings_and_ids_are_accepted_in_every_form() {
        let uuid = Uuid::parse_str(ID).unwrap();
        let open: Open<Uuid> = uuid.into();
        let open_text: Open<String> = Open::Known(ID.to_owned());
        let owned = ID.to_owned();
        let boxed: Box<str> = ID.into();
        for of_text in [
            text(ID),
            text(&owned),
            text(owned.clone()),
            text(Cow::Borrowed(ID)),
            text(boxed.clone()),
            text(uuid),
            text(&uuid),
            text(&open),
            text(open.clone()),
            text(&open_text),
            text(open_text.clone()),
        ] {
            assert_eq!(of_text, ID);
        }
        for of_id in [
            id(ID),
            id(&owned),
            id(owned.clone()),
            id(Cow::Borrowed(ID)),
            id(boxed),
            id(uuid),
            id(&uuid),
            id(&open),
            id(open.clone()),
            id(&open_text),
        ] {
            assert_eq!(of_id, ID);
        }
    }

    #[test]
    fn text_that_is_not_a_uuid_is_invalid_and_not_quoted() {
        assert_eq!(
            id("acme-dev"),
            "invalid: found a string of 8 characters, expected a UUID"
        );
        assert_eq!(
            id("x"),
            "invalid: found a string of 1 character, expected a UUID"
        );
        assert_eq!(
            id(""),
            "invalid: found a string of 0 characters, expected a UUID"
        );
        let other: Open<String> = Open::Known("acme-dev".to_owned());
        assert_eq!(
            id(&other),
            "invalid: found a string of 8 characters, expected a UUID"
        );
    }

    #[test]
    fn unlisted_id_of_a_response_is_sent_unchanged() {
        assert_eq!(id(Open::other("t-17")), "t-17");
        assert_eq!(id(&Open::<Uuid>::other(17)), "17");
        assert_eq!(text(Open::<String>::other(17)), "17");
    }

    #[test]
    fn value_that_cannot_be_a_parameter_is_invalid() {
        assert_eq!(
            text(Open::<String>::other(Value::Null)),
            "invalid: found null, expected a string"
        );
        assert_eq!(
            id(&Open::<Uuid>::other(Value::Null)),
            "invalid: found null, expected a UUID"
        );
        let object = serde_json::json!({"id": 1});
        assert_eq!(
            id(Open::<Uuid>::other(object)),
            "invalid: found an object, expected a UUID"
        );
    }

    #[test]
    fn invalid_item_of_a_list_is_named() {
        let items = [
            Open::Known("a".to_owned()),
            Open::<String>::other(Value::Null),
        ];
        let list: Parameter<Vec<String>> = items.iter().collect();
        assert_eq!(
            list.invalid(),
            Some("item 1: found null, expected a string")
        );
        let list: Parameter<Vec<String>> = ["a", "b"].into_iter().collect();
        assert_eq!(
            (list.invalid(), list.as_slice()),
            (None, &["a".to_owned(), "b".to_owned()][..])
        );
    }
}
