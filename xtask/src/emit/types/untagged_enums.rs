//! Enums that serde decodes by trying their variants: unions of scalars, lists, maps and objects.
//!
//! A struct with derived decoding accepts an array in place of an object, so a list would be read as an object. The emitted decoding tries
//! a variant only if the value has its kind.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Fields, ItemEnum, Meta, Type};

use crate::emit::model::Model;
use crate::emit::progenitor_adjustments::without_derive;
use crate::emit::type_syntax;
use crate::emit::types::TypeIndex;

/// Replaces the derived decoding of an untagged enum that has a variant with a struct.
pub(crate) fn emit(item: &mut ItemEnum, types: &TypeIndex, model: &Model<'_>) -> TokenStream {
    let kinds = Kinds { types, model };
    let variants: Option<Vec<_>> = item
        .variants
        .iter()
        .map(|variant| match &variant.fields {
            Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
                Some((&variant.ident, &fields.unnamed.first()?.ty))
            }
            _ => None,
        })
        .collect();
    let Some(variants) = variants.filter(|_| item.attrs.iter().any(is_untagged)) else {
        return TokenStream::new();
    };
    if !variants.iter().any(|(_, ty)| kinds.reads_arrays(ty)) {
        return TokenStream::new();
    }
    let tried = variants.iter().map(|(name, ty)| {
        let condition = kinds.condition(ty).map(|condition| quote!(#condition &&));
        quote! {
            if #condition let ::std::result::Result::Ok(decoded) = <#ty as ::serde::Deserialize>::deserialize(&value) {
                return ::std::result::Result::Ok(Self::#name(decoded));
            }
        }
    });
    let expected: Vec<String> = variants.iter().map(|(name, _)| name.to_string()).collect();
    let message = format!(
        "no variant matches, expected one of {}",
        expected.join(", ")
    );
    let ident = &item.ident;
    let decoding = quote! {
        impl<'de> ::serde::Deserialize<'de> for #ident {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> ::std::result::Result<Self, D::Error> {
                let value = <::serde_json::Value as ::serde::Deserialize>::deserialize(deserializer)?;
                #(#tried)*
                ::std::result::Result::Err(::serde::de::Error::custom(#message))
            }
        }
    };
    match without_derive(&mut item.attrs, "Deserialize") {
        true => decoding,
        false => TokenStream::new(),
    }
}

fn is_untagged(attribute: &Attribute) -> bool {
    matches!(&attribute.meta, Meta::List(list)
        if list.path.is_ident("serde") && list.tokens.to_string() == "untagged")
}

struct Kinds<'t> {
    types: &'t TypeIndex,
    model: &'t Model<'t>,
}

impl Kinds<'_> {
    /// The condition on `value` that its JSON has the kind of the type; `None` if any may be tried.
    fn condition(&self, ty: &Type) -> Option<TokenStream> {
        for wrapper in ["Option", "Nullable"] {
            if let Some(inner) = type_syntax::generic(wrapper, ty) {
                let condition = self.condition(inner)?;
                return Some(quote!((value.is_null() || #condition)));
            }
        }
        if let Some(inner) = type_syntax::generic("Box", ty) {
            return self.condition(inner);
        }
        if let Some(item) = type_syntax::generic("Vec", ty) {
            let condition = self.condition(item)?;
            return Some(quote! {
                value.as_array().is_some_and(|items| items.iter().all(|value| #condition))
            });
        }
        self.is_object(ty).then(|| quote!(value.is_object()))
    }

    fn is_object(&self, ty: &Type) -> bool {
        type_syntax::last_name(ty).is_some_and(|name| {
            self.types.structs.contains_key(&name) || self.model.is_union(&name)
        })
    }

    /// Whether derived decoding may read an array as a struct within the type.
    fn reads_arrays(&self, ty: &Type) -> bool {
        let inner = ["Option", "Nullable", "Box", "Vec"]
            .iter()
            .find_map(|wrapper| type_syntax::generic(wrapper, ty));
        if let Some(inner) = inner {
            return self.reads_arrays(inner);
        }
        // A struct that keeps unknown fields reads maps only.
        type_syntax::last_name(ty)
            .and_then(|name| self.types.structs.get(&name))
            .is_some_and(|fields| !fields.iter().any(|field| field.is_additional()))
    }
}
