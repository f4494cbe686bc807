//! How a call says which page it wants: by the checkpoint that the page before names, by counting pages, or by either.
//! What is written here is the code of `auth0_core::codegen::Paged` that depends on it.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

/// The field of a call with the number of items before the page, where a listing is resumed. It is not the number of a
/// page, so that the page size may be set afterwards.
pub(crate) const OFFSET: &str = "offset";

/// The setter of the page size, and the field of a call that pages in two ways: which parameter takes the size is known
/// only once the way is.
pub(crate) const PAGE_SIZE: &str = "page_size";

/// A query parameter and the field of the call that holds it.
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) field: Ident,
}

impl Parameter {
    /// The parameter with whether it is set, as the check of the two ways takes it.
    fn is_set(&self) -> TokenStream {
        let Self { name, field } = self;
        quote!((#name, self.#field.is_some()))
    }
}

/// The parameters of a call that say which page is wanted, one way or two.
pub(crate) struct Ways {
    pub(crate) checkpoint: Option<ByCheckpoint>,
    pub(crate) counted: Option<ByCounting>,
}

pub(crate) struct ByCheckpoint {
    pub(crate) cursor: Parameter,
    pub(crate) size: Option<Parameter>,
    /// How large a page is where that is not said, if that is known.
    pub(crate) size_default: Option<u64>,
}

pub(crate) struct ByCounting {
    pub(crate) page: Parameter,
    pub(crate) per_page: Parameter,
    pub(crate) totals: Option<Parameter>,
    /// How large a page is where that is not said.
    pub(crate) size_default: u64,
}

/// Statements for the beginning of a call, and the check of its paging.
#[derive(Default)]
pub(crate) struct Settled {
    pub(crate) statements: TokenStream,
    pub(crate) check: TokenStream,
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

    /// Whether a call counts pages, where it need not: one of the parameters is set, or the listing is resumed so.
    fn is_chosen(&self) -> TokenStream {
        let fields = self.parameters().map(|parameter| &parameter.field);
        let offset = format_ident!("{OFFSET}");
        quote!(self.#offset.is_some() #(|| self.#fields.is_some())*)
    }

    /// How large a page is. A size that breaks the rules is reported when the page is requested.
    fn page_size(&self, beside: bool) -> TokenStream {
        let field = &self.per_page.field;
        let size = self.size_literal();
        let chosen = match beside {
            true => {
                let page_size = format_ident!("{PAGE_SIZE}");
                quote!(self.#page_size.or(self.#field))
            }
            false => quote!(self.#field),
        };
        quote!(#chosen.and_then(|size| u64::try_from(size).ok()).unwrap_or(#size))
    }

    /// A page that was set after the listing was resumed counts.
    fn position(&self, beside: bool) -> TokenStream {
        let (page, size) = (&self.page.field, self.page_size(beside));
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

impl Ways {
    /// Whether the page size has a field of its own, beside the parameters that take it.
    pub(crate) fn has_page_size(&self) -> bool {
        self.counted.is_some()
            && self
                .checkpoint
                .as_ref()
                .is_some_and(|checkpoint| checkpoint.size.is_some())
    }

    /// Whether a call holds the place where it was resumed.
    pub(crate) fn has_offset(&self) -> bool {
        self.counted.is_some()
    }

    /// The parameters that take the page size, one for each way.
    pub(crate) fn sizes(&self) -> impl Iterator<Item = &Parameter> {
        let checkpoint = self.checkpoint.as_ref().and_then(|by| by.size.as_ref());
        let counted = self.counted.as_ref().map(|counted| &counted.per_page);
        checkpoint.into_iter().chain(counted)
    }

    pub(crate) fn position(&self) -> TokenStream {
        let by_checkpoint = |by: &ByCheckpoint| {
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

    /// The size of a page, where pages are counted.
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

    /// The field that holds the page size, whichever way the listing is paged.
    pub(crate) fn page_size_field(&self) -> Option<Ident> {
        match self.has_page_size() {
            true => Some(format_ident!("{PAGE_SIZE}")),
            false => self.sizes().next().map(|size| size.field.clone()),
        }
    }

    /// The statements that lead a call to `position`. Where it is there already nothing is touched, so that what breaks
    /// the rules is told and not mended.
    pub(crate) fn at(&self) -> TokenStream {
        let counted = self.counted.as_ref().map(|counted| {
            let (page, per_page) = (&counted.page.field, &counted.per_page.field);
            let literal = counted.size_literal();
            let offset = format_ident!("{OFFSET}");
            // Without a size the server would take its own, by which the number of the page would mean another place.
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
                    if position == auth0_core::codegen::Paged::position(&self) {
                        return self;
                    }
                    // The place decides which way it is gone to.
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

    /// Of two ways that by checkpoints is taken unless the other is chosen, and it says how large a page is where that is
    /// known, because that is what the server tells it by. Where pages are counted, their total is asked for: without it
    /// only an empty page shows the end.
    pub(crate) fn settled(&self) -> Settled {
        let page_size = format_ident!("{PAGE_SIZE}");
        let given = |field: &Ident| {
            self.has_page_size()
                .then(|| quote!(self.#field = self.#page_size.or(self.#field);))
        };
        let counting = self.counted.as_ref().map(|counted| {
            let totals = counted.totals.as_ref().map(|totals| {
                let field = &totals.field;
                quote!(self.#field.get_or_insert(true);)
            });
            let (page, offset) = (&counted.page.field, format_ident!("{OFFSET}"));
            let (given, size) = (given(&counted.per_page.field), counted.page_size(false));
            quote! {
                #given
                if let Some(items) = self.#offset {
                    self.#page.get_or_insert(auth0_core::codegen::Position::Offset(items).page(#size));
                }
                #totals
            }
        });
        let size = self.checkpoint.as_ref().and_then(|checkpoint| {
            let field = &checkpoint.size.as_ref()?.field;
            let given = given(field);
            let default = checkpoint.size_default.map(|size| {
                let size = proc_macro2::Literal::u64_unsuffixed(size);
                quote!(self.#field.get_or_insert(#size);)
            });
            Some(quote!(#given #default))
        });
        let (Some(checkpoint), Some(counted)) = (&self.checkpoint, &self.counted) else {
            return Settled {
                statements: counting.or(size).unwrap_or_default(),
                check: TokenStream::new(),
            };
        };
        let chosen = counted.is_chosen();
        let by_checkpoint = checkpoint.parameters().map(Parameter::is_set);
        let by_counting = counted.parameters().map(Parameter::is_set);
        Settled {
            statements: quote!(if #chosen { #counting } else { #size }),
            check: quote!(check.one_paging(&[#(#by_checkpoint),*], &[#(#by_counting),*]);),
        }
    }
}
