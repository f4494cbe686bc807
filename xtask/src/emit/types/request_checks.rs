//! The checks of requests: constraints and conditions of bodies and parameters, tested before a request is sent.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use serde_json::Value;
use syn::Type;

use crate::emit::doc_text;
use crate::emit::model::{Clause, ClauseTest, Component, Condition, Model, list, members};
use crate::emit::names;
use crate::emit::read_back::StructField;
use crate::emit::type_syntax::{self, identifiers, mentions};
use crate::problem::Problem;

/// The types that a request can contain and that have rules, or contain a type that has.
pub(crate) fn checked_types(
    model: &Model<'_>,
    structs: &BTreeMap<String, Vec<StructField>>,
) -> BTreeSet<String> {
    let sent = sent_types(model);
    let keeps_fields = |name: &str| {
        let fields = structs.get(name);
        fields.is_some_and(|fields| fields.iter().any(StructField::is_additional))
    };
    let mut checked: BTreeSet<String> = sent
        .iter()
        .filter(|name| model.components.get(**name).is_some_and(has_rules) || keeps_fields(name))
        .map(|name| (*name).to_owned())
        .collect();
    // A value with constraints is checked by a call of the trait, so its type implements it even without rules of its own.
    for field in sent
        .iter()
        .flat_map(|name| constrained_fields(name, model, structs))
    {
        let named = identifiers(&field.ty).into_iter();
        checked.extend(named.filter(|name| sent.contains(name.as_str())));
    }
    let parameters = model
        .operations
        .iter()
        .flat_map(|operation| &operation.parameters);
    let constrained = parameters.filter(|parameter| parameter.constraints.is_some());
    checked.extend(constrained.flat_map(|parameter| parameter.references.iter().cloned()));
    // The types that contain a checked type.
    let mut containers: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for name in &sent {
        let fields = structs.get(*name).into_iter().flatten();
        let named = fields.flat_map(|field| identifiers(&field.ty));
        let alternatives = model
            .components
            .get(*name)
            .into_iter()
            .flat_map(|component| &component.alternatives);
        for contained in named.chain(alternatives.cloned()) {
            containers.entry(contained).or_default().push(name);
        }
    }
    let mut pending: Vec<String> = checked.iter().cloned().collect();
    while let Some(name) = pending.pop() {
        for container in containers.get(&name).into_iter().flatten() {
            if checked.insert((*container).to_owned()) {
                pending.push((*container).to_owned());
            }
        }
    }
    checked
}

/// The types that a request can contain.
fn sent_types<'m>(model: &'m Model<'_>) -> BTreeSet<&'m str> {
    let mut sent = BTreeSet::new();
    let operations = model.operations.iter();
    let mut pending: Vec<&String> = operations
        .flat_map(|operation| operation.request_references())
        .collect();
    while let Some(name) = pending.pop() {
        if sent.insert(name.as_str()) {
            pending.extend(
                model
                    .components
                    .get(name)
                    .into_iter()
                    .flat_map(|component| &component.references),
            );
        }
    }
    sent
}

/// The fields of a struct that have constraints.
fn constrained_fields<'s>(
    name: &str,
    model: &Model<'_>,
    structs: &'s BTreeMap<String, Vec<StructField>>,
) -> Vec<&'s StructField> {
    let (Some(component), Some(fields)) = (model.components.get(name), structs.get(name)) else {
        return Vec::new();
    };
    let is_constrained = |field: &&StructField| constraints_of(field, component).is_some();
    fields.iter().filter(is_constrained).collect()
}

fn constraints_of<'a>(field: &StructField, component: &Component<'a>) -> Option<&'a Value> {
    component.properties.get(field.wire.as_str())?.constraints
}

/// The rules that the value of a field is checked against; `None` if there is nothing to check.
pub(super) fn of_field(
    field: &StructField,
    component: &Component<'_>,
    checked: &BTreeSet<String>,
) -> Option<TokenStream> {
    let constraints = constraints_of(field, component);
    (constraints.is_some() || mentions(&field.ty, checked))
        .then(|| rules(constraints.unwrap_or(&Value::Null)))
}

fn has_rules(component: &Component<'_>) -> bool {
    !component.conditions.is_empty()
        || component.min_properties.is_some()
        || component
            .properties
            .values()
            .any(|property| property.constraints.is_some())
}

/// The implementation of `Check` for a type. A type without fields, such as an enum or a newtype, has nothing to check but can be the
/// item of a checked list.
pub(crate) fn of_type(
    name: &str,
    fields: &[StructField],
    checked: &BTreeSet<String>,
    model: &Model<'_>,
) -> Result<TokenStream, Problem> {
    let Some(component) = model.components.get(name) else {
        return Ok(TokenStream::new());
    };
    let mut statements = Vec::new();
    for field in fields {
        let (ident, wire) = (format_ident!("{}", field.ident), &field.wire);
        if field.is_additional() {
            let tag = component.tag.map(|tag| tag.property);
            let documented = fields.iter().filter(|field| !field.is_additional());
            let documented = documented.map(|field| field.wire.as_str()).chain(tag);
            statements.push(quote!(at.additional_fields(&self.#ident, &[#(#documented),*]);));
            continue;
        }
        if let Some(rules) = of_field(field, component, checked) {
            statements.push(quote!(at.field(#wire, &self.#ident, #rules);));
        }
    }
    statements.extend(
        component
            .min_properties
            .and_then(|count| enough_fields(count, fields)),
    );
    for condition in &component.conditions {
        statements.push(condition_statement(condition, name, fields)?);
    }
    let ident = names::ident(name);
    let at = if statements.is_empty() {
        quote!(_)
    } else {
        quote!(at)
    };
    Ok(quote! {
        impl ::auth0_core::codegen::Check for #ident {
            fn check(&self, _: &::auth0_core::codegen::Rules, #at: &mut ::auth0_core::codegen::Checker) {
                #(#statements)*
            }
        }
    })
}

/// The statement that counts the fields that are set; `None` if the required fields are enough.
fn enough_fields(minimum: u64, fields: &[StructField]) -> Option<TokenStream> {
    let idents = |fields: Vec<&StructField>| -> Vec<_> {
        fields
            .iter()
            .map(|field| format_ident!("{}", field.ident))
            .collect()
    };
    let (more, documented): (Vec<_>, Vec<_>) =
        fields.iter().partition(|field| field.is_additional());
    let (optional, required): (Vec<_>, Vec<_>) =
        documented.into_iter().partition(|field| field.is_option());
    let missing = minimum
        .checked_sub(required.len() as u64)
        .filter(|n| *n > 0)?;
    let (more, idents) = (idents(more), idents(optional));
    if missing == 1 {
        let rule = "no field is set, expected at least 1";
        let unset = idents
            .iter()
            .map(|ident| quote!(self.#ident.is_none()))
            .chain(more.iter().map(|ident| quote!(self.#ident.is_empty())));
        return Some(quote!(if #(#unset)&&* { at.broken(#rule); }));
    }
    let missing = proc_macro2::Literal::usize_unsuffixed(usize::try_from(missing).ok()?);
    let rule = format!("too few fields are set, expected at least {minimum}");
    Some(quote! {
        if [#(self.#idents.is_some()),*].into_iter().filter(|is_set| *is_set).count() #(+ self.#more.len())* < #missing {
            at.broken(#rule);
        }
    })
}

/// A reference to constant rules for the value of `x-constraints`.
pub(crate) fn rules(constraints: &Value) -> TokenStream {
    let builder = rules_builder(constraints);
    quote!(const { &#builder })
}

fn rules_builder(constraints: &Value) -> TokenStream {
    let mut calls = TokenStream::new();
    for (key, value) in members(constraints) {
        let call = match (key.as_str(), value) {
            ("pattern", Value::String(pattern)) => quote!(.pattern(#pattern)),
            ("minLength", value) => count("min_length", value),
            ("maxLength", value) => count("max_length", value),
            ("minItems", value) => count("min_items", value),
            ("maxItems", value) => count("max_items", value),
            ("minProperties", value) => count("min_properties", value),
            ("maxProperties", value) => count("max_properties", value),
            ("minimum", value) if constraints["exclusiveMinimum"] == Value::Bool(true) => {
                number("exclusive_minimum", value)
            }
            ("minimum", value) => number("minimum", value),
            ("maximum", value) if constraints["exclusiveMaximum"] == Value::Bool(true) => {
                number("exclusive_maximum", value)
            }
            ("maximum", value) => number("maximum", value),
            ("multipleOf", value) => number("multiple_of", value),
            ("enum", values) => {
                let values = list(values).map(doc_text::plain);
                quote!(.one_of(&[#(#values),*]))
            }
            ("uniqueItems", Value::Bool(true)) => quote!(.unique_items()),
            ("items", items) => {
                let items = rules(items);
                quote!(.items(#items))
            }
            _ => TokenStream::new(),
        };
        calls.extend(call);
    }
    quote!(::auth0_core::codegen::Rules::NONE #calls)
}

fn count(method: &str, value: &Value) -> TokenStream {
    let method = format_ident!("{method}");
    value.as_u64().map_or_else(TokenStream::new, |count| {
        let count = proc_macro2::Literal::u64_unsuffixed(count);
        quote!(.#method(#count))
    })
}

fn number(method: &str, value: &Value) -> TokenStream {
    let method = format_ident!("{method}");
    value.as_f64().map_or_else(TokenStream::new, |number| {
        let number = proc_macro2::Literal::f64_unsuffixed(number);
        quote!(.#method(#number))
    })
}

/// The statement that checks a condition. As in JSON Schema, a test of an absent property holds in a consequence and does not
/// hold in a premise.
fn condition_statement(
    condition: &Condition<'_>,
    name: &str,
    fields: &[StructField],
) -> Result<TokenStream, Problem> {
    let clauses = |clauses: &[Clause<'_>], if_absent: bool| {
        let clauses = clauses
            .iter()
            .map(|clause| clause_expression(clause, if_absent, name, fields));
        clauses.collect::<Result<Vec<_>, _>>()
    };
    let premises = clauses(&condition.premises, false)?;
    let consequences = clauses(&condition.consequences, true)?;
    let property = condition
        .consequences
        .first()
        .and_then(|clause| clause.property)
        .unwrap_or_default();
    let message = condition.message;
    let holds = if consequences.is_empty() {
        quote!(true)
    } else {
        quote!(#(#consequences)&&*)
    };
    let rule = quote!(at.rule(#holds, #property, #message););
    Ok(if premises.is_empty() {
        rule
    } else {
        quote!(if #(#premises)&&* { #rule })
    })
}

/// The expression for a clause of a condition; `if_absent` is its value if the property is absent.
fn clause_expression(
    clause: &Clause<'_>,
    if_absent: bool,
    name: &str,
    fields: &[StructField],
) -> Result<TokenStream, Problem> {
    let invalid = |expected: &str| {
        Problem::at(
            format!("/components/schemas/{name}/x-conditions"),
            "a clause of a condition cannot be checked",
        )
        .expected(expected)
        .found(clause.source.to_string())
        .help("correct the clause in the corrections overlay")
    };
    let field = fields
        .iter()
        .find(|field| Some(field.wire.as_str()) == clause.property)
        .ok_or_else(|| invalid("`property` to name a property of the schema"))?;
    let ident = format_ident!("{}", field.ident);
    let nullable = type_syntax::generic("Nullable", field.value_type());
    let ty = nullable.unwrap_or(field.value_type());
    let item = type_syntax::generic("Vec", ty);
    // A null is neither a list nor a string, so it counts as absent.
    let non_null = nullable
        .map(|_| quote!(.and_then(::auth0_core::Nullable::as_value)))
        .unwrap_or_default();
    let method = format_ident!(
        "{}",
        if if_absent {
            "is_none_or"
        } else {
            "is_some_and"
        }
    );
    let test = |holds: &dyn Fn(TokenStream) -> TokenStream| {
        let value = match (field.is_option(), nullable) {
            (false, None) => return holds(quote!(self.#ident)),
            (false, Some(_)) => quote!(self.#ident.as_value()),
            (true, _) => quote!(self.#ident.as_ref() #non_null),
        };
        let holds = holds(quote!(value));
        quote!(#value.#method(|value| #holds))
    };
    let equal = |ty: &Type, value: TokenStream, text: &str| {
        if type_syntax::generic("Open", ty).is_some() {
            quote!(#value.is(#text))
        } else {
            quote!(#value == #text)
        }
    };
    let present = match field.is_option() {
        true => quote!(self.#ident.is_some()),
        false => quote!(true),
    };
    let literal = proc_macro2::Literal::u64_unsuffixed;
    match (clause.test, item) {
        (Some(ClauseTest::Present), _) => Ok(present),
        (Some(ClauseTest::Absent), _) => Ok(quote!(!#present)),
        (Some(ClauseTest::MinItems(1)), Some(_)) => Ok(test(&|value| quote!(!#value.is_empty()))),
        (Some(ClauseTest::MinItems(count)), Some(_)) => {
            let count = literal(count);
            Ok(test(&|value| quote!(#value.len() >= #count)))
        }
        (Some(ClauseTest::MaxItems(count)), Some(_)) => {
            let count = literal(count);
            Ok(test(&|value| quote!(#value.len() <= #count)))
        }
        (Some(ClauseTest::Contains(text)), Some(item)) => {
            let equal = equal(item, quote!(item), text);
            Ok(test(&|value| quote!(#value.iter().any(|item| #equal))))
        }
        (Some(ClauseTest::Equals(text)), None) => Ok(test(&|value| equal(ty, value, text))),
        _ => Err(invalid(
            "present, absent, minItems, maxItems, contains (the last three of an array) or equals",
        )),
    }
}
