//! How a struct of a generated crate is constructed. No two required values are told apart by their position: a document
//! that renames, adds or removes one would otherwise permute arguments of code that still compiles.
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

use crate::emit::calls::call::RESERVED;
use crate::emit::docs;
use crate::emit::model::Model;
use crate::emit::names;
use crate::emit::types::items::{
    Taking, Types, converted, field_value, given, parameter_type, taking,
};
use crate::emit::types::setters;
use crate::emit::types::shapes::Field;

/// Named arguments: a struct whose fields are the required values of a type or of an operation.
pub(crate) struct Arguments {
    name: Ident,
    /// The type that is constructed.
    of: Ident,
    fields: Vec<Argument>,
}

/// One of the named arguments.
pub(crate) struct Argument {
    pub(crate) ident: Ident,
    /// The type of the value.
    pub(crate) kind: Kind,
    /// Its documentation.
    pub(crate) doc: String,
}

/// What is accepted for a value.
pub(crate) enum Kind {
    /// The type itself.
    Exact(TokenStream),
    /// Whatever fulfils this bound: the field gets a type parameter, which the value infers.
    Bound(TokenStream),
}

impl Kind {
    /// What is accepted for a value of `ty`.
    pub(crate) fn of(ty: &Type, model: &Model<'_>) -> Self {
        match taking(ty, model) {
            Taking::Plain => Self::Exact(quote!(#ty)),
            Taking::Into => Self::Bound(quote!(::std::convert::Into<#ty>)),
            Taking::List(item) => Self::Bound(match taking(item, model) {
                Taking::Into => {
                    quote!(::std::iter::IntoIterator<Item: ::std::convert::Into<#item>>)
                }
                _ => quote!(::std::iter::IntoIterator<Item = #item>),
            }),
        }
    }
}

impl Arguments {
    /// The arguments of a function that returns `of`.
    pub(crate) fn new(name: &str, of: &Ident, fields: Vec<Argument>) -> Self {
        Self {
            name: names::ident(name),
            of: of.clone(),
            fields,
        }
    }

    /// The name of the type parameter of each field that has one, unlike any type that the fields may name.
    fn parameters(&self, model: &Model<'_>) -> Vec<Option<Ident>> {
        let mut taken: BTreeSet<String> = RESERVED.iter().map(|name| (*name).to_owned()).collect();
        let parameter = |argument: &Argument| match argument.kind {
            Kind::Exact(_) => None,
            Kind::Bound(_) => {
                let base = names::type_name(&argument.ident.to_string());
                let is_taken = |name: &str| {
                    taken.contains(name)
                        || model.schemas.contains_key(name)
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

    /// The definition of the struct, with `doc` for its documentation.
    pub(crate) fn definition(&self, doc: &str, model: &Model<'_>) -> TokenStream {
        let name = &self.name;
        let parameters = self.parameters(model);
        let fields = self
            .fields
            .iter()
            .zip(&parameters)
            .map(|(field, parameter)| {
                let (ident, doc) = (&field.ident, docs::doc(&field.doc));
                let ty = match &field.kind {
                    Kind::Exact(ty) => ty.clone(),
                    Kind::Bound(_) => quote!(#parameter),
                };
                quote!(#doc pub #ident: #ty)
            });
        let generics = generics(parameters.iter().flatten());
        let doc = docs::doc(doc);
        // Nothing is derived: a field may hold a secret. Not `#[non_exhaustive]`: another required field has to be a
        // compile error that names it.
        quote! {
            #doc
            pub struct #name #generics {
                #(#fields),*
            }
        }
    }

    /// The type parameters with their bounds, as a function that takes the struct declares them.
    pub(crate) fn bounds(&self, model: &Model<'_>) -> TokenStream {
        let parameters = self.parameters(model);
        let bounds = self.fields.iter().zip(&parameters);
        generics(bounds.filter_map(|(field, parameter)| match &field.kind {
            Kind::Exact(_) => None,
            Kind::Bound(bound) => Some(quote!(#parameter: #bound)),
        }))
    }

    /// The type of the argument of such a function.
    pub(crate) fn ty(&self, model: &Model<'_>) -> TokenStream {
        let (name, parameters) = (&self.name, self.parameters(model));
        let generics = generics(parameters.iter().flatten());
        quote!(#name #generics)
    }
}

/// `<…>`, or nothing where there are no parameters.
fn generics(parameters: impl Iterator<Item = impl quote::ToTokens>) -> TokenStream {
    let mut parameters = parameters.peekable();
    match parameters.peek() {
        None => TokenStream::new(),
        Some(_) => quote!(<#(#parameters),*>),
    }
}

/// The names of the structs of required fields, by the types that they construct. A name that the document uses itself
/// is numbered.
pub(crate) fn required_structs(
    structs: &BTreeMap<String, Vec<Field>>,
    model: &Model<'_>,
) -> BTreeMap<String, String> {
    let several = |fields: &[Field]| fields.iter().filter(|field| !field.optional).count() > 1;
    let is_taken = |name: &str| structs.contains_key(name) || model.schemas.contains_key(name);
    structs
        .iter()
        .filter(|(_, fields)| several(fields))
        .map(|(name, _)| {
            let required = names::numbered(format!("{name}Required"), is_taken);
            (name.clone(), required)
        })
        .collect()
}

/// The name of the constructor that takes the one required field. An optional field may be called `with_…` itself, and
/// has a setter of that name.
pub(crate) fn with_name(field: &Field, fields: &[Field]) -> String {
    let name = field.ident.trim_start_matches("r#").trim_matches('_');
    let setters: Vec<&str> = fields.iter().map(|field| field.ident.as_str()).collect();
    names::unlike(format!("with_{name}"), &setters)
}

/// The constructor and the setters of the struct `item`, behind the struct of its required fields where it needs one.
pub(crate) fn emit(
    item: &syn::ItemStruct,
    fields: &[Field],
    types: &Types,
    model: &Model<'_>,
) -> Vec<Item> {
    let ident = &item.ident;
    let name = ident.to_string();
    let (optional, required): (Vec<_>, Vec<_>) = fields.iter().partition(|field| field.optional);
    let mut emitted = Vec::new();
    let constructor: syn::ImplItemFn = match required.as_slice() {
        [] => {
            let values = fields.iter().map(absent);
            let doc = format!(" Creates a `{name}` whose fields are all absent.");
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
            let ty = parameter_type(&only.ty, model);
            let values = fields.iter().map(|field| match field.optional {
                true => absent(field),
                false => field_value(&argument, &converted(&argument, &field.ty, model)),
            });
            let doc = format!(
                " Creates a `{name}` from its required field [`{0}`](Self#structfield.{0}).",
                only.ident.trim_start_matches("r#")
            );
            syn::parse_quote! {
                #[doc = #doc]
                pub fn #constructor(#argument: #ty) -> Self {
                    Self { #(#values),* }
                }
            }
        }
        required => {
            let struct_name = types.required.get(&name).cloned().unwrap_or_default();
            let arguments = required.iter().map(|field| Argument {
                ident: format_ident!("{}", field.ident),
                kind: Kind::of(&field.ty, model),
                doc: first_line(item, field),
            });
            let arguments = Arguments::new(&struct_name, ident, arguments.collect());
            let doc = format!("The required fields of [`{name}`], for [`{name}::new`].");
            let definition = arguments.definition(&doc, model);
            emitted.push(syn::parse_quote!(#definition));
            let (bounds, ty) = (arguments.bounds(model), arguments.ty(model));
            let values = fields.iter().map(|field| {
                if field.optional {
                    return absent(field);
                }
                let ident = format_ident!("{}", field.ident);
                let value = given(quote!(required.#ident), &field.ty, model);
                quote!(#ident: #value)
            });
            let doc = format!(" Creates a `{name}` from its required fields.");
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
fn absent(field: &Field) -> TokenStream {
    let ident = format_ident!("{}", field.ident);
    quote!(#ident: ::std::default::Default::default())
}

/// The first paragraph that documents a field, or else where its documentation is.
fn first_line(item: &syn::ItemStruct, field: &Field) -> String {
    let documented = item
        .fields
        .iter()
        .find(|other| other.ident.as_ref().is_some_and(|i| *i == field.ident));
    let lines = documented.into_iter().flat_map(|field| &field.attrs);
    let text: Vec<String> = lines.filter_map(doc_line).collect();
    match docs::first_line(&text.join("\n")) {
        line if line.is_empty() => format!(
            "The value of [`{1}`]({0}#structfield.{1}).",
            item.ident,
            field.ident.trim_start_matches("r#")
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
