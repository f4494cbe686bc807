//! Renders the types of a generated crate: a block of lines for each.

use std::fmt::Write as _;

use syn::{Attribute, Fields, Item, ItemEnum, ItemStruct};

use super::signatures::{methods, parameters, returned, short};
use crate::emit::names::type_name;
use crate::lower::Reach;

/// Renders the types sorted by name, because users do not see which file declares a type.
pub(super) fn types(items: &[&Item], reach: &Reach) -> String {
    let mut blocks: Vec<_> = items
        .iter()
        .filter_map(|item| match item {
            Item::Struct(item) if is_constructor_argument(items, item) => None,
            Item::Struct(item) => Some((
                item.ident.to_string(),
                structure(items, item, &direction(&item.ident, reach)),
            )),
            Item::Enum(item) => Some((
                item.ident.to_string(),
                enumeration(items, item, &direction(&item.ident, reach)),
            )),
            _ => None,
        })
        .collect();
    blocks.sort();
    let blocks: Vec<_> = blocks.into_iter().map(|(_, block)| block).collect();
    blocks.join("\n")
}

/// Whether the struct holds the required fields of another type; the block of that type shows it.
fn is_constructor_argument(items: &[&Item], item: &ItemStruct) -> bool {
    let name = item.ident.to_string();
    name.strip_suffix("Required")
        .is_some_and(|owner| constructors(items, owner).contains(&format!("{name}\n")))
}

/// Whether requests, responses or both contain the type.
fn direction(ident: &proc_macro2::Ident, reach: &Reach) -> String {
    let is_in = |names: &std::collections::BTreeSet<String>| {
        names.iter().any(|name| *ident == type_name(name))
    };
    match (is_in(&reach.requests), is_in(&reach.responses)) {
        (true, true) => " [request, response]",
        (true, false) => " [request]",
        (false, true) => " [response]",
        (false, false) => "",
    }
    .to_owned()
}

fn structure(items: &[&Item], item: &ItemStruct, direction: &str) -> String {
    let name = item.ident.to_string();
    let tag = serde_argument(&item.attrs, "tag")
        .zip(serde_argument(&item.attrs, "rename"))
        .map(|(tag, value)| format!(" ({tag:?}: {value:?})"))
        .unwrap_or_default();
    let mut text = format!("struct {name}{tag}{direction}\n");
    text.push_str(&constructors(items, &name));
    for field in &item.fields {
        let Some(name) = &field.ident else { continue };
        let wire_name = serde_argument(&field.attrs, "rename")
            .map(|name| format!(" ({name:?})"))
            .unwrap_or_default();
        let _ = writeln!(text, "    {name}{wire_name}: {}", short(&field.ty));
    }
    text
}

fn enumeration(items: &[&Item], item: &ItemEnum, direction: &str) -> String {
    let mut text = format!("enum {}{direction}\n", item.ident);
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
        let _ = writeln!(text, "    {}: {value}", variant.ident);
    }
    text
}

/// Renders the associated functions that return the type, each with its parameters in order.
fn constructors(items: &[&Item], name: &str) -> String {
    let mut text = String::new();
    for method in methods(items, name) {
        let is_constructor = method.sig.receiver().is_none()
            && returned(&method.sig).is_some_and(|ty| short(ty) == "Self");
        if is_constructor {
            let _ = writeln!(text, "    fn {}", method.sig.ident);
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
        let _ = attribute.parse_nested_meta(|meta| {
            let value = meta.value().and_then(|value| value.parse::<syn::LitStr>());
            if let Ok(value) = value
                && meta.path.is_ident(key)
            {
                found = Some(value.value());
            }
            Ok(())
        });
    }
    found
}
