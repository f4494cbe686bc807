//! Compares bounds and other constraints: which of two is tighter.

use std::cmp::Ordering;

use serde_json::Value;

use super::change::{ChangePlaces, Finding};
use super::schema_view::{Bound, CONSTRAINTS, Keyword, tighter};
use super::schemas::SchemaComparison;

/// Compares the constraints of two schemas.
pub(super) fn compare(comparison: &mut SchemaComparison<'_, '_>) {
    for key in CONSTRAINTS {
        let old = comparison.before.keyword(key).cloned();
        let new = comparison.after.keyword(key).cloned();
        if let Some(rule) = rule(key, old.as_ref(), new.as_ref()) {
            comparison.keyword(rule, old, new);
        }
    }
    let (old, new) = (
        comparison.before.lower.clone(),
        comparison.after.lower.clone(),
    );
    bound(comparison, old, new, true);
    let (old, new) = (
        comparison.before.upper.clone(),
        comparison.after.upper.clone(),
    );
    bound(comparison, old, new, false);
}

fn rule(key: &str, old: Option<&Keyword<'_>>, new: Option<&Keyword<'_>>) -> Option<&'static str> {
    let value = |keyword: Option<&Keyword<'_>>| {
        // A flag that is not set and a minimum of zero are not constraints.
        let value = keyword.map(|keyword| keyword.value.clone())?;
        let nothing =
            value == Value::Bool(false) || key.starts_with("min") && value.as_f64() == Some(0.0);
        (!nothing).then_some(value)
    };
    let tighter = match (value(old), value(new)) {
        (None, None) => return None,
        (None, Some(_)) => true,
        (Some(_), None) => false,
        (Some(old), Some(new)) if old == new => return None,
        (Some(old), Some(new)) => {
            if key == "pattern" {
                return Some("pattern-changed");
            }
            let (Some(old), Some(new)) = (old.as_f64(), new.as_f64()) else {
                return Some("constraint-tightened");
            };
            match old.partial_cmp(&new) {
                Some(Ordering::Equal) => return None,
                // Every multiple of the old step is a multiple of a step that divides it.
                _ if key == "multipleOf" => old % new != 0.0,
                Some(Ordering::Greater) => key.starts_with("max"),
                _ => key.starts_with("min"),
            }
        }
    };
    Some(if tighter {
        "constraint-tightened"
    } else {
        "constraint-loosened"
    })
}

fn bound(
    comparison: &mut SchemaComparison<'_, '_>,
    old: Option<Bound>,
    new: Option<Bound>,
    lower: bool,
) {
    let tightened = match (&old, &new) {
        (None, None) => return,
        (None, Some(_)) => true,
        (Some(_), None) => false,
        (Some(old), Some(new)) if tighter(new, old, lower) => true,
        (Some(old), Some(new)) if tighter(old, new, lower) => false,
        _ => return,
    };
    let rule = if tightened {
        "constraint-tightened"
    } else {
        "constraint-loosened"
    };
    let at = |bound: &Option<Bound>| {
        bound
            .as_ref()
            .map(|bound| bound.at.clone())
            .unwrap_or_default()
    };
    let (old_at, new_at) = (at(&old), at(&new));
    let shown = match (new_at.first(), old_at.first()) {
        (Some(at), _) => at.clone(),
        (None, Some(at)) => comparison.shown_old(at, 1),
        (None, None) => return,
    };
    let text = |bound: &Bound| {
        let sign = match (lower, bound.exclusive) {
            (true, true) => "above",
            (true, false) => "at least",
            (false, true) => "below",
            (false, false) => "at most",
        };
        format!("{sign} {}", bound.limit)
    };
    let mut found = Finding::new(rule, shown);
    found.was = old.as_ref().map(text);
    found.is = new.as_ref().map(text);
    comparison.push(found, ChangePlaces::new(old_at, new_at));
}
