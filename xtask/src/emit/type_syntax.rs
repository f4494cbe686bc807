//! Rust types as syntax trees: queries, and rewriting of paths for the place where a type is named.

use std::collections::BTreeSet;

use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};
use syn::{Path, Type, parse_quote};

use crate::emit::model::Model;
use crate::emit::names;

/// `T`, if `ty` is `…::name<T, …>`.
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

/// Whether `ty` is `…::name` without parameters.
pub(crate) fn is_named(name: &str, ty: &Type) -> bool {
    last_name(ty).is_some_and(|last| last == name)
}

/// The last segment of the path of `ty`, if it has no parameters.
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

/// The type of the items, if `ty` is a list or an optional list.
pub(crate) fn list_item(ty: &Type) -> Option<&Type> {
    generic("Vec", generic("Option", ty).unwrap_or(ty))
}

/// Whether `ty` is exactly this path.
pub(crate) fn is_path(ty: &Type, names: [&str; 2]) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.iter().map(|segment| &segment.ident).eq(names))
}

/// The names of the generated types in `ty`: every segment of a path, except for paths into other crates, which a generated type may
/// have the name of.
pub(crate) fn identifiers(ty: &Type) -> BTreeSet<String> {
    struct Collect(BTreeSet<String>);
    impl<'ast> Visit<'ast> for Collect {
        fn visit_path(&mut self, path: &'ast Path) {
            visit::visit_path(self, path);
            if path.leading_colon.is_none() {
                let names = path
                    .segments
                    .iter()
                    .map(|segment| segment.ident.to_string());
                self.0.extend(names);
            }
        }
    }
    let mut found = Collect(BTreeSet::new());
    found.visit_type(ty);
    found.0
}

/// Whether `ty` contains `auth0_core::Upload`, such as a list of files.
pub(crate) fn is_upload(ty: &Type) -> bool {
    struct Find(bool);
    impl<'ast> Visit<'ast> for Find {
        fn visit_path(&mut self, path: &'ast Path) {
            visit::visit_path(self, path);
            let names = path.segments.iter().map(|segment| &segment.ident);
            self.0 |= path.leading_colon.is_some() && names.eq(["auth0_core", "Upload"]);
        }
    }
    let mut find = Find(false);
    find.visit_type(ty);
    find.0
}

/// Whether `ty` contains one of the types in `names`.
pub(crate) fn mentions(ty: &Type, names: &BTreeSet<String>) -> bool {
    !identifiers(ty).is_disjoint(names)
}

/// The code that names a type. typify writes paths relative to the module `types`.
#[derive(Clone, Copy)]
pub(crate) enum NamedIn<'n> {
    /// A resource module, with `use crate::types`.
    Resource,
    /// An example, which depends on the crate of this name.
    Example(&'n str),
}

/// Types of the prelude.
const IN_PRELUDE: [&str; 4] = ["Box", "Option", "String", "Vec"];

/// `ty` with the paths that `code` has to use.
pub(crate) fn named_in(code: NamedIn<'_>, ty: &Type, model: &Model<'_>) -> Type {
    let mut ty = ty.clone();
    PathRewriter { code, model }.visit_type_mut(&mut ty);
    ty
}

struct PathRewriter<'n, 'm> {
    code: NamedIn<'n>,
    model: &'n Model<'m>,
}

impl VisitMut for PathRewriter<'_, '_> {
    fn visit_path_mut(&mut self, path: &mut Path) {
        visit_mut::visit_path_mut(self, path);
        let (Some(first), Some(last)) = (path.segments.first(), path.segments.last()) else {
            return;
        };
        let last = last.clone();
        let first = first.ident.to_string();
        let ours =
            path.segments.len() == 1 && self.model.components.contains_key(&last.ident.to_string());
        let ours = ours || first == "types" || first == "crate";
        match self.code {
            NamedIn::Resource if ours => *path = parse_quote!(types::#last),
            _ if first == "std" && IN_PRELUDE.contains(&last.ident.to_string().as_str()) => {
                *path = parse_quote!(#last)
            }
            // The response has been read completely, so there is nothing to stream.
            NamedIn::Resource if path.is_ident("ByteStream") => {
                *path = parse_quote!(auth0_core::Bytes)
            }
            NamedIn::Resource => path.leading_colon = None,
            NamedIn::Example(name) => {
                let krate = names::ident(&name.replace('-', "_"));
                if ours {
                    *path = parse_quote!(#krate::types::#last);
                } else if first == "auth0_core" {
                    *path = parse_quote!(#krate::#last);
                } else if ["chrono", "serde_json", "uuid"].contains(&first.as_str()) {
                    let segments = path.segments.iter();
                    *path = parse_quote!(#krate::#(#segments)::*);
                }
            }
        }
    }
}

/// `ty` as formatted text.
pub(crate) fn text_of(ty: &Type) -> String {
    let file: syn::File = parse_quote!(type T = #ty;);
    let text = prettyplease::unparse(&file);
    text.trim()
        .trim_start_matches("type T =")
        .trim_end_matches(';')
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}
