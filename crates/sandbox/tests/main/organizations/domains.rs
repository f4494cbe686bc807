//! Domains of an organization and their verification.

use serde_json::json;

use super::{administrator, error_type, management, start_default, str_field};

#[tokio::test]
async fn domain_is_verified_only_after_its_record_is_published() {
    let sandbox = start_default().await;
    let my_organization = administrator(&sandbox).await;
    let body = json!({"domain": "north.example"});
    let domain = my_organization.post("/domains", body).await.expect(201);
    assert_eq!(domain["status"], "pending");
    assert_eq!(domain["org_id"], sandbox.organization_id());
    let verify = format!("/domains/{}/verify", str_field(&domain, "id"));
    let verified = async || {
        let response = my_organization
            .send(reqwest::Method::POST, &verify, None)
            .await;
        response.expect(202)["status"].clone()
    };
    assert_eq!(verified().await, "pending");
    sandbox.publish_dns_record(str_field(&domain, "verification_host"), "another text");
    assert_eq!(verified().await, "pending");
    let record = json!({"host": domain["verification_host"], "text": domain["verification_txt"]});
    let request = sandbox.admin(reqwest::Method::POST, "/dns").json(&record);
    crate::support::send_request(request).await.expect(204);
    assert_eq!(verified().await, "verified");
    let path = format!("/domains/{}", str_field(&domain, "id"));
    assert_eq!(
        my_organization.get(&path).await.expect(200)["status"],
        "verified"
    );
    let management = management(&sandbox, "").await;
    let path = management.organization_path("/discovery-domains/name/NORTH.example");
    assert_eq!(
        management.get(&path).await.expect(200)["status"],
        "verified"
    );
}

#[tokio::test]
async fn existing_domain_conflicts_and_deleted_domain_is_not_found() {
    let sandbox = start_default().await;
    let my_organization = administrator(&sandbox).await;
    let again = my_organization
        .post("/domains", json!({"domain": "Northwind.Example"}))
        .await;
    assert_eq!(error_type(&again), (409, "A0E-409-0003"));
    let listed = my_organization.get("/domains").await.expect(200);
    let domain = &listed["organization_domains"][0];
    assert_eq!(domain["domain"], "northwind.example");
    let path = format!("/domains/{}", str_field(domain, "id"));
    my_organization.delete(&path).await.expect(204);
    for response in [
        my_organization.get(&path).await,
        my_organization.delete(&path).await,
    ] {
        assert_eq!(error_type(&response), (404, "A0E-404-0002"));
    }
    assert_eq!(
        error_type(&my_organization.get("/domains/ord_1").await),
        (400, "A0E-400-0003")
    );
    assert_eq!(
        error_type(
            &my_organization
                .post("/domains", json!({"domain": "a b"}))
                .await
        )
        .0,
        400
    );
}

#[tokio::test]
async fn provider_domain_must_be_verified_and_unused() {
    let sandbox = start_default().await;
    let my_organization = administrator(&sandbox).await;
    let providers = my_organization.get("/identity-providers").await.expect(200);
    let path = format!(
        "/identity-providers/{}/domains",
        str_field(&providers["identity_providers"][0], "id")
    );
    let domain = json!({"domain": "pending.example"});
    let pending = my_organization
        .post("/domains", domain.clone())
        .await
        .expect(201);
    assert_eq!(my_organization.post(&path, domain).await.status, 404);
    assert_eq!(
        my_organization
            .post(&path, json!({"domain": "none.example"}))
            .await
            .status,
        404
    );
    let verified = json!({"domain": "northwind.example"});
    my_organization
        .post(&path, verified.clone())
        .await
        .expect(201);
    assert_eq!(
        error_type(&my_organization.post(&path, verified).await),
        (409, "A0E-409-0003")
    );
    let domains = my_organization.get("/domains").await.expect(200);
    let providers_of = |domain: &serde_json::Value| {
        format!("/domains/{}/identity-providers", str_field(domain, "id"))
    };
    let of_verified = providers_of(&domains["organization_domains"][0]);
    let found = my_organization.get(&of_verified).await.expect(200);
    assert_eq!(found["identity_providers"].as_array().unwrap().len(), 1);
    let found = my_organization
        .get(&providers_of(&pending))
        .await
        .expect(200);
    assert_eq!(found["identity_providers"], json!([]));
    let one = format!("{path}/northwind.example");
    my_organization.delete(&one).await.expect(204);
    assert_eq!(my_organization.delete(&one).await.status, 404);
}
