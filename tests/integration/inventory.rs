//! What the generated crate offers, as a reviewer wants to read it: a line for each operation, a block for each type.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::repository::files;
use auth0_core::{Operation, Paging, RetrySafety};
use auth0_teams::operations;
use syn::{Attribute, Fields, FnArg, ImplItem, Item, Pat, Type};

/// A file of the generated crate.
fn source(path: &str) -> syn::File {
    let root: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../generated/teams/src");
    syn::parse_file(&fs::read_to_string(root.join(path)).unwrap()).unwrap()
}

/// The call of an operation as a user writes it, with the names of the arguments that its method really has.
fn call(operation: &Operation) -> String {
    let resources: Vec<_> = operation
        .group()
        .iter()
        .map(|name| format!("{name}()"))
        .collect();
    let file = source(&format!("resources/{}.rs", operation.group().join("_")));
    let method = file
        .items
        .iter()
        .filter_map(|item| match item {
            Item::Impl(block) => Some(&block.items),
            _ => None,
        })
        .flatten()
        .find_map(|item| match item {
            ImplItem::Fn(method) if method.sig.ident == operation.name() => Some(method),
            _ => None,
        })
        .unwrap_or_else(|| panic!("{} has no method", operation.id()));
    let arguments: Vec<_> = method
        .sig
        .inputs
        .iter()
        .filter_map(|argument| match argument {
            FnArg::Typed(argument) => match &*argument.pat {
                Pat::Ident(name) => Some(name.ident.to_string()),
                _ => None,
            },
            FnArg::Receiver(_) => None,
        })
        .collect();
    format!(
        "{}.{}({})",
        resources.join("."),
        operation.name(),
        arguments.join(", ")
    )
}

/// Where to look when the outcome of an operation is unknown.
fn look_at(operation: &Operation) -> String {
    match operation.look_at() {
        [] => "-".to_owned(),
        operations => format!("look at {}", operations.join(", ")),
    }
}

fn line(operation: &Operation) -> String {
    let scopes: Vec<_> = operation
        .scopes()
        .iter()
        .map(|scopes| scopes.join("+"))
        .collect();
    let retry_safety = match operation.retry_safety() {
        RetrySafety::Safe => "safe",
        RetrySafety::Idempotent => "idempotent",
        RetrySafety::Unsafe => "unsafe",
    };
    let paging = match operation.paging() {
        Paging::Checkpoint => "paged",
        _ => "-",
    };
    let numbers = |statuses: &[u16]| {
        let texts: Vec<_> = statuses.iter().map(u16::to_string).collect();
        texts.join(" ")
    };
    let success = match operation.outcome() {
        Some(outcomes) => format!("{} all, {} part", outcomes.complete, outcomes.partial),
        None => numbers(operation.success()),
    };
    [
        operation.id(),
        &format!("{} {}", operation.method(), operation.path()),
        &scopes.join(" or "),
        retry_safety,
        &look_at(operation),
        paging,
        &success,
        &numbers(operation.errors()),
        operation.lifecycle().unwrap_or("-"),
        &call(operation),
    ]
    .join(" | ")
}

#[test]
fn operations_are_listed_then_the_inventory_is_as_reviewed() {
    let lines: Vec<_> = operations::ALL
        .iter()
        .map(|operation| line(operation))
        .collect();
    insta::assert_snapshot!("operations_of_teams", lines.join("\n"));
}

/// A type without the folders that it is in.
fn short(ty: &Type) -> String {
    let Type::Path(path) = ty else {
        return quote::quote!(#ty).to_string();
    };
    let last = path.path.segments.last().unwrap();
    let arguments = match &last.arguments {
        syn::PathArguments::AngleBracketed(arguments) => arguments
            .args
            .iter()
            .filter_map(|argument| match argument {
                syn::GenericArgument::Type(ty) => Some(short(ty)),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    };
    if arguments.is_empty() {
        last.ident.to_string()
    } else {
        format!("{}<{}>", last.ident, arguments.join(", "))
    }
}

/// The name on the wire, where it is another.
fn renamed(attributes: &[Attribute]) -> Option<String> {
    let mut name = None;
    for attribute in attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("serde"))
    {
        attribute
            .parse_nested_meta(|meta| {
                let value = meta.value().and_then(|value| value.parse::<syn::LitStr>());
                if let Ok(value) = value
                    && meta.path.is_ident("rename")
                {
                    name = Some(value.value());
                }
                Ok(())
            })
            .unwrap();
    }
    name
}

fn block(item: &Item) -> Option<(String, String)> {
    let mut text = String::new();
    let name = match item {
        Item::Struct(item) => {
            for field in &item.fields {
                let name = field.ident.as_ref().unwrap();
                let wire = renamed(&field.attrs)
                    .map(|wire| format!(" ({wire:?})"))
                    .unwrap_or_default();
                writeln!(text, "    {name}{wire}: {}", short(&field.ty)).unwrap();
            }
            format!("struct {}", item.ident)
        }
        Item::Enum(item) => {
            for variant in &item.variants {
                let held = match &variant.fields {
                    Fields::Unnamed(fields) => fields
                        .unnamed
                        .iter()
                        .map(|field| short(&field.ty))
                        .collect(),
                    _ => renamed(&variant.attrs).unwrap_or_else(|| variant.ident.to_string()),
                };
                writeln!(text, "    {}: {held}", variant.ident).unwrap();
            }
            format!("enum {}", item.ident)
        }
        _ => return None,
    };
    Some((name, text))
}

#[test]
fn types_are_listed_then_the_inventory_is_as_reviewed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../generated/teams/src/types");
    let mut blocks: Vec<_> = files(&root)
        .keys()
        .flat_map(|path| source(&format!("types/{}", path.display())).items)
        .filter_map(|item| block(&item))
        .collect();
    // By name: which file a type stands in is nothing to its users.
    blocks.sort_by(|(a, _), (b, _)| a.split(' ').nth(1).cmp(&b.split(' ').nth(1)));
    let text: String = blocks
        .iter()
        .map(|(name, text)| format!("{name}\n{text}\n"))
        .collect();
    insta::assert_snapshot!("types_of_teams", text);
}
