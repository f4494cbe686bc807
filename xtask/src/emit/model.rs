//! The normalized document as the emitter reads it.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::emit::calls::call_names;
use crate::emit::calls::paging::Paging;
use crate::emit::names;
use crate::extensions;
use crate::problem::Problem;
use crate::spec::walk::{METHODS, join};

/// What references to component schemas begin with.
const COMPONENT: &str = "#/components/schemas/";

/// Whether a call may be repeated; see `auth0_core::RetrySafety`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RetrySafety {
    Safe,
    Idempotent,
    Unsafe,
}

/// An operation on many things that can fail for some of them.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    pub(crate) complete: u16,
    pub(crate) partial: u16,
    /// The property of the report that lists what failed.
    pub(crate) failures: String,
}

/// A parameter.
#[derive(Debug, Clone)]
pub(crate) struct Parameter<'a> {
    /// The name on the wire.
    pub(crate) name: String,
    /// The name that its argument has, in the notation of the document.
    pub(crate) argument: String,
    pub(crate) location: String,
    pub(crate) schema: &'a Value,
    pub(crate) description: String,
}

/// An operation.
#[derive(Debug, Clone)]
pub(crate) struct Operation<'a> {
    pub(crate) pointer: String,
    pub(crate) id: String,
    /// What the type of its call is called.
    pub(crate) call: String,
    /// What its row in the table of operations is called.
    pub(crate) constant: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) group: Vec<String>,
    pub(crate) name: String,
    pub(crate) summary: String,
    pub(crate) description: String,
    /// Alternatives, each of scopes that are needed together.
    pub(crate) scopes: Vec<Vec<String>>,
    pub(crate) lifecycle: Option<String>,
    pub(crate) deprecated: bool,
    /// Left out of the SDKs by the document itself.
    pub(crate) ignored: bool,
    pub(crate) retry_safety: RetrySafety,
    pub(crate) paging: Option<Paging>,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) success: Vec<u16>,
    pub(crate) success_description: String,
    /// The schemas of the success bodies.
    bodies: BTreeMap<u16, &'a Value>,
    pub(crate) errors: Vec<u16>,
    pub(crate) parameters: Vec<Parameter<'a>>,
    pub(crate) body: Option<&'a Value>,
    /// The body can hold nothing, so it is not asked for.
    pub(crate) empty_body: bool,
}

impl<'a> Operation<'a> {
    /// The schemas of all that it takes and gives.
    pub(crate) fn schemas(&self) -> impl Iterator<Item = &'a Value> {
        let parameters = self.parameters.iter().map(|parameter| parameter.schema);
        parameters
            .chain(self.body)
            .chain(self.bodies.values().copied())
    }

    /// Whether the scopes say only what may be needed: a requirement without any lets every token through.
    pub(crate) fn scopes_are_hints(&self) -> bool {
        self.scopes.iter().any(Vec::is_empty) && self.scopes.iter().any(|s| !s.is_empty())
    }

    /// The schema of the body that comes with a success status.
    pub(crate) fn response_schema(&self, status: u16) -> Option<&Value> {
        self.bodies.get(&status).copied()
    }
}

/// The document, read.
#[derive(Debug)]
pub(crate) struct Model<'a> {
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) operations: Vec<Operation<'a>>,
    /// The component schemas by the names of their Rust types.
    pub(crate) schemas: BTreeMap<String, &'a Value>,
    /// The names of the Rust types by those of the component schemas.
    names: BTreeMap<&'a str, String>,
    /// Whether any operation asks for authorization.
    pub(crate) secured: bool,
}

impl<'a> Model<'a> {
    /// Whether any operation that the client can call pages.
    pub(crate) fn pages(&self) -> bool {
        self.operations
            .iter()
            .any(|operation| operation.paging.is_some() && !operation.ignored)
    }

    /// The types that each type holds.
    pub(crate) fn held(&self) -> BTreeMap<&str, Vec<&str>> {
        self.schemas
            .iter()
            .map(|(name, schema)| (name.as_str(), self.named_in(schema)))
            .collect()
    }

    /// The types that `schema` names anywhere.
    pub(crate) fn named_in(&self, schema: &Value) -> Vec<&str> {
        let mut found = Vec::new();
        let mut waiting = vec![schema];
        while let Some(value) = waiting.pop() {
            let component = value.get("$ref").and_then(Value::as_str);
            let component = component.and_then(|target| target.strip_prefix(COMPONENT));
            found.extend(
                component
                    .and_then(|name| self.names.get(name))
                    .map(String::as_str),
            );
            waiting.extend(value.as_object().into_iter().flat_map(Map::values));
            waiting.extend(list(value));
        }
        found
    }

    pub(crate) fn read(document: &'a Value) -> Result<Self, Problem> {
        let components = || members(&document["components"]["schemas"]);
        let names: BTreeMap<&str, String> = components()
            .map(|(name, _)| (name.as_str(), names::type_name(name)))
            .collect();
        let schemas = components()
            .filter_map(|(name, schema)| Some((names.get(name.as_str())?.clone(), schema)))
            .collect();
        let default_security = &document["security"];
        let mut operations = Vec::new();
        for (path, item) in members(&document["paths"]) {
            for method in METHODS {
                let Some(operation) = item.get(method) else {
                    continue;
                };
                let pointer = join(&join("/paths", path), method);
                operations.push(read_operation(
                    path,
                    method,
                    operation,
                    item,
                    default_security,
                    pointer,
                )?);
            }
        }
        call_names::give(&mut operations);
        operations.sort_by(|a, b| (&a.group, &a.name, &a.id).cmp(&(&b.group, &b.name, &b.id)));
        Ok(Self {
            title: text(&document["info"], "title"),
            description: text(&document["info"], "description"),
            secured: operations.iter().any(|o| !o.scopes.is_empty()),
            operations,
            schemas,
            names,
        })
    }
}

fn read_operation<'a>(
    path: &str,
    method: &str,
    operation: &'a Value,
    item: &'a Value,
    default_security: &'a Value,
    pointer: String,
) -> Result<Operation<'a>, Problem> {
    let id = text(operation, "operationId");
    if id.is_empty() {
        return Err(Problem::at(pointer, "an operation has no operationId")
            .help("normalize the document first: `cargo xtask normalize`"));
    }
    let group = extensions::OPERATION_GROUP
        .items(operation)
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    let security = operation.get("security").unwrap_or(default_security);
    // Several schemes that ask for the same scopes are one alternative.
    let mut scopes: Vec<Vec<String>> = Vec::new();
    for alternative in list(security).map(scopes_of) {
        if !scopes.contains(&alternative) {
            scopes.push(alternative);
        }
    }
    let retry_safety = match extensions::RETRY_SAFETY.text(operation) {
        Some("safe") => RetrySafety::Safe,
        Some("idempotent") => RetrySafety::Idempotent,
        Some("unsafe") => RetrySafety::Unsafe,
        other => {
            return Err(Problem::at(
                pointer,
                "an operation does not say whether it may be repeated",
            )
            .expected("x-retry-safety: safe, idempotent or unsafe")
            .found(other.unwrap_or("nothing")));
        }
    };
    let mut success: Vec<u16> = members(&operation["responses"])
        .filter_map(|(status, _)| status.parse().ok())
        .collect();
    success.sort_unstable();
    let paging = extensions::PAGING.get(operation).map(Paging::read);
    let outcome = extensions::OUTCOME
        .get(operation)
        .map(|outcome| read_outcome(outcome, &success, &pointer))
        .transpose()?;
    let success_description = match &outcome {
        Some(_) => String::new(),
        None => success
            .first()
            .map(|status| text(&operation["responses"][status.to_string()], "description"))
            .unwrap_or_default(),
    };
    let parameters = list(&item["parameters"])
        .chain(list(&operation["parameters"]))
        .map(|parameter| Parameter {
            name: extensions::WIRE_NAME
                .text(parameter)
                .map_or_else(|| text(parameter, "name"), str::to_owned),
            argument: text(parameter, "name"),
            location: text(parameter, "in"),
            schema: &parameter["schema"],
            description: text(parameter, "description"),
        })
        .collect::<Vec<_>>();
    Ok(Operation {
        id,
        call: String::new(),
        constant: String::new(),
        method: method.to_owned(),
        path: path.to_owned(),
        group,
        name: text(operation, extensions::OPERATION_NAME.name),
        summary: text(operation, "summary"),
        description: text(operation, "description"),
        scopes,
        lifecycle: extensions::RELEASE_LIFECYCLE
            .text(operation)
            .map(str::to_owned),
        deprecated: operation["deprecated"].as_bool().unwrap_or(false),
        ignored: extensions::SDK_IGNORE.is_true(operation),
        retry_safety,
        paging,
        outcome,
        success,
        success_description,
        bodies: members(&operation["responses"])
            .filter_map(|(status, response)| {
                let (_, media) = members(&response["content"]).next()?;
                Some((status.parse().ok()?, &media["schema"]))
            })
            .collect(),
        errors: extensions::ERRORS
            .items(operation)
            .filter_map(Value::as_u64)
            .filter_map(|s| s.try_into().ok())
            .collect(),
        parameters: in_path_order(path, parameters),
        body: members(&operation["requestBody"]["content"])
            .next()
            .map(|(_, media)| &media["schema"]),
        empty_body: extensions::EMPTY_BODY.is_true(operation),
        pointer,
    })
}

fn read_outcome(outcome: &Value, success: &[u16], pointer: &str) -> Result<Outcome, Problem> {
    let status = |key: &str| {
        outcome[key]
            .as_u64()
            .and_then(|s| u16::try_from(s).ok())
            .filter(|s| success.contains(s))
    };
    match (
        status("complete"),
        status("partial"),
        outcome["failures"].as_str(),
    ) {
        (Some(complete), Some(partial), Some(failures)) => Ok(Outcome {
            complete,
            partial,
            failures: failures.to_owned(),
        }),
        _ => Err(Problem::at(
            join(pointer, extensions::OUTCOME.name),
            "x-outcome does not describe the outcomes of this operation",
        )
        .expected(
            "complete and partial: two of its success statuses; failures: a property of the report",
        )
        .found(outcome.to_string())),
    }
}

/// The scopes of one requirement: those of all its schemes together.
fn scopes_of(requirement: &Value) -> Vec<String> {
    let mut scopes: Vec<String> = members(requirement)
        .flat_map(|(_, scopes)| list(scopes))
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    scopes.sort();
    scopes.dedup();
    scopes
}

/// Path parameters in the order of the path, then the others by name: the order that progenitor uses.
fn in_path_order<'a>(path: &str, mut parameters: Vec<Parameter<'a>>) -> Vec<Parameter<'a>> {
    parameters.sort_by_key(|p| {
        let position = (p.location == "path")
            .then(|| path.find(&format!("{{{}}}", p.name)))
            .flatten();
        (
            position.unwrap_or(usize::MAX),
            p.location.clone(),
            p.name.clone(),
        )
    });
    parameters
}

/// The members of an object, sorted by name; none for anything else.
pub(crate) fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let mut members: Vec<_> = value.as_object().into_iter().flat_map(Map::iter).collect();
    members.sort_by_key(|(name, _)| *name);
    members.into_iter()
}

/// The items of an array; none for anything else.
pub(crate) fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// A string member, empty where there is none.
pub(crate) fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}

/// The properties of an object schema by their names on the wire, those of the parts of an `allOf` included.
pub(crate) fn properties<'a>(schema: &'a Value, model: &Model<'a>) -> BTreeMap<&'a str, &'a Value> {
    let mut found = BTreeMap::new();
    for part in list(&schema["allOf"]) {
        let part = reference(part)
            .and_then(|name| model.schemas.get(&name).copied())
            .unwrap_or(part);
        found.extend(properties(part, model));
    }
    let wire_names = &schema[extensions::WIRE_NAMES.name];
    found.extend(members(&schema["properties"]).map(|(name, property)| {
        let wire = wire_names[name].as_str().unwrap_or(name);
        (wire, property)
    }));
    found
}

/// The component schema that `$ref` names, as the name of its Rust type.
pub(crate) fn reference(schema: &Value) -> Option<String> {
    schema["$ref"]
        .as_str()?
        .strip_prefix(COMPONENT)
        .map(names::type_name)
}
