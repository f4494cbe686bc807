//! The calls that users write: methods of resources and constructors of types, with the names of their parameters in order.

use std::collections::BTreeMap;

use syn::{FnArg, ImplItemFn, Item, Pat, ReturnType, Type, Visibility};

use crate::emit::type_name;

/// The calls of a crate, by what stays the same if a call changes: the type that it returns.
pub(super) type Calls = BTreeMap<String, Vec<String>>;

/// A call whose form changed: before, and after if it still exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedCall {
    /// The old form.
    pub was: String,
    /// The new form; `None` if the call is removed.
    pub is: Option<String>,
}

/// Reads the calls. `methods` are the calls of operations as `members().tenants().list()`.
pub(super) fn read<'m>(
    files: &BTreeMap<String, syn::File>,
    methods: impl Iterator<Item = &'m str>,
) -> Calls {
    let paths: BTreeMap<String, &str> = methods.filter_map(resource).collect();
    let items = |folder: &'static str| {
        let files = files
            .iter()
            .filter(move |(path, _)| path.starts_with(folder));
        files.flat_map(|(_, file)| &file.items)
    };
    let fields: BTreeMap<String, Vec<String>> = items("src/types")
        .filter_map(|item| match item {
            Item::Struct(item) => {
                let fields = item.fields.iter();
                let fields = fields.filter_map(|field| Some(field.ident.as_ref()?.to_string()));
                Some((item.ident.to_string(), fields.collect()))
            }
            _ => None,
        })
        .collect();
    let mut calls = Calls::new();
    for (owner, function) in functions(items("src/types")) {
        let is_constructor = function.sig.receiver().is_none()
            && returned(function).is_some_and(|name| name == "Self");
        if is_constructor {
            let arguments = arguments(function, &fields);
            let text = format!("{owner}::{}({arguments})", function.sig.ident);
            calls
                .entry(format!("types::{owner}"))
                .or_default()
                .push(text);
        }
    }
    for (owner, function) in functions(items("src/resources")) {
        let (Some(path), Some(call)) = (paths.get(&owner), returned(function)) else {
            continue;
        };
        let arguments = arguments(function, &fields);
        let text = format!("{path}{}({arguments})", function.sig.ident);
        calls
            .entry(format!("resources::{call}"))
            .or_default()
            .push(text);
    }
    calls
}

/// The calls that changed.
pub(super) fn changed(old: &Calls, new: &Calls) -> Vec<ChangedCall> {
    let changed = old.iter().filter(|(key, was)| new.get(*key) != Some(was));
    changed
        .map(|(key, was)| ChangedCall {
            was: was.join(" or "),
            is: new.get(key).map(|is| is.join(" or ")),
        })
        .collect()
}

/// The type of a resource and how it is reached: `MembersTenants` and `members().tenants().`.
fn resource(method: &str) -> Option<(String, &str)> {
    let call = method.strip_suffix("()")?;
    let end = call.rfind('.')? + 1;
    let path = &call[..end];
    let name = path
        .trim_end_matches('.')
        .replace("().", "_")
        .replace("()", "");
    Some((type_name(&name), path))
}

/// The public functions of inherent implementations, with the name of their type.
fn functions<'i>(
    items: impl Iterator<Item = &'i Item>,
) -> impl Iterator<Item = (String, &'i ImplItemFn)> {
    let blocks = items.filter_map(|item| match item {
        Item::Impl(block) if block.trait_.is_none() => Some((last(&block.self_ty)?, &block.items)),
        _ => None,
    });
    blocks.flat_map(|(owner, items)| {
        let functions = items.iter().filter_map(|item| match item {
            syn::ImplItem::Fn(function) if matches!(function.vis, Visibility::Public(_)) => {
                Some(function)
            }
            _ => None,
        });
        functions.map(move |function| (owner.clone(), function))
    })
}

/// The names of the arguments in order; the required fields of a type in place of the struct that holds them.
fn arguments(function: &ImplItemFn, fields: &BTreeMap<String, Vec<String>>) -> String {
    let names: Vec<String> = function
        .sig
        .inputs
        .iter()
        .filter_map(|argument| match argument {
            FnArg::Typed(argument) => Some(argument),
            FnArg::Receiver(_) => None,
        })
        .map(|argument| {
            let ty = last(&argument.ty).unwrap_or_default();
            match fields.get(&ty).filter(|_| ty.ends_with("Required")) {
                Some(fields) => format!("{ty} {{ {} }}", fields.join(", ")),
                None => match &*argument.pat {
                    Pat::Ident(name) => name.ident.to_string(),
                    _ => "_".to_owned(),
                },
            }
        })
        .collect();
    names.join(", ")
}

fn returned(function: &ImplItemFn) -> Option<String> {
    match &function.sig.output {
        ReturnType::Type(_, ty) => last(ty),
        ReturnType::Default => None,
    }
}

/// The last segment of the path of a type.
fn last(ty: &Type) -> Option<String> {
    match ty {
        Type::Path(path) => Some(path.path.segments.last()?.ident.to_string()),
        _ => None,
    }
}
