//! Groups of organizations and the roles they grant.

use reqwest::Method;
use serde_json::{Value, json};

use super::{error_code, management, start_default, str_field};

fn names(list: &Value) -> Vec<&str> {
    let items = list.as_array().unwrap().iter();
    items.map(|item| item["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn roles_of_a_group_are_effective_for_its_members() {
    let sandbox = start_default().await;
    let management = management(&sandbox, "").await;
    let groups = management
        .get(&management.organization_path("/groups"))
        .await
        .expect(200);
    assert_eq!(
        names(&groups["groups"]),
        ["Engineering", "Sales", "Operations"]
    );
    let member = &sandbox.organization_member().unwrap().id;
    let effective = management.organization_path(&format!("/members/{member}/effective-roles"));
    let roles = management.get(&effective).await.expect(200);
    let roles = roles["roles"].as_array().unwrap();
    assert_eq!(names(&json!(roles)), ["Admin", "Viewer"]);
    assert_eq!(
        (&roles[0]["sources"], &roles[1]["sources"]),
        (&json!(["direct"]), &json!(["groups"]))
    );
    let sources = format!(
        "{effective}/sources/groups?role_id={}",
        str_field(&roles[1], "id")
    );
    let found = management.get(&sources).await.expect(200);
    assert_eq!(names(&found["groups"]), ["Engineering"]);
    let without = management.get(&format!("{effective}/sources/groups")).await;
    assert_eq!(error_code(&without), (400, "invalid_query_string"));

    let group = management.organization_path(&format!(
        "/groups/{}/roles",
        str_field(&groups["groups"][0], "id")
    ));
    let own = management.get(&group).await.expect(200);
    assert_eq!(names(&own["roles"]), ["Viewer"]);
    let admin = json!({"roles": [roles[0]["id"]]});
    management.post(&group, admin.clone()).await.expect(204);
    let now = management.get(&effective).await.expect(200);
    assert_eq!(now["roles"][0]["sources"], json!(["direct", "groups"]));
    management
        .send(Method::DELETE, &group, Some(admin))
        .await
        .expect(204);
    let now = management.get(&effective).await.expect(200);
    assert_eq!(now["roles"][0]["sources"], json!(["direct"]));
    let unknown = management
        .get(&management.organization_path("/groups/grp_x/roles"))
        .await;
    assert_eq!(error_code(&unknown), (404, "inexistent_group"));
    let unknown = management.post(&group, json!({"roles": ["rol_x"]})).await;
    assert_eq!(error_code(&unknown), (400, "invalid_body"));
}
