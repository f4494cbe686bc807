//! Every operation of the client: the exact request, and the complete decoding of a documented response.

use auth0_core::{BoxFuture, Operation};
use auth0_my_organization::types::*;
use auth0_my_organization::{Client, Error, Response, operations};
use serde::Serialize;
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use super::samples::*;
use super::{EXCLUDED_FROM_SDKS, organization};
use crate::support::*;

type MyOrganizationCall = fn(Client) -> BoxFuture<'static, Result<(u16, Value), Error>>;

/// A case of calling an operation.
struct MyOrganizationCase {
    operation: &'static Operation,
    call: MyOrganizationCall,
    /// Method, path and query of the request line.
    line: String,
    body: Option<Value>,
    /// The body of a success, if it has one.
    response: Option<Value>,
}

/// Status and value of a success. The value is serialized again, so anything that decoding lost is missing.
fn decoded<T: Serialize>(response: Response<T>) -> (u16, Value) {
    let value = serde_json::to_value(response.value()).unwrap();
    (response.status().as_u16(), value)
}

macro_rules! case {
    ($operation:ident, $line:expr, |$client:ident| $call:expr $(, sends $body:expr)? $(, gets $response:expr)?) => {{
        #[allow(unused_mut, unused_assignments, reason = "not every case has both")]
        let (mut body, mut response) = (None, None);
        $(body = Some($body);)?
        $(response = Some($response);)?
        MyOrganizationCase {
            operation: &operations::$operation,
            call: |$client| Box::pin(async move { Ok(decoded($call.send().await?)) }),
            line: format!($line),
            body,
            response,
        }
    }};
}

fn cases() -> Vec<MyOrganizationCase> {
    let mut cases = of_the_organization();
    cases.extend(of_domains());
    cases.extend(of_identity_providers());
    cases.extend(of_provisioning());
    cases.extend(of_members());
    cases.extend(of_invitations());
    cases
}

fn of_the_organization() -> Vec<MyOrganizationCase> {
    vec![
        case!(DELETE_MY_ORGANIZATION, "DELETE /my-org/", |org| org
            .organization_details()
            .delete()),
        case!(GET_ORGANIZATION_DETAILS, "GET /my-org/details", |org| org.organization_details().get(),
            gets details()),
        case!(UPDATE_ORGANIZATION_DETAILS, "PATCH /my-org/details", |org| {
                let colors = OrgBrandingColors::new(OrgBrandingColorsRequired { page_background: "#FFF", primary: "#000000" });
                let branding = OrgBranding::new().colors(colors).logo_url("https://acme.com/logo.png".to_owned());
                let body = OrgDetailsRequest::new().name("acme").display_name("Acme").branding(branding);
                org.organization_details().update(body)
            },
            sends json!({"name": "acme", "display_name": "Acme", "branding": details()["branding"]}),
            gets details()),
        case!(GET_ORG_CONFIGURATION, "GET /my-org/config", |org| org.organization().configuration().get(),
            gets json!({"allowed_strategies": ["oidc", "ad"], "connection_deletion_behavior": "allow_if_empty"})),
        case!(GET_IDP_CONFIGURATION, "GET /my-org/config/identity-providers",
        |org| org.organization().configuration().identity_providers().get(),
        gets json!({
            "organization": {"can_set_show_as_button": true, "can_set_assign_membership_on_login": false},
            "strategies": {
                "googleapps": {"provisioning_methods": [], "enabled_features": []},
                "okta": {"provisioning_methods": ["scim"], "enabled_features": ["provisioning", "universal_logout"]},
            },
        })),
        case!(LIST_ROLES, "GET /my-org/roles", |org| org.organization().roles().list(),
            gets json!({"roles": [role()], "next": "cursor-2"})),
        case!(LIST_ROLES, "GET /my-org/roles?from=cursor-1&name=admin+a%26b&take=100",
            |org| org.organization().roles().list().take(100).from("cursor-1").name("admin a&b"),
            gets json!({"roles": []})),
        case!(LIST_ORGANIZATION_USER_STORES, "GET /my-org/user-stores?is_enabled=true&member_access_level=full",
            |org| org.organization().user_stores().list().is_enabled(true)
                .member_access_level([OrganizationAccessLevelEnum::Full]),
            gets json!({"user_stores": [{"id": IDP_ID, "name": "people", "member_access_level": "full"}]})),
    ]
}

fn of_domains() -> Vec<MyOrganizationCase> {
    let page = json!({"organization_domains": [domain("verified"), domain("expired")], "next": "cursor-2"});
    vec![
        case!(LIST_ORGANIZATION_DOMAINS, "GET /my-org/domains", |org| org.organization().domains().list(),
            gets page.clone()),
        case!(LIST_ORGANIZATION_DOMAINS, "GET /my-org/domains?from=cursor-1&take=7",
            |org| org.organization().domains().list().take(7).from("cursor-1"), gets page),
        case!(CREATE_ORGANIZATION_DOMAIN, "POST /my-org/domains",
            |org| org.organization().domains().create(CreateOrganizationDomainRequestContent::with_domain("acme.com")),
            sends json!({"domain": "acme.com"}), gets domain("pending")),
        case!(GET_ORGANIZATION_DOMAIN, "GET /my-org/domains/{DOMAIN_ID}",
            |org| org.organization().domains().get(DOMAIN_ID), gets domain("failed")),
        case!(
            DELETE_ORGANIZATION_DOMAIN,
            "DELETE /my-org/domains/{DOMAIN_ID}",
            |org| org.organization().domains().delete(DOMAIN_ID)
        ),
        case!(CREATE_ORGANIZATION_DOMAIN_VERIFICATION, "POST /my-org/domains/{DOMAIN_ID}/verify",
            |org| org.organization().domains().verify().create(DOMAIN_ID), gets domain("pending")),
        case!(GET_ORGANIZATION_DOMAIN_IDENTITY_PROVIDERS, "GET /my-org/domains/{DOMAIN_ID}/identity-providers",
            |org| org.organization().domains().identity_providers().list(DOMAIN_ID),
            gets json!({"identity_providers": [{"id": IDP_ID, "name": "acme-login", "display_name": "Acme"}]})),
    ]
}

fn of_identity_providers() -> Vec<MyOrganizationCase> {
    let list =
        json!({"identity_providers": [identity_provider("oidc"), short_identity_provider()]});
    vec![
        case!(LIST_ORGANIZATION_IDENTITY_PROVIDERS, "GET /my-org/identity-providers",
            |org| org.organization().identity_providers().list(), gets list.clone()),
        case!(LIST_ORGANIZATION_IDENTITY_PROVIDERS,
            "GET /my-org/identity-providers?is_enabled=false&member_access_level=full&member_access_level=none",
            |org| org.organization().identity_providers().list().is_enabled(false)
                .member_access_level([OrganizationAccessLevelEnum::Full, OrganizationAccessLevelEnum::None]),
            gets list),
        case!(CREATE_ORGANIZATION_IDENTITY_PROVIDER, "POST /my-org/identity-providers", |org| {
                let options = IdpOktaOptionsRequest::new(IdpOktaOptionsRequestRequired { client_id: "c", client_secret: "hidden", domain: "acme.okta.com" });
                org.organization().identity_providers().create(IdpOktaRequest::new(IdpOktaRequestRequired { name: "acme-login", options }))
            },
            sends json!({
                "name": "acme-login",
                "strategy": "okta",
                "options": {"client_id": "c", "client_secret": "hidden", "domain": "acme.okta.com"},
            }),
            gets identity_provider("okta")),
        case!(GET_ORGANIZATION_IDENTITY_PROVIDER, "GET /my-org/identity-providers/{IDP_ID}",
            |org| org.organization().identity_providers().get(IDP_ID), gets identity_provider("waad")),
        case!(UPDATE_ORGANIZATION_IDENTITY_PROVIDER, "PATCH /my-org/identity-providers/{IDP_ID}",
            |org| org.organization().identity_providers().update(IDP_ID, IdpSamlpUpdateRequest::new().is_enabled(false)),
            sends json!({"is_enabled": false}), gets identity_provider("samlp")),
        case!(
            DELETE_ORGANIZATION_IDENTITY_PROVIDER,
            "DELETE /my-org/identity-providers/{IDP_ID}",
            |org| org.organization().identity_providers().delete(IDP_ID)
        ),
        case!(
            DETACH_ORGANIZATION_IDENTITY_PROVIDER,
            "POST /my-org/identity-providers/{IDP_ID}/detach",
            |org| org.organization().identity_providers().detach(IDP_ID)
        ),
        case!(UPDATE_ORGANIZATION_IDENTITY_PROVIDER_ATTRIBUTES,
            "PUT /my-org/identity-providers/{IDP_ID}/update-attributes",
            |org| org.organization().identity_providers().update_attributes(IDP_ID),
            sends json!({}), gets identity_provider("oidc")),
        case!(CREATE_ORGANIZATION_IDENTITY_PROVIDER_DOMAIN, "POST /my-org/identity-providers/{IDP_ID}/domains",
            |org| org.organization().identity_providers().domains()
                .create(IDP_ID, CreateIdpDomainRequestContent::with_domain("acme.com")),
            sends json!({"domain": "acme.com"}), gets json!({"domain": "acme.com"})),
        case!(
            DELETE_ORGANIZATION_IDENTITY_PROVIDER_DOMAIN,
            "DELETE /my-org/identity-providers/{IDP_ID}/domains/acme.com",
            |org| org
                .organization()
                .identity_providers()
                .domains()
                .delete(IDP_ID, "acme.com")
        ),
    ]
}

fn of_provisioning() -> Vec<MyOrganizationCase> {
    vec![
        case!(CREATE_IDP_PROVISIONING_CONFIGURATION, "POST /my-org/identity-providers/{IDP_ID}/provisioning",
            |org| org.organization().identity_providers().provisioning().create(IDP_ID), gets provisioning()),
        case!(GET_IDP_PROVISIONING_CONFIGURATION, "GET /my-org/identity-providers/{IDP_ID}/provisioning",
            |org| org.organization().identity_providers().provisioning().get(IDP_ID), gets provisioning()),
        case!(
            DELETE_PROVISIONING_CONFIGURATION,
            "DELETE /my-org/identity-providers/{IDP_ID}/provisioning",
            |org| org
                .organization()
                .identity_providers()
                .provisioning()
                .delete(IDP_ID)
        ),
        case!(UPDATE_IDP_PROVISIONING_CONFIGURATION_ATTRIBUTES,
            "PUT /my-org/identity-providers/{IDP_ID}/provisioning/update-attributes",
            |org| org.organization().identity_providers().provisioning().update_attributes(IDP_ID),
            sends json!({}), gets provisioning()),
        case!(LIST_IDP_PROVISIONING_SCIM_TOKENS,
            "GET /my-org/identity-providers/{IDP_ID}/provisioning/scim-tokens",
            |org| org.organization().identity_providers().provisioning().scim_tokens().list(IDP_ID),
            gets json!({"scim_tokens": [scim_token()]})),
        case!(CREATE_IDP_PROVISIONING_SCIM_TOKEN,
            "POST /my-org/identity-providers/{IDP_ID}/provisioning/scim-tokens", |org| {
                let body = CreateIdpProvisioningScimTokenRequestContent::new();
                org.organization().identity_providers().provisioning().scim_tokens().create(IDP_ID, body)
            },
            sends json!({}), gets new_scim_token("hidden")),
        case!(CREATE_IDP_PROVISIONING_SCIM_TOKEN,
            "POST /my-org/identity-providers/{IDP_ID}/provisioning/scim-tokens", |org| {
                let body = CreateIdpProvisioningScimTokenRequestContent::new().token_lifetime(901);
                org.organization().identity_providers().provisioning().scim_tokens().create(IDP_ID, body)
            },
            sends json!({"token_lifetime": 901}), gets new_scim_token("hidden")),
        case!(
            DELETE_IDP_PROVISIONING_SCIM_TOKEN,
            "DELETE /my-org/identity-providers/{IDP_ID}/provisioning/scim-tokens/{TOKEN_ID}",
            |org| org
                .organization()
                .identity_providers()
                .provisioning()
                .scim_tokens()
                .delete(IDP_ID, TOKEN_ID)
        ),
    ]
}

fn of_members() -> Vec<MyOrganizationCase> {
    let mut with_roles = member();
    with_roles["roles"] = json!([role()]);
    let page = json!({"members": [with_roles, {"user_id": "auth0|2"}], "next": "cursor-2"});
    let roles = json!({"roles": [role()], "next": "cursor-2"});
    vec![
        case!(LIST_ORGANIZATION_MEMBERS, "GET /my-org/members", |org| org.organization().members().list(),
            gets page.clone()),
        case!(LIST_ORGANIZATION_MEMBERS,
            "GET /my-org/members?fields=user_id%2Croles&from=cursor-1&include_fields=true&include_totals=true&take=1",
            |org| org.organization().members().list().fields("user_id,roles").include_fields(true).take(1)
                .from("cursor-1").include_totals(true),
            gets page),
        case!(GET_ORGANIZATION_MEMBER, "GET /my-org/members/{ENCODED_USER_ID}",
            |org| org.organization().members().get(USER_ID), gets member()),
        case!(DELETE_ORGANIZATION_MEMBERSHIPS, "POST /my-org/delete-memberships",
            |org| org.organization().memberships().delete(DeleteOrganizationMembershipsRequestContent::with_members([USER_ID])),
            sends json!({"members": [USER_ID]})),
        case!(LIST_ORG_MEMBER_ROLES, "GET /my-org/members/{ENCODED_USER_ID}/roles",
            |org| org.organization().members().roles().list(USER_ID), gets roles.clone()),
        case!(LIST_ORG_MEMBER_ROLES, "GET /my-org/members/{ENCODED_USER_ID}/roles?from=cursor-1&take=2",
            |org| org.organization().members().roles().list(USER_ID).take(2).from("cursor-1"), gets roles),
        case!(ASSIGN_ORGANIZATION_MEMBER_ROLES, "POST /my-org/members/{ENCODED_USER_ID}/roles",
            |org| org.organization().members().roles()
                .assign(USER_ID, OrganizationMemberRolesChangeRequestContent::with_role_ids([ROLE_ID])),
            sends json!({"role_ids": [ROLE_ID]})),
        case!(UNASSIGN_ORGANIZATION_MEMBER_ROLES, "POST /my-org/members/{ENCODED_USER_ID}/unassign-roles",
            |org| org.organization().members().roles()
                .unassign(USER_ID, OrganizationMemberRolesChangeRequestContent::with_role_ids([ROLE_ID])),
            sends json!({"role_ids": [ROLE_ID]})),
    ]
}

fn of_invitations() -> Vec<MyOrganizationCase> {
    let created = || invitation("https://acme.com/login?invitation=hidden", "hidden");
    let page = json!({"invitations": [created(), {"id": INVITATION_ID}], "next": "cursor-2"});
    vec![
        case!(LIST_INVITATIONS, "GET /my-org/member-invitations", |org| org.organization().invitations().list(),
            gets page.clone()),
        case!(LIST_INVITATIONS,
            "GET /my-org/member-invitations?fields=id%2Croles&from=cursor-1&include_fields=false\
             &sort=created_at%3A1&take=9",
            |org| org.organization().invitations().list().fields("id,roles").include_fields(false).take(9)
                .from("cursor-1").sort("created_at:1"),
            gets page),
        case!(CREATE_INVITATIONS, "POST /my-org/member-invitations", |org| {
                let invitees = [
                    CreateMemberInvitationInvitee::with_email("ada@acme.com").roles([ROLE_ID]),
                    CreateMemberInvitationInvitee::with_email("grace@acme.com"),
                ];
                let body = CreateMemberInvitationRequestContent::with_invitees(invitees)
                    .inviter(MemberInvitationInviter::new().name("Grace"))
                    .identity_provider_id(IDP_ID)
                    .ttl_sec(3600);
                org.organization().invitations().create(body)
            },
            sends json!({
                "invitees": [{"email": "ada@acme.com", "roles": [ROLE_ID]}, {"email": "grace@acme.com"}],
                "inviter": {"name": "Grace"},
                "identity_provider_id": IDP_ID,
                "ttl_sec": 3600,
            }),
            gets json!([created(), created()])),
        case!(DELETE_INVITATIONS, "POST /my-org/delete-member-invitations",
            |org| org.organization().invitations().delete(DeleteMemberInvitationsRequestContent::with_invitations([INVITATION_ID])),
            sends json!({"invitations": [INVITATION_ID]})),
        case!(GET_INVITATION, "GET /my-org/member-invitations/{INVITATION_ID}",
            |org| org.organization().invitations().get(INVITATION_ID), gets created()),
        case!(GET_INVITATION, "GET /my-org/member-invitations/{INVITATION_ID}?fields=id&include_fields=true",
            |org| org.organization().invitations().get(INVITATION_ID).fields("id").include_fields(true),
            gets json!({"id": INVITATION_ID})),
        case!(LIST_MEMBER_INVITATION_ROLES, "GET /my-org/member-invitations/{INVITATION_ID}/roles",
            |org| org.organization().invitations().roles().list(INVITATION_ID), gets json!({"roles": [role()]})),
    ]
}

fn response(case: &MyOrganizationCase, status: u16) -> ResponseTemplate {
    let response = ResponseTemplate::new(status);
    match &case.response {
        Some(body) => response.set_body_json(body),
        None => response,
    }
}

#[test]
fn every_operation_with_a_method_has_a_case() {
    let cases = cases();
    let ids = cases.iter().map(|case| case.operation.id());
    assert_operations(ids, operations::ALL, &EXCLUDED_FROM_SDKS);
}

#[tokio::test]
async fn operation_is_called_then_the_request_is_exact() {
    let user_agent = user_agent("my-organization");
    for case in cases() {
        let server = mock_server(response(&case, case.operation.success()[0])).await;
        (case.call)(organization(&server)).await.unwrap();
        let request = only_request(&server).await;
        let target = &request.url.as_str()[request.url.origin().ascii_serialization().len()..];
        assert_eq!(format!("{} {target}", request.method), case.line);
        assert_eq!(request.headers["authorization"], format!("Bearer {TOKEN}"));
        assert_eq!(request.headers["user-agent"], user_agent);
        match &case.body {
            Some(body) => {
                assert_eq!(
                    request.headers["content-type"], "application/json",
                    "{}",
                    case.line
                );
                assert_eq!(
                    &request.body_json::<Value>().unwrap(),
                    body,
                    "{}",
                    case.line
                );
            }
            None => assert_eq!(request.body, b"", "{}", case.line),
        }
    }
}

#[tokio::test]
async fn success_is_documented_then_it_decodes_completely() {
    for case in cases() {
        for &status in case.operation.success() {
            let server = mock_server(response(&case, status)).await;
            let decoded = (case.call)(organization(&server)).await.unwrap();
            let expected = case.response.clone().unwrap_or_default();
            assert_eq!(decoded, (status, expected), "{}", case.line);
        }
    }
}

#[tokio::test]
async fn error_is_documented_then_it_is_typed() {
    for case in cases() {
        for &status in case.operation.errors() {
            let uri = format!("https://auth0.com/api-errors#A0E-{status}-0001");
            let body = json!({"type": uri, "status": status, "title": "Title", "detail": "Detail"});
            let server = mock_server_json(status, body).await;
            let error = (case.call)(organization(&server)).await.unwrap_err();
            assert!(
                error.is_status() && !error.has_acted(),
                "{}: {error:?}",
                case.line
            );
            assert_eq!(error.operation(), Some(case.operation.id()));
            let problem = error.problem().unwrap();
            assert_eq!(
                (problem.status(), problem.problem_type()),
                (Some(status), Some(&*uri))
            );
        }
    }
}

#[tokio::test]
async fn invitations_are_for_a_custom_domain_then_a_header_names_it() {
    let server = mock_server_json(201, json!([])).await;
    let invitees = [CreateMemberInvitationInvitee::with_email("ada@acme.com")];
    let body = CreateMemberInvitationRequestContent::with_invitees(invitees);
    let call = organization(&server)
        .organization()
        .invitations()
        .create(body);
    let created = call.auth0_custom_domain("login.acme.com").await.unwrap();
    assert!(created.is_empty());
    assert_eq!(
        only_request(&server).await.headers["auth0-custom-domain"],
        "login.acme.com"
    );
}
