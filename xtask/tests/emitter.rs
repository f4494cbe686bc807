//! The emitter, on a small normalized document.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use xtask::emit::{CoreSource, Target, generate};
use xtask::sources::{ApiData, Sources, VariableKind};

fn target() -> Target {
    Target {
        crate_name: "small-api".to_owned(),
        version: "0.1.0".to_owned(),
        core: CoreSource::Path("../core".to_owned()),
        api: ApiData {
            base_url: Some("https://{team}.example.com".to_owned()),
            variables: BTreeMap::from([("team".to_owned(), VariableKind::Label)]),
            ..ApiData::default()
        },
        command: "cargo xtask regen".to_owned(),
        member: false,
    }
}

/// Two operations: one with a path parameter, a body with constraints and a bulk outcome, and a paged one.
fn document() -> Value {
    json!({
        "openapi": "3.0.3",
        "info": {"title": "Small API", "version": "1"},
        "paths": {
            "/things/{id}": {"put": {
                "operationId": "putThing",
                "summary": "Puts a thing",
                "x-operation-group": ["things"],
                "x-operation-name": "put",
                "x-retry-safety": "unsafe",
                "x-errors": [400, 429],
                "x-outcome": {"complete": 204, "partial": 200, "failures": "failed"},
                "security": [{"b": ["write:a", "write:b"]}, {"b": ["admin"]}],
                "parameters": [{"in": "path", "name": "id", "required": true, "schema": {"type": "string"}}],
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}},
                "responses": {
                    "200": {"description": "", "content": {"application/json": {"schema":
                        {"nullable": true, "allOf": [{"$ref": "#/components/schemas/Report"}]}}}},
                    "204": {"description": "", "content": {"application/json": {"schema":
                        {"nullable": true, "allOf": [{"$ref": "#/components/schemas/Report"}]}}}}
                }
            }},
            "/things": {"get": {
                "operationId": "listThings",
                "x-operation-group": ["things"],
                "x-operation-name": "list",
                "x-retry-safety": "safe",
                "x-paging": {"style": "checkpoint", "cursor": "from", "size": "take", "next": "next", "items": "things"},
                "parameters": [
                    {"in": "query", "name": "from", "schema": {"type": "string"}},
                    {"in": "query", "name": "take", "schema": {"type": "integer", "x-constraints": {"minimum": 1, "maximum": 50}}}
                ],
                "responses": {"200": {"description": "", "content": {"application/json": {"schema":
                    {"$ref": "#/components/schemas/ThingPage"}}}}}
            }}
        },
        "components": {"schemas": {
            "Thing": {"type": "object", "required": ["name"], "properties": {
                "name": {"type": "string", "x-constraints": {"minLength": 3, "pattern": "^[a-z]+$"}},
                "note": {"type": "string"}
            }},
            "ThingPage": {"type": "object", "required": ["things"], "properties": {
                "things": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}},
                "next": {"type": "string"}
            }},
            "Report": {"type": "object", "required": ["failed"], "properties": {
                "failed": {"type": "array", "items": {"type": "string"}}
            }}
        }}
    })
}

/// The text of a module and of the modules below it.
fn module(files: &BTreeMap<String, String>, name: &str) -> String {
    let part = |path: &&String| path.starts_with(&format!("src/{name}/"));
    let parts = files.keys().filter(part).map(|path| files[path].as_str());
    parts
        .chain([files[&format!("src/{name}.rs")].as_str()])
        .collect()
}

fn generated(document: &Value) -> BTreeMap<String, String> {
    generate(document, &target()).expect("the document is valid")
}

#[test]
fn same_input_gives_the_same_bytes() {
    assert_eq!(generated(&document()), generated(&document()));
}

#[test]
fn operation_is_emitted_to_table_checks_and_documentation() {
    let files = generated(&document());
    let table = &module(&files, "operations");
    assert!(
        table.contains(r#"scopes: &[&["write:a", "write:b"], &["admin"]],"#),
        "{table}"
    );
    assert!(
        table.contains("RetrySafety::Unsafe") && table.contains("Paging::Checkpoint"),
        "{table}"
    );
    let resource = &files["src/resources/things.rs"];
    assert!(
        resource.contains("- Scope: `write:a` and `write:b`, or `admin`"),
        "{resource}"
    );
    assert!(
        resource.contains(r#"check.path_segment("id", &self.id)"#),
        "{resource}"
    );
    assert!(
        resource.contains("maximum(50.0).minimum(1.0)"),
        "{resource}"
    );
    assert!(
        resource.contains("call.receive(request).await?.outcome()"),
        "{resource}"
    );
    let types = &module(&files, "types");
    assert!(
        types.contains(r#"min_length(3).pattern("^[a-z]+$")"#),
        "{types}"
    );
    assert!(
        types.contains("impl ::auth0_core::PartialReport for Report"),
        "{types}"
    );
    assert!(
        types.contains("impl ::auth0_core::codegen::Page for ThingPage"),
        "{types}"
    );
}

#[test]
fn listing_is_identified_by_all_parameters_except_position_and_page_size() {
    let mut document = document();
    let paths = document["paths"].as_object_mut().expect("paths");
    let item = paths.remove("/things").expect("the path");
    paths.insert("/boxes/{boxId}/things".to_owned(), item);
    let get = &mut document["paths"]["/boxes/{boxId}/things"]["get"];
    for (location, name) in [
        ("path", "boxId"),
        ("query", "resume"),
        ("header", "X-Region"),
    ] {
        get["parameters"]
            .as_array_mut()
            .expect("parameters")
            .push(json!({"in": location, "name": name, "required": location == "path", "schema": {"type": "string"}}));
    }
    let files = generated(&document);
    let resource: String = files["src/resources/things.rs"]
        .split_whitespace()
        .collect();
    let listing = r#".listing(&crate::operations::LIST_THINGS).with("boxId",&self.box_id).with("resume",&self.resume).with("X-Region",&self.x_region)}"#;
    assert!(resource.contains(listing), "{resource}");
    assert!(
        resource.contains("pubfnresume_(mutself,resume:"),
        "{resource}"
    );
    assert!(resource.contains("pubfnresume(self,cursor:"), "{resource}");
}

#[test]
fn page_size_with_another_name_in_the_document_has_a_setter_page_size() {
    for (wire, setters) in [("take", 2), ("limit", 2), ("page_size", 1)] {
        let mut document = document();
        let get = &mut document["paths"]["/things"]["get"];
        get["x-paging"]["size"] = json!(wire);
        get["parameters"][1]["name"] = json!(wire);
        // Neither is a page parameter here.
        for name in ["offset", "page_number"] {
            let filter = json!({"in": "query", "name": name, "schema": {"type": "string"}});
            let parameters = get["parameters"].as_array_mut();
            parameters.expect("parameters").push(filter);
        }
        let resource: String = generated(&document)["src/resources/things.rs"]
            .split_whitespace()
            .collect();
        let named = resource.matches("pubfnpage_size(mutself,").count();
        let sized = resource.matches(":i64)->Self{").count();
        assert_eq!((named, sized), (1, setters), "{resource}");
        let sets = match wire {
            "page_size" => "self.page_size_=Some(page_size_)".to_owned(),
            _ => format!("self.{wire}=Some(page_size)"),
        };
        assert!(resource.contains(&sets), "{wire}: {resource}");
        assert!(
            resource.contains("pubfnoffset(mutself,offset_:"),
            "{resource}"
        );
    }
}

#[test]
fn client_without_paged_operations_has_no_listings() {
    let mut document = document();
    let has_listings = |document: &Value| {
        generated(document)["src/client.rs"].contains("auth0_core::codegen::Listing")
    };
    assert!(has_listings(&document));
    let get = &mut document["paths"]["/things"]["get"];
    get["x-sdk-ignore"] = json!(true);
    assert!(!has_listings(&document));
    let get = document["paths"]["/things"]["get"].as_object_mut();
    let get = get.expect("an operation");
    get.remove("x-sdk-ignore");
    get.remove("x-paging");
    assert!(!has_listings(&document));
}

#[test]
fn write_operation_lists_the_operations_that_verify_it() {
    let rows = |document: &Value| module(&generated(document), "operations");
    let mut document = document();
    // First the only read operation of the group, then the one with the same path.
    assert!(rows(&document).contains(r#"verify_with: &["listThings"],"#));
    let mut get = document["paths"]["/things"]["get"].clone();
    get["operationId"] = json!("getThing");
    get["x-operation-name"] = json!("get");
    get.as_object_mut().expect("an object").remove("x-paging");
    get["parameters"] = document["paths"]["/things/{id}"]["put"]["parameters"].clone();
    document["paths"]["/things/{id}"]["get"] = get;
    let rows = rows(&document);
    assert!(rows.contains(r#"verify_with: &["getThing"],"#), "{rows}");
    assert_eq!(rows.matches("verify_with:").count(), 1, "{rows}");
}

#[test]
fn group_without_read_operations_is_verified_by_its_parent_group() {
    let mut document = document();
    document["paths"]["/things/{id}"]["put"]["x-operation-group"] = json!(["things", "parts"]);
    let rows = module(&generated(&document), "operations");
    assert!(rows.contains(r#"verify_with: &["listThings"],"#), "{rows}");
    document["paths"]["/things/{id}"]["put"]["x-operation-group"] = json!(["parts"]);
    let rows = module(&generated(&document), "operations");
    assert!(!rows.contains("verify_with:"), "{rows}");
}

#[test]
fn schemes_with_the_same_scopes_are_one_alternative() {
    let mut document = document();
    document["paths"]["/things/{id}"]["put"]["security"] =
        json!([{"a": ["w", "x"]}, {"b": ["x", "w"]}, {"b": ["admin"]}]);
    let files = generated(&document);
    let rows = module(&files, "operations");
    assert!(
        rows.contains(r#"scopes: &[&["w", "x"], &["admin"]],"#),
        "{rows}"
    );
    assert!(files["src/resources/things.rs"].contains("- Scope: `w` and `x`, or `admin`"));
}

#[test]
fn empty_body_is_sent_without_an_argument() {
    let mut document = document();
    let put = &mut document["paths"]["/things/{id}"]["put"];
    put["x-empty-body"] = json!(true);
    put["requestBody"] = json!({
        "required": true,
        "content": {"application/json": {"schema": {"type": "object"}}},
    });
    let resource = &generated(&document)["src/resources/things.rs"];
    assert!(
        resource.contains(
            "pub fn put(&self, id: impl Into<auth0_core::Parameter<String>>) -> PutThing"
        ),
        "{resource}"
    );
    assert!(
        resource.contains(".put_thing(&self.id, &Default::default())"),
        "{resource}"
    );
    assert!(!resource.contains("body:"), "{resource}");
}

#[test]
fn min_properties_counts_the_fields_that_are_set() {
    let mut document = document();
    let thing = &mut document["components"]["schemas"]["Thing"];
    thing["properties"]["more"] = json!({"type": "string"});
    thing["x-constraints"] = json!({"minProperties": 2});
    let check = |document: &Value| -> String {
        let types: String = module(&generated(document), "types");
        types.split_whitespace().collect()
    };
    // One field is required.
    let found = check(&document);
    assert!(
        found.contains("ifself.more.is_none()&&self.note.is_none()&&self.additional_fields.is_empty(){at.broken("),
        "{found}"
    );
    document["components"]["schemas"]["Thing"]["x-constraints"] = json!({"minProperties": 3});
    let found = check(&document);
    assert!(
        found.contains("[self.more.is_some(),self.note.is_some()].into_iter().filter(|is_set|*is_set).count()+self.additional_fields.len()<2"),
        "{found}"
    );
    document["components"]["schemas"]["Thing"]["x-constraints"] = json!({"minProperties": 1});
    assert!(!check(&document).contains("broken"));
}

/// A union of `Thing`, which has the tag `kind`, and `Report`, which has no tag.
fn tagged() -> Value {
    let mut document = document();
    let reference = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    let schemas = &mut document["components"]["schemas"];
    schemas["Thing"]["x-tag"] = json!({"property": "kind", "value": "thing"});
    schemas["Report"]["properties"]["name"] = json!({"type": "string"});
    schemas["Step"] = json!({
        "oneOf": [reference("Thing"), reference("Report")],
        "x-union": {"variants": [
            {"name": "Thing", "ref": "#/components/schemas/Thing", "when": {"tag": {"property": "kind", "value": "thing"}}},
            {"name": "Report", "ref": "#/components/schemas/Report", "when": {"otherwise": true}},
        ]},
    });
    schemas["ThingPage"]["properties"]["step"] = reference("Step");
    document
}

#[test]
fn tag_of_a_struct_is_serialized_and_is_neither_field_nor_argument() {
    let types = module(&generated(&tagged()), "types");
    assert!(
        types.contains(r#"#[serde(tag = "kind", rename = "thing")]"#),
        "{types}"
    );
    assert!(types.contains("On the wire, `kind` is `thing`."), "{types}");
    assert!(
        types.contains("pub fn with_name(name: impl Into<"),
        "{types}"
    );
}

#[test]
fn unknown_tag_is_not_decoded_as_the_variant_without_a_tag() {
    let types: String = module(&generated(&tagged()), "types");
    let types: String = types.split_whitespace().collect();
    assert!(
        types.contains("iflet::std::option::Option::Some(tag)=value.get(\"kind\"){iftag.is_null()&&let::std::result::Result::Ok(decoded)=<Reportas::serde::Deserialize>::deserialize(&value,){return::std::result::Result::Ok(Self::Report(decoded));}return::std::result::Result::Ok(Self::Other(value.into()));}"),
        "{types}"
    );
    // Accessors of the tag and of the field that both variants have.
    assert!(
        types.contains("pubfnkind(&self)->::std::option::Option<&str>"),
        "{types}"
    );
    for arm in [
        "Self::Thing(value)=>::std::option::Option::Some(&value.name)",
        "Self::Report(value)=>value.name.as_deref()",
        "other.value().get(\"name\").and_then(::serde_json::Value::as_str)",
    ] {
        assert!(types.contains(arm), "{arm}: {types}");
    }
    assert!(!types.contains("pubfnfailed(&self)"), "{types}");
}

#[test]
fn requirement_without_scopes_makes_the_others_hints() {
    let mut document = document();
    let put = &mut document["paths"]["/things/{id}"]["put"];
    put["security"] = json!([{"b": []}, {"b": ["write:a", "write:b"]}]);
    let rows = &module(&generated(&document), "operations");
    assert!(
        rows.contains(r#"scopes: &[&["write:a", "write:b"]],"#),
        "{rows}"
    );
    assert_eq!(rows.matches("scopes_are_hints: true,").count(), 1, "{rows}");
    document["paths"]["/things/{id}"]["put"]["security"] = json!([{"b": []}]);
    let rows = &module(&generated(&document), "operations");
    assert!(
        !rows.contains("scopes_are_hints:") && !rows.contains("scopes:"),
        "{rows}"
    );
}

#[test]
fn enum_in_constraints_is_checked() {
    let mut document = document();
    document["paths"]["/things"]["get"]["parameters"][1]["schema"]["x-constraints"] =
        json!({"enum": [10, 25]});
    let resource = &generated(&document)["src/resources/things.rs"];
    assert!(resource.contains(r#"one_of(&["10", "25"])"#), "{resource}");
    assert!(resource.contains("one of `10`, `25`"), "{resource}");
}

#[test]
fn no_generated_call_sends_the_api_version_header() {
    assert!(!module(&generated(&document()), "requests").contains("api-version"));
}

#[test]
fn variants_with_several_tags_are_identified_by_all_of_them() {
    let mut document = document();
    let when = |action: &str| json!({"tags": [{"property": "type", "value": "A"}, {"property": "action", "value": action}]});
    let reference = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    document["components"]["schemas"]["Step"] = json!({
        "oneOf": [reference("Thing"), reference("Report")],
        "x-union": {"variants": [
            {"name": "One", "ref": "#/components/schemas/Thing", "when": when("ONE")},
            {"name": "Two", "ref": "#/components/schemas/Report", "when": when("TWO")},
        ]},
    });
    document["components"]["schemas"]["Report"]["properties"]["step"] = reference("Step");
    let types: String = generated(&document).into_values().collect();
    let types: String = types.split_whitespace().collect();
    for action in ["ONE", "TWO"] {
        let tag = format!(
            "Some(\"A\")&&value.get(\"action\").and_then(::serde_json::Value::as_str)==::std::option::Option::Some(\"{action}\")"
        );
        assert!(types.contains(&tag), "{tag}");
    }
}

#[test]
fn union_requires_an_object_and_falls_back_if_the_deciding_value_has_another_type() {
    let mut document = document();
    let reference = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    let mut union = |name: &str, whens: [Value; 2]| {
        let [one, two] = whens;
        document["components"]["schemas"][name] = json!({
            "oneOf": [reference("Thing"), reference("Report")],
            "x-union": {"variants": [
                {"name": "One", "ref": "#/components/schemas/Thing", "when": one},
                {"name": "Two", "ref": "#/components/schemas/Report", "when": two},
            ]},
        });
        let field = name.to_lowercase();
        document["components"]["schemas"]["Report"]["properties"][field] = reference(name);
    };
    let kind = |of: &str| json!({"kind": {"property": "value", "of": of}});
    union("Kinds", [kind("string"), kind("number")]);
    let has = |key: &str| json!({"has": [key]});
    union("Keys", [has("one"), has("two")]);
    let types: String = generated(&document).into_values().collect();
    let types: String = types.split_whitespace().collect();
    let object = "::auth0_core::codegen::require_object::<D::Error>(&value,&[])?;";
    assert_eq!(types.matches(object).count(), 2, "{types}");
    for rule in [
        "ifvalue.get(\"value\").is_some_and(::serde_json::Value::is_string){",
        "ifvalue.get(\"value\").is_some_and(::serde_json::Value::is_number){",
        "ifletOk(decoded)=<Thingas::serde::Deserialize>::deserialize(&value",
        "ifvalue.get(\"one\").is_some_and(|key|!key.is_null()){",
        "ifvalue.get(\"one\").is_some(){",
    ] {
        let rule = rule.replace("Ok(", "::std::result::Result::Ok(");
        assert!(types.contains(&rule), "{rule}: {types}");
    }
}

#[test]
fn responses_are_not_checked() {
    // `Report` is only received.
    let mut document = document();
    document["components"]["schemas"]["Report"]["properties"]["failed"]["x-constraints"] =
        json!({"minItems": 1});
    assert!(!module(&generated(&document), "types").contains("Check for Report"));
}

#[test]
fn operation_that_panics_in_progenitor_is_named() {
    let mut document = document();
    document["paths"]["/things/{id}"]["put"]["parameters"][0]["name"] = json!("other");
    let problem = generate(&document, &target())
        .expect_err("the path has no such parameter")
        .remove(0);
    assert_eq!(problem.pointer, "/paths/~1things~1{id}/put");
    assert!(
        problem
            .found
            .is_some_and(|found| found.contains("putThing"))
    );
}

#[test]
fn schema_that_fails_in_typify_is_named() {
    let mut document = document();
    document["components"]["schemas"]["Odd"] = json!({"type": "string", "enum": ["a", "A"]});
    let problem = generate(&document, &target())
        .expect_err("two values become one variant")
        .remove(0);
    assert_eq!(problem.pointer, "/components/schemas/Odd");
}

#[test]
fn outcome_without_a_list_of_failures_is_rejected() {
    let mut document = document();
    document["paths"]["/things/{id}"]["put"]["x-outcome"]["failures"] = json!("nowhere");
    let problem = generate(&document, &target())
        .expect_err("there is no such property")
        .remove(0);
    assert_eq!(problem.pointer, "/paths/~1things~1{id}/put/x-outcome");
}

#[test]
fn condition_on_an_unknown_property_is_rejected() {
    let mut document = document();
    document["components"]["schemas"]["Thing"]["x-conditions"] =
        json!([{"if": [{"property": "nobody", "present": true}], "then": [], "message": "x"}]);
    let problem = generate(&document, &target())
        .expect_err("there is no such property")
        .remove(0);
    assert_eq!(problem.pointer, "/components/schemas/Thing/x-conditions");
}

#[test]
fn absent_property_fails_a_premise_and_keeps_a_consequence() {
    let mut document = document();
    let thing = &mut document["components"]["schemas"]["Thing"];
    thing["properties"]["tags"] = json!({"type": "array", "items": {"type": "string"}, "x-rust-type": {
        "crate": "std", "version": "*", "path": "std::vec::Vec", "parameters": [{"type": "string"}]}});
    thing["x-conditions"] = json!([{
        "if": [{"property": "note", "equals": "x"}],
        "then": [{"property": "tags", "present": true}, {"property": "tags", "minItems": 2}],
        "message": "x wants tags"
    }]);
    let types = module(&generated(&document), "types").replace(['\n', ' '], "");
    assert!(
        types.contains(r#"ifself.note.as_ref().is_some_and(|value|value=="x")"#),
        "{types}"
    );
    assert!(
        types.contains("self.tags.is_some()&&self.tags.as_ref().is_none_or(|value|value.len()>=2)"),
        "{types}"
    );
}

#[test]
fn base_url_with_an_undeclared_variable_is_rejected() {
    let mut target = target();
    target.api.variables.clear();
    let problem = generate(&document(), &target)
        .expect_err("`team` has no kind")
        .remove(0);
    assert!(problem.message.contains("team"), "{problem}");
}

#[test]
fn path_of_the_api_is_optional_in_the_base_url() {
    let placed = |base_url: &str| {
        let mut target = target();
        target.api.base_url = Some(base_url.to_owned());
        let files = generate(&document(), &target).unwrap();
        let client = files["src/client.rs"].replace(['\n', ' '], "");
        let start = client.find("BaseUrl::parse(&base_url)?").unwrap();
        let rest = &client[start + "BaseUrl::parse(&base_url)?".len()..];
        rest[..rest.find(")?;").unwrap()]
            .trim_end_matches(',')
            .to_owned()
    };
    assert_eq!(
        placed("https://{team}.example.com"),
        r#".with_path("","https://{team}.example.com")"#
    );
    assert_eq!(
        placed("https://{team}.example.com/api/v2/"),
        r#".with_path("/api/v2","https://{team}.example.com/api/v2/")"#
    );
    // All operations have the path in their own paths.
    let mut paths = document();
    let operations = paths["paths"].as_object_mut().unwrap();
    *operations = std::mem::take(operations)
        .into_iter()
        .map(|(path, item)| (format!("/api{path}"), item))
        .collect();
    let mut target = target();
    target.api.base_url = Some("https://{team}.example.com/api".to_owned());
    let client = &generate(&paths, &target).unwrap()["src/client.rs"];
    assert!(client.contains(r#".without_path("/api", "#), "{client}");
}

#[test]
fn operation_table_names_the_client_method() {
    let mut document = document();
    // A resource with the name of a method of the same parent gets an underscore.
    let mut other = document["paths"]["/things"]["get"].clone();
    other["operationId"] = json!("listLists");
    other["x-operation-group"] = json!(["things", "list"]);
    document["paths"]["/lists"] = json!({"get": other});
    let table = &module(&generated(&document), "operations");
    for method in ["things().put", "things().list", "things().list_().list"] {
        assert!(
            table.contains(&format!("client_method: \"{method}\",")),
            "{table}"
        );
    }
    assert!(
        table.contains("verifying_methods: &[\"things().list\"],"),
        "{table}"
    );
}

#[test]
fn operation_named_all_does_not_collide_with_the_table() {
    let mut document = document();
    document["paths"]["/things"]["get"]["operationId"] = json!("all");
    let table = &module(&generated(&document), "operations");
    assert_eq!(table.matches("pub static ALL: ").count(), 1, "{table}");
    assert!(table.contains("pub static ALL_: "), "{table}");
}

#[test]
fn ignored_operation_is_only_in_the_table() {
    let mut document = document();
    document["paths"]["/things"]["get"]["x-sdk-ignore"] = json!(true);
    let files = generated(&document);
    assert!(module(&files, "operations").contains("listThings"));
    assert!(!files["src/resources/things.rs"].contains("listThings"));
    assert!(!module(&files, "requests").contains("list_things"));
}

#[test]
fn methods_with_the_same_name_use_their_operation_ids() {
    let mut document = document();
    document["paths"]["/things"]["get"]["x-operation-name"] = json!("put");
    let resource = &generated(&document)["src/resources/things.rs"];
    assert!(
        resource.contains("pub fn list_things(") && resource.contains("pub fn put_thing("),
        "{resource}"
    );
}

#[test]
fn document_without_a_client_operation_is_rejected() {
    let rejected = |document: &Value| {
        let problem = generate(document, &target())
            .expect_err("nothing to generate")
            .remove(0);
        format!("{} {:?}", problem.message, problem.found)
    };
    let mut empty = document();
    empty["paths"] = json!({});
    let text = rejected(&empty);
    assert!(
        text.contains("no operation for the client") && text.contains("Some(\"no operation\")"),
        "{text}"
    );
    let mut ignored = document();
    ignored["paths"]["/things"]["get"]["x-sdk-ignore"] = json!(true);
    ignored["paths"]["/things/{id}"]["put"]["x-sdk-ignore"] = json!(true);
    let text = rejected(&ignored);
    assert!(text.contains("2 with x-sdk-ignore"), "{text}");
}

#[test]
fn group_named_like_the_prelude_or_with_non_ascii_letters_has_its_own_module() {
    let mut document = document();
    document["paths"]["/things"]["get"]["x-operation-group"] = json!(["default"]);
    document["paths"]["/things/{id}"]["put"]["x-operation-group"] = json!(["größe"]);
    let files = generated(&document);
    let default = &files["src/resources/default.rs"];
    assert!(default.contains("pub struct DefaultResource"), "{default}");
    assert!(
        files.contains_key("src/resources/gruf6udfe.rs"),
        "{files:?}"
    );
    let client = &files["src/client.rs"];
    assert!(client.contains("pub fn größe(&self)"), "{client}");
}

#[test]
fn options_request_has_its_method() {
    let mut document = document();
    let mut operation = document["paths"]["/things"]["get"].take();
    operation
        .as_object_mut()
        .expect("an operation")
        .remove("x-paging");
    document["paths"]["/things"] = json!({"options": operation});
    let calls = &module(&generated(&document), "requests");
    assert!(
        calls.contains("RequestBuilder::new(Method::OPTIONS, &self.base_url)"),
        "{calls}"
    );
}

#[test]
fn body_of_binary_data_is_an_upload() {
    let mut document = document();
    let put = &mut document["paths"]["/things/{id}"]["put"];
    let upload = json!({"crate": "auth0-core", "version": "*", "path": "auth0_core::Upload"});
    put["requestBody"]["content"] =
        json!({"application/json": {"schema": {"type": "string", "x-rust-type": upload}}});
    put["x-request-media"] = json!({"mediaType": "image/png", "encoding": "upload"});
    let files = generated(&document);
    let resource = &files["src/resources/things.rs"];
    assert!(resource.contains("body: auth0_core::Upload"), "{resource}");
    let requests = module(&files, "requests");
    assert!(
        requests.contains(r#"request.upload("image/png", body.clone())"#),
        "{requests}"
    );
}

#[test]
fn each_rate_limit_plan_has_a_constant() {
    let sources = "[small]\nurl = \"https://example.com/small.json\"\n\
        [small.plans.free]\ntenant = { read = 4, write = 1 }\norganization = { read = 2, write = 1 }\n\
        [small.plans.enterprise-production]\ntenant = { both = 16, burst = 50 }\n";
    let sources = Sources::parse(sources.to_owned()).expect("the list is valid");
    let mut target = target();
    target.api.plans = sources.get("small").expect("the API is listed").api().plans;
    let files = generate(&document(), &target).expect("the document is valid");
    let library = &files["src/lib.rs"];
    assert!(library.contains("pub mod limits;"), "{library}");
    assert!(library.contains("plans are in [`limits`]"), "{library}");
    insta::assert_snapshot!(files["src/limits.rs"]);

    let without = generated(&document());
    assert!(!without.contains_key("src/limits.rs"));
    assert!(!without["src/lib.rs"].contains("limits"));
}

/// The files of types with the types that each defines.
fn types_by_file(document: &Value) -> BTreeMap<String, Vec<String>> {
    let files = generated(document);
    let types = files
        .iter()
        .filter(|(path, _)| path.starts_with("src/types/"));
    types
        .map(|(path, text)| {
            let defined = text.lines().filter_map(|line| {
                line.strip_prefix("pub struct ")
                    .or(line.strip_prefix("pub enum "))
                    .map(|rest| rest.trim_end_matches(" {").to_owned())
            });
            (path.clone(), defined.collect())
        })
        .collect()
}

/// `document()` with `count` more types that `Thing` refers to, whose names start with the same words.
fn document_with_many(count: usize) -> Value {
    let mut document = document();
    for number in 0..count {
        let name = format!(
            "ThingPart{}",
            ["A", "B", "C", "D", "E", "F", "G", "H"][number]
        );
        document["components"]["schemas"]["Thing"]["properties"][format!("p{number}")] =
            json!({"$ref": format!("#/components/schemas/{name}")});
        document["components"]["schemas"][name] =
            json!({"type": "object", "properties": {"x": {"type": "string"}}});
    }
    document
}

#[test]
fn types_are_in_the_file_of_their_group_or_of_their_common_prefix() {
    let files = types_by_file(&document_with_many(3));
    assert_eq!(files.keys().collect::<Vec<_>>(), ["src/types/things.rs"]);
    let files = types_by_file(&document_with_many(6));
    assert_eq!(files["src/types/things.rs"], ["Report"]);
    assert_eq!(files["src/types/things/thing.rs"], ["Thing", "ThingPage"]);
    let parts = &files["src/types/things/thing_part.rs"];
    assert_eq!(parts.len(), 6, "{parts:?}");
}

#[test]
fn added_type_moves_only_types_with_the_same_prefix() {
    let before = types_by_file(&document_with_many(6));
    let after = types_by_file(&document_with_many(7));
    for (path, types) in &before {
        if path != "src/types/things/thing_part.rs" {
            assert_eq!(after.get(path), Some(types), "{path}");
        }
    }
}

#[test]
fn types_that_two_groups_use_are_shared() {
    let mut document = document();
    document["paths"]["/things"]["get"]["x-operation-group"] = json!(["shelves"]);
    let files = types_by_file(&document);
    assert_eq!(files["src/types/shared.rs"], ["Thing"]);
    assert_eq!(files["src/types/shelves.rs"], ["ThingPage"]);
    assert_eq!(files["src/types/things.rs"], ["Report"]);
    let files = generated(&document);
    assert!(files["src/types/shelves.rs"].contains("use crate::types::Thing;"));
    assert!(files["src/requests/shelves.rs"].contains("pub fn list_things"));
    assert!(files["src/operations/things.rs"].contains("pub static PUT_THING"));
}

#[test]
fn numbered_names_are_restored_on_the_wire() {
    let mut document = document();
    let thing = &mut document["components"]["schemas"]["Thing"];
    thing["properties"]["note_2"] = json!({"type": "string", "x-constraints": {"maxLength": 7}});
    thing["x-wire-names"] = json!({"note_2": "NOTE"});
    let listing = &mut document["paths"]["/things"]["get"];
    listing["parameters"] = json!([
        {"in": "query", "name": "from", "schema": {"type": "string"}},
        {"in": "query", "name": "take", "schema": {"type": "integer"}},
        {"in": "query", "name": "take_2", "x-wire-name": "Take",
            "schema": {"type": "integer", "x-constraints": {"maximum": 8}}},
        {"in": "header", "name": "take_3", "x-wire-name": "X-Take", "schema": {"type": "string"}},
    ]);
    let files = generated(&document);
    let types = module(&files, "types").replace(['\n', ' '], "");
    assert!(types.contains(r#"rename="NOTE""#), "{types}");
    assert!(types.contains(r#"at.field("NOTE",&self.note_2"#), "{types}");
    let requests = module(&files, "requests").replace(['\n', ' '], "");
    for sent in [
        r#"query("take",&take,"#,
        r#"query("Take",&take_2,"#,
        r#"header("X-Take",&take_3,"#,
    ] {
        assert!(requests.contains(sent), "{sent}: {requests}");
    }
    let resource = files["src/resources/things.rs"].replace(['\n', ' '], "");
    assert!(
        resource.contains(r#"check.field("Take",&self.take_2"#),
        "{resource}"
    );
}

/// The signature of the constructor of a type with these required fields.
fn constructor(required: &[&str]) -> String {
    let mut document = document();
    let properties: Value = required
        .iter()
        .chain(&["optional"])
        .map(|name| ((*name).to_owned(), json!({"type": "string"})))
        .collect();
    document["components"]["schemas"]["Made"] =
        json!({"type": "object", "required": required, "properties": properties});
    document["components"]["schemas"]["Thing"]["properties"]["made"] =
        json!({"$ref": "#/components/schemas/Made"});
    let types = module(&generated(&document), "types");
    let block = types.split("impl Made {").nth(1).expect("an impl block");
    let (_, function) = block.split_once("pub fn ").expect("a constructor");
    let (signature, _) = function.split_once('{').expect("a body");
    let text: String = signature.split_whitespace().collect();
    text.replace("::std::string::", "")
        .replace("::std::convert::", "")
        .replace(",)", ")")
        .replace(",>", ">")
}

#[test]
fn required_fields_are_identified_by_name() {
    assert_eq!(constructor(&[]), "new()->Self");
    assert_eq!(
        constructor(&["owner"]),
        "with_owner(owner:implInto<String>)->Self"
    );
    assert_eq!(
        constructor(&["admin_email", "environment"]),
        "new<AdminEmail:Into<String>,Environment:Into<String>>(required:MadeRequired<AdminEmail,Environment>)->Self"
    );
    // A renamed field is another name to the compiler, independent of its order.
    assert_eq!(
        constructor(&["owner_email", "environment"]),
        "new<Environment:Into<String>,OwnerEmail:Into<String>>(required:MadeRequired<Environment,OwnerEmail>)->Self"
    );
    assert_ne!(constructor(&["owner"]), constructor(&["holder"]));
}

#[test]
fn struct_of_required_fields_has_no_attributes() {
    let mut document = document();
    document["components"]["schemas"]["Thing"]["required"] = json!(["name", "note"]);
    let types = module(&generated(&document), "types");
    let before = types
        .split("pub struct ThingRequired")
        .next()
        .expect("the struct");
    let last_item = before.rsplit("\n}\n").next().expect("the text before it");
    assert!(
        last_item.contains("/// The required fields of [`Thing`]"),
        "{last_item}"
    );
    assert!(!last_item.contains("#["), "{last_item}");
}
