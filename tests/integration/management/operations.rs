//! Every operation: the exact request, and the result for the success and for each documented error.

use auth0_core::{BoxFuture, Operation};
use auth0_management::resources::organizations_members_effective_roles_sources_groups::OrganizationsMembersEffectiveRolesSourcesGroupsListRequired as OfRole;
use auth0_management::types::*;
use auth0_management::{Client, Error, operations};
use serde::Serialize;
use serde_json::{Value, json};

use super::tenant;
use crate::support::*;

type OrganizationsCall = fn(Client) -> BoxFuture<'static, Result<Value, Error>>;

/// A case of calling an operation.
struct OrganizationsCase {
    operation: &'static Operation,
    call: OrganizationsCall,
    /// Path and query of the request line, relative to the base URL.
    target: &'static str,
    body: Option<Value>,
    /// The body of a success, if it has one.
    response: Option<Value>,
}

/// Sends a call. The value is serialized again, so anything that decoding lost is missing.
fn call<T, C>(call: C) -> BoxFuture<'static, Result<Value, Error>>
where
    T: Serialize,
    C: IntoFuture<Output = Result<T, Error>, IntoFuture: Send> + Send + 'static,
{
    Box::pin(async move { Ok(serde_json::to_value(call.await?).unwrap()) })
}

fn get(
    id: &str,
    target: &'static str,
    call: OrganizationsCall,
    response: Value,
) -> OrganizationsCase {
    case(id, target, call, None, Some(response))
}

fn case(
    id: &str,
    target: &'static str,
    call: OrganizationsCall,
    body: Option<Value>,
    response: Option<Value>,
) -> OrganizationsCase {
    let mut all = operations::ALL.iter();
    let operation = all.find(|operation| operation.id() == id).unwrap();
    OrganizationsCase {
        operation,
        call,
        target,
        body,
        response,
    }
}

fn domain() -> Value {
    json!({
        "id": "dom_1",
        "domain": "acme.example",
        "status": "pending",
        "verification_host": "_auth0.acme.example",
        "verification_txt": "auth0-domain-verification=1",
    })
}

/// At least one case for each operation.
fn cases() -> Vec<OrganizationsCase> {
    let mut cases = reads();
    cases.extend(writes());
    cases
}

fn reads() -> Vec<OrganizationsCase> {
    vec![
        get(
            "get_organizations",
            "/organizations?sort=name%3A1&take=2",
            |c| call(c.organizations().list().take(2).sort("name:1")),
            json!({"organizations": [{"id": "org_1"}], "next": "2"}),
        ),
        get(
            "get_name_by_name",
            "/organizations/name/acme",
            |c| call(c.organizations().get_by_name("acme")),
            json!({"id": "org_1", "metadata": {"plan": "gold"}}),
        ),
        get(
            "get_organizations_by_id",
            "/organizations/org_1",
            |c| call(c.organizations().get("org_1")),
            json!({"id": "org_1", "branding": {"colors": {"page_background": "#fff", "primary": "#000"}, "logo_url": "https://acme.example/logo.svg"}}),
        ),
        get(
            "get_organization-client-grants",
            "/organizations/org_1/client-grants?audience=a&client_id=c&grant_ids=cgr_1&grant_ids=cgr_2&include_totals=true&page=1&per_page=2",
            |c| {
                call(
                    c.organizations()
                        .client_grants()
                        .list("org_1")
                        .audience("a")
                        .client_id("c")
                        .grant_ids(["cgr_1", "cgr_2"])
                        .page(1)
                        .per_page(2),
                )
            },
            json!({"client_grants": [{"id": "cgr_1", "organization_usage": "allow", "scope": ["read:a"]}], "start": 2, "limit": 2, "total": 3}),
        ),
        get(
            "get_organization_connections",
            "/organizations/org_1/connections?include_totals=true&is_enabled=false",
            |c| {
                call(
                    c.organizations()
                        .connections()
                        .list("org_1")
                        .is_enabled(false),
                )
            },
            json!({"connections": [{"connection_id": "con_1", "organization_access_level": "full"}], "total": 1}),
        ),
        get(
            "get_organization_connection",
            "/organizations/org_1/connections/con_1",
            |c| call(c.organizations().connections().get("org_1", "con_1")),
            json!({"connection_id": "con_1"}),
        ),
        get(
            "get_discovery-domains",
            "/organizations/org_1/discovery-domains?from=a&take=50",
            |c| {
                call(
                    c.organizations()
                        .discovery_domains()
                        .list("org_1")
                        .from("a"),
                )
            },
            json!({"domains": [domain()], "next": "b"}),
        ),
        get(
            "get_name_by_discovery_domain",
            "/organizations/org_1/discovery-domains/name/acme.example",
            |c| {
                call(
                    c.organizations()
                        .discovery_domains()
                        .get_by_name("org_1", "acme.example"),
                )
            },
            domain(),
        ),
        get(
            "get_discovery-domains_by_discovery_domain_id",
            "/organizations/org_1/discovery-domains/dom_1",
            |c| call(c.organizations().discovery_domains().get("org_1", "dom_1")),
            domain(),
        ),
        get(
            "get_enabled_connections",
            "/organizations/org_1/enabled_connections?include_totals=true",
            |c| call(c.organizations().enabled_connections().list("org_1")),
            json!({"enabled_connections": [{"connection_id": "con_1"}], "total": 1}),
        ),
        get(
            "get_enabled_connections_by_connectionId",
            "/organizations/org_1/enabled_connections/con_1",
            |c| {
                call(
                    c.organizations()
                        .enabled_connections()
                        .get("org_1", "con_1"),
                )
            },
            json!({"connection_id": "con_1"}),
        ),
        get(
            "get_invitations",
            "/organizations/org_1/invitations?fields=id&include_fields=false&include_totals=true&page=0&per_page=5&sort=created_at%3A1",
            |c| {
                call(
                    c.organizations()
                        .invitations()
                        .list("org_1")
                        .fields("id")
                        .include_fields(false)
                        .page(0)
                        .per_page(5)
                        .sort("created_at:1"),
                )
            },
            json!({"invitations": [{"id": "uinv_1", "created_at": "2026-01-02T03:04:05Z"}], "start": 0, "limit": 5}),
        ),
        get(
            "get_invitations_by_invitation_id",
            "/organizations/org_1/invitations/uinv_1?fields=id%2Croles&include_fields=true",
            |c| {
                call(
                    c.organizations()
                        .invitations()
                        .get("org_1", "uinv_1")
                        .fields("id,roles")
                        .include_fields(true),
                )
            },
            json!({"id": "uinv_1", "roles": ["rol_1"]}),
        ),
        get(
            "get_organization_members",
            "/organizations/org_1/members?fields=roles&include_fields=true&take=50",
            |c| {
                call(
                    c.organizations()
                        .members()
                        .list("org_1")
                        .fields("roles")
                        .include_fields(true),
                )
            },
            json!({"members": [{"user_id": "auth0|u", "roles": [{"id": "rol_1", "name": "admin"}]}]}),
        ),
        get(
            "get_organization_member_effective_roles",
            "/organizations/org_1/members/auth0%7Cu/effective-roles?take=7",
            |c| {
                call(
                    c.organizations()
                        .members()
                        .effective_roles()
                        .list("org_1", "auth0|u")
                        .take(7),
                )
            },
            json!({"roles": [{"id": "rol_1", "name": "admin", "description": "", "sources": ["direct", "groups", "new"]}], "next": "a"}),
        ),
        get(
            "get_organization_member_role_source_groups",
            "/organizations/org_1/members/auth0%7Cu/effective-roles/sources/groups?role_id=rol_1&take=50",
            |c| {
                call(
                    c.organizations()
                        .members()
                        .effective_roles()
                        .sources()
                        .groups()
                        .list("org_1", "auth0|u", OfRole { role_id: "rol_1" }),
                )
            },
            json!({"groups": [{"id": "grp_1", "updated_at": "2026-01-02T03:04:05Z"}]}),
        ),
        get(
            "get_organization_role_members",
            "/organizations/org_1/roles/rol_1/members?take=9",
            |c| {
                call(
                    c.organizations()
                        .roles()
                        .members()
                        .list("org_1", "rol_1")
                        .take(9),
                )
            },
            json!({"members": [{"user_id": "auth0|u", "name": "Jo"}], "next": "a"}),
        ),
        get(
            "get_organization_member_roles",
            "/organizations/org_1/members/auth0%7Cu/roles?include_totals=true",
            |c| call(c.organizations().members().roles().list("org_1", "auth0|u")),
            json!({"roles": [{"id": "rol_1"}], "total": 1}),
        ),
        get(
            "get_organization_groups",
            "/organizations/org_1/groups?take=50",
            |c| call(c.organizations().groups().list("org_1")),
            json!({"groups": [{"id": "grp_1", "tenant_name": "acme"}]}),
        ),
        get(
            "get_organization_group_roles",
            "/organizations/org_1/groups/grp_1/roles?take=50",
            |c| call(c.organizations().groups().roles().list("org_1", "grp_1")),
            json!({"roles": [{"id": "rol_1"}], "next": "a"}),
        ),
    ]
}

fn writes() -> Vec<OrganizationsCase> {
    vec![
        case(
            "post_organizations",
            "/organizations",
            |c| {
                call(
                    c.organizations().create(
                        CreateOrganizationRequestContent::with_name("acme")
                            .display_name("Acme")
                            .enabled_connections([ConnectionForOrganization::with_connection_id(
                                "con_1",
                            )]),
                    ),
                )
            },
            Some(
                json!({"name": "acme", "display_name": "Acme", "enabled_connections": [{"connection_id": "con_1"}]}),
            ),
            Some(
                json!({"id": "org_1", "name": "acme", "enabled_connections": [{"connection_id": "con_1", "connection": {"name": "db", "strategy": "auth0"}}]}),
            ),
        ),
        case(
            "patch_organizations_by_id",
            "/organizations/org_1",
            |c| {
                call(c.organizations().update(
                    "org_1",
                    UpdateOrganizationRequestContent::new().name("acme"),
                ))
            },
            Some(json!({"name": "acme"})),
            Some(json!({"id": "org_1", "token_quota": {"client_credentials": {"per_hour": 5}}})),
        ),
        case(
            "delete_organizations_by_id",
            "/organizations/org_1",
            |c| call(c.organizations().delete("org_1")),
            None,
            None,
        ),
        case(
            "create_organization-client-grants",
            "/organizations/org_1/client-grants",
            |c| {
                call(c.organizations().client_grants().create(
                    "org_1",
                    AssociateOrganizationClientGrantRequestContent::with_grant_id("cgr_1"),
                ))
            },
            Some(json!({"grant_id": "cgr_1"})),
            Some(json!({"id": "cgr_1", "allow_any_organization": false})),
        ),
        case(
            "delete_client-grants_by_grant_id",
            "/organizations/org_1/client-grants/cgr_1",
            |c| call(c.organizations().client_grants().delete("org_1", "cgr_1")),
            None,
            None,
        ),
        case(
            "post_organization_connection",
            "/organizations/org_1/connections",
            |c| {
                call(
                    c.organizations().connections().create(
                        "org_1",
                        CreateOrganizationAllConnectionRequestContent::with_connection_id("con_1")
                            .is_enabled(true),
                    ),
                )
            },
            Some(json!({"connection_id": "con_1", "is_enabled": true})),
            Some(json!({"connection_id": "con_1", "is_enabled": true})),
        ),
        case(
            "patch_organization_connection",
            "/organizations/org_1/connections/con_1",
            |c| {
                call(c.organizations().connections().update(
                    "org_1",
                    "con_1",
                    UpdateOrganizationAllConnectionRequestContent::new().is_enabled(true),
                ))
            },
            Some(json!({"is_enabled": true})),
            Some(json!({"connection_id": "con_1"})),
        ),
        case(
            "delete_organization_connection",
            "/organizations/org_1/connections/con_1",
            |c| call(c.organizations().connections().delete("org_1", "con_1")),
            None,
            None,
        ),
        case(
            "post_discovery-domains",
            "/organizations/org_1/discovery-domains",
            |c| {
                call(c.organizations().discovery_domains().create(
                    "org_1",
                    CreateOrganizationDiscoveryDomainRequestContent::with_domain("acme.example"),
                ))
            },
            Some(json!({"domain": "acme.example"})),
            Some(domain()),
        ),
        case(
            "patch_discovery-domains_by_discovery_domain_id",
            "/organizations/org_1/discovery-domains/dom_1",
            |c| {
                call(
                    c.organizations().discovery_domains().update(
                        "org_1",
                        "dom_1",
                        UpdateOrganizationDiscoveryDomainRequestContent::new()
                            .status(OrganizationDiscoveryDomainStatus::Verified),
                    ),
                )
            },
            Some(json!({"status": "verified"})),
            Some(domain()),
        ),
        case(
            "delete_discovery-domains_by_discovery_domain_id",
            "/organizations/org_1/discovery-domains/dom_1",
            |c| {
                call(
                    c.organizations()
                        .discovery_domains()
                        .delete("org_1", "dom_1"),
                )
            },
            None,
            None,
        ),
        case(
            "post_enabled_connections",
            "/organizations/org_1/enabled_connections",
            |c| {
                call(
                    c.organizations().enabled_connections().add(
                        "org_1",
                        AddOrganizationConnectionRequestContent::with_connection_id("con_1")
                            .assign_membership_on_login(true),
                    ),
                )
            },
            Some(json!({"connection_id": "con_1", "assign_membership_on_login": true})),
            Some(json!({"connection_id": "con_1"})),
        ),
        case(
            "patch_enabled_connections_by_connectionId",
            "/organizations/org_1/enabled_connections/con_1",
            |c| {
                call(c.organizations().enabled_connections().update(
                    "org_1",
                    "con_1",
                    UpdateOrganizationConnectionRequestContent::new().show_as_button(true),
                ))
            },
            Some(json!({"show_as_button": true})),
            Some(json!({"connection_id": "con_1"})),
        ),
        case(
            "delete_enabled_connections_by_connectionId",
            "/organizations/org_1/enabled_connections/con_1",
            |c| {
                call(
                    c.organizations()
                        .enabled_connections()
                        .delete("org_1", "con_1"),
                )
            },
            None,
            None,
        ),
        case(
            "post_invitations",
            "/organizations/org_1/invitations",
            |c| {
                call(
                    c.organizations()
                        .invitations()
                        .create(
                            "org_1",
                            CreateOrganizationInvitationRequestContent::new(
                                CreateOrganizationInvitationRequestContentRequired {
                                    client_id: "client",
                                    invitee: OrganizationInvitationInvitee::with_email(
                                        "ann@example.com",
                                    ),
                                    inviter: OrganizationInvitationInviter::with_name("Bob"),
                                },
                            )
                            .roles(["rol_1"])
                            .ttl_sec(60)
                            .send_invitation_email(false),
                        )
                        .auth0_custom_domain("login.acme.example"),
                )
            },
            Some(
                json!({"client_id": "client", "invitee": {"email": "ann@example.com"}, "inviter": {"name": "Bob"}, "roles": ["rol_1"], "ttl_sec": 60, "send_invitation_email": false}),
            ),
            Some(json!({"id": "uinv_1", "expires_at": "2026-01-02T03:04:05Z"})),
        ),
        case(
            "delete_invitations_by_invitation_id",
            "/organizations/org_1/invitations/uinv_1",
            |c| call(c.organizations().invitations().delete("org_1", "uinv_1")),
            None,
            None,
        ),
        case(
            "post_members",
            "/organizations/org_1/members",
            |c| {
                call(c.organizations().members().create(
                    "org_1",
                    CreateOrganizationMemberRequestContent::with_members(["auth0|u"]),
                ))
            },
            Some(json!({"members": ["auth0|u"]})),
            None,
        ),
        case(
            "delete_members",
            "/organizations/org_1/members",
            |c| {
                call(c.organizations().members().delete(
                    "org_1",
                    DeleteOrganizationMembersRequestContent::with_members(["auth0|u"]),
                ))
            },
            Some(json!({"members": ["auth0|u"]})),
            None,
        ),
        case(
            "post_organization_member_roles",
            "/organizations/org_1/members/auth0%7Cu/roles",
            |c| {
                call(c.organizations().members().roles().assign(
                    "org_1",
                    "auth0|u",
                    AssignOrganizationMemberRolesRequestContent::with_roles(["rol_1"]),
                ))
            },
            Some(json!({"roles": ["rol_1"]})),
            None,
        ),
        case(
            "delete_organization_member_roles",
            "/organizations/org_1/members/auth0%7Cu/roles",
            |c| {
                call(c.organizations().members().roles().delete(
                    "org_1",
                    "auth0|u",
                    DeleteOrganizationMemberRolesRequestContent::with_roles(["rol_1"]),
                ))
            },
            Some(json!({"roles": ["rol_1"]})),
            None,
        ),
        case(
            "post_organization_group_roles",
            "/organizations/org_1/groups/grp_1/roles",
            |c| {
                call(c.organizations().groups().roles().create(
                    "org_1",
                    "grp_1",
                    CreateOrganizationGroupRolesRequestContent::with_roles(["rol_1"]),
                ))
            },
            Some(json!({"roles": ["rol_1"]})),
            None,
        ),
        case(
            "delete_organization_group_roles",
            "/organizations/org_1/groups/grp_1/roles",
            |c| {
                call(c.organizations().groups().roles().delete(
                    "org_1",
                    "grp_1",
                    DeleteOrganizationGroupRolesRequestContent::with_roles(["rol_1"]),
                ))
            },
            Some(json!({"roles": ["rol_1"]})),
            None,
        ),
    ]
}

#[test]
fn every_operation_has_a_case() {
    let cases = cases();
    let ids = cases.iter().map(|case| case.operation.id());
    assert_operations(ids, operations::ALL, &[]);
}

#[tokio::test]
async fn operation_is_called_then_the_request_is_exact_and_the_response_decodes_completely() {
    for case in cases() {
        let id = case.operation.id();
        let [status] = case.operation.success() else {
            panic!("{id} has more than one success");
        };
        let response = case.response.clone();
        let server = match &response {
            Some(body) => mock_server_json(*status, body.clone()).await,
            None => mock_server(wiremock::ResponseTemplate::new(*status)).await,
        };
        let value = (case.call)(tenant(&server))
            .await
            .unwrap_or_else(|error| panic!("{id}: {error:?}"));
        assert_eq!(value, response.unwrap_or_default(), "{id}");

        let request = only_request(&server).await;
        assert_eq!(request.method.as_str(), case.operation.method(), "{id}");
        let query = request.url.query().map(|query| format!("?{query}"));
        let target = format!("{}{}", request.url.path(), query.unwrap_or_default());
        assert_eq!(target, format!("/api/v2{}", case.target), "{id}");
        let sent = (!request.body.is_empty()).then(|| request.body_json::<Value>().unwrap());
        assert_eq!(sent, case.body, "{id}");
        let custom_domain = request.headers.get("auth0-custom-domain");
        assert_eq!(custom_domain.is_some(), id == "post_invitations", "{id}");
    }
}

#[tokio::test]
async fn error_is_documented_then_it_is_typed_and_predicates_hold() {
    for case in cases() {
        let id = case.operation.id();
        for &status in case.operation.errors() {
            let body = json!({
                "statusCode": status,
                "error": format!("Name of {status}"),
                "message": format!("message of {status}"),
                "errorCode": format!("code_of_{status}"),
            });
            let server = mock_server_json(status, body).await;
            let error = (case.call)(tenant(&server)).await.unwrap_err();
            assert!(
                error.is_status() && !error.has_acted(),
                "{id} {status}: {error:?}"
            );
            let problem = error.problem().unwrap();
            assert_eq!(problem.status(), Some(status), "{id}");
            assert_eq!(problem.error(), Some(&*format!("Name of {status}")));
            assert_eq!(problem.message(), Some(&*format!("message of {status}")));
            assert_eq!(problem.error_code(), Some(&*format!("code_of_{status}")));
            let predicates = [
                error.is_unauthorized(),
                error.is_forbidden(),
                error.is_not_found(),
                error.is_conflict(),
                error.is_rate_limited(),
            ];
            let expected = [401, 403, 404, 409, 429].map(|wanted| wanted == status);
            assert_eq!(predicates, expected, "{id} {status}");
        }
    }
}

#[test]
fn every_operation_documents_the_common_errors_and_a_404_if_it_takes_an_id() {
    for operation in operations::ALL {
        let (id, errors) = (operation.id(), operation.errors());
        assert!(
            [400, 401, 403, 429]
                .iter()
                .all(|status| errors.contains(status)),
            "{id}"
        );
        assert_eq!(
            errors.contains(&404),
            operation.path().contains('{'),
            "{id}"
        );
        // An addition whose scope no SDK declares.
        let has_no_scope = id == "get_organization_role_members";
        assert_eq!(operation.scopes_are_hints(), !has_no_scope, "{id}");
    }
}
