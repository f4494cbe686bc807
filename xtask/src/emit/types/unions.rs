//! Unions: a `oneOf` of objects becomes an enum that is decoded by looking at what tells its variants apart, so that
//! an error names the variant's own field and not "no variant matched".

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::quote;
use serde_json::Value;

use crate::emit::docs;
use crate::emit::model::{Model, list, reference, text};
use crate::emit::names;
use crate::emit::types::accessors;
use crate::emit::types::items::Types;
use crate::emit::types::write_back::Plan;
use crate::extensions::{self, Tag};
use crate::problem::Problem;
use crate::spec::walk::join;

pub(crate) struct Variant<'a> {
    pub(crate) name: String,
    pub(crate) ty: String,
    pub(crate) when: &'a Value,
    description: String,
}

impl Variant<'_> {
    /// The property that tells this variant from the others, and its value.
    pub(crate) fn tag(&self) -> Option<(String, String)> {
        let tag = self.when.get("tag")?;
        Some((text(tag, "property"), text(tag, "value")))
    }

    fn is_tagged(&self) -> bool {
        self.when.get("tag").or(self.when.get("tags")).is_some()
    }
}

/// Whether a union has a variant for every other object: where a tag tells the variants apart, since a server grows new ones; where
/// nothing does, and the caller chooses; and in the body of an update, which is written from what such a server responded.
pub(crate) fn is_open(name: &str, variants: &[Variant<'_>], plan: &Plan) -> bool {
    plan.is_update(name)
        || variants
            .iter()
            .any(|variant| plan.is_within_update(&variant.ty))
        || variants.iter().any(Variant::is_tagged)
        || variants.iter().any(|variant| variant.when.is_null())
}

/// Emits the enum `name` for a schema with `x-union`.
pub(crate) fn emit(
    name: &str,
    schema: &Value,
    types: &Types,
    model: &Model<'_>,
) -> Result<TokenStream, Problem> {
    let variants = read(name, schema, model)?;
    let ident = names::ident(name);
    let description = text(schema, "description");
    let doc = docs::doc(if description.is_empty() {
        "One of several objects."
    } else {
        &description
    });
    let conversion = types.plan.documentation(name);
    let open = is_open(name, &variants, &types.plan);
    let other = match variants.iter().any(Variant::is_tagged) {
        true => "A kind that this version of the crate does not know, as it came.",
        false => "An object that no variant describes, as it is on the wire.",
    };
    let definitions = variants.iter().map(|variant| {
        let (name, ty) = (names::ident(&variant.name), names::ident(&variant.ty));
        let doc = docs::doc(&variant.description);
        quote!(#doc #name(#ty),)
    });
    let unknown = open.then(|| {
        let doc = docs::doc(other);
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
    let decode = decode(&ident, &variants, open, &required_tags(&variants, model));
    let accessors = accessors::emit(&ident, &variants, open, types);
    let check = types
        .checked
        .contains(name)
        .then(|| check(&ident, &variants, open, types));
    Ok(quote! {
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
    })
}

pub(crate) fn read<'a>(
    name: &str,
    schema: &'a Value,
    model: &Model<'_>,
) -> Result<Vec<Variant<'a>>, Problem> {
    extensions::union_variants(schema)
        .map(|variant| {
            let target = text(variant, "ref");
            let ty = reference(&serde_json::json!({ "$ref": target }))
                .filter(|ty| model.schemas.contains_key(ty));
            let ty = ty.ok_or_else(|| {
                Problem::at(
                    join("/components/schemas", name),
                    "a variant of a union is not a component schema",
                )
                .expected("a reference to a component schema")
                .found(target)
            })?;
            let description = model
                .schemas
                .get(&ty)
                .map(|schema| text(schema, "description"))
                .unwrap_or_default();
            let name = names::type_name(&text(variant, "name"));
            let description = match docs::first_line(&description) {
                line if line.is_empty() => format!("[`{ty}`]"),
                line => line,
            };
            Ok(Variant {
                name,
                ty,
                when: &variant["when"],
                description,
            })
        })
        .collect()
}

/// The properties that tell the variants apart, where every variant has them.
fn required_tags(variants: &[Variant<'_>], model: &Model<'_>) -> BTreeSet<String> {
    let tags = |variant: &Variant<'_>| -> BTreeSet<String> {
        let when = variant.when;
        let tags = when.get("tag").into_iter().chain(list(&when["tags"]));
        let schema = model.schemas.get(&variant.ty);
        let is_required = |property: &String| {
            schema.is_some_and(|schema| {
                Tag::of(schema).is_some_and(|tag| tag.property == property)
                    || list(&schema["required"]).any(|name| name == property)
            })
        };
        tags.map(|tag| text(tag, "property"))
            .filter(is_required)
            .collect()
    };
    let each = variants.iter().map(tags);
    each.reduce(|all, next| &all & &next).unwrap_or_default()
}

fn decode(
    ident: &proc_macro2::Ident,
    variants: &[Variant<'_>],
    open: bool,
    required: &BTreeSet<String>,
) -> TokenStream {
    let mut arms = TokenStream::new();
    // The rules where no variant matched because the value that decides has another type than documented.
    let mut in_turn = TokenStream::new();
    let mut last = None;
    for variant in variants {
        let (name, ty) = (names::ident(&variant.name), names::ident(&variant.ty));
        let decoded = quote!(<#ty as ::serde::Deserialize>::deserialize(value).map(Self::#name).map_err(::serde::de::Error::custom));
        let when = variant.when;
        if let Some((property, value)) = variant.tag() {
            arms.extend(quote! {
                if value.get(#property).and_then(::serde_json::Value::as_str) == ::std::option::Option::Some(#value) {
                    return #decoded;
                }
            });
        } else if let Some(tags) = when.get("tags") {
            // Only all of them together name the variant.
            let properties = list(tags).map(|tag| text(tag, "property"));
            let values = list(tags).map(|tag| text(tag, "value"));
            arms.extend(quote! {
                if #(value.get(#properties).and_then(::serde_json::Value::as_str) == ::std::option::Option::Some(#values))&&* {
                    return #decoded;
                }
            });
        } else if let Some(keys) = when.get("has") {
            let keys: Vec<&str> = list(keys).filter_map(Value::as_str).collect();
            arms.extend(quote! {
                if #(value.get(#keys).is_some_and(|key| !key.is_null()))&&* {
                    return #decoded;
                }
            });
            // A null under the key: the variant that goes without the key comes first, and then this one.
            let without = variants
                .iter()
                .filter(|other| other.when.get("otherwise").is_some());
            let without: TokenStream = without.map(tried).collect();
            in_turn.extend(quote! {
                if #(value.get(#keys).is_some())&&* {
                    #without
                    return #decoded;
                }
            });
        } else if let Some(kind) = when.get("kind") {
            let property = text(kind, "property");
            let is_kind = names::ident(&format!("is_{}", text(kind, "of")));
            arms.extend(quote! {
                if value.get(#property).is_some_and(::serde_json::Value::#is_kind) {
                    return #decoded;
                }
            });
            in_turn.extend(tried(variant));
        } else if when.get("otherwise").is_some() {
            last = Some((variant, decoded));
        } else {
            arms.extend(tried(variant));
        }
    }
    let end = match last {
        // Another tag than these is of another kind, which is not the one that goes without.
        Some((variant, decoded)) => {
            let property = variants.iter().find_map(Variant::tag).map(|(name, _)| name);
            let other = property.filter(|_| open).map(|property| {
                let (name, ty) = (names::ident(&variant.name), names::ident(&variant.ty));
                // A null is no tag; what is not the variant without one either is of an unknown kind.
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
            let message = format!("no variant fits, expected one of {expected}");
            quote!(::std::result::Result::Err(::serde::de::Error::custom(#message)))
        }
    };
    quote! {
        impl<'de> ::serde::Deserialize<'de> for #ident {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> ::std::result::Result<Self, D::Error> {
                let value = <::serde_json::Value as ::serde::Deserialize>::deserialize(deserializer)?;
                ::auth0_core::codegen::require_object::<D::Error>(&value, &[#(#required),*])?;
                #arms
                #in_turn
                #end
            }
        }
    }
}

/// The statement that takes a variant if it decodes.
fn tried(variant: &Variant<'_>) -> TokenStream {
    let (name, ty) = (names::ident(&variant.name), names::ident(&variant.ty));
    quote! {
        if let ::std::result::Result::Ok(decoded) = <#ty as ::serde::Deserialize>::deserialize(&value) {
            return ::std::result::Result::Ok(Self::#name(decoded));
        }
    }
}

fn check(
    ident: &proc_macro2::Ident,
    variants: &[Variant<'_>],
    open: bool,
    types: &Types,
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
    quote! {
        impl ::auth0_core::codegen::Check for #ident {
            fn check(&self, rules: &::auth0_core::codegen::Rules, at: &mut ::auth0_core::codegen::Checker) {
                match self { #(#arms)* #other }
            }
        }
    }
}
