//! The paths of types, as they are written from different places: typify writes them from within `types`, the
//! resources stand beside that module, and an example stands outside of the crate.

use syn::visit_mut::{self, VisitMut};
use syn::{Path, Type, parse_quote};

use crate::emit::model::Model;
use crate::emit::names;

/// Where a type is named.
#[derive(Clone, Copy)]
pub(crate) enum View<'v> {
    /// In a module with `use crate::types`.
    Beside,
    /// In a program that depends on the crate of this name.
    Outside(&'v str),
}

/// The types of `std` that need no path.
const IN_PRELUDE: [&str; 4] = ["Box", "Option", "String", "Vec"];

/// `ty` as it is written from `view`.
pub(crate) fn seen_from(view: View<'_>, ty: &Type, model: &Model<'_>) -> Type {
    let mut ty = ty.clone();
    Rewrite { view, model }.visit_type_mut(&mut ty);
    ty
}

struct Rewrite<'v, 'm> {
    view: View<'v>,
    model: &'v Model<'m>,
}

impl VisitMut for Rewrite<'_, '_> {
    fn visit_path_mut(&mut self, path: &mut Path) {
        visit_mut::visit_path_mut(self, path);
        let (Some(first), Some(last)) = (path.segments.first(), path.segments.last()) else {
            return;
        };
        let last = last.clone();
        let first = first.ident.to_string();
        let ours =
            path.segments.len() == 1 && self.model.schemas.contains_key(&last.ident.to_string());
        let ours = ours || first == "types" || first == "crate";
        match self.view {
            View::Beside if ours => *path = parse_quote!(types::#last),
            _ if first == "std" && IN_PRELUDE.contains(&last.ident.to_string().as_str()) => {
                *path = parse_quote!(#last)
            }
            // The body has arrived by then, so there is nothing to stream.
            View::Beside if path.is_ident("ByteStream") => *path = parse_quote!(auth0_core::Bytes),
            View::Beside => path.leading_colon = None,
            View::Outside(name) => {
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

/// `ty` as text, spaced as a person would.
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
