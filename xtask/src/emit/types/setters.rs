//! The setters of the optional fields of a struct.

use quote::{format_ident, quote};
use syn::{ImplItem, parse_quote};

use crate::emit::model::Model;
use crate::emit::names;
use crate::emit::types::items::{converted, parameter_type};
use crate::emit::types::shapes::{self, Field};

/// The setter of an optional field.
pub(crate) fn setter(field: &Field, model: &Model<'_>) -> ImplItem {
    let ident = format_ident!("{}", field.ident);
    let method = format_ident!("{}", names::unlike(field.ident.clone(), &["new"]));
    let inner = shapes::generic("Option", &field.ty);
    let ty = inner.unwrap_or(&field.ty);
    let argument = parameter_type(ty, model);
    let value = converted(&ident, ty, model);
    let value = match inner {
        Some(_) => quote!(::std::option::Option::Some(#value)),
        None => value,
    };
    let doc = format!(
        " Sets [`{0}`](Self#structfield.{0}).",
        field.ident.trim_start_matches("r#")
    );
    parse_quote! {
        #[doc = #doc]
        #[must_use]
        pub fn #method(mut self, #ident: #argument) -> Self {
            self.#ident = #value;
            self
        }
    }
}
