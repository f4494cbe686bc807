//! The types of pages: `Page` for them, and their decoding where the list may also come alone.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use serde_json::Value;
use syn::Item;

use crate::emit::model::{Model, text};
use crate::emit::names;
use crate::emit::types::adjust;
use crate::emit::types::items::referenced;
use crate::emit::types::shapes::{self, Field};
use crate::extensions;
use crate::problem::Problem;

/// `Page` for the answer of an operation that pages.
pub(crate) fn page(
    name: &str,
    fields: &[Field],
    model: &Model<'_>,
) -> Result<TokenStream, Problem> {
    let Some((operation, paging)) = model.operations.iter().find_map(|operation| {
        let paging = operation.paging.as_ref()?;
        let answer = operation
            .success
            .iter()
            .find_map(|status| operation.response_schema(*status))?;
        (referenced(answer).as_deref() == Some(name)).then_some((operation, paging))
    }) else {
        return Ok(TokenStream::new());
    };
    let field = |wire: &str| fields.iter().find(|field| field.wire == wire);
    let is_optional = |field: &&Field| shapes::generic("Option", &field.ty).is_some();
    let items = paging.items.as_deref().and_then(field);
    let items = items.and_then(|field| Some((field, shapes::list_item(&field.ty)?)));
    let next = paging.checkpoint.as_ref();
    let next = next.map(|checkpoint| field(&checkpoint.next).filter(is_optional));
    let counted = paging.counted.as_ref();
    let total = counted.and_then(|c| c.total.as_deref());
    let total = total.map(|total| field(total).filter(is_optional));
    let (Some((items, item)), false) = (
        items,
        matches!(next, Some(None)) || matches!(total, Some(None)),
    ) else {
        return Err(Problem::at(
            format!("{}/x-paging", operation.pointer),
            "the answer is not a page",
        )
        .expected(format!(
            "{name} to have an array `{}`, and to be free to leave out where the next page is and what the total is",
            paging.items.as_deref().unwrap_or_default(),
        ))
        .found(
            fields
                .iter()
                .map(|field| field.wire.as_str())
                .collect::<Vec<_>>()
                .join(", "),
        ));
    };
    let (ident, items_ident) = (names::ident(name), format_ident!("{}", items.ident));
    // An answer may leave the list out where there is nothing to list.
    let (is_empty, count, list, into_items) = if is_optional(&items) {
        (
            quote!(self.#items_ident.as_ref().is_none_or(::std::vec::Vec::is_empty)),
            quote!(self.#items_ident.as_ref().map_or(0, ::std::vec::Vec::len)),
            quote!(self.#items_ident.get_or_insert_default()),
            quote!(self.#items_ident.unwrap_or_default()),
        )
    } else {
        (
            quote!(self.#items_ident.is_empty()),
            quote!(self.#items_ident.len()),
            quote!(self.#items_ident),
            quote!(self.#items_ident),
        )
    };
    let next = match next.flatten() {
        Some(next) => {
            let next = format_ident!("{}", next.ident);
            // An object or an array is no cursor. Its text makes the server reject the next request; without a cursor the
            // listing would end early, and without an error.
            quote!(self.#next.as_ref().and_then(|next| ::auth0_core::codegen::Position::of_checkpoint(::std::option::Option::Some(&next.text()))))
        }
        None => quote!(::std::option::Option::None),
    };
    let numbers = [
        ("total", total.flatten()),
        ("start", counted.and_then(|c| field(c.start.as_deref()?))),
        (
            "limit",
            counted.and_then(|c| field(c.page_limit.as_deref()?)),
        ),
    ]
    .into_iter()
    .filter_map(|(method, number)| {
        let number = number?;
        let (method, ident) = (format_ident!("{method}"), format_ident!("{}", number.ident));
        let number = match is_optional(&number) {
            true => {
                quote!(self.#ident.as_ref().and_then(|number| u64::try_from(*number.known()?).ok()))
            }
            false => quote!(self.#ident.known().and_then(|number| u64::try_from(*number).ok())),
        };
        Some(quote! {
            fn #method(&self) -> ::std::option::Option<u64> {
                #number
            }
        })
    });
    // Only a listing whose pages are counted can be continued within a page.
    let counting = counted.map(|_| {
        quote! {
            fn count(&self) -> ::std::option::Option<u64> {
                ::std::option::Option::Some(#count as u64)
            }

            fn skip(&mut self, items: usize) {
                ::auth0_core::codegen::Page::skip(&mut #list, items);
            }
        }
    });
    Ok(quote! {
        impl ::auth0_core::codegen::Page for #ident {
            type Item = #item;

            fn next(&self) -> ::std::option::Option<::auth0_core::codegen::Position> {
                #next
            }

            #(#numbers)*

            #counting

            fn is_empty(&self) -> bool {
                #is_empty
            }

            fn into_items(self) -> ::std::vec::Vec<#item> {
                #into_items
            }
        }
    })
}

/// `Deserialize` for a page whose list may also stand alone, in place of the derived one, which is taken off `item`.
pub(crate) fn bare(
    item: &mut Item,
    fields: &[Field],
    model: &Model<'_>,
) -> Result<TokenStream, Problem> {
    let Item::Struct(item) = item else {
        return Ok(TokenStream::new());
    };
    let name = item.ident.to_string();
    let page = model
        .schemas
        .get(&name)
        .and_then(|schema| extensions::PAGE.get(schema));
    let Some(page) = page.filter(|page| page["bare"] == Value::Bool(true)) else {
        return Ok(TokenStream::new());
    };
    let wire = text(page, "items");
    let Some(list) = fields.iter().find(|field| field.wire == wire) else {
        return Err(Problem::at(
            crate::spec::walk::join("/components/schemas", &name),
            "the page has no list",
        )
        .expected(format!("an array `{wire}`")));
    };
    adjust::remove_derive(item, "Deserialize")?;
    let mut named = item.clone();
    named.ident = format_ident!("Named");
    named.vis = syn::Visibility::Inherited;
    named.attrs = vec![syn::parse_quote!(#[derive(::serde::Deserialize)])];
    for field in &mut named.fields {
        field.vis = syn::Visibility::Inherited;
        field
            .attrs
            .retain(|attribute| attribute.path().is_ident("serde"));
    }
    let ident = &item.ident;
    let list_ident = format_ident!("{}", list.ident);
    let idents: Vec<_> = fields
        .iter()
        .map(|field| format_ident!("{}", field.ident))
        .collect();
    let others = idents.iter().filter(|ident| **ident != list_ident);
    let list_type = &list.ty;
    Ok(quote! {
        impl<'de> ::serde::Deserialize<'de> for #ident {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> ::std::result::Result<Self, D::Error> {
                #named
                Ok(match ::auth0_core::ListOr::<#list_type, Named>::deserialize(deserializer)? {
                    ::auth0_core::ListOr::List(#list_ident) => Self {
                        #list_ident,
                        #(#others: ::std::default::Default::default()),*
                    },
                    ::auth0_core::ListOr::Object(page) => Self { #(#idents: page.#idents),* },
                })
            }
        }
    })
}
