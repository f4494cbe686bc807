//! Lists, maps and objects that a type must have: how serde reads `null` and absence in their place.

use syn::{Field, Item, Type, parse_quote};

use super::model::{Model, list};
use super::shapes;
use super::write_back::Plan;

/// A required list or map of a response is empty where it is `null`, and an error where it is missing. In what is only sent, `null`
/// is an error: an empty list may remove everything. Serde reads a missing `Option` as
/// `None`, so a required container that may be `null` is marked as one that must be there.
pub(super) fn require(item: &mut Item, fields: &[shapes::Field], plan: &Plan, model: &Model<'_>) {
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
    for field in &mut item.fields {
        match shapes::generic("Option", &field.ty) {
            None if is_received && is_list_or_map(&field.ty) && is_required(field) => field
                .attrs
                .push(parse_quote!(#[serde(deserialize_with = "::auth0_core::null_as_empty")])),
            Some(inner) if !is_scalar(inner) && is_required(field) => field.attrs.push(
                parse_quote!(#[serde(deserialize_with = "::serde::Deserialize::deserialize")]),
            ),
            _ => {}
        }
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
