//! Answers: `if`/`then` and `dependentRequired` are skipped by progenitor, and a Rust type cannot carry them. Simple ones become `x-conditions`,
//! which the emitter checks before a request is sent; the others are told to be documentation only.
//!
//! A clause under `if` does not hold for a property that is absent; one under `then` has nothing to say about it, except `present`.

use serde_json::{Value, json};

use crate::extensions;
use crate::lower::Context;
use crate::lower::origin;
use crate::lower::schema::{each_mut, keys_beside, remove_keys, strings};
use crate::lower::syntax::structure::show;
use crate::problem::Problem;
use crate::spec::walk::join;

const KEY: &str = extensions::CONDITIONS.name;

pub(crate) fn apply(document: &mut Value, cx: &mut Context<'_>) {
    each_mut(document, &mut |schema, pointer| {
        if !schema.is_object() {
            return;
        }
        let at = origin::of(schema, pointer);
        let required = strings(schema.get("required"));
        let mut found = Vec::new();
        take(schema, &required, &at, &mut found, cx);
        if let Some(Value::Array(mut all)) = schema.get("allOf").cloned() {
            for member in &mut all {
                let here = origin::of(member, &at);
                take(member, &required, &here, &mut found, cx);
            }
            let before = all.len();
            all.retain(|member| !member.is_object() || !keys_beside(member, &[]).is_empty());
            if all.is_empty() {
                remove_keys(schema, &["allOf"]);
            } else if all.len() < before || !found.is_empty() {
                schema["allOf"] = all.into();
            }
        }
        dependencies(schema, &at, &mut found, cx);
        if !found.is_empty() {
            let mut all = match schema.get(KEY) {
                Some(Value::Array(given)) => given.clone(),
                _ => Vec::new(),
            };
            for condition in found {
                if !all.contains(&condition) {
                    all.push(condition);
                }
            }
            schema[KEY] = all.into();
        }
    });
}

/// Takes the `if` of a schema, with what belongs to it.
fn take(
    schema: &mut Value,
    required: &[String],
    at: &str,
    found: &mut Vec<Value>,
    cx: &mut Context<'_>,
) {
    let Some(members) = schema.as_object_mut() else {
        return;
    };
    let (condition, then, otherwise) = (
        members.remove("if"),
        members.remove("then"),
        members.remove("else"),
    );
    let Some(condition) = condition else { return };
    let here = join(at, "if");
    let lowered = clauses(&condition, Some(required))
        .zip(then.as_ref().and_then(|then| clauses(then, None)))
        .filter(|(condition, then)| !condition.is_empty() && !then.is_empty());
    match lowered {
        Some((condition, then)) => {
            cx.changed_at(&here, "made a condition of `if` and `then`");
            found.push(entry(condition, then));
        }
        None if then.is_some() => cx.warn(told(&here)),
        None => {}
    }
    if otherwise.is_some() {
        cx.warn(told(&join(at, "else")));
    }
    cx.changed_at(&here, "removed `if`");
}

fn told(at: &str) -> Problem {
    Problem::at(at, "this condition is documentation only")
        .expected("required properties, constants, `contains` a constant, minItems, maxItems")
        .help("state it in the description, or as x-conditions by an overlay")
}

/// `dependentRequired: {a: [b]}`: with `a`, `b` has to be there.
fn dependencies(schema: &mut Value, at: &str, found: &mut Vec<Value>, cx: &mut Context<'_>) {
    let Some(Value::Object(dependent)) = schema
        .as_object_mut()
        .and_then(|members| members.remove("dependentRequired"))
    else {
        return;
    };
    let mut names: Vec<&String> = dependent.keys().collect();
    names.sort();
    for name in names {
        let then: Vec<Value> = strings(dependent.get(name))
            .iter()
            .map(|needed| json!({ "property": needed, "present": true }))
            .collect();
        if !then.is_empty() {
            found.push(entry(
                vec![json!({ "property": name, "present": true })],
                then,
            ));
        }
    }
    cx.changed_at(
        join(at, "dependentRequired"),
        "made conditions of `dependentRequired`",
    );
}

fn entry(condition: Vec<Value>, then: Vec<Value>) -> Value {
    let words = |clauses: &[Value], rule: bool| -> String {
        let all: Vec<String> = clauses.iter().map(|clause| phrase(clause, rule)).collect();
        all.join(" and ")
    };
    let message = format!("{} when {}", words(&then, true), words(&condition, false));
    json!({ "if": condition, "then": then, "message": message })
}

/// A clause in words, as a rule ("must …") or as a fact.
fn phrase(clause: &Value, rule: bool) -> String {
    let name = clause["property"].as_str().unwrap_or_default();
    let number = |key: &str| clause.get(key).and_then(Value::as_u64);
    let items = |number: u64| if number == 1 { "item" } else { "items" };
    let (must, has) = if rule {
        ("must be", "must have")
    } else {
        ("is", "has")
    };
    if clause.get("present").is_some() {
        return if rule {
            format!("`{name}` is required")
        } else {
            format!("`{name}` is given")
        };
    }
    if clause.get("absent").is_some() {
        return if rule {
            format!("`{name}` must be left out")
        } else {
            format!("`{name}` is left out")
        };
    }
    if let Some(least) = number("minItems") {
        return format!("`{name}` {has} at least {least} {}", items(least));
    }
    if let Some(most) = number("maxItems") {
        return format!("`{name}` {has} at most {most} {}", items(most));
    }
    if let Some(value) = clause.get("contains") {
        return format!(
            "`{name}` {} {}",
            if rule { "must contain" } else { "contains" },
            plain(value)
        );
    }
    format!(
        "`{name}` {must} {}",
        plain(clause.get("equals").unwrap_or(&Value::Null))
    )
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| show(value), str::to_owned)
}

/// The clauses of a schema, if it says nothing else. `outer` is given for an `if`: the properties that are always there.
fn clauses(schema: &Value, outer: Option<&[String]>) -> Option<Vec<Value>> {
    let known = [
        "properties",
        "required",
        "not",
        "type",
        "description",
        "title",
        "$comment",
        "errorMessage",
    ];
    if !keys_beside(schema, &known).is_empty()
        || schema.get("type").is_some_and(|kind| kind != "object")
    {
        return None;
    }
    let required = strings(schema.get("required"));
    let mut found = Vec::new();
    let mut told = Vec::new();
    if let Some(properties) = schema.get("properties") {
        let properties = properties.as_object()?;
        let mut names: Vec<&String> = properties.keys().collect();
        names.sort();
        for name in names {
            let rule = property(name, &properties[name])?;
            if rule.is_empty() {
                continue;
            }
            // Without the property an `if` holds, which no clause can say.
            let is_absent = rule.iter().any(|clause| clause.get("absent").is_some());
            if let Some(outer) = outer
                && !is_absent
                && !required.contains(name)
                && !outer.contains(name)
            {
                return None;
            }
            // Under `then`, a rule beside `required` does not make the property present by itself.
            if outer.is_some() {
                told.push(name.clone());
            }
            found.extend(rule);
        }
    }
    for name in required {
        if !told.contains(&name) {
            found.push(json!({ "property": name, "present": true }));
        }
    }
    if let Some(not) = schema.get("not") {
        if !keys_beside(not, &["required", "type"]).is_empty() {
            return None;
        }
        match strings(not.get("required")).as_slice() {
            [only] => found.push(json!({ "property": only, "absent": true })),
            _ => return None,
        }
    }
    Some(found)
}

/// The clauses about one property.
fn property(name: &str, rule: &Value) -> Option<Vec<Value>> {
    match rule {
        Value::Bool(true) => return Some(Vec::new()),
        Value::Bool(false) => return Some(vec![json!({ "property": name, "absent": true })]),
        _ => {}
    }
    let mut found = Vec::new();
    for key in keys_beside(
        rule,
        &["type", "description", "title", "$comment", "errorMessage"],
    ) {
        let value = &rule[key];
        let clause = match key {
            "const" => json!({ "property": name, "equals": value }),
            "enum" => match value.as_array().map(Vec::as_slice) {
                Some([only]) => json!({ "property": name, "equals": only }),
                _ => return None,
            },
            "minItems" | "maxItems" => json!({ "property": name, (key): value }),
            "contains" => {
                let wanted = value.get("const")?;
                if !keys_beside(value, &["const", "type"]).is_empty() {
                    return None;
                }
                json!({ "property": name, "contains": wanted })
            }
            _ => return None,
        };
        found.push(clause);
    }
    Some(found)
}
