//! Every Teams operation: the exact request, and the result for each documented status.

use auth0_core::{BoxFuture, Operation, Outcome};
use auth0_teams::chrono::{DateTime, Utc};
use auth0_teams::types::*;
use auth0_teams::{Client, Error, Open, Response, operations};
use serde::Serialize;
use serde_json::{Value, json};

use crate::bodies::{changed_access, invitation, new_access, private_cloud, public_cloud};
use crate::samples::*;
use crate::support::*;

type TeamsCall = fn(Client) -> BoxFuture<'static, Result<Decoded, Error>>;

/// A case of calling an operation.
struct TeamsCase {
    operation: &'static Operation,
    call: TeamsCall,
    /// Method, path and query of the request line.
    line: String,
    body: Option<Value>,
    /// The body of a success; null if it has none.
    response: Value,
}

/// The result of a successful call.
#[derive(Debug, PartialEq)]
struct Decoded {
    status: u16,
    /// The decoded value serialized again, so anything that decoding lost is missing.
    value: Value,
}

fn decoded<T: Serialize>(response: Response<T>) -> Decoded {
    Decoded {
        status: response.status().as_u16(),
        value: serde_json::to_value(response.value()).unwrap(),
    }
}

fn decoded_outcome<R: Serialize>(response: Response<Outcome<R>>) -> Decoded {
    decoded(response.map(Outcome::into_result))
}

fn case(operation: &'static Operation, line: &str, call: TeamsCall) -> TeamsCase {
    TeamsCase {
        operation,
        call,
        line: line.to_owned(),
        body: None,
        response: Value::Null,
    }
}

impl TeamsCase {
    fn sends(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    fn receives(mut self, response: Value) -> Self {
        self.response = response;
        self
    }
}

/// At least one case for each operation. Operations with optional parameters have a case with all of them and one with
/// none.
fn cases() -> Vec<TeamsCase> {
    let mut cases = reads();
    cases.extend(listings());
    cases.extend(writes());
    cases.extend(bulk());
    cases
}

fn reads() -> Vec<TeamsCase> {
    vec![
        case(
            &operations::GET_MEMBER,
            &format!("GET /api/members/{ENCODED_MEMBER_ID}"),
            |teams| Box::pin(async move { Ok(decoded(teams.members().get(MEMBER_ID).send().await?)) }),
        )
        .receives(member(MEMBER_ID)),
        case(
            &operations::GET_TENANT,
            &format!("GET /api/tenants/{TENANT_ID}"),
            |teams| Box::pin(async move { Ok(decoded(teams.tenants().get(tenant_id()).send().await?)) }),
        )
        .receives(tenant("acme-dev")),
        case(&operations::GET_ENVIRONMENTS, "GET /api/environments", |teams| {
            Box::pin(async move { Ok(decoded(teams.environments().list().send().await?)) })
        })
        .receives(json!({"environments": ["US-3", "acme-private"]})),
        case(
            &operations::LIST_TENANT_ACCESS_BY_ENVIRONMENT,
            &format!("GET /api/members/{ENCODED_MEMBER_ID}/tenants/US-3%20a%2Fb"),
            |teams| {
                Box::pin(async move {
                    let call = teams.members().tenants().list(MEMBER_ID, "US-3 a/b");
                    Ok(decoded(call.send().await?))
                })
            },
        )
        .receives(json!({
            "environment": "US-3",
            "tenants": [{
                "tenant_id": TENANT_ID,
                "domain": "acme-dev.us.auth0.com",
                "roles": [{"role": "owner"}, {"role": "editor-specific-apps", "client_ids": ["client-1"]}],
            }],
        })),
    ]
}

fn listings() -> Vec<TeamsCase> {
    let members = json!({"members": [member("auth0|1"), member("auth0|2")], "next": "cursor-2"});
    let tenants = json!({"tenants": [tenant("acme-dev")], "next": "cursor-2"});
    let of_a_tenant = json!({"members": [tenant_member("auth0|1")], "next": "cursor-2"});
    let logs = json!({"logs": [activity()], "next": "cursor-2"});
    vec![
        case(&operations::LIST_MEMBERS, "GET /api/members", |teams| {
            Box::pin(async move { Ok(decoded(teams.members().list().send().await?)) })
        })
        .receives(members.clone()),
        case(
            &operations::LIST_MEMBERS,
            "GET /api/members?from=a%2Bb%2F%3D%26+%C3%BC&take=50",
            |teams| {
                Box::pin(async move {
                    let call = teams.members().list().take(50).from("a+b/=& ü");
                    Ok(decoded(call.send().await?))
                })
            },
        )
        .receives(members),
        case(&operations::LIST_TENANTS, "GET /api/tenants", |teams| {
            Box::pin(async move { Ok(decoded(teams.tenants().list().send().await?)) })
        })
        .receives(tenants.clone()),
        case(
            &operations::LIST_TENANTS,
            "GET /api/tenants?environment=US-3&environment_tag=production&from=cursor-1&locality=us\
             &sort=created_at%3A1&take=1",
            |teams| {
                Box::pin(async move {
                    let call = teams
                        .tenants()
                        .list()
                        .take(1)
                        .from("cursor-1")
                        .sort("created_at:1")
                        .environment("US-3")
                        .environment_tag(EnvironmentTypeEnum::Production)
                        .locality("us");
                    Ok(decoded(call.send().await?))
                })
            },
        )
        .receives(tenants),
        case(
            &operations::LIST_TENANT_MEMBERS,
            &format!("GET /api/tenants/{TENANT_ID}/members"),
            |teams| {
                Box::pin(async move {
                    let call = teams.tenants().members().list(tenant_id());
                    Ok(decoded(call.send().await?))
                })
            },
        )
        .receives(of_a_tenant.clone()),
        case(
            &operations::LIST_TENANT_MEMBERS,
            &format!("GET /api/tenants/{TENANT_ID}/members?from=cursor-1&take=2"),
            |teams| {
                Box::pin(async move {
                    let call = teams.tenants().members().list(tenant_id()).take(2).from("cursor-1");
                    Ok(decoded(call.send().await?))
                })
            },
        )
        .receives(of_a_tenant),
        case(&operations::LIST_ACTIVITY_LOGS, "GET /api/activity/logs", |teams| {
            Box::pin(async move { Ok(decoded(teams.activity().list().send().await?)) })
        })
        .receives(logs.clone()),
        case(
            &operations::LIST_ACTIVITY_LOGS,
            "GET /api/activity/logs?from=cursor-1&since=2026-01-01T00%3A00%3A00Z&status=Failure&take=7\
             &type=Team+Member&until=2026-02-01T00%3A00%3A00.250Z",
            |teams| {
                Box::pin(async move {
                    let since: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().unwrap();
                    let until: DateTime<Utc> = "2026-02-01T01:00:00.25+01:00".parse().unwrap();
                    let call = teams
                        .activity()
                        .list()
                        .take(7)
                        .from("cursor-1")
                        .since(since)
                        .until(until)
                        .type_(ActivityLogEventTypeEnum::TeamMember)
                        .status(ActivityLogStatusEnum::Failure);
                    Ok(decoded(call.send().await?))
                })
            },
        )
        .receives(logs),
    ]
}

fn writes() -> Vec<TeamsCase> {
    vec![
        case(&operations::INVITE_MEMBER, "POST /api/members", |teams| {
            Box::pin(async move {
                let body = invitation("ada@example.com", TeamMemberRoleEnum::TeamsOwner);
                Ok(decoded(teams.members().invite(body).send().await?))
            })
        })
        .sends(json!({"email": "ada@example.com", "role": "teams_owner"}))
        .receives(json!({"id": "inv_1", "email": "ada@example.com", "role": "teams_owner"})),
        case(&operations::INVITE_MEMBER, "POST /api/members", |teams| {
            Box::pin(async move {
                let body = invitation("ada@example.com", TeamMemberRoleEnum::TeamsContributor)
                    .tenant_ids([tenant_id()])
                    .tenant_roles([TenantMemberRoleEnum::EditorSpecificApps])
                    .client_ids(["client-1"]);
                Ok(decoded(teams.members().invite(body).send().await?))
            })
        })
        .sends(json!({
            "email": "ada@example.com",
            "role": "teams_contributor",
            "tenant_ids": [TENANT_ID],
            "tenant_roles": ["editor-specific-apps"],
            "client_ids": ["client-1"],
        }))
        .receives(json!({
            "id": "inv_1",
            "email": "ada@example.com",
            "role": "teams_contributor",
            "tenant_ids": [TENANT_ID],
            "tenant_roles": ["editor-specific-apps"],
            "client_ids": ["client-1"],
        })),
        case(
            &operations::UPDATE_MEMBER_ROLE,
            &format!("PATCH /api/members/{ENCODED_MEMBER_ID}"),
            |teams| {
                Box::pin(async move {
                    let body = UpdateMembersRequestContent::with_role(TeamMemberRoleEnum::TeamsReportViewer);
                    Ok(decoded(teams.members().update(MEMBER_ID, body).send().await?))
                })
            },
        )
        .sends(json!({"role": "teams_report_viewer"}))
        .receives(member(MEMBER_ID)),
        case(
            &operations::DELETE_MEMBER,
            &format!("DELETE /api/members/{ENCODED_MEMBER_ID}"),
            |teams| Box::pin(async move { Ok(decoded(teams.members().delete(MEMBER_ID).send().await?)) }),
        ),
        case(&operations::CREATE_TENANT, "POST /api/tenants", |teams| {
            Box::pin(async move {
                let body = public_cloud("ada@example.com", "us");
                Ok(decoded(teams.tenants().create(body).send().await?))
            })
        })
        .sends(json!({"admin_email": "ada@example.com", "locality": "us"}))
        .receives(created_public("s3cr3t")),
        case(&operations::CREATE_TENANT, "POST /api/tenants", |teams| {
            Box::pin(async move {
                let body = public_cloud("ada@example.com", "us")
                    .tenant_name("acme-dev")
                    .environment_tag(EnvironmentTypeEnum::Staging);
                Ok(decoded(teams.tenants().create(body).send().await?))
            })
        })
        .sends(json!({
            "admin_email": "ada@example.com",
            "locality": "us",
            "tenant_name": "acme-dev",
            "environment_tag": "staging",
        }))
        .receives(created_public("s3cr3t")),
        case(&operations::CREATE_TENANT, "POST /api/tenants", |teams| {
            Box::pin(async move {
                let body = private_cloud("ada@example.com", "acme-private").tenant_name("acme-dev");
                Ok(decoded(teams.tenants().create(body).send().await?))
            })
        })
        .sends(json!({"admin_email": "ada@example.com", "environment": "acme-private", "tenant_name": "acme-dev"}))
        .receives(created_private("s3cr3t")),
        case(
            &operations::DELETE_TENANT,
            &format!("DELETE /api/tenants/{TENANT_ID}"),
            |teams| Box::pin(async move { Ok(decoded(teams.tenants().delete(tenant_id()).send().await?)) }),
        ),
    ]
}

fn bulk() -> Vec<TeamsCase> {
    let path = format!("/api/members/{ENCODED_MEMBER_ID}/tenants");
    let changes = json!({
        "tenants": [TENANT_ID],
        "roles": ["editor-specific-apps"],
        "client_ids": ["client-1"],
    });
    vec![
        case(
            &operations::ADD_MEMBER_TENANTS,
            &format!("PUT {path}"),
            |teams| {
                Box::pin(async move {
                    let roles = [TenantMemberRoleEnum::EditorSpecificApps];
                    let body = new_access(roles, [tenant_id()]).client_ids(["client-1"]);
                    Ok(decoded_outcome(
                        teams
                            .members()
                            .tenants()
                            .create(MEMBER_ID, body)
                            .send()
                            .await?,
                    ))
                })
            },
        )
        .sends(changes.clone())
        .receives(report()),
        case(
            &operations::UPDATE_MEMBER_TENANTS,
            &format!("PATCH {path}"),
            |teams| {
                Box::pin(async move {
                    let roles = [TenantMemberRoleEnum::EditorSpecificApps];
                    let body = changed_access(roles, [tenant_id()]).client_ids(["client-1"]);
                    Ok(decoded_outcome(
                        teams
                            .members()
                            .tenants()
                            .update(MEMBER_ID, body)
                            .send()
                            .await?,
                    ))
                })
            },
        )
        .sends(changes)
        .receives(report()),
        case(
            &operations::REMOVE_MEMBER_TENANT,
            &format!("DELETE {path}"),
            |teams| {
                Box::pin(async move {
                    let body = DeleteMembersTenantsRequestContent::with_tenants([
                        Open::from(tenant_id()),
                        Open::other("not-a-uuid"),
                    ]);
                    Ok(decoded_outcome(
                        teams
                            .members()
                            .tenants()
                            .remove(MEMBER_ID, body)
                            .send()
                            .await?,
                    ))
                })
            },
        )
        .sends(json!({"tenants": [TENANT_ID, "not-a-uuid"]}))
        .receives(report_of_removal()),
    ]
}

/// The body of a success with `status`, and the expected result of the call.
fn success(case: &TeamsCase, status: u16) -> (Option<Value>, Value) {
    match case.operation.outcome() {
        Some(outcomes) if outcomes.complete == status => (None, json!({"Ok": null})),
        Some(_) => (Some(case.response.clone()), json!({"Err": case.response})),
        None if case.response.is_null() => (None, Value::Null),
        None => (Some(case.response.clone()), case.response.clone()),
    }
}

#[test]
fn every_operation_has_a_case() {
    let cases = cases();
    let ids = cases.iter().map(|case| case.operation.id());
    assert_operations(ids, operations::ALL, &[]);
}

#[tokio::test]
async fn operation_is_called_then_the_request_is_exact() {
    for case in cases() {
        let status = case.operation.success()[0];
        let (body, _) = success(&case, status);
        let response = wiremock::ResponseTemplate::new(status);
        let server = mock_server(match &body {
            Some(body) => response.set_body_json(body),
            None => response,
        })
        .await;
        (case.call)(client(&server)).await.unwrap();

        let request = only_request(&server).await;
        let id = case.operation.id();
        let target = &request.url.as_str()[request.url.origin().ascii_serialization().len()..];
        assert_eq!(format!("{} {target}", request.method), case.line, "{id}");
        let mut headers: Vec<_> = request
            .headers
            .iter()
            .filter(|(name, _)| {
                !["host", "content-length", "auth0-client"].contains(&name.as_str())
            })
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        headers.sort();
        let mut expected = vec![
            "accept: application/json".to_owned(),
            format!("authorization: Bearer {TOKEN}"),
        ];
        if case.body.is_some() {
            expected.push("content-type: application/json".to_owned());
        }
        expected.push(format!("user-agent: {}", user_agent("teams")));
        assert_eq!(headers, expected, "{id}");
        assert!(request.headers.contains_key("auth0-client"), "{id}");
        match case.body {
            Some(body) => assert_eq!(request.body_json::<Value>().unwrap(), body, "{id}"),
            None => assert_eq!(request.body, b"", "{id}"),
        }
    }
}

#[tokio::test]
async fn success_is_documented_then_it_decodes_completely() {
    for case in cases() {
        for &status in case.operation.success() {
            let (body, value) = success(&case, status);
            let response = wiremock::ResponseTemplate::new(status);
            let server = mock_server(match &body {
                Some(body) => response.set_body_json(body),
                None => response,
            })
            .await;
            let decoded = (case.call)(client(&server)).await.unwrap();
            assert_eq!(
                decoded,
                Decoded { status, value },
                "{}",
                case.operation.id()
            );
        }
    }
}

#[tokio::test]
async fn error_is_documented_then_it_is_typed() {
    for case in cases() {
        let id = case.operation.id();
        assert!(
            !case.operation.errors().is_empty(),
            "{id} documents no error"
        );
        for &status in case.operation.errors() {
            let server = mock_server_json(status, problem(status)).await;
            let error = (case.call)(client(&server)).await.unwrap_err();
            assert!(
                error.is_status() && !error.has_acted(),
                "{id} {status}: {error:?}"
            );
            assert_eq!(
                error.status().map(|status| status.as_u16()),
                Some(status),
                "{id}"
            );
            assert_eq!(error.operation(), Some(id));
            let problem_body = error.problem().unwrap();
            assert_eq!(problem_body.status(), Some(status), "{id}");
            assert_eq!(
                problem_body.problem_type(),
                Some(&*format!("TYPE_OF_{status}")),
                "{id}"
            );
            assert_eq!(
                problem_body.title(),
                Some(&*format!("Title of {status}")),
                "{id}"
            );
            assert_eq!(
                problem_body.detail(),
                Some(&*format!("details of {status}")),
                "{id}"
            );
            let predicates = [
                error.is_unauthorized(),
                error.is_forbidden(),
                error.is_not_found(),
                error.is_conflict(),
                error.is_rate_limited(),
                error.is_server_error(),
            ];
            let expected = [401, 403, 404, 409, 429, 500].map(|wanted| wanted == status);
            assert_eq!(predicates, expected, "{id} {status}");
        }
    }
}
