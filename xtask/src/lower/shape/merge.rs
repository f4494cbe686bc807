//! Merging of two schemas into one that requires both.

use serde_json::{Value, json};

use crate::extensions;
use crate::lower::origin;
use crate::lower::schema::{Object, keys_beside};

/// Merges `other` into `into`. Annotations of `into` take precedence; constraints are combined.
///
/// # Errors
///
/// A description of the contradiction, if no value satisfies both.
pub(crate) fn merge(into: &mut Value, other: &Value) -> Result<(), String> {
    let Some(other) = other.as_object() else {
        return Ok(());
    };
    let mut keys: Vec<&String> = other.keys().collect();
    keys.sort();
    // Bounds are merged together with the `exclusive` flags.
    merge_bound(
        into,
        other,
        "minimum",
        "exclusiveMinimum",
        |ours, theirs| theirs > ours,
    );
    merge_bound(
        into,
        other,
        "maximum",
        "exclusiveMaximum",
        |ours, theirs| theirs < ours,
    );
    // The type comes first, because other keywords depend on it.
    keys.sort_by_key(|key| *key != "type");
    for key in keys {
        let theirs = &other[key];
        let Some(members) = into.as_object_mut() else {
            return Ok(());
        };
        let Some(ours) = members.get_mut(key) else {
            if !["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"]
                .contains(&key.as_str())
            {
                members.insert(key.clone(), theirs.clone());
            }
            continue;
        };
        if origin::stripped(ours) == origin::stripped(theirs) {
            continue;
        }
        match key.as_str() {
            "properties" => merge_properties(ours, theirs),
            "required" => *ours = merge_lists(ours, theirs),
            "type" => merge_types(ours, theirs)?,
            "enum" => intersect_values(ours, theirs)?,
            "minLength" | "minItems" | "minProperties" => tighten(ours, theirs, |a, b| b > a),
            "maxLength" | "maxItems" | "maxProperties" => tighten(ours, theirs, |a, b| b < a),
            "pattern" => combine_patterns(ours, theirs),
            "nullable" => *ours = false.into(),
            "items" => combine_nested(ours, theirs),
            "additionalProperties" => match (&*ours, theirs) {
                (Value::Bool(_), Value::Object(_)) => *ours = theirs.clone(),
                (Value::Object(_), Value::Object(_)) => combine_nested(ours, theirs),
                _ => {}
            },
            "oneOf" | "anyOf" => return Err("two unions".into()),
            "deprecated" | "readOnly" | "writeOnly" | "uniqueItems" => *ours = true.into(),
            key if key == extensions::CONDITIONS.name => *ours = merge_lists(ours, theirs),
            _ => {}
        }
    }
    Ok(())
}

fn merge_properties(ours: &mut Value, theirs: &Value) {
    let (Some(ours), Some(theirs)) = (ours.as_object_mut(), theirs.as_object()) else {
        return;
    };
    for (name, theirs) in theirs {
        match ours.get_mut(name) {
            None => {
                ours.insert(name.clone(), theirs.clone());
            }
            Some(ours) if origin::stripped(ours) == origin::stripped(theirs) => {}
            Some(ours) => combine_nested(ours, theirs),
        }
    }
}

/// Combines two nested schemas with `allOf`. The walk merges them later.
fn combine_nested(ours: &mut Value, theirs: &Value) {
    let mut all = Vec::new();
    for side in [&*ours, theirs] {
        match side.get("allOf").and_then(Value::as_array) {
            Some(members) if keys_beside(side, &["allOf"]).is_empty() => {
                all.extend(members.iter().cloned());
            }
            _ => all.push(side.clone()),
        }
    }
    let stamp = ours.get(origin::SOURCE).cloned();
    *ours = json!({ "allOf": all });
    if let Some(stamp) = stamp {
        ours[origin::SOURCE] = stamp;
    }
}

fn merge_lists(ours: &Value, theirs: &Value) -> Value {
    let mut all = ours.as_array().cloned().unwrap_or_default();
    for item in theirs.as_array().into_iter().flatten() {
        if !all.contains(item) {
            all.push(item.clone());
        }
    }
    all.into()
}

fn merge_types(ours: &mut Value, theirs: &Value) -> Result<(), String> {
    match (ours.as_str(), theirs.as_str()) {
        (Some("number"), Some("integer")) => *ours = "integer".into(),
        (Some("integer"), Some("number")) => {}
        (Some(a), Some(b)) => return Err(format!("{a} and {b}")),
        _ => return Err("different types".into()),
    }
    Ok(())
}

fn intersect_values(ours: &mut Value, theirs: &Value) -> Result<(), String> {
    let (Some(a), Some(b)) = (ours.as_array(), theirs.as_array()) else {
        return Ok(());
    };
    let common: Vec<Value> = a
        .iter()
        .filter(|value| b.contains(value))
        .cloned()
        .collect();
    if common.is_empty() {
        return Err("enumerations without a common value".into());
    }
    *ours = common.into();
    Ok(())
}

/// Keeps the stricter of two numbers.
fn tighten(ours: &mut Value, theirs: &Value, tighter: fn(f64, f64) -> bool) {
    if let (Some(a), Some(b)) = (ours.as_f64(), theirs.as_f64())
        && tighter(a, b)
    {
        *ours = theirs.clone();
    }
}

/// Merges a bound and its `exclusive` flag; the stricter bound is kept.
fn merge_bound(
    into: &mut Value,
    other: &Object,
    key: &str,
    flag: &str,
    tighter: fn(f64, f64) -> bool,
) {
    let Some(theirs) = other.get(key) else { return };
    let their_flag = other.get(flag).cloned();
    let is_stricter = match (into.get(key).and_then(Value::as_f64), theirs.as_f64()) {
        (Some(a), Some(b)) => tighter(a, b) || (a == b && their_flag == Some(Value::Bool(true))),
        _ => true,
    };
    if let (true, Some(members)) = (is_stricter, into.as_object_mut()) {
        members.insert(key.into(), theirs.clone());
        match their_flag {
            Some(value) => members.insert(flag.into(), value),
            None => members.remove(flag),
        };
    }
}

/// One pattern that requires both.
fn combine_patterns(ours: &mut Value, theirs: &Value) {
    if let (Some(a), Some(b)) = (ours.as_str(), theirs.as_str()) {
        *ours = format!(r"^(?=[\s\S]*(?:{a}))(?=[\s\S]*(?:{b}))").into();
    }
}

/// Keywords that do not constrain values.
pub(crate) const ANNOTATIONS: [&str; 7] = [
    "default",
    "deprecated",
    "description",
    "nullable",
    "readOnly",
    "title",
    "writeOnly",
];
