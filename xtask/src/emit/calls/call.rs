//! One call of a generated crate: the method that makes it, its setters, its checks and the ways to send it.

use std::collections::BTreeMap;

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::Type;

use crate::emit::calls::page_parameters::{OFFSET, PAGE_SIZE};
use crate::emit::docs;
use crate::emit::model::{Model, Operation, Parameter};
use crate::emit::names;
use crate::emit::operations::paths::{self, View};
use crate::emit::operations::resources::resource_name;
use crate::emit::types::checks;
use crate::emit::types::constructors::{self, Arguments, Kind};
use crate::emit::types::items::{self, Types};
use crate::emit::types::shapes::{self, Argument, Method};
use crate::extensions;
use crate::problem::Problem;

/// The methods that every call has: a setter for a parameter of the same name gets an underscore.
const CALL_METHODS: [&str; 11] = [
    "send",
    "page_size",
    "resume",
    "stream",
    "pages",
    "timeout",
    "call_timeout",
    "retry",
    "header",
    "into_future",
    "fetch",
];

/// The names that the code of a resource uses without a path: neither a call nor a resource may be called like one of
/// them.
pub(crate) const RESERVED: [&str; 11] = [
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

/// What is known of the whole crate while one operation is emitted.
pub(crate) struct Context<'c> {
    pub(crate) model: &'c Model<'c>,
    pub(crate) types: &'c Types,
    pub(crate) methods: &'c BTreeMap<String, Method>,
    pub(crate) crate_name: &'c str,
}

/// One operation with all that is needed to emit it.
pub(crate) struct Call<'c> {
    pub(crate) operation: &'c Operation<'c>,
    pub(crate) method: &'c str,
    pub(crate) group: &'c [String],
    pub(crate) context: &'c Context<'c>,
    /// The method of progenitor's client.
    pub(crate) raw: &'c Method,
    pub(crate) ident: Ident,
}

impl<'c> Call<'c> {
    pub(crate) fn new(
        operation: &'c Operation<'c>,
        method: &'c str,
        group: &'c [String],
        context: &'c Context<'c>,
    ) -> Result<Self, Problem> {
        let raw = context
            .methods
            .get(&names::call_name(&operation.id))
            .ok_or_else(|| {
                Problem::at(
                    operation.pointer.clone(),
                    "progenitor made no method for this operation",
                )
                .expected(names::call_name(&operation.id))
                .found(
                    context
                        .methods
                        .keys()
                        .cloned()
                        .collect::<Vec<_>>()
                        .join(", "),
                )
            })?;
        let name = operation.call.clone();
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

    pub(crate) fn is_body(&self, argument: &Argument) -> bool {
        argument.ident == "body" && self.parameter(argument).is_none()
    }

    pub(crate) fn parameter(&self, argument: &Argument) -> Option<&Parameter<'_>> {
        self.operation
            .parameters
            .iter()
            .find(|parameter| names::snake_name(&parameter.argument) == argument.ident)
    }

    /// The arguments of progenitor's method that the caller has a say in.
    fn arguments(&self) -> impl Iterator<Item = &Argument> {
        self.raw
            .arguments
            .iter()
            .filter(|argument| !self.is_empty_body(argument))
    }

    fn is_empty_body(&self, argument: &Argument) -> bool {
        self.operation.empty_body && self.is_body(argument)
    }

    pub(crate) fn required(&self) -> impl Iterator<Item = &Argument> {
        self.arguments().filter(|argument| !argument.optional)
    }

    pub(crate) fn optional(&self) -> impl Iterator<Item = &Argument> {
        self.arguments().filter(|argument| argument.optional)
    }

    /// The name of the field and setter of a parameter.
    pub(crate) fn field(&self, argument: &Argument) -> Ident {
        format_ident!(
            "{}",
            names::unlike(
                argument.ident.clone(),
                &["client", "options", OFFSET, PAGE_SIZE]
            )
        )
    }

    /// The type of a value.
    pub(crate) fn owned_type(&self, argument: &Argument) -> Type {
        paths::seen_from(View::Beside, &argument.ty, self.context.model)
    }

    /// The type of the field that holds a value, without its `Option`.
    fn field_type(&self, argument: &Argument) -> TokenStream {
        let ty = self.owned_type(argument);
        match self.reads_text(argument) {
            true => quote!(auth0_core::Parameter<#ty>),
            false => quote!(#ty),
        }
    }

    /// Whether a value is an id or a text (or a list of them), which is accepted in any form that reads as one
    /// (`auth0_core::Parameter`).
    pub(crate) fn reads_text(&self, argument: &Argument) -> bool {
        let is_text = |ty: &Type| {
            let is_uuid = |ty: &Type| shapes::is_named("Uuid", ty);
            shapes::is_named("String", ty) || shapes::generic("Open", ty).is_some_and(is_uuid)
        };
        argument.by_reference
            && is_text(shapes::generic("Vec", &argument.ty).unwrap_or(&argument.ty))
            && self.parameter(argument).is_some()
    }

    /// What a method accepts for a value.
    fn kind(&self, argument: &Argument) -> Kind {
        let ty = self.owned_type(argument);
        match (self.reads_text(argument), shapes::generic("Vec", &ty)) {
            (false, _) => Kind::of(&ty, self.context.model),
            (true, None) => Kind::Bound(quote!(Into<auth0_core::Parameter<#ty>>)),
            (true, Some(item)) => {
                Kind::Bound(quote!(IntoIterator<Item: Into<auth0_core::Parameter<#item>>>))
            }
        }
    }

    /// The type of the argument of a method.
    pub(crate) fn parameter_type(&self, argument: &Argument) -> TokenStream {
        let ty = self.owned_type(argument);
        match (self.reads_text(argument), shapes::generic("Vec", &ty)) {
            (false, _) => items::parameter_type(&ty, self.context.model),
            (true, None) => quote!(impl Into<auth0_core::Parameter<#ty>>),
            (true, Some(item)) => {
                quote!(impl IntoIterator<Item = impl Into<auth0_core::Parameter<#item>>>)
            }
        }
    }

    /// The value of the field, made of `value`, which is given as such an argument.
    fn given(&self, value: TokenStream, argument: &Argument) -> TokenStream {
        match (
            self.reads_text(argument),
            shapes::generic("Vec", &argument.ty),
        ) {
            (false, _) => items::given(value, &argument.ty, self.context.model),
            (true, None) => quote!(#value.into()),
            (true, Some(_)) => quote!(#value.into_iter().collect()),
        }
    }

    /// The required parameters of the query and of headers that stand in one argument with named fields. One alone is an
    /// argument of its own, unless it could be taken for a parameter of the path, or for a body that is a text or bytes.
    pub(crate) fn named(&self) -> Vec<&Argument> {
        let is_in_path = |argument: &Argument| {
            self.parameter(argument)
                .is_some_and(|parameter| parameter.location == "path")
        };
        let is_body = |argument: &&Argument| self.is_body(argument);
        let others: Vec<&Argument> = self
            .required()
            .filter(|argument| !is_in_path(argument) && !self.is_body(argument))
            .collect();
        let body = self.required().find(is_body);
        let is_object = |body: &Argument| {
            shapes::last_name(&body.ty).is_some_and(|name| {
                self.context.types.structs.contains_key(&name) || self.is_union(&name)
            })
        };
        let is_beside_path = self.required().any(is_in_path);
        let could_be_swapped = others.len() > 1 || is_beside_path;
        if could_be_swapped || body.is_some_and(|body| !is_object(body)) {
            others
        } else {
            Vec::new()
        }
    }

    fn is_union(&self, name: &str) -> bool {
        let schema = self.context.model.schemas.get(name);
        schema.is_some_and(|schema| extensions::UNION.is_set(schema))
    }

    /// The argument with named fields, if there is one.
    fn arguments_struct(&self) -> Option<Arguments> {
        let named = self.named();
        let fields = named.iter().map(|argument| constructors::Argument {
            ident: self.field(argument),
            kind: self.kind(argument),
            doc: self
                .parameter(argument)
                .map_or_else(String::new, |parameter| {
                    match docs::first_line(&parameter.description) {
                        line if line.is_empty() => format!("The value of `{}`.", parameter.name),
                        line => line,
                    }
                }),
        });
        let fields: Vec<_> = fields.collect();
        (!fields.is_empty()).then(|| Arguments::new(&self.arguments_name(), &self.ident, fields))
    }

    /// The name of that argument's type: of several calls in a module none is called like it.
    pub(crate) fn arguments_name(&self) -> String {
        let taken: Vec<String> = self
            .context
            .model
            .operations
            .iter()
            .map(|operation| operation.call.clone())
            .chain([resource_name(self.group)])
            .collect();
        names::numbered(format!("{}Required", self.ident), |name| {
            taken.iter().any(|taken| taken == name)
        })
    }

    /// What a success gives to the caller.
    pub(crate) fn output(&self) -> TokenStream {
        let output = paths::seen_from(View::Beside, &self.raw.output, self.context.model);
        match (&self.operation.outcome, shapes::generic("Option", &output)) {
            (Some(_), Some(report)) => quote!(auth0_core::Outcome<#report>),
            _ => quote!(#output),
        }
    }

    /// What an answer is read as: a method of `auth0_core::codegen::RawResponse`.
    fn read(&self) -> TokenStream {
        let output = &self.raw.output;
        if self.operation.outcome.is_some() {
            quote!(outcome)
        } else if matches!(output, Type::Tuple(unit) if unit.elems.is_empty()) {
            quote!(empty)
        } else if shapes::is_named("ByteStream", output) {
            quote!(bytes)
        } else {
            quote!(json)
        }
    }

    /// The method of the resource.
    pub(crate) fn method(&self) -> Result<TokenStream, Problem> {
        let (method, ident) = (names::ident(self.method), &self.ident);
        let arguments = self.arguments_struct();
        let is_named = |argument: &Argument| {
            let mut named = self.named().into_iter();
            named.any(|named| named.ident == argument.ident)
        };
        // A parameter of the path may have the same name.
        let taken: Vec<String> = self.required().map(|a| self.field(a).to_string()).collect();
        let taken: Vec<&str> = taken.iter().map(String::as_str).collect();
        let group = format_ident!("{}", names::unlike("required".to_owned(), &taken));
        let (bounds, required) = match &arguments {
            Some(arguments) => {
                let ty = arguments.ty(self.context.model);
                (
                    arguments.bounds(self.context.model),
                    Some(quote!(#group: #ty)),
                )
            }
            None => (TokenStream::new(), None),
        };
        let positional = |body: bool| {
            self.required()
                .filter(move |argument| self.is_body(argument) == body && !is_named(argument))
                .map(|argument| {
                    let (name, ty) = (self.field(argument), self.parameter_type(argument));
                    quote!(#name: #ty)
                })
        };
        // Those of the path, then the others, then the body.
        let parameters = positional(false).chain(required).chain(positional(true));
        let values = self.arguments().map(|argument| {
            let name = self.field(argument);
            let value = if argument.optional {
                quote!(None)
            } else if is_named(argument) {
                self.given(quote!(#group.#name), argument)
            } else {
                self.given(quote!(#name), argument)
            };
            items::field_value(&name, &value)
        });
        let doc = docs::doc(&self.documentation());
        let deprecated = self.operation.deprecated.then(|| quote!(#[deprecated]));
        let of_paging = self.paging_fields()?;
        let of_paging = of_paging.iter().map(|(name, _)| quote!(#name: None,));
        Ok(quote! {
            #doc
            #deprecated
            pub fn #method #bounds (&self, #(#parameters),*) -> #ident {
                #ident {
                    client: self.client.clone(),
                    options: Default::default(),
                    #(#of_paging)*
                    #(#values),*
                }
            }
        })
    }

    /// The struct of the call with its setters and ways to send it.
    pub(crate) fn definition(&self) -> Result<TokenStream, Problem> {
        let ident = &self.ident;
        let output = self.output();
        let fields = self.arguments().map(|argument| {
            let (name, ty) = (self.field(argument), self.field_type(argument));
            if argument.optional {
                quote!(#name: Option<#ty>)
            } else {
                quote!(#name: #ty)
            }
        });
        let of_paging = self.paging_fields()?;
        let of_paging = of_paging
            .iter()
            .map(|(name, ty)| quote!(#name: Option<#ty>,));
        let setters = self.optional().map(|argument| self.setter(argument));
        let (checks, mutable) = self.checks();
        let constant = names::ident(&self.operation.constant);
        let settled = self.settle_paging()?;
        let (receiver, settle) = if settled.statements.is_empty() {
            (quote!(self), TokenStream::new())
        } else {
            (quote!(mut self), settled.statements)
        };
        let mutable = mutable || !settled.check.is_empty();
        let checks = [settled.check, checks].into_iter().collect::<TokenStream>();
        let raw_method = names::ident(&names::call_name(&self.operation.id));
        let arguments = self
            .raw
            .arguments
            .iter()
            .map(|argument| self.raw_argument(argument));
        let read = self.read();
        let paging = self.paging()?;
        let doc = format!(
            " The call `{}`: `.await` it for its value, or [`send`](Self::send) it for status and headers as well.",
            self.operation.id
        );
        let arguments_struct = self.arguments_struct().map(|arguments| {
            let doc = format!(
                "The required parameters of [`{}`], other than those of the path.",
                self.ident
            );
            arguments.definition(&doc, self.context.model)
        });
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
            #arguments_struct

            #[doc = #doc]
            #[derive(Clone, Debug)]
            #[must_use = "a call does nothing until it is awaited or sent"]
            pub struct #ident {
                client: crate::Client,
                options: auth0_core::codegen::CallOptions,
                #(#of_paging)*
                #(#fields),*
            }

            auth0_core::codegen::call_settings!(#ident);

            impl #ident {
                #(#setters)*

                /// Sends the call and gives status and headers with the value.
                pub async fn send(#receiver) -> Result<auth0_core::Response<#output>, auth0_core::Error> {
                    #settle
                    let call = self.client.call(&crate::operations::#constant, self.options);
                    #check
                    let request = self.client.requests().#raw_method(#(#arguments),*);
                    call.receive(request).await?.#read()
                }
                #paging
            }

            impl std::future::IntoFuture for #ident {
                type Output = Result<#output, auth0_core::Error>;
                type IntoFuture = auth0_core::BoxFuture<'static, Self::Output>;

                #[inline]
                fn into_future(self) -> Self::IntoFuture {
                    auth0_core::codegen::value_of(self.send())
                }
            }
        }
        .into_iter()
        .chain(self.paged()?)
        .collect())
    }

    fn setter(&self, argument: &Argument) -> TokenStream {
        let field = self.field(argument);
        let is_page_size = self.is_page_size(argument);
        // Where the document calls it so itself, this is the setter of the page size.
        let method = match is_page_size && argument.ident == PAGE_SIZE {
            true => argument.ident.clone(),
            false => names::unlike(argument.ident.clone(), &CALL_METHODS),
        };
        let method = format_ident!("{method}");
        let ty = self.parameter_type(argument);
        let value = self.given(quote!(#field), argument);
        let (mut text, rules) =
            self.parameter(argument)
                .map_or_else(Default::default, |parameter| {
                    let description = parameter.description.trim();
                    let described = if description.is_empty() {
                        format!("Sets `{}`.", parameter.name)
                    } else {
                        description.to_owned()
                    };
                    (described, docs::parameter_rules(parameter.schema))
                });
        if is_page_size {
            text.push_str(
                "\n\nThis is the size of one page, of a stream too: see [`page_size`](Self::page_size).",
            );
        }
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
    pub(crate) fn checks(&self) -> (TokenStream, bool) {
        let mut statements = TokenStream::new();
        for argument in self.arguments() {
            let field = self.field(argument);
            if self.is_body(argument) {
                if checks::mentions(&argument.ty, &self.context.types.checked) {
                    statements.extend(quote! {
                        auth0_core::codegen::Check::check(&self.#field, &auth0_core::codegen::Rules::NONE, &mut check);
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
            let rules = extensions::CONSTRAINTS
                .get(parameter.schema)
                .map(checks::rules);
            // Whether the value reads as one of its type is a rule as well.
            let none = || quote!(&auth0_core::codegen::Rules::NONE);
            if let Some(rules) = rules.or_else(|| self.reads_text(argument).then(none)) {
                statements.extend(quote!(check.field(#name, &self.#field, #rules);));
            }
        }
        let any = !statements.is_empty();
        (statements, any)
    }

    /// The argument of progenitor's method that a field is handed on as.
    fn raw_argument(&self, argument: &Argument) -> TokenStream {
        if self.is_empty_body(argument) {
            return match argument.optional {
                true => quote!(None),
                false => quote!(&Default::default()),
            };
        }
        let field = self.field(argument);
        let is_string = shapes::is_named("String", &argument.ty);
        if argument.optional && self.reads_text(argument) {
            let as_str = is_string.then(|| quote!(.map(String::as_str)));
            return quote!(self.#field.as_deref()#as_str);
        }
        match (argument.optional, argument.by_reference) {
            (true, true) if is_string => quote!(self.#field.as_deref()),
            (true, true) => quote!(self.#field.as_ref()),
            (false, true) => quote!(&self.#field),
            (_, false) => quote!(self.#field),
        }
    }
}
