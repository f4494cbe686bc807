//! Decoding of [`Open`]: the documented type, its lossless conversions, or the JSON value as received.
//!
//! The JSON value is read once by a visitor that does not depend on `T`, so a program compiles it once and not once for
//! each `T`. Plain scalars are not read through [`Value`].

use std::borrow::Cow;
use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, forward_to_deserialize_any};
use serde_json::{Number, Value};

use super::Open;

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Open<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match deserializer.deserialize_any(ReceivedVisitor)? {
            Received::Bool(value) => open(Scalar::Bool(value), value),
            Received::I64(value) => open(Scalar::I64(value), value),
            Received::U64(value) => open(Scalar::U64(value), value),
            Received::F64(value) => open(Scalar::F64(value), value),
            Received::Text(value) => open(Scalar::Text(&value), &*value),
            // Documented values are scalars, and serde would deserialize `{"owner": null}` as the variant `owner`.
            Received::Other(value) => Self::other(value),
        })
    }
}

#[inline]
fn open<'de, T: Deserialize<'de>>(scalar: Scalar<'_>, as_received: impl Into<Value>) -> Open<T> {
    match T::deserialize(scalar) {
        Ok(known) => Open::Known(known),
        Err(Mismatch) => match scalar.convert() {
            Some(known) => Open::Known(known),
            None => Open::other(as_received),
        },
    }
}

/// A received JSON value, with scalars as separate variants.
enum Received<'de> {
    Bool(bool),
    I64(i64),
    U64(u64),
    F64(f64),
    Text(Cow<'de, str>),
    Other(Value),
}

struct ReceivedVisitor;

impl<'de> Visitor<'de> for ReceivedVisitor {
    type Value = Received<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Received<'de>, E> {
        Ok(Received::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Received<'de>, E> {
        Ok(Received::I64(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Received<'de>, E> {
        Ok(Received::U64(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Received<'de>, E> {
        Ok(Received::F64(value))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Received<'de>, E> {
        Ok(Received::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Received<'de>, E> {
        Ok(Received::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_string<E>(self, value: String) -> Result<Received<'de>, E> {
        Ok(Received::Text(Cow::Owned(value)))
    }

    fn visit_unit<E>(self) -> Result<Received<'de>, E> {
        Ok(Received::Other(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Received<'de>, E> {
        Ok(Received::Other(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Received<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Received<'de>, A::Error> {
        Value::deserialize(SeqAccessDeserializer::new(items)).map(Received::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Received<'de>, A::Error> {
        Value::deserialize(MapAccessDeserializer::new(entries)).map(Received::Other)
    }
}

/// A JSON scalar that a documented type is deserialized from.
#[derive(Clone, Copy)]
enum Scalar<'a> {
    Bool(bool),
    I64(i64),
    U64(u64),
    F64(f64),
    Text(&'a str),
}

impl Scalar<'_> {
    /// Converts the scalar losslessly into a `T` of another kind.
    #[cold]
    #[inline(never)]
    fn convert<'de, T: Deserialize<'de>>(self) -> Option<T> {
        let text = |text: &dyn fmt::Display| T::deserialize(Scalar::Text(&text.to_string())).ok();
        match self {
            Self::Bool(value) => text(&value),
            Self::I64(value) => text(&value),
            Self::U64(value) => text(&value),
            Self::F64(value) => integer(value)
                .and_then(|integer| T::deserialize(integer).ok())
                .or_else(|| text(&Number::from_f64(value).filter(|_| is_exact(value))?)),
            Self::Text("true") => T::deserialize(Scalar::Bool(true)).ok(),
            Self::Text("false") => T::deserialize(Scalar::Bool(false)).ok(),
            Self::Text(text) => {
                // By the grammar of JSON, so neither `nan` nor `+1` is a number.
                let number: Number = text.parse().ok()?;
                let number = match (number.as_u64(), number.as_i64(), number.as_f64()) {
                    (Some(value), ..) => Scalar::U64(value),
                    (_, Some(value), _) => Scalar::I64(value),
                    (.., value) => Scalar::F64(value?),
                };
                T::deserialize(number).ok().or_else(|| match number {
                    Scalar::F64(value) => T::deserialize(integer(value)?).ok(),
                    _ => None,
                })
            }
        }
    }
}

/// Below this, each integer has its own float.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

fn is_exact(value: f64) -> bool {
    value.abs() < MAX_EXACT
}

/// Converts a float without a fraction into an integer.
fn integer(value: f64) -> Option<Scalar<'static>> {
    #[allow(clippy::cast_possible_truncation, reason = "checked below")]
    let integer = value as i64;
    (is_exact(value) && value.fract() == 0.0).then_some(Scalar::I64(integer))
}

impl<'de> Deserializer<'de> for Scalar<'_> {
    type Error = Mismatch;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        match self {
            Self::Bool(value) => visitor.visit_bool(value),
            Self::I64(value) => visitor.visit_i64(value),
            Self::U64(value) => visitor.visit_u64(value),
            Self::F64(value) => visitor.visit_f64(value),
            Self::Text(value) => visitor.visit_str(value),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        match self {
            Self::Text(value) => value
                .into_deserializer()
                .deserialize_enum(name, variants, visitor),
            _ => Err(Mismatch),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// A scalar does not have the requested type. It carries no message, because it is never shown: the value is kept.
#[derive(Debug)]
struct Mismatch;

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the value is not of the documented type")
    }
}

impl std::error::Error for Mismatch {}

impl de::Error for Mismatch {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}
