//! Answers: typify makes a newtype around an `Option` of a component that is nullable. The component is made one of the value, and each
//! reference says that it may be null.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::schema::{components_mut, each_mut, is_nullable, ref_name, remove_keys, target};
use crate::spec::walk::join;

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    let mut nullable = BTreeSet::new();
    // A component that refers to a nullable one is nullable itself.
    loop {
        let before = nullable.len();
        for (name, schema) in components_mut(document).into_iter().flatten() {
            let follows = target(schema).is_some_and(|target| nullable.contains(&target));
            let says = is_nullable(schema);
            if says {
                remove_keys(schema, &["nullable"]);
                cx.changed(
                    schema,
                    &join("/components/schemas", name),
                    format!("moved the null of `{name}` to its references"),
                );
            }
            if says || follows {
                nullable.insert(name.clone());
            }
        }
        if nullable.len() == before {
            break;
        }
    }
    if nullable.is_empty() {
        return;
    }
    each_mut(document, &mut |schema, pointer| {
        let Some(name) = target(schema).filter(|name| nullable.contains(name)) else {
            return;
        };
        if is_component(pointer) || is_only_member(pointer) {
            return;
        }
        if ref_name(schema).is_some() {
            let at = origin::of(schema, pointer);
            *schema = json!({ "allOf": [crate::lower::schema::reference(&name)], "nullable": true, (origin::SOURCE): at });
        } else if let Some(members) = schema.as_object_mut() {
            members.insert("nullable".into(), true.into());
        }
    });
}

/// A component as a whole stays what its references say.
fn is_component(pointer: &str) -> bool {
    pointer
        .strip_prefix("/components/schemas/")
        .is_some_and(|rest| !rest.contains('/'))
}

/// The reference within `allOf` has the null on the outside.
fn is_only_member(pointer: &str) -> bool {
    pointer.ends_with("/allOf/0")
}
