//! Unions: a `oneOf` of objects becomes an enum. It is decoded by the rules of its variants, so that an error names the field of the
//! variant at fault.

use std::collections::BTreeSet;

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use crate::emit::doc_text;
use crate::emit::model::{EnumVariant, Model, VariantRule};
use crate::emit::names;
use crate::emit::types::TypeIndex;
use crate::emit::types::union_accessors;
use crate::emit::types::update_types::WriteBackPlan;
use crate::extensions::Tag;

/// Whether a union has a variant `Other` for unknown objects: if tags identify the variants, because servers add new ones; if the caller
/// chooses the variant; and in the body of an update, which is converted from a response.
pub(crate) fn is_open(name: &str, variants: &[EnumVariant<'_>], plan: &WriteBackPlan) -> bool {
    plan.is_update(name)
        || variants
            .iter()
            .any(|variant| plan.is_within_update(&variant.ty))
        || variants
            .iter()
            .any(|variant| is_tagged(variant) || matches!(variant.rule, VariantRule::Unspecified))
}

fn is_tagged(variant: &EnumVariant<'_>) -> bool {
    !variant.tags().is_empty()
}

/// Emits the enum `name`.
pub(crate) fn emit(
    name: &str,
    description: &str,
    variants: &[EnumVariant<'_>],
    types: &TypeIndex,
    model: &Model<'_>,
) -> TokenStream {
    let ident = names::ident(name);
    let doc = doc_text::doc(match description {
        "" => "One of several objects.",
        description => description,
    });
    let conversion = types.plan.documentation(name);
    let open = is_open(name, variants, &types.plan);
    let other = match variants.iter().any(is_tagged) {
        true => "A variant that this version of the crate does not know, as received.",
        false => "An object that no variant describes.",
    };
    let definitions = variants.iter().map(|variant| {
        let (name, ty) = (names::ident(&variant.name), names::ident(&variant.ty));
        let doc = doc_text::doc(&variant_description(&variant.ty, model));
        quote!(#doc #name(#ty),)
    });
    let unknown = open.then(|| {
        let doc = doc_text::doc(other);
        quote! {
            #doc
            Other(::auth0_core::Unlisted),
        }
    });
    let conversions = variants.iter().map(|variant| {
        let (name, ty) = (names::ident(&variant.name), names::ident(&variant.ty));
        quote! {
            impl ::std::convert::From<#ty> for #ident {
                fn from(value: #ty) -> Self {
                    Self::#name(value)
                }
            }
        }
    });
    let decode = decode(&ident, variants, open, &required_tags(variants, model));
    let accessors = union_accessors::emit(&ident, variants, open, types);
    let check = types
        .checked
        .contains(name)
        .then(|| check(&ident, variants, open, types));
    quote! {
        #doc
        #(#[doc = #conversion])*
        #[derive(::serde::Serialize, Clone, Debug)]
        #[serde(untagged)]
        #[non_exhaustive]
        pub enum #ident {
            #(#definitions)*
            #unknown
        }
        #(#conversions)*
        #decode
        #accessors
        #check
    }
}

/// The first line of the description of a variant's type, or a link to the type.
fn variant_description(ty: &str, model: &Model<'_>) -> String {
    let description = model
        .components
        .get(ty)
        .map_or("", |component| component.description);
    match doc_text::first_line(description) {
        line if line.is_empty() => format!("[`{ty}`]"),
        line => line,
    }
}

/// The tags that every variant requires.
fn required_tags(variants: &[EnumVariant<'_>], model: &Model<'_>) -> BTreeSet<String> {
    let tags = |variant: &EnumVariant<'_>| -> BTreeSet<String> {
        let component = model.components.get(&variant.ty);
        let is_required = |property: &str| {
            component.is_some_and(|component| {
                component.tag.is_some_and(|tag| tag.property == property)
                    || component.is_required(property)
            })
        };
        let tags = variant.tags().iter().map(|tag| tag.property);
        tags.filter(|property| is_required(property))
            .map(str::to_owned)
            .collect()
    };
    let each = variants.iter().map(tags);
    each.reduce(|all, next| &all & &next).unwrap_or_default()
}

fn decode(
    ident: &Ident,
    variants: &[EnumVariant<'_>],
    open: bool,
    required: &BTreeSet<String>,
) -> TokenStream {
    let mut arms = TokenStream::new();
    // For values that match no variant because the deciding property has a type that is not documented.
    let mut fallbacks = TokenStream::new();
    let mut last = None;
    for variant in variants {
        let (name, ty) = (names::ident(&variant.name), names::ident(&variant.ty));
        let decoded = quote!(<#ty as ::serde::Deserialize>::deserialize(value).map(Self::#name).map_err(::serde::de::Error::custom));
        match &variant.rule {
            VariantRule::Tag(_) | VariantRule::Tags(_) => {
                let properties = variant.tags().iter().map(|tag| tag.property);
                let values = variant.tags().iter().map(|tag| tag.value);
                arms.extend(quote! {
                    if #(value.get(#properties).and_then(::serde_json::Value::as_str) == ::std::option::Option::Some(#values))&&* {
                        return #decoded;
                    }
                });
            }
            VariantRule::Has(keys) => {
                arms.extend(quote! {
                    if #(value.get(#keys).is_some_and(|key| !key.is_null()))&&* {
                        return #decoded;
                    }
                });
                // If the key is null, the variant without the key is tried first.
                let without = variants
                    .iter()
                    .filter(|other| matches!(other.rule, VariantRule::Otherwise));
                let without: TokenStream = without.map(tried).collect();
                fallbacks.extend(quote! {
                    if #(value.get(#keys).is_some())&&* {
                        #without
                        return #decoded;
                    }
                });
            }
            VariantRule::Kind { property, of } => {
                let is_kind = names::ident(&format!("is_{of}"));
                arms.extend(quote! {
                    if value.get(#property).is_some_and(::serde_json::Value::#is_kind) {
                        return #decoded;
                    }
                });
                fallbacks.extend(tried(variant));
            }
            VariantRule::Otherwise => last = Some((variant, decoded)),
            VariantRule::Tried | VariantRule::Unspecified => arms.extend(tried(variant)),
        }
    }
    let end = match last {
        // A value with another tag is unknown, and is not the variant without a tag.
        Some((variant, decoded)) => {
            let property = variants
                .iter()
                .find_map(EnumVariant::tag)
                .map(|Tag { property, .. }| property);
            let other = property.filter(|_| open).map(|property| {
                let (name, ty) = (names::ident(&variant.name), names::ident(&variant.ty));
                // A null is not a tag. If the variant without a tag does not decode either, the value is unknown.
                quote! {
                    if let ::std::option::Option::Some(tag) = value.get(#property) {
                        if tag.is_null()
                            && let ::std::result::Result::Ok(decoded) = <#ty as ::serde::Deserialize>::deserialize(&value)
                        {
                            return ::std::result::Result::Ok(Self::#name(decoded));
                        }
                        return ::std::result::Result::Ok(Self::Other(value.into()));
                    }
                }
            });
            quote!(#other #decoded)
        }
        None if open => quote!(::std::result::Result::Ok(Self::Other(value.into()))),
        None => {
            let expected = variants
                .iter()
                .map(|variant| variant.name.as_str())
                .collect::<Vec<_>>()
                .join(", ");
            let message = format!("no variant matches, expected one of {expected}");
            quote!(::std::result::Result::Err(::serde::de::Error::custom(#message)))
        }
    };
    quote! {
        impl<'de> ::serde::Deserialize<'de> for #ident {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> ::std::result::Result<Self, D::Error> {
                let value = <::serde_json::Value as ::serde::Deserialize>::deserialize(deserializer)?;
                ::auth0_core::codegen::require_object::<D::Error>(&value, &[#(#required),*])?;
                #arms
                #fallbacks
                #end
            }
        }
    }
}

/// The statement that returns a variant if the value decodes as it.
fn tried(variant: &EnumVariant<'_>) -> TokenStream {
    let (name, ty) = (names::ident(&variant.name), names::ident(&variant.ty));
    quote! {
        if let ::std::result::Result::Ok(decoded) = <#ty as ::serde::Deserialize>::deserialize(&value) {
            return ::std::result::Result::Ok(Self::#name(decoded));
        }
    }
}

fn check(
    ident: &Ident,
    variants: &[EnumVariant<'_>],
    open: bool,
    types: &TypeIndex,
) -> TokenStream {
    let arms = variants.iter().map(|variant| {
        let name = names::ident(&variant.name);
        if types.checked.contains(&variant.ty) {
            quote!(Self::#name(value) => ::auth0_core::codegen::Check::check(value, rules, at),)
        } else {
            quote!(Self::#name(_) => {})
        }
    });
    let other = open.then(|| quote!(Self::Other(_) => {}));
    let mut variants = variants.iter();
    let (rules, at) = match variants.any(|variant| types.checked.contains(&variant.ty)) {
        true => (quote!(rules), quote!(at)),
        false => (quote!(_), quote!(_)),
    };
    quote! {
        impl ::auth0_core::codegen::Check for #ident {
            fn check(&self, #rules: &::auth0_core::codegen::Rules, #at: &mut ::auth0_core::codegen::Checker) {
                match self { #(#arms)* #other }
            }
        }
    }
}
