//! The calls that page: streams of items and of pages, through the paging of `auth0-core`.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::Type;

use super::call::{Call, Context};
use super::paths::{self, View};
use super::{names, shapes};
use crate::problem::Problem;

impl Call<'_> {
    /// `stream` and `pages`, where the operation pages.
    pub(super) fn paging(&self) -> Result<TokenStream, Problem> {
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
    pub(super) fn paged(&self) -> Result<TokenStream, Problem> {
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
