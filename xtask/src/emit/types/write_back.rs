//! What is read, changed and sent again: such types tell null from absent, keep the fields that the document does not describe, and
//! convert from the response into the update request.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use serde_json::{Value, json};
use syn::{Fields, Item, ItemStruct, Type, parse_quote};

use crate::emit::model::{Model, properties, reference};
use crate::emit::names;
use crate::emit::types::shapes::{self, Field};
use crate::emit::types::unions;
use crate::extensions::{self, Tag};
use crate::lower::{self, WriteBack};
use crate::problem::Problem;

/// The types that are written back, by the names of their Rust types.
#[derive(Default)]
pub(crate) struct Plan {
    updates: BTreeSet<String>,
    keeping: BTreeSet<String>,
    sent: BTreeSet<String>,
    received: BTreeSet<String>,
    /// The conversions that are emitted already: two updates may need the same one.
    emitted: Mutex<BTreeSet<(String, String)>>,
    /// The responses that convert into each update request.
    conversions: BTreeMap<String, BTreeSet<String>>,
    /// The types with a property that has another name in responses, their own or one of a part.
    renaming: BTreeSet<String>,
}

impl Plan {
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

    /// Whether the type is the body of an update, or a part of one.
    pub(crate) fn is_within_update(&self, name: &str) -> bool {
        self.is_update(name) || self.sent.contains(name) && self.keeping.contains(name)
    }

    /// Whether a request can hold the type.
    pub(crate) fn is_sent(&self, name: &str) -> bool {
        self.sent.contains(name)
    }

    /// Whether a response can hold the type.
    pub(crate) fn is_received(&self, name: &str) -> bool {
        self.received.contains(name)
    }

    /// Makes the types ready to be written back.
    pub(crate) fn prepare(&self, items: Vec<Item>, model: &Model<'_>) -> Vec<Item> {
        let mut prepared = Vec::with_capacity(items.len());
        for mut item in items {
            let mut beside = None;
            if let Item::Struct(item) = &mut item {
                self.tell_nulls(item);
                if self.keeping.contains(&item.ident.to_string()) {
                    beside = keep_fields(item, model);
                }
            }
            prepared.push(item);
            prepared.extend(beside);
        }
        prepared
    }

    /// Has serde tell a null from an absent field: its own `Option` is `None` for both. In a request, a null that the document
    /// does not allow is an error and not an absent field; where the type is part of a response too, an `Open` keeps it.
    fn tell_nulls(&self, item: &mut ItemStruct) {
        let name = item.ident.to_string();
        let (is_sent, is_received) = (self.sent.contains(&name), self.is_received(&name));
        for field in &mut item.fields {
            let Some(value) = shapes::generic("Option", &field.ty) else {
                continue;
            };
            // A required field is an `Option` where the document allows null.
            let arguments = shapes::serde_arguments(&field.attrs);
            let is_optional = arguments
                .iter()
                .any(|(name, _)| name == "skip_serializing_if");
            let present = if shapes::generic("Nullable", value).is_some() {
                "::auth0_core::Nullable::deserialize_present"
            } else if is_sent
                && is_optional
                && (!is_received
                    || is_path(value, ["serde_json", "Value"])
                    || shapes::generic("Open", value).is_some())
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

    /// The documentation of an update request: what it is converted from.
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

    /// The lines on the responses that convert into an update request.
    pub(crate) fn documentation(&self, name: &str) -> Vec<String> {
        let Some(sources) = self.conversions.get(name) else {
            return Vec::new();
        };
        let sources: Vec<String> = sources.iter().map(|name| format!("[`{name}`]")).collect();
        vec![
            String::new(),
            format!(
                " Converts from {} with `{name}::try_from(response)`: takes the properties that the update accepts, nested objects as a \
                 whole, with unknown fields and explicit nulls.",
                sources.join(", ")
            ),
        ]
    }

    /// The conversions into an update request.
    pub(crate) fn conversions(
        &self,
        name: &str,
        model: &Model<'_>,
    ) -> Result<TokenStream, Problem> {
        let mut emitted = TokenStream::new();
        let mut done = self.emitted.lock().unwrap_or_else(PoisonError::into_inner);
        let mut waiting: Vec<(String, String)> = self
            .conversions
            .get(name)
            .into_iter()
            .flatten()
            .rev()
            .map(|source| (source.clone(), name.to_owned()))
            .collect();
        while let Some((source, update)) = waiting.pop() {
            if !done.insert((source.clone(), update.clone()))
                || converts_already(&source, &update, model)
            {
                continue;
            }
            emitted.extend(conversion(&source, &update, self, model, &mut waiting)?);
        }
        Ok(emitted)
    }
}

/// The field that keeps what the document does not describe, and what its decoding needs. A map of the document's own keeps it
/// already.
fn keep_fields(item: &mut ItemStruct, model: &Model<'_>) -> Option<Item> {
    let Fields::Named(fields) = &mut item.fields else {
        return None;
    };
    let is_flat = |field: &syn::Field| {
        let arguments = shapes::serde_arguments(&field.attrs);
        arguments.iter().any(|(name, _)| name == "flatten")
    };
    if fields.named.iter().any(is_flat) {
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
    let tag = model
        .schemas
        .get(&item.ident.to_string())
        .and_then(|schema| Tag::of(schema));
    let (with, beside) = match tag {
        Some(tag) => {
            let function = free("deserialize_additional_fields");
            let (with, function) = (
                format!("{}::{function}", item.ident),
                names::ident(&function),
            );
            let (owner, tag) = (&item.ident, tag.property);
            let beside: Item = parse_quote! {
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
                Some(beside),
            )
        }
        None => (None, None),
    };
    fields.named.push(parse_quote! {
        /// The fields that this version of the crate does not know. They are sent as they were received.
        #[serde(flatten, default)]
        #with
        pub #ident: ::auth0_core::AdditionalFields
    });
    beside
}

/// Whether the conversion exists already: from a type to itself, and from a variant to its union.
fn converts_already(source: &str, update: &str, model: &Model<'_>) -> bool {
    let is_variant = || {
        let union = model.schemas.get(update).into_iter();
        union
            .flat_map(|schema| extensions::union_variants(schema))
            .any(|variant| target(variant).as_deref() == Some(source))
    };
    source == update || is_variant()
}

fn target(variant: &Value) -> Option<String> {
    reference(&json!({ "$ref": variant["ref"] }))
}

/// The properties that an update request accepts.
fn accepted(update: &str, model: &Model<'_>) -> BTreeSet<String> {
    let Some(schema) = model.schemas.get(update) else {
        return BTreeSet::new();
    };
    let mut names: BTreeSet<String> = properties(schema, model)
        .into_keys()
        .map(str::to_owned)
        .collect();
    names.extend(Tag::of(schema).map(|tag| tag.property.to_owned()));
    for variant in extensions::union_variants(schema).filter_map(target) {
        names.extend(accepted(&variant, model));
    }
    names
}

/// The types with a property that has another name in responses (`x-response-name`), their own or one of a part.
fn renaming(model: &Model<'_>) -> BTreeSet<String> {
    let renames = |schema: &Value| {
        let mut properties = properties(schema, model).into_values();
        properties.any(|property| extensions::RESPONSE_NAME.is_set(property))
    };
    let own = model.schemas.iter().filter(|(_, schema)| renames(schema));
    let mut found: BTreeSet<&str> = own.map(|(name, _)| name.as_str()).collect();
    let held = match found.is_empty() {
        true => BTreeMap::new(),
        false => model.held(),
    };
    loop {
        let count = found.len();
        for (name, parts) in &held {
            if parts.iter().any(|part| found.contains(part)) {
                found.insert(name);
            }
        }
        if found.len() == count {
            return found.into_iter().map(str::to_owned).collect();
        }
    }
}

/// The properties of an update request, and of its parts, that have another name in responses.
struct Renames<'a> {
    model: &'a Model<'a>,
    /// The types that are searched.
    renaming: &'a BTreeSet<String>,
    /// The path to the object that has the property, the name in responses, the name in requests.
    found: BTreeSet<(Vec<String>, String, String)>,
    /// The types on the current path: recursive types are searched once.
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
        let Some(schema) = model.schemas.get(ty).filter(|_| self.renaming.contains(ty)) else {
            return;
        };
        if self.within.iter().any(|within| within == ty) {
            return;
        }
        self.within.push(ty.to_owned());
        for (name, property) in properties(schema, model) {
            if let Some(response) = extensions::RESPONSE_NAME
                .get(property)
                .and_then(Value::as_str)
            {
                let found = (path.clone(), response.to_owned(), name.to_owned());
                self.found.insert(found);
            }
            path.push(name.to_owned());
            for held in model.named_in(property) {
                self.collect(held, path);
            }
            path.pop();
        }
        for variant in extensions::union_variants(schema).filter_map(target) {
            self.collect(&variant, path);
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

/// The conversion of one type; conversions that it uses are added to `waiting`.
fn conversion(
    source: &str,
    update: &str,
    plan: &Plan,
    model: &Model<'_>,
    waiting: &mut Vec<(String, String)>,
) -> Result<TokenStream, Problem> {
    let (from, into) = (names::ident(source), names::ident(update));
    let renamed = Renames::of(update, &plan.renaming, model);
    let mut accepted = accepted(update, model);
    accepted.extend(renamed.top_level());
    let accepted = quote!(&[#(#accepted),*]);
    let properties = quote!(#accepted, &[#renamed]);
    let union = |name: &str| match model.schemas.get(name) {
        Some(schema) if extensions::UNION.is_set(schema) => {
            unions::read(name, schema, model).map(Some)
        }
        _ => Ok(None),
    };
    let (variants, targets) = (union(source)?, union(update)?);
    let body = match (&variants, &targets) {
        (Some(variants), Some(targets)) => {
            let open = unions::is_open(update, targets, plan);
            // What no variant of the request stands for is sent as it is, where the request has a place for it.
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
                        (Some((_, value)), Some((_, other))) => value == other,
                        _ => variant.name == target.name,
                    });
                match same {
                    Some(same) => {
                        let other = names::ident(&same.name);
                        if variant.ty == same.ty {
                            return quote!(#from::#own(value) => Ok(Self::#other(value)),);
                        }
                        waiting.push((variant.ty.clone(), same.ty.clone()));
                        quote!(#from::#own(value) => value.try_into().map(Self::#other),)
                    }
                    None => quote!(#from::#own(value) => #rest,),
                }
            });
            let arms: Vec<_> = arms.collect();
            let other = unions::is_open(source, variants, plan)
                .then(|| quote!(#from::Other(value) => #rest,));
            quote!(match response { #(#arms)* #other })
        }
        _ => quote!(::auth0_core::codegen::into_update(&response, #update, #properties)),
    };
    Ok(quote! {
        impl ::std::convert::TryFrom<#from> for #into {
            type Error = ::auth0_core::ConversionError;

            // Compiled where it is called: most programs convert few types, or none.
            #[inline]
            fn try_from(response: #from) -> ::std::result::Result<Self, Self::Error> {
                #body
            }
        }
    })
}

/// Whether a field keeps what the document does not describe.
pub(crate) fn is_additional(field: &Field) -> bool {
    is_path(&field.ty, ["auth0_core", "AdditionalFields"])
}

fn is_path(ty: &Type, names: [&str; 2]) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.iter().map(|segment| &segment.ident).eq(names))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Types that each hold the next one twice; the last one has a property with another name in responses.
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
    fn property_of_a_part_is_renamed_at_every_path_to_it() {
        let document = chain(1, json!({ "x-response-name": "other" }));
        let renamed = |path: &str| {
            let path = vec![path.to_owned()];
            (path, "other".to_owned(), "last".to_owned())
        };
        assert_eq!(renames(&document), [renamed("a"), renamed("b")].into());
    }

    #[test]
    fn types_without_a_renamed_property_are_not_searched_path_by_path() {
        // There are 2^64 paths.
        assert_eq!(renames(&chain(64, json!({}))), BTreeSet::new());
    }
}
