//! Tests with whole documents. The published documents are not in the repository; tests that need them are ignored if they
//! are missing.

use std::path::Path;

use serde_json::{Value, json};
use xtask::commands::cli::ReportFormat;
use xtask::diff::{Level, Subject};

use crate::support::{diff, document, get, operation, request, response, rules, thing, with};

#[test]
fn equivalent_notations_have_the_same_meaning() {
    let object = thing();
    for (old, new) in [
        (
            json!({"type": "string", "nullable": true}),
            json!({"type": ["string", "null"]}),
        ),
        (
            json!({"type": "string", "nullable": true}),
            json!({"oneOf": [{"type": "string"}, {"type": "null"}]}),
        ),
        (
            json!({"type": "string", "const": "a"}),
            json!({"type": "string", "enum": ["a"]}),
        ),
        (json!({"type": "integer", "const": 1}), json!({"enum": [1]})),
        (
            json!({"type": "string", "enum": ["a", "b"]}),
            json!({"oneOf": [{"const": "a"}, {"const": "b"}]}),
        ),
        (
            json!({"type": "number", "minimum": 1, "exclusiveMinimum": true}),
            json!({"type": "number", "exclusiveMinimum": 1}),
        ),
        (
            json!({"type": "number", "maximum": 1.0}),
            json!({"type": "number", "maximum": 1}),
        ),
        (
            json!({"properties": {"a": {"type": "string"}}}),
            json!({"type": "object", "properties": {"a": {"type": "string"}}}),
        ),
        (
            json!({"type": "string", "deprecated": false, "minLength": 0}),
            json!({"type": "string"}),
        ),
        (
            json!({"type": "array"}),
            json!({"type": "array", "items": {}}),
        ),
        (object.clone(), json!({"allOf": [object]})),
        (
            json!({"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}, "b": {"type": "string", "maxLength": 3}}}),
            json!({"allOf": [
                {"type": "object", "properties": {"a": {"type": "string"}}},
                {"required": ["a"], "properties": {"b": {"maxLength": 3, "type": "string"}}},
            ]}),
        ),
    ] {
        for (old, new) in [(&old, &new), (&new, &old)] {
            for (old, new) in [
                (request(&with(old.clone())), request(&with(new.clone()))),
                (response(&with(old.clone())), response(&with(new.clone()))),
            ] {
                let diff = diff(&old, &new);
                assert_eq!(rules(&diff), ["form-changed patch"], "{old}\n{new}");
            }
        }
    }
}

#[test]
fn response_that_becomes_a_component_has_the_same_meaning() {
    let old = get(json!({}));
    let mut new = get(json!({}));
    let inline = new["paths"]["/things"]["get"]["responses"]["200"].take();
    new["paths"]["/things"]["get"]["responses"]["200"] =
        json!({"$ref": "#/components/responses/Things"});
    new["components"]["responses"] = json!({"Things": inline});
    assert_eq!(rules(&diff(&old, &new)), ["form-changed patch"]);
}

#[test]
fn component_of_both_directions_is_reported_once_with_all_operations() {
    let make = |thing: &Value| {
        let mut document = response(thing);
        document["paths"]["/things"]["post"] = request(thing)["paths"]["/things"]["post"].clone();
        document["paths"]["/other"] =
            json!({"get": operation(json!({"operationId": "other", "x-operation-name": "other"}))});
        document
    };
    let long = |length: u64| make(&with(json!({"type": "string", "maxLength": length})));
    let diff = diff(&long(9), &long(8));
    assert_eq!(rules(&diff), ["constraint-tightened major"]);
    let change = &diff.changes[0];
    assert_eq!(
        change.operations,
        ["GET /other", "GET /things", "POST /things"]
    );
    assert_eq!(
        change.subject,
        Subject::Component("schemas".into(), "Thing".into())
    );
    assert_eq!(change.place, ".p maxLength");
    assert_eq!(change.rust.as_deref(), Some("types::Thing::p"));
}

#[test]
fn recursive_schema_is_compared() {
    let tree = |kind: &str| {
        json!({"type": "object", "properties": {
            "leaf": {"type": kind},
            "children": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}},
        }})
    };
    let diff = diff(&response(&tree("string")), &response(&tree("boolean")));
    assert_eq!(rules(&diff), ["type-changed major"]);
    let around = json!({"allOf": [{"$ref": "#/components/schemas/Thing"}]});
    let turning = crate::support::diff(&response(&around), &response(&thing()));
    assert!(turning.level().is_some());
}

#[test]
fn removed_field_is_one_change_whatever_its_type() {
    let deep = with(
        json!({"type": "object", "required": ["a"], "properties": {"a": {"type": "array", "items": {"enum": ["x"]}}}}),
    );
    let diff = diff(&response(&deep), &response(&thing()));
    assert_eq!(rules(&diff), ["property-removed major"]);
}

#[test]
fn added_operation_accounts_for_its_new_components() {
    let old = get(json!({}));
    let mut new = get(json!({}));
    new["components"]["schemas"]["Part"] =
        json!({"type": "object", "properties": {"whole": {"$ref": "#/components/schemas/Whole"}}});
    new["components"]["schemas"]["Whole"] = thing();
    let responses = json!({"200": {"description": "", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Part"}}}}});
    new["paths"]["/parts"] = json!({"get": operation(json!({"operationId": "parts", "responses": responses, "x-operation-name": "parts"}))});
    let diff = diff(&old, &new);
    assert_eq!(rules(&diff), ["operation-added minor"]);
    assert_eq!(diff.changes[0].facts.len(), 3);
}

#[test]
fn changes_of_error_bodies_and_omitted_operations_are_patches() {
    let error = |kind: &str| {
        let body = json!({"description": "", "content": {"application/json": {"schema": {"type": "object", "properties": {"a": {"type": kind}}}}}});
        get(json!({"responses": {"204": {"description": ""}, "400": body}}))
    };
    assert_eq!(
        rules(&diff(&error("string"), &error("integer"))),
        ["type-changed patch"]
    );
    let hidden = |kind: &str| {
        let mut document = get(json!({}));
        document["paths"]["/other"] = json!({"post": operation(json!({
            "operationId": "other",
            "x-operation-name": "other",
            "x-sdk-ignore": true,
            "requestBody": {"content": {"application/json": {"schema": {"type": kind}}}},
            "responses": {"204": {"description": ""}},
        }))});
        document
    };
    assert_eq!(
        rules(&diff(&hidden("string"), &hidden("integer"))),
        ["type-changed patch"]
    );
}

#[test]
fn security_alternatives_are_compared_regardless_of_scheme_names() {
    let needs = |security: Value| get(json!({"security": security}));
    for (old, new, expected) in [
        (
            json!([{"Bearer": ["a"]}]),
            json!([{"Bearer": ["b"]}]),
            Some("scope-tightened major"),
        ),
        (
            json!([{"Bearer": ["a", "b"]}]),
            json!([{"Bearer": ["a"]}]),
            Some("scope-loosened minor"),
        ),
        (
            json!([{"Bearer": ["a"]}, {"Bearer": ["b"]}]),
            json!([{"Bearer": ["b"]}]),
            Some("scope-tightened major"),
        ),
        (
            json!([{"Bearer": ["a"]}, {"Bearer": ["b"]}]),
            json!([{"Bearer": ["b"]}, {"Bearer": ["a"]}]),
            None,
        ),
        (
            json!([]),
            json!([{"Bearer": []}]),
            Some("scope-tightened major"),
        ),
        (
            json!([{"Bearer": []}]),
            json!([{}]),
            Some("scope-loosened minor"),
        ),
    ] {
        let diff = diff(&needs(old.clone()), &needs(new.clone()));
        let found = rules(&diff);
        let relevant: Vec<&str> = found
            .iter()
            .map(String::as_str)
            .filter(|rule| *rule != "form-changed patch")
            .collect();
        assert_eq!(
            relevant,
            expected.into_iter().collect::<Vec<_>>(),
            "{old} {new}"
        );
    }
    let mut renamed = needs(json!([{"token": ["a"]}]));
    renamed["components"]["securitySchemes"] =
        json!({"token": {"type": "http", "scheme": "bearer"}});
    let found = rules(&diff(&needs(json!([{"Bearer": ["a"]}])), &renamed));
    assert_eq!(
        found,
        ["form-changed patch", "security-scheme-changed patch"]
    );
}

/// A paged listing: `from`, `take`, `next` and one array.
fn paged(status: &str, more: Value) -> Value {
    let mut page = json!({"type": "object", "required": ["items"], "properties": {
        "items": {"type": "array", "items": {"type": "string"}}, "next": {"type": "string"}}});
    if let (Value::Object(properties), Value::Object(more)) = (&mut page["properties"], more) {
        properties.extend(more);
    }
    let parameter =
        |name: &str, kind: &str| json!({"name": name, "in": "query", "schema": {"type": kind}});
    let list = operation(json!({
        "parameters": [parameter("from", "string"), parameter("take", "integer")],
        "responses": {status: {"description": "", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}},
    }));
    document("/things", "get", list, &page)
}

#[test]
fn changed_rust_items_raise_the_level_if_no_rule_does() {
    // A union has an accessor for a property that all variants share.
    let variant = |title: &str, properties: Value| json!({"title": title, "type": "object", "required": [title], "properties": properties});
    let text = json!({"type": "string"});
    let old = [
        variant("cat", json!({"cat": text, "id": text})),
        variant("dog", json!({"dog": text, "id": text})),
    ];
    let new = [&old[..], &[variant("eel", json!({"eel": text}))]].concat();
    let losing = diff(
        &response(&json!({"oneOf": old})),
        &response(&json!({"oneOf": new})),
    );
    assert_eq!(
        rules(&losing),
        ["rust-item-removed major", "variant-added minor"]
    );
    // With a second list, the response is still a page of the first one.
    let two = json!({"others": {"type": "array", "items": {"type": "string"}}});
    let page = diff(&paged("200", json!({})), &paged("200", two));
    assert_eq!(rules(&page), ["property-added minor"]);
    // Only a response with status 200 is checked for pages.
    let gaining = diff(&paged("201", json!({})), &paged("200", json!({})));
    assert_eq!(
        rules(&gaining),
        ["rust-item-added minor", "success-listed patch"]
    );
    let added = gaining.surface.expect("generated").added;
    assert!(
        added.iter().any(|item| item.contains("::stream(")),
        "{added:?}"
    );
}

#[test]
fn guessed_renames_still_count_as_removals() {
    let old = response(
        &json!({"type": "object", "properties": {"tenant_fqdn": {"type": "string"}, "clientIds": {"type": "array"}}}),
    );
    let new = response(
        &json!({"type": "object", "properties": {"tenant_domain": {"type": "string"}, "client_ids": {"type": "object"}}}),
    );
    let diff = diff(&old, &new);
    let guesses: Vec<(Level, String)> = diff
        .changes
        .iter()
        .map(|change| {
            (
                change.level,
                format!(
                    "{}: {}",
                    change.place,
                    change
                        .guess
                        .as_ref()
                        .map_or_else(String::new, ToString::to_string)
                ),
            )
        })
        .collect();
    assert_eq!(
        guesses,
        [
            (
                Level::Major,
                ".clientIds: perhaps renamed to client_ids".to_owned()
            ),
            (
                Level::Major,
                ".tenant_fqdn: perhaps renamed to tenant_domain".to_owned()
            ),
            (
                Level::Minor,
                ".client_ids: perhaps renamed from clientIds".to_owned()
            ),
            (
                Level::Minor,
                ".tenant_domain: perhaps renamed from tenant_fqdn".to_owned()
            ),
        ]
    );
}

#[test]
fn moved_operation_is_guessed_by_path_and_identified_by_id() {
    let at = |path: &str, id: &str| {
        document(path, "get", operation(json!({"operationId": id})), &thing())
    };
    let moved = diff(&at("/things", "a"), &at("/v2/things", "a"));
    assert_eq!(rules(&moved), ["path-changed minor"]);
    let guessed = diff(&at("/v2/things", "a"), &at("/v2/thing", "b"));
    assert_eq!(
        rules(&guessed),
        ["operation-removed major", "operation-added minor"]
    );
    let guess = guessed.changes[0].guess.as_ref().map(ToString::to_string);
    assert_eq!(guess.as_deref(), Some("perhaps renamed to GET /v2/thing"));
}

/// Reads a published document, which is next to the checkout and not part of it.
fn published(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared/openapi")
        .join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    serde_json::from_str(&text).expect("JSON")
}

/// The changes since the beta of the Teams API, counted by hand in both documents.
#[test]
#[cfg_attr(
    not(published_documents),
    ignore = "needs the published documents in ../shared/openapi"
)]
fn teams_document_differs_from_its_beta_as_counted_by_hand() {
    let (old, new) = (published("teams.2026-01-08.json"), published("teams.json"));
    let diff = diff(&old, &new);
    let subjects = |rule: &str| -> Vec<String> {
        let mut all: Vec<String> = diff
            .changes
            .iter()
            .filter(|change| change.rule.id == rule)
            .map(|change| change.subject.text())
            .collect();
        all.dedup();
        all
    };
    assert_eq!(subjects("operation-removed"), Vec::<String>::new());
    assert_eq!(
        subjects("operation-added"),
        [
            "DELETE /api/members/{id}/tenants",
            "GET /api/activity/logs",
            "PATCH /api/members/{id}/tenants",
            "PUT /api/members/{id}/tenants",
        ]
    );
    assert_eq!(
        subjects("operation-renamed"),
        [
            "DELETE /api/members/{id}",
            "GET /api/tenants",
            "PATCH /api/members/{id}"
        ]
    );
    assert_eq!(subjects("method-renamed").len(), 12);
    assert_eq!(subjects("path-parameter-renamed").len(), 4);
    assert_eq!(subjects("scope-tightened"), Vec::<String>::new());
}

/// The changes of the My Organization document within a few months, verified by hand in both documents.
#[test]
#[cfg_attr(
    not(published_documents),
    ignore = "needs the published documents in ../shared/openapi"
)]
fn my_organization_documents_differ_as_verified_by_hand() {
    let (old, new) = (
        published("my-organization.2026-05-05.json"),
        published("my-organization.json"),
    );
    let report = diff(&old, &new)
        .render(
            ReportFormat::Text,
            "0.1.0",
            "cargo xtask diff old.json new.json",
        )
        .expect("a version");
    // The sections of Rust items and the changelog repeat these changes in full.
    let summary = report.split("public Rust items").next().unwrap_or_default();
    insta::assert_snapshot!("my_organization", summary);
}

#[test]
fn changed_calls_are_listed_side_by_side_and_renames_share_a_line() {
    let body = |name: &str, required: &[&str]| {
        let text = json!({"type": "string"});
        json!({"type": "object", "required": required, "properties": {"a": text, "b": text, (name): {"type": "boolean"}}})
    };
    let (old, mut new) = (
        request(&body("tenant_fqdn", &["a"])),
        request(&body("tenant_name", &["a", "b"])),
    );
    let item = new["paths"]["/things"].as_object_mut().expect("a path");
    for (_, operation) in item.iter_mut() {
        operation["x-operation-name"] = json!("renamed");
    }
    let diff = diff(&old, &new);
    let changelog = diff.changelog();
    assert_eq!(
        changelog,
        "### Changed\n\n\
        - **breaking:** `types::Thing::tenant_fqdn` is now `types::Thing::tenant_name` (probably renamed)\n\
        - **breaking:** `things().renamed()`: group or name changed: `things().make()` is now `things().renamed()`\n\
        - **breaking:** `types::Thing::b`: field now required: `optional` is now `required`\n\n\
        ### Migration\n\n\
        - `things().make(body)` is now `things().renamed(body)`\n\
        - `Thing::with_a(a)` is now `Thing::new(ThingRequired { a, b })`\n"
    );
}

#[test]
fn child_of_a_parent_with_a_discriminator_is_compared() {
    let with_child = |bark: &str| {
        let pet = json!({"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}},
            "discriminator": {"propertyName": "kind", "mapping": {"dog": "#/components/schemas/Dog"}}});
        let mut document = response(&pet);
        document["components"]["schemas"]["Dog"] = json!({"allOf": [
            {"$ref": "#/components/schemas/Thing"}, {"type": "object", "properties": {"bark": {"type": bark}}},
        ]});
        document
    };
    let mut without = with_child("string");
    without["components"]["schemas"]
        .as_object_mut()
        .expect("schemas")
        .remove("Dog");
    without["components"]["schemas"]["Thing"]["discriminator"]["mapping"] = json!({});
    let found = |old: &Value, new: &Value| -> Vec<&'static str> {
        let found = diff(old, new);
        found.changes.iter().map(|change| change.rule.id).collect()
    };
    assert_eq!(
        found(&with_child("string"), &with_child("boolean")),
        ["type-changed"]
    );
    assert_eq!(found(&with_child("string"), &without)[0], "variant-removed");
    assert!(found(&without, &with_child("string")).contains(&"variant-added"));
}
