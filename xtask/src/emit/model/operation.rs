//! Operations.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::emit::model::component::property_schemas;
use crate::emit::model::media::{ParameterStyle, RequestMedia, ResponseMedia};
use crate::emit::model::paging::Paging;
use crate::emit::model::{Schemas, list, members, reference, str_of, text};
use crate::emit::model::{security, servers};
use crate::emit::names;
use crate::extensions;
use crate::problem::Problem;
use crate::spec::walk::join;

/// Whether a call may be retried; see `auth0_core::RetrySafety`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RetrySafety {
    Safe,
    Idempotent,
    Unsafe,
}

/// The outcomes of an operation on many items that can fail for some of them.
#[derive(Debug, Clone)]
pub(crate) struct BulkOutcome {
    /// The status if every item succeeded.
    pub(crate) complete: u16,
    /// The status if some items failed.
    pub(crate) partial: u16,
    /// The property of the report that lists the failures.
    pub(crate) failures: String,
}

/// A parameter.
#[derive(Debug, Clone)]
pub(crate) struct OperationParameter<'a> {
    /// The name on the wire.
    pub(crate) wire: String,
    /// The name in the document, from which progenitor derives that of the argument.
    pub(crate) name: String,
    pub(crate) location: String,
    pub(crate) style: ParameterStyle,
    /// Whether the value is sent as JSON.
    pub(crate) is_json: bool,
    /// Whether it may be a list or an object.
    pub(crate) is_compound: bool,
    pub(crate) is_required: bool,
    pub(crate) description: String,
    /// The value of `x-constraints`.
    pub(crate) constraints: Option<&'a Value>,
    /// The value of `x-default`.
    pub(crate) default: Option<&'a Value>,
    /// The types that its schema refers to.
    pub(crate) references: BTreeSet<String>,
}

/// The body of a request or a response.
#[derive(Debug, Clone)]
pub(crate) struct Content<'a> {
    /// The type of the component schema, if the body is a reference to one.
    pub(crate) component: Option<String>,
    /// The names of its properties on the wire.
    pub(crate) properties: BTreeSet<&'a str>,
    /// The types that its schema refers to.
    pub(crate) references: BTreeSet<String>,
}

/// An operation.
#[derive(Debug, Clone)]
pub(crate) struct OperationModel<'a> {
    pub(crate) pointer: String,
    pub(crate) id: String,
    /// The name of the type of its calls.
    pub(crate) call: String,
    /// The name of its constant in the operation table.
    pub(crate) constant: String,
    /// The name of the method that progenitor generates for it.
    pub(crate) request_method: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) group: Vec<String>,
    pub(crate) name: String,
    pub(crate) summary: String,
    pub(crate) description: String,
    /// Alternatives; each lists the scopes that are required together.
    pub(crate) scopes: Vec<Vec<String>>,
    /// The URL of its own server, if it is not that of the document.
    pub(crate) server: Option<String>,
    /// Alternatives; each lists the security schemes that are required together.
    pub(crate) security: Vec<Vec<String>>,
    pub(crate) lifecycle: Option<String>,
    pub(crate) is_deprecated: bool,
    /// Whether the document excludes it from SDKs.
    pub(crate) is_ignored: bool,
    pub(crate) retry_safety: RetrySafety,
    pub(crate) paging: Option<Paging>,
    pub(crate) bulk_outcome: Option<BulkOutcome>,
    pub(crate) success: Vec<u16>,
    pub(crate) success_description: String,
    /// The bodies of responses by status.
    pub(crate) responses: BTreeMap<u16, Content<'a>>,
    pub(crate) errors: Vec<u16>,
    /// Path parameters in the order of the path, then the others by name, as progenitor orders them.
    pub(crate) parameters: Vec<OperationParameter<'a>>,
    pub(crate) body: Option<Content<'a>>,
    pub(crate) request_media: RequestMedia,
    pub(crate) response_media: ResponseMedia,
    /// Whether the body cannot contain anything, so that it is no argument.
    pub(crate) has_empty_body: bool,
}

impl OperationModel<'_> {
    /// The types that its parameters and bodies refer to.
    pub(crate) fn references(&self) -> impl Iterator<Item = &String> {
        let responses = self.responses.values().map(|content| &content.references);
        responses.flatten().chain(self.request_references())
    }

    /// The types that its parameters and its request body refer to.
    pub(crate) fn request_references(&self) -> impl Iterator<Item = &String> {
        let parameters = self
            .parameters
            .iter()
            .map(|parameter| &parameter.references);
        parameters
            .chain(self.body.iter().map(|content| &content.references))
            .flatten()
    }

    /// Whether the scopes are only hints: one requirement has none, so that any token may be accepted.
    pub(crate) fn scopes_are_hints(&self) -> bool {
        self.scopes.iter().any(Vec::is_empty) && self.scopes.iter().any(|s| !s.is_empty())
    }

    /// The component type of the body with the first success status that has a body.
    pub(crate) fn response_type(&self) -> Option<&str> {
        let content = self
            .success
            .iter()
            .find_map(|status| self.responses.get(status))?;
        content.component.as_deref()
    }

    /// The type of the report of a bulk operation.
    pub(crate) fn report_type(&self) -> Option<&str> {
        let outcome = self.bulk_outcome.as_ref()?;
        self.responses.get(&outcome.partial)?.component.as_deref()
    }
}

/// Where an operation is in the document.
pub(super) struct OperationSource<'a, 'p> {
    pub(super) path: &'p str,
    pub(super) method: &'p str,
    pub(super) operation: &'a Value,
    /// The path item.
    pub(super) item: &'a Value,
    pub(super) default_security: &'a Value,
    pub(super) default_servers: &'a Value,
    /// The declared security schemes.
    pub(super) schemes: &'a Value,
    pub(super) pointer: String,
}

/// Reads an operation. [`call_names`](super::call_names) assigns the names of its call.
pub(super) fn read<'a>(
    source: OperationSource<'a, '_>,
    schemas: &Schemas<'a>,
) -> Result<OperationModel<'a>, Problem> {
    let OperationSource {
        path,
        method,
        operation,
        item,
        default_security,
        default_servers,
        schemes: declared,
        pointer,
    } = source;
    let id = text(operation, "operationId");
    let security = operation.get("security").unwrap_or(default_security);
    if id.is_empty() {
        return Err(Problem::at(pointer, "an operation has no operationId")
            .help("normalize the document first: `cargo xtask normalize`"));
    }
    let mut success: Vec<u16> = members(&operation["responses"])
        .filter_map(|(status, _)| status.parse().ok())
        .collect();
    success.sort_unstable();
    let bulk_outcome = extensions::OUTCOME
        .get(operation)
        .map(|outcome| read_outcome(outcome, &success, &pointer))
        .transpose()?;
    let success_description = match (&bulk_outcome, success.first()) {
        (None, Some(status)) => text(&operation["responses"][status.to_string()], "description"),
        _ => String::new(),
    };
    let parameters = list(&item["parameters"]).chain(list(&operation["parameters"]));
    let parameters = parameters
        .map(|parameter| read_parameter(parameter, schemas))
        .collect();
    let content = |holder: &'a Value| {
        let (_, media) = members(&holder["content"]).next()?;
        Some(read_content(&media["schema"], schemas))
    };
    Ok(OperationModel {
        request_method: names::request_method(&id),
        id,
        call: String::new(),
        constant: String::new(),
        method: method.to_owned(),
        path: path.to_owned(),
        group: strings(&extensions::OPERATION_GROUP, operation),
        name: extensions::OPERATION_NAME
            .text(operation)
            .unwrap_or_default()
            .to_owned(),
        summary: text(operation, "summary"),
        description: text(operation, "description"),
        scopes: read_scopes(security),
        server: servers::url_of(&operation["servers"])
            .filter(|url| Some(url) != servers::url_of(default_servers).as_ref()),
        security: security::read_alternatives(security, declared),
        lifecycle: extensions::RELEASE_LIFECYCLE
            .text(operation)
            .map(str::to_owned),
        is_deprecated: operation["deprecated"].as_bool().unwrap_or(false),
        is_ignored: extensions::SDK_IGNORE.is_true(operation),
        retry_safety: read_retry_safety(operation, &pointer)?,
        paging: extensions::PAGING.get(operation).map(Paging::read),
        bulk_outcome,
        success,
        success_description,
        responses: members(&operation["responses"])
            .filter_map(|(status, response)| Some((status.parse().ok()?, content(response)?)))
            .collect(),
        errors: extensions::ERRORS
            .items(operation)
            .filter_map(Value::as_u64)
            .filter_map(|s| s.try_into().ok())
            .collect(),
        parameters: in_path_order(path, parameters),
        body: content(&operation["requestBody"]),
        request_media: RequestMedia::read(operation),
        response_media: ResponseMedia::read(operation),
        has_empty_body: extensions::EMPTY_BODY.is_true(operation),
        pointer,
    })
}

fn strings(extension: &extensions::Extension, object: &Value) -> Vec<String> {
    let items = extension.items(object).filter_map(Value::as_str);
    items.map(str::to_owned).collect()
}

fn read_retry_safety(operation: &Value, pointer: &str) -> Result<RetrySafety, Problem> {
    match extensions::RETRY_SAFETY.text(operation) {
        Some("safe") => Ok(RetrySafety::Safe),
        Some("idempotent") => Ok(RetrySafety::Idempotent),
        Some("unsafe") => Ok(RetrySafety::Unsafe),
        other => Err(Problem::at(pointer, "an operation has no retry class")
            .expected("x-retry-safety: safe, idempotent or unsafe")
            .found(other.unwrap_or("nothing"))),
    }
}

fn read_parameter<'a>(parameter: &'a Value, schemas: &Schemas<'a>) -> OperationParameter<'a> {
    let schema = &parameter["schema"];
    let name = text(parameter, "name");
    let form = extensions::SERIALIZATION.value(parameter);
    let location = form["in"].as_str().unwrap_or(str_of(parameter, "in"));
    let default_style = match location {
        "path" | "header" => "simple",
        _ => "form",
    };
    OperationParameter {
        wire: extensions::WIRE_NAME
            .text(parameter)
            .unwrap_or(&name)
            .to_owned(),
        name,
        location: location.to_owned(),
        style: ParameterStyle::read(form, default_style),
        is_json: form["json"] == Value::Bool(true),
        is_compound: form["compound"] == Value::Bool(true),
        is_required: parameter["required"].as_bool().unwrap_or(false),
        description: text(parameter, "description"),
        constraints: extensions::CONSTRAINTS.get(schema),
        default: extensions::DEFAULT.get(schema),
        references: schemas.references(schema),
    }
}

fn read_content<'a>(schema: &'a Value, schemas: &Schemas<'a>) -> Content<'a> {
    let component = reference(schema).or_else(|| match schema["allOf"].as_array()?.as_slice() {
        [only] => reference(only),
        _ => None,
    });
    let object = component
        .as_deref()
        .and_then(|ty| schemas.get(ty))
        .unwrap_or(schema);
    Content {
        properties: property_schemas(object, schemas).into_keys().collect(),
        references: schemas.references(schema),
        component,
    }
}

fn read_outcome(outcome: &Value, success: &[u16], pointer: &str) -> Result<BulkOutcome, Problem> {
    let status = |key: &str| {
        let status = u16::try_from(outcome[key].as_u64()?).ok()?;
        success.contains(&status).then_some(status)
    };
    match (
        status("complete"),
        status("partial"),
        outcome["failures"].as_str(),
    ) {
        (Some(complete), Some(partial), Some(failures)) => Ok(BulkOutcome {
            complete,
            partial,
            failures: failures.to_owned(),
        }),
        _ => Err(Problem::at(
            join(pointer, extensions::OUTCOME.name),
            "x-outcome does not match the responses of its operation",
        )
        .expected(
            "complete and partial: two of its success statuses; failures: a property of the report",
        )
        .found(outcome.to_string())),
    }
}

/// The alternatives of a security requirement. Schemes that require the same scopes are one alternative.
fn read_scopes(security: &Value) -> Vec<Vec<String>> {
    let mut alternatives: Vec<Vec<String>> = Vec::new();
    for requirement in list(security) {
        let scopes: BTreeSet<&str> = members(requirement)
            .flat_map(|(_, scopes)| list(scopes))
            .filter_map(Value::as_str)
            .collect();
        let scopes = scopes.into_iter().map(str::to_owned).collect();
        if !alternatives.contains(&scopes) {
            alternatives.push(scopes);
        }
    }
    alternatives
}

fn in_path_order<'a>(
    path: &str,
    mut parameters: Vec<OperationParameter<'a>>,
) -> Vec<OperationParameter<'a>> {
    parameters.sort_by_key(|parameter| {
        let position = (parameter.location == "path")
            .then(|| path.find(&format!("{{{}}}", parameter.wire)))
            .flatten();
        (
            position.unwrap_or(usize::MAX),
            parameter.location.clone(),
            parameter.wire.clone(),
        )
    });
    parameters
}
