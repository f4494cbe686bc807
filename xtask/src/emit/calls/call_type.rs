//! The type of the calls of an operation: the method that creates it, its setters, the checks of the request, and sending.

use std::collections::BTreeMap;

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::Type;

use crate::emit::calls::page_parameters::{OFFSET, PAGE_SIZE};
use crate::emit::model::{Model, OperationModel, OperationParameter, ResponseEncoding};
use crate::emit::read_back::{RequestArgument, RequestMethod};
use crate::emit::resources::resource_name;
use crate::emit::type_syntax::{self, NamedIn, named_in};
use crate::emit::types::alternative_enums;
use crate::emit::types::argument_types::{argument_type, converted, field_value};
use crate::emit::types::constructors::{RequiredField, RequiredStruct, RequiredType};
use crate::emit::types::{TypeIndex, request_checks};
use crate::emit::{doc_text, names};
use crate::problem::Problem;

/// The methods that every call has. A setter of the same name gets an underscore.
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

/// The names that the code of resources uses without a path. Calls and resources cannot have these names.
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

/// What the calls of all operations share.
pub(crate) struct CallContext<'c> {
    pub(crate) model: &'c Model<'c>,
    pub(crate) types: &'c TypeIndex,
    /// progenitor's methods by name.
    pub(crate) request_methods: &'c BTreeMap<String, RequestMethod>,
    pub(crate) crate_name: &'c str,
}

/// The call of an operation.
pub(crate) struct Call<'c> {
    pub(crate) operation: &'c OperationModel<'c>,
    /// The name of the method of the resource.
    pub(crate) method: &'c str,
    pub(crate) group: &'c [String],
    pub(crate) context: &'c CallContext<'c>,
    /// progenitor's method, which builds the request.
    pub(crate) request: &'c RequestMethod,
    /// The name of the type.
    pub(crate) ident: Ident,
}

impl<'c> Call<'c> {
    pub(crate) fn new(
        operation: &'c OperationModel<'c>,
        method: &'c str,
        group: &'c [String],
        context: &'c CallContext<'c>,
    ) -> Result<Self, Problem> {
        let methods = context.request_methods;
        let request = methods.get(&operation.request_method).ok_or_else(|| {
            let found: Vec<&str> = methods.keys().map(String::as_str).collect();
            Problem::at(
                operation.pointer.clone(),
                "progenitor generated no method for this operation",
            )
            .expected(operation.request_method.as_str())
            .found(found.join(", "))
        })?;
        let name = operation.call.clone();
        // The resource is in the same module.
        let is_taken = name == resource_name(group) || RESERVED.contains(&name.as_str());
        let ident = names::ident(&if is_taken {
            format!("{name}Call")
        } else {
            name
        });
        Ok(Self {
            operation,
            method,
            group,
            context,
            request,
            ident,
        })
    }

    pub(crate) fn is_body(&self, argument: &RequestArgument) -> bool {
        argument.ident == "body" && self.parameter(argument).is_none()
    }

    pub(crate) fn parameter(&self, argument: &RequestArgument) -> Option<&OperationParameter<'_>> {
        self.operation
            .parameters
            .iter()
            .find(|parameter| names::snake_name(&parameter.name) == argument.ident)
    }

    /// The arguments of progenitor's method that callers set.
    fn arguments(&self) -> impl Iterator<Item = &RequestArgument> {
        self.request
            .arguments
            .iter()
            .filter(|argument| !self.is_empty_body(argument))
    }

    fn is_empty_body(&self, argument: &RequestArgument) -> bool {
        self.operation.has_empty_body && self.is_body(argument)
    }

    pub(crate) fn required(&self) -> impl Iterator<Item = &RequestArgument> {
        self.arguments().filter(|argument| !argument.optional)
    }

    pub(crate) fn optional(&self) -> impl Iterator<Item = &RequestArgument> {
        self.arguments().filter(|argument| argument.optional)
    }

    /// The name of the field and setter of a parameter.
    pub(crate) fn field(&self, argument: &RequestArgument) -> Ident {
        format_ident!(
            "{}",
            names::unlike(
                argument.ident.clone(),
                &["client", "options", OFFSET, PAGE_SIZE]
            )
        )
    }

    /// The type of a value.
    pub(crate) fn owned_type(&self, argument: &RequestArgument) -> Type {
        named_in(NamedIn::Resource, &argument.ty, self.context.model)
    }

    /// The type of the field that holds a value, without its `Option`.
    fn field_type(&self, argument: &RequestArgument) -> TokenStream {
        let ty = self.owned_type(argument);
        match self.is_text(argument) {
            true => quote!(auth0_core::Parameter<#ty>),
            false => quote!(#ty),
        }
    }

    /// Whether a value is a string or a UUID, or a list of them: `auth0_core::Parameter` accepts these in several forms.
    pub(crate) fn is_text(&self, argument: &RequestArgument) -> bool {
        let is_text_type = |ty: &Type| {
            let is_uuid = |ty: &Type| type_syntax::is_named("Uuid", ty);
            type_syntax::is_named("String", ty)
                || type_syntax::generic("Open", ty).is_some_and(is_uuid)
        };
        argument.by_reference
            && is_text_type(type_syntax::generic("Vec", &argument.ty).unwrap_or(&argument.ty))
            && self.parameter(argument).is_some()
    }

    /// The type of the field for a value in the struct of required parameters.
    fn required_type(&self, argument: &RequestArgument) -> RequiredType {
        let ty = self.owned_type(argument);
        match (self.is_text(argument), type_syntax::generic("Vec", &ty)) {
            (false, _) => RequiredType::of(&ty, self.context.model),
            (true, None) => RequiredType::Bound(quote!(Into<auth0_core::Parameter<#ty>>)),
            (true, Some(item)) => {
                RequiredType::Bound(quote!(IntoIterator<Item: Into<auth0_core::Parameter<#item>>>))
            }
        }
    }

    /// The type of the argument of a method.
    pub(crate) fn argument_type(&self, argument: &RequestArgument) -> TokenStream {
        let ty = self.owned_type(argument);
        match (self.is_text(argument), type_syntax::generic("Vec", &ty)) {
            (false, _) => argument_type(&ty, self.context.model),
            (true, None) => quote!(impl Into<auth0_core::Parameter<#ty>>),
            (true, Some(item)) => {
                quote!(impl IntoIterator<Item = impl Into<auth0_core::Parameter<#item>>>)
            }
        }
    }

    /// The conversion of `value`, which has such a type, to the type of the field.
    fn converted(&self, value: TokenStream, argument: &RequestArgument) -> TokenStream {
        match (
            self.is_text(argument),
            type_syntax::generic("Vec", &argument.ty),
        ) {
            (false, _) => converted(value, &argument.ty, self.context.model),
            (true, None) => quote!(#value.into()),
            (true, Some(_)) => quote!(#value.into_iter().collect()),
        }
    }

    /// The required query and header parameters that are passed in a struct. A single one is a positional argument, unless it
    /// could be swapped with a path parameter or with a body that is a string or bytes.
    pub(crate) fn named(&self) -> Vec<&RequestArgument> {
        let is_in_path = |argument: &RequestArgument| {
            self.parameter(argument)
                .is_some_and(|parameter| parameter.location == "path")
        };
        let is_body = |argument: &&RequestArgument| self.is_body(argument);
        let others: Vec<&RequestArgument> = self
            .required()
            .filter(|argument| !is_in_path(argument) && !self.is_body(argument))
            .collect();
        let body = self.required().find(is_body);
        let is_object = |body: &RequestArgument| {
            type_syntax::last_name(&body.ty).is_some_and(|name| {
                self.context.types.structs.contains_key(&name) || self.context.model.is_union(&name)
            })
        };
        let could_be_swapped = others.len() > 1 || self.required().any(is_in_path);
        if could_be_swapped || body.is_some_and(|body| !is_object(body)) {
            others
        } else {
            Vec::new()
        }
    }

    /// The struct of required parameters, if there is one.
    fn required_struct(&self) -> Option<RequiredStruct> {
        let named = self.named();
        let fields = named.iter().map(|argument| RequiredField {
            ident: self.field(argument),
            ty: self.required_type(argument),
            doc: self
                .parameter(argument)
                .map_or_else(String::new, |parameter| {
                    match doc_text::first_line(&parameter.description) {
                        line if line.is_empty() => format!("The value of `{}`.", parameter.wire),
                        line => line,
                    }
                }),
        });
        let fields: Vec<_> = fields.collect();
        (!fields.is_empty())
            .then(|| RequiredStruct::new(&self.required_struct_name(), &self.ident, fields))
    }

    /// The name of that struct. No call in the module has it.
    pub(crate) fn required_struct_name(&self) -> String {
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

    /// The type of the value of a successful call.
    pub(crate) fn output(&self) -> TokenStream {
        let output = named_in(NamedIn::Resource, &self.request.output, self.context.model);
        match self.operation.response_media.encoding {
            ResponseEncoding::Events => return quote!(auth0_core::EventStream<#output>),
            ResponseEncoding::Lines => return quote!(auth0_core::JsonLines<#output>),
            _ => {}
        }
        match (
            &self.operation.bulk_outcome,
            type_syntax::generic("Option", &output),
        ) {
            (Some(_), Some(report)) => quote!(auth0_core::Outcome<#report>),
            _ => quote!(#output),
        }
    }

    /// The statements that send the request and read the response, by a method of `auth0_core::codegen::RawResponse`.
    fn receive(&self) -> TokenStream {
        let output = &self.request.output;
        let media = &self.operation.response_media;
        let is_text = type_syntax::is_named("String", output);
        let is_stream = match media.encoding {
            ResponseEncoding::Events | ResponseEncoding::Lines => true,
            ResponseEncoding::Alternatives => alternative_enums::is_stream(&media.alternatives),
            _ => false,
        };
        let streaming = is_stream.then(|| quote!(.streaming()));
        let received = quote!(call #streaming.receive(request).await?);
        let method = match media.encoding {
            ResponseEncoding::Alternatives => {
                let ty = self.output();
                let fields = media
                    .component
                    .as_deref()
                    .and_then(|name| self.context.types.structs.get(name));
                let events = media
                    .alternatives
                    .iter()
                    .find(|row| row.encoding == "events");
                let field =
                    events.and_then(|row| fields?.iter().find(|field| field.wire == row.property));
                let text_events = field.is_some_and(|field| alternative_enums::is_text(&field.ty));
                return alternative_enums::read(&ty, &received, &media.alternatives, text_events);
            }
            ResponseEncoding::Events if is_text => quote!(text_events),
            ResponseEncoding::Events => quote!(events),
            ResponseEncoding::Lines => quote!(lines),
            ResponseEncoding::Text => quote!(text),
            ResponseEncoding::Default if self.operation.bulk_outcome.is_some() => quote!(outcome),
            ResponseEncoding::Default if matches!(output, Type::Tuple(unit) if unit.elems.is_empty()) =>
            {
                quote!(empty)
            }
            ResponseEncoding::Default if type_syntax::is_named("ByteStream", output) => {
                quote!(bytes)
            }
            ResponseEncoding::Default => quote!(json),
        };
        quote!(#received.#method())
    }

    /// The method of the resource.
    pub(crate) fn method(&self) -> Result<TokenStream, Problem> {
        let (method, ident) = (names::ident(self.method), &self.ident);
        let required_struct = self.required_struct();
        let is_named = |argument: &RequestArgument| {
            let mut named = self.named().into_iter();
            named.any(|named| named.ident == argument.ident)
        };
        // A path parameter may have the same name.
        let taken: Vec<String> = self.required().map(|a| self.field(a).to_string()).collect();
        let taken: Vec<&str> = taken.iter().map(String::as_str).collect();
        let group = format_ident!("{}", names::unlike("required".to_owned(), &taken));
        let model = self.context.model;
        let bounds = required_struct
            .as_ref()
            .map(|required| required.bounds(model));
        let required = required_struct.as_ref().map(|required| {
            let ty = required.ty(model);
            quote!(#group: #ty)
        });
        let positional = |body: bool| {
            self.required()
                .filter(move |argument| self.is_body(argument) == body && !is_named(argument))
                .map(|argument| {
                    let (name, ty) = (self.field(argument), self.argument_type(argument));
                    quote!(#name: #ty)
                })
        };
        // Path parameters, the other parameters, the body.
        let parameters = positional(false).chain(required).chain(positional(true));
        let values = self.arguments().map(|argument| {
            let name = self.field(argument);
            let value = if argument.optional {
                quote!(None)
            } else if is_named(argument) {
                self.converted(quote!(#group.#name), argument)
            } else {
                self.converted(quote!(#name), argument)
            };
            field_value(&name, &value)
        });
        let doc = doc_text::doc(&self.documentation());
        let deprecated = self.operation.is_deprecated.then(|| quote!(#[deprecated]));
        let paging_fields = self.paging_fields()?;
        let paging_fields = paging_fields.iter().map(|(name, _)| quote!(#name: None,));
        Ok(quote! {
            #doc
            #deprecated
            pub fn #method #bounds (&self, #(#parameters),*) -> #ident {
                #ident {
                    client: self.client.clone(),
                    options: Default::default(),
                    #(#paging_fields)*
                    #(#values),*
                }
            }
        })
    }

    /// The type with its setters and methods.
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
        let paging_fields = self.paging_fields()?;
        let paging_fields = paging_fields
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
        let request_method = names::ident(&self.operation.request_method);
        let arguments = self
            .request
            .arguments
            .iter()
            .map(|argument| self.request_argument(argument));
        let receive = self.receive();
        let paging = self.paging()?;
        let doc = format!(
            " A call of [`{}::{}`]. Await it for the value, or use [`send`](Self::send) for status and headers as well.",
            resource_name(self.group),
            self.method
        );
        let required_struct = self.required_struct().map(|required| {
            let doc = format!(
                "The required query and header parameters of [`{}`].",
                self.ident
            );
            required.definition(&doc, self.context.model)
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
            #required_struct

            #[doc = #doc]
            #[derive(Clone, Debug)]
            #[must_use = "a call does nothing until it is awaited or sent"]
            pub struct #ident {
                client: crate::Client,
                options: auth0_core::codegen::CallOptions,
                #(#paging_fields)*
                #(#fields),*
            }

            auth0_core::codegen::call_settings!(#ident);

            impl #ident {
                #(#setters)*

                /// Sends the call and returns the value with status and headers.
                pub async fn send(#receiver) -> Result<auth0_core::Response<#output>, auth0_core::Error> {
                    #settle
                    let call = self.client.call(&crate::operations::#constant, self.options);
                    #check
                    let request = self.client.requests().#request_method(#(#arguments),*);
                    #receive
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

    fn setter(&self, argument: &RequestArgument) -> TokenStream {
        let field = self.field(argument);
        let is_page_size = self.is_page_size(argument);
        // If the document uses this name, this is the setter of the page size.
        let method = match is_page_size && argument.ident == PAGE_SIZE {
            true => argument.ident.clone(),
            false => names::unlike(argument.ident.clone(), &CALL_METHODS),
        };
        let method = format_ident!("{method}");
        let ty = self.argument_type(argument);
        let value = self.converted(quote!(#field), argument);
        let (mut text, rules) =
            self.parameter(argument)
                .map_or_else(Default::default, |parameter| {
                    let description = parameter.description.trim();
                    let described = if description.is_empty() {
                        format!("Sets `{}`.", parameter.wire)
                    } else {
                        description.to_owned()
                    };
                    (described, doc_text::parameter_rules(parameter))
                });
        if is_page_size {
            text.push_str(
                "\n\nThis is the page size, also of streams; see [`page_size`](Self::page_size).",
            );
        }
        if !rules.is_empty() {
            text = format!("{text}\n\n{rules}");
        }
        let doc = doc_text::doc(&text);
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
                if type_syntax::mentions(&argument.ty, &self.context.types.checked) {
                    statements.extend(quote! {
                        auth0_core::codegen::Check::check(&self.#field, &auth0_core::codegen::Rules::NONE, &mut check);
                    });
                }
                continue;
            }
            let Some(parameter) = self.parameter(argument) else {
                continue;
            };
            let name = &parameter.wire;
            if parameter.location == "path" {
                // The builder of the request checks what other values are written as.
                let is_union = type_syntax::last_name(&argument.ty)
                    .is_some_and(|name| self.context.model.is_union(&name));
                let is_scalar = !parameter.is_compound && !parameter.is_json && !is_union;
                let text = if type_syntax::is_named("String", &argument.ty) {
                    quote!(&self.#field)
                } else {
                    quote!(&self.#field.to_string())
                };
                if is_scalar {
                    statements.extend(quote!(check.path_segment(#name, #text);));
                }
            }
            let rules = parameter.constraints.map(request_checks::rules);
            // That the text is valid for the type is a rule as well.
            let none = || quote!(&auth0_core::codegen::Rules::NONE);
            if let Some(rules) = rules.or_else(|| self.is_text(argument).then(none)) {
                statements.extend(quote!(check.field(#name, &self.#field, #rules);));
            }
        }
        let any = !statements.is_empty();
        (statements, any)
    }

    /// The argument of progenitor's method for a field.
    fn request_argument(&self, argument: &RequestArgument) -> TokenStream {
        if self.is_empty_body(argument) {
            return match argument.optional {
                true => quote!(None),
                false => quote!(&Default::default()),
            };
        }
        let field = self.field(argument);
        let is_string = type_syntax::is_named("String", &argument.ty);
        if argument.optional && self.is_text(argument) {
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
