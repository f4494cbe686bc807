//! The types of a generated crate: those of progenitor, each followed by its constructor, its setters, the checks of requests and the
//! traits of responses; and the unions.

pub(crate) mod alternative_enums;
pub(crate) mod argument_types;
pub(crate) mod constructors;
mod containers;
mod page_types;
pub(crate) mod recursion;
pub(crate) mod request_checks;
mod setters;
mod union_accessors;
mod union_enums;
mod untagged_enums;
pub(crate) mod update_types;

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Item;

use crate::emit::model::Model;
use crate::emit::names;
use crate::emit::read_back::{self, StructField};
use crate::emit::{doc_text, progenitor_adjustments, type_syntax};
use crate::extensions::Tag;
use crate::problem::Problem;
use update_types::WriteBackPlan;

/// The structs of a crate, and what the parts of the emitter decide about its types.
pub(crate) struct TypeIndex {
    /// The structs by name.
    pub(crate) structs: BTreeMap<String, Vec<StructField>>,
    /// The types that implement `Check`: those that a request can contain and that have rules, or contain a type that has.
    pub(crate) checked: BTreeSet<String>,
    /// The structs of required fields, by the types that they construct.
    pub(crate) required_structs: BTreeMap<String, String>,
    pub(crate) plan: WriteBackPlan,
}

impl TypeIndex {
    pub(crate) fn new(items: &[Item], model: &Model<'_>, plan: WriteBackPlan) -> Self {
        let structs = read_back::structs(items);
        let checked = request_checks::checked_types(model, &structs);
        let required_structs = constructors::required_structs(&structs, model);
        Self {
            structs,
            checked,
            required_structs,
            plan,
        }
    }
}

/// Emits the items of the module `types`.
pub(crate) fn emit(
    items: Vec<Item>,
    types: &TypeIndex,
    model: &Model<'_>,
) -> Result<Vec<Item>, Problem> {
    let mut emitted = Vec::new();
    let responses = response_types(model);
    let alternatives = alternative_enums::alternatives(model);
    let bodies = alternative_enums::body_alternatives(model);
    for mut item in progenitor_adjustments::documentation(items) {
        document_fields(&mut item, model);
        write_tag(&mut item, model);
        types.plan.document(&mut item);
        let name = match &item {
            Item::Struct(item) => item.ident.to_string(),
            Item::Enum(item) => item.ident.to_string(),
            _ => {
                emitted.push(item);
                continue;
            }
        };
        let mut traits = TokenStream::new();
        let mut following = Vec::new();
        let fields = types.structs.get(&name);
        if let (Some(alternatives), Some(fields)) = (alternatives.get(name.as_str()), fields) {
            let replaced = alternative_enums::emit(&name, fields, alternatives);
            emitted.extend(crate::emit::parsed(replaced, &name)?.items);
            continue;
        }
        if let (Some(alternatives), Some(fields)) = (bodies.get(name.as_str()), fields) {
            let checked = &types.checked;
            let replaced =
                alternative_enums::emit_bodies(&name, fields, alternatives, checked, model);
            emitted.extend(crate::emit::parsed(replaced, &name)?.items);
            continue;
        }
        if let Some(fields) = fields {
            containers::require(&mut item, fields, &types.plan, model);
            let bare = page_types::bare_list(&mut item, fields, model)?;
            following.extend(crate::emit::parsed(bare, &name)?.items);
            if let Item::Struct(item) = &item {
                following.extend(constructors::emit(item, fields, types, model));
            }
            if responses.contains(name.as_str()) {
                traits.extend(partial_report(&name, fields, model)?);
                traits.extend(page_types::page(&name, fields, model)?);
            }
        }
        if let Item::Enum(item) = &mut item {
            traits.extend(untagged_enums::emit(item, types, model));
        }
        emitted.push(item);
        emitted.append(&mut following);
        if types.checked.contains(&name) {
            let fields = fields.map_or(&[][..], Vec::as_slice);
            traits.extend(request_checks::of_type(
                &name,
                fields,
                &types.checked,
                model,
            )?);
        }
        traits.extend(types.plan.conversions(&name, model));
        emitted.extend(crate::emit::parsed(traits, &name)?.items);
    }
    for (name, component) in &model.components {
        if let Some(variants) = &component.union {
            let mut union = union_enums::emit(name, component.description, variants, types, model);
            union.extend(types.plan.conversions(name, model));
            emitted.extend(crate::emit::parsed(union, name)?.items);
        }
    }
    Ok(emitted)
}

/// The types of the bodies of successful responses.
fn response_types<'m>(model: &'m Model<'_>) -> BTreeSet<&'m str> {
    let operations = model.operations.iter();
    let responses = operations.flat_map(|operation| {
        let bodies = operation.success.iter();
        bodies.filter_map(|status| operation.responses.get(status)?.component.as_deref())
    });
    responses.collect()
}

/// Documents each field without a description with the first line of the description of its type: a property that is only a reference
/// has no description of its own.
fn document_fields(item: &mut Item, model: &Model<'_>) {
    let Item::Struct(item) = item else { return };
    for field in &mut item.fields {
        let is_doc = |attribute: &syn::Attribute| attribute.path().is_ident("doc");
        if field.attrs.iter().any(is_doc) {
            continue;
        }
        let mut ty = &field.ty;
        while let Some(inner) = ["Option", "Nullable", "Open", "Box"]
            .iter()
            .find_map(|name| type_syntax::generic(name, ty))
        {
            ty = inner;
        }
        let component = type_syntax::last_name(ty).and_then(|name| model.components.get(&name));
        let line = component.map(|component| doc_text::first_line(component.description));
        if let Some(line) = line.filter(|line| !line.is_empty()) {
            let line = format!(" {line}");
            field.attrs.insert(0, syn::parse_quote!(#[doc = #line]));
        }
    }
}

/// Has serde write the tag of a struct, which is not a field. In responses, the union has checked it before.
fn write_tag(item: &mut Item, model: &Model<'_>) {
    let Item::Struct(item) = item else { return };
    let component = model.components.get(&item.ident.to_string());
    if let Some(Tag { property, value }) = component.and_then(|component| component.tag) {
        item.attrs
            .push(syn::parse_quote!(#[serde(tag = #property, rename = #value)]));
    }
}

/// The implementation of `PartialReport` for the report of a bulk operation.
fn partial_report(
    name: &str,
    fields: &[StructField],
    model: &Model<'_>,
) -> Result<TokenStream, Problem> {
    let operation = model
        .operations
        .iter()
        .find(|operation| operation.report_type() == Some(name));
    let Some((operation, outcome)) =
        operation.and_then(|operation| Some((operation, operation.bulk_outcome.as_ref()?)))
    else {
        return Ok(TokenStream::new());
    };
    let field = fields.iter().find(|field| field.wire == outcome.failures);
    let Some((field, failure)) =
        field.and_then(|field| Some((field, type_syntax::generic("Vec", &field.ty)?)))
    else {
        return Err(Problem::at(
            format!("{}/x-outcome", operation.pointer),
            "the report of a bulk operation has no list of failures",
        )
        .expected(format!("`failures` to name a required array of {name}"))
        .found(outcome.failures.as_str()));
    };
    let (ident, field) = (names::ident(name), format_ident!("{}", field.ident));
    Ok(quote! {
        impl ::auth0_core::PartialReport for #ident {
            type Failure = #failure;

            fn failures(&self) -> &[#failure] {
                &self.#field
            }
        }
    })
}
