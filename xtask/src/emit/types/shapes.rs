//! The shapes of what progenitor generated, read back from its syntax trees: what the emitter writes beside them
//! then fits whatever naming and typing decisions were made there.

use std::collections::BTreeMap;

use quote::ToTokens as _;
use syn::{Attribute, Expr, Fields, FnArg, ImplItem, Item, Lit, Meta, Pat, Type};

/// A field of a generated struct.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    /// The name in Rust.
    pub(crate) ident: String,
    /// The name in JSON.
    pub(crate) wire: String,
    pub(crate) ty: Type,
    /// Whether it may be absent.
    pub(crate) optional: bool,
}

/// The generated structs by name, their fields in order of their names.
pub(crate) fn structs(types: &[Item]) -> BTreeMap<String, Vec<Field>> {
    types
        .iter()
        .filter_map(|item| match item {
            Item::Struct(item) => match &item.fields {
                Fields::Named(fields) => Some((
                    item.ident.to_string(),
                    fields.named.iter().filter_map(field).collect(),
                )),
                _ => None,
            },
            _ => None,
        })
        .map(|(name, mut fields): (String, Vec<Field>)| {
            fields.sort_by(|a, b| a.ident.cmp(&b.ident));
            (name, fields)
        })
        .collect()
}

pub(crate) fn field(field: &syn::Field) -> Option<Field> {
    let ident = field.ident.as_ref()?.to_string();
    let serde = serde_arguments(&field.attrs);
    let renamed = serde
        .iter()
        .find_map(|(key, value)| (key == "rename").then(|| value.clone()).flatten());
    let optional =
        generic("Option", &field.ty).is_some() || serde.iter().any(|(key, _)| key == "default");
    Some(Field {
        wire: renamed.unwrap_or_else(|| ident.trim_start_matches("r#").to_owned()),
        ident,
        ty: field.ty.clone(),
        optional,
    })
}

/// The arguments of the `#[serde(…)]` attributes: names, and values where they are strings.
pub(crate) fn serde_arguments(attributes: &[Attribute]) -> Vec<(String, Option<String>)> {
    let mut arguments = Vec::new();
    for attribute in attributes.iter().filter(|a| a.path().is_ident("serde")) {
        let Ok(metas) = attribute
            .parse_args_with(syn::punctuated::Punctuated::<Meta, syn::Token![,]>::parse_terminated)
        else {
            continue;
        };
        for meta in metas {
            let name = meta.path().to_token_stream().to_string();
            let value = match meta {
                Meta::NameValue(pair) => match pair.value {
                    Expr::Lit(literal) => match literal.lit {
                        Lit::Str(text) => Some(text.value()),
                        _ => None,
                    },
                    _ => None,
                },
                _ => None,
            };
            arguments.push((name, value));
        }
    }
    arguments
}

/// A method of progenitor's client.
#[derive(Debug, Clone)]
pub(crate) struct Method {
    pub(crate) arguments: Vec<Argument>,
    /// What a success decodes to: `T` of `ResponseValue<T>`.
    pub(crate) output: Type,
}

/// An argument of a method, without its reference.
#[derive(Debug, Clone)]
pub(crate) struct Argument {
    pub(crate) ident: String,
    /// The type that the facade owns: `String` for `&str`.
    pub(crate) ty: Type,
    /// Whether the method takes a reference to it.
    pub(crate) by_reference: bool,
    pub(crate) optional: bool,
}

/// The methods of progenitor's client by name.
pub(crate) fn methods(calls: &[Item]) -> BTreeMap<String, Method> {
    calls
        .iter()
        .filter_map(|item| match item {
            Item::Impl(block) if block.trait_.is_none() => Some(&block.items),
            _ => None,
        })
        .flatten()
        .filter_map(|item| match item {
            ImplItem::Fn(function) if function.sig.asyncness.is_some() => method(&function.sig),
            _ => None,
        })
        .collect()
}

fn method(signature: &syn::Signature) -> Option<(String, Method)> {
    let syn::ReturnType::Type(_, output) = &signature.output else {
        return None;
    };
    let output = generic("ResponseValue", generic("Result", output)?)?.clone();
    // A body of bytes is generic in progenitor's method; a call keeps the bytes themselves, so that it can be cloned.
    let generic_name = |ty: &Type| {
        signature
            .generics
            .type_params()
            .any(|parameter| is_named(&parameter.ident.to_string(), ty))
    };
    let arguments = signature.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(argument) => match &*argument.pat {
            Pat::Ident(pat) if generic_name(&argument.ty) => {
                let bytes = syn::parse_quote!(::std::vec::Vec<u8>);
                Some(owned(pat.ident.to_string(), &bytes))
            }
            Pat::Ident(pat) => Some(owned(pat.ident.to_string(), &argument.ty)),
            _ => None,
        },
        FnArg::Receiver(_) => None,
    });
    Some((
        signature.ident.to_string(),
        Method {
            arguments: arguments.collect(),
            output,
        },
    ))
}

fn owned(ident: String, ty: &Type) -> Argument {
    let (inner, optional) = match generic("Option", ty) {
        Some(inner) => (inner, true),
        None => (ty, false),
    };
    let (inner, by_reference) = match inner {
        Type::Reference(reference) => (&*reference.elem, true),
        other => (other, false),
    };
    let ty = if is_named("str", inner) {
        syn::parse_quote!(::std::string::String)
    } else {
        inner.clone()
    };
    Argument {
        ident,
        ty,
        by_reference,
        optional,
    }
}

/// `T`, where `ty` is `…::name<T, …>`.
pub(crate) fn generic<'t>(name: &str, ty: &'t Type) -> Option<&'t Type> {
    let Type::Path(path) = ty else { return None };
    let last = path
        .path
        .segments
        .last()
        .filter(|segment| segment.ident == name)?;
    let syn::PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    arguments.args.iter().find_map(|argument| match argument {
        syn::GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// Whether `ty` is the type `name`, under whatever path, without parameters.
pub(crate) fn is_named(name: &str, ty: &Type) -> bool {
    last_name(ty).is_some_and(|last| last == name)
}

/// The last part of the name of `ty`, where it has no parameters.
pub(crate) fn last_name(ty: &Type) -> Option<String> {
    match ty {
        Type::Path(path) => path
            .path
            .segments
            .last()
            .filter(|segment| segment.arguments.is_none())
            .map(|s| s.ident.to_string()),
        _ => None,
    }
}

/// The type of the items, where `ty` is a list that may be absent.
pub(crate) fn list_item(ty: &Type) -> Option<&Type> {
    generic("Vec", generic("Option", ty).unwrap_or(ty))
}
