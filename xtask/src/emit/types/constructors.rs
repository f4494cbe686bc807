//! The constructors of structs. Several required values are passed by name: with positional arguments, a document that
//! renames, adds or removes one could swap arguments in code that still compiles.
//!
//! | required fields | constructor |
//! | --- | --- |
//! | none | `X::new()` |
//! | one | `X::with_name(value)` |
//! | several | `X::new(XRequired { name: value, … })` |

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::{Item, Type};

use crate::emit::calls::call_type::RESERVED;
use crate::emit::doc_text;
use crate::emit::model::Model;
use crate::emit::names;
use crate::emit::read_back::StructField;
use crate::emit::types::TypeIndex;
use crate::emit::types::argument_types::{Passing, argument_type, converted, field_value};
use crate::emit::types::setters;

/// A struct whose fields are the required values of a type or of an operation.
pub(crate) struct RequiredStruct {
    name: Ident,
    /// The type that is constructed from it.
    of: Ident,
    fields: Vec<RequiredField>,
}

/// A field of such a struct.
pub(crate) struct RequiredField {
    pub(crate) ident: Ident,
    pub(crate) ty: RequiredType,
    /// Its documentation.
    pub(crate) doc: String,
}

/// The type of such a field.
pub(crate) enum RequiredType {
    /// A type.
    Exact(TokenStream),
    /// A type parameter with this bound.
    Bound(TokenStream),
}

impl RequiredType {
    /// The type of the field for a value of `ty`.
    pub(crate) fn of(ty: &Type, model: &Model<'_>) -> Self {
        match Passing::of(ty, model) {
            Passing::Exact => Self::Exact(quote!(#ty)),
            Passing::Into => Self::Bound(quote!(::std::convert::Into<#ty>)),
            Passing::Items(item) => Self::Bound(match Passing::of(item, model) {
                Passing::Into => {
                    quote!(::std::iter::IntoIterator<Item: ::std::convert::Into<#item>>)
                }
                _ => quote!(::std::iter::IntoIterator<Item = #item>),
            }),
        }
    }
}

impl RequiredStruct {
    /// The struct `name`, for a function that returns `of`.
    pub(crate) fn new(name: &str, of: &Ident, fields: Vec<RequiredField>) -> Self {
        Self {
            name: names::ident(name),
            of: of.clone(),
            fields,
        }
    }

    /// The type parameter of each field that has one. It does not collide with the types of other fields.
    fn parameters(&self, model: &Model<'_>) -> Vec<Option<Ident>> {
        let mut taken: BTreeSet<String> = RESERVED.iter().map(|name| (*name).to_owned()).collect();
        let parameter = |field: &RequiredField| match field.ty {
            RequiredType::Exact(_) => None,
            RequiredType::Bound(_) => {
                let base = names::type_name(&field.ident.to_string());
                let is_taken = |name: &str| {
                    taken.contains(name)
                        || model.components.contains_key(name)
                        || self.name == name
                        || self.of == name
                };
                let name = names::numbered(base, is_taken);
                taken.insert(name.clone());
                Some(names::ident(&name))
            }
        };
        self.fields.iter().map(parameter).collect()
    }

    /// The definition of the struct, with the documentation `doc`.
    pub(crate) fn definition(&self, doc: &str, model: &Model<'_>) -> TokenStream {
        let name = &self.name;
        let parameters = self.parameters(model);
        let fields = self
            .fields
            .iter()
            .zip(&parameters)
            .map(|(field, parameter)| {
                let (ident, doc) = (&field.ident, doc_text::doc(&field.doc));
                let ty = match &field.ty {
                    RequiredType::Exact(ty) => ty.clone(),
                    RequiredType::Bound(_) => quote!(#parameter),
                };
                quote!(#doc pub #ident: #ty)
            });
        let generics = generics(parameters.iter().flatten());
        let doc = doc_text::doc(doc);
        // No derives, because a field may contain a secret. Not `#[non_exhaustive]`, so that a new required field is a
        // compile error that names it.
        quote! {
            #doc
            pub struct #name #generics {
                #(#fields),*
            }
        }
    }

    /// The type parameters with their bounds, for a function that takes the struct.
    pub(crate) fn bounds(&self, model: &Model<'_>) -> TokenStream {
        let parameters = self.parameters(model);
        let bounds = self.fields.iter().zip(&parameters);
        generics(bounds.filter_map(|(field, parameter)| match &field.ty {
            RequiredType::Exact(_) => None,
            RequiredType::Bound(bound) => Some(quote!(#parameter: #bound)),
        }))
    }

    /// The type of the argument of such a function.
    pub(crate) fn ty(&self, model: &Model<'_>) -> TokenStream {
        let (name, parameters) = (&self.name, self.parameters(model));
        let generics = generics(parameters.iter().flatten());
        quote!(#name #generics)
    }
}

/// `<…>`, or nothing if there are no parameters.
fn generics(parameters: impl Iterator<Item = impl quote::ToTokens>) -> TokenStream {
    let mut parameters = parameters.peekable();
    match parameters.peek() {
        None => TokenStream::new(),
        Some(_) => quote!(<#(#parameters),*>),
    }
}

/// The names of the structs of required fields, by the types that they construct. A name that the document uses is numbered.
pub(crate) fn required_structs(
    structs: &BTreeMap<String, Vec<StructField>>,
    model: &Model<'_>,
) -> BTreeMap<String, String> {
    let several =
        |fields: &[StructField]| fields.iter().filter(|field| !field.optional).count() > 1;
    let is_taken = |name: &str| structs.contains_key(name) || model.components.contains_key(name);
    structs
        .iter()
        .filter(|(_, fields)| several(fields))
        .map(|(name, _)| {
            let required = names::numbered(format!("{name}Required"), is_taken);
            (name.clone(), required)
        })
        .collect()
}

/// The name of the constructor that takes the only required field. An optional field can be called `with_…` too, and has
/// a setter of that name.
pub(crate) fn with_name(field: &StructField, fields: &[StructField]) -> String {
    let name = field.doc_name().trim_matches('_');
    let setters: Vec<&str> = fields.iter().map(|field| field.ident.as_str()).collect();
    names::unlike(format!("with_{name}"), &setters)
}

/// The constructor and the setters of the struct `item`, preceded by the struct of its required fields if it has several.
pub(crate) fn emit(
    item: &syn::ItemStruct,
    fields: &[StructField],
    types: &TypeIndex,
    model: &Model<'_>,
) -> Vec<Item> {
    let ident = &item.ident;
    let name = ident.to_string();
    let article = doc_text::article(&name);
    let (optional, required): (Vec<_>, Vec<_>) = fields.iter().partition(|field| field.optional);
    let mut emitted = Vec::new();
    let constructor: syn::ImplItemFn = match required.as_slice() {
        [] => {
            let values = fields.iter().map(absent);
            let doc = format!(" Creates {article} `{name}` whose fields are all absent.");
            syn::parse_quote! {
                #[doc = #doc]
                pub fn new() -> Self {
                    Self { #(#values),* }
                }
            }
        }
        [only] => {
            let constructor = format_ident!("{}", with_name(only, fields));
            let argument = format_ident!("{}", only.ident);
            let ty = argument_type(&only.ty, model);
            let values = fields.iter().map(|field| match field.optional {
                true => absent(field),
                false => field_value(&argument, &converted(quote!(#argument), &field.ty, model)),
            });
            let doc = format!(
                " Creates {article} `{name}` from its required field [`{0}`](Self#structfield.{0}).",
                only.doc_name()
            );
            syn::parse_quote! {
                #[doc = #doc]
                pub fn #constructor(#argument: #ty) -> Self {
                    Self { #(#values),* }
                }
            }
        }
        required => {
            let struct_name = types
                .required_structs
                .get(&name)
                .cloned()
                .unwrap_or_default();
            let fields_of_struct = required.iter().map(|field| RequiredField {
                ident: format_ident!("{}", field.ident),
                ty: RequiredType::of(&field.ty, model),
                doc: first_line(item, field),
            });
            let required_struct =
                RequiredStruct::new(&struct_name, ident, fields_of_struct.collect());
            let doc = format!("The required fields of [`{name}`], for [`{name}::new`].");
            let definition = required_struct.definition(&doc, model);
            emitted.push(syn::parse_quote!(#definition));
            let (bounds, ty) = (required_struct.bounds(model), required_struct.ty(model));
            let values = fields.iter().map(|field| {
                if field.optional {
                    return absent(field);
                }
                let ident = format_ident!("{}", field.ident);
                let value = converted(quote!(required.#ident), &field.ty, model);
                quote!(#ident: #value)
            });
            let doc = format!(" Creates {article} `{name}` from its required fields.");
            syn::parse_quote! {
                #[doc = #doc]
                pub fn new #bounds (required: #ty) -> Self {
                    Self { #(#values),* }
                }
            }
        }
    };
    let mut block: syn::ItemImpl = syn::parse_quote!(impl #ident { #constructor });
    block
        .items
        .extend(optional.iter().map(|field| setters::setter(field, model)));
    emitted.push(Item::Impl(block));
    emitted
}

/// A field that is not set.
fn absent(field: &StructField) -> TokenStream {
    let ident = format_ident!("{}", field.ident);
    quote!(#ident: ::std::default::Default::default())
}

/// The first paragraph of the documentation of a field, or a link to the field.
fn first_line(item: &syn::ItemStruct, field: &StructField) -> String {
    let documented = item
        .fields
        .iter()
        .find(|other| other.ident.as_ref().is_some_and(|i| *i == field.ident));
    let lines = documented.into_iter().flat_map(|field| &field.attrs);
    let text: Vec<String> = lines.filter_map(doc_line).collect();
    match doc_text::first_line(&text.join("\n")) {
        line if line.is_empty() => format!(
            "The value of [`{1}`]({0}#structfield.{1}).",
            item.ident,
            field.doc_name()
        ),
        line => line,
    }
}

/// The text of a `#[doc = "…"]`.
fn doc_line(attribute: &syn::Attribute) -> Option<String> {
    let syn::Meta::NameValue(pair) = &attribute.meta else {
        return None;
    };
    match &pair.value {
        syn::Expr::Lit(syn::ExprLit {
            lit: syn::Lit::Str(text),
            ..
        }) if pair.path.is_ident("doc") => Some(text.value().trim().to_owned()),
        _ => None,
    }
}
