//! Names on the wire. Two properties of one object, or two parameters of one operation, can have the same name in Rust. The normalizer
//! numbers them and records the original names, which are restored here in progenitor's output.

use std::collections::BTreeMap;

use syn::visit_mut::{self, VisitMut};
use syn::{Attribute, ImplItem, Item, LitStr, parse_quote};

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

/// Restores the original names of parameters in requests.
pub(crate) fn restore_in_requests(requests: &mut [Item], model: &Model<'_>) {
    let mut renamed: BTreeMap<&str, WireNames<'_>> = BTreeMap::new();
    for operation in &model.operations {
        let parameters = operation.parameters.iter();
        let parameters = parameters.filter(|parameter| parameter.name != parameter.wire);
        let names: BTreeMap<_, _> = parameters
            .map(|p| (p.name.as_str(), p.wire.as_str()))
            .collect();
        if !names.is_empty() {
            renamed.insert(&operation.request_method, WireNames(names));
        }
    }
    for item in requests {
        let Item::Impl(block) = item else { continue };
        for method in &mut block.items {
            if let ImplItem::Fn(method) = method
                && let Some(names) = renamed.get_mut(method.sig.ident.to_string().as_str())
            {
                names.visit_block_mut(&mut method.block);
            }
        }
    }
}

/// Replaces numbered names. A string literal that equals a numbered name is always the name.
struct WireNames<'w>(BTreeMap<&'w str, &'w str>);

impl VisitMut for WireNames<'_> {
    fn visit_lit_str_mut(&mut self, text: &mut LitStr) {
        visit_mut::visit_lit_str_mut(self, text);
        if let Some(wire) = self.0.get(text.value().as_str()) {
            *text = LitStr::new(wire, text.span());
        }
    }
}
