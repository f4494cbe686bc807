//! The calls that page: streams of items and of pages, through the paging of `auth0-core`.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::Type;

use crate::emit::calls::call::{Call, Context};
use crate::emit::calls::page_parameters::{
    ByCheckpoint, ByCounting, OFFSET, PAGE_SIZE, Parameter, Settled, Ways,
};
use crate::emit::docs;
use crate::emit::names;
use crate::emit::operations::paths::{self, View};
use crate::emit::types::shapes;
use crate::emit::types::shapes::Argument;
use crate::problem::Problem;

impl Call<'_> {
    /// `resume`, `stream` and `pages`, where the operation pages.
    pub(crate) fn paging(&self) -> Result<TokenStream, Problem> {
        let Some((item, ways)) = self.page()? else {
            return Ok(TokenStream::new());
        };
        let output = self.output();
        let page_size = self.page_size(&ways);
        Ok(quote! {
            #page_size

            /// The same listing from `cursor` on, which is that of its stream or of the error that ended it. Set the
            /// parameters first, as they were then; only the page size may differ.
            ///
            /// A stream continues exactly there. A single page that is awaited is the one that holds that place, and with
            /// another page size it can begin earlier.
            ///
            /// # Errors
            ///
            /// An invalid request that names what differs, where the cursor has another base URL, operation or query.
            #[inline]
            pub fn resume(self, cursor: auth0_core::Cursor) -> Result<Self, auth0_core::Error> {
                auth0_core::codegen::resume(self, cursor)
            }

            /// All items, from here to the end, page after page.
            #[inline]
            pub fn stream(self) -> auth0_core::Items<#item> {
                auth0_core::codegen::items(self)
            }

            /// All pages, from here to the end.
            #[inline]
            pub fn pages(self) -> auth0_core::Pages<#output> {
                auth0_core::codegen::pages(self)
            }
        })
    }

    /// The setter of the page size, under the name that it has in every API.
    fn page_size(&self, ways: &Ways) -> Option<TokenStream> {
        let size = ways.sizes().next()?;
        let argument = self.argument(&size.name)?;
        if argument.ident == PAGE_SIZE {
            return None;
        }
        let ty = self.parameter_type(argument);
        let field = ways.page_size_field()?;
        let which = match ways.has_page_size() {
            true => ", by how the listing is paged",
            false => "",
        };
        let names: Vec<_> = ways
            .sizes()
            .map(|size| format!("`{}`", size.name))
            .collect();
        let names = names.join(" or ");
        let doc = docs::doc(&format!(
            "Sets how many items one request returns at most. It is sent as {names}{which}.\n\nIt does not limit how many items \
             [`stream`](Self::stream) gives: those are all.\n`take` of `futures::StreamExt` limits them."
        ));
        Some(quote! {
            #doc
            pub fn page_size(mut self, page_size: #ty) -> Self {
                self.#field = Some(page_size);
                self
            }
        })
    }

    /// Whether `argument` is a parameter that takes the page size.
    pub(crate) fn is_page_size(&self, argument: &Argument) -> bool {
        let Some(paging) = &self.operation.paging else {
            return false;
        };
        let checkpoint = paging.checkpoint.as_ref().map(|by| by.size.as_str());
        let counted = paging.counted.as_ref().map(|by| by.per_page.as_str());
        let mut names = [checkpoint, counted].into_iter().flatten();
        names.any(|name| names::snake_name(name) == argument.ident)
    }

    /// The fields that a call has for paging, beside those of its parameters. Each is optional.
    pub(crate) fn paging_fields(&self) -> Result<Vec<(Ident, TokenStream)>, Problem> {
        let Some((_, ways)) = self.page()? else {
            return Ok(Vec::new());
        };
        let offset = ways
            .has_offset()
            .then(|| (format_ident!("{OFFSET}"), quote!(u64)));
        let size = ways.sizes().next().filter(|_| ways.has_page_size());
        let size = size.and_then(|size| self.argument(&size.name));
        let page_size = size.map(|argument| {
            let ty = self.owned_type(argument);
            (format_ident!("{PAGE_SIZE}"), quote!(#ty))
        });
        Ok(offset.into_iter().chain(page_size).collect())
    }

    /// The optional argument of the query parameter `name`.
    fn argument(&self, name: &str) -> Option<&Argument> {
        let mut arguments = self.raw.arguments.iter();
        arguments.find(|a| a.ident == names::snake_name(name) && a.optional)
    }

    /// The traits that the paging in core works through.
    pub(crate) fn paged(&self) -> Result<TokenStream, Problem> {
        let Some((_, ways)) = self.page()? else {
            return Ok(TokenStream::new());
        };
        let (ident, output) = (&self.ident, self.output());
        let constant = names::ident(&self.operation.constant);
        let parameters = self.query();
        let position = ways.position();
        let at = ways.at();
        let counted = ways.counted_size().map(|size| {
            quote! {
                #[inline]
                fn counted(&self) -> Option<u64> {
                    #size
                }
            }
        });
        let sized = ways.page_size_field().map(|field| {
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
                    self.client.listing(&crate::operations::#constant) #(#parameters)*
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

    /// What is done before a page is asked for, and whether anything is: of two ways to page one is taken, and what
    /// belongs to it is filled in.
    pub(crate) fn settle_paging(&self) -> Result<Settled, Problem> {
        Ok(match self.page()? {
            Some((_, ways)) => ways.settled(),
            None => Settled::default(),
        })
    }

    /// What makes this listing another one than the next: everything that is sent, but for the place and the size of a
    /// page.
    fn query(&self) -> Vec<TokenStream> {
        let mut of_the_page: Vec<&str> = Vec::new();
        if let Some(paging) = &self.operation.paging {
            if let Some(checkpoint) = &paging.checkpoint {
                of_the_page.extend([checkpoint.cursor.as_str(), &checkpoint.size]);
            }
            if let Some(counted) = &paging.counted {
                of_the_page.extend([counted.page.as_str(), &counted.per_page]);
                of_the_page.extend(counted.totals.as_deref());
            }
        }
        self.raw
            .arguments
            .iter()
            .filter_map(|argument| {
                let field = self.field(argument);
                let name = self.parameter(argument).map_or("body", |p| p.name.as_str());
                (!of_the_page.contains(&name)).then(|| quote!(.with(#name, &self.#field)))
            })
            .collect()
    }

    /// The type of the items of a page, and how the call says which page it wants.
    fn page(&self) -> Result<Option<(Type, Ways)>, Problem> {
        let Some(paging) = &self.operation.paging else {
            return Ok(None);
        };
        let field = |name: &str| {
            self.argument(name).map(|argument| Parameter {
                name: name.to_owned(),
                field: self.field(argument),
            })
        };
        let checkpoint = paging.checkpoint.as_ref().map(|checkpoint| {
            Some(ByCheckpoint {
                cursor: field(&checkpoint.cursor)?,
                size: field(&checkpoint.size),
                size_default: paging.size_default,
            })
        });
        let counted = paging.counted.as_ref().map(|counted| {
            Some(ByCounting {
                page: field(&counted.page)?,
                per_page: field(&counted.per_page)?,
                totals: counted.totals.as_deref().and_then(field),
                size_default: paging.size_default.unwrap_or(1),
            })
        });
        let item = page_item(&self.raw.output, paging.items.as_deref(), self.context);
        let (Some(item), false) = (
            item,
            checkpoint.as_ref().is_some_and(Option::is_none)
                || counted.as_ref().is_some_and(Option::is_none),
        ) else {
            return Err(Problem::at(
                format!("{}/x-paging", self.operation.pointer),
                "this operation cannot be paged through",
            )
            .expected("optional query parameters that say which page is wanted; items: an array of the answer")
            .found(format!("{paging:?}")));
        };
        Ok(Some((
            item,
            Ways {
                checkpoint: checkpoint.flatten(),
                counted: counted.flatten(),
            },
        )))
    }
}

/// The type of the items of a page.
fn page_item(page: &Type, items: Option<&str>, context: &Context<'_>) -> Option<Type> {
    let item = match items {
        None => shapes::list_item(page)?,
        Some(items) => {
            let fields = context.types.structs.get(&shapes::last_name(page)?)?;
            let items = fields.iter().find(|field| field.wire == items)?;
            shapes::list_item(&items.ty)?
        }
    };
    Some(paths::seen_from(View::Beside, item, context.model))
}
