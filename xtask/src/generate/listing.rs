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
        Ok(quote! {
            impl auth0_core::Paged for #ident {
                type Page = #output;

                #[inline]
                fn listing(&self) -> auth0_core::Listing {
                    self.client.listing(&crate::operations::#constant) #(#parameters)*
                }

                #[inline]
                fn position(&self) -> auth0_core::Position {
                    #position
                }

                #[inline]
                fn at(mut self, position: auth0_core::Position) -> Self {
                    #at
                    self
                }

                #counted

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
    pub(super) fn settle_paging(&self) -> Result<Settled, Problem> {
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
            self.raw
                .arguments
                .iter()
                .find(|a| a.ident == names::snake_name(name) && a.optional)
                .map(|argument| Parameter {
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

/// A query parameter and the field of the call that holds it.
struct Parameter {
    name: String,
    field: Ident,
}

impl Parameter {
    /// The parameter with whether it is set, as the check of the two ways takes it.
    fn is_set(&self) -> TokenStream {
        let Self { name, field } = self;
        quote!((#name, self.#field.is_some()))
    }
}

/// The parameters of a call that say which page is wanted, one way or two.
struct Ways {
    checkpoint: Option<ByCheckpoint>,
    counted: Option<ByCounting>,
}

struct ByCheckpoint {
    cursor: Parameter,
    size: Option<Parameter>,
    /// How large a page is where that is not said, if that is known.
    size_default: Option<u64>,
}

struct ByCounting {
    page: Parameter,
    per_page: Parameter,
    totals: Option<Parameter>,
    /// How large a page is where that is not said.
    size_default: u64,
}

/// Statements for the beginning of a call, and the check of its paging.
#[derive(Default)]
pub(super) struct Settled {
    pub(super) statements: TokenStream,
    pub(super) check: TokenStream,
}

impl ByCheckpoint {
    fn parameters(&self) -> impl Iterator<Item = &Parameter> {
        [&self.cursor].into_iter().chain(&self.size)
    }
}

impl ByCounting {
    fn parameters(&self) -> impl Iterator<Item = &Parameter> {
        [&self.page, &self.per_page].into_iter().chain(&self.totals)
    }

    /// Whether a call counts pages, where it need not: one of the parameters is set.
    fn is_chosen(&self) -> TokenStream {
        let fields = self.parameters().map(|parameter| &parameter.field);
        quote!(#(self.#fields.is_some())||*)
    }

    /// How large a page is. What breaks the rules is told when the page is asked for.
    fn page_size(&self) -> TokenStream {
        let field = &self.per_page.field;
        let size = self.size_literal();
        quote!(self.#field.and_then(|size| u64::try_from(size).ok()).unwrap_or(#size))
    }

    fn position(&self) -> TokenStream {
        let (page, size) = (&self.page.field, self.page_size());
        quote!(auth0_core::Position::of_page(self.#page, #size))
    }

    fn size_literal(&self) -> proc_macro2::Literal {
        proc_macro2::Literal::u64_unsuffixed(self.size_default)
    }
}

impl Ways {
    fn position(&self) -> TokenStream {
        let by_checkpoint = |by: &ByCheckpoint| {
            let cursor = &by.cursor.field;
            quote!(auth0_core::Position::of_checkpoint(self.#cursor.as_deref()).unwrap_or_default())
        };
        match (&self.checkpoint, &self.counted) {
            (Some(checkpoint), Some(counted)) => {
                let (chosen, position) = (counted.is_chosen(), counted.position());
                let by_checkpoint = by_checkpoint(checkpoint);
                quote!(if #chosen { #position } else { #by_checkpoint })
            }
            (Some(checkpoint), None) => by_checkpoint(checkpoint),
            (None, Some(counted)) => counted.position(),
            (None, None) => quote!(auth0_core::Position::Start),
        }
    }

    /// The size of a page, where pages are counted.
    fn counted_size(&self) -> Option<TokenStream> {
        let counted = self.counted.as_ref()?;
        let size = counted.page_size();
        Some(match &self.checkpoint {
            None => quote!(Some(#size)),
            Some(_) => {
                let chosen = counted.is_chosen();
                quote!((#chosen).then(|| #size))
            }
        })
    }

    /// The statements that lead a call to `position`. Where it is there already nothing is touched, so that what breaks
    /// the rules is told and not mended.
    fn at(&self) -> TokenStream {
        let counted = self.counted.as_ref().map(|counted| {
            let (page, per_page) = (&counted.page.field, &counted.per_page.field);
            let literal = counted.size_literal();
            let size = counted.page_size();
            quote! {
                self.#per_page.get_or_insert(#literal);
                self.#page = Some(position.page(#size));
            }
        });
        match (&self.checkpoint, &self.counted) {
            (Some(checkpoint), None) => {
                let cursor = &checkpoint.cursor.field;
                quote!(self.#cursor = position.into_checkpoint();)
            }
            (None, _) => quote! {
                if position != auth0_core::Paged::position(&self) {
                    #counted
                }
            },
            (Some(checkpoint), Some(by_counting)) => {
                let cursor = &checkpoint.cursor.field;
                let per_page = &by_counting.per_page.field;
                let chosen = by_counting.is_chosen();
                let not_counted = by_counting.parameters().map(|p| &p.field);
                // The size goes over to the other way.
                let (size_of_checkpoint, size_of_page) = match &checkpoint.size {
                    None => (TokenStream::new(), TokenStream::new()),
                    Some(size) => {
                        let size = &size.field;
                        (
                            quote!(self.#size = self.#size.or(self.#per_page);),
                            quote!(self.#per_page = self.#per_page.or(self.#size.take());),
                        )
                    }
                };
                quote! {
                    if position == auth0_core::Paged::position(&self) {
                        return self;
                    }
                    // The place decides which way it is gone to.
                    match position {
                        auth0_core::Position::Checkpoint(_) => {
                            #size_of_checkpoint
                            #(self.#not_counted = None;)*
                            self.#cursor = position.into_checkpoint();
                        }
                        auth0_core::Position::Start if !(#chosen) => self.#cursor = None,
                        _ => {
                            #size_of_page
                            self.#cursor = None;
                            #counted
                        }
                    }
                }
            }
        }
    }

    /// Of two ways that by checkpoints is taken unless the other is chosen, and it says how large a page is where that is
    /// known, because that is what the server tells it by. Where pages are counted, their total is asked for: without it only an
    /// empty page shows the end.
    fn settled(&self) -> Settled {
        let totals = self
            .counted
            .as_ref()
            .and_then(|c| c.totals.as_ref())
            .map(|totals| {
                let field = &totals.field;
                quote!(self.#field.get_or_insert(true);)
            });
        let size = self.checkpoint.as_ref().and_then(|checkpoint| {
            let field = &checkpoint.size.as_ref()?.field;
            let size = proc_macro2::Literal::u64_unsuffixed(checkpoint.size_default?);
            Some(quote!(self.#field.get_or_insert(#size);))
        });
        let (Some(checkpoint), Some(counted)) = (&self.checkpoint, &self.counted) else {
            return Settled {
                statements: totals.or(size).unwrap_or_default(),
                check: TokenStream::new(),
            };
        };
        let chosen = counted.is_chosen();
        let by_checkpoint = checkpoint.parameters().map(Parameter::is_set);
        let by_counting = counted.parameters().map(Parameter::is_set);
        Settled {
            statements: quote!(if #chosen { #totals } else { #size }),
            check: quote!(check.one_paging(&[#(#by_checkpoint),*], &[#(#by_counting),*]);),
        }
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
