//! Accessors of unions for the fields that all variants share.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use crate::emit::doc_text;
use crate::emit::model::EnumVariant;
use crate::emit::names;
use crate::emit::read_back::StructField;
use crate::emit::type_syntax;
use crate::emit::types::TypeIndex;
use crate::extensions::Tag;

/// Methods for the fields that all variants have with the same type. For an unknown variant of an open union, they return the value of
/// that name if it is a string or boolean, and `None` otherwise.
pub(crate) fn emit(
    ident: &Ident,
    variants: &[EnumVariant<'_>],
    is_open: bool,
    types: &TypeIndex,
) -> TokenStream {
    let structs: Option<Vec<&Vec<StructField>>> = variants
        .iter()
        .map(|variant| types.structs.get(&variant.ty))
        .collect();
    let Some((first, others)) = structs.as_deref().and_then(<[_]>::split_first) else {
        return TokenStream::new();
    };
    let mut methods: Vec<TokenStream> = Vec::new();
    let mut names: Vec<&str> = Vec::new();
    for field in first.iter() {
        let mut same = vec![field];
        same.extend(others.iter().filter_map(|fields| {
            fields.iter().find(|other| {
                other.ident == field.ident && other.value_type() == field.value_type()
            })
        }));
        if same.len() < variants.len() {
            continue;
        }
        if is_open {
            names.push(&field.ident);
            methods.push(of_known(variants, &same));
        } else if same.iter().all(|other| other.ty == field.ty) {
            methods.push(of_all(variants, field));
        }
    }
    // If every variant also has the tag as a field, the accessor of the field exists.
    if let Some((name, method)) = tag(variants).filter(|_| is_open)
        && !names.iter().any(|taken| name == *taken)
    {
        methods.insert(0, method);
    }
    if methods.is_empty() {
        TokenStream::new()
    } else {
        quote!(impl #ident { #(#methods)* })
    }
}

fn of_all(variants: &[EnumVariant<'_>], field: &StructField) -> TokenStream {
    let (ident, ty) = (format_ident!("{}", field.ident), &field.ty);
    let doc = format!(" Returns `{}`, which every variant has.", field.wire);
    let arms = variants.iter().map(|variant| {
        let name = names::ident(&variant.name);
        quote!(Self::#name(value) => &value.#ident,)
    });
    quote! {
        #[doc = #doc]
        pub fn #ident(&self) -> &#ty {
            match self { #(#arms)* }
        }
    }
}

/// The method for a field of all known variants of an open union; `fields` are in the order of the variants.
fn of_known(variants: &[EnumVariant<'_>], fields: &[&StructField]) -> TokenStream {
    let field = fields[0];
    let (ident, wire, ty) = (
        format_ident!("{}", field.ident),
        &field.wire,
        field.value_type(),
    );
    let open = type_syntax::generic("Open", ty);
    let plain = open.unwrap_or(ty);
    let is_text = type_syntax::is_named("String", plain);
    let is_flag = type_syntax::is_named("bool", plain);
    let (output, as_known) = match () {
        () if is_text => (quote!(&str), Some(quote!(as_str))),
        () if is_flag => (quote!(bool), Some(quote!(as_bool))),
        () => (quote!(&#ty), None),
    };
    let arms = variants.iter().zip(fields).map(|(variant, field)| {
        let name = names::ident(&variant.name);
        let value = match field.is_option() {
            true if is_text => quote!(value.#ident.as_deref()),
            true if is_flag && open.is_some() => {
                quote!(value.#ident.as_ref().and_then(::auth0_core::Open::known).copied())
            }
            true if is_flag => quote!(value.#ident),
            true => quote!(value.#ident.as_ref()),
            false if is_flag && open.is_some() => quote!(value.#ident.known().copied()),
            false if is_flag => quote!(::std::option::Option::Some(value.#ident)),
            false => quote!(::std::option::Option::Some(&value.#ident)),
        };
        quote!(Self::#name(value) => #value,)
    });
    let (other, unknown) = match as_known {
        Some(read) => (
            quote!(Self::Other(other) => other.value().get(#wire).and_then(::serde_json::Value::#read),),
            match is_text {
                true => "For an unknown variant, returns the received value if it is a string.",
                false => "For an unknown variant, returns the received value if it is a boolean.",
            },
        ),
        None => (
            quote!(Self::Other(_) => ::std::option::Option::None,),
            "Returns `None` for an unknown variant.",
        ),
    };
    let doc = doc_text::doc(&format!(
        "Returns `{wire}`, which every known variant has.\n\n{unknown}"
    ));
    quote! {
        #doc
        pub fn #ident(&self) -> ::std::option::Option<#output> {
            match self { #(#arms)* #other }
        }
    }
}

/// The name and the method for the tag, if the variants are identified by one.
fn tag(variants: &[EnumVariant<'_>]) -> Option<(Ident, TokenStream)> {
    let property = variants.iter().find_map(EnumVariant::tag)?.property;
    let arms = variants.iter().map(|variant| {
        let name = names::ident(&variant.name);
        match variant.tag() {
            Some(Tag { value, .. }) => {
                quote!(Self::#name(_) => ::std::option::Option::Some(#value),)
            }
            None => quote!(Self::#name(_) => ::std::option::Option::None,),
        }
    });
    let method = names::ident(&names::snake_name(property));
    let doc = doc_text::doc(&format!(
        "Returns `{property}`, which identifies the variant.\n\nFor an unknown variant, returns the received value if it is a string."
    ));
    let tokens = quote! {
        #doc
        pub fn #method(&self) -> ::std::option::Option<&str> {
            match self {
                #(#arms)*
                Self::Other(other) => other.value().get(#property).and_then(::serde_json::Value::as_str),
            }
        }
    };
    Some((method, tokens))
}
