//! The normalized document, read once into types. The rest of the emitter works on these types: names are computed here, and extensions
//! are read here. The exception is [`doc_text`](super::doc_text), which adds rules to the descriptions before progenitor reads them.

mod call_names;
mod component;
mod media;
mod operation;
mod paging;
mod security;
pub(crate) mod servers;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::emit::names;
use crate::problem::Problem;
use crate::spec::walk::{METHODS, join};

pub(crate) use component::{Clause, ClauseTest, Component, Condition, EnumVariant, VariantRule};
pub(crate) use media::{
    AlternativeModel, BodyAlternative, BodyEncoding, ParameterStyle, RequestMedia, ResponseEncoding,
};
pub(crate) use operation::{OperationModel, OperationParameter, RetrySafety};
pub(crate) use paging::Paging;
pub(crate) use security::{SETTERS, SchemeKind, SchemeModel, SecurityModel};
pub(crate) use servers::ServerModel;

/// The prefix of references to component schemas.
const COMPONENT: &str = "#/components/schemas/";

/// A normalized document.
#[derive(Debug)]
pub(crate) struct Model<'a> {
    pub(crate) title: String,
    pub(crate) description: String,
    /// The operations, sorted by group, name and id.
    pub(crate) operations: Vec<OperationModel<'a>>,
    /// The component schemas by the names of their Rust types.
    pub(crate) components: BTreeMap<String, Component<'a>>,
    pub(crate) security: SecurityModel,
    /// The servers of operations that have others than the document.
    pub(crate) servers: Vec<ServerModel>,
}

impl<'a> Model<'a> {
    pub(crate) fn read(document: &'a Value) -> Result<Self, Problem> {
        let schemas = Schemas::new(document);
        let mut components = BTreeMap::new();
        for (ty, (name, schema)) in &schemas.0 {
            let component = component::read(name, schema, &schemas)?;
            components.insert(ty.clone(), component);
        }
        let mut operations = Vec::new();
        for (path, item) in members(&document["paths"]) {
            for method in METHODS {
                let Some(operation) = item.get(method) else {
                    continue;
                };
                let source = operation::OperationSource {
                    path,
                    method,
                    operation,
                    item,
                    default_security: &document["security"],
                    default_servers: &document["servers"],
                    schemes: &document["components"]["securitySchemes"],
                    pointer: join(&join("/paths", path), method),
                };
                operations.push(operation::read(source, &schemas)?);
            }
        }
        call_names::assign(&mut operations);
        operations.sort_by(|a, b| (&a.group, &a.name, &a.id).cmp(&(&b.group, &b.name, &b.id)));
        let security = SecurityModel::read(document, &operations);
        Ok(Self {
            title: text(&document["info"], "title"),
            description: text(&document["info"], "description"),
            servers: servers::read(&operations, &security),
            security,
            operations,
            components,
        })
    }

    /// The operations that the client has methods for.
    pub(crate) fn client_operations(&self) -> impl Iterator<Item = &OperationModel<'a>> {
        self.operations
            .iter()
            .filter(|operation| !operation.is_ignored)
    }

    /// Whether any operation of the client is paged.
    pub(crate) fn has_paging(&self) -> bool {
        self.client_operations()
            .any(|operation| operation.paging.is_some())
    }

    /// Whether `ty` is the type of a union.
    pub(crate) fn is_union(&self, ty: &str) -> bool {
        self.components
            .get(ty)
            .is_some_and(|component| component.union.is_some())
    }
}

/// The component schemas with their names in the document, by the names of their Rust types.
struct Schemas<'a>(BTreeMap<String, (&'a str, &'a Value)>);

impl<'a> Schemas<'a> {
    fn new(document: &'a Value) -> Self {
        let schemas = members(&document["components"]["schemas"]);
        Self(
            schemas
                .map(|(name, schema)| (names::type_name(name), (name.as_str(), schema)))
                .collect(),
        )
    }

    /// The schema of the Rust type `ty`.
    fn get(&self, ty: &str) -> Option<&'a Value> {
        self.0.get(ty).map(|(_, schema)| *schema)
    }

    /// The Rust types that `schema` refers to, at any depth.
    fn references(&self, schema: &Value) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut pending = vec![schema];
        while let Some(value) = pending.pop() {
            found.extend(reference(value).filter(|ty| self.0.contains_key(ty)));
            pending.extend(value.as_object().into_iter().flat_map(Map::values));
            pending.extend(list(value));
        }
        found
    }
}

/// The Rust type of the component schema that `$ref` names.
fn reference(schema: &Value) -> Option<String> {
    component_type(schema["$ref"].as_str()?)
}

/// The Rust type of the component schema that a reference points to.
fn component_type(reference: &str) -> Option<String> {
    reference.strip_prefix(COMPONENT).map(names::type_name)
}

/// The members of an object, sorted by name; empty for any other value.
pub(crate) fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let mut members: Vec<_> = value.as_object().into_iter().flat_map(Map::iter).collect();
    members.sort_by_key(|(name, _)| *name);
    members.into_iter()
}

/// The items of an array; empty for any other value.
pub(crate) fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// A string member; empty if it is missing.
pub(crate) fn text(value: &Value, key: &str) -> String {
    str_of(value, key).to_owned()
}

/// A string member, borrowed; empty if it is missing.
fn str_of<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}
