//! The calls of paged operations: streams of items and of pages, on the paging of `auth0-core`.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::Type;

use crate::emit::calls::call_type::{Call, CallContext};
use crate::emit::calls::page_parameters::{
    CheckpointParameters, CountedParameters, OFFSET, PAGE_SIZE, PageParameter, PageParameters,
    PagingStatements,
};
use crate::emit::read_back::RequestArgument;
use crate::emit::type_syntax::{self, NamedIn, named_in};
use crate::emit::{doc_text, names};
use crate::problem::Problem;

impl Call<'_> {
    /// The methods `page_size`, `resume`, `stream` and `pages`.
    pub(crate) fn paging(&self) -> Result<TokenStream, Problem> {
        let Some((item, parameters)) = self.page()? else {
            return Ok(TokenStream::new());
        };
        let output = self.output();
        let page_size = self.page_size(&parameters);
        Ok(quote! {
            #page_size

            /// Resumes the listing at `cursor`, which a stream or the error that ended it returned. Set the same parameters as
            /// before; only the page size may differ.
            ///
            /// A stream continues exactly at the cursor. Awaiting the call returns the page that contains it, which can start
            /// earlier if the page size differs.
            ///
            /// # Errors
            ///
            /// An invalid request that names the difference, if the cursor has another base URL, operation or query.
            #[inline]
            pub fn resume(self, cursor: auth0_core::Cursor) -> Result<Self, auth0_core::Error> {
                auth0_core::codegen::resume(self, cursor)
            }

            /// Streams all items from this page to the end, fetching pages as needed.
            #[inline]
            pub fn stream(self) -> auth0_core::Items<#item> {
                auth0_core::codegen::items(self)
            }

            /// Streams all pages from this one to the end.
            #[inline]
            pub fn pages(self) -> auth0_core::Pages<#output> {
                auth0_core::codegen::pages(self)
            }
        })
    }

    /// The setter of the page size, with the same name for every API.
    fn page_size(&self, parameters: &PageParameters) -> Option<TokenStream> {
        let size = parameters.sizes().next()?;
        let argument = self.argument(&size.name)?;
        if argument.ident == PAGE_SIZE {
            return None;
        }
        let ty = self.argument_type(argument);
        let field = parameters.page_size_field()?;
        let which = match parameters.has_page_size() {
            true => ", depending on the way of paging",
            false => "",
        };
        let names: Vec<_> = parameters
            .sizes()
            .map(|size| format!("`{}`", size.name))
            .collect();
        let names = names.join(" or ");
        let doc = doc_text::doc(&format!(
            "Sets the maximum number of items per request. It is sent as {names}{which}.\n\nIt does not limit \
             [`stream`](Self::stream), which returns all items; to limit a stream,\nuse `take` of `futures::StreamExt`."
        ));
        Some(quote! {
            #doc
            pub fn page_size(mut self, page_size: #ty) -> Self {
                self.#field = Some(page_size);
                self
            }
        })
    }

    /// Whether `argument` is a parameter of the page size.
    pub(crate) fn is_page_size(&self, argument: &RequestArgument) -> bool {
        let mut paging = self.operation.paging.iter();
        paging.any(|paging| {
            let mut names = paging.size_parameters();
            names.any(|name| names::snake_name(name) == argument.ident)
        })
    }

    /// The fields of a call for paging that are not parameters. Each is an `Option`.
    pub(crate) fn paging_fields(&self) -> Result<Vec<(Ident, TokenStream)>, Problem> {
        let Some((_, parameters)) = self.page()? else {
            return Ok(Vec::new());
        };
        let offset = parameters
            .has_offset()
            .then(|| (format_ident!("{OFFSET}"), quote!(u64)));
        let size = parameters
            .sizes()
            .next()
            .filter(|_| parameters.has_page_size());
        let size = size.and_then(|size| self.argument(&size.name));
        let page_size = size.map(|argument| {
            let ty = self.owned_type(argument);
            (format_ident!("{PAGE_SIZE}"), quote!(#ty))
        });
        Ok(offset.into_iter().chain(page_size).collect())
    }

    /// The optional argument of the query parameter `name`.
    fn argument(&self, name: &str) -> Option<&RequestArgument> {
        let mut arguments = self.request.arguments.iter();
        arguments.find(|a| a.ident == names::snake_name(name) && a.optional)
    }

    /// The implementation of `Paged`.
    pub(crate) fn paged(&self) -> Result<TokenStream, Problem> {
        let Some((_, parameters)) = self.page()? else {
            return Ok(TokenStream::new());
        };
        let (ident, output) = (&self.ident, self.output());
        let constant = names::ident(&self.operation.constant);
        let query = self.listing_parameters();
        let position = parameters.position();
        let at = parameters.at();
        let counted = parameters.counted_size().map(|size| {
            quote! {
                #[inline]
                fn counted(&self) -> Option<u64> {
                    #size
                }
            }
        });
        let sized = parameters.page_size_field().map(|field| {
            quote! {
                #[inline]
                fn sized(mut self, size: u64) -> Self {
                    self.#field = size.try_into().ok();
                    self
                }
            }
        });
        Ok(quote! {
            impl auth0_core::codegen::Paged for #ident {
                type Page = #output;

                #[inline]
                fn listing(&self) -> auth0_core::codegen::Listing {
                    self.client.listing(&crate::operations::#constant) #(#query)*
                }

                #[inline]
                fn position(&self) -> auth0_core::codegen::Position {
                    #position
                }

                #[inline]
                fn at(mut self, position: auth0_core::codegen::Position) -> Self {
                    #at
                    self
                }

                #counted

                #sized

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

    /// The statements before a page is requested: they choose one of two ways of paging and set its parameters.
    pub(crate) fn settle_paging(&self) -> Result<PagingStatements, Problem> {
        Ok(match self.page()? {
            Some((_, parameters)) => parameters.settle(),
            None => PagingStatements::default(),
        })
    }

    /// The parameters that identify the listing: everything that is sent except the position and the page size.
    fn listing_parameters(&self) -> Vec<TokenStream> {
        let paging = self.operation.paging.iter();
        let page_parameters: Vec<&str> = paging.flat_map(|paging| paging.parameters()).collect();
        self.request
            .arguments
            .iter()
            .filter_map(|argument| {
                let field = self.field(argument);
                let name = self.parameter(argument).map_or("body", |p| p.wire.as_str());
                (!page_parameters.contains(&name)).then(|| quote!(.with(#name, &self.#field)))
            })
            .collect()
    }

    /// The type of the items of a page, and the parameters that select the page.
    fn page(&self) -> Result<Option<(Type, PageParameters)>, Problem> {
        let Some(paging) = &self.operation.paging else {
            return Ok(None);
        };
        let field = |name: &str| {
            self.argument(name).map(|argument| PageParameter {
                name: name.to_owned(),
                field: self.field(argument),
            })
        };
        let checkpoint = paging.checkpoint.as_ref().map(|checkpoint| {
            Some(CheckpointParameters {
                cursor: field(&checkpoint.cursor)?,
                size: checkpoint.size.as_deref().and_then(field),
                size_default: paging.size_default,
            })
        });
        let counted = paging.counted.as_ref().map(|counted| {
            Some(CountedParameters {
                page: field(&counted.page)?,
                per_page: field(&counted.per_page)?,
                totals: counted.totals.as_deref().and_then(field),
                size_default: paging.size_default.unwrap_or(1),
            })
        });
        let item = page_item(&self.request.output, paging.items.as_deref(), self.context);
        let (Some(item), false) = (
            item,
            checkpoint.as_ref().is_some_and(Option::is_none)
                || counted.as_ref().is_some_and(Option::is_none),
        ) else {
            return Err(Problem::at(
                format!("{}/x-paging", self.operation.pointer),
                "this operation cannot be paged",
            )
            .expected(
                "optional query parameters that select the page; items: an array in the response",
            )
            .found(format!(
                "items: {}, parameters: {}",
                paging.items.as_deref().unwrap_or("the whole response"),
                paging.parameters().collect::<Vec<_>>().join(", ")
            )));
        };
        Ok(Some((
            item,
            PageParameters {
                checkpoint: checkpoint.flatten(),
                counted: counted.flatten(),
            },
        )))
    }
}

/// The type of the items of a page.
fn page_item(page: &Type, items: Option<&str>, context: &CallContext<'_>) -> Option<Type> {
    let item = match items {
        None => type_syntax::list_item(page)?,
        Some(items) => {
            let fields = context.types.structs.get(&type_syntax::last_name(page)?)?;
            let items = fields.iter().find(|field| field.wire == items)?;
            type_syntax::list_item(&items.ty)?
        }
    };
    Some(named_in(NamedIn::Resource, item, context.model))
}
