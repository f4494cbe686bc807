//! Client grants of organizations.

use auth0_sandbox::{Application, Sandbox};
use serde_json::json;

use super::{error_code, management, request_token, start, str_field};

#[tokio::test]
async fn client_grant_allows_a_machine_to_act_for_the_organization() {
    let sandbox = start(
        Sandbox::builder()
            .application(Application::new("operator", "s3cret"))
            .application(Application::new("robot", "r0bot")),
    )
    .await;
    let management = management(&sandbox, "").await;
    let robot = async || {
        let audience = sandbox.my_organization_audience();
        let pairs = [
            ("grant_type", "client_credentials"),
            ("client_id", "robot"),
            ("client_secret", "r0bot"),
            ("audience", audience),
            ("organization", sandbox.organization_id()),
        ];
        sandbox.request_token(&pairs).await.status
    };
    assert_eq!(robot().await, 403);
    let path = management.organization_path("/client-grants");
    // The APIs do not list the client grants of the tenant; the control API does.
    let grants =
        crate::support::send_request(sandbox.admin(reqwest::Method::GET, "/client-grants")).await;
    let grants = grants.expect(200);
    let is_match = |grant: &&serde_json::Value| {
        grant["client_id"] == "robot" && grant["audience"] == sandbox.my_organization_audience()
    };
    let id = str_field(
        grants.as_array().unwrap().iter().find(is_match).unwrap(),
        "id",
    )
    .to_owned();
    let added = management
        .post(&path, json!({ "grant_id": id }))
        .await
        .expect(201);
    assert_eq!(
        (&added["id"], &added["client_id"]),
        (&json!(id), &json!("robot"))
    );
    assert_eq!(robot().await, 200);
    let again = management.post(&path, json!({ "grant_id": id })).await;
    assert_eq!(error_code(&again), (409, "client_grant_conflict"));
    for (query, count) in [
        (String::new(), 1),
        ("?client_id=robot".to_owned(), 1),
        ("?client_id=other".to_owned(), 0),
        (format!("?grant_ids=x&grant_ids={id}"), 1),
        ("?grant_ids=x".to_owned(), 0),
        (
            format!("?audience={}", sandbox.my_organization_audience()),
            1,
        ),
    ] {
        let found = management.get(&format!("{path}{query}")).await.expect(200);
        assert_eq!(found.as_array().unwrap().len(), count, "{query}");
    }
    management.delete(&format!("{path}/{id}")).await.expect(204);
    assert_eq!(robot().await, 403);
    let gone = management.delete(&format!("{path}/{id}")).await;
    assert_eq!(error_code(&gone), (404, "inexistent_client_grant"));
    let unknown = management.post(&path, json!({"grant_id": "cgr_x"})).await;
    assert_eq!(error_code(&unknown), (404, "inexistent_client_grant"));
    let response = request_token(&sandbox, &[("audience", sandbox.management_audience())]).await;
    response.expect(200);
}
