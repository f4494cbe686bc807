//! Tenants in both clouds.

use std::time::Duration;

use auth0_sandbox::Sandbox;
use serde_json::{Value, json};

use crate::support::{Reply, Running, member, start, started, texts};

async fn create(sandbox: &Running, mut body: Value) -> Reply {
    if body.get("admin_email").is_none() {
        body["admin_email"] = json!(sandbox.first_member().email);
    }
    sandbox.post("/api/tenants", body).await
}

#[tokio::test]
async fn tenant_is_made_in_the_public_cloud_then_it_is_listed() {
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
    // The newest comes first where nothing is said.
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
async fn nothing_more_is_said_then_it_is_for_development_and_has_a_name() {
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
async fn tenant_is_made_in_a_private_cloud_then_the_answer_has_no_locality() {
    let sandbox = started(Sandbox::builder().private_cloud("acme-private", "dublin")).await;
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
async fn place_does_not_exist_then_those_that_do_are_named() {
    let sandbox = start().await;
    let answer = create(&sandbox, json!({"locality": "mars"})).await;
    assert_eq!(answer.problem(), (404, "LOCALITY_NOT_FOUND"));
    assert_eq!(
        answer.details(),
        "locality: expected one of: us, eu, au, jp, ca, uk"
    );
    let answer = create(&sandbox, json!({"environment": "private-2"})).await;
    assert_eq!(answer.problem(), (404, "ENVIRONMENT_NOT_FOUND"));
    assert_eq!(answer.details(), "environment: expected one of: private-1");
    assert_eq!(sandbox.tenant_ids().await.len(), 8);
}

#[tokio::test]
async fn administrator_is_no_member_then_there_is_no_tenant() {
    let sandbox = start().await;
    let ids = sandbox.member_ids().await;
    let email = async |id: &str| sandbox.get(&member(id)).await.expect(200)["email"].clone();
    let refused = (404, "ADMIN_NOT_FOUND");
    let with = async |email: &Value| {
        create(&sandbox, json!({"locality": "us", "admin_email": email})).await
    };
    assert_eq!(with(&json!("nobody@example.com")).await.problem(), refused);

    let leaving = email(&ids[4]).await;
    assert_eq!(with(&leaving).await.status, 201);
    sandbox.delete(&member(&ids[4])).await.expect(204);
    assert_eq!(with(&leaving).await.problem(), refused);

    // Who is invited is no member; who accepted is, in whatever case the address is written.
    let body = json!({"email": "New@Example.com", "role": "teams_contributor"});
    let invitation = sandbox.post("/api/members", body).await.expect(201);
    let new = json!("new@example.COM");
    assert_eq!(with(&new).await.problem(), refused);
    let joined = sandbox
        .accept_invitation(invitation["id"].as_str().unwrap())
        .unwrap();
    assert_eq!(with(&new).await.status, 201);
    sandbox.delete(&member(&joined.id)).await.expect(204);
    assert_eq!(with(&new).await.problem(), refused);
}

#[tokio::test]
async fn tenant_is_deleted_then_its_name_is_never_free_again() {
    let sandbox = start().await;
    let taken = (409, "TENANT_ALREADY_EXISTS");
    let body = json!({"locality": "us", "tenant_name": "shop"});
    let created = create(&sandbox, body.clone()).await.expect(201);
    assert_eq!(create(&sandbox, body.clone()).await.problem(), taken);
    let private = json!({"environment": "private-1", "tenant_name": "shop"});
    assert_eq!(create(&sandbox, private).await.problem(), taken);
    let path = format!("/api/tenants/{}", created["tenant_id"].as_str().unwrap());
    sandbox.delete(&path).await.expect(204);
    assert_eq!(create(&sandbox, body).await.problem(), taken);

    for answer in [
        sandbox.get(&path).await,
        sandbox.delete(&path).await,
        sandbox.get(&format!("{path}/members")).await,
    ] {
        assert_eq!(answer.problem(), (404, "TENANT_NOT_FOUND"));
    }
    // A tenant that was there from the beginning is no exception.
    let first = sandbox.tenant_ids().await.remove(0);
    sandbox
        .delete(&format!("/api/tenants/{first}"))
        .await
        .expect(204);
    let body = json!({"locality": "us", "tenant_name": "acme-1"});
    assert_eq!(create(&sandbox, body).await.problem(), taken);
}

#[tokio::test]
async fn team_is_full_then_a_tenant_has_to_go_before_another_comes() {
    let sandbox = started(Sandbox::builder().tenants(2).tenant_limit(3)).await;
    let created = create(&sandbox, json!({"locality": "us"}))
        .await
        .expect(201);
    let refused = create(&sandbox, json!({"locality": "us", "tenant_name": "shop"})).await;
    assert_eq!(refused.problem(), (403, "TENANT_LIMIT_REACHED"));
    let id = created["tenant_id"].as_str().unwrap();
    sandbox
        .delete(&format!("/api/tenants/{id}"))
        .await
        .expect(204);
    // What was refused has not used the name.
    create(&sandbox, json!({"locality": "us", "tenant_name": "shop"}))
        .await
        .expect(201);
}

#[tokio::test]
async fn listing_is_filtered_then_it_holds_all_that_match_and_nothing_else() {
    let sandbox = started(Sandbox::builder().tenants(45)).await;
    let all = sandbox
        .all("/api/tenants", "tenants", "sort=created_at:1")
        .await;
    let mut newest_first = sandbox
        .all("/api/tenants", "tenants", "sort=created_at:-1")
        .await;
    assert_eq!(
        newest_first,
        sandbox.all("/api/tenants", "tenants", "take=7").await
    );
    newest_first.reverse();
    assert_eq!(newest_first, all);
    let times = texts(&json!(all), "created_at");
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
        let found = sandbox.all("/api/tenants", "tenants", &query).await;
        let matches = |tenant: &&Value| names.iter().all(|(name, value)| tenant[*name] == *value);
        let expected: Vec<_> = all.iter().filter(matches).cloned().collect();
        assert_eq!(found, expected, "{filters}");
    }
}

#[tokio::test]
async fn clock_is_set_back_then_the_order_of_times_stays() {
    let sandbox = Sandbox::builder().token_lifetime(Duration::from_secs(1_000_000));
    let sandbox = started(sandbox).await;
    sandbox.advance(Duration::from_secs(86_400));
    let first = create(&sandbox, json!({"locality": "us"}))
        .await
        .expect(201);
    sandbox.set_clock_offset(-1_000_000).unwrap();
    let token = sandbox.granted("").await;
    let request = sandbox.http.post(format!("{}/api/tenants", sandbox.url()));
    let body = json!({"locality": "us", "admin_email": sandbox.first_member().email});
    let second = crate::support::reply(request.bearer_auth(token).json(&body)).await;
    let time = |tenant: &Value| tenant["created_at"].as_str().unwrap().to_owned();
    assert!(time(&second.expect(201)) >= time(&first));
}

#[tokio::test]
async fn name_is_asked_for_several_times_at_once_then_one_gets_it() {
    let sandbox = start().await;
    let body = json!({"locality": "us", "tenant_name": "shop", "admin_email": sandbox.first_member().email});
    let requests = (0..20).map(|_| sandbox.post("/api/tenants", body.clone()));
    let answers = futures_util::future::join_all(requests).await;
    let created = answers.iter().filter(|answer| answer.status == 201);
    assert_eq!(created.count(), 1);
    assert_eq!(sandbox.tenant_ids().await.len(), 9);
}

#[tokio::test]
async fn first_tenants_go_and_others_come_then_none_takes_the_place_of_another() {
    let sandbox = started(Sandbox::builder().tenants(4)).await;
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
        .all("/api/tenants", "tenants", "sort=created_at:1")
        .await;
    let names = texts(&json!(tenants), "tenant_name");
    assert_eq!(names, ["acme-3", "acme-4", "first", "second", "third"]);
}
