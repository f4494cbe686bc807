//! Types that are read, changed and written back: they distinguish null from absent, keep fields that the document does not describe, and
//! convert from the response to the update request.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use serde_json::Value;
use syn::{Fields, Item, ItemStruct, parse_quote};

use crate::emit::model::{EnumVariant, Model};
use crate::emit::names;
use crate::emit::read_back;
use crate::emit::type_syntax::{self, is_path};
use crate::emit::types::union_enums;
use crate::lower::{self, WriteBack};

/// The types that are written back, by their Rust names.
#[derive(Default)]
pub(crate) struct WriteBackPlan {
    updates: BTreeSet<String>,
    keeping: BTreeSet<String>,
    sent: BTreeSet<String>,
    received: BTreeSet<String>,
    /// The conversions that have been emitted: two updates may need the same one.
    emitted: Mutex<BTreeSet<(String, String)>>,
    /// The responses that convert into each update request.
    conversions: BTreeMap<String, BTreeSet<String>>,
    /// The types that have, or contain a type that has, a property with another name in responses.
    renaming: BTreeSet<String>,
}

impl WriteBackPlan {
    pub(crate) fn new(document: &Value, model: &Model<'_>) -> Self {
        let WriteBack {
            updates,
            keeping,
            conversions,
            ..
        } = lower::write_back(document);
        let typed = |names: BTreeSet<String>| -> BTreeSet<String> {
            names.iter().map(|name| names::type_name(name)).collect()
        };
        let reach = lower::reachable(document);
        let mut into: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (source, update) in &conversions {
            let sources = into.entry(names::type_name(update)).or_default();
            sources.insert(names::type_name(source));
        }
        Self {
            updates: typed(updates),
            keeping: typed(keeping),
            sent: typed(reach.requests),
            received: typed(reach.responses),
            emitted: Mutex::default(),
            conversions: into,
            renaming: renaming(model),
        }
    }

    /// Whether the type is the body of an update.
    pub(crate) fn is_update(&self, name: &str) -> bool {
        self.updates.contains(name)
    }

    /// Whether the type is the body of an update, or is contained in one.
    pub(crate) fn is_within_update(&self, name: &str) -> bool {
        self.is_update(name) || self.sent.contains(name) && self.keeping.contains(name)
    }

    /// Whether a request can contain the type.
    pub(crate) fn is_sent(&self, name: &str) -> bool {
        self.sent.contains(name)
    }

    /// Whether a response can contain the type.
    pub(crate) fn is_received(&self, name: &str) -> bool {
        self.received.contains(name)
    }

    /// Prepares progenitor's types for being written back.
    pub(crate) fn prepare(&self, items: Vec<Item>, model: &Model<'_>) -> Vec<Item> {
        let mut prepared = Vec::with_capacity(items.len());
        for mut item in items {
            let mut deserializer = None;
            if let Item::Struct(item) = &mut item {
                self.distinguish_nulls(item);
                if self.keeping.contains(&item.ident.to_string()) {
                    deserializer = keep_fields(item, model);
                }
            }
            prepared.push(item);
            prepared.extend(deserializer);
        }
        prepared
    }

    /// Has serde distinguish a null from an absent field; its own `Option` is `None` for both. In a request, a null that the document
    /// does not allow is an error; if a response can contain the type too, an `Open` keeps it.
    fn distinguish_nulls(&self, item: &mut ItemStruct) {
        let name = item.ident.to_string();
        let (is_sent, is_received) = (self.sent.contains(&name), self.is_received(&name));
        for field in &mut item.fields {
            let Some(value) = type_syntax::generic("Option", &field.ty) else {
                continue;
            };
            // A required field is an `Option` if the document allows null.
            let arguments = read_back::serde_arguments(&field.attrs);
            let is_optional = arguments
                .iter()
                .any(|(name, _)| name == "skip_serializing_if");
            let present = if type_syntax::generic("Nullable", value).is_some() {
                "::auth0_core::Nullable::deserialize_present"
            } else if is_sent
                && is_optional
                && (!is_received
                    || is_path(value, ["serde_json", "Value"])
                    || type_syntax::generic("Open", value).is_some())
            {
                "::auth0_core::codegen::deserialize_present"
            } else {
                continue;
            };
            field
                .attrs
                .push(parse_quote!(#[serde(default, deserialize_with = #present)]));
        }
    }

    /// Adds the responses that convert into an update request to its documentation.
    pub(crate) fn document(&self, item: &mut Item) {
        let (name, attributes) = match item {
            Item::Struct(item) => (item.ident.to_string(), &mut item.attrs),
            Item::Enum(item) => (item.ident.to_string(), &mut item.attrs),
            _ => return,
        };
        for line in self.documentation(&name) {
            let at = attributes
                .iter()
                .rposition(|attribute| attribute.path().is_ident("doc"))
                .map_or(0, |last| last + 1);
            attributes.insert(at, parse_quote!(#[doc = #line]));
        }
    }

    /// The documentation lines for the responses that convert into an update request.
    pub(crate) fn documentation(&self, name: &str) -> Vec<String> {
        let Some(sources) = self.conversions.get(name) else {
            return Vec::new();
        };
        let sources: Vec<String> = sources.iter().map(|name| format!("[`{name}`]")).collect();
        vec![
            String::new(),
            format!(
                " Converts from {} with `{name}::try_from(response)`. The conversion takes the properties that the update accepts; nested \
                 objects are taken as a whole, including unknown fields and explicit nulls.",
                sources.join(", ")
            ),
        ]
    }

    /// The conversions into an update request.
    pub(crate) fn conversions(&self, name: &str, model: &Model<'_>) -> TokenStream {
        let mut emitted = TokenStream::new();
        let mut done = self.emitted.lock().unwrap_or_else(PoisonError::into_inner);
        let mut pending: Vec<(String, String)> = self
            .conversions
            .get(name)
            .into_iter()
            .flatten()
            .rev()
            .map(|source| (source.clone(), name.to_owned()))
            .collect();
        while let Some((source, update)) = pending.pop() {
            if !done.insert((source.clone(), update.clone()))
                || converts_already(&source, &update, model)
            {
                continue;
            }
            emitted.extend(conversion(&source, &update, self, model, &mut pending));
        }
        emitted
    }
}

/// Adds the field for properties that the document does not describe, unless the type has a map for them. Returns the function that
/// decodes it, if it needs one.
fn keep_fields(item: &mut ItemStruct, model: &Model<'_>) -> Option<Item> {
    let Fields::Named(fields) = &mut item.fields else {
        return None;
    };
    let is_flattened = |field: &syn::Field| {
        let arguments = read_back::serde_arguments(&field.attrs);
        arguments.iter().any(|(name, _)| name == "flatten")
    };
    if fields.named.iter().any(is_flattened) {
        return None;
    }
    let taken: BTreeSet<String> = fields
        .named
        .iter()
        .filter_map(|field| Some(field.ident.as_ref()?.to_string()))
        .collect();
    let free = |name: &str| match taken.contains(name) {
        true => lower::numbered(name, |name| taken.contains(name)),
        false => name.to_owned(),
    };
    let ident = names::ident(&free("additional_fields"));
    let component = model.components.get(&item.ident.to_string());
    let (with, deserializer) = match component.and_then(|component| component.tag) {
        Some(tag) => {
            let function = free("deserialize_additional_fields");
            let (with, function) = (
                format!("{}::{function}", item.ident),
                names::ident(&function),
            );
            let (owner, tag) = (&item.ident, tag.property);
            let deserializer: Item = parse_quote! {
                impl #owner {
                    fn #function<'de, D: ::serde::Deserializer<'de>>(
                        deserializer: D,
                    ) -> ::std::result::Result<::auth0_core::AdditionalFields, D::Error> {
                        ::auth0_core::AdditionalFields::deserialize_without(deserializer, #tag)
                    }
                }
            };
            (
                Some(quote!(#[serde(deserialize_with = #with)])),
                Some(deserializer),
            )
        }
        None => (None, None),
    };
    fields.named.push(parse_quote! {
        /// Fields that this version of the crate does not know. They are sent back unchanged.
        #[serde(flatten, default)]
        #with
        pub #ident: ::auth0_core::AdditionalFields
    });
    deserializer
}

/// Whether the conversion exists already: from a type to itself, and from a variant to its union.
fn converts_already(source: &str, update: &str, model: &Model<'_>) -> bool {
    source == update
        || variants(update, model)
            .iter()
            .any(|variant| variant.ty == source)
}

/// The variants of a union; empty for other types.
fn variants<'m>(name: &str, model: &'m Model<'_>) -> &'m [EnumVariant<'m>] {
    let component = model.components.get(name);
    component
        .and_then(|component| component.union.as_deref())
        .unwrap_or_default()
}

/// The properties that an update request accepts.
fn accepted(update: &str, model: &Model<'_>) -> BTreeSet<String> {
    let Some(component) = model.components.get(update) else {
        return BTreeSet::new();
    };
    let tag = component.tag.map(|tag| tag.property);
    let own = component.properties.keys().copied().chain(tag);
    let mut names: BTreeSet<String> = own.map(str::to_owned).collect();
    for variant in variants(update, model) {
        names.extend(accepted(&variant.ty, model));
    }
    names
}

/// The types that have, or contain a type that has, a property with another name in responses (`x-response-name`).
fn renaming(model: &Model<'_>) -> BTreeSet<String> {
    let own = model.components.iter().filter(|(_, component)| {
        let mut properties = component.properties.values();
        properties.any(|property| property.response_name.is_some())
    });
    let mut found: BTreeSet<&str> = own.map(|(name, _)| name.as_str()).collect();
    loop {
        let count = found.len();
        for (name, component) in &model.components {
            if component
                .references
                .iter()
                .any(|part| found.contains(part.as_str()))
            {
                found.insert(name);
            }
        }
        if found.len() == count {
            return found.into_iter().map(str::to_owned).collect();
        }
    }
}

/// The properties of an update request, at any depth, that have another name in responses.
struct Renames<'a> {
    model: &'a Model<'a>,
    /// The types to search.
    renaming: &'a BTreeSet<String>,
    /// The path to the object that has the property, the name in responses, the name in requests.
    found: BTreeSet<(Vec<String>, String, String)>,
    /// The types on the current path; a recursive type is not searched again.
    within: Vec<String>,
}

impl<'a> Renames<'a> {
    fn of(update: &str, renaming: &'a BTreeSet<String>, model: &'a Model<'a>) -> Self {
        let mut renames = Self {
            model,
            renaming,
            found: BTreeSet::new(),
            within: Vec::new(),
        };
        renames.collect(update, &mut Vec::new());
        renames
    }

    fn collect(&mut self, ty: &str, path: &mut Vec<String>) {
        let model = self.model;
        let Some(component) = model
            .components
            .get(ty)
            .filter(|_| self.renaming.contains(ty))
        else {
            return;
        };
        if self.within.iter().any(|within| within == ty) {
            return;
        }
        self.within.push(ty.to_owned());
        for (name, property) in &component.properties {
            if let Some(response) = property.response_name {
                let found = (path.clone(), response.to_owned(), (*name).to_owned());
                self.found.insert(found);
            }
            path.push((*name).to_owned());
            for part in &property.references {
                self.collect(part, path);
            }
            path.pop();
        }
        for variant in variants(ty, model) {
            self.collect(&variant.ty, path);
        }
        self.within.pop();
    }

    /// The names in responses of the top-level properties.
    fn top_level(&self) -> impl Iterator<Item = String> {
        let own = self.found.iter().filter(|(parent, ..)| parent.is_empty());
        own.map(|(_, response, _)| response.clone())
    }
}

impl ToTokens for Renames<'_> {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        for (parent, response, request) in &self.found {
            tokens.extend(quote! {
                ::auth0_core::codegen::Renamed {
                    parent: &[#(#parent),*],
                    response: #response,
                    request: #request,
                },
            });
        }
    }
}

/// The conversion of one type; conversions that it uses are added to `pending`.
fn conversion(
    source: &str,
    update: &str,
    plan: &WriteBackPlan,
    model: &Model<'_>,
    pending: &mut Vec<(String, String)>,
) -> TokenStream {
    let (from, into) = (names::ident(source), names::ident(update));
    let renamed = Renames::of(update, &plan.renaming, model);
    let mut accepted = accepted(update, model);
    accepted.extend(renamed.top_level());
    let accepted = quote!(&[#(#accepted),*]);
    let properties = quote!(#accepted, &[#renamed]);
    let body = match (model.is_union(source), model.is_union(update)) {
        (true, true) => {
            let (variants, targets) = (variants(source, model), variants(update, model));
            let open = union_enums::is_open(update, targets, plan);
            // A variant that the request does not have is sent unchanged if the request's union is open.
            let rest = if open {
                quote!(::auth0_core::codegen::into_unlisted(&value, #update, #accepted).map(Self::Other))
            } else {
                quote!(::auth0_core::codegen::into_update(&value, #update, #properties))
            };
            let arms = variants.iter().map(|variant| {
                let own = names::ident(&variant.name);
                let same = targets
                    .iter()
                    .find(|target| match (variant.tag(), target.tag()) {
                        (Some(tag), Some(other)) => tag.value == other.value,
                        _ => variant.name == target.name,
                    });
                match same {
                    Some(same) => {
                        let other = names::ident(&same.name);
                        if variant.ty == same.ty {
                            return quote!(#from::#own(value) => Ok(Self::#other(value)),);
                        }
                        pending.push((variant.ty.clone(), same.ty.clone()));
                        quote!(#from::#own(value) => value.try_into().map(Self::#other),)
                    }
                    None => quote!(#from::#own(value) => #rest,),
                }
            });
            let arms: Vec<_> = arms.collect();
            let other = union_enums::is_open(source, variants, plan)
                .then(|| quote!(#from::Other(value) => #rest,));
            quote!(match response { #(#arms)* #other })
        }
        _ => quote!(::auth0_core::codegen::into_update(&response, #update, #properties)),
    };
    quote! {
        impl ::std::convert::TryFrom<#from> for #into {
            type Error = ::auth0_core::ConversionError;

            // Compiled only where it is called; most programs convert few types or none.
            #[inline]
            fn try_from(response: #from) -> ::std::result::Result<Self, Self::Error> {
                #body
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Types that each contain the next one twice; the last one has the property `last`.
    fn chain(length: usize, last: Value) -> Value {
        let component = |number: usize| {
            let next = json!({ "$ref": format!("#/components/schemas/T{}", number + 1) });
            let schema = match number == length {
                true => json!({ "type": "object", "properties": { "last": last } }),
                false => json!({ "type": "object", "properties": { "a": next, "b": next } }),
            };
            (format!("T{number}"), schema)
        };
        let schemas: serde_json::Map<String, Value> = (0..=length).map(component).collect();
        json!({ "paths": {}, "components": { "schemas": schemas } })
    }

    fn renames(document: &Value) -> BTreeSet<(Vec<String>, String, String)> {
        let model = Model::read(document).unwrap();
        Renames::of("T0", &renaming(&model), &model).found
    }

    #[test]
    fn renamed_property_is_found_at_every_path_to_it() {
        let document = chain(1, json!({ "x-response-name": "other" }));
        let renamed = |path: &str| {
            let path = vec![path.to_owned()];
            (path, "other".to_owned(), "last".to_owned())
        };
        assert_eq!(renames(&document), [renamed("a"), renamed("b")].into());
    }

    #[test]
    fn types_without_a_renamed_property_are_not_searched() {
        // There are 2^64 paths.
        assert_eq!(renames(&chain(64, json!({}))), BTreeSet::new());
    }
}
