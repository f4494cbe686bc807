//! Lists, maps and objects that a type must have: how serde reads `null` and absence in their place.

use quote::quote;
use syn::{Field, Item, Type, parse_quote};

use crate::emit::model::{Model, list};
use crate::emit::types::shapes;
use crate::emit::types::write_back::Plan;
use crate::extensions;

/// Sets how serde reads the containers of a type.
///
/// In responses, a required list or map that is `null` is empty; a required object, or an item of a required or optional list, that is
/// `null` has unknown values. A missing required container is an error. In types that are only sent, `null` is an error: an empty list
/// may remove everything. Serde reads a missing `Option` as `None`, so a required container that may be `null` gets a plain
/// `deserialize_with`, which makes serde require it.
pub(crate) fn require(item: &mut Item, fields: &[shapes::Field], plan: &Plan, model: &Model<'_>) {
    let Item::Struct(item) = item else { return };
    let name = item.ident.to_string();
    let is_received = plan.is_received(&name);
    let schema = model.schemas.get(&name);
    let required: Vec<&str> = schema
        .map(|schema| list(&schema["required"]).filter_map(serde_json::Value::as_str))
        .into_iter()
        .flatten()
        .collect();
    let is_required = |field: &Field| {
        let ident = field.ident.as_ref().map(ToString::to_string);
        let known = fields
            .iter()
            .find(|known| Some(&known.ident) == ident.as_ref());
        known.is_some_and(|known| required.contains(&known.wire.as_str()))
    };
    let is_object = |ty: &Type| {
        shapes::last_name(ty)
            .and_then(|name| model.schemas.get(&name).copied())
            .is_some_and(|schema| {
                schema["properties"].is_object() || schema[extensions::UNION.name].is_object()
            })
    };
    let is_sent = plan.is_sent(&name);
    for field in &mut item.fields {
        let optional = shapes::generic("Option", &field.ty);
        let item = shapes::generic("Vec", optional.unwrap_or(&field.ty));
        let is_list_of_objects = item.is_some_and(is_object);
        let read = match (optional, is_required(field)) {
            (Some(inner), true) if !is_scalar(inner) => {
                quote!(deserialize_with = "::serde::Deserialize::deserialize")
            }
            (Some(_), false) if is_received && is_list_of_objects && !is_sent => {
                quote!(
                    default,
                    deserialize_with = "::auth0_core::codegen::null_as_unknown_optional_items"
                )
            }
            (None, true) if !is_received => continue,
            (None, true) if is_list_of_objects => {
                quote!(deserialize_with = "::auth0_core::codegen::null_as_unknown_items")
            }
            (None, true) if is_list_or_map(&field.ty) => {
                quote!(deserialize_with = "::auth0_core::codegen::null_as_empty")
            }
            (None, true) if is_object(&field.ty) => {
                quote!(deserialize_with = "::auth0_core::codegen::null_as_unknown")
            }
            _ => continue,
        };
        field.attrs.push(parse_quote!(#[serde(#read)]));
    }
}

fn is_list_or_map(ty: &Type) -> bool {
    ["Vec", "BTreeMap", "Map"]
        .iter()
        .any(|name| shapes::generic(name, ty).is_some())
}

fn is_scalar(ty: &Type) -> bool {
    shapes::generic("Open", ty).is_some()
        || ["String", "SecretString", "bool", "i64", "f64", "Value"]
            .iter()
            .any(|name| shapes::is_named(name, ty))
}
