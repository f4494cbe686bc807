//! Names on the wire. Two properties of one object can have the same name in Rust. The normalizer numbers them and records the
//! original names, which are restored here in progenitor's output.

use syn::{Attribute, Item, parse_quote};

use crate::emit::model::Model;

/// Adds the original names to the fields of structs, for serde.
pub(crate) fn restore_in_types(types: &mut [Item], model: &Model<'_>) {
    for item in types {
        let Item::Struct(item) = item else { continue };
        let Some(component) = model.components.get(&item.ident.to_string()) else {
            continue;
        };
        for field in &mut item.fields {
            let name = field.ident.as_ref().map(ToString::to_string);
            if let Some(wire) = name.and_then(|name| component.wire_names.get(name.as_str())) {
                let rename: Attribute = parse_quote!(#[serde(rename = #wire)]);
                field.attrs.push(rename);
            }
        }
    }
}
