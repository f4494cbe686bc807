//! Defect: typify turns a nullable component into a newtype around an `Option`.
//!
//! `nullable` moves from the component to the references to it.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::schema::{
    components_mut, each_mut, is_nullable, ref_name, reference, remove_keys, target,
};
use crate::lower::shape::nullable_wrapper;
use crate::spec::walk::join;

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    let mut nullable = BTreeSet::new();
    // A component that refers to a nullable component is nullable too.
    loop {
        let before = nullable.len();
        for (name, schema) in components_mut(document).into_iter().flatten() {
            let refers_to_nullable =
                target(schema).is_some_and(|target| nullable.contains(&target));
            let is_declared_nullable = is_nullable(schema);
            if is_declared_nullable {
                remove_keys(schema, &["nullable"]);
                cx.changed(
                    schema,
                    &join("/components/schemas", name),
                    format!("moved nullable from `{name}` to its references"),
                );
            }
            if is_declared_nullable || refers_to_nullable {
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
        if is_component(pointer) || nullable_wrapper::is_inside(pointer) {
            return;
        }
        if ref_name(schema).is_some() {
            let at = origin::of(schema, pointer);
            *schema = nullable_wrapper::enclose(reference(&name), &at);
        } else if let Some(members) = schema.as_object_mut() {
            members.insert("nullable".into(), true.into());
        }
    });
}

/// Whether the schema is a component itself.
fn is_component(pointer: &str) -> bool {
    pointer
        .strip_prefix("/components/schemas/")
        .is_some_and(|rest| !rest.contains('/'))
}
