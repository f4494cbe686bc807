//! The status and the properties of successful responses.

use std::collections::BTreeSet;

use http::StatusCode;

use super::{Document, Operation};

/// The names of the properties in the body of a success.
#[derive(Default)]
pub(crate) struct ResponseShape {
    /// Of the resource, or of the resources in a page.
    pub(crate) item: BTreeSet<String>,
    /// Of a page.
    pub(crate) page: BTreeSet<String>,
}

impl Document {
    /// The status of a success: the first that is documented.
    pub(crate) fn success_status(&self, operation: &Operation) -> StatusCode {
        let status = operation.responses.range(200..300).next();
        let status = status.and_then(|(status, _)| StatusCode::from_u16(*status).ok());
        status.unwrap_or(StatusCode::NO_CONTENT)
    }

    /// The properties in the body of a success. In pages, the items are under `list`.
    pub(crate) fn shape<'o>(&self, operation: &'o Operation, list: &str) -> &'o ResponseShape {
        operation.shape.get_or_init(|| {
            let mut shape = ResponseShape::default();
            let mut schemas = operation.responses.range(200..300);
            if let Some(schema) = schemas.find_map(|(_, schema)| schema.as_ref()) {
                self.add_properties(&schema.pointer, list, &mut shape);
            }
            shape
        })
    }

    fn add_properties(&self, pointer: &str, list: &str, shape: &mut ResponseShape) {
        let Some((pointer, schema)) = self.resolve(pointer) else {
            return;
        };
        for composition in ["allOf", "anyOf", "oneOf"] {
            for index in 0..schema[composition].as_array().map_or(0, Vec::len) {
                self.add_properties(&format!("{pointer}/{composition}/{index}"), list, shape);
            }
        }
        if schema["items"].is_object() {
            self.add_properties(&format!("{pointer}/items"), list, shape);
        }
        let Some(properties) = schema["properties"].as_object() else {
            return;
        };
        let names = properties.keys().cloned();
        if properties
            .get(list)
            .is_some_and(|list| list["type"] == "array")
        {
            shape.page.extend(names);
            self.add_properties(&format!("{pointer}/properties/{list}"), list, shape);
        } else {
            shape.item.extend(names);
        }
    }
}
