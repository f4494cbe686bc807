//! Answers: an exclusive bound is a number in 3.1 and a flag of the bound in 3.0; openapiv3 refuses the number.

use serde_json::Value;

use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::schema::each_mut;

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    each_mut(document, &mut |schema, pointer| {
        for (exclusive, inclusive, lower) in [
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
            // Both may stand in 3.1; the tighter one counts.
            let wins = match (other, bound.as_f64()) {
                (Some(other), Some(bound)) if lower => bound >= other,
                (Some(other), Some(bound)) => bound <= other,
                _ => true,
            };
            if let Some(members) = schema.as_object_mut() {
                members.remove(exclusive);
                if wins {
                    members.insert(inclusive.into(), bound);
                    members.insert(exclusive.into(), true.into());
                }
            }
            cx.changed_at(at, format!("wrote {exclusive} as 3.0 has it"));
        }
    });
}
