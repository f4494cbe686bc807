//! Renders the types of a generated crate: a block of lines for each.

use std::fmt::Write as _;

use syn::{Attribute, Fields, Item, ItemEnum, ItemStruct};

use super::signatures::{methods, parameters, returned, short};
use super::{items, sources};

/// Renders the types sorted by name, because users do not see which file declares a type.
pub(super) fn types(krate: &str) -> String {
    let items = items(&sources(krate).join("types"));
    let mut blocks: Vec<_> = items
        .iter()
        .filter_map(|item| match item {
            Item::Struct(item) if is_constructor_argument(&items, item) => None,
            Item::Struct(item) => Some((item.ident.to_string(), structure(&items, item))),
            Item::Enum(item) => Some((item.ident.to_string(), enumeration(&items, item))),
            _ => None,
        })
        .collect();
    blocks.sort();
    let blocks: Vec<_> = blocks.into_iter().map(|(_, block)| block).collect();
    blocks.join("\n")
}

/// Whether the struct holds the required fields of another type; the block of that type shows it.
fn is_constructor_argument(items: &[Item], item: &ItemStruct) -> bool {
    let name = item.ident.to_string();
    name.strip_suffix("Required")
        .is_some_and(|owner| constructors(items, owner).contains(&format!("{name}\n")))
}

fn structure(items: &[Item], item: &ItemStruct) -> String {
    let name = item.ident.to_string();
    let tag = serde_argument(&item.attrs, "tag")
        .zip(serde_argument(&item.attrs, "rename"))
        .map(|(tag, value)| format!(" ({tag:?}: {value:?})"))
        .unwrap_or_default();
    let mut text = format!("struct {name}{tag}\n");
    text.push_str(&constructors(items, &name));
    for field in &item.fields {
        let name = field.ident.as_ref().unwrap();
        let wire_name = serde_argument(&field.attrs, "rename")
            .map(|name| format!(" ({name:?})"))
            .unwrap_or_default();
        writeln!(text, "    {name}{wire_name}: {}", short(&field.ty)).unwrap();
    }
    text
}

fn enumeration(items: &[Item], item: &ItemEnum) -> String {
    let mut text = format!("enum {}\n", item.ident);
    text.push_str(&constructors(items, &item.ident.to_string()));
    for variant in &item.variants {
        let value = match &variant.fields {
            Fields::Unnamed(fields) => fields
                .unnamed
                .iter()
                .map(|field| short(&field.ty))
                .collect(),
            _ => serde_argument(&variant.attrs, "rename")
                .unwrap_or_else(|| variant.ident.to_string()),
        };
        writeln!(text, "    {}: {value}", variant.ident).unwrap();
    }
    text
}

/// Renders the associated functions that return the type, each with its parameters in order.
fn constructors(items: &[Item], name: &str) -> String {
    let mut text = String::new();
    for method in methods(items, name) {
        let is_constructor = method.sig.receiver().is_none()
            && returned(&method.sig).is_some_and(|ty| short(ty) == "Self");
        if is_constructor {
            writeln!(text, "    fn {}", method.sig.ident).unwrap();
            text.push_str(&parameters(&method.sig, items, "        "));
        }
    }
    text
}

/// The string argument `key` of the serde attributes.
fn serde_argument(attributes: &[Attribute], key: &str) -> Option<String> {
    let mut found = None;
    for attribute in attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("serde"))
    {
        attribute
            .parse_nested_meta(|meta| {
                let value = meta.value().and_then(|value| value.parse::<syn::LitStr>());
                if let Ok(value) = value
                    && meta.path.is_ident(key)
                {
                    found = Some(value.value());
                }
                Ok(())
            })
            .unwrap();
    }
    found
}
