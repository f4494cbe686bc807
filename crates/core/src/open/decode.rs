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
        Ok(match deserializer.deserialize_any(FoundVisitor)? {
            Found::Bool(value) => open(Scalar::Bool(value), value),
            Found::I64(value) => open(Scalar::I64(value), value),
            Found::U64(value) => open(Scalar::U64(value), value),
            Found::F64(value) => open(Scalar::F64(value), value),
            Found::Text(value) => open(Scalar::Text(&value), &*value),
            // The documented values are scalars, and serde would read `{"owner": null}` as the variant `owner`.
            Found::Other(value) => Self::other(value),
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

/// A JSON value, with scalars apart from everything else.
enum Found<'de> {
    Bool(bool),
    I64(i64),
    U64(u64),
    F64(f64),
    Text(Cow<'de, str>),
    Other(Value),
}

struct FoundVisitor;

impl<'de> Visitor<'de> for FoundVisitor {
    type Value = Found<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Found<'de>, E> {
        Ok(Found::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Found<'de>, E> {
        Ok(Found::I64(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Found<'de>, E> {
        Ok(Found::U64(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Found<'de>, E> {
        Ok(Found::F64(value))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Found<'de>, E> {
        Ok(Found::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Found<'de>, E> {
        Ok(Found::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_string<E>(self, value: String) -> Result<Found<'de>, E> {
        Ok(Found::Text(Cow::Owned(value)))
    }

    fn visit_unit<E>(self) -> Result<Found<'de>, E> {
        Ok(Found::Other(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Found<'de>, E> {
        Ok(Found::Other(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Found<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Found<'de>, A::Error> {
        Value::deserialize(SeqAccessDeserializer::new(items)).map(Found::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Found<'de>, A::Error> {
        Value::deserialize(MapAccessDeserializer::new(entries)).map(Found::Other)
    }
}

/// A JSON scalar, which a documented type is read from.
#[derive(Clone, Copy)]
enum Scalar<'a> {
    Bool(bool),
    I64(i64),
    U64(u64),
    F64(f64),
    Text(&'a str),
}

impl Scalar<'_> {
    /// The scalar as a `T` of another kind, by a conversion that loses nothing.
    #[cold]
    #[inline(never)]
    fn convert<'de, T: Deserialize<'de>>(self) -> Option<T> {
        let text = |text: &dyn fmt::Display| T::deserialize(Scalar::Text(&text.to_string())).ok();
        match self {
            Self::Bool(value) => text(&value),
            Self::I64(value) => text(&value),
            Self::U64(value) => text(&value),
            Self::F64(value) => whole(value)
                .and_then(|whole| T::deserialize(whole).ok())
                .or_else(|| text(&Number::from_f64(value).filter(|_| is_exact(value))?)),
            Self::Text("true") => T::deserialize(Scalar::Bool(true)).ok(),
            Self::Text("false") => T::deserialize(Scalar::Bool(false)).ok(),
            Self::Text(text) => {
                // The grammar of JSON: neither `nan` nor `+1` is a number.
                let number: Number = text.parse().ok()?;
                let as_it_is = match (number.as_u64(), number.as_i64(), number.as_f64()) {
                    (Some(value), ..) => Scalar::U64(value),
                    (_, Some(value), _) => Scalar::I64(value),
                    (.., value) => Scalar::F64(value?),
                };
                T::deserialize(as_it_is).ok().or_else(|| match as_it_is {
                    Scalar::F64(value) => T::deserialize(whole(value)?).ok(),
                    _ => None,
                })
            }
        }
    }
}

/// The end of the floats that stand for one integer alone.
const EXACT: f64 = 9_007_199_254_740_992.0;

fn is_exact(value: f64) -> bool {
    value.abs() < EXACT
}

/// The integer that a float without a fraction stands for.
fn whole(value: f64) -> Option<Scalar<'static>> {
    #[allow(
        clippy::cast_possible_truncation,
        reason = "within the bounds and whole"
    )]
    let whole = value as i64;
    (is_exact(value) && value.fract() == 0.0).then_some(Scalar::I64(whole))
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

/// A scalar is not of the type that was tried. It has no text: the value is kept, so nobody reads a reason.
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
