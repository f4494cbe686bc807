//! What the generated crates offer, as a reviewer wants to read it: a line for each operation, a block for each type.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::repository::files;
use auth0_core::{Operation, Paging, RetrySafety};
use syn::{Attribute, Fields, FnArg, ImplItem, Item, Pat, Type};

/// The sources of a generated crate.
fn sources(krate: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../generated/{krate}/src"))
}

fn source(path: &Path) -> syn::File {
    syn::parse_file(&fs::read_to_string(path).unwrap()).unwrap()
}

/// A name of the document as it is in Rust.
fn snake(name: &str) -> String {
    let mut snake = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}

/// The call of an operation as a user writes it, with the names of the arguments that its method really has. An operation
/// that the document keeps out of SDKs has none.
fn call(krate: &str, operation: &Operation) -> String {
    let resources: Vec<_> = operation
        .group()
        .iter()
        .map(|name| format!("{}()", snake(name)))
        .collect();
    let name = snake(operation.name());
    let file = snake(&operation.group().join("_"));
    let file = source(&sources(krate).join(format!("resources/{file}.rs")));
    let method = file
        .items
        .iter()
        .filter_map(|item| match item {
            Item::Impl(block) => Some(&block.items),
            _ => None,
        })
        .flatten()
        .find_map(|item| match item {
            ImplItem::Fn(method) if method.sig.ident == name => Some(method),
            _ => None,
        });
    let Some(method) = method else {
        return "in the table alone".to_owned();
    };
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
    format!("{}.{}({})", resources.join("."), name, arguments.join(", "))
}

/// Where to look when the outcome of an operation is unknown.
fn verify_with(operation: &Operation) -> String {
    match operation.verify_with() {
        [] => "-".to_owned(),
        operations => format!("look at {}", operations.join(", ")),
    }
}

fn line(krate: &str, operation: &Operation) -> String {
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
        Paging::Offset => "counted",
        Paging::CheckpointOrOffset => "paged or counted",
        _ => "-",
    };
    let limit = operation.paging_limit();
    let limit = limit.map_or_else(String::new, |limit| format!(" up to {limit}"));
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
        &verify_with(operation),
        &format!("{paging}{limit}"),
        &success,
        &numbers(operation.errors()),
        operation.lifecycle().unwrap_or("-"),
        &call(krate, operation),
    ]
    .join(" | ")
}

fn operations(krate: &str, all: &[&Operation]) -> String {
    let lines: Vec<_> = all.iter().map(|operation| line(krate, operation)).collect();
    lines.join("\n")
}

#[test]
fn operations_are_listed_then_the_inventory_is_as_reviewed() {
    insta::assert_snapshot!(
        "operations_of_teams",
        operations("teams", auth0_teams::operations::ALL)
    );
    insta::assert_snapshot!(
        "operations_of_my_organization",
        operations("my-organization", auth0_my_organization::operations::ALL)
    );
    insta::assert_snapshot!(
        "operations_of_organizations",
        operations("organizations", auth0_organizations::operations::ALL)
    );
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
    of_serde(attributes, "rename")
}

/// The text of an argument for serde.
fn of_serde(attributes: &[Attribute], key: &str) -> Option<String> {
    let mut name = None;
    for attribute in attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("serde"))
    {
        attribute
            .parse_nested_meta(|meta| {
                let value = meta.value().and_then(|value| value.parse::<syn::LitStr>());
                if let Ok(value) = value
                    && meta.path.is_ident(key)
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
            let tag = of_serde(&item.attrs, "tag")
                .zip(renamed(&item.attrs))
                .map(|(tag, value)| format!(" ({tag:?}: {value:?})"))
                .unwrap_or_default();
            format!("struct {}{tag}", item.ident)
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

fn types(krate: &str) -> String {
    let root = sources(krate).join("types");
    let mut blocks: Vec<_> = files(&root)
        .keys()
        .flat_map(|path| source(&root.join(path)).items)
        .filter_map(|item| block(&item))
        .collect();
    // By name: which file a type stands in is nothing to its users.
    blocks.sort_by(|(a, _), (b, _)| a.split(' ').nth(1).cmp(&b.split(' ').nth(1)));
    blocks
        .iter()
        .map(|(name, text)| format!("{name}\n{text}\n"))
        .collect()
}

#[test]
fn types_are_listed_then_the_inventory_is_as_reviewed() {
    insta::assert_snapshot!("types_of_teams", types("teams"));
    insta::assert_snapshot!("types_of_my_organization", types("my-organization"));
    insta::assert_snapshot!("types_of_organizations", types("organizations"));
}
