//! The resources of a generated crate: a tree of handles that follows the document's groups, with a method for each
//! operation. A method takes what is required and returns a call, whose setters take what is optional.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{format_ident, quote};
use serde_json::Value;
use syn::Type;

use super::model::{Model, Operation, Parameter, reference};
use super::paths::{self, View};
use super::shapes::{self, Argument, Method};
use super::types::{self, Types};
use super::{checks, docs, names};
use crate::problem::Problem;

/// The methods that every call has: a setter for a parameter of the same name gets an underscore.
const CALL_METHODS: [&str; 7] = [
    "send",
    "stream",
    "pages",
    "timeout",
    "header",
    "into_future",
    "fetch",
];

/// The names that the code of a resource uses without a path: no call may be called like one of them.
const RESERVED: [&str; 11] = [
    "Box",
    "Client",
    "Default",
    "Into",
    "IntoIterator",
    "Option",
    "Result",
    "Self",
    "Some",
    "String",
    "Vec",
];

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

/// What is known of the whole crate while one operation is emitted.
struct Context<'c> {
    model: &'c Model<'c>,
    types: &'c Types,
    methods: &'c BTreeMap<String, Method>,
    crate_name: &'c str,
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
        let name = module_name(group);
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

fn module_name(group: &[String]) -> String {
    names::snake_name(&group.join("_"))
}

fn resource_name(group: &[String]) -> String {
    names::type_name(&group.join("_"))
}

/// The method that gives out the handle of a group.
fn accessor(group: &[String], taken: &[&str], client: &TokenStream) -> TokenStream {
    let last = group.last().map(String::as_str).unwrap_or_default();
    let method = names::ident(&names::unlike(names::snake_name(last), taken));
    let (module, resource) = (
        names::ident(&module_name(group)),
        names::ident(&resource_name(group)),
    );
    let doc = format!(
        " The operations on {}.",
        group.join(" / ").replace('_', " ")
    );
    quote! {
        #[doc = #doc]
        pub fn #method(&self) -> crate::resources::#module::#resource {
            crate::resources::#module::#resource::new(#client.clone())
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
            client: crate::Client,
        }

        impl #ident {
            pub(crate) fn new(client: crate::Client) -> Self {
                Self { client }
            }
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
            if same > 1 || plain(operation) == "new" {
                names::snake_name(&operation.id)
            } else {
                plain(operation)
            }
        })
        .collect()
}

/// One operation with all that is needed to emit it.
struct Call<'c> {
    operation: &'c Operation<'c>,
    method: &'c str,
    group: &'c [String],
    context: &'c Context<'c>,
    /// The method of progenitor's client.
    raw: &'c Method,
    ident: Ident,
}

impl<'c> Call<'c> {
    fn new(
        operation: &'c Operation<'c>,
        method: &'c str,
        group: &'c [String],
        context: &'c Context<'c>,
    ) -> Result<Self, Problem> {
        let raw = context
            .methods
            .get(&names::snake_name(&operation.id))
            .ok_or_else(|| {
                Problem::at(
                    operation.pointer.clone(),
                    "progenitor made no method for this operation",
                )
                .expected(names::snake_name(&operation.id))
                .found(
                    context
                        .methods
                        .keys()
                        .cloned()
                        .collect::<Vec<_>>()
                        .join(", "),
                )
            })?;
        let name = names::type_name(&operation.id);
        // A call must not hide the resource that it stands beside.
        let hides = name == resource_name(group) || RESERVED.contains(&name.as_str());
        let ident = names::ident(&if hides { format!("{name}Call") } else { name });
        Ok(Self {
            operation,
            method,
            group,
            context,
            raw,
            ident,
        })
    }

    fn is_body(&self, argument: &Argument) -> bool {
        argument.ident == "body" && self.parameter(argument).is_none()
    }

    fn parameter(&self, argument: &Argument) -> Option<&Parameter<'_>> {
        self.operation
            .parameters
            .iter()
            .find(|parameter| names::snake_name(&parameter.name) == argument.ident)
    }

    fn required(&self) -> impl Iterator<Item = &Argument> {
        self.raw
            .arguments
            .iter()
            .filter(|argument| !argument.optional)
    }

    fn optional(&self) -> impl Iterator<Item = &Argument> {
        self.raw
            .arguments
            .iter()
            .filter(|argument| argument.optional)
    }

    /// The name of the field and setter of a parameter.
    fn field(&self, argument: &Argument) -> Ident {
        format_ident!(
            "{}",
            names::unlike(argument.ident.clone(), &["client", "options"])
        )
    }

    /// The type of the field that holds a parameter.
    fn owned_type(&self, argument: &Argument) -> Type {
        paths::seen_from(View::Beside, &argument.ty, self.context.model)
    }

    fn parameter_type(&self, argument: &Argument) -> TokenStream {
        types::parameter_type(&self.owned_type(argument), self.context.model)
    }

    fn converted(&self, argument: &Argument) -> TokenStream {
        types::converted(&self.field(argument), &argument.ty, self.context.model)
    }

    /// What a success gives to the caller.
    fn output(&self) -> TokenStream {
        let output = paths::seen_from(View::Beside, &self.raw.output, self.context.model);
        match (&self.operation.outcome, shapes::generic("Option", &output)) {
            (Some(_), Some(report)) => quote!(auth0_core::Outcome<#report>),
            _ => quote!(#output),
        }
    }

    /// The method of the resource.
    fn method(&self) -> TokenStream {
        let (method, ident) = (names::ident(self.method), &self.ident);
        let parameters = self.required().map(|argument| {
            let (name, ty) = (self.field(argument), self.parameter_type(argument));
            quote!(#name: #ty)
        });
        let values = self.raw.arguments.iter().map(|argument| {
            let name = self.field(argument);
            let value = if argument.optional {
                quote!(None)
            } else {
                self.converted(argument)
            };
            types::field_value(&name, &value)
        });
        let doc = docs::doc(&self.documentation());
        let deprecated = self.operation.deprecated.then(|| quote!(#[deprecated]));
        quote! {
            #doc
            #deprecated
            pub fn #method(&self, #(#parameters),*) -> #ident {
                #ident {
                    client: self.client.clone(),
                    options: Default::default(),
                    #(#values),*
                }
            }
        }
    }

    /// The struct of the call with its setters and ways to send it.
    fn definition(&self) -> Result<TokenStream, Problem> {
        let ident = &self.ident;
        let output = self.output();
        let fields = self.raw.arguments.iter().map(|argument| {
            let (name, ty) = (self.field(argument), self.owned_type(argument));
            if argument.optional {
                quote!(#name: Option<#ty>)
            } else {
                quote!(#name: #ty)
            }
        });
        let setters = self.optional().map(|argument| self.setter(argument));
        let (checks, mutable) = self.checks();
        let constant = names::ident(&names::constant_name(&self.operation.id));
        let raw_method = names::ident(&names::snake_name(&self.operation.id));
        let arguments = self
            .raw
            .arguments
            .iter()
            .map(|argument| self.raw_argument(argument));
        let finish = if self.operation.outcome.is_some() {
            quote!(finish_outcome)
        } else {
            quote!(finish)
        };
        let paging = self.paging()?;
        let doc = format!(
            " The call `{}`: `.await` it for its value, or [`send`](Self::send) it for status and headers as well.",
            self.operation.id
        );
        let check = if mutable {
            quote! {
                let mut check = call.checker();
                #checks
                call.check(check)?;
            }
        } else {
            TokenStream::new()
        };
        Ok(quote! {
            #[doc = #doc]
            #[derive(Clone, Debug)]
            #[must_use = "a call does nothing until it is awaited or sent"]
            pub struct #ident {
                client: crate::Client,
                options: auth0_core::CallOptions,
                #(#fields),*
            }

            impl #ident {
                #(#setters)*

                /// Sets how long each attempt of this call may take.
                pub fn timeout(mut self, timeout: std::time::Duration) -> Self {
                    self.options = self.options.timeout(timeout);
                    self
                }

                /// Adds a header to this call.
                pub fn header(
                    mut self,
                    name: auth0_core::http::HeaderName,
                    value: auth0_core::http::HeaderValue,
                ) -> Self {
                    self.options = self.options.header(name, value);
                    self
                }

                /// Sends the call and gives status and headers with the value.
                pub async fn send(self) -> Result<auth0_core::Response<#output>, auth0_core::Error> {
                    let transport = self.client.transport();
                    let call = transport.call(&crate::operations::#constant, self.options);
                    #check
                    let raw = crate::calls::Client::of(transport, &call);
                    call.#finish(raw.#raw_method(#(#arguments),*).await)
                }
                #paging
            }

            impl std::future::IntoFuture for #ident {
                type Output = Result<#output, auth0_core::Error>;
                type IntoFuture = auth0_core::BoxFuture<'static, Self::Output>;

                #[inline]
                fn into_future(self) -> Self::IntoFuture {
                    auth0_core::value_of(self.send())
                }
            }
        }
        .into_iter()
        .chain(self.paged()?)
        .collect())
    }

    fn setter(&self, argument: &Argument) -> TokenStream {
        let field = self.field(argument);
        let method = format_ident!("{}", names::unlike(argument.ident.clone(), &CALL_METHODS));
        let ty = self.parameter_type(argument);
        let value = self.converted(argument);
        let (mut text, rules) =
            self.parameter(argument)
                .map_or_else(Default::default, |parameter| {
                    let description = parameter.description.trim();
                    let described = if description.is_empty() {
                        format!("Sets `{}`.", parameter.name)
                    } else {
                        description.to_owned()
                    };
                    (described, parameter_rules(parameter.schema))
                });
        if !rules.is_empty() {
            text = format!("{text}\n\n{rules}");
        }
        let doc = docs::doc(&text);
        quote! {
            #doc
            pub fn #method(mut self, #field: #ty) -> Self {
                self.#field = Some(#value);
                self
            }
        }
    }

    /// The statements that check the request, and whether there are any.
    fn checks(&self) -> (TokenStream, bool) {
        let mut statements = TokenStream::new();
        for argument in &self.raw.arguments {
            let field = self.field(argument);
            if self.is_body(argument) {
                if checks::mentions(&argument.ty, &self.context.types.checked) {
                    statements.extend(quote! {
                        auth0_core::Check::check(&self.#field, &auth0_core::Rules::NONE, &mut check);
                    });
                }
                continue;
            }
            let Some(parameter) = self.parameter(argument) else {
                continue;
            };
            let name = &parameter.name;
            if parameter.location == "path" {
                let text = if shapes::is_named("String", &argument.ty) {
                    quote!(&self.#field)
                } else {
                    quote!(&self.#field.to_string())
                };
                statements.extend(quote!(check.path_segment(#name, #text);));
            }
            if let Some(constraints) = parameter.schema.get("x-constraints") {
                let rules = checks::rules(constraints);
                statements.extend(quote!(check.field(#name, &self.#field, #rules);));
            }
        }
        let any = !statements.is_empty();
        (statements, any)
    }

    /// The argument of progenitor's method that a field is handed on as.
    fn raw_argument(&self, argument: &Argument) -> TokenStream {
        let field = self.field(argument);
        let is_string = shapes::is_named("String", &argument.ty);
        match (argument.optional, argument.by_reference) {
            (true, true) if is_string => quote!(self.#field.as_deref()),
            (true, true) => quote!(self.#field.as_ref()),
            (false, true) => quote!(&self.#field),
            (_, false) => quote!(self.#field),
        }
    }

    /// `stream` and `pages`, where the operation pages.
    fn paging(&self) -> Result<TokenStream, Problem> {
        let Some((item, _)) = self.page()? else {
            return Ok(TokenStream::new());
        };
        let output = self.output();
        Ok(quote! {
            /// All items, from here to the end, page after page.
            #[inline]
            pub fn stream(self) -> auth0_core::Items<#item> {
                auth0_core::items(self)
            }

            /// All pages, from here to the end.
            #[inline]
            pub fn pages(self) -> auth0_core::Pages<#output> {
                auth0_core::pages(self)
            }
        })
    }

    /// The traits that the paging in core works through.
    fn paged(&self) -> Result<TokenStream, Problem> {
        let Some((_, cursor)) = self.page()? else {
            return Ok(TokenStream::new());
        };
        let (ident, output) = (&self.ident, self.output());
        Ok(quote! {
            impl auth0_core::Paged for #ident {
                type Page = #output;

                fn at(mut self, cursor: Option<String>) -> Self {
                    self.#cursor = cursor;
                    self
                }

                #[inline]
                fn fetch(
                    self,
                ) -> auth0_core::BoxFuture<
                    'static,
                    Result<auth0_core::Response<Self::Page>, auth0_core::Error>,
                > {
                    Box::pin(self.send())
                }
            }
        })
    }

    /// The type of the items of a page, and the field of the call that holds the cursor.
    fn page(&self) -> Result<Option<(Type, Ident)>, Problem> {
        let Some(paging) = &self.operation.paging else {
            return Ok(None);
        };
        let cursor = self
            .raw
            .arguments
            .iter()
            .find(|a| a.ident == names::snake_name(&paging.cursor) && a.optional);
        let item = page_item(&self.raw.output, &paging.items, self.context);
        match (cursor, item) {
            (Some(cursor), Some(item)) => Ok(Some((item, self.field(cursor)))),
            _ => Err(Problem::at(
                format!("{}/x-paging", self.operation.pointer),
                "this operation cannot be paged through",
            )
            .expected("cursor: an optional query parameter; items: an array of the answer")
            .found(format!(
                "cursor: {}, items: {}",
                paging.cursor, paging.items
            ))),
        }
    }

    /// The documentation of the operation.
    fn documentation(&self) -> String {
        let operation = self.operation;
        let mut parts = vec![operation.summary.clone(), operation.description.clone()];
        for argument in self.required() {
            let Some(parameter) = self.parameter(argument) else {
                continue;
            };
            let rules = parameter_rules(parameter.schema);
            let description = [docs::first_line(&parameter.description), rules].join(" ");
            if !description.trim().is_empty() {
                parts.push(format!(
                    "`{}`: {}",
                    self.field(argument),
                    description.trim()
                ));
            }
        }
        if operation.outcome.is_none() && !operation.success_description.is_empty() {
            parts.push(format!("Answer: {}", operation.success_description));
        }
        parts.push(docs::facts(operation));
        parts.push(self.example());
        parts.retain(|part| !part.trim().is_empty());
        parts.join("\n\n")
    }

    /// An example that compiles: required values are arguments of a hidden function.
    fn example(&self) -> String {
        let krate = self.context.crate_name.replace('-', "_");
        let mut hidden = vec![format!("client: {krate}::Client")];
        let mut lines = Vec::new();
        let mut passed = Vec::new();
        for argument in self.required() {
            let name = argument.ident.clone();
            match self.construction(argument) {
                Some((construction, needs)) => {
                    hidden.extend(needs);
                    lines.push(format!("let {name} = {construction};"));
                }
                None => hidden.push(format!("{name}: {}", self.example_type(&argument.ty))),
            }
            passed.push(name);
        }
        let groups = self
            .group
            .iter()
            .map(|g| format!(".{}()", names::snake_name(g)))
            .collect::<String>();
        let call = format!("client{groups}.{}({})", self.method, passed.join(", "));
        if self.operation.paging.is_some() {
            lines.push(format!("let mut items = {call}.stream();"));
            lines.push(
                "while let Some(item) = items.try_next().await? {\n    println!(\"{item:?}\");\n}"
                    .to_owned(),
            );
        } else if self.operation.outcome.is_some() {
            lines.push(format!(
                "for failure in {call}.await?.failures() {{\n    println!(\"{{failure:?}}\");\n}}"
            ));
        } else if shapes::last_name(&self.raw.output).is_none() {
            lines.push(format!("{call}.await?;"));
        } else {
            lines.push(format!(
                "let answer = {call}.await?;\nprintln!(\"{{answer:?}}\");"
            ));
        }
        let allow = if self.operation.deprecated {
            "# #[allow(deprecated)]\n"
        } else {
            ""
        };
        format!(
            "```no_run\n{allow}# async fn example({}) -> Result<(), {krate}::Error> {{\n{}\n# Ok(())\n# }}\n```",
            hidden.join(", "),
            lines.join("\n")
        )
    }

    /// How the example makes a body: with its constructor, whose own arguments are given to the example.
    fn construction(&self, argument: &Argument) -> Option<(String, Vec<String>)> {
        let name = shapes::last_name(&argument.ty).filter(|_| self.is_body(argument))?;
        let variant = self
            .context
            .model
            .schemas
            .get(&name)
            .and_then(|schema| reference(&schema["oneOf"][0]));
        let name = variant.unwrap_or(name);
        let fields = self.context.types.structs.get(&name)?;
        let required: Vec<_> = fields.iter().filter(|field| !field.optional).collect();
        let krate = self.context.crate_name.replace('-', "_");
        let arguments = required
            .iter()
            .map(|field| field.ident.clone())
            .collect::<Vec<_>>()
            .join(", ");
        // A body field may be called like a parameter of the path; both would be arguments of the same function.
        let clash = |field: &&&shapes::Field| {
            self.required().any(|a| a.ident == field.ident) || field.ident == "client"
        };
        if required.iter().any(|field| clash(&field)) {
            return None;
        }
        let needs = required
            .iter()
            .map(|field| format!("{}: {}", field.ident, self.example_type(&field.ty)))
            .collect();
        Some((format!("{krate}::types::{name}::new({arguments})"), needs))
    }

    /// A type as an example outside of the crate writes it.
    fn example_type(&self, ty: &Type) -> String {
        paths::text_of(&paths::seen_from(
            View::Outside(self.context.crate_name),
            ty,
            self.context.model,
        ))
    }
}

/// The type of the items of a page.
fn page_item(page: &Type, items: &str, context: &Context<'_>) -> Option<Type> {
    let fields = context.types.structs.get(&shapes::last_name(page)?)?;
    let items = fields.iter().find(|field| field.wire == items)?;
    Some(paths::seen_from(
        View::Beside,
        shapes::generic("Vec", &items.ty)?,
        context.model,
    ))
}

/// The rules and the default of a parameter in words.
fn parameter_rules(schema: &Value) -> String {
    let rules = schema
        .get("x-constraints")
        .map(docs::rules)
        .filter(|rules| !rules.is_empty());
    let default = schema.get("x-default").map(|value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    });
    let rules = rules.map(|rules| format!("Rules: {rules}."));
    let default = default.map(|default| format!("Default, where it is left out: `{default}`."));
    [rules, default]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ")
}
