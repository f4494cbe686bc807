//! The structs and methods that progenitor generated, read back from its syntax trees. The code that the emitter adds
//! therefore matches the names and types that progenitor chose.

use std::collections::BTreeMap;

use quote::ToTokens as _;
use syn::{Attribute, Expr, Fields, FnArg, ImplItem, Item, Lit, Meta, Pat, Type};

use crate::emit::model::Model;
use crate::emit::names;
use crate::emit::type_syntax::{generic, is_named, is_path};

/// A field of a generated struct.
#[derive(Debug, Clone)]
pub(crate) struct StructField {
    /// The name in Rust.
    pub(crate) ident: String,
    /// The name in JSON.
    pub(crate) wire: String,
    pub(crate) ty: Type,
    /// Whether it may be absent.
    pub(crate) optional: bool,
    /// Whether its members are members of the struct.
    pub(crate) is_flattened: bool,
}

impl StructField {
    /// The name of the field without a raw prefix, as documentation links name it.
    pub(crate) fn doc_name(&self) -> &str {
        self.ident.trim_start_matches("r#")
    }

    /// Whether the Rust type is an `Option`.
    pub(crate) fn is_option(&self) -> bool {
        generic("Option", &self.ty).is_some()
    }

    /// The type of a value that is present.
    pub(crate) fn value_type(&self) -> &Type {
        generic("Option", &self.ty).unwrap_or(&self.ty)
    }

    /// Whether the field keeps the properties that the document does not describe.
    pub(crate) fn is_additional(&self) -> bool {
        is_path(&self.ty, ["auth0_core", "AdditionalFields"])
    }
}

/// The generated structs by name, with their fields sorted by name.
pub(crate) fn structs(types: &[Item]) -> BTreeMap<String, Vec<StructField>> {
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
        .map(|(name, mut fields): (String, Vec<StructField>)| {
            fields.sort_by(|a, b| a.ident.cmp(&b.ident));
            (name, fields)
        })
        .collect()
}

fn field(field: &syn::Field) -> Option<StructField> {
    let ident = field.ident.as_ref()?.to_string();
    let serde = serde_arguments(&field.attrs);
    let renamed = serde
        .iter()
        .find_map(|(key, value)| (key == "rename").then(|| value.clone()).flatten());
    let optional =
        generic("Option", &field.ty).is_some() || serde.iter().any(|(key, _)| key == "default");
    Some(StructField {
        wire: renamed.unwrap_or_else(|| ident.trim_start_matches("r#").to_owned()),
        ident,
        ty: field.ty.clone(),
        optional,
        is_flattened: serde.iter().any(|(key, _)| key == "flatten"),
    })
}

/// The arguments of the `#[serde(…)]` attributes, with those values that are strings.
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

/// A method of progenitor's client, which builds the requests of an operation.
#[derive(Debug, Clone)]
pub(crate) struct RequestMethod {
    pub(crate) arguments: Vec<RequestArgument>,
    /// The type of a successful response: `T` of `ResponseValue<T>`.
    pub(crate) output: Type,
}

/// An argument of such a method.
#[derive(Debug, Clone)]
pub(crate) struct RequestArgument {
    pub(crate) ident: String,
    /// The owned type: `String` for `&str`.
    pub(crate) ty: Type,
    /// Whether the method takes it by reference.
    pub(crate) by_reference: bool,
    pub(crate) optional: bool,
}

/// The methods of progenitor's client that build requests, by name.
pub(crate) fn request_methods(
    requests: &[Item],
    model: &Model<'_>,
) -> BTreeMap<String, RequestMethod> {
    let mut methods: BTreeMap<String, RequestMethod> = requests
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
        .collect();
    // A path parameter is always sent, even if its type has a null.
    for operation in model.client_operations() {
        let Some(method) = methods.get_mut(&operation.request_method) else {
            continue;
        };
        for parameter in &operation.parameters {
            let ident = names::snake_name(&parameter.name);
            let is_in_path = parameter.location == "path";
            let argument = method.arguments.iter_mut();
            for argument in argument.filter(|argument| is_in_path && argument.ident == ident) {
                argument.optional = false;
            }
        }
    }
    methods
}

fn method(signature: &syn::Signature) -> Option<(String, RequestMethod)> {
    let syn::ReturnType::Type(_, output) = &signature.output else {
        return None;
    };
    let output = generic("ResponseValue", generic("Result", output)?)?.clone();
    let arguments = signature.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(argument) => match &*argument.pat {
            Pat::Ident(pat) => Some(owned(pat.ident.to_string(), &argument.ty)),
            _ => None,
        },
        FnArg::Receiver(_) => None,
    });
    Some((
        signature.ident.to_string(),
        RequestMethod {
            arguments: arguments.collect(),
            output,
        },
    ))
}

fn owned(ident: String, ty: &Type) -> RequestArgument {
    // An optional header whose type has a null is an option of an option.
    let (mut inner, mut optional, mut by_reference) = (ty, false, false);
    loop {
        if let Some(value) = generic("Option", inner) {
            (inner, optional) = (value, true);
        } else if let Type::Reference(reference) = inner {
            (inner, by_reference) = (&*reference.elem, true);
        } else {
            break;
        }
    }
    let ty = if is_named("str", inner) {
        syn::parse_quote!(::std::string::String)
    } else {
        inner.clone()
    };
    RequestArgument {
        ident,
        ty,
        by_reference,
        optional,
    }
}
