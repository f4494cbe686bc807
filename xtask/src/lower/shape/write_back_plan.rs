//! The types that are written back: read from a response, changed, and sent in an update.
//!
//! Such types keep fields and nulls that the document does not describe. The type of a response converts into the update request of the same
//! resource.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::extensions;
use crate::lower::policy::list_of;
use crate::lower::reach;
use crate::lower::schema::{self, Object, is_struct, ref_name, target, type_of};
use crate::lower::syntax::error_responses::is_success;
use crate::spec::walk::METHODS;

/// The types of a document that are written back, by component name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WriteBack {
    /// The request bodies of updates.
    pub updates: BTreeSet<String>,
    /// The objects that keep unknown fields.
    pub keeping: BTreeSet<String>,
    /// The conversions into update requests: the type of the response and the type of the request.
    pub conversions: BTreeSet<(String, String)>,
    /// The objects in responses whose nulls are written back, with the names of these properties; `None` stands for all properties.
    pub nulls: BTreeMap<String, Option<BTreeSet<String>>>,
}

/// Finds the types that are written back.
pub fn plan(document: &Value) -> WriteBack {
    let mut plan = WriteBack::default();
    let Some(schemas) = schema::component_schemas(document) else {
        return plan;
    };
    let operations = LocatedOperation::all(document);
    let reach = reach::reachable(document);
    let shared = reach.requests.intersection(&reach.responses);
    plan.keeping.extend(shared.cloned());
    let updates = operations
        .iter()
        .filter(|operation| ["patch", "put"].contains(&operation.method));
    for update in updates {
        let content = update.value.pointer("/requestBody/content");
        let content = content.and_then(Value::as_object).into_iter().flatten();
        for schema in content.filter_map(|(_, media)| media.get("schema")) {
            plan.keeping.extend(reach::from(schema, document, schemas));
            let Some(body) = component_of(schema, schemas) else {
                continue;
            };
            let accepted = properties(&body, schemas);
            for source in sources(update, &operations, schemas) {
                let own = properties(&source, schemas);
                if source != body && own.keys().any(|name| accepted.contains_key(name)) {
                    plan.add_conversion(&source, &accepted, document, schemas);
                    plan.conversions.insert((source, body.clone()));
                }
            }
            plan.updates.insert(body);
        }
    }
    plan.keeping
        .retain(|name| schemas.get(name).is_some_and(is_struct));
    plan
}

impl WriteBack {
    /// Adds a response type that converts into an update request with the properties `accepted`.
    fn add_conversion(
        &mut self,
        source: &str,
        accepted: &BTreeMap<&str, Vec<&Value>>,
        document: &Value,
        schemas: &Object,
    ) {
        for name in variants_or_self(source, schemas) {
            self.keeping.insert(name.clone());
            if let Some(names) = self
                .nulls
                .entry(name.clone())
                .or_insert_with(|| Some(BTreeSet::new()))
            {
                names.extend(accepted.keys().map(|name| (*name).to_owned()));
            }
            for (_, property) in properties(&name, schemas)
                .into_iter()
                .filter(|(property, _)| accepted.contains_key(property))
            {
                for schema in property {
                    let reachable = reach::from(schema, document, schemas);
                    self.nulls
                        .extend(reachable.iter().map(|name| (name.clone(), None)));
                    self.keeping.extend(reachable);
                }
            }
        }
    }

    /// Whether a null in this property of a response is written back.
    pub(crate) fn keeps_null(&self, component: &str, property: &str) -> bool {
        match self.nulls.get(component) {
            Some(Some(names)) => names.contains(property),
            Some(None) => true,
            None => false,
        }
    }
}

/// An operation and its location.
struct LocatedOperation<'a> {
    /// The segments of the path. Parameters are empty strings, because their names differ between paths.
    path: Vec<&'a str>,
    method: &'static str,
    value: &'a Value,
}

impl<'a> LocatedOperation<'a> {
    fn all(document: &'a Value) -> Vec<Self> {
        let paths = document.get("paths").and_then(Value::as_object);
        let mut operations = Vec::new();
        for (path, item) in paths.into_iter().flatten() {
            let segments = path.split('/').skip(1);
            let segments = segments.map(|segment| match segment.starts_with('{') {
                true => "",
                false => segment,
            });
            let segments: Vec<&str> = segments.collect();
            operations.extend(METHODS.iter().filter_map(|method| {
                let value = item.get(method)?;
                let path = segments.clone();
                Some(Self {
                    path,
                    method,
                    value,
                })
            }));
        }
        operations
    }

    /// The schemas of the success responses.
    fn success_schemas(&self) -> impl Iterator<Item = &'a Value> {
        let responses = self.value.get("responses").and_then(Value::as_object);
        let success = responses
            .into_iter()
            .flatten()
            .filter(|(status, _)| is_success(status));
        success
            .filter_map(|(_, response)| response.get("content")?.as_object())
            .flat_map(|content| content.values())
            .filter_map(|media| media.get("schema"))
    }
}

/// The response types of the operations on the resource that `update` changes: reads (also by another key), lists, creations and
/// updates.
fn sources(
    update: &LocatedOperation<'_>,
    all: &[LocatedOperation<'_>],
    schemas: &Object,
) -> BTreeSet<String> {
    let collection = update
        .path
        .split_last()
        .filter(|(last, _)| last.is_empty())
        .map(|(_, collection)| collection);
    let group = |operation: &LocatedOperation<'_>| {
        extensions::OPERATION_GROUP.get(operation.value).cloned()
    };
    let by_another_key = |operation: &LocatedOperation<'_>| {
        operation.method == "get"
            && operation.path.len() == update.path.len() + 1
            && operation.path.last() == Some(&"")
            && collection.is_some_and(|collection| operation.path.starts_with(collection))
            && !operation.path[operation.path.len() - 2].is_empty()
            && group(operation) == group(update)
    };
    let mut found = BTreeSet::new();
    for operation in all {
        let is_resource = operation.path == update.path
            && ["get", "patch", "put"].contains(&operation.method)
            || by_another_key(operation);
        let is_collection = Some(operation.path.as_slice()) == collection
            && ["get", "post"].contains(&operation.method);
        for response in operation
            .success_schemas()
            .filter(|_| is_resource || is_collection)
        {
            let item = match operation.method {
                "get" if is_collection => item_type(response, operation, schemas),
                _ if type_of(response) == Some("array") => response.get("items").and_then(target),
                _ => target(response),
            };
            found.extend(item.filter(|name| schemas.contains_key(name)));
        }
    }
    found
}

/// The item type of a listing: of an array, of the array that `x-paging` names, or of the array that an object lists.
fn item_type(
    response: &Value,
    operation: &LocatedOperation<'_>,
    schemas: &Object,
) -> Option<String> {
    let body = match target(response) {
        Some(name) => schemas.get(&name)?,
        None => response,
    };
    if type_of(body) == Some("array") {
        return target(body.get("items")?);
    }
    let properties = body.get("properties")?.as_object()?;
    let paged = &extensions::PAGING.value(operation.value)["items"];
    let list = match paged.as_str() {
        Some(name) => properties.get(name)?,
        None => properties.get(list_of(properties, &operation.path.join("/"))?)?,
    };
    target(list.get("items")?)
}

/// The component that a body refers to, if it is an object or a union of objects.
fn component_of(schema: &Value, schemas: &Object) -> Option<String> {
    let name = target(schema)?;
    let schema = schemas.get(&name)?;
    (is_struct(schema) || extensions::UNION.is_set(schema)).then_some(name)
}

/// The component itself, or the variants if it is a union.
fn variants_or_self(name: &str, schemas: &Object) -> Vec<String> {
    let union = schemas
        .get(name)
        .filter(|schema| extensions::UNION.is_set(schema));
    match union.and_then(schema::one_of) {
        Some(variants) => variants.iter().filter_map(ref_name).collect(),
        None => vec![name.to_owned()],
    }
}

/// The properties of a component, or of all variants if it is a union.
fn properties<'s>(name: &str, schemas: &'s Object) -> BTreeMap<&'s str, Vec<&'s Value>> {
    let mut found: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for name in variants_or_self(name, schemas) {
        let properties = schemas
            .get(&name)
            .and_then(|schema| schema.get("properties"));
        for (name, property) in properties.and_then(Value::as_object).into_iter().flatten() {
            found.entry(name).or_default().push(property);
        }
    }
    found
}
