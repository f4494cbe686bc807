//! The resources of a generated crate: a tree of handles that follows the document's groups, with a method for each
//! operation. A method takes what is required and returns a call, whose setters take what is optional.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;

use super::call::{Call, Context, RESERVED};
use super::model::{Model, Operation};
use super::names;
use super::shapes::Method;
use super::types::Types;
use crate::problem::Problem;

/// A group of operations.
#[derive(Default)]
struct Resource<'m> {
    operations: Vec<&'m Operation<'m>>,
    children: BTreeSet<Vec<String>>,
}

/// One file for each group, by module name, and the handles that the client itself gives out.
pub(super) struct Resources {
    pub(super) modules: BTreeMap<String, TokenStream>,
    /// Methods of the client.
    pub(super) roots: TokenStream,
}

pub(super) fn emit(
    model: &Model<'_>,
    types: &Types,
    methods: &BTreeMap<String, Method>,
    crate_name: &str,
) -> Result<Resources, Problem> {
    let context = Context {
        model,
        types,
        methods,
        crate_name,
    };
    let mut resources: BTreeMap<Vec<String>, Resource<'_>> = BTreeMap::new();
    for operation in model
        .operations
        .iter()
        .filter(|operation| !operation.ignored)
    {
        for length in 1..operation.group.len() {
            let child = operation.group[..=length].to_vec();
            resources
                .entry(operation.group[..length].to_vec())
                .or_default()
                .children
                .insert(child);
        }
        resources
            .entry(operation.group.clone())
            .or_default()
            .operations
            .push(operation);
    }
    let roots = resources
        .keys()
        .filter(|group| group.len() == 1)
        .map(|group| accessor(group, &[], &quote!(self)));
    let roots = roots.collect();
    let mut modules = BTreeMap::new();
    for (group, resource) in &resources {
        let name = names::module_name(group);
        if modules
            .insert(name.clone(), emit_resource(group, resource, &context)?)
            .is_some()
        {
            return Err(Problem::at(
                "/paths",
                "two groups of operations have the same name in Rust",
            )
            .expected("x-operation-group to be distinct in snake case")
            .found(format!("{} becomes {name} a second time", group.join(".")))
            .help("rename one of them in the corrections overlay"));
        }
    }
    Ok(Resources { modules, roots })
}

pub(super) fn resource_name(group: &[String]) -> String {
    let name = names::type_name(&group.join("_"));
    if RESERVED.contains(&name.as_str()) {
        format!("{name}Resource")
    } else {
        name
    }
}

/// The method that gives out the handle of a group.
fn accessor(group: &[String], taken: &[&str], client: &TokenStream) -> TokenStream {
    let last = group.last().map(String::as_str).unwrap_or_default();
    let method = names::ident(&names::unlike(names::snake_name(last), taken));
    let (module, resource) = (
        names::ident(&names::module_name(group)),
        names::ident(&resource_name(group)),
    );
    let doc = format!(
        " The operations on {}.",
        group.join(" / ").replace('_', " ")
    );
    quote! {
        #[doc = #doc]
        pub fn #method(&self) -> crate::resources::#module::#resource {
            crate::resources::#module::#resource { client: #client.clone() }
        }
    }
}

fn emit_resource(
    group: &[String],
    resource: &Resource<'_>,
    context: &Context<'_>,
) -> Result<TokenStream, Problem> {
    let ident = names::ident(&resource_name(group));
    let method_names = method_names(&resource.operations);
    let taken: Vec<&str> = method_names.iter().map(String::as_str).collect();
    let children = resource
        .children
        .iter()
        .map(|child| accessor(child, &taken, &quote!(self.client)));
    let mut methods = TokenStream::new();
    let mut calls = TokenStream::new();
    for (operation, method) in resource.operations.iter().zip(&method_names) {
        let call = Call::new(operation, method, group, context)?;
        methods.extend(call.method());
        calls.extend(call.definition()?);
    }
    let title = group.join(" / ").replace('_', " ");
    let module_doc = format!(" The operations on {title}.");
    let doc = format!(" The operations on {title}. Cheap to make and to clone.");
    let body = quote!(#methods #calls);
    let uses_types = names_types(body.clone()).then(|| {
        quote!(
            use crate::types;
        )
    });
    Ok(quote! {
        #![doc = #module_doc]

        #uses_types

        #[doc = #doc]
        #[derive(Clone, Debug)]
        pub struct #ident {
            pub(crate) client: crate::Client,
        }

        impl #ident {
            #(#children)*
            #methods
        }

        #calls
    })
}

/// Whether any path in `tokens` goes through `types`.
fn names_types(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == "types",
        TokenTree::Group(group) => names_types(group.stream()),
        _ => false,
    })
}

/// The methods of the operations of one group. Where two would be the same, both are called by their operation ids,
/// so that neither changes its name when the other goes.
fn method_names(operations: &[&Operation<'_>]) -> Vec<String> {
    let plain = |operation: &Operation<'_>| names::snake_name(&operation.name);
    operations
        .iter()
        .map(|operation| {
            let same = operations
                .iter()
                .filter(|other| plain(other) == plain(operation))
                .count();
            if same > 1 {
                names::snake_name(&operation.id)
            } else {
                plain(operation)
            }
        })
        .collect()
}
