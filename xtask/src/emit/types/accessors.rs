//! What the variants of a union have in common, without a `match`.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::Type;

use crate::emit::docs;
use crate::emit::names;
use crate::emit::types::items::Types;
use crate::emit::types::shapes::{self, Field};
use crate::emit::types::unions::Variant;

/// Methods for the fields that all variants have alike. Where there may be a variant that nobody knows, they give
/// nothing, or what came under that name.
pub(crate) fn emit(
    ident: &Ident,
    variants: &[Variant<'_>],
    tagged: bool,
    types: &Types,
) -> TokenStream {
    let structs: Option<Vec<&Vec<Field>>> = variants
        .iter()
        .map(|variant| types.structs.get(&variant.ty))
        .collect();
    let Some((first, others)) = structs.as_deref().and_then(<[_]>::split_first) else {
        return TokenStream::new();
    };
    let mut methods: Vec<TokenStream> = Vec::new();
    let mut names: Vec<&str> = Vec::new();
    for field in first.iter() {
        let mut alike = vec![field];
        alike.extend(others.iter().filter_map(|fields| {
            fields
                .iter()
                .find(|other| other.ident == field.ident && inner(other) == inner(field))
        }));
        if alike.len() < variants.len() {
            continue;
        }
        if tagged {
            names.push(&field.ident);
            methods.push(of_known(variants, &alike));
        } else if alike.iter().all(|other| other.ty == field.ty) {
            methods.push(of_all(variants, field));
        }
    }
    // A tag that every variant also has as a field has an accessor by now.
    if let Some((name, method)) = tag(variants).filter(|_| tagged)
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

/// The type of a field where it is there.
fn inner(field: &Field) -> &Type {
    shapes::generic("Option", &field.ty).unwrap_or(&field.ty)
}

fn of_all(variants: &[Variant<'_>], field: &Field) -> TokenStream {
    let (ident, ty) = (format_ident!("{}", field.ident), &field.ty);
    let doc = format!(" `{}`, which every variant has.", field.wire);
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

/// The method for a field of all known variants, which stand in `fields` in the same order.
fn of_known(variants: &[Variant<'_>], fields: &[&Field]) -> TokenStream {
    let field = fields[0];
    let (ident, wire, ty) = (format_ident!("{}", field.ident), &field.wire, inner(field));
    let open = shapes::generic("Open", ty);
    let plain = open.unwrap_or(ty);
    let is_text = shapes::is_named("String", plain);
    let is_flag = shapes::is_named("bool", plain);
    let (output, as_known) = match () {
        () if is_text => (quote!(&str), Some(quote!(as_str))),
        () if is_flag => (quote!(bool), Some(quote!(as_bool))),
        () => (quote!(&#ty), None),
    };
    let arms = variants.iter().zip(fields).map(|(variant, field)| {
        let name = names::ident(&variant.name);
        let optional = shapes::generic("Option", &field.ty).is_some();
        let value = match optional {
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
            "Of an unknown kind it is what came under that name.",
        ),
        None => (
            quote!(Self::Other(_) => ::std::option::Option::None,),
            "There is none of an unknown kind.",
        ),
    };
    let doc = docs::doc(&format!(
        "`{wire}`, which every known variant has.\n\n{unknown}"
    ));
    quote! {
        #doc
        pub fn #ident(&self) -> ::std::option::Option<#output> {
            match self { #(#arms)* #other }
        }
    }
}

/// The method for the property that tells the variants apart, where it is one and no field.
fn tag(variants: &[Variant<'_>]) -> Option<(Ident, TokenStream)> {
    let (property, _) = variants.iter().find_map(Variant::tag)?;
    let arms = variants.iter().map(|variant| {
        let name = names::ident(&variant.name);
        match variant.tag() {
            Some((_, value)) => quote!(Self::#name(_) => ::std::option::Option::Some(#value),),
            None => quote!(Self::#name(_) => ::std::option::Option::None,),
        }
    });
    let method = names::ident(&names::snake_name(&property));
    let doc = docs::doc(&format!(
        "`{property}`, which tells the variants apart.\n\nOf an unknown kind it is what came under that name."
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
