//! Requests that the server rejects, and the typed errors of the client.

use auth0_my_organization::types::*;
use auth0_my_organization::{Scopes, operations};
use auth0_sandbox::Application;

use super::*;

#[tokio::test]
async fn server_rejects_a_request_then_each_validation_error_names_its_field() {
    let local = local().await;
    let client = local.my_organization();
    // The schema accepts these requests, so the server has to reject them.
    let change = OrgDetailsRequest::new().name("globex");
    let error = client
        .organization_details()
        .update(change)
        .await
        .unwrap_err();
    assert_eq!(error.status().unwrap().as_u16(), 400);
    assert!(!error.has_acted());
    let faults = error.problem().unwrap().validation_errors();
    let violations: Vec<_> = faults
        .iter()
        .map(|fault| (fault.source(), fault.pointer(), fault.detail()))
        .collect();
    let expected = (
        Some("body"),
        Some("/name"),
        Some("another organization has this name"),
    );
    assert_eq!(violations, [expected]);
    // `Display` may quote the request; `Debug` must not.
    let message = "name: another organization has this name";
    assert!(error.to_string().contains(message), "{error}");
    assert!(!format!("{error:?}").contains("another organization has this name"));
}

#[tokio::test]
async fn update_is_for_another_strategy_than_the_provider_then_the_server_names_the_field() {
    let local = local().await;
    let client = local.my_organization();
    let id = first_provider(&client).await;
    // An update does not name its strategy, so the caller can choose the wrong one.
    let options = IdpSamlpOptionsRequestAutomatic::new(IdpSamlpOptionsRequestAutomaticRequired {
        metadata_url: "https://login.acme.test/metadata",
        sign_saml_request: true,
    });
    let change = IdpSamlpUpdateRequest::new().options(options);
    let providers = client.organization().identity_providers();
    let error = providers.update(&id, change).await.unwrap_err();
    let faults = error.problem().unwrap().validation_errors();
    assert!(!faults.is_empty(), "{error:?}");
    assert!(
        faults
            .iter()
            .all(|fault| fault.detail().unwrap().contains("(strategy okta)"))
    );
    let named = faults.iter().filter_map(|fault| fault.pointer());
    assert!(
        named
            .into_iter()
            .any(|pointer| pointer.starts_with("/options"))
    );
}

#[tokio::test]
async fn documented_rule_is_violated_then_nothing_is_sent() {
    let local = local().await;
    let org = local.my_organization().organization();
    let people =
        (0..11).map(|n| CreateMemberInvitationInvitee::with_email(format!("{n}@acme.test")));
    let request = CreateMemberInvitationRequestContent::with_invitees(people);
    let error = org.invitations().create(request).await.unwrap_err();
    assert!(error.is_invalid_request(), "{error:?}");
    assert!(local.requests().is_empty());
}

#[tokio::test]
async fn resource_exists_or_is_missing_then_predicates_hold() {
    let local = local().await;
    let org = local.my_organization().organization();
    let domain = || CreateOrganizationDomainRequestContent::with_domain("acme.test");
    org.domains().create(domain()).await.unwrap();
    let error = org.domains().create(domain()).await.unwrap_err();
    assert!(error.is_conflict() && !error.has_acted(), "{error:?}");
    assert_eq!(
        rejection(&error),
        (409, "The organization already has this domain")
    );
    let error = org
        .domains()
        .get("ord_0000000000000000000000")
        .await
        .unwrap_err();
    assert!(error.is_not_found(), "{error:?}");
}

#[tokio::test]
async fn strategy_is_not_allowed_then_the_error_names_it_and_nothing_is_created() {
    let local = Local::start(Sandbox::builder().allowed_strategies(["okta"])).await;
    let providers = local.my_organization().organization().identity_providers();
    let request = IdpOidcRequest::new(IdpOidcRequestRequired {
        name: "acme-login",
        options: oidc(),
    });
    let error = providers.create(request).await.unwrap_err();
    assert_eq!(
        rejection(&error),
        (403, "The tenant does not allow this strategy")
    );
    assert_eq!(providers.list().await.unwrap().identity_providers.len(), 1);
}

#[tokio::test]
async fn scope_is_missing_then_the_error_names_it_and_the_granted_scopes() {
    let reader = Application::new("reader", "s3cret")
        .scopes(["read:my_org:details"])
        .any_organization();
    let local = Local::start(Sandbox::builder().application(reader)).await;
    let client = local.my_organization();
    client.organization_details().get().await.unwrap();
    let change = OrgDetailsRequest::new().display_name("Acme");
    let error = client
        .organization_details()
        .update(change.clone())
        .await
        .unwrap_err();
    assert!(
        error.is_forbidden() && error.is_missing_scope(),
        "{error:?}"
    );
    assert_eq!(error.needed_scopes(), [["update:my_org:details"]]);
    assert_eq!(error.operation(), Some("UpdateOrganizationDetails"));
    let text = error.to_string();
    assert!(
        text.starts_with(
            "organization_details().update: 403 Forbidden: https://auth0.com/api-errors#A0E-403-0002: The token lacks a scope"
        ),
        "{text}"
    );
    assert!(
        text.contains(
            "; it needs update:my_org:details; the token was granted read:my_org:details (PATCH http"
        ),
        "{text}"
    );

    // With scope checks enabled, the call fails before the request is sent.
    let source = local.credentials_for(local.my_organization_audience());
    let source = source
        .organization(local.organization_id())
        .build()
        .unwrap();
    let client = local
        .my_organization_with(source)
        .check_scopes()
        .build()
        .unwrap();
    let error = client
        .organization_details()
        .update(change)
        .await
        .unwrap_err();
    assert!(error.is_missing_scope() && !error.is_status(), "{error:?}");
    assert_eq!(local.requests_of("UpdateOrganizationDetails").len(), 1);
}

#[tokio::test]
async fn either_set_of_scopes_suffices_then_the_response_has_what_they_allow() {
    let needed = [
        operations::LIST_ORGANIZATION_MEMBERS,
        operations::LIST_ROLES,
    ];
    let all = Scopes::needed_by(&needed);
    for (scopes, with_roles) in [
        (vec!["read:my_org:members"], false),
        (all.iter().collect(), true),
    ] {
        let application = Application::new("reader", "s3cret")
            .scopes(scopes)
            .any_organization();
        let local = Local::start(Sandbox::builder().application(application)).await;
        let client = local.my_organization();
        let page = client.organization().members().list().await.unwrap();
        let roles = page.members[0].roles.clone();
        assert_eq!(roles.is_some(), with_roles);
    }
}
