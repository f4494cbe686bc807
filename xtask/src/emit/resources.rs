//! The resources of a generated crate: a tree of handles that follows the groups of the document, with a method per operation. A
//! method takes the required values and returns a call, which has setters for the optional ones.

use std::collections::{BTreeMap, BTreeSet};

use heck::ToSnakeCase as _;
use proc_macro2::{TokenStream, TokenTree};
use quote::quote;

use crate::emit::calls::call_type::{Call, CallContext, RESERVED};
use crate::emit::model::{Model, OperationModel};
use crate::emit::names;
use crate::problem::Problem;

/// The methods that every client has.
const CLIENT_METHODS: [&str; 5] = ["builder", "call", "clone", "listing", "requests"];

/// A group of operations.
#[derive(Default)]
struct Resource<'m> {
    operations: Vec<&'m OperationModel<'m>>,
    children: BTreeSet<Vec<String>>,
}

/// The groups of a document, each of which becomes a module.
pub(crate) struct Groups<'m> {
    modules: Vec<Module<'m>>,
}

struct Module<'m> {
    name: String,
    group: Vec<String>,
    resource: Resource<'m>,
}

impl<'m> Groups<'m> {
    pub(crate) fn new(model: &'m Model<'m>) -> Result<Self, Problem> {
        let mut resources: BTreeMap<Vec<String>, Resource<'_>> = BTreeMap::new();
        for operation in model.client_operations() {
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
        let mut taken = BTreeSet::new();
        let mut modules = Vec::new();
        for (group, resource) in resources {
            let name = names::module_name(&group);
            if !taken.insert(name.clone()) {
                return Err(Problem::at(
                    "/paths",
                    "two groups of operations have the same name in Rust",
                )
                .expected("values of x-operation-group that differ in snake case")
                .found(format!(
                    "`{}` and another group become `{name}`",
                    group.join(".")
                ))
                .help("rename one of them in the corrections overlay"));
            }
            modules.push(Module {
                name,
                group,
                resource,
            });
        }
        Ok(Self { modules })
    }

    /// The names of the modules, sorted.
    pub(crate) fn names(&self) -> BTreeSet<&str> {
        self.modules
            .iter()
            .map(|module| module.name.as_str())
            .collect()
    }

    /// The methods of the client that return the top-level handles.
    pub(crate) fn roots(&self) -> TokenStream {
        let groups = self.modules.iter().map(|module| &module.group);
        let top_level = groups.filter(|group| group.len() == 1);
        top_level
            .map(|group| accessor(group, &CLIENT_METHODS, &quote!(self)))
            .collect()
    }

    /// Documentation links to the methods of operations, by operation id.
    pub(crate) fn method_links(&self) -> BTreeMap<&'m str, String> {
        let mut links = BTreeMap::new();
        for module in &self.modules {
            let (path, resource) = (&module.name, resource_name(&module.group));
            let operations = &module.resource.operations;
            for (operation, method) in operations.iter().zip(method_names(operations)) {
                let link = format!(
                    "[`{resource}::{method}`](crate::resources::{path}::{resource}::{method})"
                );
                links.insert(operation.id.as_str(), link);
            }
        }
        links
    }

    /// The methods that users call for each operation, by its id: `organizations().get_by_name`.
    pub(crate) fn client_methods(&self) -> BTreeMap<&'m str, String> {
        let own_methods: BTreeMap<&[String], Vec<String>> = self
            .modules
            .iter()
            .map(|module| (&module.group[..], method_names(&module.resource.operations)))
            .collect();
        let mut methods = BTreeMap::new();
        for module in &self.modules {
            let mut path = String::new();
            for length in 1..=module.group.len() {
                let (parent, group) = (&module.group[..length - 1], &module.group[..length]);
                let own = own_methods.get(parent).map_or(&[][..], Vec::as_slice);
                let taken = match parent {
                    [] => CLIENT_METHODS.to_vec(),
                    _ => own.iter().map(String::as_str).collect(),
                };
                path += &format!("{}().", accessor_name(group, &taken));
            }
            for (operation, method) in module
                .resource
                .operations
                .iter()
                .zip(&own_methods[&module.group[..]])
            {
                methods.insert(operation.id.as_str(), format!("{path}{method}"));
            }
        }
        methods
    }

    /// The modules with their names.
    pub(crate) fn modules<'g>(
        &'g self,
        context: &'g CallContext<'g>,
    ) -> impl Iterator<Item = (&'g str, Result<TokenStream, Problem>)> {
        self.modules.iter().map(|module| {
            let tokens = emit_resource(&module.group, &module.resource, context);
            (module.name.as_str(), tokens)
        })
    }
}

pub(crate) fn resource_name(group: &[String]) -> String {
    let name = names::type_name(&group.join("_"));
    if RESERVED.contains(&name.as_str()) {
        format!("{name}Resource")
    } else {
        name
    }
}

/// The names of a group in words, for documentation.
fn title(group: &[String]) -> String {
    let words = group
        .iter()
        .map(|name| name.to_snake_case().replace('_', " "));
    words.collect::<Vec<_>>().join(" / ")
}

/// The name of the method that returns the handle of a group; `taken` are the other methods of the parent.
fn accessor_name(group: &[String], taken: &[&str]) -> String {
    let last = group.last().map(String::as_str).unwrap_or_default();
    names::unlike(names::snake_name(last), taken)
}

/// The method that returns the handle of a group.
fn accessor(group: &[String], taken: &[&str], client: &TokenStream) -> TokenStream {
    let method = names::ident(&accessor_name(group, taken));
    let (module, resource) = (
        names::ident(&names::module_name(group)),
        names::ident(&resource_name(group)),
    );
    let doc = format!(" Returns the operations on {}.", title(group));
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
    context: &CallContext<'_>,
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
        methods.extend(call.method()?);
        calls.extend(call.definition()?);
    }
    let title = title(group);
    let module_doc = format!(" Operations on {title}.");
    let doc = format!(" Operations on {title}. Cheap to create and clone.");
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

/// Whether `tokens` use the module `types`.
fn names_types(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == "types",
        TokenTree::Group(group) => names_types(group.stream()),
        _ => false,
    })
}

/// The names of the methods of a group. If two are equal, both use the operation id, so that removing one does not rename the
/// other.
fn method_names(operations: &[&OperationModel<'_>]) -> Vec<String> {
    let own_names: Vec<String> = operations
        .iter()
        .map(|operation| names::snake_name(&operation.name))
        .collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for name in &own_names {
        *counts.entry(name).or_default() += 1;
    }
    let names = operations.iter().zip(&own_names);
    names
        .map(|(operation, name)| match counts.get(name.as_str()) {
            Some(1) => name.clone(),
            _ => names::snake_name(&operation.id),
        })
        .collect()
}
