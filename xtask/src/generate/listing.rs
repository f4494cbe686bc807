//! The calls that page: streams of items and of pages, through the paging of `auth0-core`.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::Type;

use super::call::{Call, Context};
use super::paths::{self, View};
use super::{names, shapes};
use crate::problem::Problem;

impl Call<'_> {
    /// `resume`, `stream` and `pages`, where the operation pages.
    pub(super) fn paging(&self) -> Result<TokenStream, Problem> {
        let Some((item, _)) = self.page()? else {
            return Ok(TokenStream::new());
        };
        let output = self.output();
        Ok(quote! {
            /// The same listing from `cursor` on, which is that of its stream or of the error that ended it. Set the
            /// parameters first, as they were then; only the size of a page may differ.
            ///
            /// # Errors
            ///
            /// An invalid request that names what differs, where the cursor has another base URL, operation or query.
            #[inline]
            pub fn resume(self, cursor: auth0_core::Cursor) -> Result<Self, auth0_core::Error> {
                auth0_core::resume(self, cursor)
            }

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
    pub(super) fn paged(&self) -> Result<TokenStream, Problem> {
        let Some((_, cursor)) = self.page()? else {
            return Ok(TokenStream::new());
        };
        let (ident, output) = (&self.ident, self.output());
        let constant = names::ident(&names::constant_name(&self.operation.id));
        let parameters = self.query();
        Ok(quote! {
            impl auth0_core::Paged for #ident {
                type Page = #output;

                #[inline]
                fn listing(&self) -> auth0_core::Listing {
                    self.client.listing(&crate::operations::#constant) #(#parameters)*
                }

                #[inline]
                fn position(&self) -> auth0_core::Position {
                    auth0_core::Position::of_checkpoint(self.#cursor.as_deref()).unwrap_or_default()
                }

                #[inline]
                fn at(mut self, position: auth0_core::Position) -> Self {
                    self.#cursor = position.into_checkpoint();
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

    /// What makes this listing another one than the next: everything that is sent, but for the place and the size of a
    /// page.
    fn query(&self) -> Vec<TokenStream> {
        let paging = self.operation.paging.as_ref();
        let of_the_page = |name: &str| paging.is_some_and(|p| p.cursor == name || p.size == name);
        self.raw
            .arguments
            .iter()
            .filter_map(|argument| {
                let field = self.field(argument);
                let name = self.parameter(argument).map_or("body", |p| p.name.as_str());
                (!of_the_page(name)).then(|| quote!(.with(#name, &self.#field)))
            })
            .collect()
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
}

/// The type of the items of a page.
fn page_item(page: &Type, items: &str, context: &Context<'_>) -> Option<Type> {
    let fields = context.types.structs.get(&shapes::last_name(page)?)?;
    let items = fields.iter().find(|field| field.wire == items)?;
    Some(paths::seen_from(
        View::Beside,
        shapes::list_item(&items.ty)?,
        context.model,
    ))
}
