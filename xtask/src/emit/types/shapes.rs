//! The shapes of what progenitor generated, read back from its syntax trees: what the emitter writes beside them
//! then fits whatever naming and typing decisions were made there.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use proc_macro2::TokenStream;
use quote::ToTokens as _;
use syn::{Attribute, Expr, Fields, FnArg, ImplItem, Item, Lit, Meta, Pat, Type};

use crate::emit::types::items::Types;
use crate::emit::types::write_back::Plan;

/// A field of a generated struct. A syntax tree stays in the thread in which it was made: with `T` a text, a field can go
/// to another one.
#[derive(Debug, Clone)]
pub(crate) struct Field<T = Type> {
    /// The name in Rust.
    pub(crate) ident: String,
    /// The name in JSON.
    pub(crate) wire: String,
    pub(crate) ty: T,
    /// Whether it may be absent.
    pub(crate) optional: bool,
}

impl<T> Field<T> {
    /// The same with another form of its type.
    pub(crate) fn with<U>(&self, form: &impl Fn(&T) -> U) -> Field<U> {
        Field {
            ident: self.ident.clone(),
            wire: self.wire.clone(),
            ty: form(&self.ty),
            optional: self.optional,
        }
    }
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
pub(crate) struct Method<T = Type> {
    pub(crate) arguments: Vec<Argument<T>>,
    /// What a success decodes to: `T` of `ResponseValue<T>`.
    pub(crate) output: T,
}

impl<T> Method<T> {
    /// The same with another form of its types.
    pub(crate) fn with<U>(&self, form: &impl Fn(&T) -> U) -> Method<U> {
        let arguments = self.arguments.iter().map(|argument| Argument {
            ident: argument.ident.clone(),
            ty: form(&argument.ty),
            by_reference: argument.by_reference,
            optional: argument.optional,
        });
        Method {
            arguments: arguments.collect(),
            output: form(&self.output),
        }
    }
}

/// An argument of a method, without its reference.
#[derive(Debug, Clone)]
pub(crate) struct Argument<T = Type> {
    pub(crate) ident: String,
    /// The type that the facade owns: `String` for `&str`.
    pub(crate) ty: T,
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

/// All that was read back, in a form that can go to another thread.
pub(crate) struct Portable {
    methods: BTreeMap<String, Method<String>>,
    structs: BTreeMap<String, Vec<Field<String>>>,
    checked: BTreeSet<String>,
    required: BTreeMap<String, String>,
}

impl Portable {
    pub(crate) fn new(methods: &BTreeMap<String, Method>, types: &Types) -> Self {
        let text = |ty: &Type| ty.to_token_stream().to_string();
        let fields = |fields: &Vec<Field>| fields.iter().map(|field| field.with(&text)).collect();
        Self {
            methods: with(methods, |method| method.with(&text)),
            structs: with(&types.structs, fields),
            checked: types.checked.clone(),
            required: types.required.clone(),
        }
    }

    /// What it was made of.
    pub(crate) fn unpacked(self) -> (BTreeMap<String, Method>, Types) {
        // Many fields are of the same type, and a copy takes less than reading.
        let known: RefCell<HashMap<String, Type>> = RefCell::default();
        let ty = |text: &String| {
            if let Some(ty) = known.borrow().get(text) {
                return ty.clone();
            }
            // The texts were types.
            let ty = syn::parse_str(text).unwrap_or(Type::Verbatim(TokenStream::new()));
            known.borrow_mut().insert(text.clone(), ty.clone());
            ty
        };
        let fields = |fields: &Vec<Field<_>>| fields.iter().map(|field| field.with(&ty)).collect();
        let types = Types {
            structs: with(&self.structs, fields),
            checked: self.checked,
            required: self.required,
            // Types are written where they were read back.
            plan: Plan::default(),
        };
        (with(&self.methods, |method| method.with(&ty)), types)
    }
}

fn with<T, U>(map: &BTreeMap<String, T>, form: impl Fn(&T) -> U) -> BTreeMap<String, U> {
    map.iter()
        .map(|(name, value)| (name.clone(), form(value)))
        .collect()
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
