//! The APIs as their documents have them: operations, and the schemas of what they take and give.

mod parser;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;
use std::sync::{LazyLock, OnceLock};

pub(crate) use self::parser::is_organization_name;
use self::parser::{DocumentParser, escape_token, object, resolve};
use http::{Method, StatusCode};
use jsonschema::{Draft, Registry, ValidationError, Validator};
use serde_json::Value;

use crate::api::Api;
use crate::problem::RequestPart;
use crate::response::ApiResponse;

/// Where the document is, for its own references.
const DOCUMENT_URI: &str = "urn:sandbox:document";

/// The documents in the order of [`Api::ALL`]. What `cargo xtask regen` writes there is what was published, with the
/// corrections of this project.
static DOCUMENTS: LazyLock<Result<[Document; 3], String>> = LazyLock::new(|| {
    let parse = |api, text| std::thread::spawn(move || Document::parse(api, text));
    // Compiling the schemas takes long.
    let [teams, my_organization, organizations] = [
        parse(Api::Teams, include_str!("../openapi/teams.json")),
        parse(
            Api::MyOrganization,
            include_str!("../openapi/my-organization.json"),
        ),
        parse(
            Api::Organizations,
            include_str!("../openapi/organizations.json"),
        ),
    ]
    .map(|thread| {
        let parsed = thread.join();
        parsed.unwrap_or_else(|_| Err("a document cannot be read".to_owned()))
    });
    let mut documents = [teams?, my_organization?, organizations?];
    assign_unique_names(&mut documents);
    Ok(documents)
});

/// Gives every operation a name of its own: its id, with the API's name before it where another API was first to have
/// that id.
fn assign_unique_names(documents: &mut [Document]) {
    let mut names = HashSet::new();
    for operation in documents
        .iter_mut()
        .flat_map(|document| &mut document.operations)
    {
        if !names.insert(operation.id.clone()) {
            operation.name = operation.qualified_name();
        }
    }
}

/// A document that is ready to check by.
pub(crate) struct Document {
    pub(crate) api: Api,
    pub(crate) operations: Vec<Operation>,
    value: Value,
    /// Schemas that are looked for by name.
    named_schemas: OnceLock<BTreeMap<String, Schema>>,
}

pub(crate) struct Operation {
    pub(crate) api: Api,
    pub(crate) id: String,
    /// What log and faults call it: the id, unless several APIs have it.
    pub(crate) name: String,
    pub(crate) method: Method,
    /// The path with names in braces, which is how axum's router wants it too.
    pub(crate) path: String,
    /// The scopes that a token needs: one of these sets, the whole of it.
    pub(crate) scopes: Vec<Vec<String>>,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) body: Option<RequestBody>,
    /// The statuses that are documented, each with the schema of its body where it has one.
    responses: BTreeMap<u16, Option<Schema>>,
}

pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) part: RequestPart,
    pub(crate) is_required: bool,
    pub(crate) kind: ParameterKind,
    pub(crate) schema: Schema,
}

/// What the text of a parameter stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ParameterKind {
    Text,
    Integer,
    Boolean,
    /// Texts, each a parameter of this name.
    List,
}

pub(crate) struct RequestBody {
    pub(crate) is_required: bool,
    pub(crate) schema: Schema,
}

/// A schema of the document.
pub(crate) struct Schema {
    /// Its place in the document.
    pub(crate) pointer: String,
    validator: Validator,
}

impl Document {
    /// The documents of all APIs.
    pub(crate) fn all() -> Result<&'static [Self; 3], &'static str> {
        DOCUMENTS.as_ref().map_err(String::as_str)
    }

    /// The operation that log and faults call so, or that is called so with its API before it.
    pub(crate) fn find_operation(name: &str) -> Option<&'static Operation> {
        let mut operations = Self::all().ok()?.iter().flat_map(|one| &one.operations);
        operations.find(|operation| operation.has_name(name))
    }

    fn parse(api: Api, text: &str) -> Result<Self, String> {
        let mut value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if api != Api::Teams {
            replace_one_of_with_any_of(&mut value);
        }
        let registry = registry(&value)?;
        let mut operations = Vec::new();
        for (path, item) in object(&value, "/paths")? {
            for (method, operation) in item.as_object().into_iter().flatten() {
                // The other members of a path item are no operations.
                if let Some(id) = operation["operationId"].as_str() {
                    let pointer = format!("/paths/{}/{method}", escape_token(path));
                    let parser = DocumentParser {
                        api,
                        document: &value,
                        registry: &registry,
                    };
                    operations.push(parser.operation(id, path, method, &pointer)?);
                }
            }
        }
        drop(registry);
        Ok(Self {
            api,
            operations,
            value,
            named_schemas: OnceLock::new(),
        })
    }

    /// The value at `pointer` with references followed, and where it stands.
    pub(crate) fn resolve<'a>(&'a self, pointer: &str) -> Option<(String, &'a Value)> {
        resolve(&self.value, pointer)
    }

    /// One of these schemas, by its name. They are compiled together when the first is looked for.
    pub(crate) fn schema(&self, names: &[&str], name: &str) -> Option<&Schema> {
        let compile = || {
            let registry = registry(&self.value).ok()?;
            let parser = DocumentParser {
                api: self.api,
                document: &self.value,
                registry: &registry,
            };
            let schema = |name: &&str| {
                let schema = parser.schema(format!("/components/schemas/{name}"));
                Some(((*name).to_owned(), schema.ok()?))
            };
            Some(names.iter().filter_map(schema).collect())
        };
        self.named_schemas
            .get_or_init(|| compile().unwrap_or_default())
            .get(name)
    }

    /// All scopes that operations need, sorted.
    pub(crate) fn scopes(&self) -> BTreeSet<&str> {
        let sets = self
            .operations
            .iter()
            .flat_map(|operation| &operation.scopes);
        sets.flatten().map(String::as_str).collect()
    }
}

/// Lets values pass that fit several forms of one schema. In these documents forms overlap that are meant as
/// alternatives: the pages of a listing, say, of which the last looks the same however it was asked for.
fn replace_one_of_with_any_of(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if let Some(forms) = members.remove("oneOf") {
                members.insert("anyOf".to_owned(), forms);
            }
            members.values_mut().for_each(replace_one_of_with_any_of);
        }
        Value::Array(items) => items.iter_mut().for_each(replace_one_of_with_any_of),
        _ => {}
    }
}

fn registry(value: &Value) -> Result<Registry<'_>, String> {
    Registry::new()
        .draft(Draft::Draft202012)
        .add(DOCUMENT_URI, value)
        .and_then(|builder| builder.prepare())
        .map_err(|error| error.to_string())
}

impl Operation {
    /// Its id with the name of its API, which no other operation has.
    pub(crate) fn qualified_name(&self) -> String {
        format!("{}.{}", self.api.name(), self.id)
    }

    /// Whether it has this name, with its API before it or not.
    pub(crate) fn has_name(&self, name: &str) -> bool {
        self.name == name || self.qualified_name() == name
    }

    /// Whether it only reads.
    pub(crate) fn is_read(&self) -> bool {
        self.method == Method::GET
    }

    /// Whether the document lists this status for it.
    pub(crate) fn documents_status(&self, status: StatusCode) -> bool {
        self.responses.contains_key(&status.as_u16())
    }

    /// The schema of the bodies of answers with this status.
    pub(crate) fn response_schema(&self, status: StatusCode) -> Option<&Schema> {
        self.responses.get(&status.as_u16())?.as_ref()
    }

    /// What in an answer is not as the document says.
    pub(crate) fn response_violation(&self, response: &ApiResponse) -> Option<String> {
        let status = response.status.as_u16();
        let Some(schema) = self.responses.get(&status) else {
            return Some(format!("{}: status {status} is not documented", self.id));
        };
        let Some(schema) = schema else {
            let found = response.body.len();
            // That an error has no body is seldom meant: some documents show none at all.
            return (found > 0 && response.status.is_success()).then(|| {
                format!(
                    "{}: {found} bytes with status {status}, which has no body",
                    self.id
                )
            });
        };
        let body = match serde_json::from_slice(&response.body) {
            Ok(body) => body,
            Err(error) => return Some(format!("{}: status {status}: {error}", self.id)),
        };
        schema
            .violations(&body)
            .first()
            .map(|violation| format!("{}: status {status}: {violation}", self.id))
    }
}

impl Schema {
    /// What is wrong with a value, by place and rule. The value itself is not shown: it may be a secret.
    pub(crate) fn violations(&self, value: &Value) -> Vec<SchemaViolation> {
        let mut violations = Vec::new();
        for error in self.validator.iter_errors(value) {
            collect_violations(&error, &mut violations);
        }
        violations
    }
}

/// A rule of a schema that a value breaks.
#[derive(Debug, Clone)]
pub(crate) struct SchemaViolation {
    /// The place in the value as a JSON pointer, empty for the whole.
    pub(crate) pointer: String,
    pub(crate) rule: String,
}

impl fmt::Display for SchemaViolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.pointer.is_empty() {
            f.write_str(&self.rule)
        } else {
            write!(f, "{}: {}", self.pointer, self.rule)
        }
    }
}

/// Says what an error is about. Where a value fits none of several forms, that is the form that it comes nearest to:
/// "fits none" would name no field.
fn collect_violations(error: &ValidationError<'_>, violations: &mut Vec<SchemaViolation>) {
    use jsonschema::error::ValidationErrorKind::{AnyOf, OneOfNotValid};
    if let AnyOf { context } | OneOfNotValid { context } = error.kind()
        && let Some(nearest) = context.iter().min_by_key(|errors| errors.len())
    {
        nearest
            .iter()
            .for_each(|error| collect_violations(error, violations));
        return;
    }
    violations.push(SchemaViolation {
        pointer: error.instance_path().as_str().to_owned(),
        rule: error.masked_with("the value").to_string(),
    });
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn answer_is_not_as_documented_then_place_and_rule_are_named_and_the_value_is_not() {
        let [document, ..] = Document::all().unwrap();
        let of = |id: &str| {
            document
                .operations
                .iter()
                .find(|operation| operation.id == id)
        };
        let (get, delete) = (of("getMember").unwrap(), of("deleteMember").unwrap());
        let mut member = json!({"id": "1", "email": "a@b.test", "name": "", "given_name": "", "family_name": "",
            "nickname": "", "role": "teams_owner"});
        assert_eq!(
            get.response_violation(&ApiResponse::json(StatusCode::OK, &member)),
            None
        );
        member["role"] = json!("pl4nted");
        let violation = get
            .response_violation(&ApiResponse::json(StatusCode::OK, &member))
            .unwrap();
        assert!(
            violation.starts_with("getMember: status 200: /role: "),
            "{violation}"
        );
        assert!(!violation.contains("pl4nted"), "{violation}");
        for (operation, response, expected) in [
            (
                get,
                ApiResponse::json(StatusCode::CREATED, &member),
                "getMember: status 201 is not documented",
            ),
            (
                get,
                ApiResponse::empty(StatusCode::OK),
                "getMember: status 200: EOF while parsing a value at line 1 column 0",
            ),
            (
                delete,
                ApiResponse::json(StatusCode::NO_CONTENT, &1),
                "deleteMember: 1 bytes with status 204, which has no body",
            ),
        ] {
            assert_eq!(
                operation.response_violation(&response).as_deref(),
                Some(expected)
            );
        }
    }
}
