//! Access of members to several tenants.

use auth0_sandbox::Sandbox;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{TestResponse, TestSandbox, member_path, start_with, string_fields};

const UNKNOWN: &str = "6f8a3c1e-7d2b-4f6a-9c0d-1b2e3f4a5b6c";

/// A member without access, and existing tenants.
struct Fixture {
    sandbox: TestSandbox,
    member: String,
    tenants: Vec<String>,
}

async fn fixture() -> Fixture {
    // With a single initial member, no other member has initial access.
    let sandbox = start_with(
        Sandbox::builder()
            .members(1)
            .tenants(12)
            .accept_invitations(),
    )
    .await;
    let body = json!({"email": "new@example.com", "role": "teams_contributor"});
    sandbox.post("/api/members", body).await.expect(201);
    Fixture {
        member: sandbox.member_ids().await[1].clone(),
        tenants: sandbox.tenant_ids().await,
        sandbox,
    }
}

impl Fixture {
    async fn send(&self, method: Method, tenants: &[&str], mut rest: Value) -> TestResponse {
        rest["tenants"] = json!(tenants);
        let path = format!("{}/tenants", member_path(&self.member));
        self.sandbox.send(method, &path, rest).await
    }

    async fn put(&self, tenants: &[&str], roles: &[&str]) -> TestResponse {
        self.send(Method::PUT, tenants, json!({"roles": roles}))
            .await
    }

    async fn patch(&self, tenants: &[&str], roles: &[&str]) -> TestResponse {
        self.send(Method::PATCH, tenants, json!({"roles": roles}))
            .await
    }

    async fn remove(&self, tenants: &[&str]) -> TestResponse {
        self.send(Method::DELETE, tenants, json!({})).await
    }

    fn tenant(&self, number: usize) -> &str {
        &self.tenants[number]
    }

    /// The member's roles in all environments, by tenant.
    async fn roles(&self) -> Vec<(String, Value)> {
        let environments = self.sandbox.get("/api/environments").await.expect(200);
        let mut roles = Vec::new();
        for environment in environments["environments"].as_array().unwrap() {
            let environment = environment.as_str().unwrap();
            let path = format!("{}/tenants/{environment}", member_path(&self.member));
            let listed = self.sandbox.get(&path).await.expect(200);
            assert_eq!(listed["environment"], environment);
            for item in listed["tenants"].as_array().unwrap() {
                let id = item["tenant_id"].as_str().unwrap().to_owned();
                let tenant = self
                    .sandbox
                    .get(&format!("/api/tenants/{id}"))
                    .await
                    .expect(200);
                assert_eq!(tenant["environment"], environment);
                assert_eq!(tenant["domain"], item["domain"]);
                roles.push((id, item["roles"].clone()));
            }
        }
        roles.sort_by_key(|(id, _)| self.tenants.iter().position(|tenant| tenant == id));
        roles
    }

    fn expected(&self, roles: &[(usize, &str)]) -> Vec<(String, Value)> {
        let one = |&(number, role): &(usize, &str)| {
            (self.tenants[number].clone(), json!([{"role": role}]))
        };
        roles.iter().map(one).collect()
    }
}

#[tokio::test]
async fn complete_success_returns_no_content() {
    let fixture = fixture().await;
    let first: Vec<&str> = fixture.tenants[..10].iter().map(String::as_str).collect();
    assert_eq!(
        fixture.put(&first, &["viewer-users"]).await.expect(204),
        Value::Null
    );
    let everywhere: Vec<_> = (0..10).map(|number| (number, "viewer-users")).collect();
    assert_eq!(fixture.roles().await, fixture.expected(&everywhere));
    fixture.patch(&first[..2], &["owner"]).await.expect(204);
    fixture.remove(&first[3..]).await.expect(204);
    let left = [(0, "owner"), (1, "owner"), (2, "viewer-users")];
    assert_eq!(fixture.roles().await, fixture.expected(&left));
    // The member list of the tenant agrees.
    let path = format!("/api/tenants/{}/members", first[0]);
    let members = fixture.sandbox.get(&path).await.expect(200);
    assert_eq!(string_fields(&members["members"], "id")[1], fixture.member);
    assert_eq!(members["members"][1]["roles"], json!(["owner"]));
}

#[tokio::test]
async fn adding_existing_access_fails_for_those_tenants_only() {
    let fixture = fixture().await;
    let tenants = [fixture.tenant(0), fixture.tenant(1), UNKNOWN];
    fixture.put(&tenants[..1], &["owner"]).await.expect(204);
    let report = fixture.put(&tenants, &["viewer-users"]).await.expect(200);
    assert_eq!(
        report,
        json!({
            "status_code": 200,
            "message": "The operation finished with errors",
            "summary": {"total_count": 3, "success_count": 1, "failure_count": 2},
            "success": [{"tenant_id": tenants[1], "roles": ["viewer-users"]}],
            "failure": [
                {"tenant_id": tenants[0], "status": 409, "type": "TENANT_MEMBER_ALREADY_EXISTS",
                 "title": "The member already has access to this tenant"},
                {"tenant_id": UNKNOWN, "status": 404, "type": "TENANT_NOT_FOUND",
                 "title": "The team has no such tenant"},
            ],
        })
    );
    // PUT only adds: existing access is unchanged.
    let roles = [(0, "owner"), (1, "viewer-users")];
    assert_eq!(fixture.roles().await, fixture.expected(&roles));
}

#[tokio::test]
async fn changing_missing_access_fails_for_those_tenants_only() {
    let fixture = fixture().await;
    let tenants = [fixture.tenant(0), fixture.tenant(1)];
    fixture.put(&tenants[..1], &["owner"]).await.expect(204);
    let failure = json!([{
        "tenant_id": tenants[1], "status": 404, "type": "TENANT_MEMBER_NOT_FOUND",
        "title": "The member has no access to this tenant",
    }]);
    let report = fixture.patch(&tenants, &["editor-kms"]).await.expect(200);
    assert_eq!(report["failure"], failure);
    assert_eq!(
        report["success"],
        json!([{"tenant_id": tenants[0], "roles": ["editor-kms"]}])
    );
    assert_eq!(
        fixture.roles().await,
        fixture.expected(&[(0, "editor-kms")])
    );

    let report = fixture.remove(&tenants).await.expect(200);
    assert_eq!(report["failure"], failure);
    // The items of this operation use the plural field name.
    assert_eq!(report["success"], json!([{"tenant_ids": [tenants[0]]}]));
    let report = fixture.remove(&tenants).await.expect(200);
    assert_eq!(report["success"], json!([]));
    assert_eq!(
        report["summary"],
        json!({"total_count": 2, "success_count": 0, "failure_count": 2})
    );
    // The request log tells whether anything was done.
    let acted = |operation| {
        let requests = fixture.sandbox.requests_of(operation).into_iter();
        requests.map(|request| request.acted).collect::<Vec<_>>()
    };
    assert_eq!(acted("removeMemberTenant"), [true, false]);
}

#[tokio::test]
async fn duplicate_tenant_fails_the_second_time() {
    let fixture = fixture().await;
    let twice = [fixture.tenant(0), fixture.tenant(0)];
    let status = |report: &Value| report["failure"][0]["status"].clone();
    let report = fixture.put(&twice, &["owner"]).await.expect(200);
    assert_eq!(
        (status(&report), &report["summary"]["success_count"]),
        (json!(409), &json!(1))
    );
    fixture.patch(&twice, &["editor-kms"]).await.expect(204);
    let report = fixture.remove(&twice).await.expect(200);
    assert_eq!(
        (status(&report), &report["summary"]["success_count"]),
        (json!(404), &json!(1))
    );
}

#[tokio::test]
async fn application_specific_role_requires_applications_and_vice_versa() {
    let fixture = fixture().await;
    let tenant = [fixture.tenant(0)];
    let apps = json!(["application-1", "application-2"]);
    let required = (403, "CLIENT_IDS_REQUIRED");
    let not_allowed = (403, "CLIENT_IDS_NOT_ALLOWED");
    fixture
        .put(&[fixture.tenant(1)], &["owner"])
        .await
        .expect(204);
    for method in [Method::PUT, Method::PATCH] {
        for (rest, problem) in [
            (json!({"roles": ["editor-specific-apps"]}), required),
            (
                json!({"roles": ["owner", "editor-specific-apps"], "client_ids": []}),
                required,
            ),
            (json!({"roles": ["owner"], "client_ids": apps}), not_allowed),
        ] {
            let rejected = fixture.send(method.clone(), &tenant, rest).await;
            assert_eq!(rejected.status_and_type(), problem, "{method}");
            assert!(rejected.details().starts_with("client_ids: "));
        }
        let rest = json!({"roles": ["viewer-users", "editor-specific-apps"], "client_ids": apps});
        fixture.send(method, &tenant, rest).await.expect(204);
        let roles =
            json!([{"role": "viewer-users"}, {"role": "editor-specific-apps", "client_ids": apps}]);
        assert_eq!(fixture.roles().await[0].1, roles);
    }
    fixture
        .send(
            Method::PATCH,
            &tenant,
            json!({"roles": ["owner"], "client_ids": []}),
        )
        .await
        .expect(204);
    assert_eq!(fixture.roles().await[0].1, json!([{"role": "owner"}]));
}

#[tokio::test]
async fn change_with_applications_accepts_one_tenant_only() {
    let fixture = fixture().await;
    let two = [fixture.tenant(0), fixture.tenant(1)];
    let rest = json!({"roles": ["editor-specific-apps"], "client_ids": ["application-1"]});
    // Additions accept several tenants.
    fixture
        .send(Method::PUT, &two, rest.clone())
        .await
        .expect(204);
    let rejected = fixture.send(Method::PATCH, &two, rest.clone()).await;
    assert_eq!(rejected.status_and_type(), (400, "VALIDATION_ERROR"));
    assert!(
        rejected.details().contains("/tenants"),
        "{}",
        rejected.details()
    );
    fixture
        .send(Method::PATCH, &two[..1], rest.clone())
        .await
        .expect(204);
    let report = fixture
        .send(Method::PUT, &[two[0], fixture.tenant(2)], rest)
        .await
        .expect(200);
    assert_eq!(report["success"][0]["client_ids"], json!(["application-1"]));
}

#[tokio::test]
async fn environment_without_tenants_is_not_found() {
    let fixture = fixture().await;
    for environment in ["nowhere", "us-3", "%20"] {
        let path = format!("{}/tenants/{environment}", member_path(&fixture.member));
        let response = fixture.sandbox.get(&path).await;
        assert_eq!(response.status_and_type(), (404, "ENVIRONMENT_NOT_FOUND"));
    }
}
