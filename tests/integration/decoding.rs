//! Response decoding: checks the policy of docs/decisions/response-decoding.md for every response type of the three
//! APIs. Each body is a sample derived from the normalized document with one change.
//!
//! No unexpected scalar fails a response; a required container that is missing always does.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;

use auth0_sandbox::{Effect, Fault, Sandbox};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::sandbox::Local;

/// Decodes a body and returns the decoded value serialized again.
type DecodeFn = fn(&Value) -> Result<Value, String>;

fn decode<T: DeserializeOwned + Serialize>(body: &Value) -> Result<Value, String> {
    let decoded: T =
        serde_json::from_slice(body.to_string().as_bytes()).map_err(|error| error.to_string())?;
    Ok(serde_json::to_value(&decoded).unwrap())
}

macro_rules! types {
    ($krate:ident: $(($component:literal, $name:ident)),*) => {
        vec![$(($component, decode::<$krate::types::$name> as DecodeFn)),*]
    };
}

/// The types of successful responses, by API. `build.rs` lists them.
fn responses() -> [(ResponseSampler, Vec<(&'static str, DecodeFn)>); 3] {
    include!(concat!(env!("OUT_DIR"), "/response_types.rs"))
}

/// A normalized document.
struct ResponseSampler(Value);

/// The kind of value that a schema describes.
enum SchemaKind<'d> {
    Scalar(Value),
    Secret,
    List(&'d Value),
    Map(&'d Value),
    /// An object with arbitrary properties.
    Free,
    Object(&'d Map<String, Value>, Vec<&'d str>),
    Union(Vec<(&'d Value, Option<&'d Value>)>),
}

/// A part of a sample that a test can change.
struct SamplePart {
    pointer: String,
    is: PartKind,
    required: bool,
}

#[derive(PartialEq)]
enum PartKind {
    Scalar,
    Secret,
    ListOrMap,
    Object,
}

impl ResponseSampler {
    fn read(api: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"));
        let path = path.join("../openapi").join(api).join("normalized.json");
        Self(serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
    }

    fn component(&self, name: &str) -> &Value {
        &self.0["components"]["schemas"][name]
    }

    fn referenced(&self, schema: &Value) -> Option<&Value> {
        let reference = schema.get("$ref").or(schema["allOf"][0].get("$ref"))?;
        Some(self.component(reference.as_str().unwrap().rsplit('/').next().unwrap()))
    }

    fn kind<'d>(&'d self, schema: &'d Value) -> SchemaKind<'d> {
        let parameters = &schema["x-rust-type"]["parameters"];
        match schema["x-rust-type"]["path"].as_str() {
            Some("auth0_core::SecretString") => return SchemaKind::Secret,
            Some("auth0_core::Open" | "auth0_core::Nullable" | "std::boxed::Box") => {
                return self.kind(&parameters[0]);
            }
            Some("std::vec::Vec") => return SchemaKind::List(&parameters[0]),
            Some("std::collections::BTreeMap") => return SchemaKind::Map(&parameters[1]),
            Some("serde_json::Map") => return SchemaKind::Free,
            Some(other) => panic!("a type that this test does not know: {other}"),
            None => {}
        }
        if let Some(component) = self.referenced(schema) {
            return self.kind(component);
        }
        if let [only] = schema["allOf"].as_array().map_or(&[][..], Vec::as_slice) {
            return self.kind(only);
        }
        if let Some(variants) = schema["x-union"]["variants"].as_array() {
            let variant = |variant: &'d Value| {
                let component = self.referenced(&json!({"$ref": variant["ref"]})).unwrap();
                (component, variant["when"].get("tag"))
            };
            return SchemaKind::Union(variants.iter().map(variant).collect());
        }
        if let Some(variants) = schema["oneOf"].as_array() {
            let null = json!({"type": "null"});
            let variant = variants.iter().find(|variant| **variant != null).unwrap();
            return self.kind(variant);
        }
        if let Some(values) = schema["enum"].as_array() {
            return SchemaKind::Scalar(values[0].clone());
        }
        let kind = &schema["type"];
        match kind.as_str().or(kind[0].as_str()).unwrap_or_default() {
            "string" => SchemaKind::Scalar(match schema["format"].as_str() {
                Some("uuid") => json!("4b4ea5a8-5b8e-4d0c-9d8d-0d2b6a2a6f5e"),
                Some("date-time") => json!("2026-01-08T10:00:00Z"),
                _ => json!("text"),
            }),
            "integer" => SchemaKind::Scalar(json!(7)),
            "number" => SchemaKind::Scalar(json!(1.5)),
            "boolean" => SchemaKind::Scalar(json!(true)),
            "array" => SchemaKind::List(&schema["items"]),
            "object" => match (
                schema["properties"].as_object(),
                &schema["additionalProperties"],
            ) {
                (Some(properties), _) => {
                    let required = schema["required"].as_array().into_iter().flatten();
                    SchemaKind::Object(properties, required.filter_map(Value::as_str).collect())
                }
                (None, values @ Value::Object(_)) => SchemaKind::Map(values),
                _ => SchemaKind::Free,
            },
            _ => SchemaKind::Free,
        }
    }

    /// A value with every property of the schema. For unions it has the variant with index `union_index`, modulo the
    /// number of variants.
    fn sample(&self, schema: &Value, union_index: usize) -> Value {
        match self.kind(schema) {
            SchemaKind::Scalar(value) => value,
            SchemaKind::Secret => json!("s3cr3t"),
            SchemaKind::List(items) => json!([self.sample(items, union_index)]),
            SchemaKind::Map(values) => json!({ "key": self.sample(values, union_index) }),
            SchemaKind::Free => json!({ "free": [null] }),
            SchemaKind::Object(properties, _) => {
                let members = properties
                    .iter()
                    .map(|(name, property)| (name.clone(), self.sample(property, union_index)));
                Value::Object(members.collect())
            }
            SchemaKind::Union(variants) => {
                let (variant, tag) = variants[union_index % variants.len()];
                let mut sample = self.sample(variant, union_index);
                if let Some(tag) = tag {
                    sample[tag["property"].as_str().unwrap()] = tag["value"].clone();
                }
                sample
            }
        }
    }

    /// Collects the parts of such a value.
    fn parts(
        &self,
        schema: &Value,
        union_index: usize,
        at: &str,
        required: bool,
        parts: &mut Vec<SamplePart>,
    ) {
        let mut part = |is: PartKind| {
            parts.push(SamplePart {
                pointer: at.to_owned(),
                is,
                required,
            });
        };
        match self.kind(schema) {
            SchemaKind::Scalar(_) => part(PartKind::Scalar),
            SchemaKind::Secret => part(PartKind::Secret),
            SchemaKind::List(items) => {
                part(PartKind::ListOrMap);
                self.parts(items, union_index, &format!("{at}/0"), false, parts);
            }
            SchemaKind::Map(values) => {
                part(PartKind::ListOrMap);
                self.parts(values, union_index, &format!("{at}/key"), false, parts);
            }
            SchemaKind::Free => part(PartKind::ListOrMap),
            SchemaKind::Object(properties, required) => {
                part(PartKind::Object);
                for (name, property) in properties {
                    let is_required = required.contains(&name.as_str());
                    self.parts(
                        property,
                        union_index,
                        &format!("{at}/{name}"),
                        is_required,
                        parts,
                    );
                }
            }
            SchemaKind::Union(variants) => {
                self.parts(
                    variants[union_index % variants.len()].0,
                    union_index,
                    at,
                    required,
                    parts,
                );
            }
        }
    }
}

/// The number of variants of the largest union.
const MAX_VARIANTS: usize = 8;

/// Calls `check` with every part of every sample of every response.
fn each_part(check: impl Fn(&str, DecodeFn, &Value, &SamplePart)) {
    for (document, types) in responses() {
        for (name, decode) in types {
            let schema = document.component(name);
            let mut seen = BTreeSet::new();
            for union_index in 0..MAX_VARIANTS {
                let sample = document.sample(schema, union_index);
                if !seen.insert(sample.to_string()) {
                    continue;
                }
                assert_eq!(
                    decode(&sample),
                    Ok(sample.clone()),
                    "{name}: the sample itself"
                );
                let mut parts = Vec::new();
                document.parts(schema, union_index, "", true, &mut parts);
                for part in parts.iter().filter(|part| !part.pointer.is_empty()) {
                    check(name, decode, &sample, part);
                }
            }
        }
    }
}

fn with(sample: &Value, pointer: &str, value: Value) -> Value {
    let mut body = sample.clone();
    *body.pointer_mut(pointer).unwrap() = value;
    body
}

fn without(sample: &Value, pointer: &str) -> Value {
    let mut body = sample.clone();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = body.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    parent.remove(name).unwrap();
    body
}

#[test]
fn every_api_has_response_types() {
    for (_, types) in responses() {
        assert!(types.len() > 5, "only {} types", types.len());
    }
}

#[test]
fn scalar_is_unexpected_then_the_response_decodes_and_keeps_it() {
    each_part(|name, decode, sample, part| {
        if part.is != PartKind::Scalar {
            return;
        }
        let pointer = &part.pointer;
        let unexpected = [
            "null",
            "true",
            "0",
            "3.0",
            "-1.5",
            "\"\"",
            "\"0\"",
            "\"new value\"",
            "[1]",
            "{\"a\":null}",
        ];
        for unexpected in
            unexpected.map(|unexpected| serde_json::from_str::<Value>(unexpected).unwrap())
        {
            let decoded = decode(&with(sample, pointer, unexpected.clone()));
            let decoded =
                decoded.unwrap_or_else(|error| panic!("{name} {pointer} {unexpected}: {error}"));
            let kept = decoded.pointer(pointer);
            // A tenant without a locality decodes as a private cloud tenant, which has no locality.
            if kept.is_none() && pointer == "/locality" && name == "CreateTenantsResponseContent" {
                continue;
            }
            if unexpected.is_array()
                || unexpected.is_object()
                || unexpected.is_null() && part.required
            {
                assert_eq!(kept, Some(&unexpected), "{name} {pointer}");
            } else if !unexpected.is_null() {
                let text = |value: &Value| value.as_str().map_or(value.to_string(), str::to_owned);
                let (kept, unexpected) = (text(kept.unwrap()), text(&unexpected));
                assert_eq!(
                    kept.trim_end_matches(".0"),
                    unexpected.trim_end_matches(".0"),
                    "{name} {pointer}"
                );
            }
        }
    });
}

#[test]
fn required_list_or_map_is_missing_then_it_is_an_error_and_null_decodes_as_empty() {
    each_part(|name, decode, sample, part| {
        let pointer = &part.pointer;
        if part.is != PartKind::ListOrMap || !part.required {
            return;
        }
        let field = pointer.rsplit('/').next().unwrap();
        let error = decode(&without(sample, pointer)).unwrap_err();
        assert!(
            error.starts_with(&format!("missing field `{field}`")),
            "{name} {pointer}: {error}"
        );
        let decoded = decode(&with(sample, pointer, Value::Null)).unwrap();
        let empty = match sample.pointer(pointer).unwrap() {
            Value::Array(_) => json!([]),
            _ => json!({}),
        };
        assert_eq!(decoded.pointer(pointer), Some(&empty), "{name} {pointer}");
        for unexpected in [json!(1), json!("text"), json!(true)] {
            assert!(
                decode(&with(sample, pointer, unexpected)).is_err(),
                "{name} {pointer}"
            );
        }
    });
}

/// Whether the value consists only of nulls, and of objects and lists of nulls.
fn is_only_nulls(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(members) => members.values().all(is_only_nulls),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

#[test]
fn object_is_null_then_its_fields_are_unknown_and_a_missing_object_is_an_error() {
    let rejected = RefCell::new(BTreeSet::new());
    each_part(|name, decode, sample, part| {
        let pointer = &part.pointer;
        let is_item = pointer.ends_with("/0") || pointer.ends_with("/key");
        if part.is != PartKind::Object || !(part.required || is_item) {
            return;
        }
        match decode(&with(sample, pointer, Value::Null)) {
            // No value is invented.
            Ok(decoded) => {
                let found = decoded.pointer(pointer);
                assert!(
                    found.is_some_and(is_only_nulls),
                    "{name} {pointer}: {found:?}"
                );
            }
            Err(error) => {
                assert!(
                    error.contains("found null") || error.contains("invalid type: null"),
                    "{name} {pointer}: {error}"
                );
                rejected.borrow_mut().insert(format!("{name} {pointer}"));
            }
        }
        if part.required {
            let error = decode(&without(sample, pointer)).unwrap_err();
            assert!(
                error.starts_with("missing field"),
                "{name} {pointer}: {error}"
            );
        }
    });
    // An object that contains a secret.
    let rejected: Vec<_> = rejected.into_inner().into_iter().collect();
    assert_eq!(
        rejected,
        ["CreateTenantsResponseContent /management_client"]
    );
}

#[test]
fn optional_container_is_another_value_then_the_response_decodes() {
    let rejected = RefCell::new(BTreeSet::new());
    each_part(|name, decode, sample, part| {
        let pointer = &part.pointer;
        let is_item = pointer.ends_with("/0") || pointer.ends_with("/key");
        let is_container = part.is == PartKind::ListOrMap || part.is == PartKind::Object;
        // Required containers and items are not invented.
        if is_item || part.required || !is_container {
            return;
        }
        let container = sample.pointer(pointer).unwrap();
        let unexpected = [
            json!(""),
            json!("text"),
            json!(7),
            json!(-1.5),
            json!(false),
            json!([]),
            json!(["x"]),
            json!({}),
            json!({"a": 1}),
        ];
        for unexpected in unexpected {
            if unexpected.is_array() == container.is_array()
                && unexpected.is_object() == container.is_object()
            {
                continue;
            }
            match decode(&with(sample, pointer, unexpected.clone())) {
                // No value is invented.
                Ok(decoded) => {
                    let found = decoded.pointer(pointer);
                    assert!(
                        found.is_none_or(is_only_nulls),
                        "{name} {pointer}: {found:?}"
                    );
                }
                Err(error) => {
                    assert!(error.contains("invalid type"), "{name} {pointer}: {error}");
                    rejected.borrow_mut().insert(format!("{name} {pointer}"));
                }
            }
        }
    });
    let rejected: Vec<_> = rejected.into_inner().into_iter().collect();
    insta::assert_debug_snapshot!(rejected);
}

#[test]
fn required_secret_is_null_then_it_is_an_error_and_a_number_decodes_as_text() {
    each_part(|name, decode, sample, part| {
        let pointer = &part.pointer;
        if part.is != PartKind::Secret {
            return;
        }
        let decoded = decode(&with(sample, pointer, json!(123))).unwrap();
        assert_eq!(decoded.pointer(pointer), Some(&json!("123")));
        let decoded = decode(&with(sample, pointer, Value::Null));
        if part.required {
            let error = decoded.unwrap_err();
            assert!(
                error.starts_with("invalid type: null, expected a string"),
                "{name} {pointer}: {error}"
            );
        } else {
            assert!(decoded.is_ok(), "{name} {pointer}");
        }
    });
}

#[test]
fn error_body_or_empty_body_does_not_decode_as_listing_or_identity_provider() {
    for (document, types) in responses() {
        for (name, decode) in types {
            let holds_a_list = document.component(name)["required"]
                .as_array()
                .into_iter()
                .flatten()
                .any(|field| {
                    document.component(name)["properties"][field.as_str().unwrap()]["type"]
                        == "array"
                });
            assert!(
                holds_a_list || !name.starts_with("List"),
                "{name} does not require its list"
            );
            if !holds_a_list && name != "IdpKnownResponse" {
                continue;
            }
            for body in [
                json!({"error": "sandbox"}),
                json!({"data": [{}]}),
                json!({"total": 5, "start": 0}),
                json!({}),
                Value::Null,
                json!("text"),
            ] {
                assert!(decode(&body).is_err(), "{name} {body}");
            }
        }
    }
}

#[test]
fn total_of_a_page_is_a_string_or_a_whole_float_then_it_decodes() {
    use auth0_management::types::ListOrganizationsResponseContent as Page;
    for (total, expected) in [
        ("5", Some(5)),
        ("\"5\"", Some(5)),
        ("5.0", Some(5)),
        ("\"0\"", Some(0)),
        ("0.0", Some(0)),
        ("null", None),
        ("-1", None),
        ("\"many\"", None),
    ] {
        let page = format!(r#"{{"organizations":null,"total":{total}}}"#);
        let page: Page = serde_json::from_str(&page).unwrap();
        assert_eq!(auth0_core::codegen::Page::total(&page), expected, "{total}");
    }
}

#[test]
fn cursor_is_not_a_string_then_the_listing_does_not_end() {
    use auth0_core::codegen::Position;
    use auth0_teams::types::ListMembersResponseContent as Page;
    for (next, expected) in [
        ("\"abc\"", Some("abc")),
        ("7", Some("7")),
        ("{\"a\":1}", Some("{\"a\":1}")),
        ("[]", Some("[]")),
        ("null", None),
        ("\"\"", None),
    ] {
        let page = format!(r#"{{"members":[],"next":{next}}}"#);
        let page: Page = serde_json::from_str(&page).unwrap();
        let expected = expected.map(|cursor| Position::Checkpoint(cursor.to_owned()));
        assert_eq!(auth0_core::codegen::Page::next(&page), expected, "{next}");
    }
}

#[tokio::test]
async fn listing_has_unexpected_scalars_then_it_is_read_to_its_end() {
    for effect in [Effect::OddScalars, Effect::UnknownEnums] {
        let local = Local::start(Sandbox::builder()).await;
        local.fail(Fault::of_any().then(effect)).unwrap();
        let organizations = local.organizations();
        let organizations = organizations.organizations();
        let my_organization = local.my_organization();
        let my_organization = my_organization.organization();
        let id = local.organization_id().to_owned();
        macro_rules! count {
            ($($listing:expr),* $(,)?) => {
                [$(count($listing.stream()).await.unwrap()),*]
            };
        }
        let counts = count![
            local.client.members().list(),
            local.client.tenants().list(),
            local.client.activity().list(),
            organizations.list(),
            organizations.members().list(&id),
            organizations.invitations().list(&id),
            my_organization.members().list(),
            my_organization.domains().list(),
            my_organization.roles().list(),
        ];
        assert!(counts.iter().sum::<usize>() > 20, "{counts:?}");
    }
}

#[tokio::test]
async fn listing_lacks_its_list_then_the_error_keeps_the_body() {
    let local = Local::start(Sandbox::builder()).await;
    local
        .fail(Fault::of_any().then(Effect::MissingLists))
        .unwrap();
    let organizations = local.organizations();
    let organizations = organizations.organizations();
    let my_organization = local.my_organization();
    let my_organization = my_organization.organization();
    let id = local.organization_id().to_owned();
    macro_rules! errors {
        ($($listing:expr),* $(,)?) => {
            [$(count($listing.stream()).await.unwrap_err()),*]
        };
    }
    let errors = errors![
        local.client.members().list(),
        local.client.tenants().list(),
        local.client.activity().list(),
        organizations.list(),
        organizations.list().per_page(10),
        organizations.list().per_page(10).include_totals(true),
        organizations.members().list(&id),
        organizations.invitations().list(&id),
        my_organization.members().list(),
        my_organization.domains().list(),
        my_organization.roles().list(),
    ];
    for error in errors {
        assert!(error.is_undecodable(), "{error}");
        assert!(error.to_string().contains("missing field `"), "{error}");
        assert!(
            error.body().is_some_and(|body| body.starts_with(b"{")),
            "{error}"
        );
    }
}

/// Counts the items of a listing.
async fn count<T>(mut items: auth0_core::Items<T>) -> Result<usize, auth0_core::Error> {
    let mut count = 0;
    while items.try_next().await?.is_some() {
        count += 1;
    }
    Ok(count)
}
