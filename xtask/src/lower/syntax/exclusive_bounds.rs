//! Defect: `exclusiveMinimum` and `exclusiveMaximum` are numbers in 3.1 and booleans in 3.0. openapiv3 rejects the numbers.
//!
//! Numbers are rewritten as `minimum` or `maximum` with the boolean.

use serde_json::Value;

use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::schema::each_mut;

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    each_mut(document, &mut |schema, pointer| {
        for (exclusive, inclusive, is_lower_bound) in [
            ("exclusiveMinimum", "minimum", true),
            ("exclusiveMaximum", "maximum", false),
        ] {
            let Some(bound) = schema
                .get(exclusive)
                .filter(|bound| bound.is_number())
                .cloned()
            else {
                continue;
            };
            let at = origin::of(schema, pointer);
            let other = schema.get(inclusive).and_then(Value::as_f64);
            // In 3.1 a schema can have both bounds. The stricter one is kept.
            let is_stricter = match (other, bound.as_f64()) {
                (Some(other), Some(bound)) if is_lower_bound => bound >= other,
                (Some(other), Some(bound)) => bound <= other,
                _ => true,
            };
            if let Some(members) = schema.as_object_mut() {
                members.remove(exclusive);
                if is_stricter {
                    members.insert(inclusive.into(), bound);
                    members.insert(exclusive.into(), true.into());
                }
            }
            cx.changed_at(at, format!("rewrote {exclusive} in the form of 3.0"));
        }
    });
}
