//! Descriptions that are derived from the facts of a document (method, path, names, types, constraints), for nodes that the overlay does not
//! describe.
//!
//! A derived description ends with [`MARK`], so that readers recognize it. A description in the overlay replaces it.

use heck::ToSnakeCase as _;
use serde_json::{Map, Value};

use crate::extensions;
use crate::spec::locate::unescaped;

/// The last sentence of every derived description.
pub const MARK: &str = "*Derived from the document.*";

/// Writes the missing texts of the object at `pointer`. `missing` has the keys without text: `summary`, `description`, or
/// `x-enum-descriptions` with the values of an enumeration.
pub fn describe(document: &mut Value, pointer: &str, missing: &Value) {
    let Some(object) = document.pointer(pointer) else {
        return;
    };
    let steps: Vec<String> = pointer.split('/').skip(1).map(unescaped).collect();
    let mut texts = Map::new();
    for (key, value) in missing.as_object().into_iter().flatten() {
        let text = match key.as_str() {
            "summary" => Value::String(summary(&steps, object)),
            key if key == extensions::ENUM_DESCRIPTIONS.name => enum_descriptions(object, value),
            _ => Value::String(marked(&description(&steps, object))),
        };
        texts.insert(key.clone(), text);
    }
    if let Some(members) = document.pointer_mut(pointer).and_then(Value::as_object_mut) {
        members.extend(texts);
    }
}

fn marked(text: &str) -> String {
    format!("{text}\n\n{MARK}")
}

/// The descriptions of the values of an enumeration: those that are there, and derived ones.
fn enum_descriptions(schema: &Value, missing: &Value) -> Value {
    let given = extensions::ENUM_DESCRIPTIONS.get(schema);
    let mut all = given
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    for value in missing.as_object().into_iter().flat_map(Map::keys) {
        let text = format!("The value {}. {MARK}", code(value));
        all.insert(value.clone(), text.into());
    }
    Value::Object(all)
}

fn description(steps: &[String], object: &Value) -> String {
    let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
    match steps.as_slice() {
        ["info"] => "The API.".to_owned(),
        ["paths", path, method] => {
            format!(
                "Sends {}.",
                code(&format!("{} {path}", method.to_uppercase()))
            )
        }
        [.., "parameters", _] => parameter(object),
        [.., "responses", status] if status.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("The response with status {status}.")
        }
        [.., "responses", name] => format!("The response {}.", code(name)),
        ["components", "schemas", name] => format!("{}: {}.", code(name), facts(object)),
        [.., "properties", name] => format!("{}: {}.", capitalized(&words(name)), facts(object)),
        _ => format!("{}.", capitalized(&facts(object))),
    }
}

fn parameter(parameter: &Value) -> String {
    let name = parameter["name"].as_str().unwrap_or_default();
    let schema = &parameter["schema"];
    let optional = match parameter["required"].as_bool() {
        Some(true) => "",
        _ => ", optional",
    };
    format!(
        "{}: {}{optional}.",
        capitalized(&words(name)),
        facts(schema)
    )
}

/// The summary of an operation: a verb by its name or method, and a noun by its path.
fn summary(steps: &[String], operation: &Value) -> String {
    let [_, path, method] = steps else {
        return "Describes a part of the document".to_owned();
    };
    let name = extensions::OPERATION_NAME.text(operation);
    let name = name
        .or(operation["operationId"].as_str())
        .unwrap_or_default();
    let target = Target::of(path);
    let first_word = name.to_snake_case();
    let first_word = first_word.split('_').next().unwrap_or_default();
    let verb = match VERBS.iter().find(|verb| **verb == first_word) {
        Some(verb) => third_person(verb),
        None => match method.as_str() {
            "get" | "head" if target.is_collection() => "Lists",
            "get" | "head" => "Gets",
            "post" if target.is_collection() => "Creates",
            "post" => return format!("Runs {}{}", code(&target.name), target.owner_phrase()),
            "put" => "Replaces",
            "delete" => "Deletes",
            _ => "Updates",
        }
        .to_owned(),
    };
    let is_one = target.is_item || method == "post" && target.is_collection();
    let noun = words(&target.name);
    let noun = match is_one {
        true => with_article(&singular(&noun)),
        false => format!("the {noun}"),
    };
    format!("{verb} {noun}{}", target.owner_phrase())
}

/// The resource that the path of an operation identifies.
struct Target {
    /// The last step that is no parameter.
    name: String,
    /// Whether the path ends with a parameter: one item of a collection.
    is_item: bool,
    /// The collection of the item that owns it.
    owner: Option<String>,
}

impl Target {
    fn of(path: &str) -> Self {
        let steps: Vec<&str> = path.split('/').filter(|step| !step.is_empty()).collect();
        let is_parameter = |step: &&str| step.starts_with('{');
        let last = steps.iter().rposition(|step| !is_parameter(step));
        let before = last.map_or(&[][..], |last| &steps[..last]);
        let has_owner = before.last().is_some_and(is_parameter);
        Self {
            name: last.map_or_else(|| "resource".to_owned(), |last| steps[last].to_owned()),
            is_item: steps.last().is_some_and(is_parameter),
            owner: before
                .iter()
                .rfind(|step| !is_parameter(step))
                .filter(|_| has_owner)
                .map(|step| (*step).to_owned()),
        }
    }

    fn is_collection(&self) -> bool {
        !self.is_item && singular(&self.name) != self.name
    }

    /// " of a tenant", if something owns it.
    fn owner_phrase(&self) -> String {
        self.owner.as_ref().map_or_else(String::new, |owner| {
            format!(" of {}", with_article(&singular(&words(owner))))
        })
    }
}

/// Verbs that names of operations begin with.
const VERBS: [&str; 24] = [
    "activate", "add", "assign", "cancel", "check", "create", "delete", "disable", "enable",
    "export", "generate", "get", "import", "invite", "list", "remove", "replace", "revoke",
    "rotate", "search", "send", "set", "update", "verify",
];

/// `list` is `Lists`.
fn third_person(verb: &str) -> String {
    let verb = capitalized(verb);
    match verb.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None if verb.ends_with("ch") || verb.ends_with('s') => format!("{verb}es"),
        None => format!("{verb}s"),
    }
}

/// A name of the document as words: `tenantId` is `tenant ID`.
fn words(name: &str) -> String {
    let snake = name.to_snake_case();
    let words = snake.split('_').map(|word| match word {
        "id" => "ID".to_owned(),
        "ids" => "IDs".to_owned(),
        "url" | "uri" | "ip" | "api" | "jwt" | "sso" => word.to_uppercase(),
        word => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}

fn singular(noun: &str) -> String {
    if let Some(stem) = noun.strip_suffix("ies") {
        format!("{stem}y")
    } else if noun.ends_with("ss") || noun.ends_with("us") || noun.ends_with("is") {
        noun.to_owned()
    } else {
        noun.strip_suffix('s').unwrap_or(noun).to_owned()
    }
}

fn with_article(noun: &str) -> String {
    let article = match noun.chars().next() {
        Some('a' | 'e' | 'i' | 'o' | 'u' | 'I') => "an",
        _ => "a",
    };
    format!("{article} {noun}")
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}

fn code(text: &str) -> String {
    format!("`{}`", text.replace('`', "'"))
}

/// The type and the constraints of a schema.
fn facts(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|to| to.rsplit('/').next()) {
        return code(name);
    }
    let values = schema["enum"].as_array().map_or(0, Vec::len);
    if values > 1 {
        return format!("one of {values} values");
    }
    let alternatives = ["oneOf", "anyOf"].into_iter();
    let mut alternatives = alternatives.filter_map(|key| schema[key].as_array());
    if let Some(alternatives) = alternatives.find(|all| all.len() > 1) {
        return format!("one of {} types", alternatives.len());
    }
    let kind = schema["type"].as_str().or_else(|| {
        let kinds = schema["type"].as_array().into_iter().flatten();
        kinds.filter_map(Value::as_str).find(|kind| *kind != "null")
    });
    let text = match kind {
        Some("array") => match schema["items"].is_object() {
            true => format!("a list, each item {}", facts(&schema["items"])),
            false => "a list".to_owned(),
        },
        Some("object") => match schema["properties"].as_object().map_or(0, Map::len) {
            0 => "an object".to_owned(),
            1 => "an object with 1 property".to_owned(),
            count => format!("an object with {count} properties"),
        },
        Some("integer") => "an integer".to_owned(),
        Some(kind) => format!("a {kind}"),
        None if schema["properties"].is_object() => "an object".to_owned(),
        None => "any value".to_owned(),
    };
    let format = schema["format"].as_str();
    let format = format.map_or_else(String::new, |format| {
        format!(" in the format {}", code(format))
    });
    format!("{text}{format}{}", bounds(schema))
}

fn bounds(schema: &Value) -> String {
    let range = |low: &str, high: &str, unit: &str| match (&schema[low], &schema[high]) {
        (Value::Number(low), Value::Number(high)) => format!(", {low} to {high}{unit}"),
        (Value::Number(low), _) => format!(", at least {low}{unit}"),
        (_, Value::Number(high)) => format!(", at most {high}{unit}"),
        _ => String::new(),
    };
    let default = match &schema["default"] {
        Value::Null => String::new(),
        value => format!(", default {}", code(&value.to_string())),
    };
    [
        range("minimum", "maximum", ""),
        range("minLength", "maxLength", " characters"),
        range("minItems", "maxItems", " items"),
        default,
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn summary_of(path: &str, method: &str, name: &str) -> String {
        let steps = ["paths", path, method].map(str::to_owned);
        summary(&steps, &json!({ "x-operation-name": name }))
    }

    #[test]
    fn summary_of_an_operation_is_derived_from_method_path_and_name() {
        let cases = [
            ("/api/members", "get", "list", "Lists the members"),
            ("/api/members", "get", "", "Lists the members"),
            ("/api/members/{id}", "get", "", "Gets a member"),
            (
                "/api/tenants/{id}/members",
                "get",
                "",
                "Lists the members of a tenant",
            ),
            (
                "/api/tenants/{id}/entries",
                "post",
                "",
                "Creates an entry of a tenant",
            ),
            (
                "/api/tenants/{id}/settings",
                "patch",
                "",
                "Updates the settings of a tenant",
            ),
            (
                "/sessions/{id}/revoke",
                "post",
                "end",
                "Runs `revoke` of a session",
            ),
            ("/keys/{kid}", "post", "verify_key", "Verifies a key"),
            ("/", "delete", "", "Deletes the resource"),
        ];
        for (path, method, name, expected) in cases {
            assert_eq!(summary_of(path, method, name), expected, "{method} {path}");
        }
    }

    #[test]
    fn missing_texts_are_written_and_marked_and_given_ones_stay() {
        let mut document = json!({
            "components": {"schemas": {"Kind": {"type": "string", "enum": ["a", "b"], "x-enum-descriptions": {"a": "Given."}},
                "Item": {"type": "object", "properties": {"tenantId": {"type": ["string", "null"], "format": "uuid", "maxLength": 36}}}}},
        });
        describe(
            &mut document,
            "/components/schemas/Kind",
            &json!({"x-enum-descriptions": {"b": ""}}),
        );
        describe(
            &mut document,
            "/components/schemas/Item/properties/tenantId",
            &json!({"description": ""}),
        );
        describe(
            &mut document,
            "/components/schemas/Item",
            &json!({"description": ""}),
        );
        let schemas = &document["components"]["schemas"];
        assert_eq!(
            schemas["Kind"]["x-enum-descriptions"],
            json!({"a": "Given.", "b": format!("The value `b`. {MARK}")})
        );
        assert_eq!(
            schemas["Item"]["properties"]["tenantId"]["description"],
            format!("Tenant ID: a string in the format `uuid`, at most 36 characters.\n\n{MARK}")
        );
        assert_eq!(
            schemas["Item"]["description"],
            format!("`Item`: an object with 1 property.\n\n{MARK}")
        );
    }

    #[test]
    fn place_that_is_not_there_changes_nothing() {
        let mut document = json!({});
        describe(&mut document, "/paths/~1a/get", &json!({"summary": ""}));
        assert_eq!(document, json!({}));
    }
}
