//! `client.rs` of a generated crate: the client, its builder and the audience.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use crate::emit::Target;
use crate::emit::model::{Model, SETTERS, SchemeKind, SchemeModel, SecurityModel};
use crate::emit::{doc_text, names};
use crate::problem::Problem;
use crate::sources::{ServerVariable, VariableKind};

/// A URL template, split into literals and variables: `["https://", ".teams.auth0.com"]` and `["team"]`.
struct Template {
    literals: Vec<String>,
    variables: Vec<String>,
}

impl Template {
    fn parse(text: &str) -> Result<Self, Problem> {
        let invalid = || {
            Problem::at("", "a URL template has an unmatched brace")
                .expected("variables as {name}")
                .found(text)
                .help("correct it in openapi/sources.toml")
        };
        let (mut literals, mut variables) = (Vec::new(), Vec::new());
        let mut rest = text;
        while let Some((literal, after)) = rest.split_once('{') {
            let (variable, after) = after.split_once('}').ok_or_else(invalid)?;
            literals.push(literal.to_owned());
            variables.push(variable.to_owned());
            rest = after;
        }
        if rest.contains('}') {
            return Err(invalid());
        }
        literals.push(rest.to_owned());
        Ok(Self {
            literals,
            variables,
        })
    }

    /// The path of the URL without a trailing slash; empty if it contains a variable.
    fn path(&self) -> &str {
        let last = self.literals.last().map_or("", String::as_str);
        let after_scheme = last.find("://").map_or(0, |position| position + 3);
        let path = last[after_scheme..]
            .find('/')
            .map_or("", |slash| &last[after_scheme + slash..]);
        let before = self.literals.iter().rev().skip(1);
        let has_variable = before.clone().any(|literal| {
            let host = literal
                .split_once("://")
                .map_or(literal.as_str(), |(_, host)| host);
            host.contains('/')
        });
        if has_variable {
            ""
        } else {
            path.trim_end_matches('/')
        }
    }

    /// Whether the variable stands in the host of the URL, or else in its path.
    fn is_in_host(&self, name: &str) -> bool {
        let index = self.variables.iter().position(|variable| variable == name);
        let before = index
            .map_or(&[][..], |index| &self.literals[..=index])
            .concat();
        before
            .split_once("://")
            .is_some_and(|(_, rest)| !rest.contains('/'))
    }

    /// The expression that formats the template with its variables.
    fn format(&self, variables: &[Variable<'_>]) -> TokenStream {
        let text = self
            .literals
            .iter()
            .map(|literal| literal.replace('{', "{{"))
            .collect::<Vec<_>>()
            .join("{}");
        let values = self.variables.iter().map(|name| {
            let variable = variables.iter().find(|variable| variable.name == *name);
            match variable {
                Some(variable) => names::ident(&variable.field),
                None => names::ident(&names::snake_name(name)),
            }
        });
        if self.variables.is_empty() {
            quote!(#text.to_owned())
        } else {
            quote!(format!(#text, #(#values),*))
        }
    }
}

/// The function that checks the value of a variable, and the text for its documentation.
fn check(kind: VariableKind) -> (TokenStream, &'static str) {
    match kind {
        VariableKind::Label => (quote!(dns_label), "one DNS label"),
        VariableKind::Host => (quote!(host), "a bare host name"),
    }
}

/// A variable of the base URL.
struct Variable<'v> {
    name: String,
    /// The name of its setter and its field.
    field: String,
    rule: VariableRule<'v>,
    /// Whether it stands in the host of the base URL.
    is_host: bool,
}

/// Which values a variable has.
enum VariableRule<'v> {
    Kind(VariableKind),
    Declared(&'v ServerVariable),
}

impl<'v> Variable<'v> {
    fn of(
        name: &str,
        template: &Template,
        model: &Model<'_>,
        target: &'v Target,
    ) -> Result<Self, Problem> {
        let kind = target.api.variables.get(name).copied();
        let declared = target.api.server_variables.get(name);
        let rule = kind
            .map(VariableRule::Kind)
            .or(declared.map(VariableRule::Declared));
        let rule = rule.ok_or_else(|| {
            Problem::at("", format!("the variable `{name}` of the base URL has no kind"))
                .expected(format!("`{name} = \"label\"` or `{name} = \"host\"` in the variables in openapi/sources.toml"))
        })?;
        let setters = model
            .security
            .schemes()
            .iter()
            .map(|scheme| scheme.setter.as_str());
        let taken: Vec<&str> = SETTERS
            .into_iter()
            .chain(["transport"])
            .chain(setters)
            .collect();
        Ok(Self {
            name: name.to_owned(),
            field: names::unlike(names::snake_name(name), &taken),
            rule,
            is_host: template.is_in_host(name),
        })
    }

    fn documentation(&self, template: &str) -> String {
        let name = &self.name;
        match &self.rule {
            VariableRule::Kind(kind) => {
                let (_, what) = check(*kind);
                format!("Sets `{name}` in the base URL `{template}`. The value is {what}.")
            }
            VariableRule::Declared(variable) => {
                let values: Vec<String> = variable
                    .values
                    .iter()
                    .map(|value| format!("`{value}`"))
                    .collect();
                let values = match values.as_slice() {
                    [] => String::new(),
                    values => format!(" The value is one of {}.", values.join(", ")),
                };
                let text = format!(
                    "Sets `{name}` in the base URL `{template}`. Default: `{}`.{values}",
                    variable.default
                );
                let parts = [text, variable.description.trim().to_owned()];
                parts.join("\n\n")
            }
        }
    }

    /// The statement that reads its value.
    fn read(&self) -> TokenStream {
        let (name, field) = (&self.name, names::ident(&self.field));
        match &self.rule {
            VariableRule::Kind(kind) => {
                let (check, _) = check(*kind);
                let message = format!("{name} is missing, expected `.{name}(…)` or `.base_url(…)`");
                quote! {
                    let #field = self.#field.as_deref().ok_or_else(|| Error::configuration(#message))?;
                    let #field = auth0_core::codegen::#check(#name, #field)?.to_ascii_lowercase();
                }
            }
            VariableRule::Declared(variable) => {
                let (default, values) = (&variable.default, &variable.values);
                let check = match values.is_empty() {
                    true => {
                        let is_host = self.is_host;
                        quote!(auth0_core::codegen::server_value(#name, #field, #is_host))
                    }
                    false => quote!(auth0_core::codegen::one_of(#name, #field, &[#(#values),*])),
                };
                quote! {
                    let #field = self.#field.as_deref().unwrap_or(#default);
                    let #field = #check?;
                }
            }
        }
    }
}

pub(crate) fn emit(
    model: &Model<'_>,
    target: &Target,
    roots: &TokenStream,
) -> Result<TokenStream, Problem> {
    let base = target
        .api
        .base_url
        .as_deref()
        .map(Template::parse)
        .transpose()?;
    let mut variables: Vec<Variable<'_>> = Vec::new();
    let placed = base.iter().flat_map(|template| {
        let names = template.variables.iter();
        names.map(move |name| (template, name))
    });
    for (template, name) in placed {
        if !variables.iter().any(|variable| variable.name == *name) {
            variables.push(Variable::of(name, template, model, target)?);
        }
    }
    let builder = builder(model, target, base.as_ref(), &variables);
    let audience = audience(target)?;
    let auth0_import = target.member.then(|| quote!(Auth0Client,));
    let title = &model.title;
    let doc = format!(
        " A client for the {title}. Cheap to clone; clones share the token source and the connections."
    );
    let listing = model.has_paging().then(|| {
        quote! {
            /// Creates a listing of `operation`.
            pub(crate) fn listing(&self, operation: &'static Operation) -> auth0_core::codegen::Listing {
                auth0_core::codegen::Listing::new(&self.transport, operation)
            }
        }
    });
    Ok(quote! {
        //! The client and its builder.

        use std::sync::Arc;

        use auth0_core::codegen::{BaseUrl, Call, CallOptions, Transport, TransportBuilder};
        use auth0_core::{#auth0_import Error, Operation};

        use crate::requests::Client as Requests;

        #[doc = #doc]
        #[derive(Clone)]
        pub struct Client {
            transport: Transport,
            requests: Arc<Requests>,
        }

        impl std::fmt::Debug for Client {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct("Client").field("transport", &self.transport).finish_non_exhaustive()
            }
        }

        impl Client {
            /// Returns a builder for a client.
            pub fn builder() -> ClientBuilder {
                ClientBuilder::default()
            }

            #roots

            /// Creates a call of `operation`.
            pub(crate) fn call(&self, operation: &'static Operation, options: CallOptions) -> Call {
                self.transport.call(operation, options)
            }

            #listing

            /// The builder of requests.
            pub(crate) fn requests(&self) -> &Requests {
                &self.requests
            }
        }

        #builder
        #audience
    })
}

fn builder(
    model: &Model<'_>,
    target: &Target,
    base: Option<&Template>,
    variables: &[Variable<'_>],
) -> TokenStream {
    let fields: Vec<_> = variables
        .iter()
        .map(|variable| names::ident(&variable.field))
        .collect();
    let setters = variables.iter().zip(&fields).map(|(variable, field)| {
        let template = target.api.base_url.as_deref().unwrap_or_default();
        let doc = doc_text::doc(&variable.documentation(template));
        quote! {
            #doc
            pub fn #field(mut self, #field: impl Into<String>) -> Self {
                self.#field = Some(#field.into());
                self
            }
        }
    });
    let from_template = match base {
        Some(template) => {
            let format = template.format(variables);
            let reads = variables.iter().map(Variable::read);
            quote!(#(#reads)* Ok(#format))
        }
        None => {
            let message = "the base URL is missing, expected `.base_url(…)`";
            quote!(return Err(Error::configuration(#message)))
        }
    };
    let (base_doc, adjusted) = base_url(model, target, base);
    // An API without security requirements is called without a token, unless a token source is set.
    let settings = match &model.security {
        SecurityModel::None => quote!(TransportBuilder::new().without_token()),
        SecurityModel::Token => quote!(TransportBuilder::new()),
        SecurityModel::Schemes(_) => quote!(TransportBuilder::new().schemes(SCHEMES)),
    };
    let schemes = schemes(model);
    let scheme_setters = model.security.schemes().iter().filter_map(scheme_setter);
    let token_settings = model
        .security
        .has_tokens()
        .then(|| quote!(auth0_core::codegen::token_settings!(ClientBuilder);));
    // Only the crates of Auth0's APIs tell Auth0 which SDK is used.
    let (auth0_client, auth0_settings) = match target.member {
        true => (
            quote!(Auth0Client::new(name, version)),
            Some(quote!(auth0_core::codegen::auth0_client_settings!(ClientBuilder);)),
        ),
        false => (quote!(None), None),
    };
    let server_fields: Vec<_> = model
        .servers
        .iter()
        .map(|server| names::ident(&server.setter))
        .collect();
    let server_setters = model.servers.iter().map(|server| {
        let (setter, url) = (names::ident(&server.setter), &server.url);
        let doc = doc_text::doc(&format!(
            "Sets the URL of the operations whose server is `{url}`, which is the default. It has to use https, or http on a loopback address."
        ));
        quote! {
            #doc
            pub fn #setter(mut self, url: impl Into<String>) -> Self {
                self.#setter = Some(url.into());
                self
            }
        }
    });
    let (servers, server_urls) = match model.servers.as_slice() {
        [] => (
            quote!(let transport = self.transport.build(BaseUrl::parse(&base_url)? #adjusted)?;),
            TokenStream::new(),
        ),
        servers => {
            let urls = servers.iter().zip(&server_fields).map(|(server, field)| {
                let url = &server.url;
                quote!(base_url.server(self.#field.as_deref().unwrap_or(#url))?)
            });
            (
                quote! {
                    let base_url = BaseUrl::parse(&base_url)? #adjusted;
                    let servers = vec![#(#urls),*];
                    let urls = servers.iter().map(|url| url.as_str().to_owned()).collect();
                    let transport = self.transport.servers(servers).build(base_url)?;
                },
                quote!(, urls),
            )
        }
    };
    quote! {
        #schemes

        auth0_core::codegen::builder_settings!(ClientBuilder);
        #token_settings
        #auth0_settings

        /// Builds a [`Client`].
        #[derive(Clone)]
        #[must_use = "a builder does nothing until `build` is called"]
        pub struct ClientBuilder {
            #(#fields: Option<String>,)*
            #(#server_fields: Option<String>,)*
            base_url: Option<String>,
            transport: TransportBuilder,
        }

        impl Default for ClientBuilder {
            fn default() -> Self {
                let (name, version) = (env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
                Self {
                    #(#fields: None,)*
                    #(#server_fields: None,)*
                    base_url: None,
                    transport: #settings
                        .user_agent(format!("{name}/{version}"))
                        .auth0_client(#auth0_client),
                }
            }
        }

        impl std::fmt::Debug for ClientBuilder {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                // No setting is printed, because any of them may contain credentials.
                f.debug_struct("ClientBuilder").finish_non_exhaustive()
            }
        }

        impl ClientBuilder {
            #(#setters)*

            #(#scheme_setters)*

            #(#server_setters)*

            #base_doc
            pub fn base_url(mut self, url: impl Into<String>) -> Self {
                self.base_url = Some(url.into());
                self
            }

            /// Builds the client. Performs no I/O.
            ///
            /// # Errors
            ///
            /// A configuration error that names the missing or invalid setting.
            pub fn build(self) -> Result<Client, Error> {
                let base_url = match &self.base_url {
                    Some(url) => url.clone(),
                    None => self.base_url_from_parts()?,
                };
                #servers
                let requests = Requests::new(transport.base_url() #server_urls);
                Ok(Client { transport, requests: Arc::new(requests) })
            }

            fn base_url_from_parts(&self) -> Result<String, Error> {
                #from_template
            }
        }
    }
    .into_iter()
    .collect()
}

/// The table of the security schemes.
fn schemes(model: &Model<'_>) -> Option<TokenStream> {
    let SecurityModel::Schemes(schemes) = &model.security else {
        return None;
    };
    let rows = schemes.iter().map(|scheme| {
        let (name, setter) = (&scheme.name, &scheme.setter);
        let kind = match &scheme.kind {
            SchemeKind::Token => quote!(Token),
            SchemeKind::Basic => quote!(Basic),
            SchemeKind::Http(scheme) => quote!(Http(#scheme)),
            SchemeKind::Header(name) => quote!(Header(#name)),
            SchemeKind::Query(name) => quote!(Query(#name)),
            SchemeKind::Cookie(name) => quote!(Cookie(#name)),
        };
        quote!(SecurityScheme { name: #name, setter: #setter, kind: SchemeKind::#kind })
    });
    // The schemes that the operations name may not be declared.
    let kind = (!schemes.is_empty()).then(|| quote!(SchemeKind,));
    Some(quote! {
        use auth0_core::codegen::{#kind SecurityScheme};

        /// The security schemes of the document.
        static SCHEMES: &[SecurityScheme] = &[#(#rows),*];
    })
}

/// The setter of the credentials of a scheme; `None` for the token source that every builder has.
fn scheme_setter(scheme: &SchemeModel) -> Option<TokenStream> {
    let (name, setter) = (&scheme.name, names::ident(&scheme.setter));
    let doc = |what: &str| {
        let text = format!("Sets {what} of the security scheme `{name}`.");
        let parts = [text, scheme.description.trim().to_owned()];
        doc_text::doc(&parts.join("\n\n"))
    };
    let secret = |what: &str, argument: &str| {
        let (doc, argument) = (doc(what), names::ident(argument));
        quote! {
            #doc
            pub fn #setter(mut self, #argument: impl Into<auth0_core::SecretString>) -> Self {
                self.transport = self.transport.scheme_key(#name, #argument);
                self
            }
        }
    };
    Some(match &scheme.kind {
        SchemeKind::Token if scheme.setter == "token_source" => return None,
        SchemeKind::Token => {
            let doc = doc("the source of access tokens");
            quote! {
                #doc
                pub fn #setter(mut self, source: impl auth0_core::TokenSource) -> Self {
                    self.transport = self.transport.scheme_tokens(#name, Arc::new(source));
                    self
                }
            }
        }
        SchemeKind::Basic => {
            let doc = doc("user name and password");
            quote! {
                #doc
                pub fn #setter(
                    mut self,
                    user: impl Into<String>,
                    password: impl Into<auth0_core::SecretString>,
                ) -> Self {
                    self.transport = self.transport.scheme_basic(#name, user, password);
                    self
                }
            }
        }
        SchemeKind::Http(http) => secret(
            &format!("the credentials, which `Authorization: {http} …` carries,"),
            "credentials",
        ),
        SchemeKind::Header(header) => secret(
            &format!("the key, which the header `{header}` carries,"),
            "key",
        ),
        SchemeKind::Query(parameter) => secret(
            &format!("the key, which the query parameter `{parameter}` carries,"),
            "key",
        ),
        SchemeKind::Cookie(cookie) => secret(
            &format!("the key, which the cookie `{cookie}` carries,"),
            "key",
        ),
    })
}

/// The documentation of the setter of the base URL, and the call that adds the path of the API to the URL or removes it. Users
/// may set the URL with or without the path, whether the document has the path in its server or in the paths of its operations.
fn base_url(
    model: &Model<'_>,
    target: &Target,
    base: Option<&Template>,
) -> (TokenStream, TokenStream) {
    let mut rule = "It has to use https, or http on a loopback address.".to_owned();
    let others = model
        .servers
        .iter()
        .filter(|server| server.url.starts_with("http"));
    let others: Vec<_> = others
        .map(|server| format!("[`{0}`](Self::{0})", server.setter))
        .collect();
    if !others.is_empty() {
        rule += &format!(
            " Operations that have their own server are not moved: see {}.",
            others.join(", ")
        );
    }
    let (Some(base), Some(template)) = (base, &target.api.base_url) else {
        let path = target.api.base_path.as_deref();
        let omitted = path.map(|path| format!(" The path `{path}` may be omitted."));
        let omitted = omitted.unwrap_or_default();
        return (
            doc_text::doc(&format!("Sets the base URL. {rule}{omitted}")),
            path.map(|path| quote!(.with_path(#path, #path)))
                .unwrap_or_default(),
        );
    };
    let path = base.path();
    let below = format!("{path}/");
    let mut paths = model.operations.iter().map(|operation| &operation.path);
    let in_operations = !path.is_empty() && paths.all(|path| path.starts_with(&below));
    let method = format_ident!(
        "{}",
        if in_operations {
            "without_path"
        } else {
            "with_path"
        }
    );
    let mut text = format!("Sets the base URL, by default `{template}`. {rule}");
    if !path.is_empty() {
        text +=
            &format!(" The path `{path}` may be omitted, for example in the URL of a test server.");
    }
    (doc_text::doc(&text), quote!(.#method(#path, #template)))
}

/// The function that returns the audience for tokens.
fn audience(target: &Target) -> Result<TokenStream, Problem> {
    let Some(text) = target.api.audience.as_deref() else {
        return Ok(TokenStream::new());
    };
    let template = Template::parse(text)?;
    let mut parameters = Vec::new();
    let mut reads = Vec::new();
    for name in &template.variables {
        let kind = target
            .api
            .variables
            .get(name)
            .copied()
            .unwrap_or(VariableKind::Label);
        let (check, _) = check(kind);
        let ident = names::ident(&names::snake_name(name));
        parameters.push(quote!(#ident: &str));
        // Audiences are compared byte by byte; host names in them are in lower case.
        reads.push(
            quote!(let #ident = auth0_core::codegen::#check(#name, #ident)?.to_ascii_lowercase();),
        );
    }
    let format = template.format(&[]);
    let doc = format!(" Returns the audience of access tokens for this API: `{text}`.");
    Ok(quote! {
        #[doc = #doc]
        ///
        /// # Errors
        ///
        /// A configuration error if an argument is not valid in the audience.
        pub fn audience(#(#parameters),*) -> Result<String, Error> {
            #(#reads)*
            Ok(#format)
        }
    })
}
