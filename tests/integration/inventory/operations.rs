//! Renders the operations of a generated crate: a block of lines for each.

use std::fmt::Write as _;

use auth0_core::{Operation, Paging, RetrySafety};
use syn::{GenericArgument, Item, PathArguments, Type};

use super::signatures::{methods, parameters, returned, short};
use super::{items, sources};

/// Methods of calls that do not set a parameter of the operation.
const NOT_PARAMETERS: [&str; 5] = ["pages", "page_size", "resume", "send", "stream"];

pub(super) fn operations(krate: &str, all: &[&Operation]) -> String {
    let resources = items(&sources(krate).join("resources"));
    let blocks: Vec<_> = all
        .iter()
        .map(|operation| block(&resources, operation))
        .collect();
    blocks.join("\n")
}

fn block(resources: &[Item], operation: &Operation) -> String {
    let mut text = String::new();
    writeln!(text, "{}", operation.id()).unwrap();
    writeln!(text, "    {} {}", operation.method(), operation.path()).unwrap();
    text.push_str(&call(resources, operation));
    for scopes in operation.scopes() {
        writeln!(text, "    scope: {}", scopes.join(" and ")).unwrap();
    }
    let retry = match operation.retry_safety() {
        RetrySafety::Safe => "safe",
        RetrySafety::Idempotent => "idempotent",
        RetrySafety::Unsafe => "unsafe",
    };
    writeln!(text, "    retry: {retry}").unwrap();
    for verification in operation.verify_with() {
        writeln!(text, "    verify with: {verification}").unwrap();
    }
    let paging = match operation.paging() {
        Paging::Checkpoint => Some("checkpoint"),
        Paging::Offset => Some("offset"),
        Paging::CheckpointOrOffset => Some("checkpoint or offset"),
        _ => None,
    };
    if let Some(paging) = paging {
        writeln!(text, "    paging: {paging}").unwrap();
    }
    if let Some(limit) = operation.paging_limit() {
        writeln!(text, "    paging limit: {limit}").unwrap();
    }
    match operation.outcome() {
        Some(outcomes) => {
            writeln!(text, "    complete success: {}", outcomes.complete).unwrap();
            writeln!(text, "    partial success: {}", outcomes.partial).unwrap();
        }
        None => writeln!(text, "    success: {}", numbers(operation.success())).unwrap(),
    }
    writeln!(text, "    errors: {}", numbers(operation.errors())).unwrap();
    if let Some(stage) = operation.lifecycle() {
        writeln!(text, "    stage: {stage}").unwrap();
    }
    text
}

/// Renders how a user calls the operation: path of the method, its parameters in order, the parameters that the call
/// sets, and the type of the response. An operation that the document keeps out of SDKs has no method.
fn call(resources: &[Item], operation: &Operation) -> String {
    let resource: String = operation
        .group()
        .iter()
        .map(|name| name[..1].to_ascii_uppercase() + &name[1..])
        .collect();
    let name = snake(operation.name());
    let Some(method) = methods(resources, &resource).find(|method| method.sig.ident == name) else {
        return "    call: none\n".to_owned();
    };

    let path: String = operation
        .group()
        .iter()
        .map(|name| format!("{}().", snake(name)))
        .collect();
    let mut text = format!("    call: {path}{name}\n");
    text.push_str(&parameters(&method.sig, resources, "        "));
    let call = short(returned(&method.sig).unwrap());
    for setter in methods(resources, &call) {
        let name = setter.sig.ident.to_string();
        if name == "send" {
            let response = response(returned(&setter.sig).unwrap());
            writeln!(text, "    returns: {response}").unwrap();
        }
        if !NOT_PARAMETERS.contains(&&*name) {
            let parameters = parameters(&setter.sig, resources, "");
            writeln!(text, "    optional {}", parameters.trim_end()).unwrap();
        }
    }
    text
}

/// The `T` of `Result<Response<T>, Error>`.
fn response(ty: &Type) -> String {
    let inner = |ty: &Type| match ty {
        Type::Path(path) => match &path.path.segments.last()?.arguments {
            PathArguments::AngleBracketed(arguments) => match arguments.args.first()? {
                GenericArgument::Type(ty) => Some(ty.clone()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    };
    let response = inner(ty).and_then(|response| inner(&response));
    short(&response.unwrap_or_else(|| ty.clone()))
}

fn numbers(statuses: &[u16]) -> String {
    let texts: Vec<_> = statuses.iter().map(u16::to_string).collect();
    texts.join(" ")
}

/// Converts a name of the document to snake case.
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
