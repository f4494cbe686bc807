//! Client grants of organizations.

use auth0_sandbox::{Application, Sandbox};
use serde_json::json;

use super::{ask, error, operator, start, text};

#[tokio::test]
async fn organization_is_given_a_grant_then_its_machine_may_act_for_it() {
    let sandbox = start(
        Sandbox::builder()
            .application(Application::new("operator", "s3cret"))
            .application(Application::new("robot", "r0bot")),
    )
    .await;
    let operator = operator(&sandbox, "").await;
    let robot = async || {
        let audience = sandbox.my_organization_audience();
        let pairs = [
            ("grant_type", "client_credentials"),
            ("client_id", "robot"),
            ("client_secret", "r0bot"),
            ("audience", audience),
            ("organization", sandbox.organization_id()),
        ];
        sandbox.ask(&pairs).await.status
    };
    assert_eq!(robot().await, 403);
    let path = operator.own("/client-grants");
    // Nothing lists the grants of the tenant, so the sandbox tells.
    let grants = crate::support::reply(sandbox.admin(reqwest::Method::GET, "/client-grants")).await;
    let grants = grants.expect(200);
    let meant = |grant: &&serde_json::Value| {
        grant["client_id"] == "robot" && grant["audience"] == sandbox.my_organization_audience()
    };
    let id = text(grants.as_array().unwrap().iter().find(meant).unwrap(), "id").to_owned();
    let added = operator
        .post(&path, json!({ "grant_id": id }))
        .await
        .expect(201);
    assert_eq!(
        (&added["id"], &added["client_id"]),
        (&json!(id), &json!("robot"))
    );
    assert_eq!(robot().await, 200);
    let again = operator.post(&path, json!({ "grant_id": id })).await;
    assert_eq!(error(&again), (409, "client_grant_conflict"));
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
        let found = operator.get(&format!("{path}{query}")).await.expect(200);
        assert_eq!(found.as_array().unwrap().len(), count, "{query}");
    }
    operator.delete(&format!("{path}/{id}")).await.expect(204);
    assert_eq!(robot().await, 403);
    let gone = operator.delete(&format!("{path}/{id}")).await;
    assert_eq!(error(&gone), (404, "inexistent_client_grant"));
    let unknown = operator.post(&path, json!({"grant_id": "cgr_x"})).await;
    assert_eq!(error(&unknown), (404, "inexistent_client_grant"));
    let answer = ask(&sandbox, &[("audience", sandbox.management_audience())]).await;
    answer.expect(200);
}
