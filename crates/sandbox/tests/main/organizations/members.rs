//! Members and their roles, from both sides.

use std::time::Duration;

use auth0_sandbox::{Sandbox, User};
use reqwest::Method;
use serde_json::{Value, json};

use super::{administrator, code, error, inside, operator, plain, start, text};

#[tokio::test]
async fn token_may_not_read_roles_then_members_are_listed_without_them() {
    let sandbox = plain().await;
    for (scope, has_roles) in [
        ("read:my_org:members", false),
        ("read:my_org:members read:my_org:member_roles", true),
    ] {
        let inside = inside(&sandbox, sandbox.organization_id(), scope).await;
        let members = inside.get("/members").await.expect(200);
        let members = members["members"].as_array().unwrap();
        assert_eq!(members.len(), 5);
        assert!(
            members
                .iter()
                .all(|member| member.get("roles").is_some() == has_roles)
        );
    }
    let reader = operator(&sandbox, "read:organization_members").await;
    let path = reader.own("/members");
    let members = reader.get(&path).await.expect(200);
    assert!(members[0].get("roles").is_none());
    let refused = reader.get(&format!("{path}?fields=user_id,roles")).await;
    assert_eq!(error(&refused), (403, "insufficient_scope"));
    let all = operator(&sandbox, "").await;
    let members = all
        .get(&format!("{path}?fields=user_id,roles"))
        .await
        .expect(200);
    assert_eq!(members[0]["roles"][0]["name"], "Admin");
    assert_eq!(members[0].as_object().unwrap().len(), 2);
}

#[tokio::test]
async fn roles_are_given_and_taken_then_both_sides_show_it() {
    let sandbox = plain().await;
    let (inside, operator) = (administrator(&sandbox).await, operator(&sandbox, "").await);
    let all = inside.get("/roles").await.expect(200);
    let ids: Vec<&str> = all["roles"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| text(one, "id"))
        .collect();
    let member = &sandbox.organization_member().unwrap().id;
    let path = format!("/members/{member}/roles");
    let own = operator.own(&path);
    let count = async || {
        operator
            .get(&own)
            .await
            .expect(200)
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(count().await, 1);
    inside
        .post(&path, json!({"role_ids": [ids[0], ids[1]]}))
        .await
        .expect(204);
    assert_eq!(count().await, 2);
    operator
        .post(&own, json!({"roles": [ids[2]]}))
        .await
        .expect(204);
    let listed = inside.get(&path).await.expect(200);
    assert_eq!(listed["roles"].as_array().unwrap().len(), 3);
    let body = Some(json!({"role_ids": [ids[0]]}));
    inside
        .send(Method::DELETE, &path, body.clone())
        .await
        .expect(204);
    inside
        .post(
            &format!("/members/{member}/unassign-roles"),
            json!({"role_ids": [ids[1]]}),
        )
        .await
        .expect(204);
    operator
        .send(Method::DELETE, &own, Some(json!({"roles": [ids[2]]})))
        .await
        .expect(204);
    assert_eq!(count().await, 0);
    // Ten is as many as there can be.
    inside
        .post(&path, json!({ "role_ids": ids[..10] }))
        .await
        .expect(204);
    let more = inside.post(&path, json!({"role_ids": [ids[10]]})).await;
    assert_eq!(code(&more), (403, "A0E-403-0001"));
    let more = operator.post(&own, json!({"roles": [ids[10]]})).await;
    assert_eq!(error(&more), (409, "too_many_roles"));
    assert_eq!(count().await, 10);
    let unknown = json!({"role_ids": ["rol_0000000000000000"]});
    assert_eq!(inside.post(&path, unknown).await.status, 404);
    let unknown = operator.post(&own, json!({"roles": ["rol_x"]})).await;
    assert_eq!(error(&unknown), (400, "invalid_body"));
}

#[tokio::test]
async fn members_are_added_and_removed_then_they_are_people_of_the_tenant_all_the_same() {
    let sandbox = plain().await;
    let (inside, operator) = (administrator(&sandbox).await, operator(&sandbox, "").await);
    let all = operator.get("/organizations").await.expect(200);
    let other = format!("/organizations/{}/members", text(&all[1], "id"));
    let strangers = operator.get(&other).await.expect(200);
    let stranger = text(&strangers[0], "user_id");
    let own = operator.own("/members");
    let member = format!("/members/{stranger}");
    assert_eq!(code(&inside.get(&member).await), (404, "A0E-404-0002"));
    let body = json!({"members": [stranger, "auth0|nobody"]});
    assert_eq!(
        error(&operator.post(&own, body).await),
        (400, "invalid_body")
    );
    assert_eq!(inside.get(&member).await.status, 404);
    operator
        .post(&own, json!({"members": [stranger]}))
        .await
        .expect(204);
    inside.get(&member).await.expect(200);
    inside
        .post("/delete-memberships", json!({"members": [stranger]}))
        .await
        .expect(204);
    let again = inside
        .post("/delete-memberships", json!({"members": [stranger]}))
        .await;
    assert_eq!(again.status, 404);
    let two = json!({"members": [stranger, "auth0|other"]});
    assert_eq!(
        code(&inside.post("/delete-memberships", two).await),
        (400, "A0E-400-0003")
    );
    assert_eq!(operator.get(&other).await.expect(200), strangers);
    let body = Some(json!({"members": [stranger, "auth0|nobody"]}));
    operator
        .send(Method::DELETE, &other, body)
        .await
        .expect(204);
    assert_eq!(
        operator
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
async fn member_is_chosen_fields_of_then_only_those_are_shown() {
    let sandbox = plain().await;
    let inside = administrator(&sandbox).await;
    let member = &sandbox.organization_member().unwrap().id;
    let names = async |query: &str| {
        let member = inside
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
async fn member_list_is_behind_then_it_catches_up_and_the_other_side_is_never_behind() {
    let builder = Sandbox::builder().member_list_lag(Duration::from_secs(30));
    let sandbox = start(builder).await;
    let (inside, operator) = (administrator(&sandbox).await, operator(&sandbox, "").await);
    let path = operator.own("/members?include_totals=true");
    let seen = async || {
        let page = operator.get(&path).await.expect(200);
        let members: Vec<Value> = page["members"].as_array().unwrap().clone();
        assert_eq!(page["total"], members.len());
        members.len()
    };
    let member = &sandbox.organization_member().unwrap().id;
    let body = Some(json!({"members": [member]}));
    let list = operator.own("/members");
    operator.send(Method::DELETE, &list, body).await.expect(204);
    assert_eq!(seen().await, 5);
    assert_eq!(inside.get(&format!("/members/{member}")).await.status, 404);
    sandbox.advance(Duration::from_secs(31));
    assert_eq!(seen().await, 4);
    operator
        .post(&list, json!({"members": [member]}))
        .await
        .expect(204);
    assert_eq!(seen().await, 4);
    sandbox.advance(Duration::from_secs(31));
    assert_eq!(seen().await, 5);
}

#[tokio::test]
async fn users_are_set_then_they_are_members_of_the_first_organization_only() {
    let builder = Sandbox::builder().user(User::new("auth0|eve", "eve@x.test", "Eve"));
    let sandbox = start(builder.organization_members(2)).await;
    let operator = operator(&sandbox, "").await;
    let all = operator.get("/organizations").await.expect(200);
    for (place, count) in [(0, 3), (1, 2), (2, 2)] {
        let path = format!("/organizations/{}/members", text(&all[place], "id"));
        let members = operator.get(&path).await.expect(200);
        assert_eq!(members.as_array().unwrap().len(), count);
        assert_eq!(members.to_string().contains("auth0|eve"), place == 0);
    }
}
