//! Whether two schemas are the same type: they may belong to different components and have different descriptions.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::lower::origin;
use crate::lower::schema::{Object, ref_name};
use crate::spec::walk::Place;

/// The keywords that do not affect the type.
const ANNOTATIONS: [&str; 6] = [
    "$comment",
    "description",
    "example",
    "examples",
    "externalDocs",
    "title",
];

/// Whether two schemas, or the absence of both, are the same type. References are followed.
pub(crate) fn equivalent(a: Option<&Value>, b: Option<&Value>, schemas: &Object) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => Comparison {
            schemas,
            assumed: BTreeSet::new(),
        }
        .equal(a, b, Place::Schema),
        (a, b) => a.is_none() && b.is_none(),
    }
}

struct Comparison<'a> {
    schemas: &'a Object,
    /// The pairs of components that are being compared: a recursion within them does not tell them apart.
    assumed: BTreeSet<(String, String)>,
}

impl Comparison<'_> {
    fn equal(&mut self, a: &Value, b: &Value, place: Place) -> bool {
        if place == Place::Schema {
            match (reference(a), reference(b)) {
                (None, None) => {}
                (Some(a), Some(b)) if a == b => return true,
                (Some(of_a), Some(of_b)) => {
                    return match (self.schemas.get(&of_a), self.schemas.get(&of_b)) {
                        (Some(a), Some(b)) => {
                            !self.assumed.insert((of_a, of_b)) || self.equal(a, b, place)
                        }
                        _ => false,
                    };
                }
                (Some(of_a), None) => {
                    return self
                        .schemas
                        .get(&of_a)
                        .is_some_and(|a| self.equal(a, b, place));
                }
                (None, Some(_)) => return self.equal(b, a, place),
            }
        }
        match (a, b) {
            (Value::Object(a), Value::Object(b)) => {
                let count = |members: &Object| {
                    let keys = members.keys();
                    keys.filter(|key| is_compared(key, place)).count()
                };
                count(a) == count(b)
                    && a.iter()
                        .filter(|(key, _)| is_compared(key, place))
                        .all(|(key, member)| {
                            b.get(key)
                                .is_some_and(|other| self.equal(member, other, place.child(key)))
                        })
            }
            (Value::Array(a), Value::Array(b)) => {
                let child = place.child("0");
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| self.equal(a, b, child))
            }
            _ => a == b,
        }
    }
}

fn is_compared(key: &str, place: Place) -> bool {
    !origin::is_stamp(key) && (place != Place::Schema || !ANNOTATIONS.contains(&key))
}

/// The component that a schema consists of: keywords beside a reference may change the type.
fn reference(schema: &Value) -> Option<String> {
    let mut keys = schema.as_object()?.keys();
    let is_alone = keys.all(|key| key == "$ref" || !is_compared(key, Place::Schema));
    ref_name(schema).filter(|_| is_alone)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn components_with_the_same_members_are_one_type() {
        let schemas = json!({
            "A": { "type": "object", "title": "A", "properties": {
                "description": { "type": "string" }, "next": { "$ref": "#/components/schemas/A" }
            } },
            "B": { "type": "object", "description": "The same.", "properties": {
                "description": { "type": "string", "example": "x" }, "next": { "$ref": "#/components/schemas/B" }
            } },
            "C": { "type": "object", "properties": { "next": { "$ref": "#/components/schemas/C" } } },
        });
        let schemas = schemas.as_object().unwrap();
        let to = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
        let equal = |a: &Value, b: &Value| equivalent(Some(a), Some(b), schemas);
        assert!(equal(&to("A"), &to("B")));
        assert!(equal(&to("A"), &schemas["B"]));
        assert!(equal(&schemas["B"], &to("A")));
        assert!(!equal(&to("A"), &to("C")));
        assert!(!equal(&to("A"), &to("D")));
        assert!(!equal(
            &json!({ "type": "string" }),
            &json!({ "type": "integer" })
        ));
        assert!(!equivalent(Some(&to("A")), None, schemas));
        assert!(equivalent(None, None, schemas));
    }
}
