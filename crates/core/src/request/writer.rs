//! Writes a value in the style of its parameter. The value is whatever serializes as a string, a number, a boolean, or a flat list or
//! object of these; `null` and absent values write nothing. In the style `deepObject`, lists and objects can be nested: OpenAPI defines
//! no text for them, but most servers read `name[key][]=item` and `name[key][0][member]=value`.

use std::fmt;

use serde::ser::{self, Impossible, Serialize};

use super::encoding;
use super::style::{Style, StyleKind};

/// The part of a request that a value is written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Path,
    Query,
    Header,
    Cookie,
    /// A body of `application/x-www-form-urlencoded`.
    Form,
}

/// Writes one parameter to the end of `out`.
pub(crate) struct Writer<'w> {
    out: &'w mut String,
    name: &'w str,
    style: Style,
    place: Place,
    /// The number of items or members so far.
    count: usize,
    is_written: bool,
    /// The keys in brackets of the objects and lists around the current value.
    keys: String,
}

/// Writes `value`. Returns whether it wrote anything: an absent value and an empty list do not.
pub(crate) fn write<T: Serialize + ?Sized>(
    out: &mut String,
    name: &str,
    value: &T,
    style: Style,
    place: Place,
) -> Result<bool, Unwritable> {
    let mut writer = Writer {
        out,
        name,
        style,
        place,
        count: 0,
        is_written: false,
        keys: String::new(),
    };
    value.serialize(Value {
        writer: &mut writer,
        role: Role::Whole,
    })?;
    Ok(writer.is_written)
}

impl Writer<'_> {
    fn encoded(&mut self, text: &str) {
        let place = self.encoding();
        encoding::write(self.out, text, place, self.style.allows_reserved);
    }

    /// The form style writes a query like a form, with `+` for a space, which every server reads.
    fn encoding(&self) -> Place {
        match (self.place, self.style.kind) {
            (Place::Query, StyleKind::Form) => Place::Form,
            (place, _) => place,
        }
    }

    /// Writes the separator between two parameters.
    fn separate(&mut self) {
        match self.place {
            Place::Query => self
                .out
                .push(if self.out.contains('?') { '&' } else { '?' }),
            Place::Form if !self.out.is_empty() => self.out.push('&'),
            Place::Cookie if !self.out.is_empty() => self.out.push_str("; "),
            _ => {}
        }
    }

    /// Writes a name, which is never written with its reserved characters.
    fn named(&mut self, name: &str) {
        let place = self.encoding();
        encoding::write_name(self.out, name, place);
    }

    /// Adds the key of a nested list or object.
    fn enter(&mut self, key: &str) {
        let place = self.encoding();
        for text in ["[", key, "]"] {
            encoding::write_name(&mut self.keys, text, place);
        }
    }

    /// Writes `name=`, or `;name=`; in the matrix style the equals sign is omitted before an empty value.
    fn assign(&mut self, name: &str, is_empty: bool) {
        if self.style.kind == StyleKind::Matrix {
            self.out.push(';');
        } else {
            self.separate();
        }
        self.named(name);
        if !(is_empty && self.style.kind == StyleKind::Matrix) {
            self.out.push('=');
        }
    }

    /// Writes what precedes the text of a value.
    fn begin(&mut self, role: Role<'_>, is_empty: bool) {
        self.is_written = true;
        let is_first = self.count == 0;
        self.count += 1;
        let Style {
            kind, is_exploded, ..
        } = self.style;
        let name = self.name;
        match (kind, role) {
            (StyleKind::Simple, Role::Whole) => {}
            (StyleKind::Label, Role::Whole) => self.out.push('.'),
            (_, Role::Whole) => self.assign(name, is_empty),
            (StyleKind::DeepObject, role) => {
                self.separate();
                self.named(name);
                self.out.push_str(&self.keys);
                self.named("[");
                if let Role::Member(key) = role {
                    self.named(key);
                }
                self.named("]");
                self.out.push('=');
            }
            (StyleKind::Matrix | StyleKind::Form, Role::Item(_)) if is_exploded => {
                self.assign(name, is_empty);
            }
            (StyleKind::Matrix | StyleKind::Form, Role::Member(key)) if is_exploded => {
                self.assign(key, is_empty);
            }
            (_, role) => {
                match (kind, is_first) {
                    (StyleKind::Simple, true) => {}
                    (StyleKind::Label, true) => self.out.push('.'),
                    (_, true) => self.assign(name, false),
                    (_, false) => self.delimit(kind, is_exploded),
                }
                if let Role::Member(key) = role {
                    self.named(key);
                    match is_exploded {
                        true => self.out.push('='),
                        false => self.delimit_members(kind),
                    }
                }
            }
        }
    }

    /// Writes the separator between two items.
    fn delimit(&mut self, kind: StyleKind, is_exploded: bool) {
        match kind {
            StyleKind::Label if is_exploded => self.out.push('.'),
            _ => self.delimit_members(kind),
        }
    }

    /// Writes the separator between a key and its value, or between two members.
    fn delimit_members(&mut self, kind: StyleKind) {
        match kind {
            StyleKind::SpaceDelimited => self.out.push_str("%20"),
            StyleKind::PipeDelimited => self.out.push_str("%7C"),
            _ => self.out.push(','),
        }
    }
}

/// What a value is in its parameter.
#[derive(Clone, Copy)]
enum Role<'k> {
    Whole,
    /// An item of a list, by its index.
    Item(usize),
    Member(&'k str),
}

/// Why a value cannot be written.
#[derive(Debug)]
pub(crate) enum Unwritable {
    /// A list or an object inside a list or an object.
    Nested,
    /// A value that is neither text, a number nor a boolean.
    Unsupported,
    /// The error of the type's own serialization.
    Custom(String),
}

impl fmt::Display for Unwritable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nested => {
                "found a list or an object inside another, expected texts, numbers or booleans"
            }
            Self::Unsupported => {
                "found a value that has no text, expected text, a number or a boolean"
            }
            Self::Custom(text) => text,
        })
    }
}

impl std::error::Error for Unwritable {}

impl ser::Error for Unwritable {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Custom(message.to_string())
    }
}

/// Serializes one value.
struct Value<'v, 'w, 'k> {
    writer: &'v mut Writer<'w>,
    role: Role<'k>,
}

impl Value<'_, '_, '_> {
    fn text(self, text: &str) -> Result<(), Unwritable> {
        self.writer.begin(self.role, text.is_empty());
        self.writer.encoded(text);
        Ok(())
    }

    fn display(self, value: impl fmt::Display) -> Result<(), Unwritable> {
        self.writer.begin(self.role, false);
        encoding::write_display(self.writer.out, value);
        Ok(())
    }
}

impl<'v, 'w> Value<'v, 'w, '_> {
    fn elements(self) -> Result<Elements<'v, 'w>, Unwritable> {
        let outer = self.writer.keys.len();
        let writer = self.writer;
        match self.role {
            Role::Whole => {}
            _ if writer.style.kind != StyleKind::DeepObject => return Err(Unwritable::Nested),
            Role::Item(index) => writer.enter(&index.to_string()),
            Role::Member(key) => writer.enter(key),
        }
        Ok(Elements {
            writer,
            key: String::new(),
            count: 0,
            outer,
        })
    }
}

macro_rules! displayed {
    ($($method:ident: $ty:ty),*) => {$(
        fn $method(self, value: $ty) -> Result<(), Unwritable> {
            self.display(value)
        }
    )*};
}

macro_rules! finite {
    ($($method:ident: $ty:ty),*) => {$(
        fn $method(self, value: $ty) -> Result<(), Unwritable> {
            match value.is_finite() {
                true => self.display(value),
                false => Err(Unwritable::Unsupported),
            }
        }
    )*};
}

impl<'v, 'w> ser::Serializer for Value<'v, 'w, '_> {
    type Ok = ();
    type Error = Unwritable;
    type SerializeSeq = Elements<'v, 'w>;
    type SerializeTuple = Elements<'v, 'w>;
    type SerializeTupleStruct = Elements<'v, 'w>;
    type SerializeTupleVariant = Impossible<(), Unwritable>;
    type SerializeMap = Elements<'v, 'w>;
    type SerializeStruct = Elements<'v, 'w>;
    type SerializeStructVariant = Impossible<(), Unwritable>;

    displayed!(
        serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_i128: i128, serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64,
        serialize_u128: u128
    );
    finite!(serialize_f32: f32, serialize_f64: f64);

    fn serialize_char(self, value: char) -> Result<(), Unwritable> {
        self.text(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), Unwritable> {
        self.text(value)
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Result<(), Unwritable> {
        self.text(&value.to_string())
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<(), Unwritable> {
        Err(Unwritable::Unsupported)
    }

    fn serialize_none(self) -> Result<(), Unwritable> {
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Unwritable> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Unwritable> {
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Unwritable> {
        Ok(())
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), Unwritable> {
        self.text(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Unwritable> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Unwritable> {
        Err(Unwritable::Nested)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Elements<'v, 'w>, Unwritable> {
        self.elements()
    }

    fn serialize_tuple(self, _: usize) -> Result<Elements<'v, 'w>, Unwritable> {
        self.elements()
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Elements<'v, 'w>, Unwritable> {
        self.elements()
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Unwritable> {
        Err(Unwritable::Nested)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Elements<'v, 'w>, Unwritable> {
        self.elements()
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Elements<'v, 'w>, Unwritable> {
        self.elements()
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Unwritable> {
        Err(Unwritable::Nested)
    }
}

/// The items of a list or the members of an object.
struct Elements<'v, 'w> {
    writer: &'v mut Writer<'w>,
    /// The key of a map, until its value follows.
    key: String,
    /// The number of items so far.
    count: usize,
    /// The length of the keys around the list or object.
    outer: usize,
}

impl Elements<'_, '_> {
    fn write<T: Serialize + ?Sized>(
        &mut self,
        role: Role<'_>,
        value: &T,
    ) -> Result<(), Unwritable> {
        value.serialize(Value {
            writer: self.writer,
            role,
        })
    }

    fn leave(self) -> Result<(), Unwritable> {
        self.writer.keys.truncate(self.outer);
        Ok(())
    }
}

macro_rules! items {
    ($($item:ident: $method:ident),*) => {$(
        impl ser::$item for Elements<'_, '_> {
            type Ok = ();
            type Error = Unwritable;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unwritable> {
                let index = self.count;
                self.count += 1;
                self.write(Role::Item(index), value)
            }

            fn end(self) -> Result<(), Unwritable> {
                self.leave()
            }
        }
    )*};
}

items!(SerializeSeq: serialize_element, SerializeTuple: serialize_element, SerializeTupleStruct: serialize_field);

impl ser::SerializeStruct for Elements<'_, '_> {
    type Ok = ();
    type Error = Unwritable;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), Unwritable> {
        self.write(Role::Member(key), value)
    }

    fn end(self) -> Result<(), Unwritable> {
        self.leave()
    }
}

impl ser::SerializeMap for Elements<'_, '_> {
    type Ok = ();
    type Error = Unwritable;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Unwritable> {
        self.key.clear();
        // A key is text; it is written with the value.
        write(&mut self.key, "", key, Style::SIMPLE, Place::Header)?;
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unwritable> {
        let key = std::mem::take(&mut self.key);
        self.write(Role::Member(&key), value)
    }

    fn end(self) -> Result<(), Unwritable> {
        self.leave()
    }
}

#[cfg(test)]
mod tests;
