//! Domains of an organization and their verification.

use serde_json::json;

use super::{administrator, code, operator, plain, text};

#[tokio::test]
async fn record_is_published_then_the_domain_is_verified_and_not_before() {
    let sandbox = plain().await;
    let inside = administrator(&sandbox).await;
    let body = json!({"domain": "north.example"});
    let domain = inside.post("/domains", body).await.expect(201);
    assert_eq!(domain["status"], "pending");
    assert_eq!(domain["org_id"], sandbox.organization_id());
    let verify = format!("/domains/{}/verify", text(&domain, "id"));
    let verified = async || {
        let answer = inside.send(reqwest::Method::POST, &verify, None).await;
        answer.expect(202)["status"].clone()
    };
    assert_eq!(verified().await, "pending");
    sandbox.publish_dns_record(text(&domain, "verification_host"), "another text");
    assert_eq!(verified().await, "pending");
    let record = json!({"host": domain["verification_host"], "text": domain["verification_txt"]});
    let request = sandbox.admin(reqwest::Method::POST, "/dns").json(&record);
    crate::support::reply(request).await.expect(204);
    assert_eq!(verified().await, "verified");
    let path = format!("/domains/{}", text(&domain, "id"));
    assert_eq!(inside.get(&path).await.expect(200)["status"], "verified");
    let operator = operator(&sandbox, "").await;
    let path = operator.own("/discovery-domains/name/NORTH.example");
    assert_eq!(operator.get(&path).await.expect(200)["status"], "verified");
}

#[tokio::test]
async fn domain_is_there_or_not_then_each_is_told() {
    let sandbox = plain().await;
    let inside = administrator(&sandbox).await;
    let again = inside
        .post("/domains", json!({"domain": "Northwind.Example"}))
        .await;
    assert_eq!(code(&again), (409, "A0E-409-0003"));
    let listed = inside.get("/domains").await.expect(200);
    let domain = &listed["organization_domains"][0];
    assert_eq!(domain["domain"], "northwind.example");
    let path = format!("/domains/{}", text(domain, "id"));
    inside.delete(&path).await.expect(204);
    for answer in [inside.get(&path).await, inside.delete(&path).await] {
        assert_eq!(code(&answer), (404, "A0E-404-0002"));
    }
    assert_eq!(
        code(&inside.get("/domains/ord_1").await),
        (400, "A0E-400-0003")
    );
    assert_eq!(
        code(&inside.post("/domains", json!({"domain": "a b"})).await).0,
        400
    );
}

#[tokio::test]
async fn provider_is_given_a_domain_then_it_has_to_be_verified_and_new_there() {
    let sandbox = plain().await;
    let inside = administrator(&sandbox).await;
    let providers = inside.get("/identity-providers").await.expect(200);
    let path = format!(
        "/identity-providers/{}/domains",
        text(&providers["identity_providers"][0], "id")
    );
    let domain = json!({"domain": "pending.example"});
    let pending = inside.post("/domains", domain.clone()).await.expect(201);
    assert_eq!(inside.post(&path, domain).await.status, 404);
    assert_eq!(
        inside
            .post(&path, json!({"domain": "none.example"}))
            .await
            .status,
        404
    );
    let verified = json!({"domain": "northwind.example"});
    inside.post(&path, verified.clone()).await.expect(201);
    assert_eq!(
        code(&inside.post(&path, verified).await),
        (409, "A0E-409-0003")
    );
    let domains = inside.get("/domains").await.expect(200);
    let providers_of =
        |domain: &serde_json::Value| format!("/domains/{}/identity-providers", text(domain, "id"));
    let of_verified = providers_of(&domains["organization_domains"][0]);
    let found = inside.get(&of_verified).await.expect(200);
    assert_eq!(found["identity_providers"].as_array().unwrap().len(), 1);
    let found = inside.get(&providers_of(&pending)).await.expect(200);
    assert_eq!(found["identity_providers"], json!([]));
    let one = format!("{path}/northwind.example");
    inside.delete(&one).await.expect(204);
    assert_eq!(inside.delete(&one).await.status, 404);
}
