//! The enums of operations whose requests or successes have several kinds of bodies. The normalizer describes the bodies as properties of one object,
//! whose struct is replaced.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Type;

use crate::emit::model::{AlternativeModel, BodyAlternative, Model, ResponseEncoding};
use crate::emit::read_back::StructField;
use crate::emit::types::request_checks;
use crate::emit::{doc_text, names, type_syntax};

/// The alternatives of each such type.
pub(super) fn alternatives<'m>(model: &'m Model<'_>) -> BTreeMap<&'m str, &'m [AlternativeModel]> {
    let operations = model.operations.iter();
    let media = operations.filter_map(|operation| {
        let media = &operation.response_media;
        let ty = media.component.as_deref()?;
        (media.encoding == ResponseEncoding::Alternatives).then_some((ty, &media.alternatives[..]))
    });
    media.collect()
}

/// The enum that replaces the struct `name`.
pub(super) fn emit(
    name: &str,
    fields: &[StructField],
    alternatives: &[AlternativeModel],
) -> TokenStream {
    let ident = names::ident(name);
    let variants = alternatives.iter().map(|alternative| {
        let variant = names::ident(&alternative.variant);
        let doc = match alternative.media_types.as_str() {
            "" => format!("`{}` without a body.", alternative.status),
            media_types => format!("`{}` with a body of `{media_types}`.", alternative.status),
        };
        let doc = doc_text::doc(&doc);
        let field = fields
            .iter()
            .find(|field| field.wire == alternative.property);
        let body = field.map(|field| &field.ty);
        let is_text = body.is_some_and(is_text);
        let value = match (alternative.encoding.as_str(), body) {
            ("empty", _) => quote!(),
            ("text", _) => quote!((::std::string::String)),
            ("json", Some(body)) => quote!((#body)),
            ("events", _) if is_text => {
                quote!((::auth0_core::EventStream<::std::string::String>))
            }
            ("events", Some(body)) => quote!((::auth0_core::EventStream<#body>)),
            ("lines", Some(body)) => quote!((::auth0_core::JsonLines<#body>)),
            _ => quote!((::auth0_core::Bytes)),
        };
        quote!(#doc #variant #value)
    });
    quote! {
        /// What a success responds with, by its status and its media type.
        #[derive(Debug)]
        #[non_exhaustive]
        pub enum #ident {
            #(#variants,)*
        }
    }
}

/// The alternatives of the types of request bodies.
pub(super) fn body_alternatives<'m>(
    model: &'m Model<'_>,
) -> BTreeMap<&'m str, &'m [BodyAlternative]> {
    let operations = model.operations.iter();
    let bodies = operations.filter_map(|operation| {
        let ty = operation.body.as_ref()?.component.as_deref()?;
        let alternatives = &operation.request_media.alternatives[..];
        (!alternatives.is_empty()).then_some((ty, alternatives))
    });
    bodies.collect()
}

/// The enum that replaces the struct `name` of request bodies, and its check.
pub(super) fn emit_bodies(
    name: &str,
    fields: &[StructField],
    alternatives: &[BodyAlternative],
    checked: &BTreeSet<String>,
    model: &Model<'_>,
) -> TokenStream {
    let ident = names::ident(name);
    let bodies: Vec<_> = alternatives
        .iter()
        .filter_map(|alternative| {
            let mut fields = fields.iter();
            let field = fields.find(|field| field.wire == alternative.property)?;
            Some((alternative, names::ident(&alternative.variant), field))
        })
        .collect();
    let variants = bodies.iter().map(|(alternative, variant, field)| {
        let doc = doc_text::doc(&format!("A body of `{}`.", alternative.media.media_type));
        let ty = &field.ty;
        quote!(#doc #variant(#ty))
    });
    let component = model
        .components
        .get(name)
        .filter(|_| checked.contains(name));
    let check = component.map(|component| {
        let arms = bodies.iter().map(|(_, variant, field)| {
            match request_checks::of_field(field, component, checked) {
                Some(rules) => quote!(Self::#variant(body) => ::auth0_core::codegen::Check::check(body, #rules, at),),
                None => quote!(Self::#variant(_) => {}),
            }
        });
        quote! {
            impl ::auth0_core::codegen::Check for #ident {
                fn check(&self, _: &::auth0_core::codegen::Rules, at: &mut ::auth0_core::codegen::Checker) {
                    match self { #(#arms)* }
                }
            }
        }
    });
    quote! {
        /// The body of a request, by its media type.
        #[derive(Clone, Debug)]
        #[non_exhaustive]
        pub enum #ident {
            #(#variants,)*
        }

        #check
    }
}

/// The expression that reads the response of a call, where `received` is an expression of a raw response.
pub(crate) fn read(
    ty: &TokenStream,
    received: &TokenStream,
    alternatives: &[AlternativeModel],
    text_events: bool,
) -> TokenStream {
    let is_stream = is_stream(alternatives);
    let table = alternatives.iter().map(|alternative| {
        let (status, media_types) = (&alternative.status, &alternative.media_types);
        quote!((#status, #media_types))
    });
    let last = alternatives.len().saturating_sub(1);
    let arms = alternatives.iter().enumerate().map(|(index, alternative)| {
        let variant = names::ident(&alternative.variant);
        let complete = is_stream.then(|| quote!(.complete().await?));
        let value = match alternative.encoding.as_str() {
            "events" if text_events => quote!(received.text_events()?.map(#ty::#variant)),
            "events" => quote!(received.events()?.map(#ty::#variant)),
            "lines" => quote!(received.lines()?.map(#ty::#variant)),
            "empty" => quote!(received #complete.empty()?.map(|()| #ty::#variant)),
            other => {
                let method = format_ident!("{other}");
                quote!(received #complete.#method()?.map(#ty::#variant))
            }
        };
        let pattern = match index == last {
            true => quote!(_),
            false => {
                let index = proc_macro2::Literal::usize_unsuffixed(index);
                quote!(#index)
            }
        };
        quote!(#pattern => #value)
    });
    quote! {
        let (alternative, received) = #received.alternative(&[#(#table),*])?;
        Ok(match alternative {
            #(#arms,)*
        })
    }
}

/// Whether the data of events of this type is text, not JSON. Strings of responses are open to other values.
pub(crate) fn is_text(ty: &Type) -> bool {
    type_syntax::is_named("String", type_syntax::generic("Open", ty).unwrap_or(ty))
}

/// Whether one of the bodies is read while it arrives.
pub(crate) fn is_stream(alternatives: &[AlternativeModel]) -> bool {
    alternatives
        .iter()
        .any(|alternative| ["events", "lines"].contains(&alternative.encoding.as_str()))
}
