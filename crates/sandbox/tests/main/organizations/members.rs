//! Members and their roles, through both APIs.

use std::time::Duration;

use auth0_sandbox::{Sandbox, User};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    administrator, error_code, error_type, management, my_organization, start, start_default,
    str_field,
};

#[tokio::test]
async fn roles_of_members_require_their_scope() {
    let sandbox = start_default().await;
    for (scope, has_roles) in [
        ("read:my_org:members", false),
        ("read:my_org:members read:my_org:member_roles", true),
    ] {
        let my_organization = my_organization(&sandbox, sandbox.organization_id(), scope).await;
        let members = my_organization.get("/members").await.expect(200);
        let members = members["members"].as_array().unwrap();
        assert_eq!(members.len(), 5);
        assert!(
            members
                .iter()
                .all(|member| member.get("roles").is_some() == has_roles)
        );
    }
    let reader = management(&sandbox, "read:organization_members").await;
    let path = reader.organization_path("/members");
    let members = reader.get(&path).await.expect(200);
    assert!(members[0].get("roles").is_none());
    let rejected = reader.get(&format!("{path}?fields=user_id,roles")).await;
    assert_eq!(error_code(&rejected), (403, "insufficient_scope"));
    let all = management(&sandbox, "").await;
    let members = all
        .get(&format!("{path}?fields=user_id,roles"))
        .await
        .expect(200);
    assert_eq!(members[0]["roles"][0]["name"], "Admin");
    assert_eq!(members[0].as_object().unwrap().len(), 2);
}

#[tokio::test]
async fn role_changes_are_visible_in_both_apis() {
    let sandbox = start_default().await;
    let (my_organization, management) = (
        administrator(&sandbox).await,
        management(&sandbox, "").await,
    );
    let all = my_organization.get("/roles").await.expect(200);
    let ids: Vec<&str> = all["roles"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| str_field(one, "id"))
        .collect();
    let member = &sandbox.organization_member().unwrap().id;
    let path = format!("/members/{member}/roles");
    let own = management.organization_path(&path);
    let count = async || {
        management
            .get(&own)
            .await
            .expect(200)
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(count().await, 1);
    my_organization
        .post(&path, json!({"role_ids": [ids[0], ids[1]]}))
        .await
        .expect(204);
    assert_eq!(count().await, 2);
    management
        .post(&own, json!({"roles": [ids[2]]}))
        .await
        .expect(204);
    let listed = my_organization.get(&path).await.expect(200);
    assert_eq!(listed["roles"].as_array().unwrap().len(), 3);
    let body = Some(json!({"role_ids": [ids[0]]}));
    my_organization
        .send(Method::DELETE, &path, body.clone())
        .await
        .expect(204);
    my_organization
        .post(
            &format!("/members/{member}/unassign-roles"),
            json!({"role_ids": [ids[1]]}),
        )
        .await
        .expect(204);
    management
        .send(Method::DELETE, &own, Some(json!({"roles": [ids[2]]})))
        .await
        .expect(204);
    assert_eq!(count().await, 0);
    // Ten roles are the maximum.
    my_organization
        .post(&path, json!({ "role_ids": ids[..10] }))
        .await
        .expect(204);
    let more = my_organization
        .post(&path, json!({"role_ids": [ids[10]]}))
        .await;
    assert_eq!(error_type(&more), (403, "A0E-403-0001"));
    let more = management.post(&own, json!({"roles": [ids[10]]})).await;
    assert_eq!(error_code(&more), (409, "too_many_roles"));
    assert_eq!(count().await, 10);
    let unknown = json!({"role_ids": ["rol_0000000000000000"]});
    assert_eq!(my_organization.post(&path, unknown).await.status, 404);
    let unknown = management.post(&own, json!({"roles": ["rol_x"]})).await;
    assert_eq!(error_code(&unknown), (400, "invalid_body"));
}

#[tokio::test]
async fn removed_members_stay_people_of_the_tenant() {
    let sandbox = start_default().await;
    let (my_organization, management) = (
        administrator(&sandbox).await,
        management(&sandbox, "").await,
    );
    let all = management.get("/organizations").await.expect(200);
    let other = format!("/organizations/{}/members", str_field(&all[1], "id"));
    let strangers = management.get(&other).await.expect(200);
    let stranger = str_field(&strangers[0], "user_id");
    let own = management.organization_path("/members");
    let member = format!("/members/{stranger}");
    assert_eq!(
        error_type(&my_organization.get(&member).await),
        (404, "A0E-404-0002")
    );
    let body = json!({"members": [stranger, "auth0|nobody"]});
    assert_eq!(
        error_code(&management.post(&own, body).await),
        (400, "invalid_body")
    );
    assert_eq!(my_organization.get(&member).await.status, 404);
    management
        .post(&own, json!({"members": [stranger]}))
        .await
        .expect(204);
    my_organization.get(&member).await.expect(200);
    my_organization
        .post("/delete-memberships", json!({"members": [stranger]}))
        .await
        .expect(204);
    let again = my_organization
        .post("/delete-memberships", json!({"members": [stranger]}))
        .await;
    assert_eq!(again.status, 404);
    let two = json!({"members": [stranger, "auth0|other"]});
    assert_eq!(
        error_type(&my_organization.post("/delete-memberships", two).await),
        (400, "A0E-400-0003")
    );
    assert_eq!(management.get(&other).await.expect(200), strangers);
    let body = Some(json!({"members": [stranger, "auth0|nobody"]}));
    management
        .send(Method::DELETE, &other, body)
        .await
        .expect(204);
    assert_eq!(
        management
            .get(&other)
            .await
            .expect(200)
            .as_array()
            .unwrap()
            .len(),
        4
    );
}

#[tokio::test]
async fn selected_fields_of_a_member_are_returned() {
    let sandbox = start_default().await;
    let my_organization = administrator(&sandbox).await;
    let member = &sandbox.organization_member().unwrap().id;
    let names = async |query: &str| {
        let member = my_organization
            .get(&format!("/members/{member}?{query}"))
            .await
            .expect(200);
        member
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<String>>()
    };
    assert_eq!(names("fields=email,name").await, ["email", "name"]);
    assert_eq!(names("fields=email&include_fields=true").await, ["email"]);
    assert!(
        !names("fields=email&include_fields=false")
            .await
            .contains(&"email".to_owned())
    );
}

#[tokio::test]
async fn delayed_member_list_catches_up_and_affects_one_api_only() {
    let builder = Sandbox::builder().member_list_lag(Duration::from_secs(30));
    let sandbox = start(builder).await;
    let (my_organization, management) = (
        administrator(&sandbox).await,
        management(&sandbox, "").await,
    );
    let path = management.organization_path("/members?include_totals=true");
    let seen = async || {
        let page = management.get(&path).await.expect(200);
        let members: Vec<Value> = page["members"].as_array().unwrap().clone();
        assert_eq!(page["total"], members.len());
        members.len()
    };
    let member = &sandbox.organization_member().unwrap().id;
    let body = Some(json!({"members": [member]}));
    let list = management.organization_path("/members");
    management
        .send(Method::DELETE, &list, body)
        .await
        .expect(204);
    assert_eq!(seen().await, 5);
    assert_eq!(
        my_organization
            .get(&format!("/members/{member}"))
            .await
            .status,
        404
    );
    sandbox.advance(Duration::from_secs(31));
    assert_eq!(seen().await, 4);
    management
        .post(&list, json!({"members": [member]}))
        .await
        .expect(204);
    assert_eq!(seen().await, 4);
    sandbox.advance(Duration::from_secs(31));
    assert_eq!(seen().await, 5);
}

#[tokio::test]
async fn configured_users_are_members_of_the_first_organization_only() {
    let builder = Sandbox::builder().user(User::new("auth0|eve", "eve@x.test", "Eve"));
    let sandbox = start(builder.organization_members(2)).await;
    let management = management(&sandbox, "").await;
    let all = management.get("/organizations").await.expect(200);
    for (place, count) in [(0, 3), (1, 2), (2, 2)] {
        let path = format!("/organizations/{}/members", str_field(&all[place], "id"));
        let members = management.get(&path).await.expect(200);
        assert_eq!(members.as_array().unwrap().len(), count);
        assert_eq!(members.to_string().contains("auth0|eve"), place == 0);
    }
}
