//! Discovery domains in the Management API.

use serde_json::json;

use super::{error_code, management, start_default, str_field};

#[tokio::test]
async fn discovery_domain_is_consistent_by_id_and_name() {
    let sandbox = start_default().await;
    let management = management(&sandbox, "").await;
    let path = management.organization_path("/discovery-domains");
    let body = json!({"domain": "acme.example", "status": "verified", "use_for_organization_discovery": false});
    let domain = management.post(&path, body.clone()).await.expect(201);
    assert_eq!(domain["status"], "verified");
    assert_eq!(
        error_code(&management.post(&path, body).await),
        (409, "discovery_domain_conflict")
    );
    let by_id = format!("{path}/{}", str_field(&domain, "id"));
    let by_name = format!("{path}/name/acme.example");
    assert_eq!(management.get(&by_id).await.expect(200), domain);
    let change = json!({"status": "pending", "use_for_organization_discovery": true});
    let changed = management.patch(&by_id, change).await.expect(200);
    assert_eq!(
        (
            &changed["status"],
            &changed["use_for_organization_discovery"]
        ),
        (&json!("pending"), &json!(true))
    );
    assert_eq!(management.get(&by_name).await.expect(200), changed);
    management.delete(&by_id).await.expect(204);
    for path in [&by_id, &by_name] {
        assert_eq!(
            error_code(&management.get(path).await),
            (404, "inexistent_discovery_domain")
        );
    }
    assert_eq!(management.delete(&by_id).await.status, 404);
    let invalid = json!({"domain": "not a domain"});
    assert_eq!(
        error_code(&management.post(&path, invalid).await),
        (400, "invalid_body")
    );
}
