//! The setters of the optional fields of a struct.

use quote::{format_ident, quote};
use syn::{ImplItem, parse_quote};

use crate::emit::model::Model;
use crate::emit::names;
use crate::emit::read_back::StructField;
use crate::emit::types::argument_types::{argument_type, converted};

/// The setter of an optional field.
pub(crate) fn setter(field: &StructField, model: &Model<'_>) -> ImplItem {
    let ident = format_ident!("{}", field.ident);
    let method = format_ident!("{}", names::unlike(field.ident.clone(), &["new"]));
    let ty = field.value_type();
    let argument = argument_type(ty, model);
    let value = converted(quote!(#ident), ty, model);
    let value = match field.is_option() {
        true => quote!(::std::option::Option::Some(#value)),
        false => value,
    };
    let doc = format!(" Sets [`{0}`](Self#structfield.{0}).", field.doc_name());
    parse_quote! {
        #[doc = #doc]
        #[must_use]
        pub fn #method(mut self, #ident: #argument) -> Self {
            self.#ident = #value;
            self
        }
    }
}
