//! Recursive types: typify boxes the fields of recursive structs, but does not know the unions that the emitter writes.

use std::collections::{BTreeMap, BTreeSet};

use syn::{GenericArgument, Item, PathArguments, Type, parse_quote};

use crate::emit::model::Model;

/// Boxes each field that holds a union which holds the type of the field.
pub(crate) fn box_fields(items: &mut [Item], model: &Model<'_>) {
    let mut held: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, component) in &model.components {
        if let Some(variants) = &component.union {
            let variants = variants.iter().map(|variant| variant.ty.clone());
            held.insert(name.clone(), variants.collect());
        }
    }
    for item in items.iter() {
        let (name, fields): (_, Vec<&syn::Field>) = match item {
            Item::Struct(item) => (&item.ident, item.fields.iter().collect()),
            Item::Enum(item) => (
                &item.ident,
                item.variants.iter().flat_map(|v| &v.fields).collect(),
            ),
            _ => continue,
        };
        let types = held.entry(name.to_string()).or_default();
        for field in fields {
            by_value(&field.ty, types);
        }
    }
    for item in items {
        let (name, fields): (_, Vec<&mut syn::Field>) = match item {
            Item::Struct(item) => (item.ident.to_string(), item.fields.iter_mut().collect()),
            Item::Enum(item) => (
                item.ident.to_string(),
                item.variants
                    .iter_mut()
                    .flat_map(|v| &mut v.fields)
                    .collect(),
            ),
            _ => continue,
        };
        for field in fields {
            let mut types = BTreeSet::new();
            by_value(&field.ty, &mut types);
            for union in types.iter().filter(|name| model.is_union(name)) {
                if holds(union, &name, &held) {
                    box_type(&mut field.ty, union);
                }
            }
        }
    }
}

/// Whether a value of the type `outer` contains one of the type `inner` without a pointer between them.
fn holds(outer: &str, inner: &str, held: &BTreeMap<String, BTreeSet<String>>) -> bool {
    let mut seen = BTreeSet::new();
    let mut pending = vec![outer];
    while let Some(name) = pending.pop() {
        if name == inner {
            return true;
        }
        if seen.insert(name) {
            pending.extend(held.get(name).into_iter().flatten().map(String::as_str));
        }
    }
    false
}

/// The types that a value of a type contains without a pointer.
fn by_value(ty: &Type, found: &mut BTreeSet<String>) {
    let Type::Path(path) = ty else { return };
    let Some(last) = path.path.segments.last() else {
        return;
    };
    let name = last.ident.to_string();
    if ["Vec", "Box", "BTreeMap", "HashMap", "Map"].contains(&name.as_str()) {
        return;
    }
    if let PathArguments::AngleBracketed(arguments) = &last.arguments {
        for argument in &arguments.args {
            if let GenericArgument::Type(ty) = argument {
                by_value(ty, found);
            }
        }
    }
    found.insert(name);
}

/// Boxes the type `name` within a type.
fn box_type(ty: &mut Type, name: &str) {
    let Type::Path(path) = ty else { return };
    let Some(last) = path.path.segments.last_mut() else {
        return;
    };
    if last.ident == name {
        let inner = ty.clone();
        *ty = parse_quote!(::std::boxed::Box<#inner>);
        return;
    }
    if let PathArguments::AngleBracketed(arguments) = &mut last.arguments {
        for argument in &mut arguments.args {
            if let GenericArgument::Type(ty) = argument {
                box_type(ty, name);
            }
        }
    }
}
