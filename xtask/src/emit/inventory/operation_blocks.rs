//! Renders the operations of a generated crate: a block of lines for each.

use std::fmt::Write as _;

use syn::{GenericArgument, Item, PathArguments, Type};

use super::signatures::{methods, parameters, returned, short};
use super::verify_with;
use crate::emit::model::{Model, OperationModel, RetrySafety};
use crate::emit::names::{snake_name, type_name};

/// Methods of calls that do not set a parameter of the operation.
const NOT_PARAMETERS: [&str; 5] = ["pages", "page_size", "resume", "send", "stream"];

pub(super) fn operations(resources: &[&Item], model: &Model<'_>) -> String {
    let mut all: Vec<&OperationModel<'_>> = model.operations.iter().collect();
    all.sort_by(|a, b| a.id.cmp(&b.id));
    let blocks: Vec<_> = all
        .iter()
        .map(|operation| block(resources, operation, &all))
        .collect();
    blocks.join("\n")
}

fn block(
    resources: &[&Item],
    operation: &OperationModel<'_>,
    all: &[&OperationModel<'_>],
) -> String {
    let mut lines = vec![format!(
        "{} {}",
        operation.method.to_uppercase(),
        operation.path
    )];
    let call = call(resources, operation);
    lines.extend(call.lines().map(str::to_owned));
    for scopes in operation.scopes.iter().filter(|scopes| !scopes.is_empty()) {
        lines.push(format!("scope: {}", scopes.join(" and ")));
    }
    let retry = match operation.retry_safety {
        RetrySafety::Safe => "safe",
        RetrySafety::Idempotent => "idempotent",
        RetrySafety::Unsafe => "unsafe",
    };
    lines.push(format!("retry: {retry}"));
    for verification in verify_with(operation, all) {
        lines.push(format!("verify with: {verification}"));
    }
    if let Some(paging) = &operation.paging {
        let style = match (&paging.checkpoint, &paging.counted) {
            (Some(_), Some(_)) => "checkpoint or offset",
            (Some(_), None) => "checkpoint",
            _ => "offset",
        };
        lines.push(format!("paging: {style}"));
        if let Some(limit) = paging.counted.as_ref().and_then(|counted| counted.limit) {
            lines.push(format!("paging limit: {limit}"));
        }
    }
    match &operation.bulk_outcome {
        Some(outcome) => {
            lines.push(format!("complete success: {}", outcome.complete));
            lines.push(format!("partial success: {}", outcome.partial));
        }
        None => lines.push(format!("success: {}", numbers(&operation.success))),
    }
    lines.push(format!("errors: {}", numbers(&operation.errors)));
    if let Some(stage) = &operation.lifecycle {
        lines.push(format!("stage: {stage}"));
    }
    let lines: String = lines.iter().map(|line| format!("    {line}\n")).collect();
    format!("{}\n{lines}", operation.id)
}

/// Renders how a user calls the operation: path of the method, its parameters in order, the parameters that the call
/// sets, and the type of the response. An operation that the document keeps out of SDKs has no method.
fn call(resources: &[&Item], operation: &OperationModel<'_>) -> String {
    let resource = type_name(&operation.group.join("_"));
    let name = snake_name(&operation.name);
    let Some(method) = methods(resources, &resource)
        .into_iter()
        .find(|method| method.sig.ident == name)
    else {
        return "call: none\n".to_owned();
    };
    let path: String = operation
        .group
        .iter()
        .map(|name| format!("{}().", snake_name(name)))
        .collect();
    let mut text = format!("call: {path}{name}\n");
    text.push_str(&parameters(&method.sig, resources, "    "));
    let call = returned(&method.sig).map(short).unwrap_or_default();
    for setter in methods(resources, &call) {
        let name = setter.sig.ident.to_string();
        if name == "send" {
            let response = returned(&setter.sig).map(response).unwrap_or_default();
            // Writing to a string does not fail.
            let _ = writeln!(text, "returns: {response}");
        }
        if !NOT_PARAMETERS.contains(&&*name) {
            let parameters = parameters(&setter.sig, resources, "");
            let _ = writeln!(text, "optional {}", parameters.trim_end());
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
