//! The outcomes that a program has to handle, with a mock instead of a server.
#![allow(
    clippy::unwrap_used,
    reason = "a failed unwrap fails the test, and clippy does not recognize test helpers"
)]

use std::time::Duration;

use auth0_teams::types::{
    PublicCloudPayload, PublicCloudPayloadRequired, TenantMemberRoleEnum,
    UpdateMembersTenantsRequestContent, UpdateMembersTenantsRequestContentRequired,
};
use auth0_teams::{Client, ClientBuilder, Open, Outcome, StaticToken, operations};
use auth0_testing::{FakeTime, MockApi, MockResponse};
use serde_json::{Value, json};

struct Mocked {
    api: MockApi,
    time: FakeTime,
    client: Client,
}

fn mocked() -> Mocked {
    mocked_with(|builder| builder)
}

fn mocked_with(settings: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Mocked {
    let api = MockApi::new(operations::ALL);
    let time = FakeTime::default();
    let builder = Client::builder()
        .team("acme")
        .token_source(StaticToken::new("secret-token"))
        .http_client(api.http_client().unwrap())
        .timer(time.clock(), time.sleeper());
    let client = settings(builder).build().unwrap();
    Mocked { api, time, client }
}

fn member(id: &str) -> Value {
    json!({
        "id": id,
        "email": format!("{id}@example.com"),
        "name": id,
        "nickname": id,
        "given_name": id,
        "family_name": id,
        "role": "teams_contributor",
    })
}

#[tokio::test]
async fn listing_has_two_pages_then_both_are_requested_and_the_last_response_stays() {
    let Mocked { api, client, .. } = mocked();
    api.on("listMembers")
        .respond(MockResponse::json(
            200,
            json!({"members": [member("a")], "next": "cursor"}),
        ))
        .respond(MockResponse::json(200, json!({"members": [member("b")]})));

    let mut members = client.members().list().page_size(1).stream();
    let mut emails = Vec::new();
    while let Some(member) = members.try_next().await.unwrap() {
        emails.push(member.email.to_string());
    }
    assert_eq!(emails, ["a@example.com", "b@example.com"]);
    client.members().list().await.unwrap();
    let requests = api.requests("listMembers");
    assert_eq!(requests.len(), 3);
    assert!(
        requests[1]
            .query
            .contains(&("from".to_owned(), "cursor".to_owned())),
        "{:?}",
        requests[1].query
    );
    assert_eq!(requests[0].headers["authorization"], "Bearer secret-token");
    assert!(!format!("{requests:?}{api:?}").contains("secret-token"));
}

#[tokio::test]
async fn server_limits_the_rate_then_the_call_waits_in_fake_time() {
    let Mocked { api, time, client } = mocked();
    api.on("listMembers")
        .respond(MockResponse::rate_limited(Duration::from_millis(1_500)))
        .respond(MockResponse::json(200, json!({"members": []})));
    client.members().list().await.unwrap();
    // The wait is whole seconds, with jitter.
    let expected = Duration::from_secs(2)..Duration::from_secs(4);
    assert!(expected.contains(&time.slept()), "{:?}", time.slept());
    assert_eq!(api.requests("listMembers").len(), 2);
}

#[tokio::test]
async fn server_limits_the_rate_twice_then_both_waits_pass_in_fake_time() {
    let Mocked { api, time, client } = mocked();
    api.on("listMembers")
        .respond(MockResponse::rate_limited(Duration::from_secs(1)))
        .respond(MockResponse::rate_limited(Duration::from_secs(1)))
        .respond(MockResponse::json(200, json!({"members": []})));
    client.members().list().await.unwrap();
    let expected = Duration::from_secs(2)..Duration::from_secs(6);
    assert!(expected.contains(&time.slept()), "{:?}", time.slept());
    assert_eq!(api.requests("listMembers").len(), 3);
}

#[tokio::test]
async fn call_ends_before_its_time_limit_then_the_limit_takes_no_fake_time() {
    let limit = Duration::from_secs(20);
    let Mocked { api, time, client } = mocked_with(|builder| builder.call_timeout(limit));
    api.on("listMembers")
        .respond(MockResponse::json(200, json!({"members": []})));
    client.members().list().await.unwrap();
    assert_eq!(time.slept(), Duration::ZERO);
    assert_eq!(api.requests("listMembers").len(), 1);
}

#[tokio::test]
async fn response_is_lost_then_the_outcome_of_an_unsafe_write_is_unknown_and_it_is_sent_once() {
    let Mocked { api, client, .. } = mocked();
    api.on("createTenant").respond(MockResponse::lost());
    let required = PublicCloudPayloadRequired {
        admin_email: "jane@example.com",
        locality: "us",
    };
    let request = PublicCloudPayload::new(required).tenant_name("acme-dev");
    let error = client.tenants().create(request).await.unwrap_err();
    assert!(error.is_outcome_unknown(), "{error}");
    assert_eq!(error.verify_with(), ["listTenants"]);
    let [request] = &api.requests("createTenant")[..] else {
        panic!("expected one request")
    };
    assert_eq!(request.json().unwrap()["tenant_name"], "acme-dev");
}

#[tokio::test]
async fn response_of_a_read_is_lost_then_it_is_retried() {
    let Mocked { api, client, .. } = mocked();
    api.on("getMember")
        .respond(MockResponse::lost())
        .respond_with(|request| {
            MockResponse::json(200, member(request.path.rsplit('/').next().unwrap()))
        });
    let found = client
        .members()
        .get("4b4ea5a8-5b8e-4d0c-9d8d-0d2b6a2a6f5e")
        .await
        .unwrap();
    assert_eq!(
        found.email,
        "4b4ea5a8-5b8e-4d0c-9d8d-0d2b6a2a6f5e@example.com"
    );
}

#[tokio::test]
async fn bulk_change_fails_in_part_then_the_outcome_has_the_report() {
    let Mocked { api, client, .. } = mocked();
    let tenant = "4b4ea5a8-5b8e-4d0c-9d8d-0d2b6a2a6f5e";
    api.on("updateMemberTenants").respond(MockResponse::json(
        200,
        json!({
            "status_code": 200,
            "message": "1 of 1 failed",
            "summary": {"total_count": 1, "success_count": 0, "failure_count": 1},
            "success": [],
            "failure": [{"tenant_id": tenant, "status": 404, "title": "not found", "type": "NOT_FOUND"}],
        }),
    ));
    let request =
        UpdateMembersTenantsRequestContent::new(UpdateMembersTenantsRequestContentRequired {
            roles: [TenantMemberRoleEnum::ViewerUsers],
            tenants: [Open::parse(tenant).unwrap()],
        });
    let outcome = client
        .members()
        .tenants()
        .update("auth0|1", request)
        .await
        .unwrap();
    let Outcome::Partial(report) = outcome else {
        panic!("expected a partial failure")
    };
    assert_eq!(report.failure.len(), 1);
}

#[tokio::test]
async fn operation_without_a_response_is_called_then_the_error_names_it() {
    let Mocked { client, .. } = mocked();
    let error = client.environments().list().await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("no response is set for getEnvironments"),
        "{error}"
    );
}

#[test]
#[should_panic(expected = "expected the id of an operation, found \"listMember\"; the API has ")]
fn id_is_unknown_then_the_panic_lists_the_ids() {
    let _ = mocked().api.on("listMember");
}
