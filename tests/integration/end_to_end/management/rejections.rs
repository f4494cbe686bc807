//! Requests that the server rejects, and the typed errors of the client.

use auth0_management::types::*;
use auth0_sandbox::{Application, Effect, Fault};

use super::*;

#[tokio::test]
async fn name_is_taken_or_missing_then_predicates_hold() {
    let local = local().await;
    let client = local.organizations();
    create(&client, "acme").await;
    let request = CreateOrganizationRequestContent::with_name("acme");
    let error = client.organizations().create(request).await.unwrap_err();
    assert!(error.is_conflict() && !error.has_acted(), "{error:?}");
    let expected = (
        409,
        "organization_conflict",
        "An organization has this name already",
    );
    assert_eq!(rejection(&error), expected);
    let error = client
        .organizations()
        .get_by_name("nobody")
        .await
        .unwrap_err();
    assert!(error.is_not_found(), "{error:?}");
    assert_eq!(rejection(&error).1, "inexistent_organization");
}

#[tokio::test]
async fn server_rejects_a_request_then_its_message_is_displayed() {
    let local = local().await;
    let client = local.organizations();
    let connection = ConnectionForOrganization::with_connection_id("con_planted00000000");
    let request =
        CreateOrganizationRequestContent::with_name("acme").enabled_connections([connection]);
    let error = client.organizations().create(request).await.unwrap_err();
    let (status, kind, message) = rejection(&error);
    assert_eq!((status, kind), (400, "invalid_body"));
    assert!(
        message.contains("no connection has this connection_id"),
        "{message}"
    );
    assert!(error.to_string().contains("no connection has"), "{error}");
    assert!(
        !format!("{error:?}").contains("no connection has"),
        "{error:?}"
    );
    assert!(
        client
            .organizations()
            .get_by_name("acme")
            .await
            .unwrap_err()
            .is_not_found()
    );
}

#[tokio::test]
async fn documented_rule_is_violated_then_nothing_is_sent() {
    let local = local().await;
    let client = local.organizations();
    let many =
        (0..11).map(|_| ConnectionForOrganization::with_connection_id("con_0000000000000000"));
    let request = CreateOrganizationRequestContent::with_name("acme").enabled_connections(many);
    let error = client.organizations().create(request).await.unwrap_err();
    assert!(error.is_invalid_request(), "{error:?}");
    let violations: Vec<_> = error.violations().iter().map(ToString::to_string).collect();
    assert_eq!(
        violations,
        ["enabled_connections: 11 items, expected at most 10"]
    );
    assert!(local.requests().is_empty());
}

#[tokio::test]
async fn scope_is_missing_then_the_error_names_the_scopes_that_may_be_needed() {
    let reader = Application::new("reader", "s3cret").scopes(["read:organizations"]);
    let local = Local::start(Sandbox::builder().application(reader)).await;
    let client = local.organizations();
    client.organizations().list().await.unwrap();
    let request = CreateOrganizationRequestContent::with_name("acme");
    let error = client
        .organizations()
        .create(request.clone())
        .await
        .unwrap_err();
    assert!(
        error.is_forbidden() && error.is_missing_scope(),
        "{error:?}"
    );
    let needed = error.needed_scopes().concat();
    assert!(needed.contains(&"create:organizations"), "{needed:?}");
    assert!(
        error
            .granted_scopes()
            .unwrap()
            .contains("read:organizations")
    );
    assert!(
        error.to_string().contains("create:organizations"),
        "{error}"
    );

    // The documented scopes of this API are hints: the server decides, and the client does not hold back any call.
    let client = local.organizations_with().check_scopes().build().unwrap();
    let error = client.organizations().create(request).await.unwrap_err();
    assert!(error.is_status(), "{error:?}");
}

#[tokio::test]
async fn token_is_for_another_api_then_the_call_is_rejected() {
    let local = local().await;
    let source = local.credentials_for(local.my_organization_audience());
    let client = auth0_management::Client::builder()
        .base_url(local.management_url())
        .token_source(source.build().unwrap())
        .http_client(crate::support::http_client())
        .retry(auth0_management::RetryPolicy::never())
        .build()
        .unwrap();
    let error = client.organizations().list().await.unwrap_err();
    assert!(error.is_unauthorized(), "{error:?}");
}

#[tokio::test]
async fn response_to_a_creation_is_lost_then_it_is_not_retried_and_can_be_verified() {
    let local = local().await;
    let lost = Effect::Reset { acted: true };
    local
        .fail(Fault::of("post_organizations").call(1).then(lost))
        .unwrap();
    let retrying = local.organizations_with();
    let retrying = retrying.retry(auth0_management::RetryPolicy::default());
    let client = retrying.build().unwrap();
    let request = CreateOrganizationRequestContent::with_name("acme");
    let error = client.organizations().create(request).await.unwrap_err();
    assert!(error.is_outcome_unknown(), "{error:?}");
    assert_eq!(
        error.verify_with(),
        ["get_name_by_name", "get_organizations"]
    );
    assert_eq!(local.acted("post_organizations"), 1);
    assert!(client.organizations().get_by_name("acme").await.is_ok());
}
