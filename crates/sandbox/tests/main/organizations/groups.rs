//! Groups of organizations, and roles that hold by them.

use reqwest::Method;
use serde_json::{Value, json};

use super::{error, operator, plain, text};

fn names(list: &Value) -> Vec<&str> {
    let items = list.as_array().unwrap().iter();
    items.map(|item| item["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn group_has_roles_then_its_people_have_them_too() {
    let sandbox = plain().await;
    let operator = operator(&sandbox, "").await;
    let groups = operator.get(&operator.own("/groups")).await.expect(200);
    assert_eq!(
        names(&groups["groups"]),
        ["Engineering", "Sales", "Operations"]
    );
    let member = &sandbox.organization_member().unwrap().id;
    let effective = operator.own(&format!("/members/{member}/effective-roles"));
    let roles = operator.get(&effective).await.expect(200);
    let roles = roles["roles"].as_array().unwrap();
    assert_eq!(names(&json!(roles)), ["Admin", "Viewer"]);
    assert_eq!(
        (&roles[0]["sources"], &roles[1]["sources"]),
        (&json!(["direct"]), &json!(["groups"]))
    );
    let sources = format!(
        "{effective}/sources/groups?role_id={}",
        text(&roles[1], "id")
    );
    let found = operator.get(&sources).await.expect(200);
    assert_eq!(names(&found["groups"]), ["Engineering"]);
    let without = operator.get(&format!("{effective}/sources/groups")).await;
    assert_eq!(error(&without), (400, "invalid_query_string"));

    let group = operator.own(&format!(
        "/groups/{}/roles",
        text(&groups["groups"][0], "id")
    ));
    let own = operator.get(&group).await.expect(200);
    assert_eq!(names(&own["roles"]), ["Viewer"]);
    let admin = json!({"roles": [roles[0]["id"]]});
    operator.post(&group, admin.clone()).await.expect(204);
    let now = operator.get(&effective).await.expect(200);
    assert_eq!(now["roles"][0]["sources"], json!(["direct", "groups"]));
    operator
        .send(Method::DELETE, &group, Some(admin))
        .await
        .expect(204);
    let now = operator.get(&effective).await.expect(200);
    assert_eq!(now["roles"][0]["sources"], json!(["direct"]));
    let unknown = operator.get(&operator.own("/groups/grp_x/roles")).await;
    assert_eq!(error(&unknown), (404, "inexistent_group"));
    let unknown = operator.post(&group, json!({"roles": ["rol_x"]})).await;
    assert_eq!(error(&unknown), (400, "invalid_body"));
}
