//! The types of a generated crate: typify's types, each followed by what makes it usable: a constructor with the
//! required fields, a setter for each optional one, and the check that runs before it is sent.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use serde_json::Value;
use syn::{Item, Type};

use crate::emit::calls::pages;
use crate::emit::docs;
use crate::emit::model::{Model, Operation};
use crate::emit::names;
use crate::emit::types::adjust;
use crate::emit::types::checks;
use crate::emit::types::constructors;
use crate::emit::types::containers;
use crate::emit::types::shapes::{self, Field};
use crate::emit::types::unions;
use crate::emit::types::write_back::Plan;
use crate::extensions::{self, Tag};
use crate::problem::Problem;

/// The types of a crate, as the other parts of the emitter see them.
pub(crate) struct Types {
    /// The structs by name.
    pub(crate) structs: BTreeMap<String, Vec<Field>>,
    /// The types that a request can hold and that have anything to check.
    pub(crate) checked: BTreeSet<String>,
    /// The structs of required fields, by the types that they construct.
    pub(crate) required: BTreeMap<String, String>,
    /// What is written back.
    pub(crate) plan: Plan,
}

impl Types {
    pub(crate) fn new(items: &[Item], model: &Model<'_>, plan: Plan) -> Self {
        let structs = shapes::structs(items);
        let checked = checks::checked_types(model, &structs);
        let required = constructors::required_structs(&structs, model);
        Self {
            structs,
            checked,
            required,
            plan,
        }
    }
}

/// Emits the module.
pub(crate) fn emit(
    items: Vec<Item>,
    types: &Types,
    model: &Model<'_>,
) -> Result<Vec<Item>, Problem> {
    let mut emitted = Vec::new();
    // Each operation is asked once for its answers, and not for every type there is.
    let answers: BTreeSet<String> = model
        .operations
        .iter()
        .flat_map(|operation| {
            let bodies = operation.success.iter();
            bodies.filter_map(|status| referenced(operation.response_schema(*status)?))
        })
        .collect();
    for mut item in adjust::documentation(items) {
        document_fields(&mut item, model);
        write_tag(&mut item, model);
        types.plan.document(&mut item);
        let name = match &item {
            Item::Struct(item) => Some(item.ident.to_string()),
            Item::Enum(item) => Some(item.ident.to_string()),
            _ => None,
        };
        let Some(name) = name else {
            emitted.push(item);
            continue;
        };
        let mut beside = TokenStream::new();
        let mut made = Vec::new();
        let fields = types.structs.get(&name);
        if let Some(fields) = fields {
            containers::require(&mut item, fields, &types.plan, model);
            let bare = pages::bare(&mut item, fields, model)?;
            made.extend(crate::emit::parsed(bare, &name)?.items);
            if let Item::Struct(item) = &item {
                made.extend(constructors::emit(item, fields, types, model));
            }
            if answers.contains(&name) {
                beside.extend(partial_report(&name, fields, model)?);
                beside.extend(pages::page(&name, fields, model)?);
            }
        }
        emitted.push(item);
        emitted.append(&mut made);
        if types.checked.contains(&name) {
            let fields = fields.map_or(&[][..], Vec::as_slice);
            beside.extend(checks::of_type(&name, fields, &types.checked, model)?);
        }
        beside.extend(types.plan.conversions(&name, model)?);
        emitted.extend(crate::emit::parsed(beside, &name)?.items);
    }
    for (name, schema) in model
        .schemas
        .iter()
        .filter(|(_, schema)| extensions::UNION.is_set(schema))
    {
        let mut union = unions::emit(name, schema, types, model)?;
        union.extend(types.plan.conversions(name, model)?);
        emitted.extend(crate::emit::parsed(union, name)?.items);
    }
    Ok(emitted)
}

/// Gives each field without words the first line of what its type says of itself: a property that is nothing but a
/// reference has no other words.
fn document_fields(item: &mut Item, model: &Model<'_>) {
    let Item::Struct(item) = item else { return };
    for field in &mut item.fields {
        let is_documented = |attribute: &syn::Attribute| attribute.path().is_ident("doc");
        if field.attrs.iter().any(is_documented) {
            continue;
        }
        let mut ty = &field.ty;
        while let Some(inner) = ["Option", "Nullable", "Open", "Box"]
            .iter()
            .find_map(|name| shapes::generic(name, ty))
        {
            ty = inner;
        }
        let words = shapes::last_name(ty)
            .and_then(|name| model.schemas.get(&name))
            .map(|component| docs::first_line(&crate::emit::model::text(component, "description")))
            .filter(|line| !line.is_empty());
        if let Some(words) = words {
            let words = format!(" {words}");
            field.attrs.insert(0, syn::parse_quote!(#[doc = #words]));
        }
    }
}

/// Has serde write the tag of a struct, which is no field of it. In an answer the union has looked at it before.
fn write_tag(item: &mut Item, model: &Model<'_>) {
    let Item::Struct(item) = item else { return };
    let tag = model
        .schemas
        .get(&item.ident.to_string())
        .and_then(|schema| Tag::of(schema));
    if let Some(Tag { property, value }) = tag {
        item.attrs
            .push(syn::parse_quote!(#[serde(tag = #property, rename = #value)]));
    }
}

/// How a value of this type is taken as a parameter.
pub(crate) enum Taking<'t> {
    /// As it is.
    Plain,
    /// As anything that turns into it.
    Into,
    /// As a list of anything that turns into the items.
    List(&'t Type),
}

pub(crate) fn taking<'t>(ty: &'t Type, model: &Model<'_>) -> Taking<'t> {
    if let Some(item) = shapes::generic("Vec", ty) {
        return Taking::List(item);
    }
    let wrapped = ["Open", "Nullable"]
        .iter()
        .any(|name| shapes::generic(name, ty).is_some());
    let union = || {
        shapes::last_name(ty)
            .and_then(|name| model.schemas.get(&name))
            .is_some_and(|s| extensions::UNION.is_set(s))
    };
    if wrapped || shapes::is_named("String", ty) || shapes::is_named("SecretString", ty) || union()
    {
        Taking::Into
    } else {
        Taking::Plain
    }
}

/// The type of a parameter that a value of `ty` is made from.
pub(crate) fn parameter_type(ty: &Type, model: &Model<'_>) -> TokenStream {
    match taking(ty, model) {
        Taking::Plain => quote!(#ty),
        Taking::Into => quote!(impl Into<#ty>),
        Taking::List(item) => match taking(item, model) {
            Taking::Into => quote!(impl IntoIterator<Item = impl Into<#item>>),
            _ => quote!(impl IntoIterator<Item = #item>),
        },
    }
}

/// The expression that makes a value of `ty` from such a parameter.
pub(crate) fn converted(name: &proc_macro2::Ident, ty: &Type, model: &Model<'_>) -> TokenStream {
    given(quote!(#name), ty, model)
}

/// The expression that makes a value of `ty` from `value`, which is given as such a parameter takes it.
pub(crate) fn given(value: TokenStream, ty: &Type, model: &Model<'_>) -> TokenStream {
    match taking(ty, model) {
        Taking::Plain => value,
        Taking::Into => quote!(#value.into()),
        Taking::List(item) => match taking(item, model) {
            Taking::Into => quote!(#value.into_iter().map(Into::into).collect()),
            _ => quote!(#value.into_iter().collect()),
        },
    }
}

/// A field of a struct literal, in the short form where the value is a variable of the same name.
pub(crate) fn field_value(field: &proc_macro2::Ident, value: &TokenStream) -> TokenStream {
    if *field == value.to_string() {
        quote!(#field)
    } else {
        quote!(#field: #value)
    }
}

/// `PartialReport` for the report of a bulk operation.
fn partial_report(name: &str, fields: &[Field], model: &Model<'_>) -> Result<TokenStream, Problem> {
    let Some((operation, failures)) = model.operations.iter().find_map(|operation| {
        let outcome = operation.outcome.as_ref()?;
        (report_of(operation).as_deref() == Some(name)).then_some((operation, &outcome.failures))
    }) else {
        return Ok(TokenStream::new());
    };
    let field = fields.iter().find(|field| field.wire == *failures);
    let Some((field, failure)) =
        field.and_then(|field| Some((field, shapes::generic("Vec", &field.ty)?)))
    else {
        return Err(Problem::at(
            format!("{}/x-outcome", operation.pointer),
            "the report does not list what failed",
        )
        .expected(format!("`failures` to name a required array of {name}"))
        .found(failures.as_str()));
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

/// The type of the report of a bulk operation.
fn report_of(operation: &Operation<'_>) -> Option<String> {
    let outcome = operation.outcome.as_ref()?;
    operation
        .response_schema(outcome.partial)
        .and_then(referenced)
}

/// The type that a schema refers to, itself or as the one part of an `allOf`.
pub(crate) fn referenced(schema: &Value) -> Option<String> {
    crate::emit::model::reference(schema).or_else(|| match schema["allOf"].as_array()?.as_slice() {
        [only] => crate::emit::model::reference(only),
        _ => None,
    })
}
