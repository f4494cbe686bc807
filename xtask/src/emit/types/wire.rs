//! The names on the wire of what had to get another name in Rust, because two properties of one object, or two parameters of
//! one operation, would have the same. The normalizer numbers them and keeps the names; here they are put back.

use std::collections::BTreeMap;

use serde_json::Value;
use syn::visit_mut::{self, VisitMut};
use syn::{Attribute, ImplItem, Item, LitStr, parse_quote};

use crate::emit::model::{list, members};
use crate::emit::names;
use crate::extensions;
use crate::spec::walk::METHODS;

/// Renames the fields of structs for serde.
pub(crate) fn fields(types: &mut [Item], document: &Value) {
    let renamed: BTreeMap<String, &Value> = members(&document["components"]["schemas"])
        .filter_map(|(name, schema)| {
            Some((names::type_name(name), extensions::WIRE_NAMES.get(schema)?))
        })
        .collect();
    if renamed.is_empty() {
        return;
    }
    for item in types {
        let Item::Struct(item) = item else { continue };
        let Some(wire_names) = renamed.get(&item.ident.to_string()) else {
            continue;
        };
        for field in &mut item.fields {
            let name = field.ident.as_ref().map(ToString::to_string);
            if let Some(wire) = name.and_then(|name| wire_names[name].as_str()) {
                let rename: Attribute = parse_quote!(#[serde(rename = #wire)]);
                field.attrs.push(rename);
            }
        }
    }
}

/// Names the parameters in the requests.
pub(crate) fn parameters(calls: &mut [Item], document: &Value) {
    let mut renamed: BTreeMap<String, BTreeMap<&str, &str>> = BTreeMap::new();
    for (_, item) in members(&document["paths"]) {
        for operation in METHODS.iter().filter_map(|method| item.get(*method)) {
            let wire_names = list(&operation["parameters"]).filter_map(|parameter| {
                Some((
                    parameter["name"].as_str()?,
                    extensions::WIRE_NAME.text(parameter)?,
                ))
            });
            let wire_names: BTreeMap<_, _> = wire_names.collect();
            if !wire_names.is_empty() {
                let id = operation["operationId"].as_str().unwrap_or_default();
                renamed.insert(names::call_name(id), wire_names);
            }
        }
    }
    if renamed.is_empty() {
        return;
    }
    for item in calls {
        let Item::Impl(block) = item else { continue };
        for method in &mut block.items {
            if let ImplItem::Fn(method) = method
                && let Some(wire_names) = renamed.get(&method.sig.ident.to_string())
            {
                Texts(wire_names).visit_block_mut(&mut method.block);
            }
        }
    }
}

/// A numbered name stands as a text in nothing but the place of the name.
struct Texts<'w>(&'w BTreeMap<&'w str, &'w str>);

impl VisitMut for Texts<'_> {
    fn visit_lit_str_mut(&mut self, text: &mut LitStr) {
        visit_mut::visit_lit_str_mut(self, text);
        if let Some(wire) = self.0.get(text.value().as_str()) {
            *text = LitStr::new(wire, text.span());
        }
    }
}
