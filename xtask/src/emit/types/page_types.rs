//! The types of pages: their implementation of `Page`, and decoding if the list may also be the whole response.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Item;

use crate::emit::model::Model;
use crate::emit::read_back::StructField;
use crate::emit::{names, progenitor_adjustments, type_syntax};
use crate::problem::Problem;

/// The implementation of `Page` for the response of a paged operation.
pub(crate) fn page(
    name: &str,
    fields: &[StructField],
    model: &Model<'_>,
) -> Result<TokenStream, Problem> {
    let mut operations = model.operations.iter();
    let Some((operation, paging)) = operations.find_map(|operation| {
        let paging = operation.paging.as_ref()?;
        (operation.response_type() == Some(name)).then_some((operation, paging))
    }) else {
        return Ok(TokenStream::new());
    };
    let field = |wire: &str| fields.iter().find(|field| field.wire == wire);
    let is_option = |field: &&StructField| field.is_option();
    let items = paging.items.as_deref().and_then(field);
    let items = items.and_then(|field| Some((field, type_syntax::list_item(&field.ty)?)));
    let next = paging.checkpoint.as_ref();
    let next = next.map(|checkpoint| field(&checkpoint.next).filter(is_option));
    let counted = paging.counted.as_ref();
    let total = counted.and_then(|c| c.total.as_deref());
    let total = total.map(|total| field(total).filter(is_option));
    let (Some((items, item)), false) = (
        items,
        matches!(next, Some(None)) || matches!(total, Some(None)),
    ) else {
        return Err(Problem::at(
            format!("{}/x-paging", operation.pointer),
            "the response of a paged operation is not a page",
        )
        .expected(format!(
            "{name} with an array `{}`; the properties of the next cursor and of the total optional",
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
    // A response may omit an empty list.
    let (is_empty, count, list, into_items) = if items.is_option() {
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
            // An object or array is not a cursor. Sent as text, it makes the server reject the next request; without a cursor
            // the listing would end early without an error.
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
        let number = match number.is_option() {
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
    // Only a listing by page number can be resumed within a page.
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

/// The implementation of `Deserialize` for a page whose list may also be the whole response. The derive is removed from `item`.
pub(crate) fn bare_list(
    item: &mut Item,
    fields: &[StructField],
    model: &Model<'_>,
) -> Result<TokenStream, Problem> {
    let Item::Struct(item) = item else {
        return Ok(TokenStream::new());
    };
    let name = item.ident.to_string();
    let component = model.components.get(&name);
    let Some(wire) = component.and_then(|component| component.bare_list) else {
        return Ok(TokenStream::new());
    };
    let Some(list) = fields.iter().find(|field| field.wire == wire) else {
        return Err(Problem::at(
            crate::spec::walk::join("/components/schemas", &name),
            "a page has no list of items",
        )
        .expected(format!("an array `{wire}`")));
    };
    progenitor_adjustments::remove_derive(item, "Deserialize")?;
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
