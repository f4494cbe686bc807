//! One pair of documents for every rule and direction. The level of each rule is compared with the public items of the two
//! generated crates, which verifies the levels.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use xtask::diff::{Direction, Level, Levels, RULES, table};

use crate::support::{
    diff, document, get, operation, request, response, thing, with, with_required,
};

struct Case {
    rule: &'static str,
    direction: Option<Direction>,
    old: Value,
    new: Value,
}

/// A case of a rule without directions.
fn plain(rule: &'static str, old: Value, new: Value) -> Case {
    Case {
        rule,
        direction: None,
        old,
        new,
    }
}

/// The two cases of a rule for schemas: request and response.
fn schemas(rule: &'static str, old: &Value, new: &Value) -> [Case; 2] {
    [
        Case {
            rule,
            direction: Some(Direction::Request),
            old: request(old),
            new: request(new),
        },
        Case {
            rule,
            direction: Some(Direction::Response),
            old: response(old),
            new: response(new),
        },
    ]
}

/// A rule for schemas and its reverse.
fn both(forth: &'static str, back: &'static str, old: &Value, new: &Value) -> Vec<Case> {
    schemas(forth, old, new)
        .into_iter()
        .chain(schemas(back, new, old))
        .collect()
}

fn parameters(list: Value) -> Value {
    get(json!({"parameters": list}))
}

fn responses(all: Value) -> Value {
    get(json!({"responses": all}))
}

fn success_response(content: Value) -> Value {
    responses(json!({"200": {"description": "", "content": content}}))
}

fn body(content: Value) -> Value {
    let sends = json!({
        "requestBody": {"required": true, "content": content},
        "responses": {"204": {"description": ""}},
    });
    document("/things", "post", operation(sends), &thing())
}

fn secured(security: Value) -> Value {
    get(json!({"security": security}))
}

/// A document with a changed member at the top level.
fn set(key: &str, value: Value) -> Value {
    let mut document = get(json!({}));
    document[key] = value;
    document
}

fn operations() -> Vec<Case> {
    let schema = json!({"schema": {"$ref": "#/components/schemas/Thing"}});
    let two = || {
        let mut document = get(json!({}));
        document["paths"]["/other"] =
            json!({"get": operation(json!({"operationId": "other", "x-operation-name": "other"}))});
        document
    };
    let moved = document("/elsewhere", "get", operation(json!({})), &thing());
    let posted = document("/things", "post", operation(json!({})), &thing());
    let beside = |more: Value| {
        let mut document = two();
        document["paths"]["/other"]["get"]["x-sdk-ignore"] = more;
        document
    };
    vec![
        plain("operation-removed", two(), get(json!({}))),
        plain("operation-added", get(json!({})), two()),
        plain("path-changed", get(json!({})), moved),
        plain("method-changed", get(json!({})), posted),
        plain(
            "operation-renamed",
            get(json!({})),
            get(json!({"operationId": "showThings"})),
        ),
        plain(
            "method-renamed",
            get(json!({})),
            get(json!({"x-operation-name": "all"})),
        ),
        plain(
            "operation-hidden",
            beside(json!(false)),
            beside(json!(true)),
        ),
        plain("operation-shown", beside(json!(true)), beside(json!(false))),
        plain(
            "operation-deprecated",
            get(json!({})),
            get(json!({"deprecated": true})),
        ),
        plain(
            "operation-revived",
            get(json!({"deprecated": true})),
            get(json!({})),
        ),
        plain(
            "lifecycle-changed",
            get(json!({})),
            get(json!({"x-release-lifecycle": "beta"})),
        ),
        plain("tags-changed", get(json!({})), get(json!({"tags": ["a"]}))),
        plain(
            "scope-tightened",
            secured(json!([{"Bearer": ["read:things"]}])),
            secured(json!([{"Bearer": ["read:things", "write:things"]}])),
        ),
        plain(
            "scope-loosened",
            secured(json!([{"Bearer": ["read:things"]}])),
            secured(json!([{"Bearer": ["read:things"]}, {"Bearer": ["write:things"]}])),
        ),
        plain("security-scheme-changed", get(json!({})), {
            let mut document = get(json!({}));
            document["components"]["securitySchemes"]["Bearer"]["bearerFormat"] = json!("JWT");
            document
        }),
        plain(
            "server-changed",
            get(json!({})),
            set("servers", json!([{"url": "https://eu.example.com"}])),
        ),
        plain(
            "document-changed",
            get(json!({})),
            set("info", json!({"title": "Large API", "version": "1"})),
        ),
        plain(
            "body-added",
            body(json!({})),
            body(json!({"application/json": schema})),
        ),
        plain(
            "body-removed",
            body(json!({"application/json": schema})),
            body(json!({})),
        ),
        plain(
            "body-format-changed",
            body(json!({"application/json": schema})),
            body(json!({"application/x-www-form-urlencoded": schema})),
        ),
        plain(
            "body-format-listed",
            body(json!({"application/json": schema})),
            body(json!({"application/json": schema, "application/vnd.thing+json": schema})),
        ),
        plain("body-required", body_required(false), body_required(true)),
        plain("body-optional", body_required(true), body_required(false)),
        plain(
            "unread-changed",
            get(json!({})),
            set("webhooks", json!({"a": {"post": {"responses": {}}}})),
        ),
        plain("other-fact", get(json!({})), get(json!({"x-unknown": 1}))),
        plain(
            "form-changed",
            request(&json!({"type": ["string", "null"]})),
            request(&json!({"anyOf": [{"type": "string"}, {"type": "null"}]})),
        ),
        plain("unused-changed", get(json!({})), {
            let mut document = get(json!({}));
            document["components"]["schemas"]["Unused"] = json!({"type": "string"});
            document
        }),
    ]
}

fn body_required(required: bool) -> Value {
    let mut document = request(&thing());
    document["paths"]["/things"]["post"]["requestBody"]["required"] = json!(required);
    document
}

fn in_parameters() -> Vec<Case> {
    let query = |more: Value| {
        let mut parameter = json!({"name": "q", "in": "query", "schema": {"type": "string"}});
        if let (Value::Object(all), Value::Object(more)) = (&mut parameter, more) {
            all.extend(more);
        }
        parameters(json!([parameter]))
    };
    let none = parameters(json!([]));
    let path = |name: &str| {
        let parameter =
            json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}});
        let mut document = get(json!({}));
        let mut operation = operation(json!({"parameters": [parameter]}));
        operation["operationId"] = json!("getThing");
        document["paths"] = json!({format!("/things/{{{name}}}"): {"get": operation}});
        document
    };
    vec![
        plain("parameter-added", none.clone(), query(json!({}))),
        plain(
            "parameter-added-required",
            none.clone(),
            query(json!({"required": true})),
        ),
        plain("parameter-removed", query(json!({})), none.clone()),
        plain(
            "parameter-required",
            query(json!({})),
            query(json!({"required": true})),
        ),
        plain(
            "parameter-optional",
            query(json!({"required": true})),
            query(json!({})),
        ),
        plain(
            "parameter-style-changed",
            query(json!({})),
            query(json!({"allowReserved": true})),
        ),
        plain("path-parameter-renamed", path("id"), path("thing_id")),
        plain(
            "parameter-unread-changed",
            none,
            parameters(json!([{"name": "Accept", "in": "header", "schema": {"type": "string"}}])),
        ),
    ]
}

fn in_responses() -> Vec<Case> {
    let schema = json!({"schema": {"$ref": "#/components/schemas/Thing"}});
    let with_body = json!({"description": "", "content": {"application/json": schema}});
    let bare = json!({"description": ""});
    let one = responses(json!({"200": with_body}));
    let more =
        |status: &str, response: &Value| responses(json!({"200": with_body, status: response}));
    let response_case = |rule: &'static str, old: Value, new: Value| Case {
        rule,
        direction: Some(Direction::Response),
        old,
        new,
    };
    vec![
        plain("success-added", one.clone(), more("204", &bare)),
        plain("success-removed", more("204", &bare), one.clone()),
        plain("success-listed", one.clone(), more("201", &with_body)),
        plain("error-added", one.clone(), more("404", &bare)),
        plain("error-removed", more("404", &bare), one.clone()),
        plain(
            "response-header-changed",
            one.clone(),
            responses(json!({"200": {
                "description": "", "content": {"application/json": schema}, "headers": {"X-Total": {"schema": {"type": "integer"}}},
            }})),
        ),
        response_case(
            "response-body-added",
            responses(json!({"200": bare})),
            one.clone(),
        ),
        response_case(
            "response-body-removed",
            one.clone(),
            responses(json!({"200": bare})),
        ),
        response_case(
            "response-format-changed",
            one.clone(),
            success_response(json!({"text/csv": {}})),
        ),
        response_case(
            "response-format-listed",
            one,
            success_response(
                json!({"application/json": schema, "application/vnd.thing+json": schema}),
            ),
        ),
    ]
}

fn in_schemas() -> Vec<Case> {
    let text = with(json!({"type": "string"}));
    let string = |more: Value| {
        let mut schema = json!({"type": "string"});
        if let (Value::Object(all), Value::Object(more)) = (&mut schema, more) {
            all.extend(more);
        }
        with(schema)
    };
    let number = |more: Value| {
        let mut schema = json!({"type": "integer"});
        if let (Value::Object(all), Value::Object(more)) = (&mut schema, more) {
            all.extend(more);
        }
        with(schema)
    };
    let nullable = json!({"type": ["string", "null"]});
    let plain_text = json!({"type": "string"});
    let union = |names: &[&str]| {
        let variant = |name: &&str| {
            let field = format!("{}_field", name.to_lowercase());
            json!({"type": "object", "title": name, "required": [field, "kind"], "properties": {
                field: {"type": "string"}, "kind": {"type": "string", "enum": [name]}}})
        };
        with(json!({"oneOf": names.iter().map(variant).collect::<Vec<_>>()}))
    };
    let exchanged = |key: &str| {
        let mut thing = union(&["A", "B"]);
        let variants = thing["properties"]["p"]["oneOf"].take();
        thing["properties"]["p"] = json!({key: variants});
        thing
    };
    let mut cases = Vec::new();
    let mut pair =
        |forth, back, old: &Value, new: &Value| cases.extend(both(forth, back, old, new));
    pair("property-added", "property-removed", &thing(), &text);
    pair(
        "property-required",
        "property-optional",
        &text,
        &with_required(plain_text.clone()),
    );
    pair(
        "null-allowed",
        "null-disallowed",
        &with_required(plain_text.clone()),
        &with_required(nullable.clone()),
    );
    pair(
        "null-allowed-optional",
        "null-disallowed-optional",
        &text,
        &with(nullable),
    );
    pair(
        "enum-closed",
        "enum-opened",
        &text,
        &string(json!({"enum": ["a", "b"]})),
    );
    pair(
        "enum-value-added",
        "enum-value-removed",
        &string(json!({"enum": ["a"]})),
        &string(json!({"enum": ["a", "b"]})),
    );
    pair(
        "value-allowed",
        "value-disallowed",
        &number(json!({"enum": [1]})),
        &number(json!({"enum": [1, 2]})),
    );
    pair(
        "value-disallowed",
        "value-allowed",
        &number(json!({})),
        &number(json!({"enum": [1, 2]})),
    );
    pair(
        "type-widened",
        "type-narrowed",
        &number(json!({})),
        &with(json!({"type": "number"})),
    );
    pair("type-widened", "type-narrowed", &text, &with(json!({})));
    pair("object-closed", "object-opened", &thing(), &{
        let mut closed = thing();
        closed["additionalProperties"] = json!(false);
        closed
    });
    pair(
        "variant-added",
        "variant-removed",
        &union(&["A", "B"]),
        &union(&["A", "B", "C"]),
    );
    for (key, looser, tighter) in [
        ("maxLength", json!(9), json!(8)),
        ("minLength", json!(1), json!(2)),
    ] {
        pair(
            "constraint-tightened",
            "constraint-loosened",
            &string(json!({key: looser})),
            &string(json!({key: tighter})),
        );
    }
    pair(
        "constraint-tightened",
        "constraint-loosened",
        &text,
        &string(json!({"pattern": "^a"})),
    );
    for (old, new) in [
        (json!({"minimum": 1}), json!({"exclusiveMinimum": 1})),
        (json!({"maximum": 5}), json!({"maximum": 4})),
        (json!({"multipleOf": 2}), json!({"multipleOf": 4})),
        (json!({}), json!({"maximum": 4})),
    ] {
        pair(
            "constraint-tightened",
            "constraint-loosened",
            &number(old),
            &number(new),
        );
    }
    let list = |more: Value| {
        let mut schema = json!({"type": "array", "items": {"type": "string"}});
        if let (Value::Object(all), Value::Object(more)) = (&mut schema, more) {
            all.extend(more);
        }
        with(schema)
    };
    for (old, new) in [
        (json!({}), json!({"uniqueItems": true})),
        (json!({"minItems": 1}), json!({"minItems": 2})),
        (json!({}), json!({"maxItems": 3})),
    ] {
        pair(
            "constraint-tightened",
            "constraint-loosened",
            &list(old),
            &list(new),
        );
    }
    let mut one = |rule, old: &Value, new: &Value| cases.extend(schemas(rule, old, new));
    one(
        "property-added-required",
        &thing(),
        &with_required(plain_text),
    );
    one("type-changed", &text, &number(json!({})));
    one(
        "format-changed",
        &text,
        &string(json!({"format": "date-time"})),
    );
    one(
        "format-changed",
        &number(json!({})),
        &number(json!({"format": "int32"})),
    );
    one("format-noted", &text, &string(json!({"format": "email"})));
    one(
        "pattern-changed",
        &string(json!({"pattern": "^a"})),
        &string(json!({"pattern": "^b"})),
    );
    one("default-changed", &text, &string(json!({"default": "a"})));
    one(
        "deprecation-noted",
        &text,
        &string(json!({"deprecated": true})),
    );
    one("title-changed", &text, &string(json!({"title": "P"})));
    one(
        "map-values-changed",
        &with(json!({"type": "object"})),
        &with(json!({"type": "object", "additionalProperties": {"type": "string"}})),
    );
    one(
        "variants-reordered",
        &exchanged("oneOf"),
        &exchanged("anyOf"),
    );
    one(
        "read-only-changed",
        &text,
        &string(json!({"readOnly": true})),
    );
    one(
        "write-only-changed",
        &text,
        &string(json!({"writeOnly": true})),
    );
    let two = |more: Value| {
        let mut thing = with(json!({"type": "string"}));
        thing["properties"]["q"] = json!({"type": "string"});
        if let (Value::Object(all), Value::Object(more)) = (&mut thing, more) {
            all.extend(more);
        }
        thing
    };
    cases.extend(schemas(
        "condition-changed",
        &two(json!({})),
        &two(json!({"dependentRequired": {"p": ["q"]}})),
    ));
    let mapping = |keys: &[(&str, &str)]| -> Value {
        let keys = keys.iter().map(|(key, name)| {
            let reference = format!("#/components/schemas/{name}");
            ((*key).to_owned(), json!(reference))
        });
        json!({"propertyName": "kind", "mapping": keys.collect::<serde_json::Map<_, _>>()})
    };
    let first = mapping(&[("a", "Cat"), ("b", "Dog")]);
    let other = mapping(&[("A", "Cat"), ("b", "Dog")]);
    let more = mapping(&[("a", "Cat"), ("b", "Dog"), ("c", "Cat")]);
    let mut sort = first.clone();
    sort["propertyName"] = json!("sort");
    cases.extend(chosen("mapping-changed", &first, &other));
    cases.extend(chosen("mapping-added", &first, &more));
    cases.extend(chosen("discriminator-changed", &first, &sort));
    cases.extend(renamed("type-renamed", &thing()));
    cases.extend(renamed("schema-moved", &json!({"type": "string"})));
    cases
}

/// A union with one discriminator, and then with another.
fn chosen(rule: &'static str, old: &Value, new: &Value) -> Vec<Case> {
    let mut cases = Vec::from(schemas(rule, &thing(), &thing()));
    for case in &mut cases {
        for (document, discriminator) in [(&mut case.old, old), (&mut case.new, new)] {
            let schemas = &mut document["components"]["schemas"];
            for name in ["Cat", "Dog"] {
                let text = json!({"type": "string"});
                schemas[name] = json!({"type": "object", "required": ["kind", "sort"], "properties": {"kind": text, "sort": text}});
            }
            let variants =
                ["Cat", "Dog"].map(|name| json!({"$ref": format!("#/components/schemas/{name}")}));
            schemas["Thing"] = json!({"oneOf": variants, "discriminator": discriminator});
        }
    }
    cases
}

/// A property that references one component, and then another.
fn renamed(rule: &'static str, schema: &Value) -> Vec<Case> {
    let mut cases = Vec::from(schemas(rule, &thing(), &thing()));
    for case in &mut cases {
        for (document, name) in [(&mut case.old, "Part"), (&mut case.new, "Piece")] {
            document["components"]["schemas"][name] = schema.clone();
            document["components"]["schemas"]["Thing"]["properties"]["part"] =
                json!({"$ref": format!("#/components/schemas/{name}")});
        }
    }
    cases
}

fn all() -> Vec<Case> {
    let mut cases = operations();
    cases.extend(in_parameters());
    cases.extend(in_responses());
    cases.extend(in_schemas());
    cases
}

/// The rules that are major because of behaviour: the public items do not change.
const BEHAVIOUR: [&str; 7] = [
    "condition-changed",
    "constraint-tightened",
    "discriminator-changed",
    "mapping-changed",
    "pattern-changed",
    "scope-tightened",
    "value-disallowed",
];

/// The fallback rules, which have their own tests.
const SURFACE_RULES: [&str; 2] = ["rust-item-removed", "rust-item-added"];

#[test]
fn change_of_each_rule_is_found_with_a_level_that_matches_the_crates() {
    let mut wrong = Vec::new();
    for case in all() {
        let name = format!("{} {:?}", case.rule, case.direction);
        let diff = diff(&case.old, &case.new);
        let found: Vec<_> = diff
            .changes
            .iter()
            .map(|change| (change.rule.id, change.level.name()))
            .collect();
        let rule = RULES
            .iter()
            .find(|rule| rule.id == case.rule)
            .expect("a rule");
        let level = rule.level(case.direction);
        if found != [(case.rule, level.name())] {
            wrong.push(format!(
                "{name}: expected {}, found {found:?}",
                level.name()
            ));
        }
        let Some(surface) = &diff.surface else {
            wrong.push(format!("{name}: {:?}", diff.notes));
            continue;
        };
        let breaks = !(surface.removed.is_empty() && surface.changed.is_empty());
        let adds = !surface.added.is_empty();
        if level < Level::Major && breaks || level < Level::Minor && adds {
            wrong.push(format!("{name}: {} but {surface:#?}", level.name()));
        }
        if level == Level::Major && !breaks && !BEHAVIOUR.contains(&case.rule) {
            wrong.push(format!("{name}: major, and no item changed"));
        }
        if diff.changes.iter().any(|change| change.facts.is_empty()) {
            wrong.push(format!("{name}: a change explains no fact"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_has_a_case_for_each_of_its_directions() {
    let cases: BTreeSet<(&str, Option<Direction>)> = all()
        .iter()
        .map(|case| (case.rule, case.direction))
        .collect();
    for rule in RULES
        .iter()
        .filter(|rule| !SURFACE_RULES.contains(&rule.id))
    {
        let wanted = match rule.levels {
            Levels::Always(_) => vec![None],
            // These rules do not apply to requests.
            Levels::By(..) if rule.id.starts_with("response-") => vec![Some(Direction::Response)],
            Levels::By(..) => vec![Some(Direction::Request), Some(Direction::Response)],
        };
        for direction in wanted {
            assert!(
                cases.contains(&(rule.id, direction)),
                "{} {direction:?}",
                rule.id
            );
        }
    }
}

#[test]
fn rules_file_matches_the_rules() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/diff/RULES.md");
    let file = std::fs::read_to_string(path).unwrap_or_default();
    if file != table() && std::env::var_os("INSTA_UPDATE").is_some_and(|value| value == "always") {
        std::fs::write(path, table()).expect("written");
        return;
    }
    assert_eq!(
        file,
        table(),
        "INSTA_UPDATE=always cargo test -p xtask updates it"
    );
}
