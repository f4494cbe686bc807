//! Adjustments of progenitor's output. Each names the code that it removes or replaces, and fails if it does not find it, so that an
//! update of progenitor cannot reintroduce the code unnoticed.

use proc_macro2::Span;
use syn::visit_mut::VisitMut;
use syn::{Attribute, Expr, Item, Lit, LitStr, Meta, parse_quote};

use crate::problem::Problem;

/// Splits doc attributes into one per line. progenitor and typify put a whole description into one attribute, which
/// prettyplease prints as `/**…*/` or without a space after `///`.
pub(crate) fn documentation(items: Vec<Item>) -> Vec<Item> {
    struct SplitLines;
    impl VisitMut for SplitLines {
        fn visit_attributes_mut(&mut self, attributes: &mut Vec<Attribute>) {
            *attributes = std::mem::take(attributes)
                .into_iter()
                .flat_map(lines)
                .collect();
        }
    }
    let mut items = items;
    for item in &mut items {
        SplitLines.visit_item_mut(item);
    }
    items
}

fn lines(attribute: Attribute) -> Vec<Attribute> {
    let text = match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => Some(text.value()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    };
    // A single line that is empty or starts with a space is correct already.
    let Some(text) =
        text.filter(|text| text.contains('\n') || !(text.is_empty() || text.starts_with(' ')))
    else {
        return vec![attribute];
    };
    let line = |line: String| {
        let mut attribute = attribute.clone();
        if let Meta::NameValue(pair) = &mut attribute.meta
            && let Expr::Lit(literal) = &mut pair.value
        {
            literal.lit = Lit::Str(LitStr::new(&line, Span::call_site()));
        }
        attribute
    };
    crate::emit::doc_text::lines(&text).map(line).collect()
}

fn missing(what: &str) -> Problem {
    Problem::at("", format!("progenitor's output has no {what}"))
        .help("check what changed in progenitor and adapt xtask/src/emit/progenitor_adjustments.rs")
}

/// Removes a derive from a type for which the emitter writes the implementation.
pub(crate) fn remove_derive(item: &mut syn::ItemStruct, name: &str) -> Result<(), Problem> {
    match without_derive(&mut item.attrs, name) {
        true => Ok(()),
        false => Err(missing(&format!("type that derives `{name}`"))),
    }
}

/// Removes a derive from the attributes of a type. Returns whether it was there.
pub(crate) fn without_derive(attributes: &mut [Attribute], name: &str) -> bool {
    let mut removed = false;
    for attribute in attributes {
        if !attribute.path().is_ident("derive") {
            continue;
        }
        let Meta::List(list) = &attribute.meta else {
            continue;
        };
        let Ok(paths) = list.parse_args_with(
            syn::punctuated::Punctuated::<syn::Path, syn::Token![,]>::parse_terminated,
        ) else {
            continue;
        };
        let kept: Vec<_> = paths
            .into_iter()
            .filter(|path| {
                let is_it = path.segments.last().is_some_and(|last| last.ident == name);
                removed |= is_it;
                !is_it
            })
            .collect();
        *attribute = parse_quote!(#[derive(#(#kept),*)]);
    }
    removed
}
