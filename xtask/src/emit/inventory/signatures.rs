//! Renders types and function parameters without paths, lifetimes and type parameters.

use std::collections::BTreeMap;

use syn::{
    FnArg, GenericArgument, GenericParam, ImplItem, ImplItemFn, Item, ItemStruct, Pat,
    PathArguments, ReturnType, Signature, Type, TypeParamBound, Visibility,
};

/// Renders `ty` without the paths of its parts.
pub(super) fn short(ty: &Type) -> String {
    match ty {
        Type::Path(path) => short_path(&path.path),
        Type::Reference(reference) => format!("&{}", short(&reference.elem)),
        Type::ImplTrait(ty) => format!("impl {}", bounds(ty.bounds.iter())),
        _ => quote::quote!(#ty).to_string(),
    }
}

fn short_path(path: &syn::Path) -> String {
    let Some(last) = path.segments.last() else {
        return String::new();
    };
    let arguments: Vec<_> = match &last.arguments {
        PathArguments::AngleBracketed(arguments) => {
            arguments.args.iter().filter_map(argument).collect()
        }
        _ => Vec::new(),
    };
    if arguments.is_empty() {
        last.ident.to_string()
    } else {
        format!("{}<{}>", last.ident, arguments.join(", "))
    }
}

fn argument(argument: &GenericArgument) -> Option<String> {
    match argument {
        GenericArgument::Type(ty) => Some(short(ty)),
        GenericArgument::AssocType(ty) => Some(format!("{} = {}", ty.ident, short(&ty.ty))),
        GenericArgument::Constraint(item) => {
            Some(format!("{}: {}", item.ident, bounds(item.bounds.iter())))
        }
        _ => None,
    }
}

fn bounds<'a>(bounds: impl Iterator<Item = &'a TypeParamBound>) -> String {
    let bounds: Vec<_> = bounds
        .filter_map(|bound| match bound {
            TypeParamBound::Trait(bound) => Some(short_path(&bound.path)),
            _ => None,
        })
        .collect();
    bounds.join(" + ")
}

/// The public methods of the inherent impl blocks of the type `name`.
pub(super) fn methods<'a>(items: &[&'a Item], name: &str) -> Vec<&'a ImplItemFn> {
    let blocks = items.iter().filter_map(|item| match item {
        Item::Impl(block) if block.trait_.is_none() && short(&block.self_ty) == name => {
            Some(&block.items)
        }
        _ => None,
    });
    blocks
        .flatten()
        .filter_map(|item| match item {
            ImplItem::Fn(method) if matches!(method.vis, Visibility::Public(_)) => Some(method),
            _ => None,
        })
        .collect()
}

/// The struct `name`.
pub(super) fn structure<'a>(items: &[&'a Item], name: &str) -> Option<&'a ItemStruct> {
    items.iter().find_map(|item| match item {
        Item::Struct(item) if item.ident == name => Some(item),
        _ => None,
    })
}

/// The type that a function returns.
pub(super) fn returned(signature: &Signature) -> Option<&Type> {
    match &signature.output {
        ReturnType::Type(_, ty) => Some(ty),
        ReturnType::Default => None,
    }
}

/// Renders the parameters of a function in order, one per line. A parameter of the generated type `…Required` is
/// followed by the fields of that type.
pub(super) fn parameters(signature: &Signature, items: &[&Item], indent: &str) -> String {
    let generics: BTreeMap<_, _> = signature
        .generics
        .params
        .iter()
        .filter_map(|parameter| match parameter {
            GenericParam::Type(ty) => Some((ty.ident.to_string(), bounds(ty.bounds.iter()))),
            _ => None,
        })
        .collect();
    let mut text = String::new();
    for parameter in &signature.inputs {
        let FnArg::Typed(parameter) = parameter else {
            continue;
        };
        let Pat::Ident(name) = &*parameter.pat else {
            continue;
        };
        let name = &name.ident;
        match required(&parameter.ty, items) {
            Some(required) => {
                text.push_str(&format!("{indent}{name}: {}\n", required.ident));
                for field in &required.fields {
                    let Some(name) = &field.ident else { continue };
                    let ty = short(&field.ty);
                    let ty = generics
                        .get(&ty)
                        .map_or(ty, |bounds| format!("impl {bounds}"));
                    text.push_str(&format!("{indent}    {name}: {ty}\n"));
                }
            }
            None => text.push_str(&format!("{indent}{name}: {}\n", short(&parameter.ty))),
        }
    }
    text
}

/// The struct `…Required` that `ty` names.
fn required<'a>(ty: &Type, items: &[&'a Item]) -> Option<&'a ItemStruct> {
    let Type::Path(path) = ty else {
        return None;
    };
    let name = path.path.segments.last()?.ident.to_string();
    if name.ends_with("Required") {
        structure(items, &name)
    } else {
        None
    }
}
