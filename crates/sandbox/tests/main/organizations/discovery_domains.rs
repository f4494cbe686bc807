//! Discovery domains, as the operator has them.

use serde_json::json;

use super::{error, operator, plain, text};

#[tokio::test]
async fn domain_is_created_changed_and_deleted_then_every_way_to_it_agrees() {
    let sandbox = plain().await;
    let operator = operator(&sandbox, "").await;
    let path = operator.own("/discovery-domains");
    let body = json!({"domain": "acme.example", "status": "verified", "use_for_organization_discovery": false});
    let domain = operator.post(&path, body.clone()).await.expect(201);
    assert_eq!(domain["status"], "verified");
    assert_eq!(
        error(&operator.post(&path, body).await),
        (409, "discovery_domain_conflict")
    );
    let by_id = format!("{path}/{}", text(&domain, "id"));
    let by_name = format!("{path}/name/acme.example");
    assert_eq!(operator.get(&by_id).await.expect(200), domain);
    let change = json!({"status": "pending", "use_for_organization_discovery": true});
    let changed = operator.patch(&by_id, change).await.expect(200);
    assert_eq!(
        (
            &changed["status"],
            &changed["use_for_organization_discovery"]
        ),
        (&json!("pending"), &json!(true))
    );
    assert_eq!(operator.get(&by_name).await.expect(200), changed);
    operator.delete(&by_id).await.expect(204);
    for path in [&by_id, &by_name] {
        assert_eq!(
            error(&operator.get(path).await),
            (404, "inexistent_discovery_domain")
        );
    }
    assert_eq!(operator.delete(&by_id).await.status, 404);
    let wrong = json!({"domain": "not a domain"});
    assert_eq!(
        error(&operator.post(&path, wrong).await),
        (400, "invalid_body")
    );
}
