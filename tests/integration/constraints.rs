//! A request that violates a documented constraint is rejected before it is sent, with field and rule. A request at the
//! limits of the constraints is sent.

use auth0_core::BoxFuture;
use auth0_teams::types::*;
use auth0_teams::uuid::Uuid;
use auth0_teams::{Client, Error, Open};
use serde_json::{Value, json};
use wiremock::Request;

use crate::bodies::{changed_access, invitation, new_access, private_cloud, public_cloud};
use crate::samples::*;
use crate::support::*;

const APPS: TenantMemberRoleEnum = TenantMemberRoleEnum::EditorSpecificApps;
const OWNER: TenantMemberRoleEnum = TenantMemberRoleEnum::Owner;

type CallFuture = BoxFuture<'static, Result<(), Error>>;

/// Erases the type of any call.
fn call<T, C>(call: C) -> CallFuture
where
    C: IntoFuture<Output = Result<T, Error>, IntoFuture: Send> + Send + 'static,
{
    Box::pin(async move { call.await.map(drop) })
}

/// Asserts that the call fails with the violations `expected` and that nothing is sent.
async fn assert_rejected(calling: impl FnOnce(Client) -> CallFuture, expected: &[&str]) {
    let server = mock_server_json(400, problem(400)).await;
    let error = calling(client(&server)).await.unwrap_err();
    assert!(error.is_invalid_request(), "{error:?}");
    let violations: Vec<_> = error.violations().iter().map(ToString::to_string).collect();
    assert_eq!(violations, expected);
    for violation in error.violations() {
        assert!(
            error.to_string().contains(&violation.to_string()),
            "{error}"
        );
    }
    assert!(
        error
            .client_method()
            .is_some_and(|method| error.to_string().starts_with(method)),
        "{error}"
    );
    assert_eq!(error.status(), None);
    assert_eq!(
        requests(&server).await.len(),
        0,
        "a rejected request was sent"
    );
}

/// Returns the request that the call sends.
async fn sent(calling: impl FnOnce(Client) -> CallFuture) -> Request {
    let server = mock_server_json(400, problem(400)).await;
    let error = calling(client(&server)).await.unwrap_err();
    assert!(error.is_status(), "{error}");
    only_request(&server).await
}

/// Returns the body that the call sends.
async fn sent_body(calling: impl FnOnce(Client) -> CallFuture) -> Value {
    sent(calling).await.body_json().unwrap()
}

fn some_tenants(count: u128) -> Vec<Uuid> {
    (0..count).map(Uuid::from_u128).collect()
}

fn add(
    roles: &[TenantMemberRoleEnum],
    tenants: u128,
    client_ids: Option<&[&str]>,
) -> impl FnOnce(Client) -> CallFuture {
    let mut body = new_access(roles.to_vec(), some_tenants(tenants));
    body.client_ids = client_ids.map(|ids| ids.iter().map(ToString::to_string).collect());
    |teams| call(teams.members().tenants().create(MEMBER_ID, body))
}

fn change(
    roles: &[TenantMemberRoleEnum],
    tenants: u128,
    client_ids: Option<&[&str]>,
) -> impl FnOnce(Client) -> CallFuture {
    let mut body = changed_access(roles.to_vec(), some_tenants(tenants));
    body.client_ids = client_ids.map(|ids| ids.iter().map(ToString::to_string).collect());
    |teams| call(teams.members().tenants().update(MEMBER_ID, body))
}

fn remove(tenants: u128) -> impl FnOnce(Client) -> CallFuture {
    let body = DeleteMembersTenantsRequestContent::with_tenants(some_tenants(tenants));
    |teams| call(teams.members().tenants().remove(MEMBER_ID, body))
}

fn invite(body: InviteMembersRequestContent) -> impl FnOnce(Client) -> CallFuture {
    |teams| call(teams.members().invite(body))
}

fn contributor() -> InviteMembersRequestContent {
    invitation("ada@example.com", TeamMemberRoleEnum::TeamsContributor)
}

fn create(body: impl Into<CreateTenantsRequestContent>) -> impl FnOnce(Client) -> CallFuture {
    let body = body.into();
    |teams| call(teams.tenants().create(body))
}

fn named(name: &str) -> PublicCloudPayload {
    public_cloud("ada@example.com", "us").tenant_name(name)
}

#[tokio::test]
async fn zero_or_eleven_tenants_then_bulk_calls_are_rejected() {
    let none: &[&str] = &["tenants: 0 items, expected at least 1"];
    let eleven: &[&str] = &["tenants: 11 items, expected at most 10"];
    for (count, expected) in [(0, none), (11, eleven)] {
        assert_rejected(add(&[OWNER], count, None), expected).await;
        assert_rejected(change(&[OWNER], count, None), expected).await;
        assert_rejected(remove(count), expected).await;
    }
}

#[tokio::test]
async fn one_or_ten_tenants_then_bulk_calls_are_sent() {
    for count in [1, 10] {
        for calling in [
            Box::new(add(&[OWNER], count, None)) as Box<dyn FnOnce(Client) -> CallFuture>,
            Box::new(change(&[OWNER], count, None)),
            Box::new(remove(count)),
        ] {
            let body = sent_body(calling).await;
            assert_eq!(body["tenants"].as_array().unwrap().len() as u128, count);
        }
    }
}

#[tokio::test]
async fn roles_are_empty_then_put_is_rejected_and_patch_is_sent() {
    assert_rejected(add(&[], 1, None), &["roles: 0 items, expected at least 1"]).await;
    assert_eq!(sent_body(change(&[], 1, None)).await["roles"], json!([]));
}

#[tokio::test]
async fn client_ids_without_their_role_then_bulk_calls_are_rejected() {
    let expected: &[&str] = &["roles: client_ids goes only with the role editor-specific-apps"];
    assert_rejected(add(&[OWNER], 1, Some(&["client-1"])), expected).await;
    assert_rejected(change(&[OWNER], 1, Some(&["client-1"])), expected).await;
}

#[tokio::test]
async fn role_for_apps_without_client_ids_then_the_call_is_rejected() {
    let expected: &[&str] =
        &["client_ids: the role editor-specific-apps needs at least one application in client_ids"];
    for client_ids in [None, Some(&[][..])] {
        assert_rejected(add(&[OWNER, APPS], 1, client_ids), expected).await;
        assert_rejected(change(&[OWNER, APPS], 1, client_ids), expected).await;
    }
    assert_rejected(invite(contributor().tenant_roles([APPS])), expected).await;
}

#[tokio::test]
async fn role_for_apps_is_given_as_an_undocumented_value_then_the_rule_still_applies() {
    let body = new_access([Open::other("editor-specific-apps")], [tenant_id()]);
    assert_rejected(
        |teams| call(teams.members().tenants().create(MEMBER_ID, body)),
        &["client_ids: the role editor-specific-apps needs at least one application in client_ids"],
    )
    .await;
}

#[tokio::test]
async fn client_ids_with_two_tenants_then_patch_is_rejected_and_put_is_sent() {
    assert_rejected(
        change(&[APPS], 2, Some(&["client-1"])),
        &["tenants: `tenants` must have at most 1 item when `client_ids` has at least 1 item"],
    )
    .await;
    let body = sent_body(add(&[APPS], 2, Some(&["client-1"]))).await;
    assert_eq!(body["client_ids"], json!(["client-1"]));
}

#[tokio::test]
async fn client_id_is_too_short_too_long_or_malformed_then_the_error_names_the_item() {
    let long = "a".repeat(51);
    let pattern = "does not match ^([0-9a-zA-Z-_@\\.~]{5,64})$";
    for (id, expected) in [
        (
            "abcd",
            vec![
                "4 characters, expected at least 5".to_owned(),
                pattern.to_owned(),
            ],
        ),
        (&long, vec!["51 characters, expected at most 50".to_owned()]),
        ("abc def", vec![pattern.to_owned()]),
        ("abcdefü", vec![pattern.to_owned()]),
        ("client-1\n", vec![pattern.to_owned()]),
    ] {
        let expected: Vec<_> = expected
            .iter()
            .map(|rule| format!("client_ids[1]: {rule}"))
            .collect();
        let expected: Vec<_> = expected.iter().map(String::as_str).collect();
        assert_rejected(add(&[APPS], 1, Some(&["client-1", id])), &expected).await;
        assert_rejected(change(&[APPS], 1, Some(&["client-1", id])), &expected).await;
        assert_rejected(
            invite(contributor().client_ids(["client-1", id])),
            &expected,
        )
        .await;
    }
}

#[tokio::test]
async fn client_id_has_five_or_fifty_characters_then_the_call_is_sent() {
    for id in ["a-_@.", "~abcd", &"a".repeat(50)] {
        let body = sent_body(add(&[APPS], 1, Some(&[id]))).await;
        assert_eq!(body["client_ids"], json!([id]));
    }
}

#[tokio::test]
async fn tenant_name_violates_a_rule_then_both_payloads_are_rejected() {
    let pattern = "tenant_name: does not match ^[a-z0-9][-a-z0-9]{1,62}[a-z0-9]$";
    let long = "a".repeat(64);
    for (name, expected) in [
        (
            "",
            vec!["tenant_name: 0 characters, expected at least 3", pattern],
        ),
        (
            "ab",
            vec!["tenant_name: 2 characters, expected at least 3", pattern],
        ),
        (
            &long,
            vec!["tenant_name: 64 characters, expected at most 63"],
        ),
        ("-acme", vec![pattern]),
        ("acme-", vec![pattern]),
        ("Acme", vec![pattern]),
        ("acme dev", vec![pattern]),
        ("acme\n", vec![pattern]),
        ("äcme", vec![pattern]),
    ] {
        assert_rejected(create(named(name)), &expected).await;
        let private = private_cloud("ada@example.com", "acme").tenant_name(name);
        assert_rejected(create(private), &expected).await;
    }
}

#[tokio::test]
async fn tenant_name_has_three_or_sixty_three_characters_then_it_is_sent() {
    for name in ["abc", "0-9", &"a".repeat(63)] {
        assert_eq!(sent_body(create(named(name))).await["tenant_name"], name);
    }
}

#[tokio::test]
async fn locality_is_too_short_or_too_long_then_creation_is_rejected() {
    for (locality, expected) in [
        ("u", "locality: 1 character, expected at least 2"),
        ("us-001", "locality: 6 characters, expected at most 5"),
    ] {
        assert_rejected(
            create(public_cloud("ada@example.com", locality)),
            &[expected],
        )
        .await;
    }
}

#[tokio::test]
async fn environment_violates_a_rule_then_creation_in_a_private_cloud_is_rejected() {
    let pattern = "environment: does not match ^[a-z]([-]?[a-z0-9])*$";
    let long = "a".repeat(33);
    for (environment, expected) in [
        (
            "",
            vec!["environment: 0 characters, expected at least 1", pattern],
        ),
        (
            &long,
            vec!["environment: 33 characters, expected at most 32"],
        ),
        ("1acme", vec![pattern]),
        ("acme--dev", vec![pattern]),
        ("acme-", vec![pattern]),
    ] {
        let body = private_cloud("ada@example.com", environment);
        assert_rejected(create(body), &expected).await;
    }
    let body = private_cloud("ada@example.com", "a".repeat(32));
    assert_eq!(sent_body(create(body)).await["environment"], "a".repeat(32));
}

#[tokio::test]
async fn several_rules_are_violated_then_one_error_names_all() {
    let body = public_cloud("ada@example.com", "u").tenant_name("-acme");
    assert_rejected(
        create(body),
        &[
            "locality: 1 character, expected at least 2",
            "tenant_name: does not match ^[a-z0-9][-a-z0-9]{1,62}[a-z0-9]$",
        ],
    )
    .await;
}

#[tokio::test]
async fn take_is_out_of_bounds_then_every_listing_is_rejected() {
    for (take, expected) in [
        (0, "take: too small, expected at least 1"),
        (-1, "take: too small, expected at least 1"),
        (51, "take: too large, expected at most 50"),
    ] {
        assert_rejected(
            move |teams| call(teams.members().list().take(take)),
            &[expected],
        )
        .await;
        assert_rejected(
            move |teams| call(teams.tenants().list().take(take)),
            &[expected],
        )
        .await;
        assert_rejected(
            move |teams| call(teams.activity().list().take(take)),
            &[expected],
        )
        .await;
        assert_rejected(
            move |teams| call(teams.tenants().members().list(tenant_id()).take(take)),
            &[expected],
        )
        .await;
    }
}

#[tokio::test]
async fn take_is_out_of_bounds_then_a_stream_fails_at_its_first_item() {
    let server = mock_server_json(200, json!({"members": []})).await;
    let mut members = client(&server).members().list().take(51).stream();
    let error = members.try_next().await.unwrap_err();
    assert!(error.is_invalid_request(), "{error:?}");
    assert!(members.try_next().await.unwrap().is_none());
    assert_eq!(requests(&server).await.len(), 0);
}

#[tokio::test]
async fn sort_is_not_a_documented_order_then_the_listing_is_rejected() {
    for sort in [
        "",
        "created_at",
        "created_at:2",
        "name:1",
        "created_at:1\n",
        " created_at:1",
        "created_at:-11",
    ] {
        assert_rejected(
            move |teams| call(teams.tenants().list().sort(sort)),
            &["sort: does not match ^created_at:(1|-1)$"],
        )
        .await;
    }
    let request = sent(|teams| call(teams.tenants().list().sort("created_at:-1"))).await;
    assert_eq!(request.url.query(), Some("sort=created_at%3A-1"));
}

#[tokio::test]
async fn filter_is_empty_then_the_listing_is_rejected() {
    assert_rejected(
        |teams| call(teams.tenants().list().environment("").locality("")),
        &[
            "environment: 0 characters, expected at least 1",
            "locality: 0 characters, expected at least 1",
        ],
    )
    .await;
}

#[tokio::test]
async fn id_is_empty_or_dots_then_no_operation_sends_it() {
    for (id, rule) in [
        ("", "empty, expected an id"),
        (".", "`.` is not allowed in a path, expected an id"),
        ("..", "`..` is not allowed in a path, expected an id"),
    ] {
        let member = format!("id: {rule}");
        let member = [member.as_str()];
        assert_rejected(|teams| call(teams.members().get(id)), &member).await;
        assert_rejected(|teams| call(teams.members().delete(id)), &member).await;
        let role = UpdateMembersRequestContent::with_role(TeamMemberRoleEnum::TeamsOwner);
        assert_rejected(|teams| call(teams.members().update(id, role)), &member).await;
        assert_rejected(
            |teams| call(teams.members().tenants().list(id, "US-3")),
            &member,
        )
        .await;
        let body = new_access([OWNER], [tenant_id()]);
        assert_rejected(
            |teams| call(teams.members().tenants().create(id, body)),
            &member,
        )
        .await;
        let body = changed_access([OWNER], [tenant_id()]);
        assert_rejected(
            |teams| call(teams.members().tenants().update(id, body)),
            &member,
        )
        .await;
        let body = DeleteMembersTenantsRequestContent::with_tenants([tenant_id()]);
        assert_rejected(
            |teams| call(teams.members().tenants().remove(id, body)),
            &member,
        )
        .await;

        let tenant = format!("tenantId: {rule}");
        let tenant = [tenant.as_str()];
        assert_rejected(|teams| call(teams.tenants().get(Open::other(id))), &tenant).await;
        assert_rejected(
            |teams| call(teams.tenants().delete(Open::other(id))),
            &tenant,
        )
        .await;
        assert_rejected(
            |teams| call(teams.tenants().members().list(Open::other(id))),
            &tenant,
        )
        .await;
    }
}

#[tokio::test]
async fn environment_in_a_path_is_dots_then_it_is_not_sent() {
    assert_rejected(
        |teams| call(teams.members().tenants().list(MEMBER_ID, "..")),
        &["environment: `..` is not allowed in a path, expected an id"],
    )
    .await;
}

#[tokio::test]
async fn id_resembles_a_path_then_it_stays_one_segment() {
    for (id, segment) in [
        ("%2e%2e", "%252e%252e"),
        ("../tenants", "..%2Ftenants"),
        ("..\\tenants", "..%5Ctenants"),
        ("a?b#c", "a%3Fb%23c"),
        ("...", "..."),
        (".\t.", ".%09."),
        (" ..", "%20.."),
    ] {
        let request = sent(move |teams| call(teams.members().delete(id))).await;
        assert_eq!(request.url.path(), format!("/api/members/{segment}"));
    }
}

#[tokio::test]
async fn list_is_set_to_empty_then_an_empty_list_is_sent() {
    let body = sent_body(invite(contributor().tenant_ids(Vec::<Uuid>::new()))).await;
    assert_eq!(
        body,
        json!({"email": "ada@example.com", "role": "teams_contributor", "tenant_ids": []})
    );
}

#[tokio::test]
async fn optional_fields_are_left_out_then_they_stay_absent() {
    let body = sent_body(create(public_cloud("ada@example.com", "us"))).await;
    assert_eq!(
        body,
        json!({"admin_email": "ada@example.com", "locality": "us"})
    );
    let request = sent(|teams| call(teams.tenants().list())).await;
    assert_eq!(request.url.query(), None);
}

#[tokio::test]
async fn undocumented_value_is_marked_as_such_then_it_is_sent() {
    let body = invitation("ada@example.com", Open::other("teams_janitor"))
        .tenant_roles([Open::from(OWNER), Open::other("viewer-logs")]);
    let body = sent_body(invite(body)).await;
    assert_eq!(body["role"], "teams_janitor");
    assert_eq!(body["tenant_roles"], json!(["owner", "viewer-logs"]));

    let request = sent(|teams| {
        call(
            teams
                .activity()
                .list()
                .type_(Open::other("Billing & more"))
                .status(Open::other("Skipped")),
        )
    })
    .await;
    assert_eq!(
        request.url.query(),
        Some("status=Skipped&type=Billing+%26+more")
    );
}

#[tokio::test]
#[allow(
    clippy::needless_borrows_for_generic_args,
    reason = "a reference is one of the forms"
)]
async fn id_is_given_in_any_form_then_the_same_request_is_sent() {
    const ID: &str = "4b4ea5a8-5b8e-4d0c-9d8d-0d2b6a2a6f5e";
    let uuid = Uuid::parse_str(ID).unwrap();
    let open: Open<Uuid> = uuid.into();
    let owned = ID.to_owned();
    let tenants = [
        sent(|teams| call(teams.tenants().get(ID))).await,
        sent(|teams| call(teams.tenants().get(&owned))).await,
        sent(|teams| call(teams.tenants().get(owned.clone()))).await,
        sent(|teams| call(teams.tenants().get(uuid))).await,
        sent(|teams| call(teams.tenants().get(&uuid))).await,
        sent(|teams| call(teams.tenants().get(&open))).await,
        sent(|teams| call(teams.tenants().get(open.clone()))).await,
    ];
    for request in tenants {
        assert_eq!(request.url.path(), format!("/api/tenants/{ID}"));
    }
    let text: Open<String> = ID.to_owned().into();
    let members = [
        sent(|teams| call(teams.members().get(ID))).await,
        sent(|teams| call(teams.members().get(uuid))).await,
        sent(|teams| call(teams.members().get(&open))).await,
        sent(|teams| call(teams.members().get(&text))).await,
        sent(|teams| call(teams.members().get(text.clone()))).await,
    ];
    for request in members {
        assert_eq!(request.url.path(), format!("/api/members/{ID}"));
    }
    // An id that was not understood in a response is sent unchanged.
    let unexpected: Open<Uuid> = Open::other("t-17");
    let request = sent(|teams| call(teams.tenants().get(&unexpected))).await;
    assert_eq!(request.url.path(), "/api/tenants/t-17");
}

#[tokio::test]
async fn parameter_does_not_parse_as_its_type_then_nothing_is_sent() {
    let no_uuid = "tenantId: found a string of 8 characters, expected a UUID";
    let get = |teams: Client| call(teams.tenants().get("acme-dev"));
    assert_rejected(get, &[no_uuid]).await;
    let delete = |teams: Client| call(teams.tenants().delete("acme-dev".to_owned()));
    assert_rejected(delete, &[no_uuid]).await;
    let members = |teams: Client| call(teams.tenants().members().list("acme-dev"));
    assert_rejected(members, &[no_uuid]).await;
    let null = |teams: Client| call(teams.tenants().get(Open::<Uuid>::other(Value::Null)));
    assert_rejected(null, &["tenantId: found null, expected a UUID"]).await;
    let null = |teams: Client| call(teams.members().get(Open::<String>::other(Value::Null)));
    assert_rejected(null, &["id: found null, expected a string"]).await;
    // The same for an optional query parameter.
    let environment = Open::<String>::other(json!({}));
    let listing = |teams: Client| call(teams.tenants().list().environment(environment));
    assert_rejected(
        listing,
        &["environment: found an object, expected a string"],
    )
    .await;
}
