//! The builders of requests: a method per operation that writes its parameters and its body. Their arguments have the types that progenitor
//! chose.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Type;

use crate::emit::file_layout::{self, SourceFiles};
use crate::emit::model::{BodyEncoding, Model, OperationModel, OperationParameter, RequestMedia};
use crate::emit::read_back::{RequestArgument, RequestMethod, StructField};
use crate::emit::types::TypeIndex;
use crate::emit::{doc_text, names, type_syntax};
use crate::problem::Problem;

/// `requests.rs` and the modules below it.
pub(crate) fn emit(
    model: &Model<'_>,
    methods: &BTreeMap<String, RequestMethod>,
    types: &TypeIndex,
) -> Result<SourceFiles, Problem> {
    let mut parts: BTreeMap<String, Vec<TokenStream>> = BTreeMap::new();
    for operation in model.client_operations() {
        let Some(method) = methods.get(&operation.request_method) else {
            continue;
        };
        let part = file_layout::module_of(operation);
        let request = Request {
            operation,
            method,
            types,
            model,
        };
        parts.entry(part).or_default().push(request.emit());
    }
    let modules = parts.keys().map(|part| names::ident(part));
    let has_servers = !model.servers.is_empty();
    let field = has_servers.then(|| quote!(servers: Vec<String>,));
    // Every operation may have a server of its own.
    let unused = has_servers.then(|| quote!(#[allow(dead_code)]));
    let argument = has_servers.then(|| quote!(servers: Vec<String>));
    let value = has_servers.then(|| quote!(servers,));
    let parent = quote! {
        //! The builders of requests. The calls of the resources send the requests.

        #(mod #modules;)*

        /// Builds the requests.
        pub struct Client {
            #unused
            base_url: String,
            #field
        }

        impl Client {
            /// Creates a builder of requests to `base_url`.
            pub fn new(base_url: &str, #argument) -> Self {
                Self { base_url: base_url.to_owned(), #value }
            }
        }
    };
    let mut files = SourceFiles::new();
    let path = "src/requests.rs".to_owned();
    files.insert(path.clone(), crate::emit::parsed(parent, &path)?);
    for (part, methods) in parts {
        let doc = format!(" Requests of `{part}`.");
        let text = quote!(#(#methods)*);
        let import = |name: &str, uses: &str| {
            let name = format_ident!("{name}");
            text.to_string().contains(uses).then(|| quote!(#name,))
        };
        let imports = [
            import("FormRule", "FormRule ::"),
            import("Json", "& Json ("),
            import("Multipart", "Multipart ::"),
        ];
        let style = import("Style", "Style ::");
        let types = text
            .to_string()
            .replace("crate :: types ::", "")
            .contains("types ::")
            .then(|| {
                quote!(
                    use crate::types;
                )
            });
        let file = quote! {
            #![doc = #doc]

            use auth0_core::codegen::{#(#imports)* PreparedRequest, RequestBuilder, RequestError, #style};
            use auth0_core::http::Method;

            use super::Client;
            #types

            impl Client {
                #text
            }
        };
        let path = format!("src/requests/{part}.rs");
        files.insert(path.clone(), crate::emit::parsed(file, &path)?);
    }
    Ok(files)
}

/// The request of one operation.
struct Request<'r> {
    operation: &'r OperationModel<'r>,
    method: &'r RequestMethod,
    types: &'r TypeIndex,
    model: &'r Model<'r>,
}

impl Request<'_> {
    fn emit(&self) -> TokenStream {
        let operation = self.operation;
        let name = names::ident(&operation.request_method);
        let arguments = self.method.arguments.iter().map(|argument| {
            let (ident, ty) = (format_ident!("{}", argument.ident), &argument.ty);
            let ty = match argument.by_reference {
                true if type_syntax::is_named("String", ty) => quote!(&str),
                true => quote!(&#ty),
                false => quote!(#ty),
            };
            match argument.optional {
                true => quote!(#ident: Option<#ty>),
                false => quote!(#ident: #ty),
            }
        });
        let request = self.local("request");
        let method = names::ident(&operation.method.to_uppercase());
        let statements = self
            .path(&request)
            .into_iter()
            .chain(self.parameters(&request))
            .chain(self.accept(&request))
            .chain(self.body(&request));
        let doc = doc_text::doc(&format!(
            "`{} {}`",
            operation.method.to_uppercase(),
            operation.path
        ));
        let server = self
            .model
            .servers
            .iter()
            .position(|server| Some(&server.url) == operation.server.as_ref());
        let base = match server {
            Some(index) => {
                let index = proc_macro2::Literal::usize_unsuffixed(index);
                quote!(&self.servers[#index])
            }
            None => quote!(&self.base_url),
        };
        let many =
            (self.method.arguments.len() > 6).then(|| quote!(#[allow(clippy::too_many_arguments)]));
        quote! {
            #doc
            #[inline]
            #many
            pub fn #name(&self, #(#arguments),*) -> Result<PreparedRequest, RequestError> {
                let mut #request = RequestBuilder::new(Method::#method, #base);
                #(#statements)*
                #request.build()
            }
        }
    }

    /// A variable that is no argument.
    fn local(&self, name: &str) -> proc_macro2::Ident {
        let taken: Vec<&str> = self
            .method
            .arguments
            .iter()
            .map(|argument| argument.ident.as_str())
            .collect();
        format_ident!("{}", names::unlike(name.to_owned(), &taken))
    }

    fn argument(&self, parameter: &OperationParameter<'_>) -> Option<&RequestArgument> {
        let ident = names::snake_name(&parameter.name);
        let mut arguments = self.method.arguments.iter();
        arguments.find(|argument| argument.ident == ident)
    }

    /// A reference to the value of a parameter.
    fn value(&self, parameter: &OperationParameter<'_>) -> Option<TokenStream> {
        let argument = self.argument(parameter)?;
        let ident = format_ident!("{}", argument.ident);
        let reference = match argument.by_reference && !argument.optional {
            true => quote!(#ident),
            false => quote!(&#ident),
        };
        Some(match parameter.is_json {
            true => quote!(&Json(#reference)),
            false => reference,
        })
    }

    /// The statements that write the path.
    fn path(&self, request: &proc_macro2::Ident) -> Vec<TokenStream> {
        let literal = |text: &str| (!text.is_empty()).then(|| quote!(#request.path(#text);));
        let mut statements = Vec::new();
        let mut rest = self.operation.path.as_str();
        while let Some((before, (name, after))) = rest
            .split_once('{')
            .and_then(|(before, after)| Some((before, after.split_once('}')?)))
        {
            statements.extend(literal(before));
            let mut parameters = self.operation.parameters.iter();
            let parameter =
                parameters.find(|parameter| parameter.location == "path" && parameter.wire == name);
            statements.extend(parameter.and_then(|parameter| {
                let (value, style) = (self.value(parameter)?, style(parameter));
                Some(quote!(#request.path_value(#name, #value, #style);))
            }));
            rest = after;
        }
        statements.extend(literal(rest));
        statements
    }

    /// The statements that write the parameters outside of the path.
    fn parameters(&self, request: &proc_macro2::Ident) -> Vec<TokenStream> {
        let parameters = self.operation.parameters.iter();
        let statements = parameters.filter_map(|parameter| {
            let place = match parameter.location.as_str() {
                "query" => quote!(query),
                "header" => quote!(header),
                "cookie" => quote!(cookie),
                _ => return None,
            };
            let (name, value) = (&parameter.wire, self.value(parameter)?);
            let style = style(parameter);
            Some(quote!(#request.#place(#name, #value, #style);))
        });
        statements.collect()
    }

    fn accept(&self, request: &proc_macro2::Ident) -> Option<TokenStream> {
        let accept = self.operation.response_media.accept.as_ref()?;
        Some(quote!(#request.accept(#accept);))
    }

    fn body(&self, request: &proc_macro2::Ident) -> Option<TokenStream> {
        self.operation.body.as_ref()?;
        let argument = self.method.arguments.iter().find(|argument| {
            argument.ident == "body"
                && !self
                    .operation
                    .parameters
                    .iter()
                    .any(|parameter| names::snake_name(&parameter.name) == "body")
        })?;
        let body = match argument.by_reference {
            true => quote!(body),
            false => quote!(&body),
        };
        let media = &self.operation.request_media;
        let statements = match media.encoding {
            BodyEncoding::Alternatives => self.chosen_body(request, &argument.ty, &body),
            _ => self.sent_body(request, media, &argument.ty, &body),
        };
        Some(match argument.optional {
            true => quote!(if let Some(body) = body { #statements }),
            false => statements,
        })
    }

    /// The statement that sets the body that the caller chose.
    fn chosen_body(
        &self,
        request: &proc_macro2::Ident,
        ty: &Type,
        body: &TokenStream,
    ) -> TokenStream {
        let fields = self.fields(ty).unwrap_or_default();
        let alternatives = self.operation.request_media.alternatives.iter();
        let arms = alternatives.filter_map(|alternative| {
            let mut fields = fields.iter();
            let field = fields.find(|field| field.wire == alternative.property)?;
            let variant = names::ident(&alternative.variant);
            let sent = self.sent_body(request, &alternative.media, &field.ty, &quote!(body));
            Some(quote!(#ty::#variant(body) => { #sent }))
        });
        quote!(match #body { #(#arms)* })
    }

    /// The statements that set a body of one media type; `body` is a reference to a value of `ty`.
    fn sent_body(
        &self,
        request: &proc_macro2::Ident,
        media: &RequestMedia,
        ty: &Type,
        body: &TokenStream,
    ) -> TokenStream {
        let media_type = &media.media_type;
        match media.encoding {
            BodyEncoding::Text => quote!(#request.bytes(#media_type, body.to_owned());),
            BodyEncoding::Upload => quote!(#request.upload(#media_type, body.clone());),
            BodyEncoding::Form => {
                let rules = media.parts.iter().map(|part| {
                    let name = &part.name;
                    let rule = match &part.style {
                        Some(style) => {
                            let style = style_of(style);
                            quote!(FormRule::Style(#style))
                        }
                        None => quote!(FormRule::Json),
                    };
                    quote!((#name, #rule))
                });
                quote!(#request.form(#media_type, #body, &[#(#rules),*]);)
            }
            BodyEncoding::Multipart => self.multipart(request, media, ty),
            BodyEncoding::Json | BodyEncoding::Alternatives => {
                quote!(#request.json(#media_type, #body);)
            }
        }
    }

    /// The fields of a type, if it is a struct.
    fn fields(&self, ty: &Type) -> Option<&[StructField]> {
        let fields = self.types.structs.get(&type_syntax::last_name(ty)?)?;
        Some(fields)
    }

    /// The statements that add a part for each property of the body.
    fn multipart(
        &self,
        request: &proc_macro2::Ident,
        media: &RequestMedia,
        ty: &Type,
    ) -> TokenStream {
        let parts = self.local("parts");
        // A map has no fields.
        let map = self
            .fields(ty)
            .is_none()
            .then(|| match type_syntax::is_upload(ty) {
                true => quote!(#parts.named_files(body);),
                false => quote!(#parts.members(body);),
            });
        let fields = self.fields(ty).unwrap_or_default();
        let statements = fields.iter().map(|field| {
            let (ident, wire) = (format_ident!("{}", field.ident), &field.wire);
            if field.is_additional() || field.is_flattened {
                return quote!(#parts.members(&body.#ident););
            }
            let declared = media.parts.iter().find(|part| part.name == *wire);
            let media_type = match declared.and_then(|part| part.media_type.as_ref()) {
                Some(media_type) => quote!(Some(#media_type)),
                None => quote!(None),
            };
            match type_syntax::is_upload(&field.ty) {
                true => quote!(#parts.files(#wire, &body.#ident, #media_type);),
                false => quote!(#parts.value(#wire, &body.#ident, #media_type);),
            }
        });
        let headers = media.parts.iter().filter(|part| !part.headers.is_empty());
        let headers = headers.map(|part| {
            let values = part
                .headers
                .iter()
                .map(|(name, value)| quote!((#name, #value)));
            let name = &part.name;
            quote!(#parts.headers(#name, &[#(#values),*]);)
        });
        quote! {
            let mut #parts = Multipart::new();
            #map
            #(#statements)*
            #(#headers)*
            #request.multipart(#parts);
        }
    }
}

fn style(parameter: &OperationParameter<'_>) -> TokenStream {
    style_of(&parameter.style)
}

fn style_of(style: &crate::emit::model::ParameterStyle) -> TokenStream {
    let constant = format_ident!("{}", style.constant());
    let explode = style.explode.map(|explode| quote!(.explode(#explode)));
    let reserved = style.allows_reserved.then(|| quote!(.allow_reserved()));
    quote!(Style::#constant #explode #reserved)
}
