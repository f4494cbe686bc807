//! Defect: progenitor ignores `if`/`then` and `dependentRequired`, and a Rust type cannot express them.
//!
//! Simple conditions become `x-conditions`, which the client checks before it sends a request. For other conditions the pass reports that
//! they are not enforced.
//!
//! A clause under `if` does not hold if the property is absent. A clause under `then` does not constrain an absent property, except for
//! `present`.

use serde_json::{Value, json};

use crate::extensions::CONDITIONS;
use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::schema::{each_mut, keys_beside, remove_keys, strings};
use crate::lower::syntax::structure::abbreviated;
use crate::problem::Problem;
use crate::spec::walk::join;

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    each_mut(document, &mut |schema, pointer| {
        if !schema.is_object() {
            return;
        }
        let at = origin::of(schema, pointer);
        let required = strings(schema.get("required"));
        let mut found = Vec::new();
        take_condition(schema, &required, &at, &mut found, cx);
        if let Some(Value::Array(mut all)) = schema.get("allOf").cloned() {
            for member in &mut all {
                let here = origin::of(member, &at);
                take_condition(member, &required, &here, &mut found, cx);
            }
            let before = all.len();
            all.retain(|member| !member.is_object() || !keys_beside(member, &[]).is_empty());
            if all.is_empty() {
                remove_keys(schema, &["allOf"]);
            } else if all.len() < before || !found.is_empty() {
                schema["allOf"] = all.into();
            }
        }
        take_dependencies(schema, &at, &mut found, cx);
        if !found.is_empty() {
            let mut all = match CONDITIONS.get(schema) {
                Some(Value::Array(given)) => given.clone(),
                _ => Vec::new(),
            };
            for condition in found {
                if !all.contains(&condition) {
                    all.push(condition);
                }
            }
            schema[CONDITIONS.name] = all.into();
        }
    });
}

/// Removes `if`, `then` and `else` from a schema and adds the equivalent condition to `found`, if there is one.
fn take_condition(
    schema: &mut Value,
    required: &[String],
    at: &str,
    found: &mut Vec<Value>,
    cx: &mut PassContext<'_>,
) {
    let Some(members) = schema.as_object_mut() else {
        return;
    };
    let (condition, then, else_schema) = (
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
            cx.changed_at(&here, "turned `if` and `then` into a condition");
            found.push(entry(condition, then));
        }
        None if then.is_some() => cx.warn(not_enforced(&here)),
        None => {}
    }
    if else_schema.is_some() {
        cx.warn(not_enforced(&join(at, "else")));
    }
    cx.changed_at(&here, "removed `if`");
}

/// The warning for a condition that the client does not check.
fn not_enforced(at: &str) -> Problem {
    Problem::at(at, "the client does not check this condition")
        .expected("a condition on required properties, constants, `contains` with a constant, minItems or maxItems")
        .help("mention it in the description, or add x-conditions in an overlay")
}

/// Turns `dependentRequired: {a: [b]}` into conditions: if `a` is present, `b` is required.
fn take_dependencies(
    schema: &mut Value,
    at: &str,
    found: &mut Vec<Value>,
    cx: &mut PassContext<'_>,
) {
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
        "turned `dependentRequired` into conditions",
    );
}

/// An entry of `x-conditions` with its error message.
fn entry(condition: Vec<Value>, then: Vec<Value>) -> Value {
    let describe = |clauses: &[Value], is_requirement: bool| -> String {
        let all: Vec<String> = clauses
            .iter()
            .map(|clause| describe_clause(clause, is_requirement))
            .collect();
        all.join(" and ")
    };
    let message = format!(
        "{} when {}",
        describe(&then, true),
        describe(&condition, false)
    );
    json!({ "if": condition, "then": then, "message": message })
}

/// Describes a clause as a requirement ("must …") or as a fact.
fn describe_clause(clause: &Value, is_requirement: bool) -> String {
    let name = clause["property"].as_str().unwrap_or_default();
    let number = |key: &str| clause.get(key).and_then(Value::as_u64);
    let items = |number: u64| if number == 1 { "item" } else { "items" };
    let (must, has) = if is_requirement {
        ("must be", "must have")
    } else {
        ("is", "has")
    };
    if clause.get("present").is_some() {
        return if is_requirement {
            format!("`{name}` is required")
        } else {
            format!("`{name}` is given")
        };
    }
    if clause.get("absent").is_some() {
        return if is_requirement {
            format!("`{name}` must be omitted")
        } else {
            format!("`{name}` is omitted")
        };
    }
    if let Some(minimum) = number("minItems") {
        return format!("`{name}` {has} at least {minimum} {}", items(minimum));
    }
    if let Some(maximum) = number("maxItems") {
        return format!("`{name}` {has} at most {maximum} {}", items(maximum));
    }
    if let Some(value) = clause.get("contains") {
        return format!(
            "`{name}` {} {}",
            if is_requirement {
                "must contain"
            } else {
                "contains"
            },
            plain(value)
        );
    }
    format!(
        "`{name}` {must} {}",
        plain(clause.get("equals").unwrap_or(&Value::Null))
    )
}

/// A string without quotes, any other value as JSON.
fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| abbreviated(value), str::to_owned)
}

/// The clauses of a schema; `None` if it has keywords that no clause can express.
///
/// `always_required` is set for an `if`: the properties that the enclosing schema requires.
fn clauses(schema: &Value, always_required: Option<&[String]>) -> Option<Vec<Value>> {
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
    let mut covered = Vec::new();
    if let Some(properties) = schema.get("properties") {
        let properties = properties.as_object()?;
        let mut names: Vec<&String> = properties.keys().collect();
        names.sort();
        for name in names {
            let constraints = property(name, &properties[name])?;
            if constraints.is_empty() {
                continue;
            }
            // JSON Schema lets an `if` hold if the property is absent. No clause can express that.
            let is_absent = constraints
                .iter()
                .any(|clause| clause.get("absent").is_some());
            if let Some(always_required) = always_required
                && !is_absent
                && !required.contains(name)
                && !always_required.contains(name)
            {
                return None;
            }
            // Under `then`, a constraint does not make the property required, so `present` is added separately.
            if always_required.is_some() {
                covered.push(name.clone());
            }
            found.extend(constraints);
        }
    }
    for name in required {
        if !covered.contains(&name) {
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

/// The clauses for one property; `None` if its schema has keywords that no clause can express.
fn property(name: &str, schema: &Value) -> Option<Vec<Value>> {
    match schema {
        Value::Bool(true) => return Some(Vec::new()),
        Value::Bool(false) => return Some(vec![json!({ "property": name, "absent": true })]),
        _ => {}
    }
    let mut found = Vec::new();
    for key in keys_beside(
        schema,
        &["type", "description", "title", "$comment", "errorMessage"],
    ) {
        let value = &schema[key];
        let clause = match key {
            "const" => json!({ "property": name, "equals": value }),
            "enum" => match value.as_array().map(Vec::as_slice) {
                Some([only]) => json!({ "property": name, "equals": only }),
                _ => return None,
            },
            "minItems" | "maxItems" => json!({ "property": name, (key): value }),
            "contains" => {
                let constant = value.get("const")?;
                if !keys_beside(value, &["const", "type"]).is_empty() {
                    return None;
                }
                json!({ "property": name, "contains": constant })
            }
            _ => return None,
        };
        found.push(clause);
    }
    Some(found)
}
