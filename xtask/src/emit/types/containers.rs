//! Lists, maps and objects that a type must have: how serde reads `null` and absence in their place.

use syn::{Field, Item, Type, parse_quote};

use crate::emit::model::{Model, list};
use crate::emit::types::shapes;
use crate::emit::types::write_back::Plan;

/// A required list or map of a response is empty where it is `null`, and a required object or an item of a list has unknown values;
/// all are errors where they are missing. In what is only sent, `null` is an error: an empty list may remove everything. Serde reads a missing `Option` as
/// `None`, so a required container that may be `null` is marked as one that must be there.
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
            .is_some_and(|schema| schema["properties"].is_object() || schema["x-union"].is_object())
    };
    for field in &mut item.fields {
        let read = match shapes::generic("Option", &field.ty) {
            _ if !is_required(field) => {
                let list = shapes::generic("Option", &field.ty)
                    .and_then(|list| shapes::generic("Vec", list));
                match list {
                    Some(item) if is_received && !plan.is_sent(&name) && is_object(item) => {
                        let read = "::auth0_core::null_as_unknown_optional_items";
                        field
                            .attrs
                            .push(parse_quote!(#[serde(default, deserialize_with = #read)]));
                        continue;
                    }
                    _ => continue,
                }
            }
            Some(inner) if !is_scalar(inner) => "::serde::Deserialize::deserialize",
            None if !is_received => continue,
            None => match shapes::generic("Vec", &field.ty) {
                Some(item) if is_object(item) => "::auth0_core::null_as_unknown_items",
                _ if is_list_or_map(&field.ty) => "::auth0_core::null_as_empty",
                _ if is_object(&field.ty) => "::auth0_core::null_as_unknown",
                _ => continue,
            },
            Some(_) => continue,
        };
        field
            .attrs
            .push(parse_quote!(#[serde(deserialize_with = #read)]));
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
