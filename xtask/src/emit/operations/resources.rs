//! The resources of a generated crate: a tree of handles that follows the document's groups, with a method for each
//! operation. A method takes what is required and returns a call, whose setters take what is optional.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;

use crate::emit::calls::call::{Call, Context, RESERVED};
use crate::emit::model::{Model, Operation};
use crate::emit::names;
use crate::problem::Problem;

/// A group of operations.
#[derive(Default)]
struct Resource<'m> {
    operations: Vec<&'m Operation<'m>>,
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
        let mut taken = BTreeSet::new();
        let mut modules = Vec::new();
        for (group, resource) in resources {
            let name = names::module_name(&group);
            if !taken.insert(name.clone()) {
                return Err(Problem::at(
                    "/paths",
                    "two groups of operations have the same name in Rust",
                )
                .expected("x-operation-group to be distinct in snake case")
                .found(format!("{} becomes {name} a second time", group.join(".")))
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

    /// The methods of the client that give out the outermost handles.
    pub(crate) fn roots(&self) -> TokenStream {
        let groups = self.modules.iter().map(|module| &module.group);
        let outermost = groups.filter(|group| group.len() == 1);
        outermost
            .map(|group| accessor(group, &[], &quote!(self)))
            .collect()
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
                let (around, group) = (&module.group[..length - 1], &module.group[..length]);
                let taken = own_methods.get(around).map_or(&[][..], Vec::as_slice);
                let taken: Vec<&str> = taken.iter().map(String::as_str).collect();
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
        context: &'g Context<'g>,
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

/// The name of the method that gives out the handle of a group. `taken` are the methods beside it.
fn accessor_name(group: &[String], taken: &[&str]) -> String {
    let last = group.last().map(String::as_str).unwrap_or_default();
    names::unlike(names::snake_name(last), taken)
}

/// The method that gives out the handle of a group.
fn accessor(group: &[String], taken: &[&str], client: &TokenStream) -> TokenStream {
    let method = names::ident(&accessor_name(group, taken));
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
        methods.extend(call.method()?);
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
