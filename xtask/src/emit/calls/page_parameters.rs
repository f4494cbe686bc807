//! The parameters that select a page: a cursor, a page number, or either. This module writes the code of
//! `auth0_core::codegen::Paged` that depends on them.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

/// The field of a call with the number of items before the page, for resumed listings. It is not a page number, so that the page
/// size can be set afterwards.
pub(crate) const OFFSET: &str = "offset";

/// The setter of the page size, and the field for it if an operation has two ways of paging: which parameter is set depends
/// on the way that is chosen.
pub(crate) const PAGE_SIZE: &str = "page_size";

/// A query parameter and its field in the call.
pub(crate) struct PageParameter {
    pub(crate) name: String,
    pub(crate) field: Ident,
}

impl PageParameter {
    /// The name with whether the parameter is set, for the check that only one way of paging is used.
    fn is_set(&self) -> TokenStream {
        let Self { name, field } = self;
        quote!((#name, self.#field.is_some()))
    }
}

/// The parameters of a call that select the page, for one way of paging or two.
pub(crate) struct PageParameters {
    pub(crate) checkpoint: Option<CheckpointParameters>,
    pub(crate) counted: Option<CountedParameters>,
}

pub(crate) struct CheckpointParameters {
    pub(crate) cursor: PageParameter,
    pub(crate) size: Option<PageParameter>,
    /// The default page size, if it is known.
    pub(crate) size_default: Option<u64>,
}

pub(crate) struct CountedParameters {
    pub(crate) page: PageParameter,
    pub(crate) per_page: PageParameter,
    pub(crate) totals: Option<PageParameter>,
    /// The default page size.
    pub(crate) size_default: u64,
}

/// The statements at the start of a call, and the check of its page parameters.
#[derive(Default)]
pub(crate) struct PagingStatements {
    pub(crate) statements: TokenStream,
    pub(crate) check: TokenStream,
}

impl CheckpointParameters {
    fn parameters(&self) -> impl Iterator<Item = &PageParameter> {
        [&self.cursor].into_iter().chain(&self.size)
    }
}

impl CountedParameters {
    fn parameters(&self) -> impl Iterator<Item = &PageParameter> {
        [&self.page, &self.per_page].into_iter().chain(&self.totals)
    }

    /// Whether a call that could use a cursor uses page numbers: one of these parameters is set, or the listing is resumed by number.
    fn is_chosen(&self) -> TokenStream {
        let fields = self.parameters().map(|parameter| &parameter.field);
        let offset = format_ident!("{OFFSET}");
        quote!(self.#offset.is_some() #(|| self.#fields.is_some())*)
    }

    /// The page size. An invalid size is reported when the page is requested.
    fn page_size(&self, has_field: bool) -> TokenStream {
        let field = &self.per_page.field;
        let size = self.size_literal();
        let chosen = match has_field {
            true => {
                let page_size = format_ident!("{PAGE_SIZE}");
                quote!(self.#page_size.or(self.#field))
            }
            false => quote!(self.#field),
        };
        quote!(#chosen.and_then(|size| u64::try_from(size).ok()).unwrap_or(#size))
    }

    /// A page that is set after the listing was resumed overrides the position.
    fn position(&self, has_field: bool) -> TokenStream {
        let (page, size) = (&self.page.field, self.page_size(has_field));
        let offset = format_ident!("{OFFSET}");
        quote! {
            match self.#offset {
                Some(items) if self.#page.is_none() => auth0_core::codegen::Position::Offset(items),
                _ => auth0_core::codegen::Position::of_page(self.#page, #size),
            }
        }
    }

    fn size_literal(&self) -> proc_macro2::Literal {
        proc_macro2::Literal::u64_unsuffixed(self.size_default)
    }
}

impl PageParameters {
    /// Whether the page size has a field in addition to the parameters for it.
    pub(crate) fn has_page_size(&self) -> bool {
        self.counted.is_some()
            && self
                .checkpoint
                .as_ref()
                .is_some_and(|checkpoint| checkpoint.size.is_some())
    }

    /// Whether a call has a field for the position at which it is resumed.
    pub(crate) fn has_offset(&self) -> bool {
        self.counted.is_some()
    }

    /// The parameters of the page size, one for each way of paging.
    pub(crate) fn sizes(&self) -> impl Iterator<Item = &PageParameter> {
        let checkpoint = self.checkpoint.as_ref().and_then(|by| by.size.as_ref());
        let counted = self.counted.as_ref().map(|counted| &counted.per_page);
        checkpoint.into_iter().chain(counted)
    }

    pub(crate) fn position(&self) -> TokenStream {
        let by_checkpoint = |by: &CheckpointParameters| {
            let cursor = &by.cursor.field;
            quote!(
                auth0_core::codegen::Position::of_checkpoint(self.#cursor.as_deref().map(String::as_str))
                    .unwrap_or_default()
            )
        };
        match (&self.checkpoint, &self.counted) {
            (Some(checkpoint), Some(counted)) => {
                let (chosen, position) =
                    (counted.is_chosen(), counted.position(self.has_page_size()));
                let by_checkpoint = by_checkpoint(checkpoint);
                quote!(if #chosen { #position } else { #by_checkpoint })
            }
            (Some(checkpoint), None) => by_checkpoint(checkpoint),
            (None, Some(counted)) => counted.position(false),
            (None, None) => quote!(auth0_core::codegen::Position::Start),
        }
    }

    /// The page size, if page numbers are used.
    pub(crate) fn counted_size(&self) -> Option<TokenStream> {
        let counted = self.counted.as_ref()?;
        let size = counted.page_size(self.has_page_size());
        Some(match &self.checkpoint {
            None => quote!(Some(#size)),
            Some(_) => {
                let chosen = counted.is_chosen();
                quote!((#chosen).then(|| #size))
            }
        })
    }

    /// The field of the page size for all ways of paging.
    pub(crate) fn page_size_field(&self) -> Option<Ident> {
        match self.has_page_size() {
            true => Some(format_ident!("{PAGE_SIZE}")),
            false => self.sizes().next().map(|size| size.field.clone()),
        }
    }

    /// The statements that move a call to `position`. A call that is there already is not changed, so that invalid parameters
    /// are reported and not replaced.
    pub(crate) fn at(&self) -> TokenStream {
        let counted = self.counted.as_ref().map(|counted| {
            let (page, per_page) = (&counted.page.field, &counted.per_page.field);
            let literal = counted.size_literal();
            let offset = format_ident!("{OFFSET}");
            // Without a size, the server would use its own, with which the page number means another position.
            quote! {
                self.#per_page.get_or_insert(#literal);
                self.#page = None;
                self.#offset = match position {
                    auth0_core::codegen::Position::Offset(items) => Some(items),
                    _ => None,
                };
            }
        });
        match (&self.checkpoint, &self.counted) {
            (Some(checkpoint), None) => {
                let cursor = &checkpoint.cursor.field;
                quote!(self.#cursor = position.into_checkpoint().map(Into::into);)
            }
            (None, _) => quote! {
                if position != auth0_core::codegen::Paged::position(&self) {
                    #counted
                }
            },
            (Some(checkpoint), Some(by_counting)) => {
                let cursor = &checkpoint.cursor.field;
                let per_page = &by_counting.per_page.field;
                let chosen = by_counting.is_chosen();
                let not_counted = by_counting.parameters().map(|p| &p.field);
                let offset = format_ident!("{OFFSET}");
                // The size applies to the other way of paging too.
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
                    if position == auth0_core::codegen::Paged::position(&self) {
                        return self;
                    }
                    // The position determines the way of paging.
                    match position {
                        auth0_core::codegen::Position::Checkpoint(_) => {
                            #size_of_checkpoint
                            #(self.#not_counted = None;)*
                            self.#offset = None;
                            self.#cursor = position.into_checkpoint().map(Into::into);
                        }
                        auth0_core::codegen::Position::Start if !(#chosen) => self.#cursor = None,
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

    /// The statements at the start of a call. Cursors are used unless page numbers are chosen, and the page size is set if its
    /// default is known, because the server selects cursors by this parameter. With page numbers, totals are requested: without
    /// them, only an empty page shows the end.
    pub(crate) fn settle(&self) -> PagingStatements {
        let page_size = format_ident!("{PAGE_SIZE}");
        let with_size = |field: &Ident| {
            self.has_page_size()
                .then(|| quote!(self.#field = self.#page_size.or(self.#field);))
        };
        let counting = self.counted.as_ref().map(|counted| {
            let totals = counted.totals.as_ref().map(|totals| {
                let field = &totals.field;
                quote!(self.#field.get_or_insert(true);)
            });
            let (page, offset) = (&counted.page.field, format_ident!("{OFFSET}"));
            let (set_size, size) = (with_size(&counted.per_page.field), counted.page_size(false));
            quote! {
                #set_size
                if let Some(items) = self.#offset {
                    self.#page.get_or_insert(auth0_core::codegen::Position::Offset(items).page(#size));
                }
                #totals
            }
        });
        let size = self.checkpoint.as_ref().and_then(|checkpoint| {
            let field = &checkpoint.size.as_ref()?.field;
            let set_size = with_size(field);
            let default = checkpoint.size_default.map(|size| {
                let size = proc_macro2::Literal::u64_unsuffixed(size);
                quote!(self.#field.get_or_insert(#size);)
            });
            Some(quote!(#set_size #default))
        });
        let (Some(checkpoint), Some(counted)) = (&self.checkpoint, &self.counted) else {
            return PagingStatements {
                statements: counting.or(size).unwrap_or_default(),
                check: TokenStream::new(),
            };
        };
        let chosen = counted.is_chosen();
        let by_checkpoint = checkpoint.parameters().map(PageParameter::is_set);
        let by_counting = counted.parameters().map(PageParameter::is_set);
        PagingStatements {
            statements: quote!(if #chosen { #counting } else { #size }),
            check: quote!(check.one_paging(&[#(#by_checkpoint),*], &[#(#by_counting),*]);),
        }
    }
}
