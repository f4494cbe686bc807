//! Invitations to organizations, through both APIs.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    ApiClient, administrator, error_code, error_type, management, start_default, str_field,
};

async fn role(my_organization: &ApiClient<'_>, name: &str) -> String {
    let roles = my_organization
        .get(&format!("/roles?name={name}"))
        .await
        .expect(200);
    str_field(&roles["roles"][0], "id").to_owned()
}

#[tokio::test]
async fn bulk_invitation_returns_an_array_and_acceptance_adds_members() {
    let sandbox = start_default().await;
    let my_organization = administrator(&sandbox).await;
    let viewer = role(&my_organization, "Viewer").await;
    let body = json!({
        "invitees": [{"email": "a@x.test", "roles": [viewer]}, {"email": "b@x.test"}],
        "inviter": {"name": "Ada"},
        "ttl_sec": 60,
    });
    let invited = my_organization
        .post("/member-invitations", body)
        .await
        .expect(201);
    let invited = invited.as_array().unwrap();
    assert_eq!(invited.len(), 2);
    assert_eq!(
        (&invited[0]["roles"], &invited[1]["roles"]),
        (&json!([viewer]), &json!([]))
    );
    let id = str_field(&invited[0], "id");
    let roles = my_organization
        .get(&format!("/member-invitations/{id}/roles"))
        .await
        .expect(200);
    assert_eq!(roles["roles"][0]["name"], "Viewer");
    let user = sandbox.accept_organization_invitation(id).unwrap();
    assert_eq!(user.email, "a@x.test");
    sandbox.accept_organization_invitation(id).unwrap_err();
    let member = my_organization
        .get(&format!("/members/{}", user.id))
        .await
        .expect(200);
    assert_eq!(member["email"], "a@x.test");
    let roles = my_organization
        .get(&format!("/members/{}/roles", user.id))
        .await
        .expect(200);
    assert_eq!(roles["roles"][0]["id"], viewer);
    let path = format!("/invitations/{}/accept", str_field(&invited[1], "id"));
    let accepted = crate::support::send_request(sandbox.admin(Method::POST, &path))
        .await
        .expect(200);
    assert_eq!(accepted["organization_id"], sandbox.organization_id());
    assert_eq!(
        my_organization.get("/member-invitations").await.expect(200)["invitations"],
        json!([])
    );
}

#[tokio::test]
async fn second_invitation_replaces_the_first() {
    let sandbox = start_default().await;
    let my_organization = administrator(&sandbox).await;
    let management = management(&sandbox, "").await;
    let body = json!({"invitees": [{"email": "a@x.test"}]});
    let first = my_organization
        .post("/member-invitations", body)
        .await
        .expect(201)[0]
        .clone();
    let body =
        json!({"client_id": "c", "inviter": {"name": "Ada"}, "invitee": {"email": "A@x.test"}});
    let second = management
        .post(&management.organization_path("/invitations"), body)
        .await
        .expect(200);
    let listed = my_organization.get("/member-invitations").await.expect(200);
    let listed: Vec<&Value> = listed["invitations"].as_array().unwrap().iter().collect();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["id"], second["id"]);
    let gone = my_organization
        .get(&format!("/member-invitations/{}", str_field(&first, "id")))
        .await;
    assert_eq!(error_type(&gone), (404, "A0E-404-0002"));
    sandbox
        .accept_organization_invitation(str_field(&first, "id"))
        .unwrap_err();
}

#[tokio::test]
async fn invitation_with_unknown_references_is_rejected() {
    let sandbox = start_default().await;
    let my_organization = administrator(&sandbox).await;
    let eleven: Vec<Value> = (0..11)
        .map(|n| json!({"email": format!("{n}@x.test")}))
        .collect();
    let other = json!([{"email": "b@x.test", "roles": ["rol_0000000000000000"]}]);
    for (body, status) in [
        (json!({ "invitees": eleven }), 400),
        (json!({"invitees": []}), 400),
        (json!({"invitees": [{"email": "nobody"}]}), 400),
        (json!({ "invitees": other }), 404),
        (
            json!({"invitees": [{"email": "b@x.test"}], "identity_provider_id": "con_0000000000000000"}),
            404,
        ),
    ] {
        assert_eq!(
            my_organization
                .post("/member-invitations", body.clone())
                .await
                .status,
            status,
            "{body}"
        );
    }
    assert_eq!(
        my_organization.get("/member-invitations").await.expect(200)["invitations"],
        json!([])
    );
    let management = management(&sandbox, "").await;
    let path = management.organization_path("/invitations");
    let valid =
        json!({"client_id": "c", "inviter": {"name": "Ada"}, "invitee": {"email": "a@x.test"}});
    for (name, value) in [
        ("connection_id", json!("con_0000000000000000")),
        ("roles", json!(["rol_0000000000000000"])),
        ("invitee", json!({"email": "nobody"})),
        ("ttl_sec", json!(2_592_001)),
    ] {
        let mut body = valid.clone();
        body[name] = value;
        assert_eq!(
            error_code(&management.post(&path, body).await),
            (400, "invalid_body"),
            "{name}"
        );
    }
}

#[tokio::test]
async fn expired_invitation_cannot_be_accepted() {
    let sandbox = start_default().await;
    let my_organization = administrator(&sandbox).await;
    for (ttl, wait, is_late) in [(60, 59, false), (60, 60, true), (0, 604_799, false)] {
        let body = json!({"invitees": [{"email": "a@x.test"}], "ttl_sec": ttl});
        let invited = my_organization.post("/member-invitations", body).await;
        // The access token may have expired.
        if invited.status == 401 {
            return assert!(ttl == 0);
        }
        let id = str_field(&invited.expect(201)[0], "id").to_owned();
        sandbox.advance(Duration::from_secs(wait));
        assert_eq!(
            sandbox.accept_organization_invitation(&id).is_err(),
            is_late,
            "{ttl} {wait}"
        );
    }
}

#[tokio::test]
async fn listed_invitations_follow_sort_fields_and_page_size() {
    let sandbox = start_default().await;
    let my_organization = administrator(&sandbox).await;
    let invitees: Vec<Value> = (0..5)
        .map(|n| json!({"email": format!("{n}@x.test")}))
        .collect();
    let body = json!({ "invitees": invitees });
    my_organization
        .post("/member-invitations", body)
        .await
        .expect(201);
    for (sort, expected) in [
        ("", ["4", "3", "2", "1", "0"]),
        ("&sort=created_at:-1", ["4", "3", "2", "1", "0"]),
        ("&sort=created_at:1", ["0", "1", "2", "3", "4"]),
    ] {
        let path = format!("/member-invitations?take=2&fields=invitee,id{sort}");
        let (items, pages) = my_organization.list_all(&path, "invitations").await;
        let names: Vec<&str> = items
            .iter()
            .map(|item| &str_field(&item["invitee"], "email")[..1])
            .collect();
        assert_eq!(
            (names.as_slice(), pages),
            (expected.as_slice(), 3),
            "{sort}"
        );
        assert!(
            items
                .iter()
                .all(|item| item.as_object().unwrap().len() == 2)
        );
    }
    let without = my_organization
        .get("/member-invitations?fields=roles&include_fields=false")
        .await;
    let without = without.expect(200)["invitations"][0].clone();
    assert!(without.get("roles").is_none() && without.get("id").is_some());
    assert_eq!(
        error_type(
            &my_organization
                .get("/member-invitations?fields=secret")
                .await
        )
        .0,
        400
    );
    let management = management(&sandbox, "").await;
    let path = management
        .organization_path("/invitations?per_page=2&page=1&include_totals=true&fields=id");
    let page = management.get(&path).await.expect(200);
    assert_eq!(
        (&page["start"], &page["limit"], page.get("total")),
        (&json!(2), &json!(2), None)
    );
    assert_eq!(page["invitations"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn invitations_can_be_revoked_individually_and_in_bulk() {
    let sandbox = start_default().await;
    let my_organization = administrator(&sandbox).await;
    let invitees: Vec<Value> = (0..4)
        .map(|n| json!({"email": format!("{n}@x.test")}))
        .collect();
    let body = json!({ "invitees": invitees });
    let invited = my_organization
        .post("/member-invitations", body)
        .await
        .expect(201);
    let id = |place: usize| str_field(&invited[place], "id").to_owned();
    my_organization
        .delete(&format!("/member-invitations/{}", id(0)))
        .await
        .expect(204);
    // An unknown invitation leaves the others unchanged.
    let invalid = json!({"invitations": [id(1), id(0)]});
    assert_eq!(
        my_organization
            .post("/delete-member-invitations", invalid)
            .await
            .status,
        404
    );
    let valid = json!({"invitations": [id(1), id(2)]});
    my_organization
        .post("/delete-member-invitations", valid)
        .await
        .expect(204);
    let management = management(&sandbox, "").await;
    let path = management.organization_path(&format!("/invitations/{}", id(3)));
    management.delete(&path).await.expect(204);
    assert_eq!(
        error_code(&management.delete(&path).await),
        (404, "inexistent_invitation")
    );
    assert_eq!(
        my_organization.get("/member-invitations").await.expect(200)["invitations"],
        json!([])
    );
}
