//! Resources that need no code: clients, their grants and connection profiles, as the Management API documents them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use chrono::DateTime;
use serde_json::{Value, json};

use super::{Action, Context, Kind, View, execute};
use crate::api::Api;
use crate::call::Call;
use crate::document::Document;
use crate::resources::ListingQuirks;
use crate::tenant::{Tenant, TenantSettings};
use crate::token::Caller;

static CLIENTS: Kind = Kind {
    id: "client_id",
    generated: ("", 32),
    merged: Some(("client_metadata", 2)),
    defaults: || json!({"is_first_party": true}),
    ..Kind::new("test_clients", "client", "")
};

static GRANTS: Kind = Kind {
    references: &[("client_id", &CLIENTS)],
    unique: &["client_id", "audience"],
    ..Kind::new("test_grants", "client grant", "cgr_")
};

static PROFILES: Kind = Kind {
    unique: &["name"],
    ..Kind::new("test_profiles", "connection profile", "cop_")
};

static CLIENT_VIEW: View = View {
    parameters: &["client_id", "id"],
    ..View::new(
        &CLIENTS,
        "clients",
        ("INEXISTENT_CLIENT", "No client has this id"),
    )
};

static GRANT_VIEW: View = View {
    parameters: &["id"],
    taken: (
        "GRANT_CONFLICT",
        "The client already has a grant for this audience",
    ),
    unknown: ("INEXISTENT_CLIENT", "No client has this id"),
    ..View::new(
        &GRANTS,
        "client_grants",
        ("INEXISTENT_GRANT", "No grant has this id"),
    )
};

static PROFILE_VIEW: View = View {
    parameters: &["id"],
    taken: ("PROFILE_CONFLICT", "A profile has this name already"),
    deletes_missing: true,
    ..View::new(
        &PROFILES,
        "connection_profiles",
        ("INEXISTENT_PROFILE", "No profile has this id"),
    )
};

#[rustfmt::skip]
const TABLE: &[(&str, Action)] = &[
    ("post_clients", Action::Create(&CLIENT_VIEW)),
    ("patch_client", Action::Update(&CLIENT_VIEW)),
    ("delete_client", Action::Delete(&CLIENT_VIEW)),
    ("get_grants", Action::List(&GRANT_VIEW)),
    ("post_grants", Action::Create(&GRANT_VIEW)),
    ("get_profiles", Action::List(&PROFILE_VIEW)),
    ("post_profiles", Action::Create(&PROFILE_VIEW)),
    ("get_profile", Action::Get(&PROFILE_VIEW)),
    ("get_profile_by_name", Action::GetBy(&PROFILE_VIEW, "name")),
    ("delete_profile", Action::Delete(&PROFILE_VIEW)),
];

static DOCUMENT: LazyLock<Document> = LazyLock::new(|| {
    let texts = |names: &[&str]| {
        let text = |name: &&str| ((*name).to_owned(), json!({"type": "string"}));
        json!({"type": "object", "properties": names.iter().map(text).collect::<serde_json::Map<_, _>>()})
    };
    let mut client = texts(&["client_id", "name"]);
    client["properties"]["client_metadata"] = json!({"type": "object"});
    client["properties"]["is_first_party"] = json!({"type": "boolean"});
    let grant = texts(&["id", "client_id", "audience"]);
    let profile = texts(&["id", "name", "connection_name_prefix_template"]);
    let grants = json!({"oneOf": [{"type": "array", "items": grant}, {"type": "object", "properties": {
        "total": {"type": "integer"}, "start": {"type": "integer"}, "limit": {"type": "integer"},
        "client_grants": {"type": "array", "items": grant}}}]});
    let profiles = json!({"type": "object", "properties": {"next": {"type": "string"},
        "connection_profiles": {"type": "array", "items": profile}}});
    let operation = |id: &str, status: &str, schema: &Value, parameters: &[&str]| {
        let parameter =
            |name: &&str| json!({"name": name, "in": "query", "schema": {"type": "string"}});
        let mut operation = json!({
            "operationId": id,
            "parameters": parameters.iter().map(parameter).collect::<Vec<_>>(),
            "responses": {"400": {}, "404": {}, "409": {}, status: {}},
        });
        if !schema.is_null() {
            let content = json!({"content": {"application/json": {"schema": schema}}});
            operation["responses"][status] = content;
        }
        operation
    };
    let none = Value::Null;
    let document = json!({"paths": {
        "/clients": {"post": operation("post_clients", "201", &client, &[])},
        "/clients/{id}": {
            "patch": operation("patch_client", "200", &client, &[]),
            "delete": operation("delete_client", "204", &none, &[]),
        },
        "/client-grants": {
            "get": operation("get_grants", "200", &grants, &["page", "include_totals", "client_id"]),
            "post": operation("post_grants", "201", &grant, &[]),
        },
        "/connection-profiles": {
            "get": operation("get_profiles", "200", &profiles, &["from", "take"]),
            "post": operation("post_profiles", "201", &profile, &[]),
        },
        "/connection-profiles/{id}": {
            "get": operation("get_profile", "200", &profile, &[]),
            "delete": operation("delete_profile", "204", &none, &[]),
        },
        "/connection-profiles/name/{name}": {"get": operation("get_profile_by_name", "200", &profile, &[])},
    }});
    Document::parse(Api::Management, &document.to_string()).unwrap()
});

fn tenant() -> Tenant {
    let settings = TenantSettings {
        organizations: 1,
        members: 0,
        connections: 0,
        allowed_strategies: Vec::new(),
        deletes_used_connections: true,
        quirks: ListingQuirks::default(),
    };
    Tenant::new(settings, 0, "acme.test", DateTime::UNIX_EPOCH, Vec::new())
}

/// Calls an operation. Returns the status, and the body or the kind of the error.
fn call(tenant: &mut Tenant, id: &str, parameters: &[(&str, &str)], body: Value) -> (u16, Value) {
    let mut operations = DOCUMENT.operations.iter();
    let parameters = parameters
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let call = Call {
        parameters: parameters.collect(),
        lists: BTreeMap::new(),
        body,
        caller: Caller::default(),
        user_agent: String::new(),
        now: DateTime::UNIX_EPOCH,
    };
    let context = Context {
        tenant,
        document: &DOCUMENT,
        operation: operations.find(|operation| operation.id == id).unwrap(),
        call: &call,
    };
    match execute(TABLE, context) {
        Ok(response) => {
            let body = serde_json::from_slice(&response.body).unwrap_or_default();
            (response.status.as_u16(), body)
        }
        Err(problem) => (problem.status.as_u16(), json!(problem.kind)),
    }
}

#[test]
fn rows_of_the_table_create_list_get_and_delete_resources() {
    let tenant = &mut tenant();
    let body =
        json!({"name": "one", "connection_name_prefix_template": "con-", "secret": "hidden"});
    let (status, one) = call(tenant, "post_profiles", &[], body.clone());
    let id = one["id"].as_str().unwrap().to_owned();
    let expected = json!({"id": id, "name": "one", "connection_name_prefix_template": "con-"});
    assert!(id.starts_with("cop_"), "{id}");
    assert_eq!((status, &one), (201, &expected));
    assert_eq!(
        call(tenant, "post_profiles", &[], body),
        (409, json!("PROFILE_CONFLICT"))
    );
    let (_, two) = call(tenant, "post_profiles", &[], json!({"name": "two"}));
    let (_, page) = call(tenant, "get_profiles", &[("take", "1")], Value::Null);
    assert_eq!(page["connection_profiles"], json!([one]));
    let next = page["next"].as_str().unwrap();
    let (_, page) = call(
        tenant,
        "get_profiles",
        &[("take", "1"), ("from", next)],
        Value::Null,
    );
    assert_eq!(page, json!({"connection_profiles": [two]}));
    assert_eq!(
        call(tenant, "get_profile", &[("id", &id)], Value::Null),
        (200, expected.clone())
    );
    assert_eq!(
        call(
            tenant,
            "get_profile_by_name",
            &[("name", "one")],
            Value::Null
        ),
        (200, expected)
    );
    for _ in 0..2 {
        assert_eq!(
            call(tenant, "delete_profile", &[("id", &id)], Value::Null).0,
            204
        );
    }
    let missing = (404, json!("INEXISTENT_PROFILE"));
    assert_eq!(
        call(tenant, "get_profile", &[("id", &id)], Value::Null),
        missing
    );
}

#[test]
fn resource_is_gone_with_the_resource_that_it_refers_to() {
    let tenant = &mut tenant();
    let (_, client) = call(tenant, "post_clients", &[], json!({"name": "c"}));
    let id = client["client_id"].as_str().unwrap().to_owned();
    let grant = |client: &str, audience: &str| json!({"client_id": client, "audience": audience});
    let unknown = call(tenant, "post_grants", &[], grant("none", "a"));
    assert_eq!(unknown, (404, json!("INEXISTENT_CLIENT")));
    for (audience, status) in [("a", 201), ("b", 201), ("a", 409)] {
        let (found, _) = call(tenant, "post_grants", &[], grant(&id, audience));
        assert_eq!(found, status, "{audience}");
    }
    let total = |tenant: &mut Tenant, client: &str| {
        let parameters = [("include_totals", "true"), ("client_id", client)];
        call(tenant, "get_grants", &parameters, Value::Null).1["total"].clone()
    };
    assert_eq!(
        (total(tenant, &id), total(tenant, "none")),
        (json!(2), json!(0))
    );
    assert_eq!(
        call(tenant, "delete_client", &[("id", &id)], Value::Null).0,
        204
    );
    assert_eq!(total(tenant, &id), json!(0));
}

#[test]
fn null_resets_a_field_to_its_default_and_entries_are_merged() {
    let tenant = &mut tenant();
    let body = json!({"name": "c", "is_first_party": false, "client_metadata": {"a": "1"}});
    let (_, client) = call(tenant, "post_clients", &[], body);
    let id = client["client_id"].as_str().unwrap();
    let mut patch = |body| call(tenant, "patch_client", &[("id", id)], body);
    let (_, changed) =
        patch(json!({"is_first_party": null, "name": null, "client_metadata": {"b": "2"}}));
    let expected =
        json!({"client_id": id, "is_first_party": true, "client_metadata": {"a": "1", "b": "2"}});
    assert_eq!(changed, expected);
    assert_eq!(patch(json!({"client_metadata": {"c": "3"}})).0, 400);
    let (_, changed) = patch(json!({"client_metadata": {"a": null, "b": null}}));
    assert_eq!(changed.get("client_metadata"), None);
}
