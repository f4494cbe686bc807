//! Merging two schemas into one that means both.

use serde_json::{Value, json};

use crate::extensions;
use crate::lower::origin;
use crate::lower::schema::Object;

/// Merges `other` into `into`. What annotates is kept where it is; rules are tightened. The error says what cannot be both.
pub(crate) fn merge(into: &mut Value, other: &Value) -> Result<(), String> {
    let Some(other) = other.as_object() else {
        return Ok(());
    };
    let mut keys: Vec<&String> = other.keys().collect();
    keys.sort();
    // Bounds are merged with their flags.
    bound(
        into,
        other,
        "minimum",
        "exclusiveMinimum",
        |ours, theirs| theirs > ours,
    );
    bound(
        into,
        other,
        "maximum",
        "exclusiveMaximum",
        |ours, theirs| theirs < ours,
    );
    // The type first: what follows relies on it.
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
            "properties" => properties(ours, theirs),
            "required" => *ours = union(ours, theirs),
            "type" => one_type(ours, theirs)?,
            "enum" => common_values(ours, theirs)?,
            "minLength" | "minItems" | "minProperties" => tighten(ours, theirs, |a, b| b > a),
            "maxLength" | "maxItems" | "maxProperties" => tighten(ours, theirs, |a, b| b < a),
            "pattern" => both_patterns(ours, theirs),
            "nullable" => *ours = false.into(),
            "items" => both(ours, theirs),
            "additionalProperties" => match (&*ours, theirs) {
                (Value::Bool(_), Value::Object(_)) => *ours = theirs.clone(),
                (Value::Object(_), Value::Object(_)) => both(ours, theirs),
                _ => {}
            },
            "oneOf" | "anyOf" => return Err("two unions".into()),
            "deprecated" | "readOnly" | "writeOnly" | "uniqueItems" => *ours = true.into(),
            key if key == extensions::CONDITIONS.name => *ours = union(ours, theirs),
            _ => {}
        }
    }
    Ok(())
}

fn properties(ours: &mut Value, theirs: &Value) {
    let (Some(ours), Some(theirs)) = (ours.as_object_mut(), theirs.as_object()) else {
        return;
    };
    for (name, theirs) in theirs {
        match ours.get_mut(name) {
            None => {
                ours.insert(name.clone(), theirs.clone());
            }
            Some(ours) if origin::stripped(ours) == origin::stripped(theirs) => {}
            Some(ours) => both(ours, theirs),
        }
    }
}

/// Leaves the merging of nested schemas to the walk, which comes to them next.
fn both(ours: &mut Value, theirs: &Value) {
    let mut all = Vec::new();
    for side in [&*ours, theirs] {
        match side.get("allOf").and_then(Value::as_array) {
            Some(members) if crate::lower::schema::keys_beside(side, &["allOf"]).is_empty() => {
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

fn union(ours: &Value, theirs: &Value) -> Value {
    let mut all = ours.as_array().cloned().unwrap_or_default();
    for item in theirs.as_array().into_iter().flatten() {
        if !all.contains(item) {
            all.push(item.clone());
        }
    }
    all.into()
}

fn one_type(ours: &mut Value, theirs: &Value) -> Result<(), String> {
    match (ours.as_str(), theirs.as_str()) {
        (Some("number"), Some("integer")) => *ours = "integer".into(),
        (Some("integer"), Some("number")) => {}
        (Some(a), Some(b)) => return Err(format!("{a} and {b}")),
        _ => return Err("types that differ".into()),
    }
    Ok(())
}

fn common_values(ours: &mut Value, theirs: &Value) -> Result<(), String> {
    let (Some(a), Some(b)) = (ours.as_array(), theirs.as_array()) else {
        return Ok(());
    };
    let common: Vec<Value> = a
        .iter()
        .filter(|value| b.contains(value))
        .cloned()
        .collect();
    if common.is_empty() {
        return Err("enumerations without a value in common".into());
    }
    *ours = common.into();
    Ok(())
}

fn tighten(ours: &mut Value, theirs: &Value, tighter: fn(f64, f64) -> bool) {
    if let (Some(a), Some(b)) = (ours.as_f64(), theirs.as_f64())
        && tighter(a, b)
    {
        *ours = theirs.clone();
    }
}

fn bound(into: &mut Value, other: &Object, key: &str, flag: &str, tighter: fn(f64, f64) -> bool) {
    let Some(theirs) = other.get(key) else { return };
    let their_flag = other.get(flag).cloned();
    let wins = match (into.get(key).and_then(Value::as_f64), theirs.as_f64()) {
        (Some(a), Some(b)) => tighter(a, b) || (a == b && their_flag == Some(Value::Bool(true))),
        _ => true,
    };
    if let (true, Some(members)) = (wins, into.as_object_mut()) {
        members.insert(key.into(), theirs.clone());
        match their_flag {
            Some(value) => members.insert(flag.into(), value),
            None => members.remove(flag),
        };
    }
}

/// Two patterns hold where both are found.
fn both_patterns(ours: &mut Value, theirs: &Value) {
    if let (Some(a), Some(b)) = (ours.as_str(), theirs.as_str()) {
        *ours = format!(r"^(?=[\s\S]*(?:{a}))(?=[\s\S]*(?:{b}))").into();
    }
}

/// Keywords that say something about a schema and nothing about its values.
pub(crate) const ANNOTATIONS: [&str; 7] = [
    "default",
    "deprecated",
    "description",
    "nullable",
    "readOnly",
    "title",
    "writeOnly",
];
