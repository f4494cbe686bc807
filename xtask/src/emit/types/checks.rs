//! The checks of requests: what the document demands of a body or a parameter, tested before anything is sent.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::TokenStream;
use quote::{ToTokens as _, format_ident, quote};
use serde_json::Value;
use syn::Type;

use crate::emit::docs;
use crate::emit::model::{Model, list, members, properties, reference, text};
use crate::emit::names;
use crate::emit::types::shapes::{self, Field};
use crate::emit::types::write_back::is_additional;
use crate::extensions::{self, Tag};
use crate::problem::Problem;

/// The types that a request can hold and that have anything to check, themselves or in what they hold.
pub(crate) fn checked_types(
    model: &Model<'_>,
    structs: &BTreeMap<String, Vec<Field>>,
) -> BTreeSet<String> {
    let mut sent = BTreeSet::new();
    let parameters = || {
        let operations = model.operations.iter();
        operations.flat_map(|operation| operation.parameters.iter().map(|p| p.schema))
    };
    let bodies = model.operations.iter().filter_map(|o| o.body);
    let mut waiting: Vec<&Value> = bodies.chain(parameters()).collect();
    while let Some(value) = waiting.pop() {
        if let Some(name) = reference(value)
            && let Some(schema) = model.schemas.get(&name)
            && sent.insert(name)
        {
            waiting.push(schema);
        }
        waiting.extend(
            value
                .as_object()
                .into_iter()
                .flat_map(|members| members.values()),
        );
        waiting.extend(list(value));
    }
    let keeps_more = |name: &String| {
        let fields = structs.get(name);
        fields.is_some_and(|fields| fields.iter().any(is_additional))
    };
    let mut checked: BTreeSet<String> = sent
        .iter()
        .filter(|name| has_own_rules(name, model) || keeps_more(name))
        .cloned()
        .collect();
    // What has rules of its own goes through the trait with all that it holds, rules or not.
    for field in sent
        .iter()
        .flat_map(|name| constrained_fields(name, model, structs))
    {
        checked.extend(named_in(&field.ty).intersection(&sent).cloned());
    }
    let constrained = parameters().filter(|schema| extensions::CONSTRAINTS.is_set(schema));
    checked.extend(constrained.flat_map(|schema| {
        let named = model.named_in(schema).into_iter();
        named.map(str::to_owned)
    }));
    // What holds a checked type is checked too.
    let mut holders: BTreeMap<String, Vec<&String>> = BTreeMap::new();
    for name in &sent {
        let fields = structs.get(name).into_iter().flatten();
        let named = fields.flat_map(|field| named_in(&field.ty));
        for held in named.chain(variants(name, model)) {
            holders.entry(held).or_default().push(name);
        }
    }
    let mut waiting: Vec<String> = checked.iter().cloned().collect();
    while let Some(name) = waiting.pop() {
        for holder in holders.get(&name).into_iter().flatten() {
            if checked.insert((*holder).clone()) {
                waiting.push((*holder).clone());
            }
        }
    }
    checked
}

/// The fields of a struct for which the document has rules.
fn constrained_fields<'s>(
    name: &str,
    model: &Model<'_>,
    structs: &'s BTreeMap<String, Vec<Field>>,
) -> Vec<&'s Field> {
    let (Some(schema), Some(fields)) = (model.schemas.get(name), structs.get(name)) else {
        return Vec::new();
    };
    let properties = properties(schema, model);
    let constrained = |field: &&Field| {
        properties
            .get(field.wire.as_str())
            .is_some_and(|property| extensions::CONSTRAINTS.is_set(property))
    };
    fields.iter().filter(constrained).collect()
}

fn has_own_rules(name: &str, model: &Model<'_>) -> bool {
    let Some(schema) = model.schemas.get(name) else {
        return false;
    };
    extensions::CONDITIONS.is_set(schema)
        || fewest_fields(schema).is_some()
        || properties(schema, model)
            .values()
            .any(|property| extensions::CONSTRAINTS.is_set(property))
}

fn variants<'m>(name: &str, model: &'m Model<'_>) -> impl Iterator<Item = String> + 'm {
    model
        .schemas
        .get(name)
        .into_iter()
        .flat_map(|schema| list(&schema["oneOf"]))
        .filter_map(reference)
}

/// Whether `ty` names one of `names` anywhere.
pub(crate) fn mentions(ty: &Type, names: &BTreeSet<String>) -> bool {
    !named_in(ty).is_disjoint(names)
}

/// Every name in `ty`.
fn named_in(ty: &Type) -> BTreeSet<String> {
    fn collect(tokens: TokenStream, found: &mut BTreeSet<String>) {
        for token in tokens {
            match token {
                proc_macro2::TokenTree::Ident(ident) => {
                    found.insert(ident.to_string());
                }
                proc_macro2::TokenTree::Group(group) => collect(group.stream(), found),
                _ => {}
            }
        }
    }
    let mut found = BTreeSet::new();
    collect(ty.to_token_stream(), &mut found);
    found
}

/// `impl Check` for a type: the rules of its fields and between them. What has no fields, an enum or a wrapper that
/// typify made, has nothing to check, and stands in lists that do.
pub(crate) fn of_type(
    name: &str,
    fields: &[Field],
    checked: &BTreeSet<String>,
    model: &Model<'_>,
) -> Result<TokenStream, Problem> {
    let Some(schema) = model.schemas.get(name) else {
        return Ok(TokenStream::new());
    };
    let properties = properties(schema, model);
    let mut statements = Vec::new();
    for field in fields {
        if is_additional(field) {
            let ident = format_ident!("{}", field.ident);
            let tag = Tag::of(schema).map(|tag| tag.property);
            let documented = fields.iter().filter(|field| !is_additional(field));
            let documented = documented.map(|field| field.wire.as_str()).chain(tag);
            statements.push(quote!(at.additional_fields(&self.#ident, &[#(#documented),*]);));
            continue;
        }
        let constraints = properties
            .get(field.wire.as_str())
            .and_then(|property| extensions::CONSTRAINTS.get(property));
        if constraints.is_some() || mentions(&field.ty, checked) {
            let (ident, wire) = (format_ident!("{}", field.ident), &field.wire);
            let rules = rules(constraints.unwrap_or(&Value::Null));
            statements.push(quote!(at.field(#wire, &self.#ident, #rules);));
        }
    }
    statements.extend(fewest_fields(schema).and_then(|count| enough_fields(count, fields)));
    for condition in extensions::CONDITIONS.items(schema) {
        statements.push(self::condition(condition, name, fields)?);
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

/// How many properties an object must have at least, where that is said.
fn fewest_fields(schema: &Value) -> Option<u64> {
    schema.pointer("/x-constraints/minProperties")?.as_u64()
}

/// A statement that counts the fields that are set; nothing where those that are required are enough.
fn enough_fields(fewest: u64, fields: &[Field]) -> Option<TokenStream> {
    let (more, described): (Vec<_>, Vec<_>) = fields.iter().partition(|field| is_additional(field));
    let (may_lack, always): (Vec<_>, Vec<_>) = described
        .into_iter()
        .partition(|field| shapes::generic("Option", &field.ty).is_some());
    let more: Vec<_> = more
        .iter()
        .map(|field| format_ident!("{}", field.ident))
        .collect();
    let missing = fewest.checked_sub(always.len() as u64).filter(|n| *n > 0)?;
    let idents: Vec<_> = may_lack
        .iter()
        .map(|field| format_ident!("{}", field.ident))
        .collect();
    if missing == 1 {
        let rule = "no field is set, expected at least 1 to be";
        let unset = idents
            .iter()
            .map(|ident| quote!(self.#ident.is_none()))
            .chain(more.iter().map(|ident| quote!(self.#ident.is_empty())));
        return Some(quote!(if #(#unset)&&* { at.broken(#rule); }));
    }
    let missing = proc_macro2::Literal::usize_unsuffixed(usize::try_from(missing).ok()?);
    let rule = format!("too few fields are set, expected at least {fewest} to be");
    Some(quote! {
        if [#(self.#idents.is_some()),*].into_iter().filter(|is_set| *is_set).count() #(+ self.#more.len())* < #missing {
            at.broken(#rule);
        }
    })
}

/// A reference to constant rules made from `x-constraints`.
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
                let values = list(values).map(docs::plain);
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

/// A statement that checks one of `x-conditions`.
fn condition(condition: &Value, name: &str, fields: &[Field]) -> Result<TokenStream, Problem> {
    let clauses = |key: &str, where_absent: bool| {
        list(&condition[key])
            .map(|clause| self::clause(clause, where_absent, name, fields))
            .collect::<Result<Vec<_>, _>>()
    };
    let (when, then) = (clauses("if", false)?, clauses("then", true)?);
    let property = condition["then"][0]["property"]
        .as_str()
        .unwrap_or_default();
    let message = text(condition, "message");
    let then = if then.is_empty() {
        quote!(true)
    } else {
        quote!(#(#then)&&*)
    };
    let rule = quote!(at.rule(#then, #property, #message););
    Ok(if when.is_empty() {
        rule
    } else {
        quote!(if #(#when)&&* { #rule })
    })
}

/// An expression for one clause of a condition. As in JSON Schema, what is said of a property that is absent holds in a
/// consequence and does not in a premise; only `present` and `absent` speak of absence itself.
fn clause(
    clause: &Value,
    where_absent: bool,
    name: &str,
    fields: &[Field],
) -> Result<TokenStream, Problem> {
    let wrong = |expected: &str| {
        Problem::at(
            format!("/components/schemas/{name}/x-conditions"),
            "a clause of a condition cannot be checked",
        )
        .expected(expected)
        .found(clause.to_string())
        .help("mend the clause in the corrections overlay")
    };
    let field = fields
        .iter()
        .find(|field| Some(field.wire.as_str()) == clause["property"].as_str())
        .ok_or_else(|| wrong("`property` to name a property of the schema"))?;
    let ident = format_ident!("{}", field.ident);
    let inner = shapes::generic("Option", &field.ty);
    let given = inner.unwrap_or(&field.ty);
    let nullable = shapes::generic("Nullable", given);
    let ty = nullable.unwrap_or(given);
    // A null is no list and no text, so it counts as absent here.
    let value_of_null = nullable
        .map(|_| quote!(.and_then(::auth0_core::Nullable::as_value)))
        .unwrap_or_default();
    let method = format_ident!(
        "{}",
        if where_absent {
            "is_none_or"
        } else {
            "is_some_and"
        }
    );
    let test = |holds: &dyn Fn(TokenStream) -> TokenStream| {
        let value = match (inner, nullable) {
            (None, None) => return holds(quote!(self.#ident)),
            (None, Some(_)) => quote!(self.#ident.as_value()),
            (Some(_), _) => quote!(self.#ident.as_ref() #value_of_null),
        };
        let holds = holds(quote!(value));
        quote!(#value.#method(|value| #holds))
    };
    let is_list = shapes::generic("Vec", ty).is_some();
    let equal = |ty: &Type, value: TokenStream, text: &str| {
        if shapes::generic("Open", ty).is_some() {
            quote!(#value.is(#text))
        } else {
            quote!(#value == #text)
        }
    };
    let present = inner.map_or_else(|| quote!(true), |_| quote!(self.#ident.is_some()));
    if clause["present"] == Value::Bool(true) {
        return Ok(present);
    }
    if clause["absent"] == Value::Bool(true) {
        return Ok(quote!(!#present));
    }
    if let Some(count) = clause["minItems"].as_u64().filter(|_| is_list) {
        if count == 1 {
            return Ok(test(&|value| quote!(!#value.is_empty())));
        }
        let count = proc_macro2::Literal::u64_unsuffixed(count);
        return Ok(test(&|value| quote!(#value.len() >= #count)));
    }
    if let Some(count) = clause["maxItems"].as_u64().filter(|_| is_list) {
        let count = proc_macro2::Literal::u64_unsuffixed(count);
        return Ok(test(&|value| quote!(#value.len() <= #count)));
    }
    if let (Some(text), Some(item)) = (clause["contains"].as_str(), shapes::generic("Vec", ty)) {
        let equal = equal(item, quote!(item), text);
        return Ok(test(&|value| quote!(#value.iter().any(|item| #equal))));
    }
    if let Some(text) = clause["equals"].as_str().filter(|_| !is_list) {
        return Ok(test(&|value| equal(ty, value, text)));
    }
    Err(wrong(
        "present, absent, minItems, maxItems, contains (the last three of an array) or equals",
    ))
}
