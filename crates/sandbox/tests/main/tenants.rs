//! Tenants in the public and private clouds.

use std::time::Duration;

use auth0_sandbox::Sandbox;
use serde_json::{Value, json};

use crate::support::{TestResponse, TestSandbox, member_path, start, start_with, string_fields};

async fn create(sandbox: &TestSandbox, mut body: Value) -> TestResponse {
    if body.get("admin_email").is_none() {
        body["admin_email"] = json!(sandbox.first_member().email);
    }
    sandbox.post("/api/tenants", body).await
}

#[tokio::test]
async fn tenant_created_in_the_public_cloud_is_listed() {
    let sandbox = start().await;
    let body = json!({"locality": "eu", "tenant_name": "shop", "environment_tag": "staging"});
    let mut created = create(&sandbox, body).await.expect(201);
    let client = created
        .as_object_mut()
        .unwrap()
        .remove("management_client")
        .unwrap();
    assert_eq!(client["client_secret"].as_str().unwrap().len(), 64);
    assert_eq!(created["locality"], "eu");
    assert_eq!(created["environment_tag"], "staging");
    assert_eq!(created["domain"], "shop.eu.sandbox.test");
    let id = created["tenant_id"].as_str().unwrap();
    assert_eq!(
        sandbox.get(&format!("/api/tenants/{id}")).await.expect(200),
        created
    );
    // By default, the newest tenant comes first.
    assert_eq!(
        sandbox.get("/api/tenants?take=1").await.expect(200)["tenants"][0],
        created
    );
    let members = sandbox
        .get(&format!("/api/tenants/{id}/members"))
        .await
        .expect(200);
    assert_eq!(members["members"][0]["email"], sandbox.first_member().email);
    assert_eq!(members["members"][0]["roles"], json!(["owner"]));
    assert_eq!(members["members"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn tenant_without_options_is_for_development_and_gets_a_name() {
    let sandbox = start().await;
    let first = create(&sandbox, json!({"locality": "us"}))
        .await
        .expect(201);
    let second = create(&sandbox, json!({"locality": "us"}))
        .await
        .expect(201);
    assert_eq!(first["environment_tag"], "development");
    assert_ne!(first["tenant_name"], second["tenant_name"]);
    let secret = |tenant: &Value| tenant["management_client"]["client_secret"].clone();
    assert_ne!(secret(&first), secret(&second));
}

#[tokio::test]
async fn response_for_a_private_cloud_tenant_has_no_locality() {
    let sandbox = start_with(Sandbox::builder().private_cloud("acme-private", "dublin")).await;
    for (environment, locality) in [("private-1", "frankfurt"), ("acme-private", "dublin")] {
        let created = create(&sandbox, json!({"environment": environment}))
            .await
            .expect(201);
        assert_eq!(created["environment"], environment);
        assert!(created.get("locality").is_none());
        assert!(created.get("environment_tag").is_none());
        let id = created["tenant_id"].as_str().unwrap();
        let shown = sandbox.get(&format!("/api/tenants/{id}")).await.expect(200);
        assert_eq!(shown["locality"], locality);
    }
    let environments = sandbox.get("/api/environments").await.expect(200);
    let environments = environments["environments"].as_array().unwrap().clone();
    assert!(environments.contains(&json!("acme-private")));
}

#[tokio::test]
async fn unknown_location_error_names_the_known_ones() {
    let sandbox = start().await;
    let response = create(&sandbox, json!({"locality": "mars"})).await;
    assert_eq!(response.status_and_type(), (404, "LOCALITY_NOT_FOUND"));
    assert_eq!(
        response.details(),
        "locality: expected one of us, eu, au, jp, ca, uk"
    );
    let response = create(&sandbox, json!({"environment": "private-2"})).await;
    assert_eq!(response.status_and_type(), (404, "ENVIRONMENT_NOT_FOUND"));
    assert_eq!(response.details(), "environment: expected one of private-1");
    assert_eq!(sandbox.tenant_ids().await.len(), 8);
}

#[tokio::test]
async fn administrator_of_a_new_tenant_must_be_a_member() {
    let sandbox = start().await;
    let ids = sandbox.member_ids().await;
    let email = async |id: &str| sandbox.get(&member_path(id)).await.expect(200)["email"].clone();
    let rejected = (404, "ADMIN_NOT_FOUND");
    let with = async |email: &Value| {
        create(&sandbox, json!({"locality": "us", "admin_email": email})).await
    };
    assert_eq!(
        with(&json!("nobody@example.com")).await.status_and_type(),
        rejected
    );

    let leaving = email(&ids[4]).await;
    assert_eq!(with(&leaving).await.status, 201);
    sandbox.delete(&member_path(&ids[4])).await.expect(204);
    assert_eq!(with(&leaving).await.status_and_type(), rejected);

    // An invited person becomes a member by accepting. The case of the address does not matter.
    let body = json!({"email": "New@Example.com", "role": "teams_contributor"});
    let invitation = sandbox.post("/api/members", body).await.expect(201);
    let new = json!("new@example.COM");
    assert_eq!(with(&new).await.status_and_type(), rejected);
    let joined = sandbox
        .accept_invitation(invitation["id"].as_str().unwrap())
        .unwrap();
    assert_eq!(with(&new).await.status, 201);
    sandbox.delete(&member_path(&joined.id)).await.expect(204);
    assert_eq!(with(&new).await.status_and_type(), rejected);
}

#[tokio::test]
async fn name_of_a_deleted_tenant_stays_reserved() {
    let sandbox = start().await;
    let taken = (409, "TENANT_ALREADY_EXISTS");
    let body = json!({"locality": "us", "tenant_name": "shop"});
    let created = create(&sandbox, body.clone()).await.expect(201);
    assert_eq!(
        create(&sandbox, body.clone()).await.status_and_type(),
        taken
    );
    let private = json!({"environment": "private-1", "tenant_name": "shop"});
    assert_eq!(create(&sandbox, private).await.status_and_type(), taken);
    let path = format!("/api/tenants/{}", created["tenant_id"].as_str().unwrap());
    sandbox.delete(&path).await.expect(204);
    assert_eq!(create(&sandbox, body).await.status_and_type(), taken);

    for response in [
        sandbox.get(&path).await,
        sandbox.delete(&path).await,
        sandbox.get(&format!("{path}/members")).await,
    ] {
        assert_eq!(response.status_and_type(), (404, "TENANT_NOT_FOUND"));
    }
    // The same applies to the initial tenants.
    let first = sandbox.tenant_ids().await.remove(0);
    sandbox
        .delete(&format!("/api/tenants/{first}"))
        .await
        .expect(204);
    let body = json!({"locality": "us", "tenant_name": "acme-1"});
    assert_eq!(create(&sandbox, body).await.status_and_type(), taken);
}

#[tokio::test]
async fn tenant_limit_requires_deleting_a_tenant_first() {
    let sandbox = start_with(Sandbox::builder().tenants(2).tenant_limit(3)).await;
    let created = create(&sandbox, json!({"locality": "us"}))
        .await
        .expect(201);
    let rejected = create(&sandbox, json!({"locality": "us", "tenant_name": "shop"})).await;
    assert_eq!(rejected.status_and_type(), (403, "TENANT_LIMIT_REACHED"));
    let id = created["tenant_id"].as_str().unwrap();
    sandbox
        .delete(&format!("/api/tenants/{id}"))
        .await
        .expect(204);
    // A failed request does not reserve the name.
    create(&sandbox, json!({"locality": "us", "tenant_name": "shop"}))
        .await
        .expect(201);
}

#[tokio::test]
async fn filtered_listing_contains_exactly_the_matching_tenants() {
    let sandbox = start_with(Sandbox::builder().tenants(45)).await;
    let all = sandbox
        .list_all("/api/tenants", "tenants", "sort=created_at:1")
        .await;
    let mut newest_first = sandbox
        .list_all("/api/tenants", "tenants", "sort=created_at:-1")
        .await;
    assert_eq!(
        newest_first,
        sandbox.list_all("/api/tenants", "tenants", "take=7").await
    );
    newest_first.reverse();
    assert_eq!(newest_first, all);
    let times = string_fields(&json!(all), "created_at");
    assert!(times.is_sorted());

    for (filters, names) in [
        ("environment=US-3", vec![("environment", "US-3")]),
        ("environment=private-1", vec![("environment", "private-1")]),
        ("locality=eu", vec![("locality", "eu")]),
        (
            "environment_tag=production",
            vec![("environment_tag", "production")],
        ),
        (
            "locality=eu&environment_tag=staging",
            vec![("locality", "eu"), ("environment_tag", "staging")],
        ),
        (
            "locality=eu&environment=US-3",
            vec![("locality", "eu"), ("environment", "US-3")],
        ),
        ("environment=us-3", vec![("environment", "us-3")]),
    ] {
        let query = format!("sort=created_at:1&take=3&{filters}");
        let found = sandbox.list_all("/api/tenants", "tenants", &query).await;
        let matches = |tenant: &&Value| names.iter().all(|(name, value)| tenant[*name] == *value);
        let expected: Vec<_> = all.iter().filter(matches).cloned().collect();
        assert_eq!(found, expected, "{filters}");
    }
}

#[tokio::test]
async fn creation_times_stay_ordered_when_the_clock_is_set_back() {
    let sandbox = Sandbox::builder().token_lifetime(Duration::from_secs(1_000_000));
    let sandbox = start_with(sandbox).await;
    sandbox.advance(Duration::from_secs(86_400));
    let first = create(&sandbox, json!({"locality": "us"}))
        .await
        .expect(201);
    sandbox.set_clock_offset(-1_000_000).unwrap();
    let token = sandbox.token_with_scope("").await;
    let request = sandbox.http.post(format!("{}/api/tenants", sandbox.url()));
    let body = json!({"locality": "us", "admin_email": sandbox.first_member().email});
    let second = crate::support::send_request(request.bearer_auth(token).json(&body)).await;
    let time = |tenant: &Value| tenant["created_at"].as_str().unwrap().to_owned();
    assert!(time(&second.expect(201)) >= time(&first));
}

#[tokio::test]
async fn concurrent_requests_for_a_name_create_one_tenant() {
    let sandbox = start().await;
    let body = json!({"locality": "us", "tenant_name": "shop", "admin_email": sandbox.first_member().email});
    let requests = (0..20).map(|_| sandbox.post("/api/tenants", body.clone()));
    let responses = futures_util::future::join_all(requests).await;
    let created = responses.iter().filter(|response| response.status == 201);
    assert_eq!(created.count(), 1);
    assert_eq!(sandbox.tenant_ids().await.len(), 9);
}

#[tokio::test]
async fn new_tenants_follow_existing_ones_after_deletions() {
    let sandbox = start_with(Sandbox::builder().tenants(4)).await;
    for id in &sandbox.tenant_ids().await[..2] {
        sandbox
            .delete(&format!("/api/tenants/{id}"))
            .await
            .expect(204);
    }
    for name in ["first", "second", "third"] {
        create(&sandbox, json!({"locality": "us", "tenant_name": name}))
            .await
            .expect(201);
    }
    let tenants = sandbox
        .list_all("/api/tenants", "tenants", "sort=created_at:1")
        .await;
    let names = string_fields(&json!(tenants), "tenant_name");
    assert_eq!(names, ["acme-3", "acme-4", "first", "second", "third"]);
}
