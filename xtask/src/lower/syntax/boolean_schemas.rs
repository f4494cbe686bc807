//! Defect: 3.1 allows `true` and `false` as schemas. 3.0 allows them in `additionalProperties` only, and openapiv3 rejects them elsewhere.
//!
//! `true` becomes a schema without constraints. `false` is removed where that is equivalent; elsewhere it is an error.

use serde_json::{Value, json};

use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::schema::each_mut;
use crate::problem::Problem;
use crate::spec::walk::{self, Place, join};

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    each_mut(document, &mut |schema, pointer| {
        let at = origin::of(schema, pointer);
        let Some(members) = schema.as_object_mut() else {
            return;
        };
        if let Some(properties) = members.get_mut("properties").and_then(Value::as_object_mut) {
            properties.retain(|name, property| {
                if property == &Value::Bool(false) {
                    cx.changed_at(
                        join(&join(&at, "properties"), name),
                        format!("removed the property `{name}`, whose schema is `false`"),
                    );
                }
                property != &Value::Bool(false)
            });
        }
        if members.get("items") == Some(&Value::Bool(false)) {
            members.insert(
                "items".into(),
                json!({ (origin::SOURCE): join(&at, "items") }),
            );
            members.insert("maxItems".into(), 0.into());
            cx.changed_at(
                join(&at, "items"),
                "turned `items: false` into `maxItems: 0`",
            );
        }
        for key in ["oneOf", "anyOf"] {
            if let Some(variants) = members.get_mut(key).and_then(Value::as_array_mut)
                && variants
                    .iter()
                    .any(|variant| variant != &Value::Bool(false))
            {
                variants.retain(|variant| variant != &Value::Bool(false));
            }
        }
    });
    walk::walk_mut(document, &mut |value, place, pointer| {
        if place != Place::Schema || pointer.ends_with("/additionalProperties") {
            return;
        }
        match value {
            Value::Bool(true) => {
                *value = json!({ (origin::SOURCE): pointer });
                cx.changed_at(pointer, "turned `true` into a schema without constraints");
            }
            Value::Bool(false) => {
                *value = json!({ (origin::SOURCE): pointer });
                cx.problem(
                    Problem::at(pointer, "no value satisfies this schema")
                        .expected("a schema")
                        .found("false")
                        .help("remove the element that has this schema"),
                );
            }
            _ => {}
        }
    });
}
