//! How values are passed to constructors, setters and methods: `impl Into<…>` where that is convenient.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::Type;

use crate::emit::model::Model;
use crate::emit::type_syntax;

/// How a value of a type is passed.
pub(crate) enum Passing<'t> {
    /// As the type itself.
    Exact,
    /// As anything that converts into it.
    Into,
    /// As an iterator of items of this type.
    Items(&'t Type),
}

impl<'t> Passing<'t> {
    pub(crate) fn of(ty: &'t Type, model: &Model<'_>) -> Self {
        if let Some(item) = type_syntax::generic("Vec", ty) {
            return Self::Items(item);
        }
        let is_wrapped = ["Open", "Nullable"]
            .iter()
            .any(|name| type_syntax::generic(name, ty).is_some());
        let is_text = || {
            ["String", "SecretString", "Upload"]
                .iter()
                .any(|name| type_syntax::is_named(name, ty))
        };
        let is_union = || type_syntax::last_name(ty).is_some_and(|name| model.is_union(&name));
        if is_wrapped || is_text() || is_union() {
            Self::Into
        } else {
            Self::Exact
        }
    }
}

/// The type of an argument for a value of `ty`.
pub(crate) fn argument_type(ty: &Type, model: &Model<'_>) -> TokenStream {
    match Passing::of(ty, model) {
        Passing::Exact => quote!(#ty),
        Passing::Into => quote!(impl Into<#ty>),
        Passing::Items(item) => match Passing::of(item, model) {
            Passing::Into => quote!(impl IntoIterator<Item = impl Into<#item>>),
            _ => quote!(impl IntoIterator<Item = #item>),
        },
    }
}

/// The conversion of `argument`, which has such a type, to `ty`.
pub(crate) fn converted(argument: TokenStream, ty: &Type, model: &Model<'_>) -> TokenStream {
    match Passing::of(ty, model) {
        Passing::Exact => argument,
        Passing::Into => quote!(#argument.into()),
        Passing::Items(item) => match Passing::of(item, model) {
            Passing::Into => quote!(#argument.into_iter().map(Into::into).collect()),
            _ => quote!(#argument.into_iter().collect()),
        },
    }
}

/// A field of a struct literal, in the short form if the value is a variable with the name of the field.
pub(crate) fn field_value(field: &Ident, value: &TokenStream) -> TokenStream {
    if *field == value.to_string() {
        quote!(#field)
    } else {
        quote!(#field: #value)
    }
}
