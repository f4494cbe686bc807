//! The operation table (`operations.rs` of a generated crate): a constant per operation with what the transport, scope checks
//! and test doubles need.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::quote;

use crate::emit::model::{Model, OperationModel, RetrySafety, SecurityModel};
use crate::emit::{doc_text, file_layout, names};

/// The modules of the table by their names below `operations`; the name of `operations` itself is empty.
pub(crate) fn emit(
    model: &Model<'_>,
    client_methods: &BTreeMap<&str, String>,
) -> BTreeMap<String, TokenStream> {
    let mut operations: Vec<_> = model.operations.iter().collect();
    operations.sort_by(|a, b| a.id.cmp(&b.id));
    let mut parts: BTreeMap<String, Vec<&OperationModel<'_>>> = BTreeMap::new();
    for operation in &operations {
        let part = file_layout::module_of(operation);
        parts.entry(part).or_default().push(operation);
    }
    let names = operations
        .iter()
        .map(|operation| names::ident(&operation.constant));
    let modules: Vec<_> = parts.keys().map(|part| names::ident(part)).collect();
    let table = quote! {
        //! The operation table: method, path, scopes, retry class and paging of each operation.

        #(mod #modules;)*

        use auth0_core::Operation;

        #(pub use #modules::*;)*

        /// All operations, sorted by id.
        pub static ALL: &[&Operation] = &[#(&#names),*];
    };
    parts
        .iter()
        .map(|(part, own)| {
            let rows = rows(part, own, &operations, client_methods, model);
            (part.clone(), rows)
        })
        .chain([(String::new(), table)])
        .collect()
}

/// A module of the table.
fn rows<'a>(
    part: &str,
    own: &[&OperationModel<'a>],
    all: &[&OperationModel<'a>],
    client_methods: &BTreeMap<&str, String>,
    model: &Model<'_>,
) -> TokenStream {
    let rows = own.iter().map(|operation| {
        let verify_with = verify_with(operation, all);
        row(operation, &verify_with, client_methods, model)
    });
    let paging = own
        .iter()
        .any(|operation| operation.paging.is_some())
        .then(|| quote!(Paging,));
    let outcomes = own
        .iter()
        .any(|operation| operation.bulk_outcome.is_some())
        .then(|| quote!(Outcomes,));
    let doc = format!(" Operations of `{part}`.");
    quote! {
        #![doc = #doc]

        use auth0_core::codegen::OperationFields;
        use auth0_core::{Operation, #outcomes #paging RetrySafety};

        #(#rows)*
    }
}

/// The ids of the read operations that tell whether `operation` took effect: those of its group, or of the nearest parent group
/// that has any. If one of them has the same path, only that one, preceded by those that look an item up by a property of the
/// request (`/organizations/name/{name}`), because a listing can be long.
pub(crate) fn verify_with<'o, 'a>(
    operation: &OperationModel<'a>,
    operations: &[&'o OperationModel<'a>],
) -> Vec<&'o str> {
    if operation.method == "get" {
        return Vec::new();
    }
    let of_group = |group: &[String]| -> Vec<&'o OperationModel<'a>> {
        let reads = |other: &&&OperationModel<'_>| other.method == "get" && other.group == group;
        operations.iter().filter(reads).copied().collect()
    };
    let readers = (1..=operation.group.len())
        .rev()
        .map(|length| of_group(&operation.group[..length]))
        .find(|readers| !readers.is_empty())
        .unwrap_or_default();
    let looks_up = |reader: &&&OperationModel<'_>| {
        let key = reader.path.strip_prefix(&operation.path);
        let key = key.and_then(|rest| rest.strip_suffix('}')?.rsplit_once("/{"));
        let sent = operation.body.as_ref().map(|body| &body.properties);
        key.zip(sent)
            .is_some_and(|((prefix, key), sent)| !prefix.contains('{') && sent.contains(key))
    };
    match readers.iter().find(|reader| reader.path == operation.path) {
        Some(reader) => {
            let lookups = readers.iter().filter(looks_up);
            lookups
                .chain([reader])
                .map(|reader| reader.id.as_str())
                .collect()
        }
        None => readers.iter().map(|reader| reader.id.as_str()).collect(),
    }
}

fn row(
    operation: &OperationModel<'_>,
    verify_with: &[&str],
    client_methods: &BTreeMap<&str, String>,
    model: &Model<'_>,
) -> TokenStream {
    let ident = names::ident(&operation.constant);
    let (id, method, path) = (
        &operation.id,
        operation.method.to_uppercase(),
        &operation.path,
    );
    let (group, name) = (&operation.group, &operation.name);
    let safety = match operation.retry_safety {
        RetrySafety::Safe => quote!(RetrySafety::Safe),
        RetrySafety::Idempotent => quote!(RetrySafety::Idempotent),
        RetrySafety::Unsafe => quote!(RetrySafety::Unsafe),
    };
    let named: Vec<_> = operation
        .scopes
        .iter()
        .filter(|together| !together.is_empty())
        .collect();
    let alternatives = named.iter().map(|together| quote!(&[#(#together),*]));
    let scopes = (!named.is_empty()).then(|| quote!(scopes: &[#(#alternatives),*],));
    let hints = operation
        .scopes_are_hints()
        .then(|| quote!(scopes_are_hints: true,));
    let client_method = client_methods.get(operation.id.as_str());
    let client_method = client_method.map(|method| quote!(client_method: #method,));
    let verify_with = (!verify_with.is_empty()).then(|| {
        let methods = verify_with
            .iter()
            .map(|id| client_methods.get(id).map_or(*id, String::as_str));
        quote!(verify_with: &[#(#verify_with),*], verifying_methods: &[#(#methods),*],)
    });
    let paging = operation.paging.as_ref().map(|paging| {
        let style = match (&paging.checkpoint, &paging.counted) {
            (_, None) => quote!(Paging::Checkpoint),
            (None, Some(_)) => quote!(Paging::Offset),
            (Some(_), Some(_)) => quote!(Paging::CheckpointOrOffset),
        };
        let limit = paging.counted.as_ref().and_then(|counted| counted.limit);
        let limit = limit.map(|limit| {
            let limit = proc_macro2::Literal::u64_unsuffixed(limit);
            quote!(paging_limit: Some(#limit),)
        });
        quote!(paging: #style, #limit)
    });
    let success = operation
        .success
        .iter()
        .map(|status| proc_macro2::Literal::u16_unsuffixed(*status));
    let errors = operation
        .errors
        .iter()
        .map(|status| proc_macro2::Literal::u16_unsuffixed(*status));
    let outcome = operation.bulk_outcome.as_ref().map(|outcome| {
        let complete = proc_macro2::Literal::u16_unsuffixed(outcome.complete);
        let partial = proc_macro2::Literal::u16_unsuffixed(outcome.partial);
        quote!(outcome: Some(Outcomes { complete: #complete, partial: #partial }),)
    });
    let lifecycle = operation
        .lifecycle
        .as_ref()
        .map(|stage| quote!(lifecycle: Some(#stage),));
    let security = matches!(model.security, SecurityModel::Schemes(_)).then(|| {
        let alternatives = operation
            .security
            .iter()
            .map(|alternative| quote!(&[#(#alternative),*]));
        quote!(security: Some(&[#(#alternatives),*]),)
    });
    let doc = doc_text::doc(&format!("`{id}`: `{method} {path}`"));
    quote! {
        #doc
        pub static #ident: Operation = Operation::new(OperationFields {
            id: #id,
            method: #method,
            path: #path,
            group: &[#(#group),*],
            name: #name,
            #client_method
            #scopes
            #hints
            #verify_with
            retry_safety: #safety,
            #paging
            success: &[#(#success),*],
            errors: &[#(#errors),*],
            #outcome
            #lifecycle
            #security
            ..OperationFields::DEFAULT
        });
    }
}
