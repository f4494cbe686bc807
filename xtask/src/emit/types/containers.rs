//! How serde reads `null` and absence in place of lists, maps and objects.

use quote::quote;
use syn::{Field, Item, Type, parse_quote};

use crate::emit::model::Model;
use crate::emit::read_back::StructField;
use crate::emit::type_syntax;
use crate::emit::types::update_types::WriteBackPlan;

/// Sets how serde reads the containers of a type.
///
/// In responses, a required list or map that is `null` is empty; a required object, or an item of a required or optional list, that is
/// `null` has unknown values. An optional container that is something else is absent. A missing required container is an error.
/// In types that are sent, other values are errors: an empty list may remove everything, and an absent object changes nothing. Serde reads a missing `Option` as `None`, so a required container that may be `null` gets a plain
/// `deserialize_with`, which makes serde require it.
pub(crate) fn require(
    item: &mut Item,
    fields: &[StructField],
    plan: &WriteBackPlan,
    model: &Model<'_>,
) {
    let Item::Struct(item) = item else { return };
    let name = item.ident.to_string();
    let is_received = plan.is_received(&name);
    let component = model.components.get(&name);
    let is_required = |field: &Field| {
        let ident = field.ident.as_ref().map(ToString::to_string);
        let known = fields
            .iter()
            .find(|known| Some(&known.ident) == ident.as_ref());
        known
            .zip(component)
            .is_some_and(|(known, component)| component.is_required(&known.wire))
    };
    let is_object = |ty: &Type| {
        let component = type_syntax::last_name(ty).and_then(|name| model.components.get(&name));
        component.is_some_and(|component| component.is_object)
    };
    let is_sent = plan.is_sent(&name);
    // typify requires an `Option` in this way too.
    let is_read = |field: &Field| {
        let mut attributes = field.attrs.iter();
        attributes.any(|attribute| {
            attribute.path().is_ident("serde")
                && quote!(#attribute).to_string().contains("deserialize_with")
        })
    };
    for field in &mut item.fields {
        if is_read(field) {
            continue;
        }
        let optional = type_syntax::generic("Option", &field.ty);
        let item = type_syntax::generic("Vec", optional.unwrap_or(&field.ty));
        let is_list_of_objects = item.is_some_and(is_object);
        let is_response = is_received && !is_sent;
        let is_required = is_required(field);
        let function = match optional {
            Some(_) if is_response && is_list_of_objects => "null_as_unknown_optional_items",
            Some(inner) if is_response && is_list(inner) => "optional_list",
            Some(inner) if is_response && (is_map(inner) || is_object(inner)) => "optional_object",
            Some(inner) if is_required && !is_scalar(inner) => "::serde::Deserialize::deserialize",
            None if !is_received || !is_required => continue,
            None if is_list_of_objects => "null_as_unknown_items",
            None if is_list(&field.ty) || is_map(&field.ty) => "null_as_empty",
            None if is_object(&field.ty) => "null_as_unknown",
            _ => continue,
        };
        let function = match function.starts_with("::") {
            true => function.to_owned(),
            false => format!("::auth0_core::codegen::{function}"),
        };
        let default = (!is_required).then(|| quote!(default,));
        field
            .attrs
            .push(parse_quote!(#[serde(#default deserialize_with = #function)]));
    }
}

fn is_list(ty: &Type) -> bool {
    type_syntax::generic("Vec", ty).is_some()
}

fn is_map(ty: &Type) -> bool {
    ["BTreeMap", "Map"]
        .iter()
        .any(|name| type_syntax::generic(name, ty).is_some())
}

fn is_scalar(ty: &Type) -> bool {
    type_syntax::generic("Open", ty).is_some()
        || ["String", "SecretString", "bool", "i64", "f64", "Value"]
            .iter()
            .any(|name| type_syntax::is_named(name, ty))
}
